# SPDX-License-Identifier: BSD-3-Clause
# The hosts of a batch job: which of them are there, what is done while one is not, and how ranks come to them.
# Functions for the part of the scheduler, which comes next and has its own in place of the last ones, and for job.sh.

# answers HOST: its kernel takes or refuses a connection.  That of a host that is busy, stopped or swapped out does.  Where a
# firewall drops it, which all but Slurm hear at the start ($heard), silence says nothing.
answers()
{
    local said code=0
    [[ " $lost " != *" $1 "* ]] || return 1
    [[ -z $heard || $heard == *" $1 "* ]] || return 0
    said=$(LC_ALL=C timeout 5 bash -c ": </dev/tcp/$1/$port" 2>&1) || code=$?
    case $code:$said in 124:* | *"No route to host"* | *unreachable* | *"timed out"*) return 1 ;; esac
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

# While the ranks run: where no line comes any more the hosts are asked; if one is gone, the ranks are ended, which launchers
# do late (srun after SlurmdTimeout, often 5 minutes).  If none is, the run is slow, and is given more time.
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

mpi_of_program() { "${program[@]}" --version 2>/dev/null | sed -n 's/^MPI //p' || true; }

# place_by_mpirun RANKS_PER_NODE: on $hosts.  That of another MPI than Open MPI finds all hosts of the job itself.
place_by_mpirun()
{
    place=(-n $((${#hosts[@]} * $1)))
    if [ ${#hosts[@]} -lt "$n_hosts" ] || [[ $(mpi_of_program) == "Open MPI"* ]]; then
        place=(--host "$(printf ",%s:$1" "${hosts[@]}" | cut -c 2-)" "${place[@]}")
    fi
}

# ---- for a scheduler that has nothing better

# all ranks, at once
end_steps() { [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true; }

# USR1 to the ranks, by way of what started them
signal_ranks() { kill -USR1 "$pid" 2>/dev/null || true; }

# The scheduler itself notices that the host of this script is lost.
send_deputies() { :; }

# Every start names the hosts, also where this mpirun was built without the scheduler's library.
place_ranks() { place_by_mpirun "$ranks_per_node"; }
prepare_launcher() { :; }

# The code of a script that ends for good.
held() { echo "$1"; }
