# SPDX-License-Identifier: BSD-3-Clause
# Peak memory of a rank does not grow with the global batch: B = 64 and B = 65,536 in micro-batches of 64 agree within 1 %,
# with and without
# `reproducible`; so does a ramp from one to the other.  The data have MNIST's size and lie in memory.
. "${BASH_SOURCE%/*}/../support/run.sh"

n=65536 pixels=784 units=64

# IDX files: a header and bytes, a pattern again and again (whoever writes it ends by SIGPIPE).
printf '\0\0\10\3\0\1\0\0\0\0\0\34\0\0\0\34' >images
{ yes 'sixty-five thousand images' || true; } | head -c $((n * pixels)) >>images
printf '\0\0\10\1\0\1\0\0' >labels
{ yes $'\1' || true; } | head -c $n >>labels # a 1, a line end, which is 10, ...

expect 0 0 import idx --train images labels --test images labels -o data.h5
rm images labels

cat >run.yaml <<END
data: {file: data.h5, in_memory: true}
model: [{type: flatten}, {type: dense, units: $units}, {type: relu}, {type: dense, units: 11}]
batch: {global: 64, micro: 64}
optim: {name: sgd, lr: 0.01, momentum: 0.9}
train: {updates: 30, evaluate_every: none}
END

# peak NAME KEYS...: peak_rss_bytes of this run
peak()
{
    expect 0 2 train run.yaml "${@:2}" --out "$1" -q
    json "$1/summary.json" peak_rss_bytes
}

for way in false true; do
    small=$(peak small-$way train.reproducible=$way)
    large=$(peak large-$way train.reproducible=$way batch.global=$n train.updates=2)
    same "samples of an update" "$(column large-$way/metrics.csv batch_samples | sort -u)" $n
    holds "reproducible $way: $small bytes at B = 64 and $large at B = $n within 1 %" \
        "$large <= 1.01 * $small && $small <= 1.01 * $large"
    ramp=$(peak ramp-$way train.reproducible=$way "batch.ramp=[[0, 64], [64, 64], [640, $n]]" batch.ramp_kind=linear batch.tail=carry train.updates=11)
    same "largest batch of the ramp" "$(column ramp-$way/metrics.csv batch_samples | sort -n | tail -n 1)" $n
    holds "reproducible $way: $small bytes at B = 64 and $ramp along a ramp to B = $n within 1 %" \
        "$ramp <= 1.01 * $small && $small <= 1.01 * $ramp"
done
