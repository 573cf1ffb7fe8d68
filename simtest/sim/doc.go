// Package sim runs whole systems, a server and some sites, from one goroutine: what
// happens is decided by a list of operations drawn from a seed, each message, crash,
// clock, full disk and person among them, and a list does the same whenever it is run.
// What the product decides is the product's own code, on its own SQLite files; what is
// judged is judged by a plain model that shares nothing with it (model.go, oracle.go).
//
// world.go holds what there is, line.go what lies between a site and the server, ops.go
// what may happen, run.go runs a list, and shrink.go makes one that fails short.
package sim
