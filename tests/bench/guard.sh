#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What train.guard costs: an MLP of 784-512-256-10 on images like MNIST's, micro-batches of 64, one in 16 computed twice.
# An update with such a micro-batch is compared with those beside it in the same run, so that other speeds of the machine
# from run to run do not count.  For a machine that does nothing else.
#
#   tests/bench/guard.sh CAIRN MNIST.h5 [RUNS]
#
# CAIRN is a program built for speed (build/release/cairn), the data are of datasets/fetch mnist.
set -euo pipefail
cairn=${1:?usage: guard.sh CAIRN MNIST.h5 [RUNS]}
data=${2:?usage: guard.sh CAIRN MNIST.h5 [RUNS]}
runs=${3:-5}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/run.yaml" <<END
data: {file: $(realpath "$data"), in_memory: true}
model: [{type: flatten}, {type: dense, units: 512}, {type: relu}, {type: dense, units: 256}, {type: relu}, {type: dense, units: 10}]
optim: {name: sgd, lr: 0.01, momentum: 0.9}
train: {seed: 1, evaluate_every: none}
log: {gradflow_every: 0}
checkpoint: {every_updates: 0}
END

# extras EVERY: of metrics.csv, by how much of an update each one that is guarded, one in EVERY, takes longer than the median
# of those around it.
extras()
{
    awk -F, -v every="$1" '
        function median(n,   i, j, x) {
            for (i = 2; i <= n; i++) for (j = i; j > 1 && near[j - 1] > near[j]; j--) { x = near[j]; near[j] = near[j - 1]; near[j - 1] = x }
            return (near[int((n + 1) / 2)] + near[int((n + 2) / 2)]) / 2
        }
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == "wall_s") at = i; next }
        { took[NR - 1] = $at - before; before = $at; n = NR - 1 }
        END {
            half = int(every / 2)
            for (u = 2 * every; u + half <= n; u += every) {
                m = 0
                for (k = u - half; k <= u + half; k++) if (k != u) near[++m] = took[k]
                print took[u] / median(m) - 1
            }
        }' "$folder/run/metrics.csv"
}

for ranks in 1 2; do
    for a in 1 16; do
        for reproducible in false true; do
            : >"$folder/extras"
            # one in 16; of an update with 16 one in two updates, for updates without to compare with
            [ $a = 1 ] && every=16 guard=16 updates=400 || { every=2 guard=32 updates=$((56 / ranks)); }
            for ((run = 0; run < runs; run++)); do
                mpirun -n $ranks "$cairn" train "$folder/run.yaml" "batch.global=$((64 * a * ranks))" batch.micro=64 \
                    train.updates=$updates train.guard=$guard train.reproducible=$reproducible \
                    --out "$folder/run" --overwrite -q >"$folder/out" 2>"$folder/err" || { cat "$folder/err" >&2 && exit 1; }
                extras $every >>"$folder/extras"
            done
            sort -g "$folder/extras" | awk -v a=$a -v ranks=$ranks -v way=$reproducible '
                { x[NR] = $1 }
                END { printf "%d ranks, A = %2d, reproducible %-5s: one in 16 costs %.4f of the time (1.0725 wanted); quartiles %.4f and %.4f, of %d\n",
                          ranks, a, way, 1 + x[int((NR + 1) / 2)] * a / 16, 1 + x[int((NR + 3) / 4)] * a / 16, 1 + x[int(3 * NR / 4)] * a / 16, NR }'
        done
    done
done
