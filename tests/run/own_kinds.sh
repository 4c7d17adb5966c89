# SPDX-License-Identifier: BSD-3-Clause
# A layer, a loss and an optimizer that are registered from outside are as good as Cairn's: run files and their messages,
# options, checkpoints, resumes in another world, evaluation, verification.
. "${BASH_SOURCE%/*}/../support/run.sh"

plain=$cairn
cairn=$CAIRN_BUILD/tests/cairn_own
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: flatten}
  - {type: dense, units: 8}
  - {type: residual, body: [{type: powers, name: mine}, {type: dense, units: 8}]}
  - {type: dense, units: 10}
loss: {type: brier, factor: 2}
batch: {global: 96, micro: 16}
optim: {name: soft_sign, lr: 0.01, softness: 0.02}
train: {updates: 12, seed: 3, reproducible: true}
END

expect 0 0 train run.yaml --out straight
expect 0 3 train run.yaml --out cut train.updates=5
expect 0 2 train run.yaml --out cut
same "weights in another world, after a resume" "$(weights_of straight)" "$(weights_of cut)"
holds "the loss falls" "$(column straight/metrics.csv loss | tail -n 1) < 0.8 * $(column straight/metrics.csv loss | head -n 1)"
checkpoint=straight/checkpoints/latest.h5
expect 0 0 info $checkpoint
for name in 2.body.mine.a 2.body.mine.b exp_avg; do
    grep -q "$name" out || fail "no $name in the checkpoint: $(cat out)"
done
grep -q 'softness: 0.02' straight/config.yaml || fail "config.yaml lacks optim.softness"
expect 0 0 eval $checkpoint
expect 0 2 verify run.yaml train.reproducible=false
expect 0 0 plan run.yaml

expect 0 0 options powers
grep -q 'wrong .*false .*give a wrong gradient' out || fail "options does not know the key of powers: $(cat out)"
expect 0 0 options softness
grep -q 'soft_sign: ' out || fail "options does not know soft_sign: $(cat out)"
expect_line 2 0 "layer type 'power'; did you mean 'powers'" train run.yaml --out bad model.2.body.0.type=power
expect_line 2 0 "no key 'wrnog'; did you mean 'wrong'" train run.yaml --out bad model.2.body.0.wrnog=1
expect_line 2 0 'layer 0 .powers.: takes rows; put .type: flatten. before it' train run.yaml --out bad model.0.type=powers
expect_line 2 0 "optim.softness is 7, but must be at most 1" train run.yaml --out bad optim.softness=7
expect_line 2 0 "no loss 'briar'; did you mean 'brier'" train run.yaml --out bad loss=briar
expect_line 2 2 'optim.softness is fixed|softness' train run.yaml --out cut train.updates=20 optim.softness=0.5

# A program that does not have them says so
cairn=$plain
expect_line 3 0 "no layer type 'powers'|optim" eval $checkpoint
