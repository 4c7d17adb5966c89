# SPDX-License-Identifier: BSD-3-Clause
# What `cairn export FILE.onnx` writes is well-formed, and onnxruntime gives what `cairn predict` gives: for nets that have
# every layer, in both precisions, and for every recipe, after a few updates.  What goes without onnxruntime: unit.export_onnx.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/recipes.sh"

tolerance=1e-5 # of the largest output: the order of sums is the program's own; in doubles 1e-7, as attributes are float32

for python in ${PYTHON:-python3 /usr/bin/python3} ""; do
    [ -n "$python" ] || skip "onnx, onnxruntime and h5py for Python are not installed (pip install onnx onnxruntime h5py)"
    ! "$python" -c "import onnx, onnxruntime, h5py" 2>/dev/null || break
done
grep -q "^#define CAIRN_HAVE_ONNX" "$CAIRN_BUILD/src/base/build_config.h" || skip "this Cairn was built without protobuf-c"

# onnx COMMAND ARGUMENTS...
onnx()
{
    "$python" "$CAIRN_SOURCE/tests/support/onnx_outputs.py" "$@"
}

# agrees NAME: a finished run and its export give the same.
agrees()
{
    local apart run=$1
    expect 0 0 export "$run/checkpoints/latest.h5" -o "$run.onnx"
    onnx samples "$run.onnx" "$run/config.yaml" x.h5 || fail "$run: no samples for it"
    expect 0 0 predict "$run/checkpoints/latest.h5" --data x.h5 -o y.h5
    apart=$(onnx compare "$run.onnx" "$run/config.yaml" x.h5 y.h5) || fail "$run: onnx or onnxruntime refuses it"
    echo "$run: $apart"
    [[ $run != *-float64 ]] || tolerance=1e-7
    holds "outputs of $run, apart by $apart" "$apart <= $tolerance"
}

# net NAME SHAPE MODEL [KEYS...]: of random samples with one of three classes.
net()
{
    "$CAIRN_BUILD/tests/run_make_data" "$1.h5" {train,test}/x="float32:24x$2" {train,test}/y=int32:24 >/dev/null
    printf '%s\n' "data: {file: $1.h5}" "model: $3" "batch: {global: 8, micro: 4}" "optim: {name: sgd, lr: 0.01}" >"$1.yaml"
    expect 0 0 train "$1.yaml" train.updates=3 "${@:4}" --out "$1" -q
    agrees "$1"
}

end="{type: flatten}, {type: dense, units: 3}"
vector="[{type: dense, units: 12, bias: false}, {type: batchnorm}, {type: tanh}, {type: groupnorm, groups: 3}, {type: elu, alpha: 0.7},
    {type: layernorm}, {type: gelu}, {type: rmsnorm}, {type: glu}, {type: dropout, p: 0.3}, {type: scale, factor: 3},
    {type: residual, body: [{type: dense, units: 5}, {type: sigmoid}], project: true}, {type: dense, units: 8}, {type: gelu, approximate: tanh},
    {type: glu, gate: silu}, {type: dense, units: 3}, {type: softmax}]"
rows="[{type: conv1d, channels: 4, kernel: 3, stride: 2, dilation: 2, groups: 2}, {type: batchnorm}, {type: silu},
    {type: conv_transpose1d, channels: 6, kernel: 3, stride: 2, output_padding: 1, groups: 2}, {type: groupnorm, groups: 2},
    {type: maxpool, kernel: 3, stride: 2, padding: 1}, {type: instancenorm, affine: true}, {type: upsample, factor: 3, mode: linear},
    {type: avgpool, kernel: 3, stride: 2, padding: 1}, {type: conv1d, channels: 3, kernel: 4, dilation: 3, padding: same}, $end]"
planes="[{type: conv2d, channels: 4, kernel: [3, 2], padding: 1, groups: 2, bias: false}, {type: dropout2d}, {type: leaky_relu, slope: 0.2},
    {type: residual, project: true, body: [{type: conv2d, channels: 6, kernel: 3, stride: 2, padding: 1}, {type: instancenorm}]},
    {type: conv_transpose2d, channels: 3, kernel: [3, 2], stride: 2, padding: [1, 0], output_padding: [1, 0]},
    {type: branches, of: [[], [{type: conv2d, channels: 2, kernel: 4, padding: same}, {type: relu}]]},
    {type: branches, join: sum, of: [[{type: softplus, beta: 2, threshold: 1}], [], [{type: conv2d, channels: 5, kernel: 1}]]},
    {type: upsample, factor: [2, 1], mode: linear}, {type: maxpool2d, kernel: 2, dilation: [2, 1]}, {type: upsample, factor: [1, 2]},
    {type: avgpool2d, kernel: [3, 2], stride: 2, padding: [1, 0]}, {type: transpose, dims: [1, 2, 0]}, {type: global_avgpool}, {type: dense, units: 3}]"
volumes="[{type: conv3d, channels: 3, kernel: [2, 3, 2], padding: [1, 0, 1]}, {type: batchnorm}, {type: maxpool, kernel: 2, stride: 1},
    {type: conv_transpose3d, channels: 2, kernel: 2, stride: [2, 1, 2], dilation: [1, 2, 1]}, {type: upsample, factor: [2, 1, 3], mode: linear},
    {type: groupnorm, groups: 1}, {type: avgpool, kernel: [2, 3, 2], stride: 2, padding: 1}, {type: reshape, to: [2, -1]}, $end]"
positions="[{type: position}, {type: attention, heads: 2, causal: true}, {type: attention, heads: 1, position: rotary}, {type: dense, units: 6},
    {type: transformer_block, heads: 1, norm: rms, mlp: swiglu, position: rotary, dropout: 0.1}, {type: transformer_block, heads: 3, norm_first: false, expansion: 2},
    {type: branches, of: [[], [{type: glu}]], dim: 1}, {type: layernorm}, {type: softmax}, $end]"
walks="[{type: lstm, units: 3}, {type: gru, units: 4, bias: false}, {type: bidirectional, of: {type: lstm, units: 3}},
    {type: bidirectional, of: {type: gru, units: 2}}, {type: branches, of: [[{type: gru, units: 3, output: last}], [{type: lstm, units: 2, output: last, bias: false}],
    [{type: bidirectional, of: {type: gru, units: 2, output: last}}], [{type: bidirectional, of: {type: lstm, units: 2, output: last}}]]}, {type: dense, units: 3}]"

most_beside=2
for precision in float32 float64; do
    [ $precision = float32 ] || rows=${rows/output_padding: 1, groups: 2/output_padding: 1} # of which onnx knows one group in doubles
    beside net vector-$precision 6 "$vector" train.precision=$precision
    beside net rows-$precision 4x14 "$rows" train.precision=$precision
    beside net planes-$precision 2x10x8 "$planes" train.precision=$precision
    beside net volumes-$precision 2x4x5x3 "$volumes" train.precision=$precision
    beside net positions-$precision 5x4 "$positions" train.precision=$precision
    beside net walks-$precision 6x5 "$walks" train.precision=$precision
done

# recipe NAME
recipe()
{
    local keys=()
    case $1 in
    shakespeare-gpu-size) keys=(batch.global=1 batch.micro=1 train.updates=1) ;; # as large as it is on purpose
    cosmoflow) keys=(batch.global=2 batch.micro=1) ;;
    esac
    expect 0 0 train "$recipes/$1.yaml" "$(data_of "$1")" train.updates=3 "${keys[@]}" --out "$1" -q
    agrees "$1"
    rm -r "$1"
}

for file in "$recipes"/*.yaml; do
    recipe=$(basename "$file" .yaml)
    data_of "$recipe" >/dev/null # once
    beside recipe "$recipe"
done
all_good
