# SPDX-License-Identifier: BSD-3-Clause
# What evaluations decide: train.stop and train.patience end a run, schedule.decay: plateau lowers its rate; the same in any
# world, whether it was interrupted or not; what a run says that ended so, and what is refused.
. "${BASH_SOURCE%/*}/../support/run.sh"

make_data=$CAIRN_BUILD/tests/run_make_data
"$make_data" real.h5 /train/x=float32:30x4 /train/y=float32:30x2 /val/x=float32:11x4 /val/y=float32:11x2 \
    /test/x=float32:13x4 /test/y=float32:13x2
"$make_data" no_val.h5 /train/x=float32:30x4 /train/y=float32:30x2 /test/x=float32:13x4 /test/y=float32:13x2
cat >run.yaml <<END
data: {file: real.h5}
model: [{type: dense, units: 5}, {type: tanh}, {type: dense, units: 2}]
loss: squared_error
eval: {metrics: [mae, r2]}
batch: {global: 10, micro: 3}
optim: {lr: 0.05, momentum: 0.9}
train: {epochs: 40, seed: 5, reproducible: true, evaluate_every: 2}
checkpoint: {every_updates: 3, keep: 0}
END
still="optim.lr=1e-30" # the weights stay as they are, and so do all scores

# ended NAME UPDATE KEY: the run is done, by this key, with all that the end of a run has.
ended()
{
    same "status of $1" "$(json $1/summary.json status)" done
    same "stopped_by of $1" "$(json $1/summary.json stopped_by)" "$3"
    same "updates of $1" "$(json $1/summary.json updates)" "$2"
    same "newest checkpoint of $1" "$(newest $1)" "$2"
    same "test of $1" "$(awk -F, '$5 == "test" { at = $1 } END { print at }' $1/eval.csv)" "$2"
    whole_lines $1
}

# worlds "RANKS" NAME KEYS...: equal bits on so many ranks, and where the run broke off in its seventh update on 2 ranks and
# went on on 3.
worlds()
{
    local ranks first=${1%% *} name=$2
    for ranks in $1; do
        expect 0 $ranks train run.yaml "${@:3}" --out "$name$ranks"
        bits "$name$ranks" >"$name$ranks.bits"
        cmp -s "$name$first.bits" "$name$ranks.bits" || fail "$name has other bits on $ranks ranks"
    done
    CAIRN_FAULT=nn.gradient@0#14 expect 4 2 train run.yaml "${@:3}" --out "$name.cut"
    expect 0 3 train run.yaml "${@:3}" --out "$name.cut"
    bits "$name.cut" >"$name.cut.bits"
    cmp -s "$name$first.bits" "$name.cut.bits" || fail "$name has other bits where it was interrupted"
}

# ---- a goal
expect 0 1 train run.yaml --out whole
goal=$(awk -F, '$5 == "val" && $1 >= 20 && $1 <= 40 { if (!least || $8 < least) least = $8 } END { print least }' whole/eval.csv)
first=$(awk -F, -v goal="$goal" '$5 == "val" && $8 <= goal { print $1; exit }' whole/eval.csv)
worlds "1 2 3" goal "train.stop=eval_mae <= $goal"
ended goal1 "$first" train.stop
grep -Eq "^update $first: the run ends \(train.stop\): eval_mae is " err || fail "nothing was said of the end"

# started again it is over: not a line more; with another goal it goes on
cp goal1/metrics.csv goal1/config.yaml .
expect 0 3 train run.yaml "train.stop=eval_mae <= $goal" --out goal1
same "updates started again" "$(json out updates)" "$first"
cmp -s metrics.csv goal1/metrics.csv && cmp -s config.yaml goal1/config.yaml || fail "a run that is over was changed"
expect 0 2 train run.yaml --out goal1
same "weights of the whole run" "$(weights_of goal1)" "$(weights_of whole)"
! grep -q stopped_by goal1/summary.json || fail "the whole run was stopped by $(json goal1/summary.json stopped_by)"

# ---- patience: nothing gets better after the first of four evaluations
worlds 1 patience $still train.patience=3
ended patience1 8 train.patience
grep -q 'the run ends (train.patience): eval_loss was .* at update 2, and no better in 3 evaluations since' err ||
    fail "nothing was said of the patience"
expect 0 2 train run.yaml $still train.patience=3 train.epochs=none train.updates=6 --out patience.6 # after an evaluation
expect 0 2 train run.yaml $still train.patience=3 --resume patience.6/checkpoints/update-00000006.h5 --out elsewhere
same "update that ended it elsewhere" "$(json elsewhere/summary.json updates)" 8
expect 0 1 train run.yaml $still train.patience=3 --out patience.6
ended patience.6 8 train.patience
worlds 1 best checkpoint.keep_best=eval_r2 train.patience=2 optim.lr=0.4
same "what ended it" "$(json best1/summary.json stopped_by)" train.patience
[ -L best1/checkpoints/best.h5 ] || fail "no best.h5"

# ---- a plateau: falls after the third and the fifth evaluation, not below final_factor
worlds 1 plateau schedule.decay=plateau schedule.plateau_patience=1 schedule.plateau_factor=0.5 schedule.final_factor=0.3 $still train.epochs=4
same "rates" "$(column plateau1/metrics.csv lr | uniq -c | awk '{ printf "%d:%g\n", $1, $2 }' | paste -sd' ')" "6:1e-30 4:5e-31 2:3e-31"
worlds "1 3" falling schedule.decay=plateau schedule.plateau_patience=0 schedule.plateau_by=eval_r2 schedule.warmup_updates=4 optim.lr=0.4
[ "$(column falling1/metrics.csv lr | sort -u | wc -l)" -gt 4 ] || fail "the rate never fell"

# ---- what is refused
expect_line 2 2 "train.stop: 'eval_f1 > 1': there is no score 'eval_f1'; known are eval_loss, eval_accuracy," train run.yaml 'train.stop=eval_f1 > 1' --out wrong
expect_line 2 1 "train.stop: 'eval_mae = 1' is not a target; write eval_loss < 0.1 or" train run.yaml 'train.stop=eval_mae = 1' --out wrong
expect_line 2 1 "train.stop: 'eval_mae < 1e' is not a target" train run.yaml 'train.stop=eval_mae < 1e' --out wrong
expect_line 2 1 "train.stop: 'eval_r2 > 1' cannot be reached: r2 is from -inf to 1" train run.yaml 'train.stop=eval_r2 > 1' --out wrong
expect_line 2 2 'train.stop: eval_rmse is not evaluated; take one of eval_loss, eval_mae, eval_r2, or name the metric in eval.metrics' \
    train run.yaml 'train.stop=eval_rmse < 1' --out wrong
expect_line 2 2 'train.stop selects by the group val, which .*no_val.h5 does not have; make one .data.val_fraction=0.1, ' train run.yaml data.file=no_val.h5 'train.stop=eval_mae < 1' --out wrong
expect_line 2 2 'train.patience selects by the group val' train run.yaml data.file=no_val.h5 train.patience=1 --out wrong
expect_line 2 1 'schedule.decay selects by the group val' train run.yaml data.file=no_val.h5 schedule.decay=plateau --out wrong
expect_line 2 1 'train.patience needs evaluations, and train.evaluate_every is none; give it updates, or epoch' train run.yaml train.evaluate_every=none train.patience=1 --out wrong
expect_line 2 1 'train.patience is 0, but must be at least 1' train run.yaml train.patience=0 --out wrong
expect_line 2 1 "schedule.plateau_by: there is no score 'loss'" train run.yaml schedule.decay=plateau schedule.plateau_by=loss --out wrong
[ ! -e wrong ] || fail "a run that was refused has left a folder"
cat >study.yaml <<END
run: run.yaml
study: {target: eval_r2 >= 0.1, budget_updates: 100}
axes: {batch.global: [10, 20]}
END
sed 's/^train: {/&patience: 3, /' run.yaml >patient.yaml
sed 's/run.yaml/patient.yaml/' study.yaml >patient_study.yaml
expect_line 2 2 'cells of a study end at study.target; leave train.patience out' study patient_study.yaml --out wrong_study
expect 0 1 study study.yaml --out by_r2
same "cells by r2" "$(column by_r2/study.csv reached | sort | uniq -c | awk '{ print $1 ":" $2 }')" 2:1
