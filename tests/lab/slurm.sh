# SPDX-License-Identifier: BSD-3-Clause
# Jobs under real Slurm, on hosts in namespaces, each by a script of `cairn slurm` or of launch/slurm: what happens to jobs
# happens to them, and without a person each ends with the bits of a run that nothing happened to.
#
#   slurm.sh          each story once, side by side: what ctest runs
#   slurm.sh full     every story with every launcher
#   slurm.sh STORY srun|mpirun    one of them
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

limit_s=400 # the runs that nothing happens to, on a machine that is busy with those that something happens to

lab_needs slurm quota
lab_up 10 # h1 to h4 for all, h5 is slow, one of h6 to h8 and one of h9 and h10 lose their power
lab_slurm_up

# so many epochs that a quick machine is not through before a story has begun
keys=(train.reproducible=true train.epochs=260 train.evaluate_every=none checkpoint.every_updates=100)

# script NAME LAUNCHER OPTIONS of cairn slurm...: NAME.sbatch, for a run in the folder NAME
places=--exclude=h[5-10]
script()
{
    local name=$1
    "$cairn" slurm "$recipes/digits.yaml" "${keys[@]}" --time 5 --launcher "$2" --out "$PWD/$name" -o "$name.sbatch" -q \
        --overwrite "--sbatch=$places" "--sbatch=--output=$PWD/$name.log" "${@:3}" 2>err || fail "cairn slurm"
    cp "$name.sbatch" out # for a look when it fails
}

# ends JOB STATE: at last, in this state
ends()
{
    until_true 240 job_over "$1"
    [ ! -e "$name.log" ] || cp "$name.log" err
    same "state of job $1 ($name)" "$(job_state "$1")" "$2"
}

# told WORDS: in the log of this story
told() { grep -q -- "$1" "$name.log" || { cp "$name.log" err && fail "$name: the log does not say: $1"; }; }
not_told() { ! grep -q -- "$1" "$name.log" || { cp "$name.log" err && fail "$name: the log says: $1"; }; }

# whole FOLDER REFERENCE: it ended with the bits of the run that nothing happened to
whole()
{
    same "status of $1" "$(json "$1/summary.json" status)" done
    same "weights of $1" "$(weights_of "$1")" "$(weights_of "$2")"
    whole_lines "$1"
}

first_checkpoint() { until_true 240 reached "$1" 100; }

# A job that is told to stop saves, is queued again, and goes on; twice.
story_stop()
{
    local job
    script "$name" "$1" --nodes 2 --ranks-per-node 1
    job=$(submit "$name.sbatch")
    first_checkpoint "$name"
    on head scancel --batch -s USR1 "$job"
    until_true 120 grep -q "restart 1" "$name.log"
    until_true 120 grep -q "goes on from" "$name.log"
    on head scancel --batch -s USR1 "$job"
    ends "$job" COMPLETED
    told "restart 2"
    whole "$name" "$work/whole"
}

# The script that comes with Cairn, which begins afresh in a folder that holds something.
story_shipped()
{
    local job
    # by the environment: sbatch --export=ALL,NAME=VALUE would make slurmd log in once more to ask for one
    job=$(on head "CAIRN='$cairn' CAIRN_LAUNCHER=$1 sbatch --parsable --nodes=2 --time=5 '$places' '--output=$PWD/$name.log'" \
        "'$CAIRN_SOURCE/launch/slurm/train.sbatch' '$recipes/digits.yaml' ${keys[*]} --out '$PWD/$name' --overwrite")
    first_checkpoint "$name"
    on head scancel --batch -s USR1 "$job"
    ends "$job" COMPLETED
    told "saved and is queued again"
    told "goes on from"
    whole "$name" "$work/whole"
}

# A time limit of one minute, on a host that is too slow for it; Slurm itself sends the signal.
story_limit()
{
    local job places=--nodelist=h5
    slow h5 0.05
    script "$name" "$1" --nodes 1 --ranks-per-node 2 --time 1 --sbatch --signal=B:USR1@40 train.epochs=130
    job=$(submit "$name.sbatch")
    until_true 120 grep -qs "saved and is queued again" "$name.log"
    slow h5 full
    ends "$job" COMPLETED
    whole "$name" "$work/longer"
}

# The same without any signal from Slurm: train.deadline=slurm, which the script passes.
story_deadline()
{
    local job places=--nodelist=h5
    slow h5 0.05
    script "$name" "$1" --nodes 1 --ranks-per-node 2 --time 1 --sbatch --signal=B:CONT@1 train.epochs=130
    job=$(submit "$name.sbatch")
    until_true 120 grep -qs "saved and is queued again" "$name.log"
    slow h5 full
    told "stopped after update .* and saved (the deadline"
    ends "$job" COMPLETED
    whole "$name" "$work/longer"
}

# Taken away by scancel it saves, and that is final; a new job goes on.
story_scancel()
{
    local job
    script "$name" "$1" --nodes 2 --ranks-per-node 1
    job=$(submit "$name.sbatch")
    first_checkpoint "$name"
    on head scancel "$job"
    until_true 60 grep -qs '"status": "stopped"' "$name/summary.json"
    ends "$job" CANCELLED
    same "restarts of a job that was cancelled" "$(job_field "$job" Restarts)" 0
    job=$(submit "$name.sbatch")
    ends "$job" COMPLETED
    whole "$name" "$work/whole"
}

# A job array: each element its own run.
story_array()
{
    local job i rates=(0.02 0.03 0.04 0.05 0.06 0.07 0.08 0.1)
    {
        echo "# eight rates"
        printf 'optim.lr=%s "train.epochs=20"\n' "${rates[@]}"
    } >"$name.txt"
    script "$name" "$1" --nodes 1 --ranks-per-node 1 --array "$name.txt" "--sbatch=--output=$PWD/$name-%a.log"
    job=$(submit "$name.sbatch")
    all_over() { [ -z "$(on head squeue --noheader --jobs="$job" 2>/dev/null)" ]; }
    until_true 240 all_over
    for i in {1..8}; do
        cp "$name-$i.log" err
        expect 0 0 train "$recipes/digits.yaml" "${keys[@]}" train.epochs=20 "optim.lr=${rates[i - 1]}" --out "alone-$name-$i"
        whole "$name/$i" "alone-$name-$i"
    done
}

# loses NODE: a node of $job loses its power, and the run goes on without it
loses()
{
    local begin=$SECONDS lines
    power_off "$1"
    until_true 240 grep -q "goes on from" "$name.log"
    lines=$(wc -l <"$name/metrics.csv")
    longer() { [ "$(wc -l <"$name/metrics.csv")" -gt "$lines" ]; }
    until_true 240 longer
    echo "$name: goes on $((SECONDS - begin)) s after a node lost its power"
    ends "$job" COMPLETED
    whole "$name" "$work/whole"
}

start_on_spare_nodes()
{
    local places=--exclude=$2
    script "$name" "$1" --nodes 2 --ranks-per-node 1
    job=$(submit "$name.sbatch")
    first_checkpoint "$name"
}

# The other nodes go on in the same job; within 30 s, which is printed and not tested: a busy machine is slow.
story_power()
{
    local job node
    start_on_spare_nodes "$1" 'h[1-8]'
    node=$(on head "scontrol show hostnames $(job_field "$job" NodeList)" | grep -vx "$(job_field "$job" BatchHost)")
    loses "$node"
    told "lost $node .*; goes on in this job, on h[0-9]*\$"
    same "restarts of a job that lost a node" "$(job_field "$job" Restarts)" 0
}

# The node that runs the script, so that nobody in the job is left to start it again but the deputies.
story_home()
{
    local job node
    start_on_spare_nodes "$1" 'h[1-5,9-10]'
    node=$(job_field "$job" BatchHost)
    loses "$node"
    [[ " $(on head "scontrol show hostnames $(job_field "$job" NodeList)" | paste -sd ' ') " != *" $node "* ]] ||
        fail "the job ended on $node, which has no power"
    same "restarts of a job whose script was lost" "$(job_field "$job" Restarts)" 1
}

# A rank is killed: the step ends at once and the run goes on in the same job.
story_rank()
{
    local job process rank=''
    script "$name" "$1" --nodes 2 --ranks-per-node 1
    job=$(submit "$name.sbatch")
    first_checkpoint "$name"
    for process in $(pgrep -f -- "train .*--out $PWD/$name( |\$)"); do
        [ "$(cat "/proc/$process/comm")" != cairn ] || rank=$process
    done
    kill -KILL "$rank"
    until_true 60 grep -q "lost a rank .*; goes on in this job" "$name.log"
    ends "$job" COMPLETED
    same "restarts of a job that lost a rank" "$(job_field "$job" Restarts)" 0
    whole "$name" "$work/whole"
}

# Where a job may not be queued again another one follows, and only as long as there is something to do.
story_follow()
{
    local job next
    script "$name" "$1" --nodes 2 --ranks-per-node 1 --no-requeue
    job=$(submit "$name.sbatch")
    first_checkpoint "$name"
    on head scancel --batch -s USR1 "$job"
    ends "$job" FAILED # with 75: that is what the next one waits for
    next=$(sed -n 's/.* job \([0-9]*\) goes on$/\1/p' "$name.log")
    ends "$next" COMPLETED
    whole "$name" "$work/whole"
    next=$(sed -n 's/.* job \([0-9]*\) goes on where this one ends early$/\1/p' "$name.log" | tail -n 1)
    ends "$next" CANCELLED # by Slurm, since there was nothing to go on with
}

# What another start does not mend fails at once, as where MPI never begins; what might be mended, after three starts without
# a newer checkpoint.
story_fail()
{
    local job
    script "$name" "$1" --nodes 1 --ranks-per-node 1 --no-check data.file=/nowhere.h5
    job=$(submit "$name.sbatch")
    ends "$job" FAILED
    same "exit code of a job without data" "$(job_field "$job" ExitCode)" 3:0
    same "its restarts" "$(job_field "$job" Restarts)" 0
    printf '#!/bin/bash\nkill -KILL $$\n' >never
    printf '#!/bin/bash\ntouch "$CAIRN_JOB_MARK"; kill -KILL $$\n' >dies
    chmod +x never dies
    script "$name" "$1" --nodes 1 --ranks-per-node 1 --wrap "'$PWD/never'"
    job=$(submit "$name.sbatch")
    ends "$job" FAILED
    told "no rank came through MPI_Init"
    same "restarts of a job that never begins" "$(job_field "$job" Restarts)" 0
    script "$name" "$1" --nodes 1 --ranks-per-node 1 --wrap "'$PWD/dies'"
    job=$(submit "$name.sbatch")
    ends "$job" FAILED
    told "3 starts brought no newer checkpoint"
    same "restarts of a job that always dies, once in the same job" "$(job_field "$job" Restarts)" 1
}

# A heterogeneous job.  Our script would use its first part alone, and says so; srun makes one world of all parts.
story_het()
{
    local job
    script "$name" "$1" --nodes 1 --ranks-per-node 1
    sed -i "0,/^\$/s//#SBATCH hetjob\n#SBATCH --nodes=1 --ntasks-per-node=2 $places\n/" "$name.sbatch"
    job=$(submit "$name.sbatch")
    until_true 120 grep -qs "heterogeneous job of 2 parts" "$name.log"
    job_state() { job_field "$1" JobState | sort -u; } # of both parts
    ends "$job" FAILED
    same "exit code of a heterogeneous job" "$(job_field "$job" ExitCode | head -n 1)" 2:0
    [ ! -e "$name" ] || fail "a heterogeneous job trains"
    # Slurm 22.05 numbers the hosts of such a step by their names: a first part on a later host waits for ever.  Its srun may
    # also stand still before it starts anything, and is then started again.
    cat >own.sbatch <<END
#!/bin/bash
#SBATCH --nodes=1 --ntasks-per-node=1 --time=5 --nodelist=h1 --output=$PWD/$name.log
#SBATCH hetjob
#SBATCH --nodes=1 --ntasks-per-node=2 --nodelist=h2
for start in 1 2; do
    timeout --kill-after=5 90 srun --mpi=pmix --het-group=0-1 \\
        '$cairn' train '$recipes/digits.yaml' ${keys[*]} train.epochs=3 --out '$PWD/$name'
    code=\$?
    [ \$code -ge 124 ] && [ ! -e '$PWD/$name' ] || exit \$code
    echo "srun stood still"
done
exit 1
END
    job=$(submit own.sbatch)
    ends "$job" COMPLETED
    same "ranks of a heterogeneous job" "$(json "$name/summary.json" ranks)" 3
    expect 0 2 train "$recipes/digits.yaml" "${keys[@]}" train.epochs=3 --out three
    whole "$name" three
}

# The self-test as a site starts it, on two nodes with one and with two tasks each; its exit code is that of the step.
story_selftest()
{
    local tasks step here=$PWD/$name
    for tasks in 1 2; do
        step="srun --mpi=pmix --nodes=2 --ntasks-per-node=$tasks --time=5 '$places'"
        on head "$step '$cairn' selftest --quick --out '$here'" >out 2>err || fail "the self-test with $tasks tasks a node: $(cat out)"
        grep -q "$((2 * tasks)) ranks on 2 nodes" out || fail "it does not see the nodes: $(cat out)"
        grep -q '^7 passed, 0 failed, 0 left out$' out || fail "not every part had its say: $(cat out)"
        same "outcome in the file" "$(json "$name/selftest.json" outcome)" passed
        same "ranks in the file" "$(json "$name/selftest.json" ranks)" $((2 * tasks))
        same "what stays" "$(ls -A "$name")" selftest.json
    done
    code=0
    on head "CAIRN_FAULT=data.row@1#1- $step '$cairn' selftest --quick --out '$here'" >out 2>err || code=$?
    same "exit code where a rank sees other samples" "$code" 4
    grep -Eq '^FAIL +bits +rank 1 ' out || fail "the self-test does not name the rank: $(cat out)"
    same "code in the file" "$(json "$name/selftest.json" exit_code)" 4
}

# tell STORY LAUNCHER
tell()
{
    local begin=$SECONDS name=$1-$2
    "story_$1" "$2"
    echo "$1 by $2: $((SECONDS - begin)) s"
}

most_beside=6 # they wait for Slurm
expect 0 2 train "$recipes/digits.yaml" "${keys[@]}" --out whole
expect 0 2 train "$recipes/digits.yaml" "${keys[@]}" train.epochs=130 --out longer
case ${1-} in
'')
    for story in "limit srun" "home srun" "power srun" "stop srun" "follow mpirun" "rank srun" "array srun" "scancel srun" "shipped mpirun" \
        "fail srun" "het srun" "selftest srun"; do
        beside tell $story
    done
    ;;
full)
    for story in stop follow rank array scancel shipped fail het; do
        for launcher in srun mpirun; do beside tell $story $launcher; done
    done
    beside tell selftest srun
    wait
    for story in limit deadline power home; do # each with a lab of its own
        for launcher in srun mpirun; do bash "$CAIRN_SOURCE/tests/lab/slurm.sh" $story $launcher || touch failed; done
    done
    ;;
*) tell "$1" "$2" ;;
esac
all_good
