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

# The process of one rank of the run in the background.
rank_of()
{
    local process
    for process in $(ranks_of "$pid"); do
        if [ "$1" = 0 ] && [ "$process" = "$pid" ]; then echo "$process"; fi # without a launcher
        ! tr '\0' '\n' <"/proc/$process/environ" | grep -Eqx "(OMPI_COMM_WORLD_RANK|PMI_RANK)=$1" || echo "$process"
    done
}

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

# Before the first update: update 0 is saved.  A named pipe holds the start until the signal is there.
mkfifo early.yaml
for ranks in 0 3; do
    start "$ranks" train early.yaml --out "early.$ranks"
    until_true 60 holds_signal "$ranks"
    kill -TERM "$(rank_of 0)"
    cat run.yaml >early.yaml
    finish
    same "exit code" "$code" 75
    same "checkpoint" "$(newest "early.$ranks")" 0
    test -e "early.$ranks/checkpoints/update-00000000.h5" || fail "update 0 is not saved"
    same "updates" "$(json "early.$ranks/summary.json" updates)" 0
done
