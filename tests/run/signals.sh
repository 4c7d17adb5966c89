# SPDX-License-Identifier: BSD-3-Clause
# TERM, INT or USR1 to any one rank: all save after the same update and end with 75; a second TERM ends at once.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
train: {epochs: 100000, seed: 3, reproducible: true}
checkpoint: {every_updates: 50, keep: 1}
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

# A second TERM ends at once, here a process that sleeps for ever.
export CAIRN_FAULT='hang:data.read#20'
start 0 train run.yaml --out stuck
until_true 60 test -e stuck/metrics.csv
kill -TERM "$pid"
until_true 60 took_term "$pid"
kill -0 "$pid" || fail "the first TERM ended it"
kill -TERM "$pid"
finish
same "exit code after a second TERM" "$code" $((128 + 15))
