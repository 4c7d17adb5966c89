# SPDX-License-Identifier: BSD-3-Clause
# cairn export: weights that come back as they went, files that others read, and every recipe and every net of tests/bench/peers
# as Python, whose outputs are those of cairn predict.  What is no safetensors file: safetensors.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/recipes.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: conv2d, channels: 4, kernel: 3, name: first}, {type: batchnorm}, {type: flatten}, {type: dense, units: 10}]
batch: {global: 96, micro: 16}
train: {updates: 3, seed: 3, ema: 0.5, reproducible: true}
END
expect 0 2 train run.yaml --out digits -q
last=digits/checkpoints/latest.h5

# ---- back again, on any number of ranks, in either precision
expect 0 0 export $last -o digits.safetensors
grep -q '^digits.safetensors: the weights' out || fail "not told what was written: $(cat out)"
for ranks in 1 3; do
    expect 0 $ranks train run.yaml --out back.$ranks --init digits.safetensors train.updates=0 train.seed=9 -q
    same "weights that came back on $ranks ranks" "$(weights_of back.$ranks)" "$(weights_of digits)"
    same "their running averages" "$(averages_of back.$ranks)" "$(averages_of digits)"
done
same "init_from" "$(json back.3/provenance.json init_from)" digits.safetensors
expect 0 0 train run.yaml --out double train.precision=float64 -q
expect 0 0 export double/checkpoints/latest.h5 -o double.safetensors
grep -aq '"dtype": "F64"' double.safetensors || fail "the weights of a run in doubles are not F64"
expect 0 0 train run.yaml --out back.double train.precision=float64 --init double.safetensors train.updates=0 train.seed=9 -q
same "weights in doubles that came back" "$(weights_of back.double)" "$(weights_of double)"
expect 0 0 export $last --ema -o ema.safetensors
! cmp -s ema.safetensors digits.safetensors || fail "--ema exports the weights"

# ---- what is in the files
head -c 8 digits.safetensors | od -An -tu8 | tr -d ' ' >length
holds "header" "$(cat length) % 8 == 0"
head -c $((8 + $(cat length))) digits.safetensors | tail -c +9 >header.json
same "format" "$(json header.json format)" pt
grep -q '"first.weight"' header.json || fail "a name is not that of the checkpoint"
expect 0 0 export $last -o digits.npz
expect 0 0 export $last -o again.npz
cmp -s digits.npz again.npz || fail "equal weights give other bytes"

# ---- Python: on standard output, in a file; data that are gone are not asked for
expect 0 0 export $last --pytorch
cp out printed.py
expect 0 0 export $last -o digits.py
cmp -s printed.py digits.py || fail "-o digits.py is not what --pytorch prints"
grep -q '"first": nn.Conv2d(1, 4, 3),' digits.py || fail "a layer with a name: $(cat digits.py)"
sed 's/^model:.*/model: [{type: conv2d, channels: 4, kernel: 3}, {type: relu}, {type: maxpool, kernel: 2}, {type: flatten}, {type: dense, units: 10}]/' run.yaml >pool.yaml
expect 0 0 train pool.yaml --out pool train.updates=0 train.ema=0 -q
expect 0 0 export pool/checkpoints/latest.h5 --pytorch
same "layers in the order in which they are written" "$(grep -A 3 'nn.Sequential($' out | tr -s ' \n' ' ')" \
    " net = nn.Sequential( nn.Conv2d(1, 4, 3), # [4, 6, 6] nn.ReLU(), # [4, 6, 6] nn.MaxPool2d(2), # [4, 3, 3] "
cp "$datasets/digits.h5" own.h5
expect 0 0 train run.yaml data.file=own.h5 train.ema=0 --out own -q
rm own.h5
expect 0 0 export own/checkpoints/latest.h5 --pytorch
if [ -d "$CAIRN_SOURCE/tests/earlier" ]; then
    old=$(find "$CAIRN_SOURCE/tests/earlier" -name '*.h5' -path '*checkpoint*' | head -n 1)
    [ -z "$old" ] || expect 0 0 export "$old" -o earlier.npz
fi

# ---- what is refused
cp digits.npz kept.npz
expect_line 2 0 'digits.npz is there; --overwrite replaces it' export $last -o digits.npz
expect 0 0 export double/checkpoints/latest.h5 -o digits.npz --overwrite
! cmp -s digits.npz kept.npz || fail "--overwrite replaces nothing"
expect_line 2 0 'weights.bin: the ending .*: .safetensors, .npz,? .*or .' export $last -o weights.bin
expect_line 2 0 '.safetensors: the ending' export $last -o .safetensors
expect_line 2 0 '-o FILE is missing' export $last
expect_line 2 0 'which checkpoint' export -o x.npz
expect_line 2 0 'must end in \.py' export $last --pytorch -o weights.safetensors
expect_line 2 0 'what export reads' export $last -o $last --pytorch --overwrite
expect_line 3 0 'nowhere.h5: No such file' export nowhere.h5 -o x.npz
expect_line 3 0 'is not a Cairn checkpoint' export "$datasets/digits.h5" -o x.npz
expect_line 3 0 'without train.ema' export own/checkpoints/latest.h5 --ema -o x.npz
head -c 20000 $last >cut.h5
expect_line 3 0 'cut.h5' export cut.h5 -o x.npz
expect_line 6 0 'x.npz' export $last -o nowhere/x.npz
[ ! -e x.npz ] || fail "something was written all the same"
same "unfinished files" "$(find . -name '*.unfinished*' -o -name '.*tmp*' | wc -l)" 0

# ---- what NumPy, safetensors and PyTorch read
for python in ${PYTHON:-python3 /usr/bin/python3} ""; do
    [ -n "$python" ] || { echo "no Python here has torch, safetensors, h5py and yaml: nobody else reads the files" && exit 0; }
    ! "$python" -c "import torch, safetensors, h5py, yaml; torch.nn.RMSNorm" 2>/dev/null || break
done
exported=("$python" "$CAIRN_SOURCE/tests/bench/peers/exported.py" --cairn "$cairn")
"${exported[@]}" --nets mlp activations patches upwards transposes "dilated pools" "few norms" "dense norms" "dense residual" branches pixels \
    convolutions dilated signals volumes norms attention recurrent "both ways" "gru, tokens" rotary llama "norms last" gpt "gpt, tied" >nets ||
    fail "outputs of nets: $(grep 'too far' nets)"
"${exported[@]}" --precision float64 --nets norms "both ways" llama >nets || fail "in doubles: $(grep 'too far' nets)"

# recipe NAME
recipe()
{
    local keys=()
    case $1 in shakespeare-gpu-size | cosmoflow) keys=(batch.global=3 batch.micro=1) ;; esac
    expect 0 0 train "$recipes/$1.yaml" "$(data_of "$1")" train.updates=2 train.evaluate_every=none checkpoint.every=none \
        "${keys[@]}" --out "$1" -q
    "${exported[@]}" "$1/checkpoints/latest.h5" | tee -a "$work/recipes" | grep -v 'too far' ||
        fail "recipe $1: $(grep "$1/" "$work/recipes")"
}

most_beside=2
for file in "$recipes"/*.yaml; do
    name=$(basename "$file" .yaml)
    data_of "$name" >/dev/null
    beside recipe "$name"
done
all_good
