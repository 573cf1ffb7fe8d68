package localapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
)

// OpenAPI describes routes as an OpenAPI 3.1 document, from the types that they read
// and answer, so that the description cannot drift from them.
func OpenAPI(title string, routes []Route) ([]byte, error) {
	g := &describer{schemas: map[string]any{}, types: map[string]reflect.Type{}}
	paths := map[string]map[string]any{}
	for _, r := range routes {
		if paths[r.Path] == nil {
			paths[r.Path] = map[string]any{}
		}
		paths[r.Path][strings.ToLower(r.Method)] = g.operation(&r)
	}
	g.schemas["RefusalCode"] = map[string]any{"type": "string", "enum": refusal.Codes()}
	g.schemas["Refusal"] = map[string]any{"type": "object", "required": []string{"code", "message"}, "properties": map[string]any{
		"code":    map[string]any{"$ref": "#/components/schemas/RefusalCode"},
		"field":   map[string]any{"type": "string", "description": "of the request, as in lines[2].quantity"},
		"values":  map[string]any{"type": "object", "additionalProperties": map[string]any{}, "description": "what the code's message names"},
		"message": map[string]any{"type": "string", "description": "English, for scripts: what to do next"},
	}}
	b, err := json.MarshalIndent(map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": title, "version": "1"},
		"paths":   paths,
		"components": map[string]any{
			"schemas":         g.schemas,
			"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer"}, "session": map[string]any{"type": "apiKey", "in": "cookie", "name": cookieBase}},
		},
		"security": []any{map[string]any{"token": []any{}}, map[string]any{"session": []any{}}},
	}, "", "  ")
	return append(b, '\n'), err
}

type describer struct {
	schemas map[string]any
	types   map[string]reflect.Type // that their names are of
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

func (g *describer) operation(r *Route) map[string]any {
	op := map[string]any{"summary": r.Summary, "operationId": operationID(r)}
	var params []any
	for _, m := range inPath.FindAllStringSubmatch(r.Path, -1) {
		params = append(params, map[string]any{"name": m[1], "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
	}
	for _, q := range r.parameters() {
		params = append(params, map[string]any{"name": q, "in": "query", "schema": map[string]any{"type": "string"}})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.Request != nil {
		op["requestBody"] = map[string]any{"required": true, "content": map[string]any{"application/json": map[string]any{"schema": g.of(reflect.TypeOf(r.Request))}}}
	}
	if r.Takes != "" {
		op["requestBody"] = map[string]any{"required": true, "content": map[string]any{r.Takes: map[string]any{}}}
	}
	answer := map[string]any{"description": "done"}
	if r.Gives != "" {
		answer["content"] = map[string]any{r.Gives: map[string]any{}}
	}
	if r.Response != nil {
		media := "application/json"
		if r.Stream {
			media = "text/event-stream"
		}
		content := map[string]any{media: map[string]any{"schema": g.of(reflect.TypeOf(r.Response))}}
		if r.table() != nil {
			content["text/csv"], content[tables.MediaType("xlsx")] = map[string]any{}, map[string]any{}
		}
		answer["content"] = content
	}
	op["responses"] = map[string]any{"200": answer, "default": map[string]any{"description": "refused", "content": map[string]any{"application/json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/Refusal"}}}}}
	return op
}

func operationID(r *Route) string {
	id := strings.ToLower(r.Method)
	for _, part := range strings.FieldsFunc(strings.TrimPrefix(r.Path, "/api/"), func(c rune) bool { return strings.ContainsRune("/{}-", c) }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

var textType = reflect.TypeFor[encoding.TextMarshaler]()

func (g *describer) of(t reflect.Type) map[string]any {
	if t.Implements(textType) {
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{g.of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string", "format": "byte"}
		}
		return map[string]any{"type": "array", "items": g.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Interface:
		return map[string]any{}
	case reflect.Struct:
		return g.object(t)
	}
	if t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 {
		return map[string]any{"type": "integer"}
	}
	panic(fmt.Sprintf("bug: an API speaks of a %v", t))
}

// object describes a struct under its name, by reference.
func (g *describer) object(t reflect.Type) map[string]any {
	name := g.name(t)
	if _, known := g.schemas[name]; !known {
		g.schemas[name] = nil // it may hold itself
		properties := map[string]any{}
		g.fields(t, properties)
		g.schemas[name] = map[string]any{"type": "object", "properties": properties}
	}
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

// name is that of a type, with its package's before it where another has it already.
func (g *describer) name(t reflect.Type) string {
	name := schemaName(t)
	if of := g.types[name]; of != nil && of != t {
		pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	if of := g.types[name]; of != nil && of != t {
		panic(fmt.Sprintf("bug: %v and %v are both called %s", of, t, name))
	}
	g.types[name] = t
	return name
}

func schemaName(t reflect.Type) string {
	name := t.Name()
	if i := strings.IndexByte(name, '['); i >= 0 { // of a generic type: its argument's last part
		of := strings.TrimSuffix(name[i+1:], "]")
		name = of[strings.LastIndexByte(of, '.')+1:] + strings.ToUpper(name[:1]) + name[1:i]
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

func (g *describer) fields(t reflect.Type, into map[string]any) {
	for f := range t.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			g.fields(f.Type, into)
		case tag != "" && tag != "-":
			into[tag] = g.of(f.Type)
		}
	}
}

// Paths lists "METHOD path" of routes, in order, for tests.
func Paths(routes []Route) []string {
	seen := map[string]bool{}
	for _, r := range routes {
		seen[r.Method+" "+r.Path] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
