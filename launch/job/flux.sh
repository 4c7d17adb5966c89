# SPDX-License-Identifier: BSD-3-Clause
# A job of `flux batch`, which is an instance of Flux with this script on its first host: what it is, which job goes on after
# it, which of its hosts answer, how `flux run` starts ranks there.  Functions for job.sh, which comes next.
job=$(flux getattr jobid 2>/dev/null) || { echo "cairn: this is a batch script: submit it by flux batch" >&2; exit 2; }
number=$(flux job id --to=dec "$job")
scheduler=Flux
element=${elements+1} # an array of one
restarts=''           # every start is a job of its own
note=flux
other_ways="--mpi (flux run -o pmi=TYPE), --launcher mpirun"
read -ra hosts < <(flux hostlist --expand instance)
nodes=${hosts[*]}

find_hosts() { own=${hosts[0]-} port=22; }

# "1795000000.25"; 0 where there is no limit
job_end()
{
    local end
    end=$(flux --parent jobs --no-header --format='{expiration}' "$job") && echo "${end%%.*}"
}

may_requeue() { false; }
requeue() { false; }
follow() { flux --parent batch --dependency="afternotok:$job" "$0"; }
cancel() { flux --parent cancel "$1"; }

# starts HOST: Flux does not say that it is away.
starts() { [ "$(flux resource list --states=down --include="$1" --no-header --format='{nnodes}' || true)" != 1 ]; }

by_flux() { [ "${launcher[0]##*/}" = flux ]; }

end_steps()
{
    ! by_flux || flux job kill --signal=SIGKILL "$(flux job last)" || true
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
}

# flux run does not pass USR1 on.
signal_ranks()
{
    if by_flux; then flux job kill --signal=SIGUSR1 "$(flux job last)" || true; else kill -USR1 "$pid" 2>/dev/null || true; fi
}

# A rank that fails ends the others.
place_ranks()
{
    by_flux || { place_by_mpirun "$ranks_per_node" && return 0; }
    place=(--nodes=${#hosts[@]} --ntasks=$((${#hosts[@]} * ranks_per_node)) "--cores-per-task=$threads" --setopt=exit-on-error)
    [ ${#hosts[@]} = "$n_hosts" ] || place+=("--requires=hosts:$(IFS=,; echo "${hosts[*]}")")
}
