# SPDX-License-Identifier: BSD-3-Clause
# Every planted fault of base/faults.def, on the first and the last rank of 1, 2, 3 ranks: its exit code, one line, no hang,
# and no file that is not whole.
. "${BASH_SOURCE%/*}/../support/run.sh"

list=$CAIRN_SOURCE/src/base/faults.def
"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
printf '%s\n' "data: {file: data.h5}" "model: [{type: dense, units: 3}]" "batch: {global: 6, micro: 2}" \
    "train: {updates: 4}" "checkpoint: {every_updates: 2}" >run.yaml
printf '%s\n' a,b,y 1,2,0 3,4,1 5,6,0 >table.csv

# What the list names is in the source, and the other way round.
points()
{
    sed -nE 's/^X\("([^"]*)", ([A-Z]*), ([A-Z]*), ([A-Z]*), .*/\1 \2 \3 \4/p' "$list"
}
same "points of the list and of the source" "$(points | cut -d' ' -f1 | sort -u)" \
    "$(grep -rhoE 'cairn_fault\("[^"]+"' "$CAIRN_SOURCE/src" | cut -d'"' -f2 | sort -u)"

code_of()
{
    sed -nE "s/^X\($1, ([0-9]+), .*/\1/p" "$CAIRN_SOURCE/src/base/status.def"
}

# fails CODE RANKS FAULT ARGUMENTS...: with one line, and without a file that is not whole
fails()
{
    export CAIRN_FAULT=$3
    expect_line "$1" "$2" . "${@:4}"
    [ "$1" != 5 ] || rm -f result/lock # an aborted job leaves it; the next one sees that its holder is gone
    whole "$3"
}

# goes_on RANKS FAULT ARGUMENTS...: with a warning, to its end
goes_on()
{
    export CAIRN_FAULT=$2
    expect_line 0 "$1" '^cairn: warning: ' "${@:3}"
    [ -e result/checkpoints/update-00000004.h5 ] || fail "$2: the run went on without its last checkpoint"
    whole "$2"
}

# finds CODE RANKS FAULT: the training goes on, and its ledger shows it
finds()
{
    CAIRN_FAULT=$3 expect 0 "$2" train run.yaml --out result data.ledger=true
    expect_line "$1" "$2" . verify --ledger result
}

whole()
{
    local left
    left=$(find . -name '*.tmp' -o -name lock)
    [ -z "$left" ] || fail "$1 left $left"
}

plant()
{
    local code=$1 ranks=$2 fault=$3 train=(train run.yaml --out result)
    case $4 in
    TRAIN) beside fails "$code" "$ranks" "$fault" "${train[@]}" ;;
    SAVE)
        beside fails "$code" "$ranks" "$fault#1-" "${train[@]}" checkpoint.every_updates=0 # for good
        beside goes_on "$ranks" "$fault" "${train[@]}"
        ;;
    RESUME) beside fails "$code" "$ranks" "$fault" "${train[@]}" --resume saved.h5 ;;
    LEDGER) beside finds "$code" "$ranks" "$fault" ;;
    GUARD) beside fails "$code" "$ranks" "$fault" "${train[@]}" train.guard=1 ;;
    STAGE) beside fails "$code" "$ranks" "$fault" "${train[@]}" data.stage=stage ;;
    INIT) beside fails "$code" "$ranks" "$fault" "${train[@]}" --init saved.h5 ;;
    PREDICT) beside fails "$code" "$ranks" "$fault" predict saved.h5 --data data.h5 -o predicted.h5 ;;
    IMPORT) [ "$ranks" != 1 ] || beside fails "$code" 0 "$fault" import csv table.csv --target y --classes -o table.h5 ;;
    *) fail "$list: nobody knows $4" ;;
    esac
}

expect 0 0 train run.yaml --out first train.updates=2
cp first/checkpoints/update-00000002.h5 saved.h5
while read -r point status where what; do
    code=$(code_of "$status")
    for ranks in 1 2 3; do
        [ "$where" != SEVERAL ] || [ "$ranks" -gt 1 ] || continue
        plant "$code" "$ranks" "$point@0" "$what"
        [ "$where" = FIRST ] || [ "$ranks" = 1 ] || plant "$code" "$ranks" "$point@$((ranks - 1))" "$what"
    done
done < <(points)

# Not only the first time: allocations and exchanges in the middle of everything.
for n in 2 3 4 5 6; do
    beside fails 6 1 "file.write#$n" train run.yaml --out result
done
for n in 5 15; do
    beside fails 2 3 "memory.get@1#$((4 * n))" train run.yaml --out result
    beside fails 5 3 "comm.call@1#$n" train run.yaml --out result
done
# batch.micro: auto passes over sizes that do not fit in memory; it tries the second from about the 350th allocation to the last at 1500.
passes_over()
{
    export CAIRN_FAULT=$1
    expect 0 1 train run.yaml --check data.file="$datasets/digits.h5" batch.global=96 batch.micro=auto \
        'model=[{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]'
}
for n in 500 600 700; do beside passes_over "memory.get#$n"; done
all_good
