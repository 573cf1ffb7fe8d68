// Package crash cuts the power of a site and of a server at any point of their work, and
// judges with the programs themselves what the disk may then hold: they open, all that
// they said is saved is there, what they did not say is there whole or not at all, chains
// verify, the state is what the log folds to, and they go on.
//
// Its tests judge some thousand states; make crash judges as many as it is told.
package crash
