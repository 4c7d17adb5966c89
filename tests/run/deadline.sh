# SPDX-License-Identifier: BSD-3-Clause
# train.deadline: a run stops by itself in time, saved, with 75, and goes on as if it had never been stopped; an end that is
# past, one that leaves no time, and what is no end at all.  Nothing here depends on how fast the machine is.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
optim: {name: adam, lr: 1e-3}
train: {epochs: 100000, seed: 3, reproducible: true, ema: 0.99, evaluate_every: 1}
checkpoint: {every_updates: 0, keep: 0}
log: {gradflow_every: 1000}
END

# stops_by_itself RANKS DIR: it ends with 75, saved, behind more updates than before, and says why.  Where the machine is too
# slow for any it gets more time.
stops_by_itself()
{
    local limit=4 before=-1
    [ ! -e "$2" ] || before=$(newest "$2")
    while :; do
        run "$1" train run.yaml --out "$2" "train.deadline=${limit}s"
        same "exit code of $2" "$code" 75
        same "status of $2" "$(json "$2/summary.json" status)" stopped
        same "checkpoint of $2" "$(newest "$2")" "$(json "$2/summary.json" updates)"
        n=$(newest "$2")
        [ "$n" -le "$before" ] || [ "$n" = 0 ] || break
        [ $limit -lt 60 ] || fail "no update in $limit s"
        limit=$((2 * limit))
    done
    grep -Eq "^stopped after update $n and saved \(the deadline (is in|was) .*, an update takes .*, a save takes .*\)" err ||
        fail "$2: no line that says why it stopped"
    ! grep -q "^$n,.*,test_ema," "$2/eval.csv" || fail "$2: the evaluation behind its last update was made"
}

# Stopped in two worlds, and then the rest: the bits of a run without a stop.  The evaluation behind an update at which it
# stops is made by the next start.
stops_by_itself 3 cut
stops_by_itself 1 cut
expect 0 2 train run.yaml --out cut train.epochs=none train.updates=$((n + 10))
expect 0 2 train run.yaml --out straight train.epochs=none train.updates=$((n + 10))
whole_lines cut
bits straight >a
bits cut >b
cmp -s a b || fail "stopped by the deadline it has other bits: $(diff a b | head -n 3)"

# From Slurm: the end of the job stands in the environment of rank 0.
export CAIRN_DEADLINE
few=(train.epochs=none train.updates=3)
for ranks in 0 3; do
    CAIRN_DEADLINE=$(($(date +%s) + 86400))
    expect 0 $ranks train run.yaml --out far.$ranks train.deadline=slurm "${few[@]}"

    # Past: update 0 is saved, and a later start does no more; each says that this leads nowhere.
    CAIRN_DEADLINE=$(($(date +%s) - 10))
    for start in 1 2; do
        expect_line 75 $ranks 'no time for a single update' train run.yaml --out past.$ranks train.deadline=slurm
        same "updates of start $start" "$(json past.$ranks/summary.json updates)" 0
        test -e past.$ranks/checkpoints/update-00000000.h5 || fail "update 0 is not saved"
    done
    expect 0 $ranks train run.yaml --out past.$ranks "${few[@]}"
    same "weights" "$(weights_of past.$ranks)" "$(weights_of far.$ranks)"
    expect 0 $ranks train run.yaml --out past.$ranks "${few[@]}" train.deadline=job # a finished run is finished
    same "status" "$(json out status)" done

    # So near that a run which knows nothing yet does not begin.
    CAIRN_DEADLINE=$(($(date +%s) + 1))
    expect_line 75 $ranks 'no time for a single update' train run.yaml --out near.$ranks train.deadline=job

    CAIRN_DEADLINE=2:00:00
    expect_line 2 $ranks "CAIRN_DEADLINE is '2:00:00'.*export CAIRN_DEADLINE" train run.yaml --out none.$ranks train.deadline=slurm
    CAIRN_DEADLINE=
    expect_line 2 $ranks 'needs the end of the job.*export CAIRN_DEADLINE' train run.yaml --out none.$ranks train.deadline=slurm
    SLURM_JOB_END_TIME=$(($(date +%s) - 10)) expect_line 75 $ranks 'single update' train run.yaml --out end.$ranks train.deadline=slurm
    expect_line 2 $ranks 'train.deadline is soon, but takes a span of time' train run.yaml --out none.$ranks train.deadline=soon
    expect_line 2 $ranks 'train.deadline is 0, but must be at least 1s' train run.yaml --out none.$ranks train.deadline=0
    [ ! -e none.$ranks ] || fail "a refused run made its folder"
done
expect 0 1 train run.yaml --check train.deadline=slurm # where the job is not yet
