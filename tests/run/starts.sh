# SPDX-License-Identifier: BSD-3-Clause
# Short starts and resumes, many at once: none stands.  `starts.sh 2000 12` makes 2,000 pairs, 12 at a time, by hand.
. "${BASH_SOURCE%/*}/../support/run.sh"

n_pairs=${1:-8}
most_beside=${2:-4}
limit_s=300 # the watchdog has the first word
printf '%s\n' "data: {file: $datasets/digits.h5}" "model: [{type: flatten}, {type: dense, units: 10}]" \
    "batch: {global: 64, micro: 16}" "train: {seed: 3, evaluate_every: none}" >run.yaml

pair()
{
    expect 0 2 train run.yaml --out result train.updates=1 -q
    expect 0 2 train run.yaml --out result train.updates=2 -q
    same "updates of a start and a resume" "$(json result/summary.json updates)" 2
    rm -rf result
}

for ((i = 1; i <= n_pairs; i++)); do
    [ ! -e failed ] || break
    beside pair
    [ $((i % 100)) != 0 ] || echo "$i pairs in $SECONDS s"
done
all_good
