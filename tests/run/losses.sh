# SPDX-License-Identifier: BSD-3-Clause
# Losses through the whole program: ignored labels and class weights in W, runs where nothing counts, binary_cross_entropy
# on classes and on targets, what is refused.  Their values: unit/test_loss_values.c.
. "${BASH_SOURCE%/*}/../support/run.sh"

make_data=$CAIRN_BUILD/tests/run_make_data
"$make_data" classes.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
"$make_data" nothing.h5 /train/x=float32:30x4 /train/y=int32:30:-100 /test/x=float32:9x4 /test/y=int32:9:-100
"$make_data" ones.h5 /train/x=float32:30x4 /train/y=int32:30:1 /test/x=float32:9x4 /test/y=int32:9:1
"$make_data" half.h5 /train/x=float32:30x4 /train/y=float32:30x2:0.5 /test/x=float32:9x4 /test/y=float32:9x2:0.25
"$make_data" far.h5 /train/x=float32:30x4 /train/y=float32:30x2

cat >run.yaml <<END
data: {file: classes.h5}
model: [{type: dense, units: 3}]
batch: {global: 12, micro: 5}
optim: {name: sgd, lr: 0.1}
train: {epochs: 1, seed: 5, reproducible: true}
END

# normalizer OUT: the sum of the column.
normalizer()
{
    column "$1/metrics.csv" normalizer | awk '{ sum += $1 } END { print sum }'
}

# worlds NAME KEYS...: equal bits on 1, 2 and 3 ranks.
worlds()
{
    local ranks
    for ranks in 1 2 3; do
        expect 0 $ranks train run.yaml "${@:2}" --out "$1$ranks"
        bits "$1$ranks" >"$1$ranks.bits"
        cmp -s "${1}1.bits" "$1$ranks.bits" || fail "$1 has other bits on $ranks ranks"
    done
}

# A third of the labels each are 0, 1 and 2.
worlds ignored 'loss={type: cross_entropy, ignore_index: 1}'
same "W without ignored labels" "$(normalizer ignored1)" 20
worlds weighted 'loss={type: cross_entropy, class_weights: [1, 0.5, 3], label_smoothing: 0.1}'
same "W with class weights" "$(normalizer weighted1)" 45
expect 0 1 train run.yaml 'loss={type: cross_entropy, class_weights: [1, 0.5, 3]}' optim.lr=0 --out still
accuracy=$(json still/summary.json eval_accuracy)
holds "accuracy is a share of all labels" "$accuracy * 9 == int($accuracy * 9 + 0.5)"

# Nothing counts: there is nothing to learn from, and nothing to judge by.
for ranks in 1 3; do
    expect_line 3 $ranks 'nothing.h5: group train has no weight at all' train run.yaml data.file=nothing.h5 --out nothing$ranks
    expect_line 3 $ranks 'nothing.h5: group test has no weight at all' eval still/checkpoints/latest.h5 --data nothing.h5
done
expect 0 2 verify run.yaml data.file=nothing.h5

one='model=[{type: dense, units: 1}]'
two='model=[{type: dense, units: 2}]'
binary=loss=binary_cross_entropy
worlds yes data.file=ones.h5 "$one" $binary train.epochs=20
same "accuracy where all are yes" "$(json yes1/summary.json eval_accuracy)" 1
expect 0 1 predict yes1/checkpoints/latest.h5 --data ones.h5 -o yes.h5
worlds sigmoid data.file=ones.h5 'model=[{type: dense, units: 1}, {type: sigmoid}]' $binary train.epochs=20
same "weights with a sigmoid left to predict" "$(weights_of sigmoid1)" "$(weights_of yes1)"
expect 0 1 predict sigmoid1/checkpoints/latest.h5 --data ones.h5 -o sigmoid.h5
if command -v h5dump >/dev/null; then
    same "predicted classes" "$(h5dump -d /label yes.h5 | tail -n +2)" "$(h5dump -d /label sigmoid.h5 | tail -n +2)"
fi
worlds half data.file=half.h5 "$two" $binary
holds "accuracy of answers" "$(json half1/summary.json eval_accuracy) >= 0 && $(json half3/summary.json eval_accuracy) <= 1"
worlds squared data.file=half.h5 "$two" loss=squared_error
same "accuracy of real targets" "$(json squared1/summary.json eval_accuracy)" null
worlds counts data.file=half.h5 "$two" 'loss={type: poisson, full: true}'
worlds divergence data.file=half.h5 'model=[{type: dense, units: 2}, {type: softmax}]' loss=kl_divergence
expect 0 1 predict divergence1/checkpoints/latest.h5 --data half.h5 -o half_shares.h5
expect 0 1 predict half1/checkpoints/latest.h5 --data half.h5 -o half_out.h5 # outputs, no classes

for ranks in 1 3; do
    expect_line 2 $ranks "0 and 1 apart, but the data has 3; use cross_entropy" train run.yaml "$one" $binary --out wrong
    expect_line 3 $ranks "far.h5: /train/y: sample [0-9]+: target [01] is 2, but binary_cross_entropy takes numbers from 0" \
        train run.yaml data.file=far.h5 "$two" $binary --out wrong
    expect_line 2 $ranks "class_weights has 2 numbers for 3 classes" \
        train run.yaml 'loss={type: cross_entropy, class_weights: [1, 2]}' --out wrong
    expect_line 2 $ranks "class_weights is -1, but must be at least 0" \
        train run.yaml 'loss={type: cross_entropy, class_weights: [1, -1, 2]}' --out wrong
    expect_line 3 $ranks "nothing.h5: /train/y row 0: the label -100" \
        train run.yaml data.file=nothing.h5 'loss={type: cross_entropy, ignore_index: -1}' --out wrong
done
