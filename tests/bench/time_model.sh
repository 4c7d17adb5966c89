#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# How well a scaling study foretells the time of an update: it measures 12 splits (ranks, B, b) on 1 and 2 ranks, and its model is asked
# for ten others, which are then measured, too.  Wanted: within 10 % rms and 20 % at most, and 9 of the 10 within their intervals of 95 %.
# For a machine that does nothing else.  Rounds of both take turns, since cores change their pace.
#
#   tests/bench/time_model.sh CAIRN [RUN.yaml [UPDATES [ROUNDS [FOLDER]]]]
#
# CAIRN is a program built for speed (build/release/cairn); RUN.yaml any run file (default launch/recipes/mnist-mlp.yaml, which wants
# datasets/fetch mnist); UPDATES of each cell (60), ROUNDS (5).  MPIRUN: mpirun and its options.  About 6 minutes.
set -eu
usage='usage: time_model.sh CAIRN [RUN.yaml [UPDATES [ROUNDS [FOLDER]]]]'
cairn=${1:?$usage}
here=$(cd "$(dirname "$0")/../.." && pwd)
run=${2:-$here/launch/recipes/mnist-mlp.yaml}
updates=${3:-60} rounds=${4:-5} folder=${5:-$(mktemp -d)}
[ -n "${5:-}" ] || trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"
run=$(cd "$(dirname "$run")" && pwd)/$(basename "$run")

# study NAME BATCHES MICROS: a study file of both numbers of ranks; other lines of `study:` come from stdin.
study()
{
    cat >"$folder/$1.yaml" <<END
run: $run
set: {train.noise: off}
axes: {ranks: [1, 2], batch.global: [$2], batch.micro: [$3], train.seed: [1]}
END
    { printf 'study:\n  kind: strong\n  budget_updates: %s\n' "$updates" && cat; } >>"$folder/$1.yaml"
}

study measured '256, 1024' '8, 32, 128' <<END
  predict: [[1, 320, 12], [1, 320, 48], [2, 320, 12], [2, 320, 48], [1, 768, 24], [1, 768, 96], [1, 768, 160], [2, 768, 24], [2, 768, 96],
    [2, 768, 160]]
END
study other-a '320' '12, 48' </dev/null
study other-b '768' '24, 96, 160' </dev/null

seeds=
for round in $(seq "$rounds"); do
    seeds=${seeds:+$seeds, }$round
    for name in measured other-a other-b; do
        ${MPIRUN:-mpirun -n 2} "$cairn" study "$folder/$name.yaml" "axes.train.seed=[$seeds]" --out "$folder/$name" -q >/dev/null
    done
done

# values FILE LIST: of each split in this list of scaling.json ranks, B, b, seconds, low, high (of a number: twice nothing)
values()
{
    awk -v list="\"$2\":" '
        function number(line) { sub(/.*: /, "", line); sub(/[,} ]*$/, "", line); return line }
        index($0, list) { inside = 1; next }
        inside && /^ *\]/ { exit }
        !inside { next }
        /"ranks":/ { ranks = number($0) }
        /"batch":/ { batch = number($0) }
        /"micro":/ { micro = number($0) }
        /"per_update_s": \{/ { nested = 1; next }
        nested && /"value":/ { s = number($0) }
        nested && /"low":/ { low = number($0) }
        nested && /"high":/ { print ranks, batch, micro, s, low, number($0); nested = 0 }
        /"per_update_s": [0-9]/ { print ranks, batch, micro, number($0) }' "$1"
}

{
    values "$folder/measured/scaling.json" asked | sed 's/^/p /'
    values "$folder/other-a/scaling.json" points | sed 's/^/m /'
    values "$folder/other-b/scaling.json" points | sed 's/^/m /'
} | awk '
    $1 == "p" { s[$2, $3, $4] = $5; low[$2, $3, $4] = $6; high[$2, $3, $4] = $7; next }
    BEGIN { printf "%5s %6s %5s %12s %12s %8s  %s\n", "ranks", "B", "b", "measured ms", "foretold ms", "off", "interval ms" }
    {
        off = s[$2, $3, $4] / $5 - 1
        within = low[$2, $3, $4] <= $5 && $5 <= high[$2, $3, $4]
        printf "%5d %6d %5d %12.3f %12.3f %+7.1f%%  %.3f to %.3f%s\n", $2, $3, $4, 1e3 * $5, 1e3 * s[$2, $3, $4], 100 * off,
            1e3 * low[$2, $3, $4], 1e3 * high[$2, $3, $4], within ? "" : " (not within)"
        n++; held += within; squares += off * off
        if (off < 0) off = -off
        if (off > most) most = off
    }
    END {
        rms = sqrt(squares / (n > 0 ? n : 1))
        printf "%d splits: off by %.1f %% rms (10 wanted), %.1f %% at most (20), %d within their intervals (9)\n", n, 100 * rms,
            100 * most, held
        exit !(n == 10 && rms <= 0.10 && most <= 0.20 && held >= 9)
    }'
