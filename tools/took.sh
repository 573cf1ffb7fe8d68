#!/usr/bin/env bash
# tools/took.sh WHAT COMMAND ARG...: runs a command, and says how long it took on the clock
# and of the processor, with what it started and waited for.
what="$1"
shift
TIMEFORMAT="rawaj: $what: %lR, processor %lU + %lS"
time "$@"
