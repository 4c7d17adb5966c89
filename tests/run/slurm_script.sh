# SPDX-License-Identifier: BSD-3-Clause
# cairn slurm: what would end a job at its start is said at once, and the script is one that bash can read, whatever the paths.
# That jobs run by it is seen in lab/slurm.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

cp "$recipes/digits.yaml" run.yaml
sed -i "s#file:.*#file: $datasets/digits.h5#" run.yaml
size=(--nodes 2 --ranks-per-node 3 --time 2:00:00)

# wrong PATTERN ARGUMENTS...: error 2 in one line
wrong()
{
    expect_line "${wanted:-2}" 0 "$1" slurm "${@:2}" -o wrong.sbatch
    [ ! -e wrong.sbatch ] || fail "a script is written all the same: cairn slurm ${*:2}"
}

wrong "which run file" "${size[@]}"
wrong "nowhere.yaml" nowhere.yaml "${size[@]}"
wrong "nodes is missing" run.yaml --ranks-per-node 1 --time 1
wrong "ranks-per-node is missing" run.yaml --nodes 1 --time 1
wrong "time is missing" run.yaml --nodes 1 --ranks-per-node 1
wrong "nodes" run.yaml "${size[@]}" --nodes 0
wrong "nodes" run.yaml "${size[@]}" --nodes two
wrong "ranks-per-node" run.yaml "${size[@]}" --ranks-per-node -1
wrong "cpus-per-task" run.yaml "${size[@]}" --cpus-per-task 0
wrong "'2h' is not a time" run.yaml "${size[@]}" --time 2h
wrong "time of 0:00 is none" run.yaml "${size[@]}" --time 0:00
wrong "did you mean --nodes" run.yaml "${size[@]}" --node 2
wrong "launcher is ssh, but takes one of: srun mpirun" run.yaml "${size[@]}" --launcher ssh
wrong "mpi is for srun" run.yaml "${size[@]}" --launcher mpirun --mpi pmix
wrong "sbatch takes one option" run.yaml "${size[@]}" --sbatch account=x
wrong "no file nowhere.sh" run.yaml "${size[@]}" --setup nowhere.sh
wrong "wrap: a quote ' has no end" run.yaml "${size[@]}" --wrap "apptainer exec 'x"
wrong "optim.learning_rate|optim.lr" run.yaml optim.learning_rate=1 "${size[@]}"
wrong "6 ranks|ranks" run.yaml batch.global=256 batch.micro=32 batch.accumulate=8 "${size[@]}"
wrong "type|layer" run.yaml 'model=[{type: denes, units: 3}]' "${size[@]}"
wanted=3 wrong "nowhere.h5" run.yaml data.file=nowhere.h5 "${size[@]}"
printf 'optim.lr=0.1\n\noptim.lrr=0.1\n' >list
wrong "list:3: .*optim.lr" run.yaml "${size[@]}" --array list
echo "optim.lr=0.1 --out=x" >list
wrong "list:1: --out=x is not a key=value" run.yaml "${size[@]}" --array list
echo "# nothing" >list
wrong "list: has no line" run.yaml "${size[@]}" --array list
wrong "nowhere: there is no such file" run.yaml "${size[@]}" --array nowhere
wrong "keep_best selects by the group val" run.yaml checkpoint.keep_best=eval_loss "${size[@]}"
wrong "milestones has 1.5" run.yaml checkpoint.milestones=1.5 "${size[@]}"
wrong "groups" run.yaml 'optim.groups=[{match: nothing, lr_scale: 2}]' "${size[@]}"
wrong "warmup" run.yaml schedule.warmup_updates=5 schedule.warmup_epochs=1 "${size[@]}"
wrong "which is not given" run.yaml --init-partial "${size[@]}"
wrong "more than MPI counts" run.yaml "${size[@]}" --nodes 1000000 --ranks-per-node 10000
wanted=3 wrong "init: nowhere.h5: No such file" run.yaml --init nowhere.h5 "${size[@]}"
wrong "setup: .: cannot be read: Is a directory" run.yaml "${size[@]}" --setup .
printf 'module load mpi\n\0' >bytes
wrong "setup: bytes: .*not text" run.yaml "${size[@]}" --setup bytes
expect_line 2 3 "nodes is missing" slurm run.yaml # of several ranks one speaks

# The site's lines may lie behind a link, or come from a pipe.
echo "module load mpi" >site
ln -s site link
expect 0 0 slurm run.yaml "${size[@]}" --setup link
grep -qx "module load mpi" out || fail "the site's own lines are not in the script"
"$cairn" slurm run.yaml "${size[@]}" --setup <(cat site) >script
cmp -s out script || fail "lines from a pipe are others than those from a file"
: >site
expect 0 0 slurm run.yaml "${size[@]}" --setup link

# To standard output, or to a file that was not there.
expect 0 0 slurm run.yaml "${size[@]}"
bash -n out || fail "bash does not read the script"
cp out script
expect 0 0 slurm run.yaml "${size[@]}" -o job.sbatch
grep -q "next: sbatch job.sbatch" err || fail "it does not say what to do next"
cmp -s script job.sbatch || fail "the file is another script than standard output"
wrong_file() { expect_line 2 0 "job.sbatch is there; --overwrite" slurm run.yaml "${size[@]}" -o job.sbatch; }
wrong_file
expect 0 0 slurm run.yaml "${size[@]}" -o job.sbatch --overwrite --no-check data.file=nowhere.h5

# played SCRIPT: run it as Slurm would, with a Slurm that only writes down what it is asked for
mkdir bin
cat >bin/scontrol <<'END'
#!/bin/bash
case "$1 $2" in
"show hostnames") echo localhost ;;
"show config") echo "MpiDefault              = ${DEFAULT:-none}" ;;
"show job") echo "   Requeue=${REQUEUE:-1} TimeLimit=02:00:00 EndTime=2031-02-03T04:05:06 ExcNodeList=h9 " ;;
*) echo "scontrol $*" >>"$SAID" ;;
esac
END
cat >bin/squeue <<'END'
#!/bin/bash
END
cat >bin/srun <<'END'
#!/bin/bash
case "$*" in
--mpi=list) printf 'MPI plugin types are...\n\t%s\n' ${PLUGINS:-none pmix pmi2} && exit ;;
*" true") exit "${SILENT:-0}" ;; # asked whether the host starts a step
esac
[ "${NEVER:-no}" = yes ] || touch $(printf '%s\n' "$@" | sed -n 's/^CAIRN_JOB_MARK=//p')
printf '%s\n' "$0" "$@" >>"$SAID"
echo "deadline $CAIRN_DEADLINE threads $OMP_NUM_THREADS" >>"$SAID"
exit "${CODE:-0}"
END
cat >bin/sbatch <<'END'
#!/bin/bash
printf '%s\n' sbatch "$@" >>"$SAID"
echo 99
END
cat >bin/scancel <<'END'
#!/bin/bash
echo "scancel $*" >>"$SAID"
END
cp bin/srun bin/mpirun
chmod +x bin/*
played()
{
    : >said
    code=0
    SAID=$work/said PATH=$work/bin:$PATH SLURM_JOB_ID=7 SLURM_JOB_NODELIST=h1 SLURM_SUBMIT_DIR=$work SLURM_JOB_NAME=n \
        SLURM_JOB_NUM_NODES=2 SLURM_JOB_PARTITION=p bash "$@" >out 2>err </dev/null || code=$?
}
said() { grep -qxF -- "$1" said || { cp said err && fail "the job does not say: $1"; }; }

# What is given arrives as it was given, in folders with any name.
odd="it's \"odd\" \$HOME"
mkdir "$odd"
cp run.yaml "$odd/r.yaml"
(cd "$odd" && "$cairn" slurm r.yaml "${size[@]}" --program "./$odd" --wrap "env 'A=1 2'" --out "o $odd" optim.lr=0.2 \
    --cpus-per-task 4 --mpi pmix >../script) || fail "cairn slurm in a folder with quotes"
bash -n script || fail "bash does not read the script with quotes"
played script
same "exit code" "$code" 0
for word in --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=4 env "A=1 2" "./$odd" train r.yaml optim.lr=0.2 --out "o $odd" \
    train.deadline=slurm \
    "deadline $(date -d 2031-02-03T04:05:06 +%s) threads 4"; do
    said "$word"
done
[ -d "$odd/o $odd" ] || fail "the job did not run in the folder of cairn slurm"

# A deadline of the user's own stays.
for own in "run.yaml train.deadline=2h" "own.yaml"; do
    sed 's/^train: {/&deadline: 2h, /' run.yaml >own.yaml
    "$cairn" slurm $own "${size[@]}" >script
    played script
    ! grep -q deadline=slurm said || fail "the deadline of $own is not its own"
done

# The exit code decides.
rm -rf runs
"$cairn" slurm run.yaml "${size[@]}" --resume never >script 2>err && fail "--resume is not an option of cairn slurm"
"$cairn" slurm run.yaml "${size[@]}" --launcher mpirun >script
for i in 1 2; do CODE=75 played script && same "code of a job that stopped" "$code" 75 && said "scontrol requeue 7"; done
! grep -q ExcNodeList said || fail "a job that stopped leaves a node out"
CODE=75 played script
same "code of the third start without a newer checkpoint" "$code" 75
! grep -q requeue said || fail "a job that gets nowhere is queued again for ever"
mkdir -p runs/run/checkpoints
ln -s update-00000001.h5 runs/run/checkpoints/latest.h5
CODE=137 played script
same "starts after a lost rank: another here, then in the queue" "$(grep -cx train said) $code" "2 137"
said "scontrol requeue 7"
rm -f runs/run/slurm.txt
SILENT=1 CODE=137 played script
same "starts where no host starts a step" "$(grep -cx train said)" 1
said "scontrol requeue 7"
said "scontrol update JobId=7 ExcNodeList=h9,localhost"

# A start that never came through MPI_Init is the last one, unless a host was lost or it was told to stop.
rm -f runs/run/slurm.txt
NEVER=yes CODE=1 played script
same "starts where MPI never begins" "$(grep -cx train said) $code" "1 1"
same "lines about MPI_Init" "$(grep -c "no rank came through MPI_Init (exit code 1)" out)" 1
! grep -q requeue said || fail "a job that never began is queued again"
NEVER=yes SILENT=1 CODE=1 played script
said "scontrol requeue 7"
rm -f runs/run/slurm.txt
rm -f runs/run/slurm.txt
mkdir -p root/proc/self root/sys/fs/cgroup/job_7
echo 0::/job_7/step_batch/user >root/proc/self/cgroup
echo "oom_kill 0" >root/sys/fs/cgroup/job_7/memory.events
sed -i '2i[ ! -e root ] || echo "oom_kill 1" >"$CAIRN_TEST_ROOT/sys/fs/cgroup/job_7/memory.events"' bin/mpirun
CAIRN_TEST_ROOT=$work/root CODE=137 played script
grep -q 'cairn job 7: a rank was killed for memory: of this control group Linux killed 1; .* (exit code 137); goes on in this job' out ||
    fail "a rank that was killed for memory is not told: $(cat out)"
rm -rf root
for c in 2 3 4 6 70 127; do
    rm -f runs/run/slurm.txt
    CODE=$c played script
    same "code of a job that failed" "$code" "$c"
    ! grep -q requeue said || fail "a job that failed with $c is queued again"
done
rm -rf runs

# Which plugin of srun starts the ranks: one that this MPI can use, unless the site's default does, or one was chosen.
plugin()
{
    "$cairn" slurm run.yaml "${size[@]}" "${@:2}" >script
    rm -rf runs
    played script
    same "plugin for '${PLUGINS-}', default ${DEFAULT-none}" "$(grep -e --mpi= said | paste -sd ' ')" "$1"
    same "code" "$code" "${wanted:-0}"
}
if "$cairn" --version | grep -q "^MPI Open MPI"; then
    plugin --mpi=pmix
    grep -q "srun --mpi=pmix starts the ranks of Open MPI" out || fail "it does not say which plugin it takes"
    PLUGINS="none pmi2 pmix_v4" plugin --mpi=pmix_v4
    DEFAULT=pmi2 plugin --mpi=pmix
    DEFAULT=pmix plugin ""
    plugin --mpi=pmi2 --mpi pmi2
    if ! command -v ompi_info >/dev/null || ! ompi_info --parsable | grep -q "^mca:pmix:s2:"; then
        PLUGINS="none pmi2" wanted=2 plugin ""
        grep -q "no plugin of srun starts ranks of Open MPI.*launcher mpirun" out || fail "it does not say that no plugin fits"
        ! grep -qx "train\|scontrol requeue 7" said || fail "it starts all the same"
    fi
fi
"$cairn" slurm run.yaml "${size[@]}" --launcher mpirun >script
rm -rf runs

# What others put in place of the count is not followed, and not taken for a number.
mkdir -p runs/run
for planted in 'a[$(touch fooled)]' 08 ''; do
    echo "7 none $planted" >runs/run/slurm.txt
    CODE=75 played script
    same "code of a start beside the count '$planted'" "$code" 75
    same "what is counted then" "$(cat runs/run/slurm.txt)" "7 none 1"
done
[ ! -e fooled ] || fail "the count is run as a program"
echo precious >precious
for plant in "ln -sf $work/precious" mkfifo; do
    rm -f runs/run/slurm.txt
    $plant runs/run/slurm.txt
    CODE=75 played script
    [ -f runs/run/slurm.txt ] && [ ! -L runs/run/slurm.txt ] || fail "$plant is left in place of slurm.txt"
done
same "the file that a link leads to" "$(cat precious)" precious
same "files beside the count" "$(ls runs/run)" slurm.txt
rm -rf runs

# Where it may not be queued again another job follows.
REQUEUE=0 CODE=75 played script
same "code of a job that another follows" "$code" 75
for word in sbatch --dependency=afternotok:7 --nodes=2 --time=02:00:00 script; do said "$word"; done
! grep -q "requeue 7\|scancel" said || fail "the job is queued again, or what follows is cancelled"
REQUEUE=0 CODE=3 played script
said "scancel 99"
REQUEUE=0 CODE=0 played script
said "scancel 99"

# Elements of an array, by either script.
printf '# list\noptim.lr=0.3\n\nbatch.global=64 "data.std=[1]"\n' >list
"$cairn" slurm run.yaml "${size[@]}" --mpi pmix --array list --out all -o array.sbatch --overwrite -q
SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 played array.sbatch
cp said by_cairn
for word in batch.global=64 "data.std=[1]" "$work/all/2"; do said "$word"; done
SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 CAIRN=$cairn played "$CAIRN_SOURCE/launch/slurm/study.sbatch" list run.yaml --out all
diff by_cairn said >out || fail "study.sbatch and cairn slurm --array differ: $(cat out)"
rm -rf all
SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 CODE=75 played array.sbatch
said "scontrol requeue 7_2" # and not 7, which is the whole array where this element was the last to start
SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=3 played array.sbatch
same "code of an element that is not there" "$code" 2

# Started again, --overwrite and --resume are left out; what has more than one place is found.
SLURM_RESTART_COUNT=1 CAIRN=$cairn played "$CAIRN_SOURCE/launch/slurm/train.sbatch" --resume never run.yaml --overwrite --out=there
! grep -q "never\|overwrite\|^--resume" said || fail "a later start begins afresh"
said run.yaml
[ -d there ] || fail "--out=DIR is not the run folder"

# What is wrong with a list or a submission is said, and nothing is trained.
study() { CAIRN=$cairn played "$CAIRN_SOURCE/launch/slurm/study.sbatch" "$@"; }
refused() { same "code where $1" "$code" 2 && ! grep -qx train said && grep -q "$1" out err || fail "it does not say: $1"; }
echo "optim.lr=0.3 'train.seed=2" >list
SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_JOB_ID=7 study list run.yaml
refused "a quote without an end"
study list run.yaml
refused "choose --array=1-1"
echo "# nothing" >list
SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_JOB_ID=7 study list run.yaml
refused "no line of key=value"
CAIRN=$cairn played "$CAIRN_SOURCE/launch/slurm/train.sbatch" optim.lr=0.1
refused "which run file"
code=0
CAIRN=$cairn bash "$CAIRN_SOURCE/launch/slurm/train.sbatch" run.yaml >out 2>err || code=$?
refused "submit it by sbatch"

# Where no other job can be queued behind this one, it trains all the same.
rm -rf runs
printf '#!/bin/bash\nexit 1\n' >bin/sbatch
"$cairn" slurm run.yaml "${size[@]}" >script
REQUEUE=0 played script
same "code of a job that none can follow" "$code" 0
said train

# By this file, which is never somebody else's, a script tells a run that was lost from one that never began.
ln -s precious linked
for mark in mark linked; do CAIRN_JOB_MARK=$work/$mark expect 0 2 train run.yaml train.updates=1 train.epochs=none --out "runs/$mark"; done
same "the mark of the ranks" "$(stat -c '%F' mark)" "regular empty file"
same "the file that a link in its place leads to" "$(cat precious)" precious
