# SPDX-License-Identifier: BSD-3-Clause
# cairn import npy, npz, cifar10, images, libsvm and hdf5: the samples of a file are those of its source, whatever the
# format, the groups and the compression; files of other kinds are named for what they are.
. "${BASH_SOURCE%/*}/../support/run.sh"

"$CAIRN_BUILD/tests/run_make_sources"

# import PATTERN FORMAT ARGUMENTS...: into o.h5; the line that says the result
import()
{
    expect 0 0 import "${@:2}" -o o.h5 --overwrite
    grep -Eq -- "$1" out || fail "import ${*:2} does not say '$1': $(cat out)"
}

# hash_of FILE: what a file teaches, in bits
hash_of()
{
    expect 0 1 train run.yaml data.file="$1" --out "run.$1" --overwrite -q
    weights_of "run.$1"
}
printf '%s\n' 'data: {file: a.h5}' 'model: [{type: dense, units: 3}]' 'batch: {global: 6, micro: 3}' \
    'optim: {lr: 0.0001}' 'train: {updates: 3, reproducible: true}' >run.yaml

# One set of numbers, by five ways and both compressions.
import 'samples \[4\], 3 classes, train 6; chunks of 6 samples, not compressed, Fletcher-32' npy x.npy y.npy --x x --y y
cp o.h5 a.h5
wanted=$(hash_of a.h5)
import 'samples \[4\], 3 classes, train 6; chunks of 6 samples, deflate 4, Fletcher-32' npz turned.npz --compress deflate:4
"$cairn" info o.h5 | grep -q 'classes: nil,one,two' || fail "names of classes: $("$cairn" info o.h5)"
same "npz by columns" "$(hash_of o.h5)" "$wanted"
import 'train 6, test 6; ' npz all.npz
cp o.h5 b.h5
import 'samples \[4\], 3 classes, train 6; ' libsvm rows.svm
"$cairn" info o.h5 | grep -q 'classes: -1,0,1' || fail "names of classes: $("$cairn" info o.h5)"
same libsvm "$(hash_of o.h5)" "$wanted"
import 'train 6, test 6; chunks of 6 samples, deflate 1, Fletcher-32' hdf5 b.h5 --compress deflate:1
same hdf5 "$(hash_of o.h5)" "$(hash_of b.h5)"
cp b.h5 c.h5
import 'train 12, test 12; ' hdf5 b.h5 c.h5 --no-target
"$CAIRN_BUILD/tests/run_make_data" odd.h5 /part/data=float32:6x4 /part/label=int32:6
import 'samples \[4\], 3 classes, train 4, test 2; ' hdf5 odd.h5 --train-group part --x data --y label --test-every 3
gzip -k x.npy
import 'train 2, val 2, test 2; ' npy x.npy.gz y.npy --test-every 3 --val 2
import 'without targets, train 6' npy x.npy --no-target

# Images: bytes of one value each, so JPEG keeps them.
import 'samples \[1, 8, 8\], 3 classes, train 6; ' images tree
"$cairn" info o.h5 | grep -q 'uint8, scale 0.00392' || fail "$("$cairn" info o.h5)"
import 'samples \[3, 4, 2\], 3 classes, train 6; ' images tree --size 4x2 --colour rgb
import 'samples \[3, 32, 32\], 3 classes, train 5, val 1, test 6; ' cifar10 cifar --val 1

# An array that is larger than what the import takes: 150 MB of zeros in less than 100.
# zeros FILE SHAPE BYTES: a .npy file
zeros()
{
    printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($2), }" >"$1"
    truncate -s $((128 + $3)) "$1"
}
if command -v python3 >/dev/null && [ -z "${ASAN_OPTIONS-}" ]; then
    zeros X.npy '150000, 1000' 150000000
    zeros labels.npy 150000, 150000
    kb=$(python3 -c 'import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss if status == 0 else 10**9)' "$cairn" import npy X.npy labels.npy -o o.h5 --overwrite --compress deflate:1 2>err | tail -n 1)
    [ "$kb" -lt 100000 ] || fail "import of 150 MB takes $kb kB"
    rm X.npy labels.npy
fi

# Each refusal is one line.
expect_line 2 0 '--compress is lzf, but takes none, or deflate:1' import npy x.npy -o new.h5 --compress lzf
expect_line 2 0 "both 'x' and 'x' may be x" import npy x.npy x.npy y.npy -o new.h5
expect_line 3 0 'no array is y of train; there are: x \[6, 4\] float64; name one by --y' import npy x.npy -o new.h5
expect_line 3 0 'no array is x of train; there are: x .*, y .*name one by --x' import npy x.npy y.npy --x data -o new.h5
expect_line 3 0 'rows.svm:1: .1:1. is beyond|rows.svm:1: ' import libsvm rows.svm --features 1 -o new.h5
for line in '1 1:2 1:3;does not come after' '1 a:2;not index:value' '1,2 1:3;several labels' '1:2 2:3;where the label' \
    '1 1:nan;finite number' '1 0:1;--zero-based' '1 99999999:1;beyond 16777216 features' '0.5 1:1;--regression'; do
    echo "${line%;*}" >odd.svm
    expect_line 3 0 "odd.svm:1: '.*${line#*;}" import libsvm odd.svm -o new.h5
done
seq 200000 | sed 's|.*|1 16777216:1|' >wide.svm
expect_line 6 0 'new.h5: needs 13421.8 GB, and .* are free there; --compress' import libsvm wide.svm -o new.h5
head -c 60 tree/a/0.png >tree/a/broken.png
expect_line 3 0 'tree/a/broken.png: is damaged or not complete' import images tree -o new.h5
rm tree/a/broken.png
mkfifo tree/a/pipe.png # which nobody writes to
import 'train 6; ' images tree
expect_line 3 0 'pipe.png: is not a file' import npy tree/a/pipe.png -o new.h5
head -c 5000 cifar/data_batch_1.bin >cifar/data_batch_2.bin
expect_line 3 0 'data_batch_2.bin: has 5000 bytes, not records of 3073' import cifar10 cifar -o new.h5

# Files of other kinds, by how they begin.
# other FORMAT PATTERN BYTES
other()
{
    printf "$3" >strange
    expect_line 3 0 "strange: is $2" import "$1" strange -o new.h5
}
other csv 'packed by bzip2, .*bunzip2' 'BZh91AY&SY0000'
other csv 'packed by xz' '\3757zXZ\0000'
other csv 'packed by zstd' '\050\265\057\3750'
other csv 'a zip archive' 'PK\003\004\012\000\000\000'
other csv 'a Parquet file.*pandas.read_parquet' 'PAR1\0250'
other csv 'an ARFF file.*loadarff' '%% a comment\n\n@RELATION x\n'
other csv 'a pickle of Python' '\200\004\225000'
other csv "an array of NumPy.*cairn import npy" '\223NUMPY\001\000'
other npz 'packed by xz' '\3757zXZ\0000'
other libsvm 'an HDF5 file' '\211HDF\r\n\032\n'
tar czf folder.tar.gz tree
expect_line 3 0 'folder.tar.gz: is a tar archive.*tar xf' import csv folder.tar.gz -o new.h5
import 'tokens of a vocabulary of 256' text folder.tar.gz --bytes
[ -z "$(find . -name "new*" -o -name "*.tmp")" ] || fail "something is left behind: $(ls)"
