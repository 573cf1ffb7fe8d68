package tables

import (
	"archive/zip"
	"encoding/xml"
	"io"
	"path"
	"strings"
)

// partName is the name of a part of a workbook as the library that reads it has it.
func partName(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// firstSheet is the name of the part that holds the first sheet: by the workbook, which the
// package names, and by what the workbook calls its parts.
func firstSheet(z *zip.Reader) (string, error) {
	roots, err := relations(z, "_rels/.rels")
	if err != nil {
		return "", err
	}
	for _, root := range roots {
		if !strings.HasSuffix(root.Type, "/officeDocument") {
			continue
		}
		book := strings.TrimPrefix(root.Target, "/")
		var sheets struct {
			Of []struct {
				ID string `xml:"id,attr"` // in whichever namespace
			} `xml:"sheets>sheet"`
		}
		if err := readPart(z, book, &sheets); err != nil || len(sheets.Of) == 0 {
			return "", errWorkbook
		}
		parts, err := relations(z, path.Join(path.Dir(book), "_rels", path.Base(book)+".rels"))
		if err != nil {
			return "", err
		}
		for _, p := range parts {
			switch {
			case p.ID != sheets.Of[0].ID:
			case strings.HasPrefix(p.Target, "/"):
				return path.Clean(p.Target)[1:], nil
			default:
				return path.Join(path.Dir(book), p.Target), nil
			}
		}
	}
	return "", errWorkbook
}

type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:",attr"`
	Target string `xml:",attr"`
}

func relations(z *zip.Reader, name string) ([]relation, error) {
	var all struct {
		Of []relation `xml:"Relationship"`
	}
	return all.Of, readPart(z, name, &all)
}

// readPart reads a small part.
func readPart(z *zip.Reader, name string, into any) error {
	for _, part := range z.File {
		if partName(part.Name) != name {
			continue
		}
		r, err := part.Open()
		if err != nil {
			return errWorkbook
		}
		defer r.Close()
		if xml.NewDecoder(io.LimitReader(r, maxPart)).Decode(into) != nil {
			return errWorkbook
		}
		return nil
	}
	return errWorkbook
}
