# SPDX-License-Identifier: BSD-3-Clause
# The recipes of text: that they learn, and that a GPT of a cluster's size needs the memory that its layers plan.  What
# they reach in the end takes minutes and stands in the recipes.
. "${BASH_SOURCE%/*}/../support/run.sh"

# Shakespeare where he is, else a text of the same 65 characters.
text=${CAIRN_DATA:-$CAIRN_SOURCE/../shared/data}/tinyshakespeare/input.txt
if [ ! -r "$text" ]; then
    {
        echo " !\$&',-.3:;?"{A..Z} {a..z}
        cat "$CAIRN_SOURCE"/launch/guide/*.md | LC_ALL=C tr -cd "\n !\$&',.3:;?A-Za-z-"
    } >text.txt
    text=text.txt
fi
expect 0 0 import text "$text" -o text.h5
grep -q 'vocabulary of 65,' out || fail "another vocabulary: $(cat out)"

# loss_of RUN UPDATE
loss_of()
{
    column "$1/metrics.csv" loss | sed -n "$2p"
}

# A model that guesses has log(65) = 4.17; the frequencies of characters alone give 3.3.
expect 0 2 train "$recipes/shakespeare.yaml" data.file=text.h5 train.updates=100 train.evaluate_every=none --out small -q
holds "shakespeare, loss of the first and of update 100" "$(loss_of small 1) > 4 && $(loss_of small 100) < 2.9"

# large B KEYS...: the recipe for a cluster in micro-batches of B, on one rank; bytes at the peak
large()
{
    expect 0 0 train "$recipes/shakespeare-gpu-size.yaml" data.file=text.h5 train.evaluate_every=none batch.micro="$1" \
        checkpoint.every_updates=0 "${@:2}" --out "large-$1" -q
    json "large-$1/summary.json" peak_rss_bytes
}
one=$(large 1 batch.global=2 train.updates=20)
five=$(large 5 batch.global=5 train.updates=2)
holds "shakespeare-gpu-size, loss of the first and of update 20" "$(loss_of large-1 1) > 4 && $(loss_of large-1 20) < 3.6"

# What a sample holds, in units of T D = 256 x 384 floats.  A block: q k v, o, the sum, linear1 4, the sum, and
# masks of dropout, a byte each, 6/4; norms and gelu are made again in backward.  Around the six: embedding and mask 1.25, norm 1,
# outputs 65/384, gradients between layers 2, inside a block 2 x 4.  A T x T matrix for each head would be 24 more.
sample=$(awk 'BEGIN { print (6 * 11.5 + 1.25 + 1 + 65 / 384 + 2 + 8) * 256 * 384 * 4 }')
expect 0 0 plan "$recipes/shakespeare-gpu-size.yaml" data.file=text.h5 batch.micro=5 batch.global=5 --memory
planned=$(awk '$1 == "activations" { print $5 }' out)
within() { holds "$1 holds $2 bytes, as planned $planned, within 5 %" "$2 < 1.05 * $planned && $2 > 0.95 * $planned"; }
within "a sample, by its layers," "$sample"
within "a sample" "(($five - $one) / 4)" # a huge page more or less is in it
