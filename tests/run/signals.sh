# SPDX-License-Identifier: BSD-3-Clause
# TERM, INT or USR1 to any one rank: all save after the same update and end with 75, whatever they are at: start, updates,
# evaluation, saves; a second TERM ends at once.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
train: {epochs: 100000, seed: 3, reproducible: true}
checkpoint: {every_updates: 50, keep: 1}
log: {gradflow_every: 1000}
END

# saved DIR: what a stopped run leaves.
saved()
{
    local update
    same "exit code of $1" "$code" 75
    same "status of $1" "$(json "$1/summary.json" status)" stopped
    update=$(json "$1/summary.json" updates)
    same "checkpoint of $1" "$(newest "$1")" "$update"
    same "lines of $1/metrics.csv" "$(tail -n +2 "$1/metrics.csv" | wc -l)" "$update"
    expect 0 1 eval "$1/checkpoints/latest.h5"
    expect 0 2 train run.yaml --out "$1" train.epochs=none train.updates="$update" # same weights on all ranks
    same "weights of $1" "$(weights_of "$1")" "$(weights_of_update "$update")"
}

# The weights that a run has after so many updates if nobody stops it.
weights_of_update()
{
    expect 0 3 train run.yaml --out straight --overwrite train.epochs=none train.updates="$1" checkpoint.every_updates=0
    weights_of straight
}

for case in "TERM 2 3" "INT 0 3" "USR1 1 3" "TERM 0 0"; do
    read -r signal rank ranks <<<"$case"
    dir=$signal.$rank.$ranks
    start "$ranks" train run.yaml --out "$dir"
    until_true 60 reached "$dir" 50
    kill "-$signal" "$(rank_of "$rank")"
    finish
    saved "$dir"
done

# TERM to all at once; to some ranks, several in a row.
start 3 train run.yaml --out all
until_true 60 reached all 50
kill -TERM $(ranks_of "$pid" | tail -n 3)
finish
saved all
start 3 train run.yaml --out row
until_true 60 reached row 50
ranks=$(ranks_of "$pid" | tail -n 2) # the first of them may be gone before the last signal
for signal in USR1 USR1 TERM USR1 USR1; do kill -$signal $ranks 2>/dev/null || true; done
finish
saved row

# timeout(1) sends its signal to the process and to its group, and means it once.
start 0 train run.yaml --out twice
until_true 60 reached twice 50
kill -TERM "$pid" "$pid"
finish
saved twice

# During saves, which come behind every update, and during evaluations: one that was left is made by the next start.
for case in "save checkpoint.every_updates=1" "evaluate train.evaluate_every=1 train.ema=0.9 checkpoint.every_updates=20"; do
    read -r dir keys <<<"$case"
    start 3 train run.yaml --out "$dir" $keys
    until_true 60 reached "$dir" 20
    kill -USR1 "$(rank_of 1)"
    finish
    same "exit code of $dir" "$code" 75
    n=$(newest "$dir")
    same "updates of $dir" "$(json "$dir/summary.json" updates)" "$n"
    expect 0 2 train run.yaml --out "$dir" $keys train.epochs=none train.updates=$((n + 2))
    expect 0 1 train run.yaml --out straight --overwrite $keys train.epochs=none train.updates=$((n + 2))
    bits straight | grep -v '"epochs"' >a
    bits "$dir" | grep -v '"epochs"' >b
    cmp -s a b || fail "$dir: stopped behind update $n it has other bits: $(diff a b | head -n 3)"
done

# To the launcher, which hands USR1 on to all.
start 3 train run.yaml --out launcher
until_true 60 reached launcher 50
kill -USR1 "$pid"
finish
saved launcher

# has_bit PID FIELD SIGNAL: whether the signal is in this set of /proc/PID/status.
has_bit()
{
    local bits
    bits=$(sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status")
    [ $((16#$bits >> ($3 - 1) & 1)) = 1 ]
}
catches_term() { has_bit "$1" SigCgt 15; }
took_term() { ! has_bit "$1" ShdPnd 15; }

# Before the first update: update 0 is saved.  Rank 1 is held back, so that rank 0 still waits for it in MPI_Init.
cat >held <<END
#!/bin/bash
if [ "\${OMPI_COMM_WORLD_RANK-\${PMI_RANK-}}" = 1 ]; then
    until [ -e go ] || [ ! -d $work ]; do sleep 0.05; done
fi
exec "$cairn" "\$@"
END
chmod +x held
program=$cairn
cairn=$work/held
start 3 train run.yaml --out early
cairn=$program
rank_is_there() { [ -n "$(rank_of 0)" ]; }
until_true 60 rank_is_there
first=$(rank_of 0)
until_true 60 catches_term "$first"
kill -TERM "$first"
until_true 60 took_term "$first"
touch go
finish
same "updates of a run stopped before the first" "$(json early/summary.json updates)" 0
test -e early/checkpoints/update-00000000.h5 || fail "update 0 is not saved"
saved early

# While it waits for its run file, long before it looks at any data.
for ranks in 0 3; do
    rm -f late.yaml
    mkfifo late.yaml
    start $ranks train late.yaml --out late.$ranks
    until_true 60 rank_is_there
    first=$(rank_of 0)
    until_true 60 catches_term "$first"
    kill -TERM "$first"
    until_true 60 took_term "$first"
    cat run.yaml >late.yaml
    finish
    same "updates of a run stopped before it was read" "$(json late.$ranks/summary.json updates)" 0
    saved late.$ranks
done

# A loop of a user's own, over the public headers: all ranks leave it after the same update.
cairn=$CAIRN_BUILD/tests/example_loop
start 3 run.yaml state.h5
until_true 60 rank_is_there
until_true 60 catches_term "$(rank_of 1)"
kill -USR1 "$(rank_of 1)"
finish
cairn=$program
same "exit code of loop.c" "$code" 75
n=$(sed -n 's/ updates, .*//p' out)
[ -n "$n" ] && [ "$n" -ge 1 ] || fail "loop.c says nothing of its updates"
same "weights of loop.c" "$(sed -n 's/.* weights //p' out)" "$(weights_of_update "$n")"
expect 0 2 train run.yaml --resume state.h5 --out after_loop train.epochs=none train.updates=$((n + 3))
same "weights after loop.c" "$(weights_of after_loop)" "$(weights_of_update $((n + 3)))"

# A second TERM ends at once, here a process that sleeps for ever.
export CAIRN_FAULT='hang:data.read#20' # in update 3, before the sum that would hear of the first
start 0 train run.yaml --out stuck checkpoint.every_updates=1
until_true 60 reached stuck 2
kill -TERM "$pid"
until_true 60 took_term "$pid"
kill -0 "$pid" || fail "the first TERM ended it"
sleep 0.1 # two at the same moment are one
kill -TERM "$pid"
finish
same "exit code after a second TERM" "$code" $((128 + 15))
