package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed src/i18n/ar.json src/i18n/fa.json src/i18n/en.json
var messageFiles embed.FS

var messages = sync.OnceValues(func() (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, lang := range []string{"ar", "fa", "en"} {
		b, err := messageFiles.ReadFile("src/i18n/" + lang + ".json")
		if err != nil {
			return nil, err
		}
		var m map[string]string
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("messages of %s: %w", lang, err)
		}
		all[lang] = m
	}
	return all, nil
})

// Messages are the pages' messages of a language, for what Go itself has to print; of
// English where the language is none of ours. They are not to be changed.
func Messages(lang string) (map[string]string, error) {
	all, err := messages()
	if err != nil {
		return nil, err
	}
	if m := all[lang]; m != nil {
		return m, nil
	}
	return all["en"], nil
}
