# SPDX-License-Identifier: BSD-3-Clause
# data.in_memory: auto holds the groups for which all ranks of the node have room together, and reads the others as they
# come, the largest first; plan and doctor say the same; the bits are the same.  true is refused, with figures.  What Slurm
# grants is a node as small as one likes.
. "${BASH_SOURCE%/*}/../support/run.sh"

# Groups of 40 and of 30 MB, of rows of 784 bytes.
n=50000
printf '\0\0\10\3\0\0\303\120\0\0\0\34\0\0\0\34' >images
{ yes 'as many images as lie in forty megabytes' || true; } | head -c $((n * 784)) >>images
printf '\0\0\10\1\0\0\303\120' >labels
{ yes $'\1' || true; } | head -c $n >>labels
{ printf '\0\0\10\3\0\0\222\174\0\0\0\34\0\0\0\34' && head -c $((16 + 37500 * 784)) images | tail -c +17; } >few_images
{ printf '\0\0\10\1\0\0\222\174' && head -c $((8 + 37500)) labels | tail -c +9; } >few_labels
expect 0 0 import idx --train images labels --test few_images few_labels -o data.h5
rm images labels few_images few_labels

cat >run.yaml <<END
data: {file: data.h5}
model: [{type: flatten}, {type: dense, units: 11}]
batch: {global: 64, micro: 32}
train: {updates: 20, reproducible: true}
END
ranks=2
megabyte=1048576
expect 0 0 plan run.yaml --memory --json --ranks $ranks data.in_memory=false
none=$((ranks * $(json out rank) + $(json out snapshot))) # what the node takes without data, about
expect 0 0 plan run.yaml --memory --json --ranks $ranks data.in_memory=true
data=$(json out data)
all=$((none + data)) # the ranks hold them once
same "bytes of the data" "$data" $(((50000 + 37500) * 784))

expect 0 0 plan run.yaml --memory --json --ranks $ranks train.evaluate_every=none
same "data where test is read once" "$(json out data)" $((50000 * 784))

# held NAME MEGABYTES DATA STREAMED: plan, doctor and run hold so many bytes on a node of that size, and read these groups
held()
{
    local streamed=$4
    export SLURM_MEM_PER_NODE=$2
    expect 0 0 plan run.yaml --memory --json --ranks $ranks
    same "data that plan holds in $2 MB" "$(json out data)" "$3"
    expect 0 $ranks train run.yaml --out "$1"
    grep -o 'data.in_memory: auto reads .* as it comes' err >said || true
    same "what the run says in $2 MB" "$(sed 's/.*reads \(.*\) as it comes/\1/' said)" "$streamed"
    if [ "$1" = test ]; then # doctor takes a while
        run $ranks doctor run.yaml --out none
        grep -o 'data.in_memory: auto reads .* as it comes' out >doctor || true
        cmp said doctor || fail "doctor says another thing than the run in $2 MB: $(cat out)"
    fi
    unset SLURM_MEM_PER_NODE
    weights_of "$1"
}
large=$((2 * all / megabyte))
middle=$(((none + 30000000) * 10 / 9 / megabyte + 1)) # without train, but not without anything
# little more than without any; rounded up, as what the program itself takes differs by 0.2 MB from start to start
small=$((none * 10 / 9 / megabyte + 1))
bits=$(held all $large "$data" "")
same "bits where train is read as it comes" "$(held test $middle 29400000 "train (39.2 MB)")" "$bits"
same "bits where all is read as it comes" "$(held none $small 0 "train (39.2 MB), test (29.4 MB)")" "$bits"

export SLURM_MEM_PER_NODE=$((all * 9 / 10 / megabyte))
expect_line 2 $ranks 'data.in_memory: true: 2 ranks on host .* would take [0-9.]+ MB, and what Slurm grants is [0-9.]+ MB; use' \
    train run.yaml --out true data.in_memory=true
[ ! -e true ] || fail "a run that is refused has a folder"
expect_line 2 0 'too much' plan run.yaml --memory --ranks $ranks data.in_memory=true
expect 2 $ranks doctor run.yaml --out none data.in_memory=true
grep -q 'memory .*data.in_memory: true: 2 ranks' out || fail "doctor does not say it: $(cat out)"
