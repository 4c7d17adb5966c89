# SPDX-License-Identifier: BSD-3-Clause
# A rank that hangs ends the job with 5: each that lives says in one line where it is; the next start goes on.  A whole job
# that is suspended for longer than the timeout is none that hangs.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 16}
train: {updates: 40, seed: 3, reproducible: true, hang_timeout: 4s}
checkpoint: {every_updates: 10}
END

# says RANK RANKS WHAT: its one line on stderr.
says()
{
    local line="^cairn: rank $1 of $2 on host [^ ]+ \(process [0-9]+\): $3, for [0-9]+ s; stack: .+"
    [ "$(grep -Ec "^cairn: rank $1 " err)" = 1 ] || fail "not one line of rank $1 of $2"
    grep -Eq "$line" err || fail "no '$3' in the line of rank $1 of $2"
}

# ended RANKS LIVING: with 5, a line of each that lives, and the last word of rank 0 where it does and is not alone.
ended()
{
    same "exit code" "$code" 5
    same "lines of ranks" "$(grep -c '^cairn: rank ' err || true)" "$2"
    [ "$1" = 1 ] || grep -q '^cairn: the job hung for more than 4 s (train.hang_timeout)' err || fail "no last word"
}

place='update [0-9]+, micro-batch [0-9]+'
sums="summing over the ranks, $place"
anywhere="(summing over the ranks|saving|evaluating), update [0-9]+(, micro-batch [0-9]+)?"

# hangs RANK RANKS FAULT WHAT OTHERS: all say so; the next start ends as a run that never hung.
hangs()
{
    local rank=$1 ranks=$2 fault=$3 what=$4 others=$5 r
    CAIRN_FAULT="hang:$fault@${rank}${6-}" run "$ranks" train run.yaml --out result
    ended "$ranks" "$ranks"
    for ((r = 0; r < ranks; r++)); do
        if [ "$r" = "$rank" ]; then says "$r" "$ranks" "$what"; else says "$r" "$ranks" "$others"; fi
    done
    expect 0 "$ranks" train run.yaml --out result
    same "weights after $fault" "$(weights_of result)" "$weights"
}

# Where Linux killed a process of the control group for memory meanwhile, the line says so.
names_memory()
{
    local events=root/sys/fs/cgroup/job/memory.events
    mkdir -p root/proc/self "${events%/*}"
    echo 0::/job >root/proc/self/cgroup
    echo "oom_kill 1" >$events
    CAIRN_TEST_ROOT=$PWD/root CAIRN_FAULT="hang:data.read@1#30" start 2 train run.yaml --out result
    until_true 30 test -e result/config.yaml
    echo "oom_kill 3" >$events
    finish
    same "exit code" "$code" 5
    grep -q '; meanwhile Linux killed 2 processes of its control group for memory; stack: ' err || fail "it does not name memory"
}

expect 0 2 train run.yaml --out straight
weights=$(weights_of straight)
export weights

most_beside=6 # they wait for the watchdog
beside names_memory
beside hangs 0 1 data.read "reading data, $place" "" '#60'
beside hangs 1 2 data.read "reading data, $place" "$sums" '#30'
beside hangs 1 2 data.read "evaluating, $place" "evaluating, $place" '#60'
beside hangs 0 2 nn.gradient "computing a gradient, $place" "$sums" '#30'
beside hangs 2 3 nn.gradient "computing a gradient, $place" "$sums" '#20'
beside hangs 1 3 comm.call "$anywhere" "$anywhere" '#110'
beside hangs 0 2 checkpoint.write "saving, update 20" "saving, update 20" '' # the next save waits for the writer
beside hangs 1 2 data.open "preparing" "preparing" ''

# A rank that is stopped does not answer; the others end.
stopped()
{
    local rank=$1 ranks=$2 r
    start "$ranks" train run.yaml --out "$1.$2" train.updates=1000000 checkpoint.keep=1
    until_true 60 reached "$1.$2" 10
    kill -STOP "$(rank_of "$rank")"
    finish
    same "exit code" "$code" 5
    # mpirun wakes the stopped one to end it, and one that was late before may then have the time for a line
    same "lines of the others" "$(grep '^cairn: rank ' err | grep -vc "^cairn: rank $rank " || true)" $((ranks - 1))
    for ((r = 0; r < ranks; r++)); do
        [ "$r" = "$rank" ] || says "$r" "$ranks" "$anywhere"
    done
}
beside stopped 1 2
beside stopped 0 3

# All are suspended for longer than the timeout, and go on.
suspended()
{
    local before
    start 3 train run.yaml --out whole train.updates=1000000 checkpoint.keep=1
    until_true 60 reached whole 10
    kill -STOP $(ranks_of "$pid")
    sleep 7 # what it is about
    before=$(newest whole)
    kill -CONT $(ranks_of "$pid")
    until_true 60 reached whole $((before + 20))
    kill -USR1 "$pid"
    finish
    same "exit code of a job that was suspended" "$code" 75
}
beside suspended
all_good

# A start that stands still ends the same way, whatever it stands at before the first update, and in commands that are
# not watched later on.  Who still waits in MPI_Init knows its rank from the launcher.
begins()
{
    local rank=$1 ranks=$2 fault=$3 what=$4 others=$5 r
    shift 5
    CAIRN_START_TIMEOUT=3s CAIRN_FAULT="hang:$fault@$rank" run "$ranks" "$@" train.hang_timeout=auto
    same "exit code of a start" "$code" 5
    for ((r = 0; r < ranks; r++)); do
        if [ "$r" = "$rank" ]; then says "$r" "$ranks" "$what"; else says "$r" "$ranks" "$others"; fi
    done
    same "lines of ranks" "$(grep -c '^cairn: rank ' err)" "$ranks"
    [ "$ranks" = 1 ] || grep -q '^cairn: the start stood still for more than 3 s (CAIRN_START_TIMEOUT)' err || fail "no last word"
}
beside begins 1 2 comm.start "starting MPI" "starting MPI" train run.yaml --out starts
beside begins 0 3 comm.start "starting MPI" "starting MPI" verify run.yaml --updates 1
beside begins 0 1 comm.start "starting MPI" "" train run.yaml --out starts
beside begins 0 2 config.read "preparing" "preparing" train run.yaml --out starts
beside begins 1 2 data.open "preparing" "preparing" train run.yaml --out starts
all_good
CAIRN_START_TIMEOUT=soon expect_line 2 2 'CAIRN_START_TIMEOUT' train run.yaml --out starts
CAIRN_START_TIMEOUT=none expect 0 2 train run.yaml --out starts

# A rank that ends for another reason needs no watchdog, and a run file may leave it out.
expect_line 2 1 'train.hang_timeout' train run.yaml --out result train.hang_timeout=soon
expect 0 2 train run.yaml --out none train.hang_timeout=none
same "weights without a watchdog" "$(weights_of none)" "$weights"
