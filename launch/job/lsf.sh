# SPDX-License-Identifier: BSD-3-Clause
# A job under IBM Spectrum LSF: what it is, how it is queued again, which of its hosts answer.
# Functions for job.sh, which comes next.
[ -n "${LSB_JOBID-}" ] || { echo "cairn: this is a batch script: submit it by bsub <" >&2; exit 2; }
scheduler=LSF
element=${LSB_JOBINDEX:-0}
[ "$element" != 0 ] || element=''
job=$LSB_JOBID${element:+[$element]}
number=$LSB_JOBID${element:+_$element}
restarts='' # is not known
note=lsf
other_ways=''
mapfile -t hosts < <(xargs -r -n 2 <<<"$LSB_MCPU_HOSTS" | cut -d ' ' -f 1) # "h1 8 h2 8"; the first runs this script
nodes=${hosts[*]}

find_hosts() { own=${hosts[0]-} port=6882; } # of sbatchd

# "120.0/h1 35 second(s)": the limit in minutes, which may name a host, and what is gone of it
job_end()
{
    bjobs -noheader -o "runtimelimit run_time" "$job" | awk -v now="$(date +%s)" '$1 + 0 > 0 { print int(now + 60 * $1 - $2) }'
}

may_requeue() { [ "$requeue" = yes ]; }

# The script has #BSUB -Q 75, which goes before what the queue does with exit codes.
requeue() { code=75; }
held() { if [ "$requeue:$1" = yes:75 ]; then echo 143; else echo "$1"; fi; }

# Another job like this one, of an array this element alone, which waits until this one has failed; its number.
follow()
{
    sed -E "s/^(#BSUB -J \".*)\[1-[0-9]+\]\"/\1[$element]\"/" "$0" | bsub -w "exit($job)" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p'
}

cancel() { bkill "$1"; }

# starts HOST: LSF does not say that it is away.
starts() { [[ ! $(bhosts -w "$1" | awk 'NR == 2 { print $2 }') =~ ^un(avail|reach) ]]; }

# where this mpirun was built without LSF's library, and would take ssh
prepare_launcher()
{
    ! command -v blaunch >/dev/null || export OMPI_MCA_plm_rsh_agent="${OMPI_MCA_plm_rsh_agent:-blaunch}"
}
