# SPDX-License-Identifier: BSD-3-Clause
# What all batch scripts of Cairn do: start `cairn train` or `cairn study`, stop it in time, and decide by its exit code and
# by the hosts that answer whether the job is done, goes on here, goes on in a later start, or has failed.  It is part of
# every script that `cairn slurm` writes, and `cairn slurm --job` prints it for the scripts beside it.  Not for arguments
# and flags of sbatch, and what is known of hosts is in hosts.sh.  Start reading at its end, "the job".  Set before:
#
#   launcher   (srun), (srun --mpi=pmi2), (mpirun): how ranks are started; plain srun gets the --mpi that suits
#   program    (cairn), (apptainer exec image.sif cairn): what is started, without "train"
#   command    train (also where it is unset), or study: then all elements of a job array share one folder
#   arguments  (RUN.yaml key=value --out DIR): what follows "train"
#   threads    train.threads
#   deadline   for train.deadline, unless the arguments have their own; may be empty
#   elements   of a job array, may be unset: lines of key=value, for each element its own, in a folder of its own
set -euo pipefail
[ -n "${SLURM_JOB_ID-}" ] || { echo "cairn: this is a batch script: submit it by sbatch" >&2; exit 2; }
most_idle=3 # starts from one checkpoint in a row; then something is wrong that another start does not mend
job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
job=${job:-$SLURM_JOB_ID}
chain=${CAIRN_CHAIN:-$job} # the job that began it, where follow-up jobs go on
follower=''                # the job that goes on where this one may not be queued again
cancelled=no
asked=no     # to stop
pid='' lost=''
given=("$@") # to this script
command=${command:-train}
trap : USR1  # before there is anybody to pass it on to

say() { echo "cairn job $job: $*"; }

# fact NAME: what Slurm knows of this job
fact() { scontrol show job "$job" | sed -n "s/^.*\b$1=\([^ ]*\).*/\1/p" | head -n 1; }

# What there is of the work: the newest checkpoint; of a study the results and the checkpoints of its cells.
newest()
{
    if [ "$command" = study ]; then
        { ls "$out/results"; readlink "$out"/cells/*/checkpoints/latest.h5 || true; } 2>/dev/null | cksum | tr ' ' -
    else
        readlink "$out/checkpoints/latest.h5" || echo none
    fi
}

# How often this job has started from the newest checkpoint, in $idle.  The note outlives what kills this script.  Whoever
# may write in the folder may have put anything there: a link or a pipe is not followed, and only a number is counted on.
count_idle()
{
    local last_chain='' last='' note=$out/slurm${SLURM_ARRAY_TASK_ID:+-$SLURM_ARRAY_TASK_ID}.txt new
    mark=${note%.txt}-started.txt
    idle=0
    mkdir -p "$out"
    if [ -f "$note" ] && [ ! -L "$note" ]; then
        read -r last_chain last idle <"$note" || true
        [[ $last_chain =~ ^[0-9_]*$ ]] || { say "$note is none of this script's notes; move it away"; exit 6; }
    fi
    before=$(newest)
    if [ "$last_chain" = "$chain" ] && [ "$last" = "$before" ] && [[ $idle =~ ^[1-9][0-9]{0,5}$ ]]; then
        idle=$((idle + 1))
    else
        idle=1
    fi
    new=$(mktemp "$note.XXXXXX") && echo "$chain $before $idle" >"$new" && mv -fT "$new" "$note" || exit 6
    [ "$idle" -le "$most_idle" ] || give_up
}

give_up()
{
    drop_follower
    say "$most_idle starts brought no newer checkpoint than $before; it is not started again"
    exit "${1:-5}"
}

# Where Slurm may not queue this job again, another one waits for its end; it is cancelled if this one ends well.
queue_follower()
{
    local name as_before
    [ "$(fact Requeue)" = 0 ] || return 0
    as_before=(--no-requeue --chdir="$SLURM_SUBMIT_DIR" --job-name="$SLURM_JOB_NAME" --nodes="$SLURM_JOB_NUM_NODES"
        --time="$(fact TimeLimit)" --partition="$SLURM_JOB_PARTITION" --cpus-per-task="$threads"
        ${SLURM_NTASKS_PER_NODE:+--ntasks-per-node="$SLURM_NTASKS_PER_NODE"}
        ${SLURM_JOB_ACCOUNT:+--account="$SLURM_JOB_ACCOUNT"} ${SLURM_JOB_QOS:+--qos="$SLURM_JOB_QOS"}
        ${SLURM_ARRAY_TASK_ID:+--array="$SLURM_ARRAY_TASK_ID"})
    follower=$(
        for name in "${!SLURM_@}"; do # what describes this job is not for the next
            [ "$name" = SLURM_CONF ] || unset "$name"
        done
        export CAIRN_CHAIN=$chain
        sbatch --parsable --dependency="afternotok:$job" --kill-on-invalid-dep=yes "${as_before[@]}" "$0" "${given[@]}"
    ) || {
        follower=''
        say "no job could be queued that goes on where this one ends early; then submit it again"
        return 0
    }
    follower=${follower%%;*}
    say "job $follower goes on where this one ends early"
}

drop_follower()
{
    [ -z "$follower" ] || scancel "$follower" || true
}

# No rank may start a program to ask for the job's end.
tell_deadline()
{
    ends=${SLURM_JOB_END_TIME:-$(date -d "$(fact EndTime)" +%s 2>/dev/null || true)}
    [ -n "$ends" ] || return 0
    export CAIRN_DEADLINE=$ends
    [ -z "$deadline" ] || [[ " ${arguments[*]}" == *" train.deadline="* ]] || arguments+=("train.deadline=$deadline")
}

# Which plugin of srun starts ranks of this MPI.  The site's default stays where it can, and what somebody has chosen always.
choose_mpi()
{
    local default can plugin
    [[ " ${launcher[*]}" != *" --mpi"* ]] && [ -z "${SLURM_MPI_TYPE-}" ] || return 0
    offered=$(srun --mpi=list 2>&1 | grep -owE 'pmix(_v[0-9]+)?|pmi2|cray_shasta|none' | sort -u | paste -sd ' ') || true
    default=$(scontrol show config | sed -n 's/^MpiDefault *= *//p') || true
    mpi=$("${program[@]}" --version 2>/dev/null | sed -n 's/^MPI //p') || true
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

# A lost rank ends the step at once: srun by -K, mpirun always.  Steps overlap, so that one whose host is gone, and which
# Slurm still counts, does not keep the next from starting.
prepare_launcher()
{
    export OMP_NUM_THREADS=$threads SLURM_OVERLAP=1 # the latter for the srun of mpirun
    case ${launcher[0]##*/} in
    srun)
        choose_mpi
        launcher+=(--kill-on-bad-exit=1 "--cpus-per-task=$threads" --overlap)
        ;;
    mpirun | mpiexec) # notices a lost host within 7 s
        export OMPI_MCA_rmaps_base_mapping_policy="${OMPI_MCA_rmaps_base_mapping_policy:-slot:PE=$threads}"
        export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time:-2}"
        export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl:-1}"
        export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes:-5}"
        # a rank that ended with 0 and that a busy mpirun did not hear is none that was lost
        export OMPI_MCA_orte_allowed_exit_without_sync="${OMPI_MCA_orte_allowed_exit_without_sync:-1}"
        ;;
    esac
}

# The run folder; and a later start goes on from what the first one left, whatever that began with.
read_arguments()
{
    local kept=() run='' i later=no all
    [ "${SLURM_RESTART_COUNT:-0}" = 0 ] && [ "$chain" = "$job" ] || later=yes
    out=''
    for ((i = 0; i < ${#arguments[@]}; i++)); do
        case $later:${arguments[i]} in
        yes:--overwrite | yes:--resume=*) continue ;;
        yes:--resume) i=$((i + 1)) && continue ;;
        *:--out) out=${arguments[i + 1]-} ;;
        *:--out=*) out=${arguments[i]#--out=} ;;
        *:-* | *:*=*) ;;
        *) [ -n "$run" ] || [[ ${arguments[i - 1]-} == --@(out|resume|init) ]] || run=$(basename "${arguments[i]}") ;;
        esac
        kept+=("${arguments[i]}")
    done
    [ -n "$run" ] || { say "which run file? sbatch ... RUN.yaml [key=value ...]"; exit 2; }
    [ "$command" = study ] && all=studies || all=runs
    out=$(realpath -m -- "${out:-$all/${run%.*}}")
    arguments=("${kept[@]}")
    [ -z "${elements+x}" ] || add_element
}

# What this element of a job array has besides.  xargs knows quotes and runs nothing.
add_element()
{
    local words i=${SLURM_ARRAY_TASK_ID:-0}
    if [ "$i" -lt 1 ] || [ "$i" -gt ${#elements[@]} ]; then
        say "there is no run $i in a list of ${#elements[@]}; choose --array=1-${#elements[@]}"
        exit 2
    fi
    words=$(xargs -n 1 printf '%s\n' <<<"${elements[i - 1]}" 2>/dev/null) || {
        say "run $i of the list has a quote without an end: ${elements[i - 1]}"
        exit 2
    }
    mapfile -t words <<<"$words"
    out=$out/$i
    arguments+=("${words[@]}" --out "$out")
}

# ---- one start

pass_on()
{
    asked=yes
    [ -z "$pid" ] || kill -USR1 "$pid" 2>/dev/null || true
}

# Slurm sends TERM for scancel, and for a time limit that USR1 did not forestall.
on_term()
{
    if [ -z "$ends" ] || [ "$(date +%s)" -lt "$((ends - 5))" ]; then
        cancelled=yes
        drop_follower
    fi
    pass_on
}

# Run it to its end; its exit code in $code, and in $began whether the ranks came through MPI_Init: then rank 0 has left a mark.
run()
{
    local nap=''
    code=0 began=no lost='' patience_s=7 since=$SECONDS
    first=$(lines)
    seen=$first
    place_ranks
    rm -f "$mark"
    memory_before=$(memory_group)
    "${launcher[@]}" "${place[@]}" env "CAIRN_JOB_MARK=$mark" "${program[@]}" "$command" "${arguments[@]}" &
    pid=$!
    trap pass_on USR1
    trap on_term TERM
    while kill -0 "$pid" 2>/dev/null; do # a trap ends wait early
        sleep 2 &
        nap=$!
        wait -n "$pid" "$nap" 2>/dev/null || true
        [ -n "$lost" ] || watch
    done
    wait "$pid" 2>/dev/null || code=$?
    pid=''
    kill "$nap" 2>/dev/null || true
    [ ! -e "$mark" ] && [ "$(newest)" = "$before" ] || began=yes
    rm -f "$mark"
}

# ---- afterwards

# Another start would meet the same error.
never_began()
{
    [ "$began" = no ] && [ "$asked" = no ] && [ -z "$silent" ]
}

# Bits do not depend on the ranks, so that the run may go on at once on the hosts that are left: while these are half of all
# and this one among them, there is time, and it has come further than the start before.  A study measures times, which do
# depend on the ranks.
can_go_on_here()
{
    [ "$command" = train ] && [ "$asked" = no ] && [[ " ${left[*]} " == *" $own "* ]] &&
        [ $((2 * ${#left[@]})) -ge "$n_hosts" ] && { [ -z "$ends" ] || [ "$(date +%s)" -lt $((ends - 30)) ]; } &&
        { [ "$idle" = 1 ] || [ "$(newest)" != "$before" ]; }
}

go_on_here()
{
    hosts=("${left[@]}")
    say "$event; goes on in this job, on ${hosts[*]}"
    end_steps # the deputies too: one may have been on a lost host
    count_idle
    send_deputies
    [ "$asked" = no ] || go_on "$event"
}

# Queue this job again, or leave the rest to the one that follows.
go_on()
{
    local excluded
    [ "$cancelled" = no ] || exit "$code"
    if [ "$(newest)" = "$before" ] && [ "$idle" -ge "$most_idle" ]; then say "$1" && give_up "$code"; fi
    if [ -n "$follower" ]; then
        say "$1; job $follower goes on"
        exit "$code"
    fi
    trap '' TERM # which Slurm sends when it takes the job back
    say "$1 and is queued again${gone:+, without $gone}"
    excluded=$(fact ExcNodeList)
    if ! scontrol requeue "$job"; then
        say "Slurm does not queue it again; submit it with --no-requeue, then another job follows"
        exit "$code"
    fi
    [ "$excluded" != "(null)" ] || excluded=''
    [ -z "$gone" ] || scontrol update JobId="$job" ExcNodeList="${excluded:+$excluded,}$gone"
    exit "$code"
}

# ---- the job

say "restart ${SLURM_RESTART_COUNT:-0}, on $SLURM_JOB_NODELIST, $(date -u +%FT%TZ)"
find_hosts
read_arguments
count_idle
tell_deadline
prepare_launcher
queue_follower
send_deputies
while :; do
    run
    [ "$cancelled" = no ] || break
    case $code in
    75) go_on "saved" ;;
    0 | 3 | 4 | 6 | 70 | 126 | 127) break ;; # done, or an error that another start would meet again
    2) [ ${#hosts[@]} -lt "$n_hosts" ] || break ;; # else the batch may not divide among fewer ranks
    esac
    look_around
    ! why=$(killed_for_memory "$memory_before") || event="$why (exit code $code)"
    [ "$code" != 2 ] || go_on "does not start on fewer hosts"
    if never_began; then
        say "no rank came through MPI_Init (exit code $code) though every host answers, so that another start would not either;" \
            "it was started by '${launcher[*]}'; other ways: --mpi (srun --mpi=list tells), --launcher mpirun"
        break
    fi
    can_go_on_here || go_on "$event"
    go_on_here
done
drop_follower
exit "$code"
