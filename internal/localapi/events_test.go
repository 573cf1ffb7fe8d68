package localapi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A server that shuts down waits for whoever is being answered: a stream would keep it.
func TestStreamsEndWithTheirServerAndOtherRequestsAreFinished(t *testing.T) {
	life, end := context.WithCancel(t.Context())
	began, finish := make(chan struct{}), make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			Events(w, r, func(ctx context.Context) (string, any, error) {
				<-ctx.Done()
				return "", nil, ctx.Err()
			})
			return
		}
		close(began)
		<-finish
		if r.Context().Err() != nil {
			t.Error("a request that is no stream was broken off")
		}
		io.WriteString(w, "recorded")
	}))
	s.Config.BaseContext = Until(life)
	s.Start()
	defer s.Close()

	stream, err := http.Get(s.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	answer := make(chan string)
	go func() {
		r, err := http.Get(s.URL + "/sale")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		answer <- string(b)
	}()
	<-began
	end()
	if b, err := io.ReadAll(stream.Body); err != nil {
		t.Errorf("a stream whose server leaves ends with %q, %v", b, err)
	}
	close(finish)
	if got := <-answer; got != "recorded" {
		t.Errorf("a request under way is answered with %q", got)
	}
}
