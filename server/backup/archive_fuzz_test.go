package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tape is a backup with made-up contents, and what else is asked for.
func tape(t testing.TB, log, attached string, more ...*tar.Header) []byte {
	t.Helper()
	sumOf := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	m := Manifest{Format: format, LogFile: sumOf(log), Keys: true}
	if attached != "" {
		m.AttachFile = sumOf(attached)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name, content string) {
		if err := entry(w, &m, name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	said, err := json.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	add(manifestName, string(said))
	add(Role, `{"role":"server","format":1}`)
	add(OrgKey, strings.Repeat("0", 64)+"\n")
	for _, h := range more {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if attached != "" {
		add(Attached, attached)
	}
	add(Log, log)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sparse is a backup whose log is some bytes that claim to be a file of a size, by the
// holes of a sparse tar.
func sparse(t testing.TB, size string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	said, err := json.Marshal(&Manifest{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	if err := entry(w, &Manifest{}, manifestName, said); err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 513) // where there is data, filled up to a block; then the data
	copy(content, "1\n0\n1\n")
	h := header(&Manifest{}, Log, int64(len(content)))
	h.PAXRecords = map[string]string{"XNU.sparse.major": "1", "XNU.sparse.minor": "0", "XNU.sparse.name": Log, "XNU.sparse.realsize": size} // the writer makes none that are GNU's
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("XNU.sparse"), []byte("GNU.sparse"))
}

// taken is what of a tape is in the directory that it was taken apart into.
func taken(t testing.TB, b []byte) (m *Manifest, files map[string][]byte, err error) {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "in")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	m, err = extractFrom(context.Background(), tar.NewReader(bytes.NewReader(b)), int64(len(b)), dir)
	files = map[string][]byte{}
	werr := filepath.WalkDir(parent, func(path string, e os.DirEntry, err error) error {
		if err != nil || path == parent || path == dir {
			return err
		}
		if filepath.Dir(path) != dir || !e.Type().IsRegular() {
			t.Fatalf("%s was made, beside what is a backup's", path)
		}
		files[e.Name()], err = os.ReadFile(path)
		return err
	})
	if werr != nil {
		t.Fatal(werr)
	}
	return m, files, err
}

func TestATapeIsTakenApartAsItWasMade(t *testing.T) {
	m, files, err := taken(t, tape(t, "a log", "photos"))
	if err != nil || string(files[Log]) != "a log" || string(files[Attached]) != "photos" || len(files) != 4 || !m.Keys {
		t.Errorf("got %q, %+v, %v", files, m, err)
	}
}

func TestABackupHoldsNoPathsLinksOrDevices(t *testing.T) {
	for name, h := range map[string]*tar.Header{
		"a path upwards":    {Name: "../" + State, Typeflag: tar.TypeReg},
		"a path downwards":  {Name: "a/" + Log, Typeflag: tar.TypeReg},
		"an absolute path":  {Name: "/tmp/" + Log, Typeflag: tar.TypeReg},
		"a file of another": {Name: "authorized_keys", Typeflag: tar.TypeReg},
		"a link":            {Name: DeviceKey, Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink},
		"a hard link":       {Name: DeviceKey, Linkname: OrgKey, Typeflag: tar.TypeLink},
		"a device":          {Name: DeviceKey, Typeflag: tar.TypeChar},
		"a pipe":            {Name: DeviceKey, Typeflag: tar.TypeFifo},
		"a directory":       {Name: DeviceKey, Typeflag: tar.TypeDir},
		"a file twice":      {Name: OrgKey, Typeflag: tar.TypeReg},
	} {
		if _, _, err := taken(t, tape(t, "a log", "", h)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestABackupThatClaimsToBeLargerThanItsFileIsRefused(t *testing.T) {
	for _, size := range []string{"9000", "1099511627776"} {
		if _, files, err := taken(t, sparse(t, size)); err == nil || len(files[Log]) > 0 {
			t.Errorf("of %s bytes %d were written, %v", size, len(files[Log]), err)
		}
	}
}

// Whatever the file: nothing but a backup's own files is made, below its directory, no
// more bytes than the file has, and what is taken is what the manifest says.
func FuzzExtract(f *testing.F) {
	f.Add(tape(f, "a log", "photos"))
	f.Add(tape(f, "", ""))
	f.Add(tape(f, "a log", "", &tar.Header{Name: "../" + State, Typeflag: tar.TypeReg}))
	f.Add(sparse(f, "9000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, files, err := taken(t, b)
		all := 0
		for name, content := range files {
			all += len(content)
			if name != Log && name != Attached && name != Role && name != OrgKey && name != DeviceKey {
				t.Fatalf("%q was made", name)
			}
		}
		if all > len(b) {
			t.Fatalf("%d bytes were made of %d", all, len(b))
		}
		if err != nil {
			return
		}
		for name, want := range map[string]string{Log: m.LogFile, Attached: m.AttachFile} {
			content, there := files[name]
			if got := sha256.Sum256(content); there && hex.EncodeToString(got[:]) != want || !there && (name == Log || want != "") {
				t.Fatalf("%s (there %v) is taken, and not what the manifest says", name, there)
			}
		}
	})
}
