# SPDX-License-Identifier: BSD-3-Clause
# A job under OpenPBS or PBS Professional: what it is, how it is run again, which of its hosts answer.
# Functions for job.sh, which comes next.
[ -n "${PBS_JOBID-}" ] || { echo "cairn: this is a batch script: submit it by qsub" >&2; exit 2; }
scheduler=PBS
job=$PBS_JOBID                                     # 12.server, 12[3].server
number=$(sed -E 's/\..*//; s/\[/_/; s/\]//' <<<"$job")
element=${PBS_ARRAY_INDEX:-${CAIRN_ELEMENT:-${elements+1}}} # an array of one is a plain job
note=pbs
other_ways=''

# fact NAME: what PBS knows of this job
fact() { qstat -f "$job" | sed -n "s/^ *$1 = //p" | head -n 1; }

restarts=$(fact run_count) || restarts=''
[[ $restarts =~ ^[1-9][0-9]*$ ]] && restarts=$((restarts - 1)) || restarts=''
mapfile -t hosts < <(awk 'NF > 0 && !seen[$0]++' "$PBS_NODEFILE") # a line for each rank; the first runs this script
nodes=${hosts[*]}

find_hosts() { own=${hosts[0]-} port=15002; } # of pbs_mom

# Its begin and its limit: what it has used PBS knows late.
job_end()
{
    local begin limit
    begin=$(date -d "$(fact stime)" +%s) && limit=$(fact Resource_List.walltime) || return 1
    [[ $limit =~ ^([0-9]+):([0-9]+):([0-9]+)$ ]] || return 1
    echo $((begin + 10#${BASH_REMATCH[1]} * 3600 + 10#${BASH_REMATCH[2]} * 60 + 10#${BASH_REMATCH[3]}))
}

may_requeue() { [ "$requeue" = yes ]; }

# Users may often not ask for that (it wants an operator): then another job does it.
requeue()
{
    local next
    ! qrerun "$job" 2>/dev/null || return 0
    next=$(submit) || return 1
    say "PBS lets only operators run a job again (qrerun), so that job $next goes on"
}

# submit OPTIONS of qsub...: this script once more, of an array this element alone; the number of the job
submit()
{
    sed '/^#PBS -J /d' "$0" | qsub "$@" -v "CAIRN_CHAIN=$chain${element:+,CAIRN_ELEMENT=$element}"
}

follow() { submit -W "depend=afternotok:$job"; }
cancel() { qdel "$1"; }

# starts HOST: PBS does not say that it is away.
starts() { [[ ! $(pbsnodes "$1" | sed -n 's/^ *state = //p') =~ down|unknown|stale|unresolvable ]]; }

# where this mpirun was built without PBS's library, and would take ssh
prepare_launcher()
{
    ! command -v pbs_tmrsh >/dev/null || export OMPI_MCA_plm_rsh_agent="${OMPI_MCA_plm_rsh_agent:-pbs_tmrsh}"
}
