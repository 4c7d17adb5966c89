#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What an update costs between hosts, over what the wire alone takes: mnist-mlp on 2 and 4 hosts of the lab (launch/lab), a rank on
# each, links of a stated rate.  The wire takes 2 (R-1)/R of 4 bytes a weight.  As root, on a machine that does nothing else.
#
#   tests/bench/wire.sh CAIRN [RATE ...]
#
# CAIRN is a program built for speed (build/release/cairn); RATE as tc takes it, in mbit (default 1000mbit 100mbit).  MNIST:
# datasets/fetch mnist.  About a minute.
set -euo pipefail
usage='usage: wire.sh CAIRN [RATE ...]'
program=$(realpath "${1:?$usage}")
shift
[ $# -gt 0 ] || set -- 1000mbit 100mbit
CAIRN_SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
CAIRN_BUILD=$(dirname "$program")
CAIRN_MPIEXEC=$(command -v mpiexec)
export CAIRN_SOURCE CAIRN_BUILD CAIRN_MPIEXEC
. "$CAIRN_SOURCE/tests/support/run.sh"
. "$CAIRN_SOURCE/tests/support/lab.sh"
lab_needs
lab_up 4

keys=(train.epochs=none train.updates=60 train.evaluate_every=none checkpoint.every_updates=1000000)
for rate in "$@"; do
    "$lab_scripts/lab.sh" shape "$rate"
    for hosts in "h1 h2" "h1 h2 h3 h4"; do
        n=$(wc -w <<<"$hosts")
        rm -rf result
        # shellcheck disable=SC2086 # words
        lab_expect 0 "$n" $hosts -- train "$recipes/mnist-mlp.yaml" "${keys[@]}" --out result
        weights=$(sed -n 's/.*training samples, \([0-9]*\) weights.*/\1/p' err)
        awk -F, -v rate="${rate%mbit}" -v ranks="$n" -v weights="$weights" '
            NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
            NR == 21 { begin = $column["wall_s"] }
            { end = $column["wall_s"]; last = NR }
            END {
                took = 1e3 * (end - begin) / (last - 21)
                wire = 1e3 * 2 * (ranks - 1) / ranks * 4 * weights * 8 / (rate * 1e6)
                printf "%4d Mbit/s, %d hosts: an update takes %.1f ms, the wire alone %.1f: %.2f\n", rate, ranks, took, wire, took / wire
            }' result/metrics.csv
    done
done
