//go:build linux

// Package smalldisk gives tests a file system that can be full.
package smalldisk

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// New mounts a file system of a size, as "4m", for as long as the test runs.
func New(t testing.TB, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a file system of %s is missing: mounting one needs root: %v", size, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Fill takes all room that is left, and says what gives it back.
func Fill(t testing.TB, dir string) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return func() {}
	}
	defer f.Close()
	for block := 1 << 20; block >= 512; block /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, block))
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}
