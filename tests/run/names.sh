# SPDX-License-Identifier: BSD-3-Clause
# Arrays by other names and in other places: groups of others, tops of files, lists of files, patterns.
. "${BASH_SOURCE%/*}/../support/run.sh"

make="$CAIRN_BUILD/tests/run_make_strangers"
cat >run.yaml <<'END'
model: [{type: dense, units: 6}, {type: tanh}, {type: dense, units: 3}]
batch: {global: 12, micro: 4}
data: {std: 50}
train: {epochs: 2, reproducible: true}
END

# trained KEYS...: what is learnt and how it is judged.
trained()
{
    run 0 train run.yaml --out a --overwrite -q "$@"
    [ "$code" = 0 ] || fail "$*: code $code"
    weights_of a
    column a/eval.csv split
    column a/eval.csv loss
}

# The same data in other files.
"$make" data.h5 names=train/x,train/y,test/x,test/y
"$make" caffe.h5 names=train/data,train/label,test/data,test/label
"$make" keras.h5 names=X_train,y_train,X_test,y_test
"$make" deep.h5 names=a/climate/data,a/climate/kind,b/climate/data,b/climate/kind
"$make" train.nc names=x,y,
"$make" test.h5 names=,,x,y
wanted=$(trained data.file=data.h5)
same "Caffe" "$(trained data.file=caffe.h5 data.x=data data.y=label)" "$wanted"
same "Keras" "$(trained data.file=keras.h5 data.x=X_train data.y=y_train)" "$wanted"
same "groups and paths" \
    "$(trained data.file=deep.h5 data.train=a data.test=/b data.x=climate/data data.y=climate/kind)" "$wanted"
same "two files" "$(trained data.train=train.nc data.test=test.h5)" "$wanted"
same "paths of the file" "$(trained data.file=keras.h5 data.x=/X_train data.y=/y_train)" "$wanted"

# Matrices of MATLAB, packed and missing numbers of netCDF (a std that is exact: it is folded into their factors).
"$make" m.mat how=matlab y=matlab names=Xtrain,Ytrain,Xtest,Ytest
same "MATLAB" "$(trained data.file=m.mat data.x=Xtrain data.y=Ytrain loss=cross_entropy)" "$wanted"
"$make" m part=all/7 how=matlab y=matlab names=Xtrain,Ytrain,Xtest,Ytest
same "MATLAB in parts of several sizes" \
    "$(trained "data.file=m??.h5" data.x=Xtrain data.y=Ytrain loss=cross_entropy)" "$wanted"
"$make" packed.nc x=i2be how=netcdf names=train/t2m,train/kind,test/t2m,test/kind
"$make" plain.nc how=netcdf_plain names=train/t2m,train/kind,test/t2m,test/kind
same "netCDF" "$(trained data.file=packed.nc data.std=64 data.x=t2m data.y=kind)" "$(trained data.file=plain.nc data.std=64 data.x=t2m data.y=kind)"
same "netCDF's targets" "$(trained data.file=packed.nc data.std=64 data.x=t2m data.y=t2m "model=[{type: dense, units: 4}]")" \
    "$(trained data.file=plain.nc data.std=64 data.x=t2m data.y=t2m "model=[{type: dense, units: 4}]")"
"$make" gap.nc x=i2 how=netcdf_missing names=x,y
expect_line 3 2 '/x row 2: number 3 is missing' train run.yaml --out d data.file=gap.nc

# A virtual array, made of those of other files in its folder; what is missing has its name, and is never zeros.
mkdir v && (cd v && "$make" virtual.h5 how=virtual x=f8be names=train/x,train/y,test/x,test/y)
same "virtual" "$(trained data.file=v/virtual.h5)" "$wanted"
mkdir decoy && (cd decoy && "$make" virtual.h5 how=virtual numbers=bits names=train/x,train/y,test/x,test/y)
export HDF5_VDS_PREFIX=$work/decoy # by which HDF5 itself would take the sources there
same "a prefix" "$(trained data.file=v/virtual.h5)" "$wanted"
unset HDF5_VDS_PREFIX
cp v/s1.h5 s1.h5 && cp decoy/s1.h5 v/s1.h5
expect_line 3 2 'v/s1.h5: has changed since' train run.yaml --out a train.epochs=3 data.file=v/virtual.h5
mv s1.h5 v/s1.h5
expect 0 2 train run.yaml --out a -q train.epochs=3 data.file=v/virtual.h5
mv v/s1.h5 v/away.h5
expect_line 3 2 '/train/x is made of others: .*v/s1.h5: No such file' train run.yaml --out d data.file=v/virtual.h5
(cd v && "$make" other.h5 how=virtual names=train/y,train/x && cp s0.h5 s1.h5 && rm s0.h5)
expect_line 3 1 'v/s0.h5: No such file' train run.yaml --out d data.file=v/virtual.h5

# Other names of val are seen.
"$make" valid.h5 names=train/x,train/y,valid/x,valid/y
trained data.file=valid.h5 >list
grep -qx val list || fail "valid is not val"

# Several files, one after the other: all rows, in the order of the list; patterns sorted.
"$make" s1.h5 names=train/x,train/y,test/x,test/y numbers=bits x=u1 y=u1
mkdir s && cp data.h5 s/0.h5 && cp s1.h5 s/1.h5
wanted=$(trained data.train=[data.h5,s1.h5] data.test=data.h5)
same "a pattern" "$(trained "data.train=s/?.h5" data.test=data.h5)" "$wanted"
same "samples of two files" "$(json a/summary.json samples)" 240
expect_line 3 0 'was made with other data' train run.yaml --out a data.train=[s1.h5,data.h5] data.test=data.h5
expect 0 2 train run.yaml --out b -q data.train=[data.h5,s1.h5] data.test=data.h5 data.in_memory=false
same "several files as they come" "$(weights_of b)" "$(head -n 1 <<<"$wanted")"
expect 0 1 eval a/checkpoints/latest.h5 # by the list in the checkpoint

# val and test out of train: the same samples in any world, held or not, once each.
split="data.file=train.nc data.val_fraction=0.2 data.test_fraction=0.25 data.split_seed=7"
expect 0 1 train run.yaml --out v --overwrite -q $split
expect 0 3 train run.yaml --out w --overwrite -q $split data.in_memory=false
same "a split in another world" "$(weights_of v)" "$(weights_of w)"
same "its evaluations" "$(cut -d, -f5- v/eval.csv)" "$(cut -d, -f5- w/eval.csv)"
same "its training samples" "$(json v/summary.json samples)" $((2 * 33))
expect 0 2 predict v/checkpoints/latest.h5 --data train.nc -o all.h5
expect 0 1 eval v/checkpoints/latest.h5 --split val
same "samples of val" "$(json out samples)" 12
expect_line 2 0 'data.split_seed' train run.yaml --out v $split data.split_seed=8
expect_line 2 1 'a group test already' train run.yaml --out d data.file=data.h5 data.test_fraction=0.1
expect_line 2 1 'leave no sample for val' train run.yaml --out d data.file=train.nc data.test_fraction=0.99 data.val_fraction=0.9

# An autoencoder: the targets are the inputs, as the model gets them.
expect 0 2 train run.yaml --out c -q data.file=data.h5 data.y=x "model=[{type: dense, units: 4}]"
same "its loss" "$(json c/summary.json eval_accuracy)" null

# Predictions want no labels.
trained data.file=data.h5 >/dev/null
"$make" new.h5 names=x,other
expect 0 2 predict a/checkpoints/latest.h5 --data new.h5 -o out.h5
grep -q 'outputs of 60 samples' out || fail "predict without labels"
expect 0 2 eval a/checkpoints/latest.h5 --data new.h5 --predict-only
grep -q '"accuracy": null' out || fail "an accuracy without labels"
counts=$(sed -n 's/.*"predicted": \[\(.*\)\].*/\1/p' out)
holds "predictions" "$(tr , + <<<"$counts") == 60"
! command -v h5dump >/dev/null || same "predictions of each class" "$(h5dump -d /label -y -w 1 out.h5 | grep -oE '^ +[0-2],?$' | tr -d ' ,' |
    awk '{ n[$1]++ } END { printf "%d, %d, %d\n", n[0], n[1], n[2] }')" "$counts"
expect_line 3 1 '/y is not an array of this file; there are: /other \[60\] int64, /x \[60, 4\] float32; name one by data.y' \
    eval a/checkpoints/latest.h5 --data new.h5

# What is not there is answered with what is.
expect_line 3 2 '/train/x is not an array .* /train/data \[60, 4\] float32, .* name one by data.x' train run.yaml --out d data.file=caffe.h5
expect_line 3 1 'none of the groups .* /X_test \[20, 4\] float32, .* data.x and data.y' train run.yaml --out d data.file=keras.h5
expect_line 3 1 '/c is not a group .* set data.test' train run.yaml --out d data.file=data.h5 data.test=c
expect_line 3 1 'z\*.h5: no file matches' train run.yaml --out d "data.train=z*.h5" data.test=data.h5
expect_line 3 1 'No such file' train run.yaml --out d data.train=[data.h5,none.h5]

# What is rarely meant is said in a line each, and only then.
warnings() { grep -c '^cairn: warning: ' err || true; }
"$CAIRN_BUILD/tests/run_make_data" odd.h5 /train/x=uint8:9x6x6x3:200 /train/y=int32:9:1 /train/z=int32:9
expect 0 2 train run.yaml --out d --overwrite -q data.file=odd.h5 data.std=none "model=[{type: flatten}, {type: dense, units: 3}]"
same "warnings" "$(warnings)" 4
for words in 'looks like rows, columns, channels' 'is uint8 without a scale' 'no sample of class 0' 'not used: /train/z'; do
    grep -q "$words" err || fail "no warning: $words"
done
"$make" one.h5 y=one names=train/x,train/y,test/x,test/y
expect 0 0 train run.yaml --out d --overwrite -q data.file=one.h5 "model=[{type: dense, units: 4}]"
grep -q 'labels are 1 to 3, none is 0' err && [ "$(warnings)" = 1 ] || fail "labels from 1"
expect 0 0 train run.yaml --out d --overwrite -q data.file=data.h5
same "warnings of plain data" "$(warnings)" 0
