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
cairn=$CAIRN_BUILD/tests/example_loop
for ranks in 0 1 3; do
    expect 0 $ranks run.yaml
    [ "$(grep -c . out)" = 1 ] || fail "loop.c on $ranks ranks printed $(wc -l <out) lines instead of one"
    same "weights of loop.c on $ranks ranks" "$(sed -n 's/.* weights //p' out)" "$wanted"
done

sed -i 's/global: 100/global: none/' run.yaml
expect 2 3 run.yaml
[ "$(grep -c '^loop: ' err)" = 1 ] || fail "loop.c on 3 ranks: $(grep -c '^loop: ' err) lines instead of one"

# A run file that one rank cannot read ends them all.
CAIRN_FAULT=config.read@1 expect 2 3 run.yaml
