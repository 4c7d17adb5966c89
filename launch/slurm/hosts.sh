# SPDX-License-Identifier: BSD-3-Clause
# The hosts of a batch job: which of them are there, what is done while one is not, and who looks after the script's own.
# Functions for job.sh, which comes next.

# In $hosts, where the next start goes; this script runs on $own.
find_hosts()
{
    mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
    n_hosts=${#hosts[@]} gone=''
    own=${SLURMD_NODENAME:-${hosts[0]}}
    slurmd_port=$(scontrol show config | sed -n 's/^SlurmdPort *= *//p') || true
    slurmd_port=${slurmd_port:-6818}
}

# answers HOST: its kernel takes or refuses a connection to slurmd.  That of a host that is busy, stopped or swapped out does.
answers()
{
    local said code=0
    [[ " $lost " != *" $1 "* ]] || return 1
    said=$(LC_ALL=C timeout 5 bash -c ": </dev/tcp/$1/$slurmd_port" 2>&1) || code=$?
    case $code:$said in 124:* | *"No route to host"* | *unreachable* | *"timed out"*) return 1 ;; esac
}

# starts HOST: Slurm starts a step there.
starts()
{
    timeout -k 1 30 srun --overlap --mpi=none --nodes=1 --ntasks=1 --cpus-per-task=1 --nodelist="$1" true
}

# hosts_that TEST...: the hosts that pass, all asked at once, with a blank on either side
hosts_that()
{
    local host test
    for host in "${hosts[@]}"; do
        (for test in "$@"; do "$test" "$host" || exit; done; echo "$host") 2>/dev/null </dev/null &
    done | paste -sd ' ' | sed 's/.*/ & /'
}

# What a run that lives changes at least every 5 s, or as often as there is an update.
lines() { { stat -c '%n %s %Y' "$out"/metrics.csv "$out"/cells/*/metrics.csv || true; } 2>/dev/null | cksum; }

# While the step runs: where no line comes any more the hosts are asked; if one is gone, the step is ended, which srun would
# not do before Slurm notices (SlurmdTimeout, often 5 minutes).  If none is, the run is slow, and is given more time.
watch()
{
    local now host there
    now=$(lines)
    if [ "$now" != "$seen" ]; then
        [ "$seen" != "$first" ] || patience_s=7 # a slow start is no slow run
        seen=$now since=$SECONDS
    fi
    [ $((SECONDS - since)) -ge "$patience_s" ] || return 0
    since=$SECONDS patience_s=$((patience_s < 60 ? 2 * patience_s : 120))
    there=$(hosts_that answers)
    [[ $there == *" $own "* ]] || return 0 # too busy to ask
    for host in "${hosts[@]}"; do [[ $there == *" $host "* ]] || lost+=" $host"; done
    [ -z "$lost" ] || end_steps
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
    [ "$(fact Requeue)" != 0 ] || end=scancel # then another job follows
    mapfile -t others < <(printf '%s\n' "${hosts[@]}" | grep -vxF -- "$own" | sed -n 1,3p)
    [ ${#others[@]} -gt 0 ] || return 0
    srun --overlap --no-kill --mpi=none --job-name=deputies --nodelist="$(IFS=,; echo "${others[*]}")" \
        --nodes=${#others[@]} --ntasks=${#others[@]} --ntasks-per-node=1 --cpus-per-task=1 bash -c '
            while sleep $((10 + 5 * SLURM_PROCID)); do
                now=$(squeue --noheader --states=RUNNING --jobs="$1" --format=%N) && [ -n "$now" ] || continue
                scontrol show hostnames "$now" | grep -qxF -- "$2" || $3 "$1"
            done' deputy "$job" "$own" "$end" </dev/null >/dev/null 2>&1 &
}

# Which hosts are there now that a start has ended, in $left and $silent, all that went in $gone; what happened, in $event.
look_around()
{
    local host there
    left=() silent=''
    there=$(hosts_that answers starts)
    for host in "${hosts[@]}"; do
        if [[ $there == *" $host "* ]]; then left+=("$host"); else silent+=${silent:+,}$host; fi
    done
    [ -z "$silent" ] || gone+=${gone:+,}$silent
    event="lost ${silent:-a rank} (exit code $code)"
}

# Fewer ranks, on the hosts that are left.
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
        place=(--host "$(printf ",%s:$per" "${hosts[@]}" | cut -c 2-)" -n "$n")
    fi
}
