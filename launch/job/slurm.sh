# SPDX-License-Identifier: BSD-3-Clause
# A job under Slurm: what it is, how it is queued again, which of its hosts answer, and how srun starts ranks there.
# Functions for job.sh, which comes next.
[ -n "${SLURM_JOB_ID-}" ] || { echo "cairn: this is a batch script: submit it by sbatch" >&2; exit 2; }
scheduler=Slurm
job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
job=${job:-$SLURM_JOB_ID}
number=$job
element=${SLURM_ARRAY_TASK_ID-}
restarts=${SLURM_RESTART_COUNT:-0}
nodes=$SLURM_JOB_NODELIST
note=slurm
or_else="submit it with --no-requeue, then another job follows"
leaves_out=yes # the hosts that are gone, when the job is queued again
other_ways="--mpi (srun --mpi=list tells), --launcher mpirun"
if [ "${SLURM_HET_SIZE:-1}" -gt 1 ]; then # SLURM_JOB_NODELIST is that of the first part
    echo "cairn job $job: in a heterogeneous job of $SLURM_HET_SIZE parts this script would use the first alone: submit it as one" \
        "part, or start the ranks in a script of your own: srun --mpi=pmix --het-group=0-$((SLURM_HET_SIZE - 1)) cairn train" >&2
    exit 2
fi

# fact NAME: what Slurm knows of this job
fact() { scontrol show job "$job" | sed -n "s/^.*\b$1=\([^ ]*\).*/\1/p" | head -n 1; }

find_hosts()
{
    mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
    own=${SLURMD_NODENAME:-${hosts[0]-}}
    port=$(scontrol show config | sed -n 's/^SlurmdPort *= *//p') || true
    port=${port:-6818}
}

job_end() { echo "${SLURM_JOB_END_TIME:-$(date -d "$(fact EndTime)" +%s 2>/dev/null || true)}"; }

may_requeue() { [ "$(fact Requeue)" != 0 ]; }

# Without the hosts that are gone.
requeue()
{
    local excluded
    excluded=$(fact ExcNodeList)
    scontrol requeue "$job" || return 1
    [ "$excluded" != "(null)" ] || excluded=''
    [ -z "$gone" ] || scontrol update JobId="$job" ExcNodeList="${excluded:+$excluded,}$gone"
}

# Another job like this one, which waits for its end and goes away where it ends well; its number.
follow()
{
    local name as_before
    as_before=(--no-requeue --chdir="$SLURM_SUBMIT_DIR" --job-name="$SLURM_JOB_NAME" --nodes="$SLURM_JOB_NUM_NODES"
        --time="$(fact TimeLimit)" --partition="$SLURM_JOB_PARTITION" --cpus-per-task="$threads"
        ${SLURM_NTASKS_PER_NODE:+--ntasks-per-node="$SLURM_NTASKS_PER_NODE"}
        ${SLURM_JOB_ACCOUNT:+--account="$SLURM_JOB_ACCOUNT"} ${SLURM_JOB_QOS:+--qos="$SLURM_JOB_QOS"}
        ${SLURM_ARRAY_TASK_ID:+--array="$SLURM_ARRAY_TASK_ID"})
    for name in "${!SLURM_@}"; do # what describes this job is not for the next
        [ "$name" = SLURM_CONF ] || unset "$name"
    done
    sbatch --parsable --dependency="afternotok:$job" --kill-on-invalid-dep=yes "${as_before[@]}" "$0" "${given[@]}" | cut -d ';' -f 1
}

cancel() { scancel "$1"; }

# starts HOST: Slurm starts a step there.
starts()
{
    timeout -k 1 30 srun --overlap --mpi=none --nodes=1 --ntasks=1 --cpus-per-task=1 --nodelist="$1" true
}

# All steps of this job, at once: the ranks that wait for a lost one, and the deputies.
end_steps()
{
    local steps
    steps=$(squeue --noheader --steps --jobs="$job" --format=%i | grep -E '\.[0-9]+$' || true)
    [ -z "$steps" ] || scancel --signal=KILL $steps </dev/null >/dev/null 2>&1 & # waits long for a host that is gone
    sleep 1
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
}

# Thanks to --no-kill the job outlives the loss of a host.  But then also that of this host, and with it of this script: so
# up to three others look who is in the job, and give it back to the queue where the script's host is not.
send_deputies()
{
    local others end='scontrol requeue'
    may_requeue || end=scancel # then another job follows
    mapfile -t others < <(printf '%s\n' "${hosts[@]}" | grep -vxF -- "$own" | sed -n 1,3p)
    [ ${#others[@]} -gt 0 ] || return 0
    srun --overlap --no-kill --mpi=none --job-name=deputies --nodelist="$(IFS=,; echo "${others[*]}")" \
        --nodes=${#others[@]} --ntasks=${#others[@]} --ntasks-per-node=1 --cpus-per-task=1 bash -c '
            while sleep $((10 + 5 * SLURM_PROCID)); do
                now=$(squeue --noheader --states=RUNNING --jobs="$1" --format=%N) && [ -n "$now" ] || continue
                scontrol show hostnames "$now" | grep -qxF -- "$2" || $3 "$1"
            done' deputy "$job" "$own" "$end" </dev/null >/dev/null 2>&1 &
}

# Which plugin of srun starts ranks of this MPI.  The site's default stays where it can, and what somebody has chosen always.
choose_mpi()
{
    local default can plugin
    [[ " ${launcher[*]}" != *" --mpi"* ]] && [ -z "${SLURM_MPI_TYPE-}" ] || return 0
    offered=$(srun --mpi=list 2>&1 | grep -owE 'pmix(_v[0-9]+)?|pmi2|cray_shasta|none' | sort -u | paste -sd ' ') || true
    default=$(scontrol show config | sed -n 's/^MpiDefault *= *//p') || true
    mpi=$(mpi_of_program)
    can="pmix pmix_v5 pmix_v4 pmix_v3 pmix_v2"
    case $mpi in
    "Open MPI"*) ! ompi_info --parsable 2>/dev/null | grep -q '^mca:pmix:s2:' || can+=" pmi2" ;;
    '') can+=" pmi2" ;; # not known
    *) can="pmi2 $can" ;;
    esac
    if [ -z "$offered" ] || [[ " $can " == *" $default "* ]] || [[ $mpi != "Open MPI"* && ${default:-none} != none ]]; then
        say "srun starts the ranks as the site has it (MpiDefault ${default:-unknown})"
        return 0
    fi
    for plugin in $can; do
        [[ " $offered " == *" $plugin "* ]] || continue
        say "srun --mpi=$plugin starts the ranks of ${mpi:-this MPI} (MpiDefault is ${default:-unknown}; there are: $offered)"
        launcher+=("--mpi=$plugin")
        return 0
    done
    say "no plugin of srun starts ranks of ${mpi:-this MPI} (there are: $offered): write the script with --launcher mpirun"
    exit 2
}

# Steps overlap, so that one whose host is gone, and which Slurm still counts, does not keep the next from starting.
prepare_launcher()
{
    export SLURM_OVERLAP=1 # for the srun of mpirun
    if [ "${launcher[0]##*/}" = srun ]; then
        choose_mpi
        launcher+=(--kill-on-bad-exit=1 "--cpus-per-task=$threads" --overlap)
    fi
}

# Both start on all hosts of the job unless fewer are named.
place_ranks()
{
    local per n
    place=()
    [ ${#hosts[@]} -lt "$n_hosts" ] || return 0
    per=${SLURM_NTASKS_PER_NODE:-$(((${SLURM_NTASKS:-$n_hosts} + n_hosts - 1) / n_hosts))}
    n=$((${#hosts[@]} * per))
    if [ "${launcher[0]##*/}" = srun ]; then
        place=("--nodelist=$(IFS=,; echo "${hosts[*]}")" "--nodes=${#hosts[@]}" "--ntasks=$n" "--ntasks-per-node=$per")
    else
        place_by_mpirun "$per"
    fi
}
