# SPDX-License-Identifier: BSD-3-Clause
# Checkpoints along a run: written while updates go on, at an interval that is measured, the best one, milestones, and where
# files cannot be locked.  None of it changes a bit of what is trained.  The thread that writes: unit/test_writer.c; the
# arithmetic of the interval: unit/test_checkpoint_interval.c; whatever kills it: kill.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /val/x=float32:8x4 \
    /val/y=int32:8 /test/x=float32:9x4 /test/y=int32:9
"$CAIRN_BUILD/tests/run_make_data" targets.h5 /train/x=float32:30x4 /train/y=float32:30x2 /val/x=float32:8x4 \
    /val/y=float32:8x2
cat >run.yaml <<END
data: {file: data.h5}
model: [{type: dense, units: 5}, {type: tanh}, {type: dense, units: 3}]
batch: {global: 10, micro: 2}
optim: {name: sgd, lr: 2, momentum: 0.9}
train: {updates: 60, evaluate_every: 3, reproducible: true}
checkpoint: {every_updates: 7, keep: 1}
END

# files DIR: the updates of which there are checkpoints
files()
{
    find "$1/checkpoints" -name 'update-*.h5' | sed -E 's/.*update-0*([0-9]+)\.h5/\1/' | sort -n | tr '\n' ' '
}

# best_of DIR: the update that best.h5 points at
best_of()
{
    local name
    name=$(readlink "$1/checkpoints/best.h5") || fail "there is no best.h5"
    name=${name#update-}
    echo $((10#${name%.h5}))
}

# least DIR: the first update with the least loss on val
least()
{
    awk -F, '$5 == "val" && (best == "" || $6 < best) { best = $6; at = $1 } END { print at }' "$1/eval.csv"
}

expect 0 2 train run.yaml --out plain
weights=$(weights_of plain)
same "checkpoints of a plain run" "$(files plain)" "60 "

# ---- without a copy: the next sum waits, and rank 0 takes less memory
# snapshot ARG...: what rank 0 has more than other ranks, by the plan
snapshot()
{
    expect 0 0 plan run.yaml --memory --ranks 2 "$@"
    awk '$1 == "snapshot" { print $2 }' out
}

for ranks in 1 2 3; do
    more=(checkpoint.copy=false checkpoint.keep=0)
    [ $ranks != 3 ] || more+=(comm.sum=node) # where other ranks change what rank 0 writes
    expect 0 $ranks train run.yaml --out still$ranks "${more[@]}" train.updates=30
    same "checkpoints without a copy" "$(files still$ranks)" "7 14 21 28 30 "
    expect 0 $ranks train run.yaml --out still$ranks "${more[@]}"
    same "weights without a copy" "$(weights_of still$ranks)" "$weights"
    expect 0 1 train run.yaml --out again$ranks --resume still$ranks/checkpoints/update-00000014.h5
    same "weights from one of these" "$(weights_of again$ranks)" "$weights"
done
less=$(($(snapshot) - $(snapshot checkpoint.copy=false)))
[ $less -ge $((2 * 4 * 43)) ] || fail "the plan has $less bytes less without a copy of 43 weights and their momentum"

# ---- the best one stays beside the newest, on any number of ranks, through stops
for ranks in 1 3; do
    expect 0 $ranks train run.yaml --out best$ranks checkpoint.keep_best=eval_loss
    same "best.h5" "$(best_of best$ranks)" "$(least best$ranks)"
    [ "$(best_of best$ranks)" != 60 ] || fail "the last is the best: this shows nothing"
    same "checkpoints with the best" "$(files best$ranks)" "$(best_of best$ranks) 60 "
    same "weights with keep_best" "$(weights_of best$ranks)" "$weights"
    expect 0 0 eval best$ranks/checkpoints/best.h5 --split val
    value=$(awk -F, -v at="$(best_of best$ranks)" '$5 == "val" && $1 == at { print $6 }' best$ranks/eval.csv)
    holds "loss of best.h5" "($(json out loss) - $value)^2 < (1e-6 * $value)^2"
done
for updates in 2 5 20 41 60; do
    expect 0 2 train run.yaml --out cut checkpoint.keep_best=eval_loss train.updates=$updates
    [ $updates -lt 3 ] || same "best.h5 at update $updates" "$(best_of cut)" "$(least cut)"
done
same "best.h5 after stops" "$(best_of cut)" "$(best_of best1)"
same "weights after stops" "$(weights_of cut)" "$weights"
# A process that was killed before the link was made: the next one makes it.
expect 0 2 train run.yaml --out killed checkpoint.keep_best=eval_loss checkpoint.keep=0 train.updates=50
was=$(best_of killed)
ln -sf update-00000003.h5 killed/checkpoints/best.h5
expect 0 2 train run.yaml --out killed checkpoint.keep_best=eval_loss checkpoint.keep=0 train.updates=51
same "best.h5 after a kill" "$(best_of killed)" "$(least killed)"
[ "$was" != 3 ] || fail "update 3 is the best: this shows nothing"
expect 0 1 train run.yaml --out accurate checkpoint.keep_best=eval_accuracy
first=$(awk -F, '$5 == "val" && (best == "" || $7 > best) { best = $7; at = $1 } END { print at }' accurate/eval.csv)
same "best.h5 by accuracy" "$(best_of accurate)" "$first"
expect 0 1 train run.yaml --out accurate --overwrite
[ ! -L accurate/checkpoints/best.h5 ] || fail "--overwrite leaves best.h5 behind"

# The best one, of update 6, is refused once (its lines, its file), or twice (its file): it is the best all the same.
for n in 11 12 13 13-14; do
    CAIRN_FAULT="file.write#$n" expect 0 2 train run.yaml --out refused$n checkpoint.keep_best=eval_loss checkpoint.every=50 \
        log.gradflow_every=0 train.updates=8
    same "least loss" "$(least refused$n)" 6
    same "best.h5 where write $n is refused" "$(best_of refused$n)" 6
done
# Its lines cannot be written, and then it is gone: best.h5 stays, and later weights do not take its place.
CAIRN_FAULT="file.write#11-14" expect 0 2 train run.yaml --out gone checkpoint.keep_best=eval_loss checkpoint.every=50 \
    log.gradflow_every=0 train.updates=8
same "refusals of its lines" "$(grep -c 'tried again after the next update' err)" 1
same "best.h5 where its lines are refused" "$(best_of gone)" 3
# That of update 18 cannot be made, until the next is due: one that is worse, and better than the one of update 15, is the best
# there is.
for ranks in 1 3; do
    CAIRN_FAULT="checkpoint.write@0#18-21" expect 0 $ranks train run.yaml --out later$ranks checkpoint.keep_best=eval_loss \
        checkpoint.every=1 train.updates=31
    same "least loss" "$(least later$ranks)" 18
    same "best.h5 after a checkpoint that could not be made" "$(best_of later$ranks)" 30
done

# ---- what cannot be selected by
sed 's/data.h5/targets.h5/' run.yaml >targets.yaml
for ranks in 1 3; do
    expect_line 2 $ranks 'keep_best.*group val' train run.yaml --out bad data.file="$datasets/digits.h5" \
        'model=[{type: flatten}, {type: dense, units: 10}]' checkpoint.keep_best=eval_loss
    expect_line 2 $ranks 'evaluate_every' train run.yaml --out bad checkpoint.keep_best=eval_loss train.evaluate_every=none
    expect_line 2 $ranks 'no accuracy' train targets.yaml --out bad loss=squared_error \
        'model=[{type: dense, units: 2}]' checkpoint.keep_best=eval_accuracy
    expect_line 2 $ranks 'milestones has 2\.5' train run.yaml --out bad 'checkpoint.milestones=[4, 2.5]'
done
expect_line 2 1 'milestones' train run.yaml --out bad checkpoint.milestones=often
expect_line 2 1 'milestones' train run.yaml --out bad checkpoint.milestones=0
expect_line 2 1 'lists 65 updates, at most 64' train run.yaml --out bad "checkpoint.milestones=[$(seq -s, 1 65)]"
expect_line 2 1 'mtbf' train run.yaml --out bad checkpoint.every=auto checkpoint.mtbf=soon
[ ! -e bad ] || fail "a run that was refused made a folder"

# ---- milestones are made and stay
expect 0 2 train run.yaml --out few 'checkpoint.milestones=[4, 21, 33]'
same "milestones of a list" "$(files few)" "4 21 33 60 "
expect 0 2 train run.yaml --out each checkpoint.milestones=25 checkpoint.every=8
same "milestones by number" "$(files each)" "25 50 60 "
same "weights with milestones" "$(weights_of each)" "$weights"

# ---- an interval that is measured: said, alike on all ranks, changes no bits
for ranks in 1 3; do
    expect 0 $ranks train run.yaml --out auto$ranks checkpoint.every=auto checkpoint.mtbf=1s checkpoint.keep=0
    grep -q '^checkpoint.every auto: a checkpoint costs .* every [0-9]* update' err || fail "auto says nothing of its choice"
    same "first and last checkpoint" "$(files auto$ranks | awk '{ print $1, $NF }')" "10 60"
    same "weights with auto" "$(weights_of auto$ranks)" "$weights"
done

# ---- updates go on while a checkpoint is written
expect 0 1 train run.yaml --out beside train.updates=4000 train.evaluate_every=none checkpoint.every=400
beside=$(sed -nE 's/^10 checkpoints: .* ([0-9]+) updates ran during.*/\1/p' err)
[ "${beside:-0}" -gt 0 ] || fail "no update ran during the writing: $(grep checkpoints: err)"
same "checkpoints" "$(json out checkpoints)" 10

# ---- no file is locked: not by us, nor does it matter who holds one
if command -v flock >/dev/null; then
    flock -x data.h5 "$cairn" train run.yaml --out locked >out 2>err || fail "a locked dataset stops a run"
    same "weights from a locked file" "$(weights_of locked)" "$weights"
fi
if command -v strace >/dev/null; then
    strace -f -e trace=flock,fcntl -o calls "$cairn" train run.yaml --out traced >out 2>err || fail "a traced run"
    ! grep 'flock(' calls || fail "HDF5 locks a file"
fi
