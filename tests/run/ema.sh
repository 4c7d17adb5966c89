# SPDX-License-Identifier: BSD-3-Clause
# train.ema: a moving average of the weights that changes nothing of the training, has the same bits in any world and after
# stops, is evaluated and saved beside the weights, and is what eval and predict take with --ema.
. "${BASH_SOURCE%/*}/../support/run.sh"

needs h5dump
expect 0 0 import digits "$datasets/digits.csv.gz" --val 200 -o val.h5
cat >run.yaml <<END
data: {file: val.h5}
model:
  - {type: flatten}
  - {type: dense, units: 16}
  - {type: batchnorm}
  - {type: relu}
  - {type: dense, units: 10}
batch: {global: 100, micro: 20}
optim: {name: sgd, lr: 0.1, momentum: 0.9}
train: {epochs: 3, seed: 3, reproducible: true, ema: 0.95}
checkpoint: {every_updates: 4}
END
ema=run/checkpoints/latest.h5

# ---- the same bits in any world, and the weights of a run without it
expect 0 1 train run.yaml --out run
bits run >a
for ranks in 2 3; do
    expect 0 $ranks train run.yaml --out now
    bits now >b
    cmp -s a b || fail "on $ranks ranks the average has other bits: $(diff a b | head -n 3)"
    rm -r now
done
expect 0 2 train run.yaml --out none train.ema=0
same "weights with and without an average" "$(weights_of run)" "$(weights_of none)"
same "evaluations" "$(column run/eval.csv split | tr '\n' ' ')" "val val_ema val val_ema val val_ema test test_ema "
same "evaluations without it" "$(column none/eval.csv split | tr '\n' ' ')" "val val val test "
same "keys of a summary without it" "$(grep -c ema_ none/summary.json)" 0
[ "$(json run/summary.json eval_loss)" != "$(json run/summary.json ema_eval_loss)" ] || fail "the average is the weights"
same "eval_loss" "$(json run/summary.json eval_loss)" "$(json none/summary.json eval_loss)"

# ---- stopped and resumed elsewhere
ends() # of a run without evaluations on the way
{
    weights_of "$1"
    tail -n 2 "$1/eval.csv" | cut -d, -f1-3,5-
    grep eval_ "$1/summary.json"
}
ends run >a
for updates in 1 6 21; do
    expect 0 $((updates % 3 + 1)) train run.yaml --out cut train.epochs=none train.updates=$updates train.evaluate_every=none
done
expect 0 2 train run.yaml --out cut train.evaluate_every=none
ends cut | cmp -s - a || fail "stopped and resumed the average has other bits"

# ---- killed before its summary, it evaluates what is not evaluated yet, and nothing twice
cp cut/eval.csv whole.csv
for lost in 0 1 2; do
    rm cut/summary.json
    head -n -$lost whole.csv >cut/eval.csv
    expect 0 3 train run.yaml --out cut train.evaluate_every=none
    ends cut | cmp -s - a || fail "without $lost evaluations it ends otherwise"
    same "lines of eval.csv" "$(wc -l <cut/eval.csv)" "$(wc -l <whole.csv)"
done

# ---- of the first update it is a copy, and before that the weights
array() { h5dump -d "$1" -b LE -o "$2" "$3" >/dev/null; }
for updates in 0 1; do
    expect 0 1 train run.yaml --out first train.epochs=none train.updates=$updates
    same "test and test_ema after update $updates" "$(json out eval_loss)" "$(json out ema_eval_loss)"
    array /weights/1.weight weights.bin first/checkpoints/latest.h5
    array /ema/1.weight ema.bin first/checkpoints/latest.h5
    cmp -s weights.bin ema.bin || fail "after update $updates the average is not the weights"
done

# ---- eval and predict
for ranks in 1 3; do
    expect 0 $ranks eval $ema --ema
    same "split" "$(json out split)" test_ema
    same "loss of eval --ema on $ranks ranks" "$(json out loss)" "$(json run/summary.json ema_eval_loss)"
    expect 0 $ranks eval $ema
    same "split" "$(json out split)" test
    same "loss of eval on $ranks ranks" "$(json out loss)" "$(json run/summary.json eval_loss)"
done
expect 0 2 predict $ema --data val.h5 -o average.h5 --ema
expect 0 2 predict $ema --data val.h5 -o weights.h5
array /outputs average.bin average.h5
array /outputs weights.bin weights.h5
! cmp -s average.bin weights.bin || fail "predict --ema gives the outputs of the weights"
values() { h5dump -d "$2" -w 1 "$1" | sed -nE 's/^ *\([0-9]+\): ([0-9]+),?$/\1/p'; }
values average.h5 /label >label
values val.h5 /test/y >y
right=$(paste label y | awk '$1 == $2 { n++ } END { print n / NR }')
holds "accuracy of the predictions" "($right - $(json run/summary.json ema_eval_accuracy))^2 < 1e-10"

# ---- what is wrong
for ranks in 1 3; do
    expect_line 3 $ranks 'none/.*without train.ema.*leave --ema out' eval none/checkpoints/latest.h5 --ema
    expect_line 2 $ranks 'train\.ema is 1' train run.yaml --out wrong train.ema=1
    expect_line 2 $ranks 'train\.ema \(0\.9, was 0\.95\)' train run.yaml --out run train.ema=0.9 train.epochs=4
done
