# SPDX-License-Identifier: BSD-3-Clause
# What the recipes promise whose data are here or made.  Those of MNIST: mnist.sh.
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

# Half the mean squared error: 0.326 of the last number again, 0.041 of the best linear map of the window.
MADE=$CAIRN_BUILD/tests/cairn_made "$datasets/make" lstm-series . >/dev/null
expect 0 2 train "$recipes/lstm-series.yaml" data.file=lstm-series.h5 --out lstm-series -q
holds "lstm-series, test loss" "$(json lstm-series/summary.json eval_loss) < 0.001"

# A third of its epochs; 0.70 of a model that knows only the means of the four numbers.
MADE=$CAIRN_BUILD/tests/cairn_made "$datasets/make" cosmoflow-mini . >/dev/null
expect 0 2 train "$recipes/cosmoflow-mini.yaml" data.file=cosmoflow-mini.h5 train.epochs=4 --out cosmoflow-mini -q
holds "cosmoflow-mini, test loss" "$(json cosmoflow-mini/summary.json eval_loss) < 0.4"

# Huber's loss of the mean is 0.27, of a linear map 0.155.
MADE=$CAIRN_BUILD/tests/cairn_made "$datasets/make" climate-column . >/dev/null
expect 0 2 train "$recipes/climate-column.yaml" data.file=climate-column.nc --out climate-column -q
holds "climate-column, test loss" "$(json climate-column/summary.json eval_loss) < 0.06"

# Half the mean squared error: 0.0123 of eight principal components.
expect 0 2 train "$recipes/autoencoder-digits.yaml" --out autoencoder-digits -q
holds "autoencoder-digits, test loss" "$(json autoencoder-digits/summary.json eval_loss) < 0.009"

# Mean IoU after a fifth of the recipes' updates or so; 0.58 and 0.54 of the best thresholds.
for name in unet2d-cells unet3d-blobs; do
    MADE=$CAIRN_BUILD/tests/cairn_made "$datasets/make" $name . >/dev/null
    expect 0 2 train "$recipes/$name.yaml" data.file=$name.h5 train.updates=50 train.evaluate_every=none --out $name -q
    holds "$name, mean IoU" "$(json $name/summary.json eval_mean_iou) > 0.6"
done
