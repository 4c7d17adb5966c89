# SPDX-License-Identifier: BSD-3-Clause
# Folders that cannot be written, full disks, and checkpoints that are damaged or of another run: one line, the right exit
# code, on 1 and 3 ranks, and what was saved before stays.
. "${BASH_SOURCE%/*}/../support/run.sh"

needs h5copy h5dump

make_data()
{
    "$CAIRN_BUILD/tests/run_make_data" "$1" "/train/x=float32:30x4${2-}" /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
}
make_data data.h5
make_data other.h5 :1
printf '%s\n' "data: {file: data.h5}" "model: [{type: dense, units: 3, name: first}]" "batch: {global: 6, micro: 2}" \
    "train: {updates: 10}" "checkpoint: {every_updates: 2}" >run.yaml

# Folders
no_folder()
{
    touch file
    ln -s /proc/no link
    expect_line 6 "$1" 'file: the folder cannot be made: ' train run.yaml --out file/result
    expect_line 6 "$1" 'file: the folder cannot be made: ' train run.yaml --out file
    expect_line 6 "$1" 'link: the folder cannot be made: ' train run.yaml --out link
    expect_line 2 "$1" 'the path aaaa.* is longer than 4095 bytes' train run.yaml --out "$(printf '%05000d' 0 | tr 0 a)"
    expect 0 "$1" train run.yaml --out result
    rm -r result/checkpoints
    touch result/checkpoints
    expect_line 6 "$1" 'checkpoints: the folder cannot be made: ' train run.yaml --out result
    expect 0 0 train run.yaml --out saved train.updates=2
    expect_line 6 "$1" 'nowhere/p.h5: cannot be written: No such file' predict saved/checkpoints/latest.h5 --data data.h5 -o nowhere/p.h5
}

# A folder that even root cannot write.
read_only()
{
    mkdir closed
    if [ "$(id -u)" = 0 ]; then
        mount -t tmpfs -o ro none closed 2>/dev/null || { echo "left out, since nothing can be mounted: a read-only disk"; return 0; }
        expect_line 6 "$1" 'result: the folder cannot be made: Read-only' train run.yaml --out closed/result
        umount closed
    else
        chmod a-w closed
        expect_line 6 "$1" 'result: the folder cannot be made: Permission' train run.yaml --out closed/result
    fi
}

# A disk that fills up while the run saves: the run goes on, and ends with 6 and what was saved before.
full()
{
    mkdir small
    mount -t tmpfs -o size=400k none small 2>/dev/null || { echo "left out, since nothing can be mounted: a full disk"; return 0; }
    (full_disk "$1") || { umount small; return 1; }
    umount small
}

full_disk()
{
    local wide=("model.0.units=3" "optim.momentum=0.9")
    expect 0 0 train run.yaml --out small/result "${wide[@]}" train.updates=4
    dd if=/dev/zero of=small/rest bs=1k 2>/dev/null || true
    run "$1" train run.yaml --out small/result "${wide[@]}" -q
    same "exit code on a full disk" "$code" 6
    same "lines of the error" "$(grep '^cairn: ' err | grep -vc warning)" 1
    expect_line 6 "$1" 'small/p.h5: .*No space left on device.*; make room' \
        predict small/result/checkpoints/update-00000004.h5 --data data.h5 -o small/p.h5
    [ ! -e small/p.h5 ] || fail "there are half-written predictions"
    [ -z "$(find small -name '*.tmp')" ] || fail "unfinished files stay on the full disk"
    rm small/rest
    expect 0 "$1" train run.yaml --out small/result "${wide[@]}"
    grep -q 'goes on from .*update-00000004' err || fail "the checkpoint before the full disk is not gone on from"
}

# Checkpoints

# Predictions replace an older file, and nothing but a file.
outputs()
{
    local saved=saved/checkpoints/latest.h5
    expect 0 0 train run.yaml --out saved train.updates=2
    echo older >p.h5
    (umask 0; expect 0 "$1" predict "$saved" --data data.h5 -o p.h5)
    same "mode of the predictions" "$(stat -c %a p.h5)" 664
    expect 0 0 info p.h5
    grep -q 'outputs \[9, 3\] float32' out || fail "cairn info says nothing of predictions"
    expect_line 2 "$1" 'data.h5 is what predict reads; choose' predict "$saved" --data data.h5 -o ./data.h5
    expect_line 2 "$1" 'data.h5 is what predict reads; choose' predict "$saved" --data 'dat?.h5' -o data.h5
    expect_line 2 "$1" 'latest.h5 is what predict reads; choose' predict "$saved" --data data.h5 -o "$saved"
    mkfifo pipe
    expect_line 6 "$1" 'pipe: is not a plain file; choose another name' predict "$saved" --data data.h5 -o pipe
    [ -p pipe ] || fail "predict has replaced a pipe"
}

damaged()
{
    local last=result/checkpoints/update-00000010.h5
    expect 0 0 train run.yaml --out result
    truncate -s "$(($(stat -c %s "$last") / 2))" "$last"
    expect_line 3 "$1" 'update-00000010.h5: ' train run.yaml --out other --resume "$last"
    expect_line 3 "$1" 'update-00000010.h5: ' eval "$last"
    expect_line 0 "$1" '^cairn: warning: checkpoint passed over: .*update-00000010.h5' train run.yaml --out result
    cmp -s "$last" result/checkpoints/latest.h5 || fail "the damaged checkpoint was not replaced"
    for last in result/checkpoints/update-*; do truncate -s 1000 "$last"; done
    run "$1" train run.yaml --out result -q
    same "exit code where all checkpoints are damaged" "$code" 3
    grep -Eq '^cairn: .*all 3 checkpoints are damaged.*; .*--overwrite' err || fail "no advice where all are damaged"
    expect 0 "$1" train run.yaml --out result --overwrite
}

another()
{
    expect 0 0 train run.yaml --out result train.updates=4
    expect_line 2 "$1" 'model|units' train run.yaml --out result model.0.units=5
    expect_line 2 "$1" 'optim.lr' train run.yaml --out result optim.lr=0.5
    expect_line 3 "$1" 'made with other data' train run.yaml --out result data.file=other.h5
    expect_line 2 "$1" 'holds checkpoints; --overwrite' train run.yaml --out result --resume never
    expect_line 3 "$1" 'is not a Cairn checkpoint' train run.yaml --out result --resume data.h5
    expect_line 3 "$1" 'nothere.h5: No such file' train run.yaml --out result --resume nothere.h5
    expect_line 2 "$1" 'no group called|--split is dev, but takes one of' eval result/checkpoints/latest.h5 --split dev
    expect_line 3 "$1" 'has no group val' eval result/checkpoints/latest.h5 --split val
    expect_line 3 "$1" 'has no group /weights' train run.yaml --out result --overwrite --init data.h5
    expect_line 2 "$1" 'optim.lr is x' train run.yaml --out result --overwrite optim.lr=x
    [ -e result/checkpoints/update-00000004.h5 ] || fail "--overwrite has removed a run that nothing could replace"
    expect 0 "$1" train run.yaml --out result train.updates=6
}

# with CHECKPOINT ARRAY: a copy in invented.h5 with another array
with()
{
    local path
    "$CAIRN_BUILD/tests/run_make_data" invented.h5 /@format=cairn-checkpoint /@format_version=1 "$2"
    for path in $(h5dump -n "$1" | awk '$1 == "dataset" { print $2 }'); do
        [ "$path" = "${2%%=*}" ] || h5copy -p -i "$1" -o invented.h5 -s "$path" -d "$path"
    done
}

# Checkpoints that are whole, but that no run has written.
invented()
{
    local good=result/checkpoints/latest.h5 again=(train run.yaml --out other --resume invented.h5)
    expect 0 0 train run.yaml --out result train.updates=4
    with "$good" /config=text:1:nothing
    expect_line 3 "$1" 'the run file in the checkpoint: ' "${again[@]}"
    expect_line 3 "$1" 'the run file in the checkpoint: ' eval invented.h5
    with "$good" /progress/position=int32:1:30
    expect_line 3 "$1" 'its /progress .*position 30' "${again[@]}"
    with "$good" /progress/seed=int32:1:9
    expect_line 3 "$1" 'its /progress .*seed 9' "${again[@]}"
    with "$good" /weights/first.weight=float32:4x3
    expect_line 3 "$1" 'first.weight has the shape \[4, 3\]' "${again[@]}"
    with "$good" /weights/first.bias=float32:3
    expect 0 "$1" "${again[@]}"
}

# One of several that a launcher has not joined.
alone()
{
    local variable
    for variable in SLURM_NTASKS OMPI_COMM_WORLD_SIZE PMI_SIZE; do
        export "$variable=4"
        expect_line 2 0 "$variable says 4 ranks.*--singleton" train run.yaml --out result
        unset "$variable"
    done
    [ ! -e result ] || fail "a refused start made its folder"
    SLURM_NTASKS=4 expect 0 0 train run.yaml --out result --singleton
}

for ranks in 0 3; do
    for what in no_folder read_only full outputs damaged another invented; do
        beside "$what" "$ranks"
    done
done
beside alone
all_good
