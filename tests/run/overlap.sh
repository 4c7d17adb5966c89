# SPDX-License-Identifier: BSD-3-Clause
# Sums that begin in backward: metrics.csv says how long they were hidden behind it, and without them that they were not.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 1024}, {type: relu}, {type: dense, units: 1024}, {type: relu}, {type: dense, units: 10}]
batch: {global: 128, micro: 32}
train: {updates: 11, reproducible: true, evaluate_every: 11}
comm: {sum: allreduce, bucket_mb: 1}
END
for overlap in off on; do
    expect 0 2 train run.yaml comm.overlap=$overlap --out $overlap -q
done
bits off >bits.off
bits on >bits.on
cmp -s bits.off bits.on || fail "the bits depend on comm.overlap"

# hidden RUN: in how many updates something was.
hidden() { column "$1/metrics.csv" overlap_s | awk '$1 > 0' | wc -l; }
same "updates with hidden sums, off" "$(hidden off)" 0
[ "$(hidden on)" -gt 0 ] || fail "no update had a sum behind its backward: $(column on/metrics.csv overlap_s | tr '\n' ' ')"
