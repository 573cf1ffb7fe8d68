// Package failpoint names places in the program at which a test may cause a fault: kill -9
// of the process itself, a disk that fills, an error, or what somebody registered.
//
// A place is one line, before or after the thing that it is about:
//
//	if err := failpoint.Hit("apply.before"); err != nil {
//		return err
//	}
//
// It is there in programs built with the tag failpoints alone. In all others Hit is a
// constant nil, which the compiler takes out together with the name.
//
// What happens where stands in the environment: RAWAJ_FAILPOINTS holds a list, separated
// by commas, of NAME=ACTION or NAME=ACTION(ARGUMENT), each once, with @N behind it at the
// N-th time. With RAWAJ_FAILPOINTS_ARMED, which names a file, nothing counts until that
// file is there. Actions are kill, full(DIRECTORY), error(TEXT) and what was registered.
//
//	RAWAJ_FAILPOINTS="apply.before=kill@3,settle.after=error(made up)"
package failpoint
