// Package wsconn carries frames of package syncproto over gorilla/websocket.
//
// A device calls Dial, a server Upgrade; both get a Conn:
//
//	conn, err := wsconn.Dial(ctx, "https://centre.example/sync", wsconn.DialOptions{})
//	if err != nil {
//		return err // *HandshakeError where the server answered, but not with a websocket
//	}
//	defer conn.Close(nil)
//	frame, err := conn.Receive() // the server's Challenge
//
// One goroutine calls Receive; any number call Send. A Conn runs no goroutine of
// its own: whoever holds it sends a Ping every syncproto.PingEvery.
//
// A Conn begins in the greeting: messages of at most syncproto.MaxGreeting bytes,
// nothing compressed, and all of it within syncproto.GreetingTimeout. SetLimits
// ends the greeting. After that each message has syncproto.PingTimeout to arrive,
// so that a half-open connection is found.
//
// Files: dial.go the device's end; upgrade.go the server's end; conn.go what both do.
package wsconn
