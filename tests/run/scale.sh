# SPDX-License-Identifier: BSD-3-Clause
# What an update and a start take of messages, bytes and memory on more and more ranks, counted (support/preload/counting_mpi.c,
# support/count_allocations.c) and compared with the formulas of launch/guide/scale.md.  2 ranks, and 8 or 16 by
# chance; others by hand: tests/run/scale.sh 3 64 256.
. "${BASH_SOURCE%/*}/../support/run.sh"
counting=$CAIRN_BUILD/tests/libcairn_counting_mpi.so
[ -e "$counting" ] || skip "sanitizers want to be preloaded alone"
worlds=(2 $(some 1 8 16))
[ $# = 0 ] || worlds=("$@")
limit_s=280 # 16 ranks on a busy machine
few=2 many=6 # updates of two runs: the second less the first is what updates cost
export OMPI_MCA_orte_allowed_exit_without_sync=1 # of hundreds of ranks a busy mpirun may miss the end
export OMPI_MCA_pml=ob1 # starts faster; Open MPI's collective calls are the same

# A way to sum is a row: name; keys; what holds in words of awk of what a rank takes for an update: calls that are collective, bytes
# that it gives to them, messages that it sends by itself; P weights in T tensors, R ranks, log2 rounded up.  Exact sums are 89
# floats or 23 integers, one for each tensor and 8 more; 4 flags (comm/sum.c).  best: on a power of two of ranks the sum takes what the
# best take, 2 log2 R messages of twice all but the rank's own part; of few KiB log2 R messages of all, which are sooner there.
ways=(
    "floats;comm.sum=allreduce train.reproducible=false;calls == 1 && sends == 0 && best && bytes == 4 * (P + 89 * (T + 8) + 4)"
    "integers;comm.sum=allreduce train.reproducible=true;calls == 1 && sends == 0 && best && bytes <= 16 * P + 8 * (23 * (T + 8) + 4) + 1024 * T"
    "floats of a node;comm.sum=node train.reproducible=false;calls <= 5 && sends == 0 && bytes == 4 * (89 * (T + 8) + 4)"
    "integers of a node;comm.sum=node train.reproducible=true;calls <= 5 && sends == 0 && bytes <= 8 * (23 * (T + 8) + 4) + 1024 * T"
)

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: UNITS}, {type: relu}, {type: dense, units: 10}]
batch: {global: 512, micro: 2}
train: {evaluate_every: none}
checkpoint: {every_updates: 0}
END

# counted RANKS UPDATES KEYS...: a line of counts for each rank, rising, in the file counts
counted()
{
    local ranks=$1 updates=$2
    shift 2
    : >log
    CAIRN_COUNT_LOG=$work/log LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD:}$counting expect 0 "$ranks" train net.yaml "$@" \
        train.updates="$updates" --out run -q
    rm -r run
    sort -n log >counts
    same "ranks that were counted" "$(wc -l <counts)" "$ranks"
}

# per_update RANKS KEYS...: the most that a rank takes for an update, in $calls $bytes $sends $send_bytes $messages $message_bytes,
# and $start_calls of the start and the end
per_update()
{
    local ranks=$1
    shift
    counted "$ranks" $few "$@"
    cp counts before
    counted "$ranks" $many "$@"
    read -r calls bytes sends send_bytes messages message_bytes start_calls < <(paste -d' ' before counts |
        awk -v few=$few -v many=$many '{ for (i = 2; i <= 7; i++) { x = ($(i + 7) - $i) / (many - few); if (x > most[i]) most[i] = x } }
            END { for (i = 2; i <= 7; i++) printf "%d ", most[i]; print $2 - few * most[2] }')
}

# sums UNITS: of every way, on every world, with a net of so many units in its hidden layer
sums()
{
    local units=$1 weights=$((75 * $1 + 10)) way name keys holding ranks
    sed "s/UNITS/$units/" run.yaml >net.yaml
    for way in "${ways[@]}"; do
        IFS=';' read -r name keys holding <<<"$way"
        for ranks in "${worlds[@]}"; do
            per_update "$ranks" $keys
            printf '%s, %d weights, %d ranks: %s calls, %s bytes; sends %s, %s bytes; messages %s, %s bytes; calls at the start %s\n' \
                "$name" "$weights" "$ranks" "$calls" "$bytes" "$sends" "$send_bytes" "$messages" "$message_bytes" "$start_calls"
            true_of "an update of $name on $ranks ranks" "$holding"
            [ "$((4 * weights))" -ge 1048576 ] ||
                true_of "messages of $name on $ranks ranks" "messages > 0 && messages <= 4 * log2"
            same "calls of a start and an end of $name on $ranks ranks" "$start_calls" "${start_of[$name]:=$start_calls}"
        done
    done
}
declare -A start_of

# true_of WHAT EXPRESSION: of what was counted last
true_of()
{
    awk -v R="$ranks" -v P="$weights" -v T=4 -v calls="$calls" -v bytes="$bytes" -v sends="$sends" -v messages="$messages" \
        -v message_bytes="$message_bytes" "BEGIN {
            for (log2 = 0; 2 ^ log2 < R; log2++);
            best = 2 ^ log2 != R || bytes >= 2 ^ 20 || messages == log2 && message_bytes == log2 * bytes ||
                messages == 2 * log2 && message_bytes <= 2 * (R - 1) / R * bytes + 4 * R
            exit !($2) }" || fail "$1: $2 does not hold"
}

# held RANKS: bytes that Cairn itself has allocated when the second update begins, and the most until then: of rank 0, of
# another rank the most
held()
{
    cairn=$CAIRN_BUILD/tests/cairn_counting expect 0 "$1" train net.yaml train.balance=auto train.updates=3 --out run -q
    rm -r run
    sed -n 's/^bytes of rank \([0-9]*\) before update 2: \([0-9]*\), most \([0-9]*\)$/\1 \2 \3/p' err |
        awk '$1 == 0 { now = $2; most = $3 } $1 > 0 && $2 > other { other = $2 } END { print now, most, other + 0 }'
}

sums 8
sums 1600

# Memory: nothing grows with the ranks but their speeds, for train.balance: 64 bytes of each, on each.  Two ranks are the least
# that share what a node holds; malloc's blocks are now and then a little larger than what was asked for.
loose=4096
sed s/UNITS/1600/ run.yaml >net.yaml
read -r now most other < <(held 2)
for ranks in "${worlds[@]}"; do
    read -r now_all most_all other_all < <(held "$ranks")
    echo "Cairn's own bytes on 2 ranks: rank 0 $now, most $most, another $other; on $ranks: $now_all, $most_all, $other_all"
    more=$((64 * (ranks - 2) + loose))
    holds "bytes that rank 0 of $ranks holds" "$now_all <= $now + $more"
    holds "most bytes that rank 0 of $ranks held" "$most_all <= $most + $more"
    holds "bytes that another of $ranks holds" "$other_all <= $other + $more"
done
