//go:build failpoints

package failpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// On says whether places of this build cause anything.
const On = true

// The names of what the environment may hold.
const (
	Variable = "RAWAJ_FAILPOINTS"
	Armed    = "RAWAJ_FAILPOINTS_ARMED"
)

// Action is what happens at a place, with the argument that the list gives it. Its error
// is that of Hit.
type Action func(argument string) error

var (
	mu      sync.Mutex
	actions = map[string]Action{
		"kill":  func(string) error { return kill() },
		"error": func(text string) error { return errors.New("failpoint: " + text) },
		"full":  full,
	}
	armed  = os.Getenv(Armed)
	points = must(parse(os.Getenv(Variable)))
)

// point is one line of the list.
type point struct {
	name, action, argument string
	at                     int // hits until it happens; 0: it has
}

// Register gives an action its name. Programs do it before anything is hit.
func Register(name string, a Action) {
	mu.Lock()
	defer mu.Unlock()
	actions[name] = a
}

// Hit says that the program has come to a place. What happens there happens before Hit
// returns, and is told on stderr first.
func Hit(name string) error {
	if len(points) == 0 {
		return nil
	}
	a, p := due(name)
	if a == nil {
		return nil
	}
	fmt.Fprintf(os.Stderr, "failpoint: %s: %s\n", p.name, p.action)
	return a(p.argument)
}

func due(name string) (Action, *point) {
	mu.Lock()
	defer mu.Unlock()
	for _, p := range points {
		if p.name != name || p.at == 0 || !isArmed() {
			continue
		}
		if p.at--; p.at > 0 {
			continue
		}
		a := actions[p.action]
		if a == nil {
			panic(fmt.Sprintf("%s: there is no action %q", Variable, p.action))
		}
		return a, p
	}
	return nil, nil
}

func isArmed() bool {
	if armed == "" {
		return true
	}
	_, err := os.Stat(armed)
	return err == nil
}

// kill is kill -9 of this process: nothing of it runs any more.
func kill() error {
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		return err
	}
	select {}
}

// Ballast is the file that takes all room of the file system that a directory is on. It has
// its name once it does.
const Ballast = "ballast"

func full(dir string) error {
	f, err := os.Create(filepath.Join(dir, Ballast+".grows"))
	if err != nil {
		return err
	}
	for block := 1 << 20; block >= 512; block /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, block))
		}
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, Ballast))
}

// parse reads the list.
func parse(list string) (all []*point, err error) {
	for item := range strings.SplitSeq(list, ",") {
		if item == "" {
			continue
		}
		p := &point{at: 1}
		var named, argued bool
		p.name, p.action, named = strings.Cut(item, "=")
		if i := strings.LastIndexByte(p.action, '@'); i >= 0 {
			if p.at, err = strconv.Atoi(p.action[i+1:]); err != nil || p.at < 1 {
				return nil, fmt.Errorf("%s: %q: @ wants a number from 1", Variable, item)
			}
			p.action = p.action[:i]
		}
		if p.action, p.argument, argued = strings.Cut(p.action, "("); argued {
			p.argument, argued = strings.CutSuffix(p.argument, ")")
			if !argued {
				return nil, fmt.Errorf("%s: %q: the argument does not end", Variable, item)
			}
		}
		if !named || p.name == "" || p.action == "" {
			return nil, fmt.Errorf("%s: %q is not NAME=ACTION", Variable, item)
		}
		all = append(all, p)
	}
	return all, nil
}

func must(all []*point, err error) []*point {
	if err != nil {
		panic(err)
	}
	return all
}
