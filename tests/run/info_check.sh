# SPDX-License-Identifier: BSD-3-Clause
# cairn info --check: all numbers read once, by any number of ranks; code 3 where something is wrong.
. "${BASH_SOURCE%/*}/../support/run.sh"

make="$CAIRN_BUILD/tests/run_make_data"

# says PATTERN: what was printed has a line with it.
says() { grep -Eq -- "$1" out || fail "info --check does not say '$1': $(cat out)"; }

# alike CODE ARGUMENTS...: one process and three ranks print the same.
alike()
{
    local wanted=$1
    shift
    expect "$wanted" 0 info --check "$@"
    cp out one
    expect "$wanted" 3 info --check "$@"
    cmp -s out one || fail "info --check $*: $(diff out one | head -n 4)"
}

# What is right.
alike 0 "$datasets/digits.h5" "$datasets/diabetes.h5"
says '^  train: 1437 samples'
says 'x: from 0 to 1, mean 0.305215'
says 'y: 10 classes, from 133 to 154 samples each: 136 154'
says 'note: .*/train/x: 3 of the 64 numbers of a sample are the same in all samples: 0, 32, 39'
says 'number 9: from -2.85527 to 2.82601, mean .*, deviation 1$'
[ "$(grep -c '^  nothing is wrong' out)" = 2 ] || fail "not both are right"

# What is not, with its place; each group's rows are shared by the ranks.
"$make" bad.h5 /train/x=float32:30x4:rising:17=nan:70=inf:71=nan:119=nan /train/y=int32:30:rising:3=-7 \
    /test/x=float32:5x4:1 /test/y=int32:5:0 /train/weight=float32:30:rising:9=-1 /val/x=float32:3x4:rising /val/y=int32:3:0
alike 3 bad.h5
says 'wrong: .*bad.h5: /train/x row 4: number 1 is nan, the first of 4$'
says 'wrong: .*bad.h5: /train/x row 17: number 2 is inf$'
says 'wrong: .*bad.h5: /train/weight row 9: -1 is not a weight'
says 'wrong: .*bad.h5: /train/y row 3: the label -7 is below 0'
says 'wrong: of 3 samples of val 3 are in train, too: .*/val/x row 0 is .*/train/x row 0$'
says 'note: samples of test come more than once, 4 in excess: .*/test/x row 1 is .*/test/x row 0$'
expect_line 3 2 'bad.h5: 6 things are wrong, the first: .*/train/x row 4: number 1 is nan' info --check bad.h5

# Parts that are compared: nothing of others is taken for a twin.
"$make" good.h5 /train/x=float32:30x4:rising /train/y=int32:30 /test/x=float32:9x4:rising:3=7:7=8:11=9:15=1:19=2:23=3:27=4:31=5:35=6 /test/y=int32:9
expect 0 3 info --check good.h5

# Other names and places, as in a run file.
"$make" other.h5 /images=uint8:20x3x3:rising /labels=int32:20:rising:7=-100
expect 0 3 info --check other.h5 data.x=images data.y=labels data.test_fraction=0.25
says '^  test: 5 samples'
says 'note: .*/labels row 7: the label -100 is below 0, one of 1 such labels; cross_entropy passes over it'
says 'note: .*/images is uint8 without a scale'
expect 0 0 info --check data.train=good.h5 data.test=good.h5 data.y=x
cat >run.yaml <<'END'
data: {train: other.h5, x: images, y: labels, std: 255}
model: [{type: flatten}, {type: dense, units: 20}]
END
expect 0 0 info --check run.yaml
! grep -q 'without a scale' out || fail "data.std is not seen"
expect_line 3 1 '/nolabels is not an array' info --check other.h5 data.x=images data.y=nolabels
"$make" named.h5 /train/x=float32:6x2:rising /train/y=int32:6 /train/y@classes=cat,dog
expect_line 3 1 '/train/y row 2: the label 2 is none of the 2 classes with names' info --check named.h5

# Numbers that are missing, of netCDF, and tokens.
"$CAIRN_BUILD/tests/run_make_strangers" gap.nc x=i2 how=netcdf_missing names=x,y
expect_line 3 2 '/x row 2: number 3 is missing, a _FillValue' info --check gap.nc
"$make" t.h5 /train/tokens=int32:90 /train/tokens@vocabulary=5 /test/tokens=int32:40:rising:0=-2 /test/tokens@vocabulary=5
alike 3 t.h5
says 'note: .*/train/tokens: 2 of the 5 tokens never come: 3, 4$'
says 'wrong: .*/test/tokens position 0: -2 is not a token below the vocabulary of 5, the first of 36$'

# Several files: each is looked at, whatever is wrong with another.
expect 3 2 info --check good.h5 bad.h5 none.h5 "$datasets/digits.h5"
says 'wrong: .*none.h5: No such file'
[ "$(grep -c '^  nothing is wrong' out)" = 2 ] || fail "not all four were looked at"
expect_line 3 0 '2 of 4 files are not right; the first: bad.h5' info --check good.h5 bad.h5 none.h5 "$datasets/digits.h5"
expect_line 2 0 'only one without --check' info good.h5 bad.h5
expect_line 2 0 'keys are for --check' info good.h5 data.x=x
expect_line 2 0 'which file' info --check

# A chunk that is damaged, read by one of three ranks.
cp "$datasets/digits.h5" damaged.h5
printf '\377\377\377\377' | dd of=damaged.h5 bs=1 seek=60000 conv=notrunc status=none
expect_line 3 3 'damaged.h5: .*/train/x' info --check damaged.h5

# One rank cannot open it: all end, with one line.
CAIRN_FAULT=data.open@2 expect_line 3 3 'planted fault data.open' info --check good.h5
