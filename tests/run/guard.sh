# SPDX-License-Identifier: BSD-3-Clause
# train.guard: micro-batches worked twice change no bit of the training, whatever sums and in any world; one flipped bit of a
# gradient is found, and the rank that has it named.
#
#   guard.sh [full]     worlds and flipped bits by chance; full: all of them
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: flatten}
  - {type: dense, units: 24}
  - {type: batchnorm}
  - {type: relu}
  - {type: dropout, p: 0.2}
  - {type: dense, units: 10}
batch: {global: 200, micro: 32, tail: carry}
optim: {name: sgd, lr: 0.1, momentum: 0.9}
train: {updates: 9, seed: 5, evaluate_every: 4}
checkpoint: {every_updates: 3}
log: {gradflow_every: 4}
END

# ---- no bit is another one

# as_without RANKS KEYS...: without it, with one in four, and with all.
as_without()
{
    local every
    expect 0 "$1" train run.yaml "${@:2}" --out off
    bits off >off.bits
    for every in 1 4; do
        expect 0 "$1" train run.yaml "${@:2}" "train.guard=$every" --out on
        bits on >on.bits
        cmp -s off.bits on.bits || fail "train.guard=$every changes bits: $*"
        rm -r on
    done
    rm -r off
}

tied='model=[{type: flatten}, {type: dense, units: 64, name: a}, {type: relu}, {type: dense, units: 64, tie: a}, {type: dense, units: 10}]'
wide='model=[{type: flatten}, {type: dense, units: 512}, {type: relu}, {type: dense, units: 10}]'
round=(comm.sum=allreduce comm.overlap=on comm.bucket_mb=0.01 log.gradflow_every=0 batch.global=96)
worlds=( # ranks and keys
    "1 train.reproducible=true"
    "2 train.reproducible=true"
    "3 train.reproducible=true"
    "1 train.reproducible=false"
    "2 train.reproducible=false"
    "3 train.reproducible=false"
    # two of three ranks without work; one micro-batch for each; integers in two words, and those of one addend
    "3 batch.global=32 train.reproducible=true comm.sum=allreduce"
    "3 batch.global=96 train.reproducible=true comm.sum=node log.gradflow_every=0 train.noise=micro"
    "3 batch.global=96 train.noise=rank comm.sum=node log.gradflow_every=0"
    "2 batch.global=320 batch.micro=16 train.reproducible=true"
    # read as they come; doubles
    "1 batch.global=16 batch.micro=16 train.reproducible=true data.in_memory=false"
    "2 data.in_memory=false train.balance=auto train.balance_every=1 train.precision=float64"
    "2 train.threads=2 train.kernels=openblas train.noise=micro"
)
mapfile -t worlds < <(some 6 "${worlds[@]}")
for world in "${worlds[@]}"; do beside as_without $world; done

# A weight that two layers share, of which each adds its part; tensors that leave while the only micro-batch of a rank walks
# backward.
beside as_without 3 "$tied" train.reproducible=true
beside as_without 1 "$tied" train.reproducible=true batch.global=32
beside as_without 3 "$tied" comm.sum=allreduce comm.overlap=on comm.bucket_mb=0.001 log.gradflow_every=0
for reproducible in $(some 1 false true); do beside as_without 3 "$wide" "${round[@]}" train.reproducible=$reproducible; done

# Stopped and gone on with in another world.
expect 0 1 train run.yaml train.reproducible=true --out alone
! grep -q guarded alone/summary.json || fail "the summary names what is off"
expect 0 3 train run.yaml train.guard=1 --out counted
same "micro-batches that were compared" "$(json counted/summary.json guarded_micro_batches)" 63 # 9 updates of 7
bits alone >alone.bits
CAIRN_FAULT=nn.gradient@1#20 expect 4 2 train run.yaml train.reproducible=true train.guard=2 --out cut
expect 0 3 train run.yaml train.reproducible=true train.guard=3 --out cut
bits cut >cut.bits
cmp -s alone.bits cut.bits || fail "other bits where a guarded run broke off and went on"
all_good

# ---- a flipped bit

# names RANKS FAULT PATTERN KEYS...
names()
{
    CAIRN_FAULT=guard.flip$2 expect_line 4 "$1" "^cairn: training, epoch [0-9]+ update [0-9]+: $3" train run.yaml "${@:4}" --out flipped
    rm -rf flipped
}

here="\\(host $(hostname), CPU [0-9]+\\)"
for ranks in $(some 1 3 4); do
    for bad in 0 $((ranks - 1)); do
        named="micro-batch(es)? [0-9]+( to [0-9]+)? gave other bits on rank $bad $here than on rank [0-9] $here, and once more on all"
        beside names $ranks "@$bad#$((2 * bad + 1))" "$named" train.guard=1
        beside names $ranks "@$bad#4-" "$named" train.guard=1 train.reproducible=true
    done
done
for sum in allreduce node; do # two ranks: one that does it once is named, of one that always does only the pair
    beside names 2 @1#5 "micro-batches 3 to 6 gave other bits on rank 1 $here than on rank 0 " train.guard=1 comm.sum=$sum
    beside names 2 @1#5- "micro-batch .* of one of them, three ranks would say" train.guard=1 comm.sum=$sum train.reproducible=true \
        batch.global=64
done
for reproducible in $(some 1 true false); do
    beside names 3 @1#4- "micro-batch [0-2] gave other bits on rank 1 $here than on rank [02] $here, and once more on all" "$wide" \
        "${round[@]}" train.guard=1 train.reproducible=$reproducible
done
beside names 1 "#9" "micro-batches 0 to 6 gave other bits the second time on rank 0 $here: a broken core or memory" train.guard=1

# A rank that is broken from the start is found as soon as one micro-batch of each rank was worked twice: two updates of six
# micro-batches on three ranks, with one in four.
beside names 3 "@2#1-" "micro-batch [0-9] gave other bits on rank 2 " train.guard=4 batch.global=192 train.updates=2
all_good

# The newest checkpoint before is the last, and the run goes on from it as if nothing had been.
CAIRN_FAULT=guard.flip@1#20- expect_line 4 3 'update [456]: .* gave other bits on rank 1 ' train run.yaml train.reproducible=true train.guard=1 --out kept
[ "$(newest kept)" -ge 3 ] || fail "no checkpoint was kept"
expect 0 2 train run.yaml train.reproducible=true --out kept
bits kept >kept.bits
cmp -s alone.bits kept.bits || fail "other bits after a flipped one was found"

# ---- what is said at the start
expect 0 1 train run.yaml train.guard=16 --out said
grep -q 'train.guard: there is one rank' err || fail "one rank does not say what it cannot see"
expect_line 2 0 'train.guard' train run.yaml train.guard=-1 --out refused
