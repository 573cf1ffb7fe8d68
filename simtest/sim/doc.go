// Package sim runs whole systems, a server and some sites, from one goroutine: what
// happens is decided by a list of operations drawn from a seed, each message, crash,
// clock, full disk and person among them, and a list does the same whenever it is run.
// What the product decides is the product's own code, on SQLite; what is judged is judged
// by a plain model that shares nothing with it (model.go, oracle.go).
//
// Worlds are made to be cheap. Databases are in memory (internal/memfs); what a crash
// takes is decided here. A process starts on connections that SQLite has open already,
// with the schema read and statements prepared; it reads the files anew. The log is memlog,
// which keeps the contract of the real one by the same tests (oplogtest), and while a world
// is healed who is at rest does not speak again. Every tenth world is larger; there the log is sqlitelog,
// with its mark, on files that are put back and taken away, and all speak in each round.
//
// What that leaves out: torn pages and flushes that fail, and so the second writing of a
// WAL (sqlitedb); for these there are simtest/crash and simtest/torture. Nine of ten worlds
// do not read the log from a disk, nor look at its mark. Connections that find another
// version of the schema than they know are made anew, all others are old ones.
//
// world.go holds what there is, line.go what lies between a site and the server, ops.go
// what may happen, run.go runs a list, and shrink.go makes one that fails short.
package sim
