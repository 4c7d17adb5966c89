# SPDX-License-Identifier: BSD-3-Clause
# A y of any shape through the whole program: classes of pixels and of samples of a signal, masks, images as targets, a weight for
# each number; the same bits on 1, 2 and 3 ranks, equal to one batch, read as they come, predicted, imported; what does not fit.
. "${BASH_SOURCE%/*}/../support/run.sh"

make_data=$CAIRN_BUILD/tests/run_make_data
"$make_data" masks.h5 /train/x=float32:26x2x6x5 /train/y=uint8:26x6x5 /train/weight=float32:26x6x5 \
    /test/x=float32:9x2x6x5 /test/y=uint8:9x6x5
"$make_data" signals.h5 /train/x=float32:26x2x7 /train/y=int32:26x7 /test/x=float32:9x2x7 /test/y=int32:9x7
"$make_data" volumes.h5 /train/x=float32:14x1x3x4x5 /train/y=uint8:14x1x3x4x5:1 /test/x=float32:5x1x3x4x5 /test/y=uint8:5x1x3x4x5:1
"$make_data" images.h5 /train/x=float32:26x2x6x5 /train/y=float32:26x3x6x5:0.5 /train/weight=float32:26x3x6x5 \
    /test/x=float32:9x2x6x5 /test/y=float32:9x3x6x5:0.25
"$make_data" plain.h5 /train/x=float32:26x2x6x5 /train/y=int32:26x6x5 /test/x=float32:9x2x6x5 /test/y=int32:9x6x5
"$make_data" shares.h5 /train/x=float32:26x2x6x5 /train/y=float32:26x3x6x5:0.5 /test/x=float32:9x2x6x5 /test/y=float32:9x3x6x5:0.25
"$make_data" wrong.h5 /train/x=float32:26x2x6x5 /train/y=int32:26x6x5 /train/weight=float32:26x3x6x5
"$make_data" twos.h5 /train/x=float32:6x2x6x5 /train/y=int32:6x6x5:2 /test/x=float32:3x2x6x5 /test/y=int32:3x6x5:2
"$make_data" bare.h5 /test/x=float32:9x2x6x5

cat >run.yaml <<END
data: {file: masks.h5}
model: [{type: conv2d, channels: 4, kernel: 3, padding: same}, {type: tanh}, {type: conv2d, channels: 3, kernel: 1}]
batch: {global: 12, micro: 5}
optim: {name: sgd, lr: 0.1}
train: {epochs: 2, seed: 5, reproducible: true}
END

# worlds NAME KEYS...: equal bits on 1, 2 and 3 ranks, held or not; and as much as one batch gives.
worlds()
{
    local ranks column
    for ranks in 1 2 3; do
        expect 0 $ranks train run.yaml "${@:2}" --out "$1$ranks" -q
        bits "$1$ranks" >"$1$ranks.bits"
        cmp -s "${1}1.bits" "$1$ranks.bits" || fail "$1 has other bits on $ranks ranks"
    done
    expect 0 2 train run.yaml "${@:2}" data.in_memory=false --out "$1-streamed" -q
    same "$1 as it comes" "$(weights_of "$1-streamed")" "$(weights_of "${1}1")"
    expect 0 1 train run.yaml "${@:2}" batch.micro=12 --out "$1-whole" -q
    for column in loss normalizer grad_norm; do
        paste <(column "${1}1/metrics.csv" $column) <(column "$1-whole/metrics.csv" $column) >both
        awk '{ d = $1 - $2; if (d < 0) d = -d; if (!(d <= 1e-4 * ($2 < 0 ? -$2 : $2))) exit 1 }' both ||
            fail "$1: $column of micro-batches is not that of one batch"
    done
}

# Of 26 x 30 labels a third each are 0, 1 and 2; their weights are 0, 1 and 2.
worlds weighted
same "W with weights" "$(column weighted1/metrics.csv normalizer | awk '{ sum += $1 } END { print sum }')" $((2 * 26 * 30))
worlds ignored 'loss={type: cross_entropy, ignore_index: 2, class_weights: [1, 3, 7]}'
same "W without ignored labels" "$(column ignored1/metrics.csv normalizer | awk '{ sum += $1 } END { print sum }')" $((2 * 26 * 10 * 3))
volume='model=[{type: conv3d, channels: 1, kernel: 3, padding: same}]'
worlds overlap 'loss={type: dice, include_background: false}'
worlds volume data.file=volumes.h5 "$volume" loss=dice
worlds images data.file=images.h5 'loss={type: squared_error, reduce: mean}'
expect 0 2 train run.yaml data.file=plain.h5 --out plain -q
signal='model=[{type: conv1d, channels: 3, kernel: 3, padding: same}]'
expect 0 2 train run.yaml data.file=signals.h5 "$signal" --out signal -q
rows='model=[{type: transpose, dims: [1, 0]}, {type: dense, units: 3}]'
expect 0 2 train run.yaml data.file=signals.h5 "$rows" --out rows -q # classes last, as those of tokens
expect 0 2 train run.yaml data.file=volumes.h5 "$volume" 'loss={type: binary_cross_entropy, reduce: mean}' --out yes -q
expect 0 2 train run.yaml data.file=images.h5 loss=binary_cross_entropy --out chances -q
expect 0 2 train run.yaml data.file=shares.h5 loss=kl_divergence --out shares -q

# What is predicted has the shape of what was learnt, with or without a y.
expect 0 2 predict ignored1/checkpoints/latest.h5 --data masks.h5 -o with.h5
expect 0 1 predict ignored1/checkpoints/latest.h5 --data bare.h5 -o without.h5
expect 0 0 predict rows/checkpoints/latest.h5 --data signals.h5 -o rows.h5
if command -v h5dump >/dev/null; then
    h5dump -d /label with.h5 | grep -q 'SIMPLE { ( 9, 6, 5 )' || fail "no label for each pixel"
    same "labels without a y" "$(h5dump -d /label without.h5 | tail -n +2)" "$(h5dump -d /label with.h5 | tail -n +2)"
    h5dump -d /label rows.h5 | grep -q 'SIMPLE { ( 9, 7 )' || fail "no label for each place of a signal"
fi
expect 0 1 eval ignored1/checkpoints/latest.h5 --data masks.h5
expect 3 2 info --check masks.h5 # samples of test that are in train, too
grep -q 'y: from 0 to 2' out || fail "info --check does not say what y are"
expect 0 0 import hdf5 images.h5 -o copy.h5
expect 0 1 train run.yaml data.file=copy.h5 loss=binary_cross_entropy --out copied -q
same "targets that were copied" "$(weights_of copied)" "$(weights_of chances)"
expect 0 0 import hdf5 masks.h5 -o copy.h5 --overwrite
expect 0 1 train run.yaml data.file=copy.h5 --out copied-masks -q
same "masks that were copied" "$(weights_of copied-masks)" "$(weights_of weighted1)"

for ranks in 1 3; do
    expect_line 2 $ranks "the last layer's output is \[3, 4, 3\] for each sample, but its labels are \[6, 5\]" \
        train run.yaml 'model=[{type: conv2d, channels: 3, kernel: 3}]' --out wrong
    expect_line 2 $ranks "the last layer's output is \[4, 6, 5\] for each sample, but its targets are \[3, 6, 5\]" \
        train run.yaml data.file=images.h5 loss=squared_error 'model=[{type: conv2d, channels: 4, kernel: 1}]' --out wrong
    expect_line 3 $ranks "twos.h5: /train/y row 0: the label 2 of position 0 is outside the classes 0 to 1" \
        train run.yaml data.file=twos.h5 'model=[{type: conv2d, channels: 2, kernel: 1}]' --out wrong
    expect_line 3 $ranks "wrong.h5: /train/weight has the shape \[26, 3, 6, 5\]; give one weight for each of 26 samples, or for each a weight of every number of its y, \[6, 5\]" \
        train run.yaml data.file=wrong.h5 --out wrong
done
