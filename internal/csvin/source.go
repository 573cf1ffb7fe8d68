package csvin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

var errTooLong = errors.New("is too long")

// source hands a file to encoding/csv one physical line a call and remembers the
// lines of the record under way. So the reader knows at which line a record starts,
// and after a quote that is never closed it can go back to the line after it
// instead of losing the rest of the file.
//
// Going back stays linear: a line that leaves a quote open when read afresh has an
// odd number of quotes, and such a line ends a quote that is open before it.
type source struct {
	in     *bufio.Reader
	number int    // of the last line taken from in
	offset int64  // bytes taken from in
	ahead  []line // given back, to be read again first; the next one is the last
	given  []line // of the record under way
	size   int    // bytes of given
	rest   []byte // of the last line given, not copied out yet
	err    error  // other than io.EOF, from in
}

type line struct {
	number int
	text   []byte // with its line end
	long   bool   // over MaxRecord; text is its beginning
}

func newSource(r io.Reader) *source { return &source{in: bufio.NewReaderSize(r, MaxRecord)} }

// begin skips blank lines and returns the number of the line the next record
// starts at.
func (s *source) begin() (int, error) {
	s.given, s.size, s.rest = s.given[:0], 0, nil
	for {
		l, err := s.next()
		if err != nil {
			return 0, err
		}
		if l.long || len(bytes.TrimSpace(l.text)) > 0 {
			s.ahead = append(s.ahead, l)
			return l.number, nil
		}
	}
}

// retreat gives back all lines of the record but the first.
func (s *source) retreat() {
	for i := len(s.given) - 1; i > 0; i-- {
		s.ahead = append(s.ahead, s.given[i])
	}
	s.given, s.rest = s.given[:0], nil
}

// Read implements io.Reader for encoding/csv, which asks for a line at a time.
func (s *source) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		l, err := s.next()
		if err != nil {
			return 0, err
		}
		s.given = append(s.given, l)
		if s.size += len(l.text); l.long || s.size > MaxRecord {
			return 0, errTooLong
		}
		s.rest = l.text
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *source) next() (line, error) {
	if n := len(s.ahead); n > 0 {
		l := s.ahead[n-1]
		s.ahead = s.ahead[:n-1]
		return l, nil
	}
	if s.err != nil {
		return line{}, s.err
	}
	text, err := s.in.ReadSlice('\n')
	s.offset += int64(len(text))
	l := line{number: s.number + 1, text: bytes.Clone(text)}
	for err == bufio.ErrBufferFull { // its end is read past and dropped
		l.long = true
		text, err = s.in.ReadSlice('\n')
		s.offset += int64(len(text))
	}
	if err != nil && err != io.EOF {
		s.err = fmt.Errorf("read line %d: %w", l.number, err)
		return line{}, s.err
	}
	if len(l.text) == 0 {
		return line{}, io.EOF
	}
	s.number++
	return l, nil
}
