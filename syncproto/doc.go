// Package syncproto is the agreement between a device and the centre: bytes in,
// values out. It holds no goroutine, no clock and no socket. SPEC.md says the same
// in prose, for programs in any language, and is normative; testdata/vectors binds
// the two together.
//
// # Who speaks first
//
//	server   Challenge                              here is a nonce: who are you
//	device   Hello, Resume                          this is my signature, this is what I hold
//	server   Welcome                                this is how far your chains have come
//	device   Push ...      server  Receipt ...      upwards: signed batches; durable
//	server   Rows, Leave ... Checkpoint             downwards: records; now it is whole
//	either   Credit, Ping, Bye
//
// Before a device has named itself a message has at most MaxGreeting bytes and
// nothing is decompressed. So Resume, which may be long, is a frame of its own; it
// follows Hello at once, without waiting for Welcome.
//
// # What each side promises
//
// A device keeps a transaction until a receipt and a backup cover it, never
// renumbers it, and sends it again until then. What it sends it has signed; what it
// shows is what the centre sent, with its own unsettled work laid over.
//
// The centre gives a receipt only for what is durable, and gives a transaction its
// effect once, whatever road and batch it comes by. It decides about each in the
// order of its log. A batch that is correctly signed never ends a connection: what
// is bad in it is held, with a Code that says what happens next.
//
// Either side may cut the line after any byte. Nothing is lost and nothing is done
// twice; a digest a share proves it.
//
// # Two codecs
//
// What is hashed or signed, and Rows, goes through package canon, which writes one
// spelling and reads no other. The other frames go through a general CBOR library
// in its strictest mode: they are read once and forgotten, and may carry keys that
// this version does not know.
//
// # Files
//
//	version.go      Version, MinVersion and their history
//	ids.go          one type for each id and number; making and deriving ids
//	value.go        what a field holds
//	scope.go        Class, Scope, Share
//	change.go       Change, Transaction and its body; chain hash, genesis
//	batch.go        a signed run of a chain
//	cose.go         the one way in which anything is signed
//	certificate.go  certificate, receipt, the signature of Hello
//	closing.go      what device and centre state of a day's sales, and sign
//	frame.go        the frames, in order of appearance;  rows.go  Rows
//	codec.go        frames to bytes and back;  check.go  what a well-formed frame is
//	compress.go     zstd, within bounds
//	digest.go       record hash, digest of a share, hash of a position
//	enrol.go        one-time code, request and answer
//	code.go         codes of Bye and of quarantine
//	bounds.go       every bound and deadline, with its reason
//
// Below it: canon (canonical CBOR), hlc (stamps), schema (the business as data),
// rules (what both sides compute alike), wsconn (frames over a websocket).
package syncproto
