# SPDX-License-Identifier: BSD-3-Clause
# Augmented and normalised images: gone on with in the middle of an epoch and in another world a run ends as if it had not
# been stopped; evaluation, verification and prediction see what training saw; what does not fit is told.  The same bits
# in every world: reproducible.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5, mean: [0.305], std: 0.376}
augment: {crop_padding: 2, flip: true}
model:
  - {type: flatten}
  - {type: dense, units: 24}
  - {type: relu}
  - {type: dense, units: 10}
batch: {global: 100, micro: 16}
optim: {name: sgd, lr: 0.1, momentum: 0.9}
train: {updates: 40, seed: 5, reproducible: true}
END

expect 0 2 train run.yaml --out whole
expect 0 3 train run.yaml train.updates=17 --out cut
expect 0 1 train run.yaml train.updates=29 --out cut
expect 0 2 train run.yaml --out cut
same "weights of stopped runs" "$(weights_of cut)" "$(weights_of whole)"
same "losses of stopped runs" "$(column cut/metrics.csv loss)" "$(column whole/metrics.csv loss)"

# Each of the keys does something.
for key in augment.crop_padding=0 augment.flip=false data.mean=0 data.std=0.5; do
    expect 0 1 train run.yaml "$key" --out other
    [ "$(weights_of other)" != "$(weights_of whole)" ] || fail "$key changes nothing"
    rm -r other
    expect_line 2 1 "${key%=*}" train run.yaml "$key" --out whole # and may not change on resume
done

# Evaluation normalises and does not augment.
for ranks in 1 3; do
    expect 0 $ranks eval whole/checkpoints/latest.h5
    same "test loss on $ranks ranks" "$(json out loss | cut -c1-9)" "$(json whole/summary.json eval_loss | cut -c1-9)"
done
expect 0 1 predict whole/checkpoints/latest.h5 --data "$datasets/digits.h5" -o outputs.h5
expect 0 2 verify run.yaml

for ranks in 1 3; do
    expect_line 2 $ranks "augment.crop_padding is 8, but images are \[1, 8, 8\]" \
        train run.yaml augment.crop_padding=8 --out wrong
    expect_line 2 $ranks "data.mean has 2 numbers for 1 channels" train run.yaml 'data.mean=[0.1,0.2]' --out wrong
    expect_line 2 $ranks "data.std is 0, but must be at least" train run.yaml data.std=0 --out wrong
    expect_line 2 $ranks "data.std is an empty list" train run.yaml 'data.std=[]' --out wrong
    expect_line 2 $ranks "augment.flip is for images \[C, H, W\], but samples are \[10\]" train run.yaml \
        "data.file=$datasets/diabetes.h5" 'model=[{type: dense, units: 1}]' --out wrong
done
