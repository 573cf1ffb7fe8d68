package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// picture is the beginning of a PNG, and made-up bytes after it.
func picture(size int) []byte {
	b := append([]byte("\x89PNG\x0D\x0A\x1A\x0A"), bytes.Repeat([]byte("made up "), size/8+1)...)
	return b[:size]
}

// ask makes a request whose body is bytes.
func (a *api) ask(method, path string, body []byte, header ...string) (*http.Response, []byte) {
	a.t.Helper()
	q, err := http.NewRequest(method, a.url+path, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer token of a test")
	for i := 0; i < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return r, b
}

// attach uploads bytes and gives their name.
func (a *api) attach(b []byte) string {
	a.t.Helper()
	r, answer := a.ask("POST", "/api/attachments", b)
	var made struct {
		Attachment string
		Bytes      int
	}
	if json.Unmarshal(answer, &made) != nil || r.StatusCode != 200 || made.Bytes != len(b) {
		a.t.Fatalf("got %d %s", r.StatusCode, answer)
	}
	return made.Attachment
}

func TestAPhotoIsKeptBeforeARecordNamesIt(t *testing.T) {
	a := newAPI(t, newStall(t))
	id := newIDs(t)
	photo := picture(3*syncproto.ChunkSize + 5)
	root := a.attach(photo)
	if again := a.attach(photo); again != root {
		t.Errorf("the same bytes are %s and %s", root, again)
	}
	product, person := id(), id()
	if got := a.do("POST", "/api/products", map[string]any{"id": product, "name": "Incense", "photo": root}, nil); got != 200 {
		t.Fatalf("a product with a photo: %d", got)
	}
	if got := a.do("POST", "/api/persons", map[string]any{"id": person, "name": "Made up", "photo": root}, nil); got != 200 {
		t.Fatalf("a person with a photo: %d", got)
	}
	shown := func(path string) (photo *string) {
		t.Helper()
		var list []struct{ Photo *string }
		if a.do("GET", path, nil, &list) != 200 || len(list) != 1 {
			t.Fatalf("%s has %d", path, len(list))
		}
		return list[0].Photo
	}
	for _, path := range []string{"/api/products", "/api/persons"} {
		if got := shown(path); got == nil || *got != root {
			t.Errorf("%s shows %v", path, got)
		}
	}
	if got := a.do("POST", "/api/products/"+product.String()+"/photo", map[string]any{"photo": nil}, nil); got != 200 {
		t.Errorf("taking it away: %d", got)
	}
	if got := shown("/api/products"); got != nil {
		t.Errorf("it was taken away and is %v", *got)
	}
	for _, b := range []struct {
		name, path, body string
		code             refusal.Code
		field            string
	}{
		{"bytes that were not sent", "/api/products", fmt.Sprintf(`{"id":%q,"name":"n","photo":%q}`, id(), strings.Repeat("ab", 32)), refusal.Reference, "photo"},
		{"no name of any", "/api/persons", fmt.Sprintf(`{"id":%q,"name":"n","photo":"ab"}`, id()), refusal.BadID, "photo"},
		{"a photo of nobody", "/api/persons/" + product.String() + "/photo", fmt.Sprintf(`{"photo":%q}`, root), refusal.NoRecord, ""},
	} {
		status, e := a.refused("POST", b.path, "application/json", b.body)
		if e.Code != b.code || e.Field != b.field || status != e.Status() {
			t.Errorf("%s: got %d %s on %q (%s)", b.name, status, e.Code, e.Field, e.Message)
		}
	}
}

func TestAnAttachmentIsGivenAsWhatItIsAndNothingInItRuns(t *testing.T) {
	a := newAPI(t, newStall(t))
	photo := picture(syncproto.ChunkSize + 1)
	for _, c := range []struct {
		name, kind, disposition string
		bytes                   []byte
	}{
		{"a picture", "image/png", "", photo},
		{"a page", "application/octet-stream", "attachment", []byte("<html><script>alert(1)</script>")},
		{"a drawing that may hold a script", "application/octet-stream", "attachment", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`)},
	} {
		path := "/api/attachments/" + a.attach(c.bytes)
		r, got := a.ask("GET", path, nil)
		if r.StatusCode != 200 || !bytes.Equal(got, c.bytes) {
			t.Errorf("%s: got %d and %d bytes", c.name, r.StatusCode, len(got))
		}
		for name, want := range map[string]string{
			"Content-Type": c.kind, "Content-Disposition": c.disposition, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, name, got, want)
			}
		}
		if r, _ := a.ask("GET", path, nil, "If-None-Match", r.Header.Get("ETag")); r.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again with its tag it is %d", c.name, r.StatusCode)
		}
	}
	path := "/api/attachments/" + a.attach(photo)
	if r, got := a.ask("GET", path, nil, "Range", "bytes=32767-32768"); r.StatusCode != 206 || !bytes.Equal(got, photo[32767:32769]) {
		t.Errorf("two bytes over a bound of chunks: %d %x", r.StatusCode, got)
	}
	if r, _ := a.ask("GET", "/api/attachments/"+strings.Repeat("ab", 32), nil); r.StatusCode != 404 {
		t.Errorf("one that nothing names is %d", r.StatusCode)
	}
	if r, _ := a.ask("GET", "/api/attachments/ab", nil); r.StatusCode != 400 {
		t.Errorf("no name of any is %d", r.StatusCode)
	}
	if r, _ := a.ask("POST", "/api/attachments", nil); r.StatusCode != 422 {
		t.Errorf("no bytes are %d", r.StatusCode)
	}
	if r, answer := a.ask("POST", "/api/attachments", make([]byte, syncproto.MaxAttachment+1)); r.StatusCode != 413 || !strings.Contains(string(answer), `"too_large"`) {
		t.Errorf("a byte too many is %d %s", r.StatusCode, answer)
	}
}
