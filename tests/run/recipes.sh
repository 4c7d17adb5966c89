# SPDX-License-Identifier: BSD-3-Clause
# What the recipes without data of their own promise.  Those of MNIST: mnist.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

# Five seeds; the seconds are the program's own, on a machine that may be busy.
wanted=0.97 most_s=5
for seed in 1 2 3 4 5; do
    expect 0 2 train "$recipes/digits.yaml" train.seed=$seed --out digits-$seed -q
    json digits-$seed/summary.json eval_accuracy >>accuracies
    json digits-$seed/summary.json wall_s >>seconds
done
median=$(sort -n accuracies | sed -n 3p)
holds "digits, median test accuracy of $(tr '\n' ' ' <accuracies)" "$median >= $wanted"
median=$(sort -n seconds | sed -n 3p)
holds "digits, median wall_s of $(tr '\n' ' ' <seconds)" "$median < $most_s"

expect 0 2 train "$recipes/digits-resnet.yaml" --out digits-resnet -q
holds "digits-resnet, test accuracy" "$(json digits-resnet/summary.json eval_accuracy) >= 0.98"

# Half the variance of the test group's targets is the loss of a model that knows only their mean.
expect 0 2 train "$recipes/diabetes.yaml" --out diabetes -q
holds "diabetes, test loss" "$(json diabetes/summary.json eval_loss) < 0.25"
