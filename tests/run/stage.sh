# SPDX-License-Identifier: BSD-3-Clause
# data.stage: the files of the data are copied once per node, checked, used again, and give the same bits; what goes wrong with
# a copy is one line; jobs with the same folder wait for each other.
. "${BASH_SOURCE%/*}/../support/run.sh"
make=$CAIRN_BUILD/tests/run_make_data
strange=$CAIRN_BUILD/tests/run_make_strangers

arrays() { echo /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9; }
"$make" data.h5 $(arrays)
printf '%s\n' "data: {file: data.h5, ledger: true}" "model: [{type: dense, units: 3}]" "batch: {global: 6, micro: 2}" \
    "train: {epochs: 2, reproducible: true}" "checkpoint: {every_updates: 3}" >run.yaml
root=disk/cairn-$(id -u)
copies() { find "$root" -type f ! -name '*.xxh64' -printf '%f\n' | sort | tr '\n' ' '; }

# trained RANKS KEYS...: its hash
trained()
{
    expect 0 "$1" train run.yaml --out result --overwrite "${@:2}"
    weights_of result
}

# The same bits, one copy for all ranks, and another start takes what is there.
wanted=$(trained 2)
for ranks in 0 3; do
    rm -rf disk
    same "weights on $ranks ranks" "$(trained $ranks data.stage=disk)" "$wanted"
    same "said" "$(grep -c '^data.stage: copying .* to .*/disk/cairn-' err)" 1
    grep -Eq '^data.stage: copied and read back in .* s, .*B/s$' err || fail "no rate: $(cat err)"
    same "copies" "$(copies)" "data.h5 "
    cmp "$root$PWD/data.h5" data.h5
done
same "weights again" "$(trained 2 data.stage=disk)" "$wanted"
same "said" "$(grep '^data.stage' err)" "data.stage: the data are in $PWD/$root already"
same "data of the provenance" "$(json result/provenance.json data_file)" "$PWD/data.h5"
[ -z "$(find disk -name '*.tmp' -o -name lock)" ] || fail "something is left in disk"

# It is the copy that is read: one that was damaged where no sample of it is taken shows.
"$make" large.h5 /train/x=float32:20000x4 /train/y=int32:20000 /test/x=float32:9x4 /test/y=int32:9
expect 0 2 train run.yaml --out large data.file=large.h5 data.stage=disk train.epochs=none train.updates=2
printf '\377' | dd of="$root$PWD/large.h5" bs=1 seek=170000 conv=notrunc status=none
expect_line 3 2 "$root$PWD/large.h5: " train run.yaml --out large data.file=large.h5 data.stage=disk --overwrite
rm "$root$PWD/large.h5"*

# The key may change from start to start.
expect 0 2 train run.yaml --out apart data.stage=disk train.epochs=1
expect 0 1 train run.yaml --out apart
same "weights, staged and then not" "$(weights_of apart)" "$wanted"
expect 0 0 verify --ledger apart

# A copy that does not fit its original any more, or is damaged, is made anew.
again()
{
    same "weights after $1" "$(trained 1 data.stage=disk)" "$wanted"
    grep -q '^data.stage: copying' err || fail "after $1 the copy is used again"
    cmp "$root$PWD/data.h5" data.h5
}
touch data.h5 && again "a touch"
truncate -s -1 "$root$PWD/data.h5" && again "a shorter copy"
printf x | dd of="$root$PWD/data.h5" bs=1 conv=notrunc status=none && again "another first byte"
rm "$root$PWD/data.h5.xxh64" && again "a checksum that is gone"
echo nonsense >"$root$PWD/data.h5.xxh64" && again "a checksum that is none"

# Lists, patterns and virtual arrays: all files, and no other; a file by two names is one.
"$make" part-1.h5 $(arrays)
"$make" part-2.h5 $(arrays)
"$make" other.h5 /val/x=float32:9x4 /val/y=int32:9
many=('data.file=part-*.h5' 'data.val=other.h5' 'data.train=[part-2.h5, part-1.h5]')
wanted=$(trained 2 "${many[@]}")
rm -rf disk
same "weights of several files" "$(trained 3 "${many[@]}" data.stage=disk)" "$wanted"
same "copies" "$(copies)" "other.h5 part-1.h5 part-2.h5 "
lists=('data.file=[part-2.h5, part-1.h5]' data.open_files=1 data.in_memory=false)
same "weights of a list that is read as it comes" "$(trained 3 "${lists[@]}" data.stage=disk)" "$(trained 1 "${lists[@]}")"
cp data.h5 data.other # not a name that only a file has
same "weights of a file of any name" "$(trained 2 data.file=data.other data.stage=disk)" "$(trained 1 data.file=data.other)"
rm "$root$PWD/data.other"*
"$strange" virtual.h5 how=virtual names=train/x,train/y,test/x,test/y
virtual=(data.file=virtual.h5 'model=[{type: dense, units: 10}]')
wanted=$(trained 1 "${virtual[@]}")
same "weights of a virtual array" "$(trained 2 "${virtual[@]}" data.stage=disk)" "$wanted"
same "copies" "$(copies)" "other.h5 part-1.h5 part-2.h5 s0.h5 s1.h5 virtual.h5 "
for files in "${lists[0]}" "${virtual[0]}"; do # a checkpoint has the names of originals
    expect 0 2 train run.yaml --out named --overwrite "${virtual[1]}" "$files" data.stage=disk train.epochs=1
    expect 0 2 train run.yaml --out named "${virtual[1]}" "$files"
    expect 0 1 train run.yaml --out named "${virtual[1]}" "$files" data.stage=disk train.epochs=3
done
touch s1.h5
same "weights of a virtual array" "$(trained 2 "${virtual[@]}" data.stage=disk)" "$wanted"
cmp "$root$PWD/s1.h5" s1.h5
rm s1.h5
expect_line 3 2 's1.h5: No such file' train run.yaml --out gone "${virtual[@]}" data.stage=disk

# What cannot be: one line on any number of ranks.
wanted=$(trained 1)
mkdir -p theirs
ln -s "$PWD" "theirs/cairn-$(id -u)"
truncate -s "$(($(df --output=avail -B1 . | tail -n 1) + (1 << 33)))" huge.h5 2>/dev/null || rm -f huge.h5
for ranks in 0 3; do
    expect_line 6 $ranks '/run.yaml: the folder cannot be made: File exists' train run.yaml --out no data.stage=run.yaml
    expect_line 6 $ranks '/proc/stage: the folder cannot be made' train run.yaml --out no data.stage=/proc/stage
    expect_line 6 $ranks 'theirs/cairn-[0-9]*: is not a folder that only this user' train run.yaml --out no data.stage=theirs
    expect_line 3 $ranks 'no file matches' train run.yaml --out no data.stage=disk 'data.file=no-*.h5'
    expect_line 3 $ranks 'nothing.h5: No such file' train run.yaml --out no data.stage=disk data.file=nothing.h5
    [ ! -e huge.h5 ] || expect_line 6 $ranks '/full: the data take .* and .* are free; make room there' \
        train run.yaml --out no data.stage=full data.file=huge.h5
    expect_line 2 $ranks 'data.stage' train run.yaml --out no 'data.stage=[a]'
done
rm -f huge.h5
[ ! -e no ] || fail "a run without its data leaves a folder"
CAIRN_FAULT=stage.copy expect_line 6 2 'data.h5: reads back otherwise than it was written' train run.yaml --out no data.stage=bad
[ -z "$(find bad -type f)" ] || fail "a bad copy stays"

# --check and verify copy nothing; a study does.
expect 0 2 train run.yaml --check data.stage=idle
expect 0 2 verify run.yaml data.stage=idle
[ ! -e idle ] || fail "a check copies data"
printf '%s\n' "run: run.yaml" "axes: {batch.global: [6, 12], batch.micro: [2]}" \
    "study: {kind: accumulation, budget_updates: 2}" >study.yaml
sed -i 's/ledger: true/stage: studied/' run.yaml
expect 0 2 study study.yaml --out st
same "copies of a study" "$(find studied -name '*.h5' | wc -l)" 1
same "copied once" "$(grep -c 'data.stage: copying' err)" 1
sed -i 's/, stage: studied//' run.yaml

# Two jobs: the second waits while the first copies, and goes on when that is gone.
rm -rf disk
CAIRN_FAULT=hang:stage.copy start 2 train run.yaml --out first data.stage=disk
until_true 60 test -e "$root/lock"
first=$pid
"$cairn" train run.yaml --out second --singleton data.stage=disk >second.out 2>second.err &
second=$!
pid=$first
until_true 60 grep -q 'data.stage: another job copies to' second.err
[ ! -e "$root$PWD/data.h5" ] || fail "two jobs copy at once"
cut_off
wait "$second" || fail "the job that waited ended with $?: $(cat second.err)"
same "weights of the one that waited" "$(weights_of second)" "$wanted"
cmp "$root$PWD/data.h5" data.h5
[ -z "$(find disk -name '*.tmp' -o -name lock)" ] || fail "what the first left is still there"
