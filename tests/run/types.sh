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

# x, y and weight: each as all that they may be, together to save runs.
wanted=$(trained)
while read -r x y w; do same "x $x, y $y, weight $w" "$(trained x="$x" y="$y" weight="$w")" "$wanted"; done <<'END'
f4be f4 u1
f8 f8be f8be
f8be i1 i4
f2 u8 f2
long i2be long
i1 enum i1
i2be text u2
i4 texts f8
i8 column:i8 i8be
i8be column:f4 u8
u1 column:enum i2
u2 hot:f4 u4be
u4be hot:f8be f4be
u8 hot:i8 i8
END
same "bool" "$(trained numbers=bits x=bool weight=bool)" "$(trained numbers=bits)"

# A tie is rounded as C rounds it, whoever turns round the bytes.
wanted=$(trained numbers=ties)
for x in f8be i8be; do same "x rounded from $x" "$(trained numbers=ties x=$x)" "$wanted"; done

# Rows that are read as they come, on more ranks.
trained x=f8be y=texts numbers=ties >/dev/null
expect 0 2 train run.yaml --out b data.in_memory=false -q
same "streamed" "$(weights_of b)" "$wanted"

# What is said of them.
run 0 info data.h5
grep -q 'x \[60, 4\] float64, big-endian, read as float32' out || fail "info: no conversion of x"
grep -q 'y \[60\] variable-length text, 3 classes' out && grep -q 'classes: cat,dog,emu' out || fail "info: no names"

# The names go with the model, and other names are not its classes.
run 0 info b/checkpoints/latest.h5
grep -q '^  classes: cat,dog,emu' out || fail "info: the model has no names"
expect 0 1 eval b/checkpoints/latest.h5
"$CAIRN_BUILD/tests/run_make_strangers" other.h5 y=two numbers=ties
expect_line 3 2 'its labels name other classes than those that the model learnt' eval b/checkpoints/latest.h5 --data other.h5

# A label that is none.
"$CAIRN_BUILD/tests/run_make_strangers" data.h5 y=half
expect_line 3 2 '/train/y row 30: the label 1.5 is not a class' train run.yaml --out c
