# SPDX-License-Identifier: BSD-3-Clause
# cairn job for PBS, LSF and Flux: whole batch scripts, with ranks started by mpirun, under schedulers that are played: commands
# that answer as their documentation shows and write down what they are asked for.  What all scripts share is seen in
# slurm_script.sh, and under a real scheduler in lab/slurm.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 100, micro: 50}
optim: {name: sgd, lr: 1e-2}
train: {updates: 1000000, reproducible: true, evaluate_every: none}
checkpoint: {every_updates: 20, keep: 2}
END
sed 's/updates: 1000000/updates: 30/' run.yaml >short.yaml
size=(--nodes 1 --ranks-per-node 2 --time 1:00:00)

# ---- bad input

wrong()
{
    expect_line 2 0 "$1" job short.yaml "${size[@]}" "${@:2}" -o wrong.script
    [ ! -e wrong.script ] || fail "a script is written all the same: cairn job ${*:2}"
}

wrong "scheduler is sge, but takes one of: auto slurm pbs lsf flux" --scheduler sge
wrong "'2h' is not a time limit" --scheduler pbs --time 2h
wrong "launcher is srun, but takes one of: mpirun, for PBS" --scheduler pbs --launcher srun
wrong "launcher is flux, but takes one of: srun mpirun, for Slurm" --scheduler slurm --launcher flux
wrong "launcher is srun, but takes one of: flux mpirun, for Flux" --scheduler flux --launcher srun
wrong "mpi is for srun and flux run; LSF has neither" --scheduler lsf --mpi pmix
wrong "mpi is for flux run" --scheduler flux --launcher mpirun --mpi pmix
wrong "sbatch is for Slurm; options for LSF are given with --directive" --scheduler lsf --sbatch --account=x
wrong "directive takes one option as a script for PBS has it, as in --directive '-A NAME', not 'x'" --scheduler pbs --directive x
printf 'optim.lr=0.1\noptim.lr=0.2\n' >list
wrong "Flux has no job arrays" --scheduler flux --array list
wrong "no job array that may not be run again; leave --no-requeue out" --scheduler pbs --array list --no-requeue
cat >study.yaml <<END
run: short.yaml
axes: {batch.global: [50, 100]}
study: {}
END
expect_line 2 0 "scheduler is sge" study study.yaml --job sge "${size[@]}"
expect_line 2 3 "scheduler is sge" study study.yaml --job=sge "${size[@]}"
expect_line 2 0 "Flux has no job arrays" study study.yaml --job flux "${size[@]}" --tasks 2
expect_line 2 3 "nodes is missing" job run.yaml # of several ranks one speaks

# ---- the schedulers, played: $SAID is what they were asked for, $END when the job is to end, $LOST a host that is away

mkdir bin
player() { cat >"bin/$1" && chmod +x "bin/$1"; }
player mpirun <<'END'
#!/bin/bash
echo "mpirun $*" >>"$SAID"
[ -z "${CODE-}" ] || { echo "deadline ${CAIRN_DEADLINE-none} threads $OMP_NUM_THREADS" >>"$SAID"
    touch $(printf '%s\n' "$@" | sed -n 's/^CAIRN_JOB_MARK=//p') && exit "$CODE"; }
unset OMPI_MCA_rmaps_base_mapping_policy # tests do not bind
exec "$CAIRN_MPIEXEC" "$@"
END
player qstat <<'END'
#!/bin/bash
[ "$*" = "-f $PBS_JOBID" ] || exit 153
echo "Job Id: $PBS_JOBID
    Job_Name = run
    Job_Owner = user@login.example.org
    resources_used.cpupercent = 98
    resources_used.walltime = 00:00:17
    job_state = R
    queue = workq
    Rerunable = True
    Resource_List.ncpus = 2
    Resource_List.select = 1:ncpus=2:mpiprocs=2:ompthreads=1
    Resource_List.walltime = 01:00:00
    stime = $(date -d "@$((END - 3600))" '+%a %b %e %H:%M:%S %Y')
    Variable_List = PBS_O_HOME=/home/user,PBS_O_LANG=C,
	PBS_O_WORKDIR=/home/user/stime = x
    run_count = ${RUNS:-1}
    etime = Mon Nov  2 10:00:00 2026"
END
player qrerun <<'END'
#!/bin/bash
echo "qrerun $*" >>"$SAID"
[ "${OPERATOR:-yes}" = yes ] || { echo "qrerun: Unauthorized Request  $1" >&2; exit 159; }
END
player qsub <<'END'
#!/bin/bash
echo "qsub $*" >>"$SAID"
cat >submitted
echo 13.server
END
player pbsnodes <<'END'
#!/bin/bash
[ "$1" = "${LOST-}" ] && state=state-unknown,down || state=job-busy
printf '%s\n     Mom = %s\n     ntype = PBS\n     state = %s\n     pcpus = 2\n' "$1" "$1" "$state"
END
player bjobs <<'END'
#!/bin/bash
[ "$1 $2 $3" = "-noheader -o runtimelimit run_time" ] || exit 255
[ "${END}" = none ] && echo "- 7 second(s)" || echo "60.0/host1 $(($(date +%s) + 3600 - END)) second(s)"
END
player bsub <<'END'
#!/bin/bash
echo "bsub $*" >>"$SAID"
cat >submitted
echo "Job <13> is submitted to queue <normal>."
END
player bhosts <<'END'
#!/bin/bash
[ "$2" = "${LOST-}" ] && status=unavail || status=closed_Full
printf '%-18s %-15s JL/U    MAX  NJOBS    RUN  SSUSP  USUSP    RSV\n' HOST_NAME STATUS
printf '%-18s %-15s    -      8      8      8      0      0      0\n' "$2" "$status"
END
for name in qdel bkill; do
    player $name <<'END'
#!/bin/bash
echo "${0##*/} $*" >>"$SAID"
END
done
player flux <<'END'
#!/bin/bash
case "$*" in
"getattr jobid") echo ƒ2oDq4 ;;
"job id --to=dec ƒ2oDq4") echo 12 ;;
"hostlist --expand instance") echo $HOSTS ;;
"--parent jobs --no-header --format={expiration} ƒ2oDq4") [ "$END" = none ] && echo 0.0 || echo "$END.75" ;;
"--parent batch "*) echo "flux $*" >>"$SAID" && cp "${!#}" submitted && echo ƒ2oDq5 ;;
"--parent cancel "*) echo "flux $*" >>"$SAID" ;;
"resource list --states=down --include="*) [[ "$*" == *"--include=${LOST:-none} "* ]] && echo 1 || echo 0 ;;
"job last") echo ƒ1 ;;
"job kill --signal=SIGUSR1 ƒ1") kill -USR1 "$(cat started)" ;;
"job kill --signal=SIGKILL ƒ1") ;;
"run "*)
    echo "$*" >>"$SAID"
    shift
    while [[ $1 == -* ]]; do
        case $1 in --ntasks=*) n=${1#*=} ;; esac
        if [ "$1" = -o ]; then shift; fi
        shift
    done
    trap : USR1 # which not every version passes on
    mpirun -n "$n" "$@" &
    echo $! >started
    while kill -0 $! 2>/dev/null; do wait $! || true; done
    wait $!
    ;;
*) echo "flux: no answer to $*" >&2 && exit 1 ;;
esac
END

# begin SCHEDULER SCRIPT: a start of it, in the background
begin()
{
    : >said
    printf '%s\n%s\n' $(for host in ${HOSTS:-localhost}; do echo "$host $host"; done) >nodefile
    local is=()
    case $1 in
    pbs) is=(PBS_JOBID=12.server "PBS_NODEFILE=$PWD/nodefile") ;;
    lsf) is=(LSB_JOBID=12 LSB_JOBINDEX=0 "LSB_MCPU_HOSTS=$(for host in ${HOSTS:-localhost}; do echo -n "$host 2 "; done)") ;;
    esac
    env SAID="$PWD/said" PATH="$work/bin:$PATH" END="${END:-$(($(date +%s) + 3000))}" HOSTS="${HOSTS:-localhost}" "${is[@]}" \
        ${ELEMENT:+PBS_ARRAY_INDEX=$ELEMENT LSB_JOBINDEX=$ELEMENT} bash "$2" >out 2>err </dev/null &
    pid=$!
}
played() { begin "$@" && finish; }
script() { "$cairn" job "${2:-short.yaml}" --scheduler "$1" "${size[@]}" "${@:3}" >"$1.script" && bash -n "$1.script"; }
said() { grep -q -- "$1" said || { cp said err && fail "$scheduler: it is not asked for: $1"; }; }
not_said() { ! grep -q -- "$1" said || { cp said err && fail "$scheduler: it is asked for: $1"; }; }
told() { grep -q -- "$1" run-12.out || { cp run-12.out err && fail "$scheduler: the log does not say: $1"; }; }

# ---- a run that is stopped before its limit (PBS: by the clock of the script) or by a signal, and goes on to its end

story()
{
    local scheduler=$1 n
    script "$scheduler" run.yaml --out result
    [ "$scheduler" != pbs ] || local END=$(($(date +%s) + 120 + 15))
    begin "$scheduler" "$scheduler.script"
    unset END
    if [ "$scheduler" != pbs ]; then
        until_true 90 reached result 20
        kill -USR1 "$pid"
    fi
    finish
    cp run-12.out err
    same "$scheduler: code of a job that stopped" "$code" 75
    ! grep -q "stopped after.*the deadline" run-12.out || fail "$scheduler: the script lets the run come to its deadline"
    case $scheduler in
    pbs) told "saved and is queued again" && said "^qrerun 12.server$" ;;
    lsf) told "saved and is queued again" && grep -qx '#BSUB -Q 75' lsf.script || fail "LSF is not told which code is queued again" ;;
    flux) told "saved; job ƒ2oDq5 goes on" && said "^flux --parent batch --dependency=afternotok:ƒ2oDq4 " && not_said cancel ;;
    esac
    n=$(newest result)
    sed -i "s/updates: 1000000/updates: $((n + 10))/" run.yaml
    RUNS=2 CAIRN_CHAIN=12 played "$scheduler" "$scheduler.script"
    cp run-12.out err
    same "$scheduler: code of the last start" "$code" 0
    told "goes on from"
    [ "$scheduler" != pbs ] || told "cairn job 12.server: restart 1, on localhost"
    [ "$scheduler" != flux ] || said "^flux --parent cancel ƒ2oDq5"
    not_said "^qrerun\|^qsub\|^bsub"
    expect 0 1 train run.yaml --out straight
    same "$scheduler: weights" "$(weights_of result)" "$(weights_of straight)"
    same "$scheduler: files beside the run's" "$(ls result | grep txt | grep -vx log.txt)" "$scheduler.txt"
    expect 0 0 train run.yaml --out result --overwrite --check # its note is one of the run's own files
}
for scheduler in pbs lsf flux; do beside story $scheduler; done

# ---- what the script knows of its job, and what decides

soon=$(($(date +%s) + 2000))
for scheduler in pbs lsf flux; do
    script $scheduler short.yaml --cpus-per-task 3 --out result
    log=short-12.out
    END=$soon CODE=0 played $scheduler $scheduler.script
    same "$scheduler: code" "$code" 0
    at=$(sed -n 's/^deadline \([0-9]*\) threads 3$/\1/p' said)
    holds "$scheduler: the end of the job" "${at:-0} >= $soon - 30 && ${at:-0} <= $soon + 30"
    said "mpirun.* -n 2 .*$cairn train short.yaml --out result train.deadline=job"
    [ $scheduler = flux ] || ! "$cairn" --version | grep -q "^MPI Open MPI" || said "mpirun --host localhost:2 -n 2 "
    [ $scheduler != flux ] || said "run --nodes=1 --ntasks=2 --cores-per-task=3 --setopt=exit-on-error env "
    if [ $scheduler != pbs ]; then
        END=none CODE=0 played $scheduler $scheduler.script
        said "^deadline none" # a job without a limit
        not_said train.deadline
    fi

    # An error that another start would meet again, by its code; nothing is left that would start it.
    for c in 2 3 4 6 70; do
        rm -rf result
        CODE=$c played $scheduler $scheduler.script
        same "$scheduler: code of a job that failed" "$code" $c
        not_said "^qrerun\|^qsub\|^bsub"
        [ $scheduler != flux ] || said "^flux --parent cancel ƒ2oDq5"
    done

    # A lost rank: once more here, then in the queue; three starts without a newer checkpoint are the last.
    rm -rf result
    CODE=137 played $scheduler $scheduler.script
    same "$scheduler: starts after a lost rank" "$(grep -c "^mpirun" said)" 2
    case $scheduler in
    pbs) said "^qrerun 12.server" ;;
    lsf) same "code of a job that lost a rank, by which LSF queues it again" "$code" 75 ;;
    flux) same "code of a job that another follows" "$code" 137 && not_said cancel ;;
    esac
    CODE=75 played $scheduler $scheduler.script
    same "$scheduler: code of the third start" "$code" $([ $scheduler = lsf ] && echo 143 || echo 75) # LSF would queue 75 again
    not_said "^qrerun"
    grep -q "3 starts brought no newer checkpoint" $log || fail "$scheduler: it does not say why it ends"

    # A host is away: the others go on.
    rm -rf result
    HOSTS="localhost 127.0.0.1" LOST=127.0.0.1 CODE=137 played $scheduler $scheduler.script
    grep -q "lost 127.0.0.1 (exit code 137); goes on in this job, on localhost$" $log || fail "$scheduler: it does not go on: $(cat $log)"
    if [ $scheduler = flux ]; then
        said "run --nodes=2 --ntasks=4" && said "run --nodes=1 --ntasks=2 .*--requires=hosts:localhost env "
    else
        said "mpirun --host localhost:2,127.0.0.1:2 -n 4" && said "mpirun --host localhost:2 -n 2"
    fi
    rm -rf result $log

    HOSTS=' ' CODE=0 played $scheduler $scheduler.script
    same "$scheduler: code of a job without hosts" "$code" 5
    grep -qi "$scheduler does not say which hosts this job has$" $log || fail "$scheduler: it does not say what is wrong: $(cat $log)"
    not_said mpirun
    rm -f $log

    # Not by the scheduler's command.
    code=0
    PATH=$PATH bash $scheduler.script >out 2>err </dev/null || code=$?
    same "$scheduler: code of a script that bash runs" "$code" 2
    grep -q "this is a batch script: submit it by" err || fail "$scheduler: it does not say how to submit it"
done

# Where users may not run a job again (PBS), or it shall not (by a flag), another one goes on: this element alone.
scheduler=pbs
script pbs short.yaml --out result --array list
ELEMENT=2 OPERATOR=no CODE=75 played pbs pbs.script
said "^qrerun 12.server"
said "^qsub -v CAIRN_CHAIN=12,CAIRN_ELEMENT=2"
grep -q "^#PBS -J 1-2" pbs.script && ! grep -q "^#PBS -J" submitted || fail "the next job is the whole array"
grep -q "PBS lets only operators run a job again (qrerun), so that job 13.server goes on" short-12.out || fail "it does not say which job goes on"
CAIRN_ELEMENT=2 CAIRN_CHAIN=12 CODE=0 played pbs submitted
said "train short.yaml .*optim.lr=0.2 --out $work/result/2 "
script pbs short.yaml --out result --no-requeue
CODE=75 played pbs pbs.script
said "^qsub -W depend=afternotok:12.server -v CAIRN_CHAIN=12"
not_said "^qrerun\|^qdel"
CODE=0 played pbs pbs.script
said "^qdel 13.server"
scheduler=lsf
script lsf short.yaml --out result --no-requeue --array list
rm -rf result
ELEMENT=2 CODE=75 played lsf lsf.script
same "code of a job that another follows" "$code" 75
said "^bsub -w exit(12\[2\])"
grep -qxF '#BSUB -J "short[2]"' submitted || fail "the next job is the whole array"
said "train short.yaml .*optim.lr=0.2 --out $work/result/2 "
ELEMENT=2 CODE=3 played lsf lsf.script
said "^bkill 13"

# A study goes to several jobs, and by --slurm to Slurm as ever.
for job in "--job pbs:#PBS -J 1-3" "--slurm:#SBATCH --array=1-3" "--job=slurm:#SBATCH --array=1-3"; do
    expect 0 0 study study.yaml ${job%%:*} "${size[@]}" --tasks 3
    grep -qx -- "${job#*:}" out && grep -qx "command=study" out || fail "cairn study ${job%%:*}: $(head -n 20 out)"
done

# The default is the scheduler of this job, else the one that is installed.
expect 0 0 slurm short.yaml "${size[@]}"
PBS_JOBID=1 FLUX_URI='' LSB_JOBID='' expect 0 0 job short.yaml "${size[@]}"
grep -q "^#PBS" out || fail "in a job of PBS the script is for another scheduler"
PATH=$work/bin expect 0 0 job short.yaml "${size[@]}" -o job.script
grep -q "next: qsub job.script" err && grep -q "^#PBS" job.script || fail "pbsnodes is found, and the script is for another scheduler"
expect 0 0 job short.yaml --scheduler lsf "${size[@]}" -o job.script --overwrite
grep -q "next: bsub < job.script" err || fail "it does not say how LSF takes a script"
expect 0 0 job --job --scheduler flux
grep -q "flux getattr jobid" out || fail "the part that scripts for Flux share is another one"

# Without mpirun in a job of several hosts a process is alone, which is a mistake; and the end of the job is asked for in
# that scheduler's words.
printf 'h1\nh1\n' >nodes
PBS_NODEFILE=$PWD/nodes expect 0 0 train short.yaml --out alone
echo h2 >>nodes
PBS_NODEFILE=$PWD/nodes expect_line 2 0 "PBS_NODEFILE says 2 ranks, but this process is alone" train short.yaml --out alone
LSB_MCPU_HOSTS="h1 8 h2 8 h3 8" expect_line 2 0 "LSB_MCPU_HOSTS says 3 ranks" train short.yaml --out alone
LSB_MCPU_HOSTS="h1 8" expect 0 0 train short.yaml --out alone
PBS_NODEFILE=$PWD/nodes expect 0 0 train short.yaml --out alone --singleton
LSB_JOBID=7 expect_line 2 1 "export CAIRN_DEADLINE=.*bjobs" train short.yaml --out end train.deadline=job
PBS_JOBID=7 expect_line 2 3 "export CAIRN_DEADLINE=.*for a job of one hour" train short.yaml --out end train.deadline=job
all_good
