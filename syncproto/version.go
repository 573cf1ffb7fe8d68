package syncproto

// Version is the protocol version this code speaks: one integer that only grows,
// for any change of meaning, not only of bytes.
//
//   - 1 (2026-11): first release
const Version = 1

// MinVersion is the oldest version this code still speaks.
const MinVersion = 1
