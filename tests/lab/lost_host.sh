# SPDX-License-Identifier: BSD-3-Clause
# One run loses a rank, a daemon of mpirun, a link and a host, each in the middle of it.  Every time cairn-mpirun ends with 5
# by itself, nothing is left running, and the next start goes on, on the hosts that are left, to the bits of a run that was
# left alone.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

wanted_s=10 # from the loss to the end; printed
most_s=40   # beyond that the test fails: a busy machine is slow, a job that hangs is not over then

lab_needs
lab_up 4
keys=(train.reproducible=true train.epochs=none train.updates=6000 train.evaluate_every=2000 checkpoint.every_updates=100)

# train_on HOSTS...: a rank on each, in the background; returns when it has gone on by 200 updates
train_on()
{
    local from
    from=$(newest run)
    lab_start $# "$@" -- train "$recipes/digits.yaml" "${keys[@]}" --out run
    until_true "$limit_s" reached run $((from + 200))
}

# lost WHAT HOSTS...: the launcher ends by itself, and nothing is left on these hosts
lost()
{
    local what=$1 begin=$EPOCHREALTIME host
    shift
    until_true "$most_s" launcher_over
    echo "$what: over after $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $begin }") s ($wanted_s wanted)"
    lab_finish
    same "exit code after $what" "$code" 5
    grep -q '^cairn-mpirun: .* was lost' err || fail "cairn-mpirun does not say that something was lost"
    for host in "$@"; do until_true 30 is_quiet "$host"; done
}

launcher_over() { [[ $(cat "/proc/$pid/stat" 2>/dev/null) =~ ^[^\)]*\)\ Z|^$ ]]; }
is_quiet() { [ -z "$(processes "$1" cairn)$(processes "$1" orted)" ]; }

expect 0 2 train "$recipes/digits.yaml" "${keys[@]}" --out alone

train_on h1 h2 h3
kill -KILL "$(processes h2 cairn)"
lost "a rank killed" head h1 h2 h3

train_on h1 h2 h3
kill -KILL "$(processes h3 orted)"
lost "a daemon killed" head h1 h2 h3

train_on h1 h2 h3
cut_off h3
lost "a link cut for good" head h1 h2 h3 # the host beyond the link notices as well

train_on h4 h1 h2
first=$(sed -n 's/^host //p' run/lock)
same "host of rank 0" "$first" h4
power_off h4
lost "the host of rank 0 powered off" head h1 h2

lab_expect 0 4 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out run
bits alone >a
bits run >b
cmp -s a b || fail "it has other bits: $(diff a b | head -n 3)"
whole_lines run
