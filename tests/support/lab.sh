# SPDX-License-Identifier: BSD-3-Clause
# Functions for tests on several hosts, which are namespaces of this machine (launch/lab).  Sourced after run.sh:
#
#   . "${BASH_SOURCE%/*}/../support/run.sh"
#   . "${BASH_SOURCE%/*}/../support/lab.sh"
#   lab_needs                            what the test wants besides: slurm, sshd, switch, quota
#   lab_up 3                             hosts h1, h2, h3 and the front end "head"
#   lab_start 4 h1 h2 -- train run.yaml  cairn-mpirun on head, 4 ranks on two hosts, in the background
#   until_true 30 reached run 100
#   power_off h2
#   lab_finish                           its exit code is in $code
#
# Several labs can be up at once.  A lab ends with its test, however that ends.  Hosts see this machine's files, so that the
# test's folder is their shared file system; only /dev/shm and $LAB/scratch are a host's own.

export LAB=$work/lab LAB_OWNER=$$
lab_scripts=$CAIRN_SOURCE/launch/lab
lab_environment=$LAB/env # what the commands on a host begin with

# lab_needs [slurm] [sshd] [switch] [quota]: skip, in one sentence, where they are not to be had.
lab_needs()
{
    local what
    [ "$(id -u)" = 0 ] || skip "hosts in namespaces want root"
    needs ip tc nsenter unshare pgrep
    unshare --net --pid --mount --uts --ipc --fork ip link add name left type veth peer name right 2>/dev/null ||
        skip "this machine does not let root make namespaces with links between them"
    for what in "$@"; do
        case $what in
        slurm) needs sbatch slurmctld slurmd munged ;;
        sshd) needs ssh-keygen ssh && [ -x /usr/sbin/sshd ] || skip "sshd is not installed (launch/install-deps --tests --sshd)" ;;
        switch) [ -c /dev/net/tun ] || skip "the switch in user space wants /dev/net/tun" ;;
        quota) [ -e /sys/fs/cgroup/cpu/cgroup.procs ] || grep -qsw cpu /sys/fs/cgroup/cgroup.controllers ||
            skip "this machine has no control groups for the processor" ;;
        *) fail "lab_needs knows no $what" ;;
        esac
    done
}

# lab_up HOSTS [switch]: the lab; it goes down at the end of the test.
lab_up()
{
    at_end+=(lab_down)
    "$lab_scripts/lab.sh" up "$@" >out 2>err </dev/null || fail "the lab does not come up"
}

lab_down()
{
    [ ! -e "$LAB/pid" ] || "$lab_scripts/lab.sh" down || true
}

# lab_slurm_up: Slurm on the hosts; head takes its commands.
lab_slurm_up()
{
    "$lab_scripts/slurm-up.sh" >out 2>err </dev/null || fail "Slurm does not come up"
    lab_environment=$LAB/slurm.env
}

# lab_sshd_up: sshd on the hosts; from now on mpirun starts its daemons by ssh.
lab_sshd_up()
{
    "$lab_scripts/sshd-up.sh" >out 2>err </dev/null || fail "sshd does not come up"
    lab_environment=$LAB/ssh.env
}

# on HOST COMMAND: the words are a line for the host's shell.
on()
{
    "$lab_scripts/lab.sh" on "$1" ". $lab_environment; ${*:2}"
}

cut_off() { "$lab_scripts/lab.sh" cut "$1"; }
heal() { "$lab_scripts/lab.sh" heal "$1"; }
power_off() { "$lab_scripts/lab.sh" power-off "$1"; }
slow() { "$lab_scripts/lab.sh" slow "$@"; }
shape() { "$lab_scripts/lab.sh" shape "$@"; }
unshape() { "$lab_scripts/lab.sh" unshape; }
net() { "$lab_scripts/lab.sh" net "$@"; }

# lab_start RANKS HOSTS... -- ARGUMENTS of cairn: in the background, by cairn-mpirun from head.
lab_start()
{
    local ranks=$1 hosts=()
    shift
    while [ "$1" != -- ]; do
        hosts+=("$1")
        shift
    done
    shift
    : >out
    : >err
    on head "MPIRUN=$CAIRN_MPIEXEC exec timeout --kill-after=5 $limit_s '$CAIRN_SOURCE/launch/cairn-mpirun' -n $ranks" \
        "--hosts $(IFS=,; echo "${hosts[*]}") --ranks-per-node $(((ranks + ${#hosts[@]} - 1) / ${#hosts[@]}))" \
        "-- '$cairn'$(printf " '%s'" "$@")" >out 2>err </dev/null &
    pid=$!
}

# lab_finish: wait for it, keep its exit code in $code.
lab_finish()
{
    finish
}

# lab_expect CODE RANKS HOSTS... -- ARGUMENTS: run to the end, and fail where it ends otherwise.
lab_expect()
{
    local wanted=$1
    shift
    lab_start "$@"
    lab_finish
    [ "$code" = "$wanted" ] || fail "cairn on $* ended with $code instead of $wanted"
}

# processes HOST NAME: the numbers, as this machine has them, of the processes of that name on a host: cairn, orted, slurmd.
processes()
{
    local space process
    space=$(on "$1" readlink /proc/self/ns/net) || return 0
    for process in $(pgrep -x "$2"); do
        [ "$(readlink "/proc/$process/ns/net")" != "$space" ] || echo "$process"
    done
}

# lab_signal SIGNAL: to cairn-mpirun, as `kill` on the front end.  Its helpers have the same name and are younger.
lab_signal()
{
    kill "-$1" "$(ps -o pid= --sort=start_time -p "$(processes head cairn-mpirun | paste -sd,)" | head -n 1)"
}

# submit ARGUMENTS of sbatch...: the number of the job
submit()
{
    on head "sbatch --parsable$(printf " '%s'" "$@")" || fail "sbatch refused the job"
}

# job_field JOB FIELD: what scontrol says: JobState, Restarts, NodeList, ExitCode
job_field()
{
    on head scontrol --oneliner show job "$1" | sed -nE "s/.*[[:space:]]$2=([^[:space:]]*).*/\1/p"
}

job_state() { job_field "$1" JobState; }
job_over() { [[ $(job_state "$1") =~ COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL ]]; }
