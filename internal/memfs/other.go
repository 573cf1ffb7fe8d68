//go:build !linux

// Package memfs keeps databases in files where it cannot keep them in memory.
package memfs

import (
	"errors"
	"io/fs"
	"os"
)

// Under does nothing here.
func Under(string) error { return nil }

// Size is how long a file is; 0 where there is none.
func Size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Read is what a file holds.
func Read(path string) []byte {
	b, _ := os.ReadFile(path)
	return b
}

// Write has a file hold this. Connections that are open have to Forget.
func Write(path string, b []byte) error { return os.WriteFile(path, b, 0o600) }

// Forget takes away the head of the index of a database's WAL.
func Forget(path string) {
	const head = 2 * 48 // sqlite.org/walformat.html 2.1
	shm, err := os.OpenFile(path+"-shm", os.O_RDWR, 0)
	if err == nil {
		_, err = shm.WriteAt(make([]byte, head), 0)
		err = errors.Join(err, shm.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
}
