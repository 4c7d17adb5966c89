#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What importing MNIST costs beside unpacking it: cairn import idx at least at half the rate of gunzip, which writes the
# unpacked files.  The least of several rounds, by turns; for a machine that does nothing else.
#
#   tests/bench/import.sh CAIRN MNIST [ROUNDS]
#
# CAIRN is a program built for speed (build/release/cairn), MNIST the folder of its four files .gz.
set -euo pipefail
cairn=$(realpath "${1:?usage: import.sh CAIRN MNIST [ROUNDS]}")
mnist=$(realpath "${2:?usage: import.sh CAIRN MNIST [ROUNDS]}")
rounds=${3:-7}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

unpack() { for file in "$mnist"/*-ubyte.gz; do gunzip -c "$file" >"$(basename "$file" .gz)"; done; }
import() { "$cairn" import idx "$mnist" -o mnist.h5 --overwrite -q >/dev/null; }
cat "$mnist"/*-ubyte.gz >/dev/null

# least COMMAND: run it, and keep its shortest time in seconds
declare -A best=()
least()
{
    local begin=$EPOCHREALTIME
    "$1"
    best[$1]=$(awk -v a="$begin" -v b="$EPOCHREALTIME" -v old="${best[$1]:-1e9}" 'BEGIN { t = b - a; print t < old ? t : old }')
}
for ((i = 0; i < rounds; i++)); do
    least unpack
    least import
done
awk -v gunzip="${best[unpack]}" -v import="${best[import]}" 'BEGIN {
    printf "gunzip %.3f s, cairn import %.3f s: %.2f of its rate (at least 0.5 wanted)\n", gunzip, import, gunzip / import
    exit gunzip / import < 0.5 }'
