package syncproto_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
)

var update = flag.Bool("update", false, "write the golden files anew")

// vector is one golden case: bytes with what they mean, or with why they are refused.
type vector struct {
	Name       string         `json:"name"`
	What       string         `json:"what"`
	Form       string         `json:"form"` // which reader the bytes are for
	Hex        string         `json:"hex"`
	Compressed bool           `json:"compressed,omitempty"` // compare what is inside: compressors differ
	Value      map[string]any `json:"value,omitempty"`
	Error      string         `json:"error,omitempty"`
}

func (v vector) bytes(t testing.TB) []byte {
	b, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return b
}

const vectorDir = "testdata/vectors"

// load reads the vectors as any implementer would: from the files alone.
func load(t testing.TB, file string) []vector {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(vectorDir, file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return all
}

func loadAll(t testing.TB) map[string]vector {
	all := map[string]vector{}
	for _, file := range slices.Sorted(maps.Keys(vectorFiles)) {
		for _, v := range load(t, file) {
			if _, twice := all[v.Name]; twice {
				t.Fatalf("two vectors are called %q", v.Name)
			}
			all[v.Name] = v
		}
	}
	return all
}

// plainly gives a value as JSON can hold it: bytes in hex, ids and scopes as text.
func plainly(v any) any { return plainValue(reflect.ValueOf(v)) }

func plainValue(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case syncproto.Value:
		return plainField(x)
	case syncproto.Code, syncproto.Class, syncproto.Scope, syncproto.OrgID, syncproto.DeviceID, syncproto.RecordID, syncproto.Incarnation, syncproto.HistoryID:
		return fmt.Sprint(x)
	case nil:
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plainValue(v.Elem())
	case reflect.Slice, reflect.Array:
		return plainList(v)
	case reflect.Struct:
		m := map[string]any{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				m[f.Name] = plainValue(v.Field(i))
			}
		}
		return m
	case reflect.Map:
		m := map[string]any{}
		for _, k := range v.MapKeys() {
			m[fmt.Sprint(k)] = plainValue(v.MapIndex(k))
		}
		return m
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	default:
		return fmt.Sprint(v.Interface()) // JSON's numbers are not exact
	}
}

func plainList(v reflect.Value) any {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(b), v)
		return hex.EncodeToString(b)
	}
	list := []any{}
	for i := range v.Len() {
		list = append(list, plainValue(v.Index(i)))
	}
	return list
}

func plainField(v syncproto.Value) any {
	switch v.Kind() {
	case syncproto.Bool:
		return map[string]any{"bool": v.Bool()}
	case syncproto.Int:
		return map[string]any{"int": fmt.Sprint(v.Int())}
	case syncproto.Text:
		return map[string]any{"text": v.Text()}
	case syncproto.Bytes:
		return map[string]any{"bytes": hex.EncodeToString(v.Bytes())}
	}
	return nil
}

func meaning(v any) map[string]any { return plainly(v).(map[string]any) }

// asJSON is v as it comes back from a file, so that the two can be compared.
func asJSON(t testing.TB, v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back any
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func TestGoldenVectorsAreWhatThisCodeWrites(t *testing.T) {
	for _, file := range slices.Sorted(maps.Keys(vectorFiles)) {
		made := vectorFiles[file](t)
		if *update {
			writeVectors(t, file, made)
		}
		kept := load(t, file)
		if len(kept) != len(made) {
			t.Errorf("%s.json has %d vectors, want %d: run go test ./syncproto -update and read the diff", file, len(kept), len(made))
			continue
		}
		for i := range made {
			if made[i].Compressed {
				made[i].Hex = kept[i].Hex
			}
			if d := cmp.Diff(asJSON(t, kept[i]), asJSON(t, made[i])); d != "" {
				t.Errorf("%s.json, %s: kept (-), made (+)\n%s", file, kept[i].Name, d)
			}
		}
	}
}

func writeVectors(t *testing.T, file string, all []vector) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(all); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(vectorDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(vectorDir, file+".json"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// readers read each form, check what can be checked without knowing the vector, and
// give the meaning; again is the same thing written anew.
var readers = map[string]func(b []byte) (value any, again []byte, err error){
	"body": func(b []byte) (any, []byte, error) {
		tx, err := syncproto.ReadBody(b)
		if err != nil {
			return nil, nil, err
		}
		return tx, syncproto.AppendBody(nil, tx), nil
	},
	"frame": func(b []byte) (any, []byte, error) {
		f, err := syncproto.DecodeFrame(b, syncproto.ServerLimits)
		if err != nil {
			return nil, nil, err
		}
		again, err := syncproto.EncodeFrame(f, false)
		return f, again, err
	},
	"frame from a device": func(b []byte) (any, []byte, error) {
		f, err := syncproto.DecodeFrame(b, syncproto.DeviceLimits)
		return f, b, err
	},
	"frame in the greeting": func(b []byte) (any, []byte, error) {
		f, err := syncproto.DecodeFrame(b, syncproto.GreetingLimits)
		return f, b, err
	},
	"batch": func(b []byte) (any, []byte, error) {
		batch, err := syncproto.ParseBatch(b)
		if err != nil {
			return nil, nil, err
		}
		if err := batch.Verify(public(deviceKey), org); err != nil {
			return nil, nil, err
		}
		bodies, err := batch.Open()
		return batchMeaning{batch.Header, bodies}, batch.Bytes(), err
	},
	"certificate": func(b []byte) (any, []byte, error) {
		c, err := syncproto.VerifyCertificate(public(orgKey), org, b)
		return c, syncproto.SignCertificate(orgKey, org, c), err
	},
	"revocation": func(b []byte) (any, []byte, error) {
		v, err := syncproto.VerifyRevocation(public(orgKey), org, b)
		return v, syncproto.SignRevocation(orgKey, org, v), err
	},
	"parcel": func(b []byte) (any, []byte, error) {
		p, err := syncproto.OpenParcel(org, b, func(syncproto.DeviceID, []byte) (ed25519.PublicKey, error) { return public(deviceKey), nil })
		if err != nil {
			return nil, nil, err
		}
		again, err := syncproto.SignParcel(deviceKey, org, p)
		return *p, again, err
	},
	"receipts": func(b []byte) (any, []byte, error) {
		v, err := syncproto.DecodeReceipts(b)
		if err != nil {
			return nil, nil, err
		}
		return *v, v.Encode(), nil
	},
	"closing": func(b []byte) (any, []byte, error) {
		v, err := syncproto.VerifyClosing(public(deviceKey), org, b)
		return &v, syncproto.SignClosing(deviceKey, org, &v), err
	},
	"closing answer": func(b []byte) (any, []byte, error) {
		v, err := syncproto.VerifyClosingAnswer(public(orgKey), org, syncproto.SignCertificate(orgKey, org, serverCertificate()), b)
		return &v, syncproto.SignClosingAnswer(serverKey, org, &v), err
	},
	"receipt": func(b []byte) (any, []byte, error) {
		v, err := syncproto.VerifyReceipt(public(serverKey), org, b)
		return v, syncproto.SignReceipt(serverKey, org, v), err
	},
	"enrol request": func(b []byte) (any, []byte, error) {
		var v syncproto.EnrolRequest
		if err := syncproto.DecodeEnrol(b, &v); err != nil {
			return nil, nil, err
		}
		if !v.Holds(syncproto.CodeKey(code)) {
			return nil, nil, syncproto.ErrSignature
		}
		again, err := syncproto.EncodeEnrol(v)
		return v, again, err
	},
	"enrol response": func(b []byte) (any, []byte, error) {
		var v syncproto.EnrolResponse
		if err := syncproto.DecodeEnrol(b, &v); err != nil {
			return nil, nil, err
		}
		request := syncproto.NewEnrolRequest(code, deviceKey, "Till 1")
		if _, err := v.Check(code, &request); err != nil {
			return nil, nil, err
		}
		again, err := syncproto.EncodeEnrol(v)
		return v, again, err
	},
	"rename request": func(b []byte) (any, []byte, error) {
		var v syncproto.RenameRequest
		if err := syncproto.DecodeEnrol(b, &v); err != nil {
			return nil, nil, err
		}
		meant, err := v.Open(org, func(syncproto.DeviceID) (ed25519.PublicKey, error) { return public(deviceKey), nil })
		if err != nil {
			return nil, nil, err
		}
		again, err := syncproto.EncodeEnrol(syncproto.NewRenameRequest(deviceKey, serverKey, org, meant.Device, meant.Head))
		return meant, again, err
	},
	"rename response": func(b []byte) (any, []byte, error) {
		var v syncproto.RenameResponse
		if err := syncproto.DecodeEnrol(b, &v); err != nil {
			return nil, nil, err
		}
		again, err := syncproto.EncodeEnrol(v)
		return v, again, err
	},
	"enrol error": func(b []byte) (any, []byte, error) {
		var v syncproto.EnrolError
		if err := syncproto.DecodeEnrol(b, &v); err != nil {
			return nil, nil, err
		}
		again, err := syncproto.EncodeEnrol(v)
		return v, again, err
	},
}

type batchMeaning struct {
	Header syncproto.BatchHeader
	Bodies []syncproto.Body
}

func TestGoldenBytesMeanWhatTheirFilesSay(t *testing.T) {
	for name, v := range loadAll(t) {
		read := readers[v.Form]
		if read == nil || v.Error != "" {
			continue // a hash: made anew by TestGoldenVectorsAreWhatThisCodeWrites
		}
		value, again, err := read(v.bytes(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(any(v.Value), asJSON(t, meaning(value))); d != "" {
			t.Errorf("%s: file (-), read (+)\n%s", name, d)
		}
		if !v.Compressed && hex.EncodeToString(again) != v.Hex {
			t.Errorf("%s: written again it is %x", name, again)
		}
	}
}

func TestGoldenBadBytesAreRefused(t *testing.T) {
	for _, v := range load(t, "bad") {
		_, _, err := readers[v.Form](v.bytes(t))
		if got := errorName(err); got != v.Error {
			t.Errorf("%s: got %s (%v), want %s", v.Name, got, err, v.Error)
		}
	}
}

func TestEveryFormRefusesBytesThatAreCutOrAddedTo(t *testing.T) {
	for name, v := range loadAll(t) {
		read := readers[v.Form]
		if read == nil || v.Error != "" {
			continue
		}
		b := v.bytes(t)
		if _, _, err := read(append(slices.Clone(b), 0)); err == nil {
			t.Errorf("%s: taken with a byte too many", name)
		}
		for n := range b {
			if _, _, err := read(b[:n:n]); err == nil {
				t.Errorf("%s: taken when cut at %d of %d", name, n, len(b))
			}
		}
	}
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// signedPart takes the signed header out of a batch as it travels.
func signedPart(t testing.TB, batch []byte) []byte {
	r := canon.NewReader(batch)
	r.Exactly(2)
	b := r.Bytes(len(batch))
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return b
}

func TestGoldenBatchHeadersAreSignedAlike(t *testing.T) {
	kept := load(t, "batches")
	for i, made := range batchVectors(t) {
		if a, b := signedPart(t, kept[i].bytes(t)), signedPart(t, made.bytes(t)); !bytes.Equal(a, b) {
			t.Errorf("%s: file has the header %x, made is %x", made.Name, a, b)
		}
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic("bug: " + err.Error())
	}
	return b
}
