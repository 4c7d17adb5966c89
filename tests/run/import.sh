# SPDX-License-Identifier: BSD-3-Clause
# cairn import and cairn info, and the scripts of datasets/.
. "${BASH_SOURCE%/*}/../support/run.sh"

# info PATTERN FILE: what cairn info says of it
info()
{
    expect 0 0 info "$2"
    grep -Eq -- "$1" out || fail "cairn info $2 does not say '$1': $(cat out)"
}

# What is in the repository can be made again, and says what it is.
CAIRN=$cairn "$datasets/rebuild" "$PWD" >out 2>err || fail "datasets/rebuild"
for name in digits diabetes; do
    expect 0 0 info "$datasets/$name.h5"
    sed 1d out >wanted
    expect 0 0 info "$name.h5"
    sed 1d out | cmp -s wanted - || fail "$name.h5 made again is not that of the repository"
done
info 'x \[1437, 1, 8, 8\] uint8, scale 0.0625, from 0 to 1' digits.h5
info 'license: CC-BY-4.0' digits.h5
"$CAIRN_BUILD/tests/run_make_data" start.h5 /weights/0.weight=float32:3x4
info 'start.h5: weights$' start.h5
info '0.weight \[3, 4\] float32' start.h5
info 'y \[353, 1\] float32, real targets' diabetes.h5

# A table of texts and classes.
printf 'width,kind\n1,rose\n2,daisy\n3,rose\n' >flowers.csv
expect 0 0 import csv flowers.csv -o flowers.h5 --classes --test-every 3 --title='three flowers'
grep -q '2 classes, train 2, test 1' out || fail "import says $(cat out)"
info 'title: three flowers' flowers.h5
info 'classes: daisy,rose' flowers.h5

# What becomes of columns is said and kept; errors name the flag that helps.
printf '"","born","kind","t"\n"1",1970-01-03,"a",5\n"2",1970-01-04,"b",NA\n"3",1970-01-05,"b",7\n' >mixed.csv
expect_line 3 0 "mixed.csv:2: column 2 is 'a', not a number .column kind.; --categories 'kind'" import csv mixed.csv -o mixed.h5
expect_line 3 0 "mixed.csv:3: column 3 is 'NA', no value .column t, the target.; --missing drop" import csv mixed.csv --drop kind -o mixed.h5
expect 0 0 import csv mixed.csv --categories auto --missing drop --test-every 2 -o mixed.h5
grep -q 'column 0 (0): left out: it names or counts the rows' err && grep -q '1 of 3 rows lack a value' err || fail "import says $(cat err)"
grep -q 'samples \[3\], 1 real targets, train 1, test 1' out || fail "import says $(cat out)"

expect 0 0 import csv mixed.csv --only t --no-target --missing drop -o mixed.h5 --overwrite
grep -q 'samples \[1\], without targets' out || fail "import says $(cat out)"

# IDX files by name: two images of one pixel.
printf '\0\0\10\3\0\0\0\2\0\0\0\1\0\0\0\1\0\377' >images
printf '\0\0\10\1\0\0\0\2\0\1' | gzip >labels.gz
expect 0 0 import idx --train images labels.gz --test images labels.gz --val 1 -o two.h5
info 'samples of \[1, 1, 1\]' two.h5
info 'val: 1 samples' two.h5

# Each refusal is one line with its exit code, and leaves nothing behind.
expect_line 2 0 'no import format .csx.; did you mean .csv.' import csx flowers.csv -o new.h5
expect_line 2 0 'no -o FILE.h5' import csv flowers.csv
expect_line 2 0 'flowers.h5: is already there; --overwrite' import csv flowers.csv -o flowers.h5
expect_line 2 0 'no option --classes' import digits flowers.csv -o new.h5 --classes
expect_line 2 0 '--val is many, but takes a whole number' import csv flowers.csv -o new.h5 --val many
expect_line 3 0 "flowers.csv:2: column 1 is 'rose', not a number" import csv flowers.csv -o new.h5
expect_line 3 0 'none.csv: No such file' import csv none.csv -o new.h5
expect_line 3 0 'has neither train-images-idx3-ubyte nor' import idx . -o new.h5
expect_line 3 0 'labels.gz: has one dimension' import idx --train labels.gz images -o new.h5
expect_line 6 0 'none/new.h5: cannot be written: No such file' import csv flowers.csv --classes -o none/new.h5
# a class beyond all others costs no memory
"$CAIRN_BUILD/tests/run_make_data" far.h5 /train/x=float32:4x2 /train/y=int32:4:2147483646
memory_kb=4000000
[ -z "${ASAN_OPTIONS-}" ] || memory_kb=unlimited # sanitizers take addresses by the terabyte
(ulimit -v $memory_kb && info '2147483647 classes; samples of each: 0 .* \.\.\.$' far.h5) || exit 1
expect_line 3 0 'is not an HDF5 file' info flowers.csv
expect_line 3 0 'No such file' info none.h5
expect_line 2 0 'usage: cairn info' info
cp flowers.h5 older.h5
(ulimit -f 1; expect_line 6 0 'flowers.h5: .*File too large.*ulimit -f' import csv flowers.csv --classes -o flowers.h5 --overwrite)
cmp -s flowers.h5 older.h5 || fail "import has changed a file that it could not replace"
[ -z "$(find . -name "new*" -o -name "*.tmp")" ] || fail "something is left behind: $(ls)"

# fetch refuses files that are not MNIST.
cp images train-images-idx3-ubyte
if CAIRN=$cairn "$datasets/fetch" mnist --from . -o mnist.h5 >out 2>err; then fail "fetch took wrong files"; fi
grep -q 'train-images-idx3-ubyte is not what it should be' err || fail "fetch says $(cat err)"
