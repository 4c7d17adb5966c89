# SPDX-License-Identifier: BSD-3-Clause
# What the recipes promise whose data are here or made.  Those of MNIST: mnist.sh.
#
#   recipes.sh [full]     digits, and three of the others by chance; full: all of them
. "${BASH_SOURCE%/*}/../support/run.sh"

# Five seeds; the seconds are the program's own, for who looks on a quiet machine.
wanted=0.97
for seed in 1 2 3 4 5; do
    expect 0 2 train "$recipes/digits.yaml" train.seed=$seed --out digits-$seed -q
    json digits-$seed/summary.json eval_accuracy >>accuracies
    json digits-$seed/summary.json wall_s >>seconds
done
median=$(sort -n accuracies | sed -n 3p)
holds "digits, median test accuracy of $(tr '\n' ' ' <accuracies)" "$median >= $wanted"
echo "digits, wall_s (5 wanted): $(sort -n seconds | tr '\n' ' ')"

# reaches RECIPE SCORE WORDS KEYS...: after a training a score of the test group is as the words say
reaches()
{
    expect 0 2 train "$recipes/$1.yaml" "${@:4}" --out "$1" -q
    holds "$1, $2" "$(json "$1/summary.json" "$2") $3"
}

makes() { MADE=$CAIRN_BUILD/tests/cairn_made "$datasets/make" "$1" . >/dev/null; }

for recipe in $(some 3 digits-resnet diabetes lstm-series cosmoflow-mini climate-column autoencoder-digits unet2d-cells unet3d-blobs); do
    case $recipe in
    digits-resnet) reaches $recipe eval_accuracy '>= 0.98' ;;
    diabetes) # half the variance of the test group's targets is the loss of a model that knows only their mean
        reaches $recipe eval_loss '< 0.25'
        ;;
    lstm-series) # half the mean squared error: 0.326 of the last number again, 0.041 of the best linear map of the window
        makes $recipe
        reaches $recipe eval_loss '< 0.001' data.file=lstm-series.h5
        ;;
    cosmoflow-mini) # a third of its epochs; 0.70 of a model that knows only the means of the four numbers
        makes $recipe
        reaches $recipe eval_loss '< 0.4' data.file=cosmoflow-mini.h5 train.epochs=4
        ;;
    climate-column) # Huber's loss of the mean is 0.27, of a linear map 0.155
        makes $recipe
        reaches $recipe eval_loss '< 0.06' data.file=climate-column.nc
        ;;
    autoencoder-digits) # half the mean squared error: 0.0123 of eight principal components
        reaches $recipe eval_loss '< 0.009'
        ;;
    unet2d-cells | unet3d-blobs) # after a fifth of the recipes' updates or so; 0.58 and 0.54 of the best thresholds
        makes $recipe
        reaches $recipe eval_mean_iou '> 0.6' data.file=$recipe.h5 train.updates=50 train.evaluate_every=none
        ;;
    esac
done
