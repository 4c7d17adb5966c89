# SPDX-License-Identifier: BSD-3-Clause
# cairn train --profile: a row for each layer and direction that ran, operations to the last one, times that add up, and not a
# bit of the run changed.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >net.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: conv2d, channels: 6, kernel: 3, name: first}, {type: relu}, {type: flatten}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
train: {updates: 5, seed: 3}
END
seq -s ' ' 2000 >text.txt
expect 0 0 import text text.txt -o text.h5
cat >gpt.yaml <<END
data: {file: text.h5, context: 16}
model:
  - {type: embedding, units: 8}
  - {type: transformer_block, heads: 2, causal: true, name: block}
  - {type: transformer_block, heads: 2, causal: true, mlp: swiglu}
  - {type: dense, units: 12, bias: false, tie: 0}
batch: {global: 12, micro: 4}
train: {updates: 4, seed: 3, recompute: 3, evaluate_every: none}
END

# value DIR PHASE LAYER COLUMN: of one row
value()
{
    awk -F, -v phase="$2" -v layer="$3" -v name="$4" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
        $1 == phase && $2 == layer { print $at; found++ }
        END { exit found != 1 || !at }' "$1/profile.csv" || fail "$1/profile.csv: no single row $2 of $3 with a $4"
}

# rows DIR: phase, layer and type of each row
rows()
{
    tail -n +2 "$1/profile.csv" | cut -d, -f1-3 | tr '\n' ' '
}

# adds_up DIR: layers and the rest of computing are what ranks.csv says of it, to the rounding of each; least, mean, most in order.
adds_up()
{
    local computed ranks
    computed=$(column "$1/ranks.csv" compute_s | awk '{ s += $1 } END { print s }')
    ranks=$(column "$1/ranks.csv" rank | wc -l)
    awk -F, -v computed="$computed" -v ranks="$ranks" '
        NR > 1 && $1 != "peak" { all += $9; if ($6 > $7 + 2e-6 || $7 > $8 + 2e-6) wrong = 1; if (($5 - ranks * $7) ^ 2 > (1e-6 * (ranks + 1)) ^ 2) wrong = 1 }
        $2 != "" || $1 == "compute" { s += $5; n++ }
        $1 == "compute" && $5 < 0 { wrong = 1 }
        END { exit wrong || (s - computed) ^ 2 > (1e-5 * (n + ranks)) ^ 2 || (all - 1) ^ 2 > 1e-6 }' "$1/profile.csv" ||
        fail "$1: profile.csv does not add up to $computed s of computing: $(cat "$1/profile.csv")"
}

others="data,, compute,, wait,, sum,, update,, evaluate,, save,, other,, peak,, "
for ranks in 1 3; do
    expect 0 $ranks train net.yaml --out plain$ranks -q
    same "files without --profile" "$(ls plain$ranks | grep -c profile || true)" 0
    expect 0 $ranks train net.yaml --out timed$ranks -q --profile
    same "bits with --profile on $ranks ranks" "$(bits plain$ranks)" "$(bits timed$ranks)"
    same "files with --profile" "$(ls plain$ranks) profile.csv" "$(ls timed$ranks | grep -v profile.csv) profile.csv"
    cmp plain$ranks/config.yaml timed$ranks/config.yaml || fail "--profile is in config.yaml"
    # The relu of forward is part of the row before it only where a layer takes it on.
    same "rows of a net" "$(rows timed$ranks | sed 's/forward,1,relu //')" \
        "forward,first,conv2d backward,first,conv2d backward,1,relu forward,3,dense backward,3,dense forward,loss,cross_entropy $others"
    adds_up timed$ranks
    grep -Eq "^5 updates on $ranks ranks? of 1 thread, float32; measured at the end: [0-9.]+ GFLOP/s" out || fail "no head of a table: $(cat out)"
    grep -Eq '^first +conv2d +forward +35 ' out || fail "the table has no row for each layer: $(cat out)"

    # 500 samples; a multiply-add is two; the first layer has no gradient by its input.
    same "operations of a convolution" "$(value timed$ranks forward first flops)" $((500 * 2 * 6 * 6 * 6 * 9))
    same "... backward" "$(value timed$ranks backward first flops)" $((500 * 2 * 6 * 6 * 6 * 9))
    same "operations of a dense layer" "$(value timed$ranks forward 3 flops)" $((500 * 2 * 216 * 10))
    same "... backward" "$(value timed$ranks backward 3 flops)" $((2 * 500 * 2 * 216 * 10))
    same "operations of a relu" "$(value timed$ranks backward 1 flops)" ""
    same "bytes of a dense layer" "$(value timed$ranks forward 3 bytes)" $((4 * (500 * (216 + 10) + 35 * 2170)))
    same "calls" "$(value timed$ranks backward 3 calls)" 35
done
expect 0 1 train net.yaml --out timed1 -q --profile # complete: it keeps what it has
same "calls, in a start without an update" "$(value timed1 backward 3 calls)" 35
expect 0 1 train net.yaml --out timed1 -q --profile train.updates=6
same "calls, of the last start alone" "$(value timed1 backward 3 calls)" 7
expect 0 1 train net.yaml --out double -q --profile train.precision=float64
same "bytes in float64" "$(value double forward 3 bytes)" $((8 * (500 * (216 + 10) + 35 * 2170)))

# Layers in lists under their full names, each once; what is computed again by itself; more ranks than micro-batches.
expect 0 1 train gpt.yaml --out plain -q
for ranks in 1 5; do
    expect 0 $ranks train gpt.yaml --out gpt$ranks -q --profile
    [ $ranks != 1 ] || same "weights with --profile" "$(weights_of plain)" "$(weights_of gpt$ranks)"
    adds_up gpt$ranks
    [[ $(rows gpt$ranks) == *recompute,block.* ]] || fail "no recomputation: $(rows gpt$ranks)"
    for layer in block.attention block.self_attn block.linear1 2.norm2 2.linear2 3; do
        [ "$(value gpt$ranks forward $layer calls)" = 12 ] && [ "$(value gpt$ranks backward $layer calls)" = 12 ] || fail "calls of $layer: $(cat gpt$ranks/profile.csv)"
    done
    samples=$(column gpt$ranks/metrics.csv batch_samples | awk '{ n += $1 } END { print n }')
    same "operations of attention" "$(value gpt$ranks forward block.self_attn flops)" $((samples * (2 * 4 * 16 * 8 * 8 + 4 * 8 * 16 * 17 / 2)))
    same "operations computed again" "$(value gpt$ranks recompute block.linear1 flops)" $((samples * 2 * 16 * 8 * 32))
done

# Transposed convolutions, and recurrent layers both ways: each direction has its products.
cat >other.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: conv_transpose2d, channels: 2, kernel: 2, stride: 2}, {type: reshape, to: [16, 32]}, {type: lstm, units: 3},
  {type: bidirectional, of: {type: gru, units: 4, output: last}}, {type: dense, units: 10}]
batch: {global: 50, micro: 25}
train: {updates: 2, evaluate_every: none}
END
expect 0 1 train other.yaml --out other -q --profile
same "operations of a transposed convolution" "$(value other forward 0 flops)" $((100 * 2 * 64 * 2 * 4))
same "... backward" "$(value other backward 0 flops)" $((100 * 2 * 64 * 2 * 4))
same "operations of an lstm" "$(value other backward 2 flops)" $((2 * 100 * 2 * 16 * 4 * 3 * (32 + 3)))
same "operations of a gru both ways" "$(value other forward 3 flops)" $((2 * 100 * 2 * 16 * 3 * 4 * (3 + 4)))
