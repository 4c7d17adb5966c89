# SPDX-License-Identifier: BSD-3-Clause
# What all batch scripts of Cairn do: start `cairn train` or `cairn study`, stop it in time, and decide by its exit code and
# by the hosts that answer whether the job is done, goes on here, goes on in a later start, or has failed.  It is part of
# every script that `cairn job` writes, and `cairn slurm --job` prints it for the scripts in launch/slurm.  Not for arguments
# and flags of schedulers; what is known of hosts is in hosts.sh, and all that one scheduler has of its own in slurm.sh,
# pbs.sh, lsf.sh and flux.sh.  Start reading at its end, "the job".  Set before, by the script:
#
#   launcher   (srun), (srun --mpi=pmi2), (mpirun): how ranks are started; plain srun gets the --mpi that suits
#   program    (cairn), (apptainer exec image.sif cairn): what is started, without "train"
#   command    train (also where it is unset), or study: then all elements of a job array share one folder
#   arguments  (RUN.yaml key=value --out DIR): what follows "train"
#   threads    train.threads
#   deadline   for train.deadline, unless the arguments have their own; may be empty
#   elements   of a job array, may be unset: lines of key=value, for each element its own, in a folder of its own
#
# where the scheduler does not do these itself (all except Slurm):
#
#   ranks_per_node
#   requeue    yes or no: whether it may start the job again
#   warn_s     so long before its end the run is stopped
#   log        the file of what all starts say, without -NUMBER.out
#
# and by the scheduler's part: scheduler, job, number (digits and _), element (of a job array, may be empty), restarts, nodes
# and note (names for people and for a file), find_hosts() for hosts, own and port, job_end(), may_requeue(), requeue(),
# follow(), cancel(), starts(), and its own ways for the last functions of hosts.sh.
set -euo pipefail
most_idle=3 # starts from one checkpoint in a row; then something is wrong that another start does not mend
chain=${CAIRN_CHAIN:-$number} # the job that began it, where follow-up jobs go on
follower=''                   # the job that goes on where this one may not be queued again
cancelled=no
asked=no     # to stop
pid='' lost='' gone='' heard=''
given=("$@") # to this script
command=${command:-train}
trap : USR1  # before there is anybody to pass it on to
[ -z "${log-}" ] || exec >>"$log-$chain.out" 2>&1

say() { echo "cairn job $job: $*"; }

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
    local last_chain='' last='' file=$out/$note${element:+-$element}.txt new
    mark=${file%.txt}-started.txt
    idle=0
    mkdir -p "$out"
    if [ -f "$file" ] && [ ! -L "$file" ]; then
        read -r last_chain last idle <"$file" || true
        [[ $last_chain =~ ^[0-9_]*$ ]] || { say "$file is none of this script's notes; move it away"; exit 6; }
    fi
    before=$(newest)
    if [ "$last_chain" = "$chain" ] && [ "$last" = "$before" ] && [[ $idle =~ ^[1-9][0-9]{0,5}$ ]]; then
        idle=$((idle + 1))
    else
        idle=1
    fi
    new=$(mktemp "$file.XXXXXX") && echo "$chain $before $idle" >"$new" && mv -fT "$new" "$file" || exit 6
    [ "$idle" -le "$most_idle" ] || give_up
}

give_up()
{
    say "$most_idle starts brought no newer checkpoint than $before; it is not started again"
    hold "${1:-5}"
}

# Where this job may not be queued again, another one waits for its end; it is cancelled if this one ends well.
queue_follower()
{
    ! may_requeue || return 0
    follower=$(unset CAIRN_DEADLINE && export CAIRN_CHAIN=$chain && follow) && [ -n "$follower" ] || {
        follower=''
        say "no job could be queued that goes on where this one ends early; then submit it again"
        return 0
    }
    say "job $follower goes on where this one ends early"
}

# hold CODE: end for good; nothing starts it again.
hold()
{
    drop_follower
    exit "$(held "$1")"
}

drop_follower()
{
    [ -z "$follower" ] || cancel "$follower" || true
}

# No rank may start a program to ask for the job's end.
tell_deadline()
{
    ends=$(job_end) || true
    [[ $ends =~ ^[1-9][0-9]*$ ]] || { ends='' && return 0; }
    export CAIRN_DEADLINE=$ends
    [ -z "$deadline" ] || [[ " ${arguments[*]}" == *" train.deadline="* ]] || arguments+=("train.deadline=$deadline")
}

# A lost rank ends the others at once: srun by -K, mpirun always.
prepare()
{
    export OMP_NUM_THREADS=$threads
    prepare_launcher
    case ${launcher[0]##*/} in
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
    [ "${restarts:-0}" = 0 ] && [ "$chain" = "$number" ] || later=yes
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
    [ -n "$run" ] || { say "which run file? RUN.yaml [key=value ...]"; exit 2; }
    [ "$command" = study ] && all=studies || all=runs
    out=$(realpath -m -- "${out:-$all/${run%.*}}")
    arguments=("${kept[@]}")
    [ -z "${elements+x}" ] || add_element
}

# What this element of a job array has besides.  xargs knows quotes and runs nothing.
add_element()
{
    local words i=${element:-0}
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
    [ -z "$pid" ] || signal_ranks
}

# TERM comes where the job is cancelled, and at a time limit that USR1 did not forestall.
on_term()
{
    if [ -z "$ends" ] || [ "$(date +%s)" -lt "$((ends - 5))" ]; then
        cancelled=yes
        drop_follower
    fi
    pass_on
}

# The end is near, and the scheduler does not say so.
is_late()
{
    [ -n "${warn_s-}" ] && [ -n "$ends" ] && [ "$asked" = no ] && [ "$(date +%s)" -ge $((ends - warn_s)) ]
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
    trap on_term TERM INT # LSF sends INT first
    while kill -0 "$pid" 2>/dev/null; do # a trap ends wait early
        sleep 2 &
        nap=$!
        wait -n "$pid" "$nap" 2>/dev/null || true
        [ -n "$lost" ] || watch
        ! is_late || pass_on
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
    [ "$cancelled" = no ] || hold "$code"
    if [ "$(newest)" = "$before" ] && [ "$idle" -ge "$most_idle" ]; then say "$1" && give_up "$code"; fi
    if [ -n "$follower" ]; then
        say "$1; job $follower goes on"
        exit "$code"
    fi
    trap '' TERM # which Slurm and PBS send when they take the job back
    say "$1 and is queued again${gone:+${leaves_out:+, without $gone}}"
    requeue || say "$scheduler does not queue it again; ${or_else:-submit it again, and it goes on}"
    exit "$code"
}

# ---- the job

say "${restarts:+restart $restarts, }on $nodes, $(date -u +%FT%TZ)"
find_hosts
n_hosts=${#hosts[@]}
[ "$scheduler" = Slurm ] || heard=$(hosts_that answers)
[ "$n_hosts" -gt 0 ] || { say "$scheduler does not say which hosts this job has"; exit 5; }
read_arguments
count_idle
tell_deadline
prepare
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
            "it was started by '${launcher[*]}'${other_ways:+; other ways: $other_ways}"
        break
    fi
    can_go_on_here || go_on "$event"
    go_on_here
done
hold "$code"
