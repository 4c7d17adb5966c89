#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What an update costs between hosts of the lab (launch/lab), whose links have a stated rate: over what the wire alone takes, and over the
# least that it could take, which is the work of as many ranks on one host, and of the wire's time what backward of a rank's last
# micro-batch cannot hide.  A host's link carries at least 2 (H-1)/H of 4 bytes a weight; backward is taken as two thirds of the
# work.  An MLP of 535,818 weights and a GPT of 0.8 million, on made-up data, without lines of gradflow.csv.  As root, on a machine
# that does nothing else.
#
#   tests/bench/wire.sh CAIRN [RATE ...]
#
# CAIRN is a program built for speed (build/release/cairn); RATE in Mbit/s (default 1000 100).  About five minutes.
set -euo pipefail
usage='usage: wire.sh CAIRN [RATE ...]'
program=$(realpath "${1:?$usage}")
shift
[ $# -gt 0 ] || set -- 1000 100
CAIRN_SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
CAIRN_BUILD=$(dirname "$program")
CAIRN_MPIEXEC=$(command -v mpiexec)
export CAIRN_SOURCE CAIRN_BUILD CAIRN_MPIEXEC
. "$CAIRN_SOURCE/tests/support/run.sh"
. "$CAIRN_SOURCE/tests/support/lab.sh"
lab_needs
lab_up 4

{ printf '\0\0\x08\x03\0\0\x78\0\0\0\0\x1c\0\0\0\x1c' && head -c $((30720 * 784)) /dev/urandom; } >images
{ printf '\0\0\x08\x01\0\0\x78\0' && yes $'\x01\x02\x03\x04' | tr -d '\n' | head -c 30720 || true; } >labels
head -c 1000000 /dev/urandom >text
"$cairn" import idx --train images labels -o images.h5 -q
"$cairn" import text text --bytes -o text.h5 -q
cat >mlp.yaml <<END
data: {file: images.h5}
model: [{type: flatten}, {type: dense, units: 512}, {type: relu}, {type: dense, units: 256}, {type: relu}, {type: dense, units: 10}]
loss: cross_entropy
batch: {micro: 64}
optim: {name: sgd, lr: 0.01, momentum: 0.9}
END
cat >gpt.yaml <<END
data: {file: text.h5, context: 64}
model:
  - {type: embedding, units: 128}
  - {type: position}
$(for ((i = 0; i < 4; i++)); do echo "  - {type: transformer_block, heads: 4, causal: true}"; done)
  - {type: layernorm}
  - {type: dense, units: 256, bias: false, tie: 0}
loss: cross_entropy
batch: {micro: 4}
optim: {name: adamw, lr: 0.0003}
END

# update_ms DIR: the median of its updates, without the first five.
update_ms()
{
    column "$1/metrics.csv" wall_s | awk 'NR > 6 { print 1e3 * ($1 - before) } { before = $1 }' | sort -g |
        awk '{ ms[NR] = $1 } END { print ms[int((NR + 1) / 2)] }'
}

# measure RATE RANKS_OF_A_HOST NET A HOSTS...
measure()
{
    local rate=$1 each=$2 net=$3 a=$4 ranks weights
    shift 4
    ranks=$(($# * each))
    local keys=(train.epochs=none train.updates=$((a == 1 ? 30 : 14)) train.evaluate_every=none checkpoint.every_updates=0
        log.gradflow_every=0 batch.global=none "batch.accumulate=$a")
    rm -rf together apart
    lab_expect 0 $ranks h1 -- train $net.yaml "${keys[@]}" --out together
    lab_expect 0 $ranks "$@" -- train $net.yaml "${keys[@]}" --out apart
    weights=$(sed -n 's/.*training samples, \([0-9]*\) weights.*/\1/p' err)
    awk -v rate="$rate" -v hosts=$# -v each="$each" -v net="$net" -v a="$a" -v weights="$weights" \
        -v work="$(update_ms together)" -v took="$(update_ms apart)" 'BEGIN {
            wire = 1e3 * 2 * (hosts - 1) / hosts * 4 * weights * 8 / (rate * 1e6)
            hidden = work / a * 2 / 3
            least = work + (wire > hidden ? wire - hidden : 0)
            printf "%4d Mbit/s, %d hosts of %d: %s, A = %d: an update takes %.1f ms, work %.1f, wire %.1f; over the wire %.2f, over the least %.2f\n",
                rate, hosts, each, net, a, took, work, wire, took / wire, took / least
        }'
}

for rate in "$@"; do
    shape "${rate}mbit"
    measure "$rate" 1 mlp 1 h1 h2
    for net in mlp gpt; do
        for each in 1 2; do
            for a in 1 16; do measure "$rate" $each $net $a h1 h2 h3 h4; done
        done
    done
done
