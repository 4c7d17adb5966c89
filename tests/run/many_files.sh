# SPDX-License-Identifier: BSD-3-Clause
# One sample in each of many files: the same weights as from one, however few are open at once; rank 0 alone opens all of them;
# one that changed since the checkpoint has its name.
. "${BASH_SOURCE%/*}/../support/run.sh"

make="$CAIRN_BUILD/tests/run_make_strangers"
cat >run.yaml <<'END'
data: {file: "m/*.h5", test: test.h5, std: 50, open_files: 8}
model: [{type: dense, units: 6}, {type: tanh}, {type: dense, units: 3}]
batch: {global: 12, micro: 4}
train: {epochs: 2, reproducible: true}
END
mkdir m
"$make" m/ part=all/60 names=train/x,train/y,
"$make" test.h5 names=,,x,y
"$make" one.h5 names=train/x,train/y,test/x,test/y
files=(m/*.h5)
same "files" "${#files[@]}" 60

expect 0 0 train run.yaml --out one -q data.file=one.h5 data.test=test
wanted=$(weights_of one)
list=$(IFS=, && echo "[${files[*]}]")
some=$(IFS=, && echo "[${files[*]:0:30},m/3?.h5,m/4?.h5,m/5?.h5]")
for how in "1 data.in_memory=true" "3 data.in_memory=false" "2 data.in_memory=false data.open_files=1" "3 data.file=$list" "2 data.file=$some"; do
    expect 0 ${how%% *} train run.yaml --out many --overwrite -q ${how#* }
    same "many files, $how" "$(weights_of many)" "$wanted"
    same "their evaluations, $how" "$(cut -d, -f5- many/eval.csv)" "$(cut -d, -f5- one/eval.csv)"
done
(ulimit -n 64 && expect 0 0 train run.yaml --out few -q data.in_memory=false data.open_files=1000) || exit 1
same "with few files that the process may open" "$(weights_of few)" "$wanted"
expect 0 0 train run.yaml --out v -q data.val_fraction=0.2 data.split_seed=7
expect 0 0 train run.yaml --out w -q data.val_fraction=0.2 data.split_seed=7 data.file=one.h5 data.test=test
same "a part of many files" "$(weights_of v)" "$(weights_of w)"
expect 0 2 eval v/checkpoints/latest.h5 --split val

# What the ranks open until the first update, when they read as they go.
counting=$CAIRN_BUILD/tests/libcairn_counting_files.so
if [ -e "$counting" ]; then
    log=$(mktemp)
    CAIRN_COUNT_IN=$work CAIRN_COUNT_LOG=$log LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD:}$counting \
        expect 0 3 train run.yaml --out check -q --check data.in_memory=false
    same "files that other ranks open" "$(grep -cE '^[12] open m/' "$log" || true)" 0
    holds "opens of each file by rank 0" "$(grep -cE '^0 open m/[0-9]' "$log") <= 3 * 60 + 1"
    rm "$log"
fi

# Resumed, with a file that is another now, or not there, or one more.
expect 0 2 train run.yaml --out r -q train.epochs=1
cp m/17.h5 kept.h5
"$make" m/17.h5 part=17/60 numbers=bits names=train/x,train/y,
expect_line 3 2 'm/17.h5: has changed since .*r/checkpoints/' train run.yaml --out r
rm m/17.h5
expect_line 3 2 'm/17.h5: No such file' train run.yaml --out r "data.file=$list"
cp kept.h5 m/17.h5
cp kept.h5 m/99.h5
expect_line 3 2 'was made with other data' train run.yaml --out r
rm m/99.h5
mv m moved
expect 0 3 train run.yaml --out r -q "data.file=moved/*.h5"
same "resumed" "$(weights_of r)" "$wanted"
mv moved m

# What is wrong with one of them.
"$make" m/30.h5 part=30/60 names=train/x,train/other,
expect_line 3 2 'm/30.h5: /train/y is not an array' train run.yaml --out d
"$CAIRN_BUILD/tests/run_make_data" m/30.h5 /train/x=float32:1x5 /train/y=int32:1
expect_line 3 2 'm/30.h5: /train/x is \[1, 5\], the one before it \[30, 4\]' train run.yaml --out d
"$make" m/30.h5 part=30/60 how=netcdf names=train/x,train/y,
expect_line 3 2 "m/30.h5: the attribute 'scale' of /train/x is other than in .*m/00.h5" train run.yaml --out d
echo "no HDF5" >m/30.h5
expect_line 3 2 'm/30.h5: is not an HDF5 file' train run.yaml --out d
expect_line 2 1 'data.file is an empty list' train run.yaml --out d data.file=[]
