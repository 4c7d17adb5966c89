# SPDX-License-Identifier: BSD-3-Clause
# With train.reproducible a run file has one hash of weights, one text of metrics.csv up to grad_norm, one eval.csv and one
# gradflow.csv, on any number of ranks, with ranks without work, by every allreduce of Open MPI.
#
#   reproducible.sh full     every combination instead of a choice: some minutes
. "${BASH_SOURCE%/*}/../support/run.sh"

full=${1-}
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: flatten}
  - {type: dense, units: 24}
  - {type: relu}
  - {type: dropout, p: 0.2}
  - {type: dense, units: 10}
loss: cross_entropy
batch: {global: 480, micro: 32}
optim: {name: sgd, lr: 0.1, momentum: 0.9}
train: {epochs: 3, seed: 5, reproducible: true}
END

# one_of NAME RANKS KEYS...: this run has the bits of the first of that name.
one_of()
{
    local name=$1 ranks=$2
    shift 2
    expect 0 "$ranks" train run.yaml "$@" --out now
    bits now >now.bits
    [ -e "$name.bits" ] || cp now.bits "$name.bits"
    cmp -s now.bits "$name.bits" || {
        diff now.bits "$name.bits" | head -n 4 >&2
        fail "$name has other bits on $ranks ranks ${CASE-}"
    }
    rm -r now
}

# worlds NAME "RANKS..." KEYS...
worlds()
{
    local name=$1 ranks
    [ -z "$full" ] || set -- "$1" "1 2 3 4 5 7 8" "${@:3}"
    for ranks in $2; do one_of "$name" "$ranks" "${@:3}"; done
}

worlds 480 "1 2 3 4 5 7 8"
worlds 500 "1 3 8" batch.global=500
worlds 64 "1 3 7" batch.global=64 train.epochs=1 # two micro-batches: ranks without work
worlds all "1 4" batch.global=5000               # more than there are samples

# What differs differs: else this test would see nothing.
for wrong in batch.micro=31 batch.global=500 train.reproducible=false train.seed=6; do
    expect 0 3 train run.yaml "$wrong" --out other
    [ "$(weights_of other)" != "$(head -n 1 480.bits)" ] || fail "$wrong has the same bits"
    rm -r other
done

worlds adam "1 3" optim.name=adamw optim.momentum=0 optim.lr=0.01 optim.weight_decay=0.1 batch.tail=drop
worlds nesterov "1 3" optim.nesterov=true batch.tail=carry schedule.decay=cosine schedule.warmup_updates=2
worlds sum "1 4" batch.normalize=sum optim.lr=2e-4 optim.clip_norm=40 train.evaluate_every=2
groups="optim.groups=[{match: 1.*, lr_scale: 0.5}, {match: ['*.bias'], weight_decay: 0.02, trust_ratio: false}]"
worlds rmsprop "1 3" optim.name=rmsprop optim.lr=0.002 optim.centered=true train.epochs=1
worlds lars "1 2 3" optim.name=lars optim.weight_decay=0.01 optim.trust_coefficient=0.1 "$groups" \
    schedule.warmup_updates=2 optim.momentum_correction=true train.epochs=1
worlds lamb "1 2 3" optim.name=lamb optim.momentum=0 optim.lr=0.02 optim.weight_decay=0.01 train.epochs=1
worlds ramp "1 3" 'batch.ramp=[[0, 64], [600, 480], [1500, 700]]' batch.ramp_kind=linear batch.tail=carry optim.base_batch=480 \
    optim.scaling=linear schedule.decay=cosine schedule.decay_by=samples schedule.warmup_epochs=0.5
worlds scaled "1 4" optim.base_batch=120 optim.scaling=adam optim.name=adamw optim.momentum=0 optim.lr=0.01 \
    schedule.decay=step schedule.step_samples=1000
worlds squared "1 3" "data.file=$datasets/diabetes.h5" loss=squared_error batch.global=100 \
    'model=[{type: dense, units: 9}, {type: tanh}, {type: dense, units: 1}]' optim.lr=0.01
worlds augment "1 3" augment.crop_padding=2 augment.flip=true data.mean=0.3 data.std=0.38
if [ -n "$full" ]; then
    worlds plain-adam "" optim.name=adam optim.momentum=0 optim.lr=0.01 batch.global=64
    for tail in exact drop carry; do worlds $tail "" batch.tail=$tail batch.global=300; done
fi

# Running averages of batch normalisation.  Those of the second layer begin with rounding and grow by millions, those
# behind init: zeros begin with 0; 28 leaves a micro-batch of one sample at the end of an epoch.
layers='[{type: flatten}, {type: batchnorm}, {type: batchnorm}, {type: dense, units: 24, init: zeros}, {type: batchnorm}, {type: relu}, {type: dense, units: 10}]'
ghost=("model=$layers" batch.micro=28)
worlds ghost "1 2 3 5" "${ghost[@]}"
expect 0 2 train run.yaml "${ghost[@]}" train.epochs=1 --out cut
expect 0 3 train run.yaml "${ghost[@]}" --out cut
bits cut | cmp -s - ghost.bits || fail "stopped and gone on with, batch normalisation has other bits"
expect 0 1 eval cut/checkpoints/latest.h5
same "loss of the checkpoint and of its run" "$(json out loss)" "$(json cut/summary.json eval_loss)"
if command -v h5dump >/dev/null; then
    grep -q 'DATASET "4.running_var"' ghost.bits || fail "the checkpoint has no running averages"
fi
expect 0 3 verify run.yaml "${ghost[@]}"
same "splits that verify tries where b is part of the model" "$(grep -c '  18 x 28 .* ok$' out)" 3
grep -q 'b is part of the model' out || fail "verify does not say why it tries no other micro-batches"
rounding=1e-4 # float32 sums in another order, over 9 updates
expect 0 3 train run.yaml "${ghost[@]}" train.reproducible=false --out other
a=$(json cut/summary.json eval_loss)
b=$(json other/summary.json eval_loss)
holds "eval_loss with and without reproducible" "($a - $b)^2 <= ($rounding * $a)^2"
rm -r cut other

export OMPI_MCA_coll_tuned_use_dynamic_rules=1 OMPI_MCA_coll_tuned_allreduce_algorithm
for ranks in 3 4; do
    for OMPI_MCA_coll_tuned_allreduce_algorithm in 1 2 3 4 5 6; do
        CASE="by allreduce algorithm $OMPI_MCA_coll_tuned_allreduce_algorithm"
        one_of 480 $ranks
    done
done
unset OMPI_MCA_coll_tuned_use_dynamic_rules OMPI_MCA_coll_tuned_allreduce_algorithm
for component in ${full:+adapt han basic}; do
    CASE="by the allreduce of $component"
    export "OMPI_MCA_coll_${component}_priority=100"
    one_of 480 3
    one_of 480 4
    unset "OMPI_MCA_coll_${component}_priority"
done
