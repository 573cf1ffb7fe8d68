// Package torture runs the real program on made-up machines that are killed, lose their
// power, run out of disk and get errors from it, over a link that is cut and stalls,
// while sales are recorded through the API and sync runs. In the end each sale that was
// acknowledged to its caller has to be at the site and at the centre, once.
//
// Its test runs a few rounds; make torture runs as many as it is told. What a system
// does not let it do (power cuts need root and loop devices, disk errors need strace) it
// names and leaves out.
package torture
