# SPDX-License-Identifier: BSD-3-Clause
# Ended again and again, at any moment and in any way that one host knows, a run keeps a newest checkpoint that opens,
# goes on from there in another world, and ends with the bits of a run that was left alone, each sample used once per epoch.
# Lost hosts: tests/lab/kill.sh.
#
#   kill.sh [KILLS [SEED]]     10 kills unless told otherwise; the seed of the moments is printed
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/kill.sh"

campaign "${1:-10}" "${2:-$RANDOM}"

# hold: no rank begins unseen; what runs now is in $ranks.
hold()
{
    kill -STOP "$pid" 2>/dev/null || true
    ranks=$(ranks_of "$pid")
}

go() { kill -CONT "$pid" 2>/dev/null || true; }
one_rank() { shuf -n 1 -e $ranks --random-source=<(yes "$RANDOM"); }

# One rank, which makes the launcher end the others.
kill_one()
{
    local victim
    hold
    victim=$(one_rank)
    kill -KILL ${victim:-$pid} 2>/dev/null || true
    go
}

# All of them and the launcher: the power is off.
kill_all()
{
    hold
    kill -KILL "$pid" $ranks 2>/dev/null || true
}

# A rank that alone is asked to stop is enough; where there is none yet, nobody hears it.
ask()
{
    local victim
    hold
    victim=$(one_rank)
    if [ -n "$victim" ]; then kill "-$1" "$victim"; else kill -KILL "$pid"; fi 2>/dev/null || true
    go
}

# One rank stands still: the others notice.  Where there is no other, nobody does.  (Not held: mpirun hands CONT on.)
stop_one()
{
    local victim
    ranks=$(ranks_of "$pid")
    victim=$(one_rank)
    kill -STOP ${victim:-$pid} 2>/dev/null || true
    # while MPI starts, the run file's limit is not known yet, and the usual one is half an hour
    [ "$(wc -w <<<"$ranks")" -gt 1 ] && ends_within 30 || kill -KILL "$pid" $(ranks_of "$pid") 2>/dev/null || true
}
ends_within()
{
    local end=$((SECONDS + $1))
    until gone "$pid"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# No file grows any more: saves fail and are told of, the run goes on, until it is asked to save and cannot.
fill_disk()
{
    local rank
    hold
    for rank in $ranks; do prlimit --pid "$rank" --fsize=4096: 2>/dev/null || true; done
    go
    sleep "0.$((RANDOM % 10))"
    for rank in $ranks; do kill -USR1 "$rank" 2>/dev/null || true; done
    [ -n "$ranks" ] || kill -KILL "$pid"
}

# A rank that mpirun was just starting when it was killed is not in $ranks, and goes on until it misses mpirun.
nobody_works()
{
    local process
    for process in $(pgrep -x cairn); do
        [ "$(readlink "/proc/$process/cwd")" != "$work" ] || return 1
    done
}

while next_kill; do
    start $((RANDOM % 4)) train run.yaml --out run # 0: one process without a launcher
    wait_a_moment
    kind=$(one_of kill_one kill_all "ask TERM" "ask USR1" stop_one fill_disk)
    $kind
    # a rank that is killed while it connects may leave mpirun 4.1 waiting for ranks that have ended (cairn-mpirun ends that)
    ends_within 60 || ! nobody_works || kill -KILL "$pid"
    finish 2>/dev/null
    until_true 30 nobody_works
    # mpirun itself makes 1, 137 or 143 of some ends (launch/guide/contract.md 6)
    case $kind in
    kill_*) killed "$kind" 1 5 137 ;;
    ask*) killed "$kind" 75 1 137 138 143 5 ;; # before the program catches signals they end it
    stop_one) killed "$kind" 5 137 ;;
    fill_disk) killed "$kind" 6 75 1 137 138 ;;
    esac
    look
done
verdict
