# SPDX-License-Identifier: BSD-3-Clause
# What tests/run/kill.sh does, on three hosts: hosts lose their power, daemons of the launcher are killed, cairn-mpirun gets
# the signals of a batch system.  Each start is on other hosts and another number of ranks.
#
#   kill.sh [KILLS [SEED]]     6 kills unless told otherwise; the seed of the moments is printed
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"
. "${BASH_SOURCE%/*}/../support/kill.sh"

lab_needs
lab_up 3
campaign "${1:-6}" "${2:-$RANDOM}"

# A host without power comes back with the others: a lab is up in half a second.
lose_host()
{
    power_off "$(one_of $hosts)"
    lost=yes
}

# kill_one_of NAME: a process of that name, as soon as there is one: nobody would miss one that is not there yet.
kill_one_of()
{
    until_true 60 any_of "$1"
    kill -KILL "$(one_of $found)" 2>/dev/null || true
}
any_of()
{
    found=$(for host in $hosts; do processes "$host" "$1"; done)
    [ -n "$found" ]
}
kill_daemon() { kill_one_of orted; }
kill_rank() { kill_one_of cairn; }

# A signal that nobody is there to hear would leave the run alone.
ask()
{
    until_true 30 launcher_is_there
    lab_signal "$1" 2>/dev/null || true
}
launcher_is_there() { [ -n "$(processes head cairn-mpirun)" ]; }

# A rank whose daemon was killed goes on until it misses it.
nobody_works()
{
    local host
    for host in h1 h2 h3; do [ -z "$(processes "$host" cairn 2>/dev/null)" ] || return 1; done
}

lost=no
while next_kill; do
    if [ "$lost" = yes ]; then
        lab_down
        lab_up 3
        lost=no
    fi
    hosts=$(shuf -n $((1 + RANDOM % 3)) -e h1 h2 h3 --random-source=<(yes "$RANDOM") | tr '\n' ' ')
    lab_start $((1 + RANDOM % 4)) $hosts -- train run.yaml --out run
    wait_a_moment
    kind=$(one_of lose_host kill_daemon kill_rank "ask TERM" "ask USR1")
    $kind
    SECONDS=0
    lab_finish
    until_true 30 nobody_works
    case $kind in
    ask*) killed "$kind" 75 5 138 143 ;; # before the program catches signals they end it
    *) killed "$kind" 5 70 75 ;;
    esac
    echo "  on $hosts, after $SECONDS s"
    look
done
verdict
