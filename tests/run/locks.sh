# SPDX-License-Identifier: BSD-3-Clause
# A run folder on a file system without locks, with hosts by name alone: a job that was queued again goes on, a process that
# is known to be gone is in nobody's way, and all else is refused with the name of the file to remove.
. "${BASH_SOURCE%/*}/../support/run.sh"

no_locks=$CAIRN_BUILD/tests/libcairn_no_locks.so
[ -f "$no_locks" ] || fail "there is no $no_locks"
! nm "$cairn" 2>/dev/null | grep -q '__[at]san_init' || skip "sanitizers want to be the first that is loaded"
export LD_PRELOAD="$no_locks${LD_PRELOAD:+:$LD_PRELOAD}"
unset SLURM_JOB_ID SLURM_RESTART_COUNT PBS_JOBID

"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /test/x=float32:9x4 /test/y=int32:9
cat >run.yaml <<END
data: {file: data.h5}
model: [{type: dense, units: 3}]
batch: {global: 6, micro: 2}
train: {updates: 100000000, evaluate_every: 1000000}
checkpoint: {every_updates: 1000}
END

# holder HOST: a training there
holder()
{
    export CAIRN_TEST_HOST=$1
    start 0 train run.yaml --out result -q
    until_true 60 grep -qsx "process $pid" result/lock
    until_true 60 reached result 1000
}

# vanishes: it is killed where nobody sees it
vanishes()
{
    kill -KILL "$pid"
    finish
}

# in_use HOST: a start there is refused, with the name of the file
in_use()
{
    CAIRN_TEST_HOST=$1 "$cairn" train run.yaml --out result -q >refused 2>&1 && fail "two have one folder" || code=$?
    same "exit code on $1" "$code" 2
    grep -Eq "^cairn: run folder .* is in use by process [0-9]+ on host a .*, remove $PWD/result/lock \(" refused ||
        fail "the file to remove is not named: $(cat refused)"
}

# goes_on HOST: a start there is taken, and stopped
goes_on()
{
    holder "$1"
    kill -TERM "$pid"
    finish
    same "exit code on $1" "$code" 75
    [ ! -e result/lock ] || fail "the lock of a run that was stopped stays"
}

holder a
in_use a
in_use b
vanishes
in_use b
rm result/lock
goes_on b

holder a
vanishes
goes_on a # its process is gone

SLURM_JOB_ID=7 holder a
vanishes
SLURM_JOB_ID=8 in_use b
SLURM_JOB_ID=7 SLURM_RESTART_COUNT=1 goes_on b

PBS_JOBID=7.server holder a
vanishes
PBS_JOBID=8.server in_use b
PBS_JOBID=7.server goes_on b
