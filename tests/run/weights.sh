# SPDX-License-Identifier: BSD-3-Clause
# Weights of samples and losses of any size: what is divided out again changes nothing, losses of large targets are as right on
# one rank as on several, and a group without any weight is no data.
. "${BASH_SOURCE%/*}/../support/run.sh"

make=$CAIRN_BUILD/tests/run_make_data
cat >run.yaml <<END
data: {file: 1.h5}
model: [{type: dense, units: 3}, {type: relu}, {type: dense, units: 2}]
loss: cross_entropy
batch: {global: 8, micro: 2}
train: {epochs: 2}
END

# write FILE WEIGHT: 30 samples for train and test, all with this weight
write()
{
    "$make" "$1" train/x=float32:30x4 train/y=uint8:30:1 "train/weight=float32:30:$2" \
        test/x=float32:30x4 test/y=uint8:30:1 "test/weight=float32:30:${3-1}"
}

for weight in 1 1e-9 1e-13 1e-20 1e20; do write "$weight.h5" "$weight"; done
for reproducible in false true; do
    expect 0 1 train run.yaml train.reproducible=$reproducible --out one
    for weight in 1e-9 1e-13 1e-20 1e20; do
        expect 0 3 train run.yaml "data.file=$weight.h5" train.reproducible=$reproducible --out now
        holds "train_loss with weights of $weight" \
            "sqrt(($(json now/summary.json train_loss) / $(json one/summary.json train_loss) - 1) ^ 2) < 1e-5"
        rm -r now
    done
    rm -r one
done

# Squared errors of 10^11 a sample: beyond 2^50 in a micro-batch of 8192.
"$make" price.h5 train/x=float32:8192x8 train/y=float32:8192x1:500000 test/x=float32:8192x8 test/y=float32:8192x1:500000
cat >price.yaml <<END
data: {file: price.h5}
model: [{type: dense, units: 1}]
loss: squared_error
batch: {global: 8192, micro: 8192}
optim: {name: sgd, lr: 0.01}
train: {updates: 2, evaluate_every: none}
END
for ranks in 1 2 4; do
    expect 0 $ranks train price.yaml --out price.$ranks batch.micro=1024
    same "losses on $ranks ranks" "$(column price.$ranks/metrics.csv loss | head -n 1)" "$(column price.1/metrics.csv loss | head -n 1)"
done
expect 0 1 train price.yaml --out price
holds "loss" "sqrt(($(column price/metrics.csv loss | head -n 1) / 1.25e11 - 1) ^ 2) < 1e-3"

for ranks in 1 3; do
    write none.h5 0
    expect_line 3 $ranks 'none.h5: group train has no weight at all' train run.yaml data.file=none.h5 --out none.$ranks
    expect_line 3 $ranks 'none.h5: group train has no weight at all' train run.yaml data.file=none.h5 --out few.$ranks \
        train.epochs=none train.updates=1
    write half.h5 1 0
    expect_line 3 $ranks 'half.h5: group test has no weight at all' train run.yaml data.file=half.h5 --out half.$ranks
done
