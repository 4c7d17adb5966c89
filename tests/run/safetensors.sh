# SPDX-License-Identifier: BSD-3-Clause
# cairn train --init FILE.safetensors: the types that are read, and files that are none of these.  Files of HDF5: init.sh; those that
# cairn writes: export.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 6}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 96, micro: 16}
train: {updates: 0, reproducible: true}
END

# wrong CODE RANKS PATTERN FILE [FLAG]
wrong()
{
    expect_line "$1" "$2" "$3" train run.yaml --out wrong --init "${@:4}"
    [ ! -e wrong/checkpoints/latest.h5 ] || fail "$4 left a checkpoint"
    rm -rf wrong
}

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
    expect 0 0 train run.yaml --out zeros.${type%:*} --init zeros.safetensors
    same "zeros in ${type%:*} and F32" "$(weights_of zeros.${type%:*})" "$(weights_of zeros.F32)"
done
tensors bad.safetensors "$(header F32 6,63 1512)" 1816
wrong 3 0 'model: of another shape 1.weight \[6, 63\], wanted \[6, 64\]; --init-partial' bad.safetensors
tensors bad.safetensors "$(header I32)" 1840
wrong 3 0 '1.weight is of type I32, but weights are F32, F64, F16 or BF16' bad.safetensors
tensors bad.safetensors '{"one":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' 4
wrong 3 0 'nothing in it fits the model: missing 1.weight' bad.safetensors --init-partial

# whole DAMAGE: the line of a file that is none
whole() { wrong 3 0 "bad.safetensors: is no whole safetensors file: .*$1" bad.safetensors; }
tensors bad.safetensors "$(header)" 1839
for ranks in 1 3; do wrong 3 $ranks 'type, shape .* and place of 3.bias do not fit' bad.safetensors; done
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
long=$(printf 'x%.0s' {1..600})
tensors bad.safetensors "{\"$long\":{\"dtype\":\"F32\",\"shape\":[460],\"data_offsets\":[0,1840]}}" 1840
for ranks in 1 3; do wrong 3 $ranks 'the name x*[.][.][.] has 600 bytes' bad.safetensors; done
tensors bad.safetensors '[1, 2]' 1840
whole 'its header is no object of JSON'
for about in '{}' 7 '{"dtype":"F32","shape":[6,64]}' '{"dtype":"F32","shape":[6,64],"data_offsets":[0,8]}' \
    '{"dtype":"F32","shape":[6,64],"data_offsets":[-4,1532]}' '{"dtype":"F32","shape":[6,64],"data_offsets":[1536,0]}' \
    '{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}' '{"dtype":"F32","shape":"6","data_offsets":[0,4]}' \
    '{"dtype":"F32","shape":[1,1,1,1,1,1],"data_offsets":[0,4]}' '{"dtype":4,"shape":[6,64],"data_offsets":[0,1536]}'; do
    tensors bad.safetensors "{\"1.weight\":$about}" 1536
    wrong 3 0 'type, shape .* and place of 1.weight do not fit' bad.safetensors
done
mkdir folder.safetensors
wrong 3 0 'folder.safetensors: ' folder.safetensors
wrong 3 0 'nowhere.safetensors: No such file' nowhere.safetensors
