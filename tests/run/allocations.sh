# SPDX-License-Identifier: BSD-3-Clause
# After the first update nothing is allocated: gradients, sums, optimizers, the lines of metrics.csv and gradflow.csv.  The
# program is the real one, linked so that calls of malloc and its kind are counted (support/count_allocations.c).
. "${BASH_SOURCE%/*}/../support/run.sh"

cairn=$CAIRN_BUILD/tests/cairn_counting
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: flatten}
  - {type: dense, units: 64}
  - {type: relu}
  - {type: dropout, p: 0.2}
  - {type: dense, units: 32}
  - {type: gelu}
  - {type: dense, units: 10}
batch: {global: 200, micro: 32}
optim: {name: sgd, lr: 0.1, momentum: 0.9, clip_norm: 1}
train: {updates: 4, evaluate_every: none}
checkpoint: {every_updates: 0}
log: {gradflow_every: 1}
END

# none RANKS KEYS...
none()
{
    local ranks=$1 lines
    expect 0 "$@" --out run -q
    lines=$(grep '^allocations' err) || fail "nothing was counted"
    [ "$(wc -l <<<"$lines")" = "$ranks" ] || fail "$ranks ranks counted: $lines"
    # what was allocated before must have been seen, else nothing was wrapped
    ! grep -v 'before update 2: [1-9][0-9]*,' <<<"$lines" || fail "no call was seen at all"
    ! grep -v 'in updates 2 to 3: 0$' <<<"$lines" || fail "cairn ${*:2} allocates in updates"
    rm -r run
}

for ranks in 1 3; do
    none $ranks train run.yaml
    none $ranks train run.yaml checkpoint.every_updates=1
    none $ranks train run.yaml train.reproducible=true batch.tail=carry
    none $ranks train run.yaml train.reproducible=true optim.name=adamw optim.momentum=0 data.in_memory=false \
        train.balance=auto train.balance_every=1 train.guard=3
    none $ranks train run.yaml train.guard=1
done
none 1 train run.yaml "data.file=$datasets/diabetes.h5" loss=squared_error \
    'model=[{type: dense, units: 8}, {type: tanh}, {type: dense, units: 4}, {type: sigmoid}, {type: dense, units: 1}]'
