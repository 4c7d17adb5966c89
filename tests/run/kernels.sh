# SPDX-License-Identifier: BSD-3-Clause
# train.kernels: a run that goes on keeps the kernels of its checkpoint where the key is auto, and so its bits, in another world, too;
# all of them train to the same loss; what is not there is one line.
. "${BASH_SOURCE%/*}/../support/run.sh"

run=("$recipes/digits.yaml" batch.global=128 batch.micro=64 train.reproducible=true train.epochs=none schedule.decay=constant)
there=(openblas)
for kernels in onednn amx; do
    run 1 train "${run[@]}" train.kernels=$kernels train.updates=1 --out there.$kernels
    case $code in
    0) there+=($kernels) ;;
    2) grep -q "train.kernels is $kernels, which .*; use openblas, or auto" err || fail "without $kernels: $(cat err)" ;;
    *) fail "a run with $kernels ends with $code" ;;
    esac
done
echo "kernels: ${there[*]}"
automatic=$("$cairn" --version | sed -n 's/^kernels \([a-z]*\).*/\1/p')
[[ " ${there[*]} " == *" $automatic "* ]] || fail "auto takes $automatic, which is not there"

for kernels in "${there[@]}"; do
    expect 0 1 train "${run[@]}" train.kernels=$kernels train.updates=8 --out whole.$kernels
    expect 0 2 train "${run[@]}" train.kernels=$kernels train.updates=5 --out parts.$kernels
    expect 0 1 train "${run[@]}" train.updates=8 --out parts.$kernels
    [ $kernels = $automatic ] || grep -q "auto takes $kernels, which made the checkpoint; on this machine $automatic is faster" err ||
        fail "nobody says that $automatic is faster than the $kernels of the checkpoint"
    same "weights of $kernels after a stop" "$(weights_of whole.$kernels)" "$(weights_of parts.$kernels)"
    [[ $(json parts.$kernels/provenance.json kernels) == $kernels* ]] || fail "provenance.json does not name $kernels"
    expect 0 0 plan "${run[@]}" train.kernels=$kernels
    expect 0 2 predict whole.$kernels/checkpoints/latest.h5 --data "$datasets/digits.h5" -o outputs.$kernels.h5
    holds "train_loss of $kernels, and of openblas" \
        "($(json whole.$kernels/summary.json train_loss) / $(json whole.openblas/summary.json train_loss) - 1) ^ 2 < 1e-10"
done
for kernels in "${there[@]:1}"; do
    [ "$(weights_of whole.$kernels)" != "$(weights_of whole.openblas)" ] || fail "$kernels has the weights of openblas"
    expect_line 2 3 "train.kernels is $kernels, which has no products in float64" train "${run[@]}" train.kernels=$kernels \
        train.precision=float64 --out none
done
all_good
