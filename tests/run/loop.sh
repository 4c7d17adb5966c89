# SPDX-License-Identifier: BSD-3-Clause
# launch/examples/loop.c, built on the public headers, ends with the weights of `cairn train`.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
optim: {name: sgd, lr: 0.1, momentum: 0.9}
train: {epochs: 2, seed: 3, reproducible: true}
END

expect 0 1 train run.yaml --out wanted
wanted=$(weights_of wanted)
program=$cairn
cairn=$CAIRN_BUILD/tests/example_loop
for ranks in 0 1 3; do
    expect 0 $ranks run.yaml
    [ "$(grep -c . out)" = 1 ] || fail "loop.c on $ranks ranks printed $(wc -l <out) lines instead of one"
    same "weights of loop.c on $ranks ranks" "$(sed -n 's/.* weights //p' out)" "$wanted"
done

# Saved in the middle and gone on with, by any number of ranks and by the program, it is the same run.
sed 's/epochs: 2/updates: 7/' run.yaml >begin.yaml
for ranks in 1 3; do
    expect 0 $ranks begin.yaml state.h5
    expect 0 $((4 - ranks)) run.yaml end.h5 state.h5
    same "weights of loop.c, saved by $ranks ranks" "$(sed -n 's/.* weights //p' out)" "$wanted"
done
"$program" train run.yaml --resume state.h5 --out gone-on >out 2>err || fail "cairn train does not go on from what loop.c saved"
same "weights of cairn train after loop.c" "$(weights_of gone-on)" "$wanted"
expect 0 2 run.yaml after.h5 gone-on/checkpoints/latest.h5
same "weights of loop.c after cairn train" "$(sed -n 's/.* weights //p' out)" "$wanted"

# What cannot be saved or loaded is one line on all ranks.
expect 6 3 begin.yaml none/state.h5
sed 's/global: 100/global: 50/' run.yaml >other.yaml
expect 2 3 other.yaml end.h5 state.h5
[ "$(grep -c '^loop: cannot go on from state.h5: the run file changed: batch.global' err)" = 1 ] || fail "a changed run file: $(cat err)"
head -c 5000 state.h5 >half.h5
expect 3 3 run.yaml end.h5 half.h5

sed -i 's/global: 100/global: none/' run.yaml
expect 2 3 run.yaml
[ "$(grep -c '^loop: ' err)" = 1 ] || fail "loop.c on 3 ranks: $(grep -c '^loop: ' err) lines instead of one"

# A run file that one rank cannot read ends them all.
CAIRN_FAULT=config.read@1 expect 2 3 run.yaml
