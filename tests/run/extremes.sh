# SPDX-License-Identifier: BSD-3-Clause
# Extreme numbers in whole runs: weights of samples and losses of any size, an outlier among the gradients.  What is divided out
# again changes nothing, losses of large targets are as right on one rank as on several, a reproducible sum learns on after an
# outlier, and a group without any weight is no data.
. "${BASH_SOURCE%/*}/../support/run.sh"

make=$CAIRN_BUILD/tests/run_make_data
cat >run.yaml <<END
data: {file: 1.h5}
model: [{type: dense, units: 3}, {type: relu}, {type: dense, units: 3}]
loss: cross_entropy
batch: {global: 8, micro: 2}
train: {epochs: 2}
END

# write FILE WEIGHT: 30 samples for train and test, all with this weight
write()
{
    "$make" "$1" train/x=float32:30x4 train/y=uint8:30 "train/weight=float32:30:$2" \
        test/x=float32:30x4 test/y=uint8:30 "test/weight=float32:30:${3-1}"
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

# W above the largest float: the gradient is not, and is divided by it.
write 1.5e37.h5 1.5e37
for reproducible in false true; do
    for weight in 1 1.5e37; do
        expect 0 3 train run.yaml "data.file=$weight.h5" batch.global=30 train.reproducible=$reproducible --out "all.$weight"
    done
    holds "train_loss with weights that no float can sum" \
        "sqrt(($(json all.1.5e37/summary.json train_loss) / $(json all.1/summary.json train_loss) - 1) ^ 2) < 1e-5"
    rm -r all.*
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

# One sample with a feature of 1e14, as a sentinel or a wrong unit gives it: where it comes up nothing is lost of the rest.
awk 'BEGIN { srand(4); print "a,b,c,class"
    for (i = 0; i < 240; i++) {
        k = i % 3
        printf "%s,%.4f,%.4f,%d\n", i == 77 ? "1e14" : sprintf("%.4f", rand() + (k == 0)), rand() + (k == 1), rand() + (k == 2), k
    } }' >outlier.csv
expect 0 1 import csv outlier.csv --target class --classes --test-every 5 -o outlier.h5
cat >outlier.yaml <<END
data: {file: outlier.h5}
model: [{type: dense, units: 16}, {type: relu}, {type: dense, units: 3}]
loss: cross_entropy
batch: {global: 16, micro: 4}
optim: {name: sgd, lr: 0.2, clip_norm: 1}
train: {epochs: 20, seed: 1, reproducible: true}
checkpoint: {every_updates: 10}
log: {gradflow_every: 1}
END
expect 0 1 train outlier.yaml train.reproducible=false --out floats
for ranks in 1 3; do expect 0 $ranks train outlier.yaml --out outlier.$ranks; done
same "weights on 1 and on 3 ranks" "$(weights_of outlier.1)" "$(weights_of outlier.3)"
holds "eval_loss after an outlier" "sqrt(($(json outlier.1/summary.json eval_loss) - $(json floats/summary.json eval_loss)) ^ 2) < 0.02"
same "updates without a gradient" "$(awk -F, '$2 == 0 && $3 == "weight" && $4 == 0' outlier.1/gradflow.csv | wc -l)" 0
