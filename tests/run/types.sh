# SPDX-License-Identifier: BSD-3-Clause
# The same numbers give the same weights, however they are stored: x, labels and weights of any type.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<'END'
data: {file: data.h5, std: 50}
model: [{type: dense, units: 6}, {type: tanh}, {type: dense, units: 3}]
loss: cross_entropy
batch: {global: 12, micro: 4}
train: {epochs: 2, reproducible: true}
END

# trained ARGUMENTS OF MAKE...: the hash of what is learnt from such a file.
trained()
{
    "$CAIRN_BUILD/tests/run_make_strangers" data.h5 "$@"
    run 0 train run.yaml --out a --overwrite -q
    [ "$code" = 0 ] || fail "$*: code $code"
    weights_of a
}

wanted=$(trained)
for x in f4be f8 f8be f2 long i1 i2 i2be i4 i8 i8be u1 u2 u4be u8; do same "x as $x" "$(trained x=$x)" "$wanted"; done
for y in f4 f8be i1 u8 i2be enum text texts column:i8 column:f4 column:enum hot:f4 hot:f8be hot:i8; do
    same "y as $y" "$(trained y=$y)" "$wanted"
done
for w in u1 f8be i4; do same "weight as $w" "$(trained weight=$w)" "$wanted"; done
same "bool" "$(trained numbers=bits x=bool weight=bool)" "$(trained numbers=bits)"

# A tie is rounded as C rounds it, whoever turns round the bytes.
wanted=$(trained numbers=ties)
for x in f8 f8be i8 i8be long; do same "x rounded from $x" "$(trained numbers=ties x=$x)" "$wanted"; done

# Rows that are read as they come, on more ranks.
trained x=f8be y=texts numbers=ties >/dev/null
expect 0 2 train run.yaml --out b data.in_memory=false -q
same "streamed" "$(weights_of b)" "$wanted"

# What is said of them.
run 0 info data.h5
grep -q 'x \[60, 4\] float64, big-endian, read as float32' out || fail "info: no conversion of x"
grep -q 'y \[60\] variable-length text, 3 classes' out && grep -q 'classes: cat,dog,emu' out || fail "info: no names"

# A label that is none.
"$CAIRN_BUILD/tests/run_make_strangers" data.h5 y=half
expect_line 3 2 '/train/y row 30: the label 1.5 is not a class' train run.yaml --out c
