# SPDX-License-Identifier: BSD-3-Clause
# Single sentences of the contract that a tester from outside once found not kept.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 10}]
batch: {global: 100, micro: 32}
END

# A rate that blows up is no mistake in the run file: the numbers fail.
for ranks in 1 3; do
    expect_line 4 $ranks 'the loss is not finite .*lower optim.lr' train run.yaml --out wild.$ranks optim.lr=1e38
done

# Weights that are no numbers are not saved over ones to go on from.
for ranks in 1 3; do
    expect_line 4 $ranks 'update 1: the weights are not finite' train run.yaml --out wilder.$ranks optim.lr=1e100 checkpoint.every_updates=1
    [ -z "$(ls wilder.$ranks/checkpoints)" ] || fail "weights that are no numbers were saved"
done

# config.yaml is resolved: one epoch where the run file gives no length.
expect 0 2 train run.yaml --out one
same "length of a run without one" "$(json one/summary.json epochs) $(grep -c '^  epochs: 1$' one/config.yaml)" "1 1"

# eval gives the digits of the run's own evaluation.
expect 0 2 eval one/checkpoints/latest.h5
for what in loss accuracy; do
    holds "$what of eval" "$(json out $what) == $(json one/summary.json eval_$what)"
done

"$CAIRN_BUILD/tests/run_make_data" narrow.h5 /train/x=float32:6x1x4x4 /train/y=int32:6 /test/x=float32:6x1x4x4 /test/y=int32:6

# Data that the model cannot take are not what they claim; the command line is right.
for ranks in 1 3; do
    expect_line 3 $ranks 'diabetes.h5: .*needs classes' eval one/checkpoints/latest.h5 --data "$datasets/diabetes.h5"
    expect_line 3 $ranks 'samples of .*narrow.h5: .*1.weight has the shape \[10, 64\]' eval one/checkpoints/latest.h5 --data narrow.h5
done
