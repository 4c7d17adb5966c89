# SPDX-License-Identifier: BSD-3-Clause
# cairn train --init: weights made elsewhere, what fits and what does not, and that a run which goes on leaves them alone.
# Files written by h5py: python.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 6}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 96, micro: 16}
train: {updates: 4, seed: 3, reproducible: true}
checkpoint: {every_updates: 2, keep: 0}
END

# file NAME [ARRAY=...]...: weights for it, with these arrays in place of its own; none leaves one out
file()
{
    local name=$1 array what=()
    shift
    for array in /weights/1.weight=float32:6x64 /weights/1.bias=float32:6:0.5 /weights/3.weight=float64:10x6 \
        /weights/3.bias=float32:10; do
        [[ " $* " = *" ${array%%=*}="* ]] || what+=("$array")
    done
    for array; do
        [[ $array = *=none ]] || what+=("$array")
    done
    "$CAIRN_BUILD/tests/run_make_data" "$name" "${what[@]}"
}

array() { h5dump -d "$2" -w 1 "$1" | sed -n '/DATA {/,/}/p'; }

# ---- a checkpoint is such a file, and begins another run with its weights on any number of ranks
expect 0 2 train run.yaml --out first
last=first/checkpoints/latest.h5
for ranks in 1 3; do
    expect 0 $ranks train run.yaml --out copy.$ranks --init $last train.updates=0 train.seed=9
    same "weights taken on $ranks ranks" "$(weights_of copy.$ranks)" "$(weights_of first)"
    grep -q "begins with the weights of $last" err || fail "not told what it begins with"
    expect 0 $ranks train run.yaml --out on.$ranks --init $last train.seed=9
    [ "$(weights_of on.$ranks)" != "$(weights_of first)" ] || fail "nothing was learnt after --init"
done
same "weights after --init on 1 and 3 ranks" "$(weights_of on.1)" "$(weights_of on.3)"
expect 0 1 train run.yaml --out plain train.seed=9
[ "$(weights_of on.1)" != "$(weights_of plain)" ] || fail "--init changes nothing"
same "init_from" "$(json on.1/provenance.json init_from)" $last
same "init_weights_hash" "$(json on.1/provenance.json init_weights_hash)" "$(weights_of first)"
same "init_from without --init" "$(json plain/provenance.json init_from)" null

# ---- numbers of another type, and texts around them
file other.h5 /weights@wer=someone /note=text:2:words /more/what=int32:3
expect 0 3 train run.yaml --out other --init other.h5 train.updates=0
if command -v h5dump >/dev/null; then
    array other.h5 /weights/3.weight >a
    array other/checkpoints/latest.h5 /weights/3.weight >b
    [ -s a ] && cmp -s a b || fail "float64 weights are not what was stored"
    grep -q '0\.5' <(array other/checkpoints/latest.h5 /weights/1.bias) || fail "the bias is not what was stored"
fi

# ---- a run that goes on does not read the file: the batch script of a requeued job has --init, too
expect 0 1 train run.yaml --out whole --init $last train.seed=9 train.updates=6
expect 0 2 train run.yaml --out cut --init $last train.seed=9
for ranks in 3 1; do
    expect 0 $ranks train run.yaml --out cut --init nowhere.h5 train.seed=9 train.updates=6
    same "weights of a run that went on" "$(weights_of cut)" "$(weights_of whole)"
done
same "starts that took weights" "$(grep -c "init_from\": \"$last\"" cut/provenance.json)" 1

# ---- afresh in the folder that holds those weights; where they do not fit, the older run is still there
expect_line 3 3 'nowhere.h5: No such file' train run.yaml --out first --overwrite --init nowhere.h5
expect 0 1 train run.yaml --out again --init $last train.updates=0 train.seed=9
expect 0 3 train run.yaml --out again --overwrite --init again/checkpoints/latest.h5 train.updates=0
same "weights of its own older run" "$(weights_of again)" "$(weights_of first)"

# ---- what does not fit: all of it in one line, on 1 rank and on 3
# wrong CODE PATTERN ARGUMENTS...
wrong()
{
    local ranks
    for ranks in 0 3; do
        rm -rf wrong
        expect_line "$1" $ranks "$2" train run.yaml --out wrong "${@:3}"
        if [ "$1" = 2 ]; then [ ! -e wrong ] || fail "${*:3} made a folder"; fi
        [ ! -e wrong/checkpoints/latest.h5 ] || fail "${*:3} left a checkpoint"
    done
}

wrong 3 'nowhere.h5: No such file' --init nowhere.h5
echo "no weights" >text.h5
wrong 3 'text.h5: is not an HDF5 file' --init text.h5
head -c 3000 other.h5 >short.h5
wrong 3 'short.h5: is damaged or not complete' --init short.h5
wrong 3 'digits.h5: has no group /weights' --init "$datasets/digits.h5"
file bad.h5 /weights/1.weight=float32:6x63 /weights/3.bias=none /weights/4.weight=float32:3x4 /buffers/2.mean=float32:3
wrong 3 'bad.h5: does not fit the model: missing 3.bias \[10\]; of another shape 1.weight \[6, 63\], wanted \[6, 64\]; surplus 4.weight, 2.mean; --init-partial' --init bad.h5
wrong 3 'bad.h5: does not fit' --init bad.h5 --check
file bad.h5 /weights/1.weight=float32:64x6
wrong 3 'model: of another shape 1.weight \[64, 6\], wanted \[6, 64\]; --init-partial' --init bad.h5
file bad.h5 /weights/1.weight=float32:6x64:nan
wrong 3 '/weights/1.weight: number 0 is not finite' --init bad.h5
file bad.h5 /weights/3.weight=float64:10x6:1e300
wrong 3 '/weights/3.weight: number 0 is not finite as float32' --init bad.h5
file bad.h5 /weights/1.bias=text:6
wrong 3 '/weights/1.bias holds text' --init bad.h5
"$CAIRN_BUILD/tests/run_make_data" bad.h5 /weights/module.{1.weight=float32:6x64,1.bias=float32:6,3.weight=float32:10x6,3.bias=float32:10}
wrong 3 "bad.h5: all names begin with 'module.'" --init bad.h5
"$CAIRN_BUILD/tests/run_make_data" bad.h5 /weights/stem.weight=float32:6x64 /weights/11.bias=float32:6
wrong 3 'nothing in it fits the model: missing 1.weight \[6, 64\], 1.bias \[6\], 3.weight .*; surplus stem.weight, 11.bias' --init bad.h5 --init-partial
surplus=()
for n in $(seq 10 29); do surplus+=("/weights/$n.weight=float32:2"); done
file bad.h5 "${surplus[@]}"
wrong 3 'surplus 10.weight,.* 19.weight and 10 more; --init-partial' --init bad.h5
wrong 2 '--init-partial .* which is not given' --init-partial
wrong 2 '--init .* and --resume .*leave one out' --init other.h5 --resume $last
wrong 2 '--init needs a value' --init=

# ---- safetensors: what a checkpoint was written as, and files that are none
# tensors NAME HEADER BYTES [LENGTH]: the header, of that length, and so many zeros
tensors()
{
    local i n=${4:-${#2}}
    {
        for i in 0 8 16 24 32 40 48 56; do printf "\\x$(printf %02x $((n >> i & 255)))"; done
        printf %s "$2"
        head -c "$3" /dev/zero
    } >"$1"
}
# header [TYPE SHAPE BYTES]: of the right arrays, the first of this kind
header()
{
    local type=${1:-F32} shape=${2:-6,64} n=${3:-1536}
    printf '{"1.weight":{"dtype":"%s","shape":[%s],"data_offsets":[0,%s]},' "$type" "$shape" "$n"
    printf '"1.bias":{"dtype":"F32","shape":[6],"data_offsets":[%s,%s]},' "$n" $((n + 24))
    printf '"3.weight":{"dtype":"F32","shape":[10,6],"data_offsets":[%s,%s]},' $((n + 24)) $((n + 264))
    printf '"3.bias":{"dtype":"F32","shape":[10],"data_offsets":[%s,%s]}}' $((n + 264)) $((n + 304))
}

for type in F32:1536 F64:3072 F16:768 BF16:768; do
    tensors zeros.safetensors "$(header ${type%:*} 6,64 ${type#*:})" $((${type#*:} + 304))
    expect 0 3 train run.yaml --out zeros.${type%:*} --init zeros.safetensors train.updates=0
    same "zeros in ${type%:*} and F32" "$(weights_of zeros.${type%:*})" "$(weights_of zeros.F32)"
done
tensors bad.safetensors "$(header F32 6,63 1512)" 1816
wrong 3 'model: of another shape 1.weight \[6, 63\], wanted \[6, 64\]; --init-partial' --init bad.safetensors
tensors bad.safetensors "$(header I32)" 1840
wrong 3 '1.weight is of type I32, but weights are F32, F64, F16 or BF16' --init bad.safetensors
tensors bad.safetensors '{"one":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' 4
wrong 3 'nothing in it fits the model: missing 1.weight' --init bad.safetensors --init-partial

# whole DAMAGE: the line of a file that is none
whole() { wrong 3 "bad.safetensors: is no whole safetensors file: .*$1" --init bad.safetensors; }
tensors bad.safetensors "$(header)" 1839
wrong 3 'type, shape .* and place of 3.bias do not fit' --init bad.safetensors
tensors bad.safetensors "$(header)" 1841
whole 'its arrays are not as long as what follows the header'
tensors bad.safetensors "$(header)" 1840 99999
whole 'its header would be longer than it'
tensors bad.safetensors "$(header)" 1840 -1
whole 'its header would be longer than it'
printf 'short' >bad.safetensors
whole 'it is shorter than the length of a header'
tensors bad.safetensors '{"1.weight":' 1840
whole '.'
tensors bad.safetensors '[1, 2]' 1840
whole 'its header is no object of JSON'
for about in '{}' 7 '{"dtype":"F32","shape":[6,64]}' '{"dtype":"F32","shape":[6,64],"data_offsets":[0,8]}' \
    '{"dtype":"F32","shape":[6,64],"data_offsets":[-4,1532]}' '{"dtype":"F32","shape":[6,64],"data_offsets":[1536,0]}' \
    '{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}' '{"dtype":"F32","shape":"6","data_offsets":[0,4]}' \
    '{"dtype":"F32","shape":[1,1,1,1,1,1],"data_offsets":[0,4]}' '{"dtype":4,"shape":[6,64],"data_offsets":[0,1536]}'; do
    tensors bad.safetensors "{\"1.weight\":$about}" 1536
    expect_line 3 0 'type, shape .* and place of 1.weight do not fit' train run.yaml --out wrong --init bad.safetensors
done
mkdir folder.safetensors
wrong 3 'folder.safetensors: ' --init folder.safetensors
wrong 3 'nowhere.safetensors: No such file' --init nowhere.safetensors

# ---- a new head: what fits is taken, the rest keeps its first values
expect 0 3 train run.yaml --out head --init $last --init-partial train.updates=0 model.3.units=12
grep -q "^cairn: warning: $last: taken in part: of another shape 3.weight \[10, 6\], wanted \[12, 6\], 3.bias" err ||
    fail "--init-partial does not warn of what it leaves out"
expect 0 1 train run.yaml --out fresh train.updates=0 model.3.units=12
if command -v h5dump >/dev/null; then
    same "the body" "$(array head/checkpoints/latest.h5 /weights/1.weight)" "$(array $last /weights/1.weight)"
    same "the head" "$(array head/checkpoints/latest.h5 /weights/3.weight)" "$(array fresh/checkpoints/latest.h5 /weights/3.weight)"
fi
