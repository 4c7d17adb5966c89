#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What checkpoints cost: the GPT of launch/recipes/shakespeare.yaml with one every 10 updates, on 2 ranks.  The time that
# training stands still for them is below 3.5 % of all.  For a machine that does nothing else.
#
#   tests/bench/saves.sh CAIRN SHAKESPEARE.h5 [UPDATES [RANKS [FOLDER]]]
#
# CAIRN is a program built for speed (build/release/cairn), the data come from cairn import text; FOLDER, where the run and
# its checkpoints go, stands for the file system that is measured.
set -euo pipefail
cairn=${1:?usage: saves.sh CAIRN SHAKESPEARE.h5 [UPDATES [RANKS [FOLDER]]]}
data=${2:?usage: saves.sh CAIRN SHAKESPEARE.h5 [UPDATES [RANKS [FOLDER]]]}
updates=${3:-300} ranks=${4:-2} folder=${5:-$(mktemp -d)}
recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../launch/recipes" && pwd)/shakespeare.yaml
[ -n "${5:-}" ] || trap 'rm -rf "$folder"' EXIT

mpirun -n "$ranks" "$cairn" train "$recipe" data.file="$data" train.updates="$updates" train.evaluate_every=none \
    checkpoint.every=10 checkpoint.milestones=none --overwrite --out "$folder/saves" >"$folder/summary.json" 2>"$folder/log" ||
    { cat "$folder/log" >&2 && exit 1; }
grep ' checkpoints: ' "$folder/log"
# The last checkpoint is waited for, whatever it takes: it counts here as well.
awk -F'[:,]' '
    { key = $1; gsub(/[" ]/, "", key); value[key] = $2 }
    END {
        share = value["checkpoint_s"] / value["wall_s"]
        printf "%d checkpoints in %.1f s: %.2f s stood still, %.2f %% (below 3.5 wanted); %.2f s of writing beside\n",
            value["checkpoints"], value["wall_s"], value["checkpoint_s"], 100 * share, value["checkpoint_write_s"]
        exit share >= 0.035
    }' "$folder/summary.json"
