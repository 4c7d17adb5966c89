#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Training from a file that does not fit beside training from memory: time of an update, and the part of it that training waits
# for data; a net of dense layers and one of convolutions, contiguous and packed data.  Runs by turns, the page cache
# dropped before each where that is allowed; medians of the rounds.  For a machine that does nothing else, with a core for the
# reader: RANKS ranks want 2 RANKS cores.
#
#   tests/bench/stream.sh CAIRN [SAMPLES [ROUNDS [RANKS [UPDATES]]]]
#
# CAIRN is a program built for speed (build/release/cairn); 2,000,000 samples of 784 bytes are 20 times what a rank keeps.
set -euo pipefail
cairn=$(realpath "${1:?usage: stream.sh CAIRN [SAMPLES [ROUNDS [RANKS [UPDATES]]]]}")
n=${2:-2000000} rounds=${3:-3} ranks=${4:-1} updates=${5:-600}
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# word NUMBER: 4 bytes, the highest first
word() { printf "%b" "$(printf '\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"; }
{ word 2051 && word "$n" && word 28 && word 28 && { seq 100000000 999999999 || true; } | head -c $((n * 784)); } >images
{ word 2049 && word "$n" && { seq 100000000 999999999 || true; } | head -c "$n" | tr '\n0-9' '\0-\12'; } >labels
"$cairn" import idx --train images labels -o packed.h5 --compress deflate:4 -q >/dev/null
h5repack -f NONE -l CONTI packed.h5 contiguous.h5
rm images labels
sync

cat >mlp.yaml <<END
data: {file: contiguous.h5, shuffle: blocks, std: 255}
model: [{type: flatten}, {type: dense, units: 512}, {type: relu}, {type: dense, units: 512}, {type: relu}, {type: dense, units: 11}]
batch: {global: $((256 * ranks)), micro: 64}
optim: {name: sgd, lr: 0.001}
train: {updates: $updates, evaluate_every: none}
END
cat >cnn.yaml <<END
data: {file: contiguous.h5, shuffle: blocks, std: 255}
model: [{type: conv2d, channels: 8, kernel: 3}, {type: relu}, {type: maxpool2d, kernel: 2}, {type: conv2d, channels: 16, kernel: 3}, {type: relu},
  {type: maxpool2d, kernel: 2}, {type: flatten}, {type: dense, units: 11}]
batch: {global: $((256 * ranks)), micro: 64}
optim: {name: sgd, lr: 0.001}
train: {updates: $updates, evaluate_every: none}
END

# run MODEL DATA HELD: milliseconds of an update, and percent of them that training waits for data
run()
{
    { sync && echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null || true
    mpirun --bind-to none -n "$ranks" "$cairn" train "$1.yaml" --out run --overwrite -q data.file="$2.h5" data.in_memory="$3" >/dev/null 2>log ||
        { cat log >&2 && exit 1; }
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
             NR == 12 { begin = $at["wall_s"]; from = NR }
             NR > 12 { waits += $at["data_s"]; end = $at["wall_s"] }
             END { printf "%.4f %.3f\n", (end - begin) / (NR - from) * 1000, 100 * waits / (end - begin) }' run/metrics.csv
}

median() { sort -g | awk '{ x[NR] = $1 } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'; }

printf '%d samples of 784 bytes, %d rank%s, %s\n' "$n" "$ranks" "$([ "$ranks" = 1 ] || echo s)" \
    "$({ sync && echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null && dd if=contiguous.h5 of=/dev/null bs=4M 2>&1 | tail -n 1 | sed 's/.*, /the disk reads /' || echo 'the page cache stays')"
for model in mlp cnn; do
    for data in contiguous packed; do
        for ((i = 0; i < rounds; i++)); do
            read -r held _ < <(run $model contiguous true)
            read -r streamed waits < <(run $model $data false)
            awk -v a="$held" -v b="$streamed" 'BEGIN { print b / a }' >>"$model-$data.ratio"
            echo "$waits" >>"$model-$data.waits"
            echo "$held" >>"$model-$data.held"
        done
        printf '%-4s %-10s  %7.2f ms in memory, x %.3f from the file (at most 1.05 wanted), %.2f %% of it waiting for data (3)\n' $model $data \
            "$(median <"$model-$data.held")" "$(median <"$model-$data.ratio")" "$(median <"$model-$data.waits")"
    done
done
