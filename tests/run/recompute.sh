# SPDX-License-Identifier: BSD-3-Clause
# train.recompute: the same bits in less memory, in any world and through a stop; cairn plan says what it saves and costs; auto
# takes it where the memory is short, and no more than is needed.
. "${BASH_SOURCE%/*}/../support/run.sh"

blocks=$(for _ in {1..12}; do echo "{type: dense, units: 256}, {type: gelu}, {type: dropout, p: 0.1},"; done)
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, $blocks {type: batchnorm}, {type: dense, units: 10}]
batch: {global: 1024, micro: 512}
optim: {name: sgd, lr: 0.05}
train: {updates: 4, seed: 3, reproducible: true, evaluate_every: 2}
checkpoint: {every_updates: 2}
END

# planned KEY...: bytes of activations.
planned()
{
    expect 0 0 plan run.yaml --memory --json "$@"
    json out activations
}

expect 0 1 train run.yaml --out kept
for n in 2 6 1000; do
    expect 0 3 train run.yaml train.recompute=$n --out again.$n
    same "bits with train.recompute: $n" "$(bits kept)" "$(bits again.$n)"
done
expect 0 1 train run.yaml train.updates=2 train.recompute=4 --out stopped
expect 0 2 train run.yaml --out stopped
same "weights after a stop, kept then" "$(weights_of kept)" "$(weights_of stopped)"

# Sixteen micro-batches, for which products keep weights where nothing is computed again.
expect 0 1 train run.yaml batch.micro=64 --out many
expect 0 1 train run.yaml batch.micro=64 train.recompute=6 --out many.again
same "bits of many micro-batches with train.recompute" "$(bits many)" "$(bits many.again)"

# A gradient does not lie over a sum in whose memory a list inside is computed again.
inside='{type: residual, body: [{type: dense, units: 16}, {type: dense, units: 8}, {type: dense, units: 8}, {type: dense, units: 64}]}'
sums="model=[{type: flatten}, {type: dense, units: 64}, {type: residual, body: [$inside, {type: scale, factor: 1.5}, {type: layernorm}, {type: dense, units: 64}]}, {type: dense, units: 10}]"
expect 0 1 train run.yaml batch.global=32 batch.micro=16 "$sums" --out sums
expect 0 1 train run.yaml batch.global=32 batch.micro=16 "$sums" train.recompute=8 --out sums.again
same "bits of sums within sums with train.recompute" "$(bits sums)" "$(bits sums.again)"

kept=$(planned) again=$(planned train.recompute=6)
part=0.4
"$cairn" --version | grep -q '^kernels \(amx\|onednn\)' || part=0.6 # without the kernels of AVX-512 less is kept in any case
holds "activations in 6 segments" "$again < $part * $kept"
expect 0 1 train run.yaml train.recompute=6 --out one
holds "measured, as planned" "$(json kept/summary.json peak_rss_bytes) - $(json one/summary.json peak_rss_bytes) > 0.9 * ($kept - $again)"
expect 0 0 plan run.yaml --memory train.recompute=6
grep -q 'without train.recompute: 6' out || fail "cairn plan does not say what train.recompute saves: $(cat out)"
grep -q 'most of forward is computed twice' out || fail "cairn plan --memory does not say what train.recompute costs: $(cat out)"

# auto: all are kept where there is room; else as few segments as fit.
same "activations of auto with room" "$kept" "$(planned train.recompute=auto)"
rank=$(json out rank_0)
alone=$((rank - $(json out exchange)))
short=$((alone * 10 / 9 - kept * 9 / 20)) # nine tenths of it count
holds "activations of auto without" "$(planned train.recompute=auto data.memory=$short) < $kept / 2 + 0.1 * $kept"
expect 0 1 train run.yaml train.recompute=auto data.memory=$short --out auto
grep -Eq 'train.recompute: auto took [0-9]+: activations take' err || fail "a run does not say what auto took: $(cat err)"
same "bits with train.recompute: auto" "$(weights_of kept)" "$(weights_of auto)"

# With batch.micro: auto it is for the smallest that there is: batchnorm wants two samples.
both=(batch.global=64 batch.micro=auto train.recompute=auto train.reproducible=false)
expect 0 0 plan run.yaml --memory "${both[@]}"
grep -q 'micro-batches of 2,' out || fail "cairn plan --memory with batch.micro: auto and batchnorm: $(cat out)"
expect 0 1 train run.yaml "${both[@]}" train.updates=1 --out smallest

small=$((rank - kept / 2))
expect_line 2 0 'too much; .*batch.micro=[0-9]+ .*with train.recompute=[0-9]+' plan run.yaml --memory --ranks 1 data.memory=$small
expect_line 2 0 'too much; no batch.micro would fit' plan run.yaml --memory --ranks 1 data.memory=$((rank - kept))

expect_line 2 1 "train.recompute is 1, but must be at least 2" train run.yaml train.recompute=1 --out bad
expect_line 2 3 "train.recompute.*some" train run.yaml train.recompute=some --out bad
