#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# slurm-up.sh - Slurm on the hosts of a lab that is up: munged and slurmctld on "head", a slurmd on every other host.
# `lab.sh down` ends it.  LAB/slurm.env has LAB/env and the variables for Slurm's commands on "head".
set -euo pipefail
export LAB=${LAB:-${TMPDIR:-/tmp}/cairn-lab}
lab=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lab.sh
"$lab" on head true # the lab is up, and ours
n=$(cat "$LAB/n")
dir=$LAB/slurm
mkdir -p "$dir/state" "$dir/log"

# A requeued job waits for old credentials to expire: cred_expire makes that 6 s instead of 2 minutes.
cat >"$dir/slurm.conf" <<END
ClusterName=lab
SlurmctldHost=head(10.77.0.100)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TmpFS=$LAB/scratch
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
JobRequeue=1
KillWait=5
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,batch_sched_delay=0,sched_interval=1,sched_min_interval=100000
SlurmdTimeout=10
MessageTimeout=10
END
for i in $(seq "$n"); do
    mkdir -p "$dir/spool/h$i"
    echo "NodeName=h$i NodeAddr=10.77.0.$i CPUs=2 RealMemory=2000 State=UNKNOWN"
done >>"$dir/slurm.conf"
echo "PartitionName=main Nodes=h[1-$n] Default=YES MaxTime=INFINITE State=UP" >>"$dir/slurm.conf"
cat >"$LAB/slurm.env" <<END
. $LAB/env
export SLURM_CONF=$dir/slurm.conf
unset OMPI_MCA_btl_tcp_if_include OMPI_MCA_oob_tcp_if_include OMPI_MCA_rmaps_base_mapping_policy
END

# daemon HOST COMMAND...
daemon()
{
    "$lab" on "$1" "setsid ${*:2} </dev/null >$dir/log/$1.$2.out 2>&1 & true"
}

head -c 1024 /dev/urandom >"$dir/munge.key"
chmod 600 "$dir/munge.key"
daemon head munged --force --foreground "--key-file=$dir/munge.key" "--socket=$dir/munge.sock" \
    "--pid-file=$dir/munge.pid" "--log-file=$dir/log/munged.log" "--seed-file=$dir/munge.seed"
for _ in $(seq 100); do # one munged serves all: its socket is a file in a shared folder
    [ ! -S "$dir/munge.sock" ] || break
    sleep 0.05
done
daemon head slurmctld -D -i -f "$dir/slurm.conf"
for i in $(seq "$n"); do daemon "h$i" slurmd -D -N "h$i" -f "$dir/slurm.conf"; done
for _ in $(seq 200); do
    idle=$("$lab" on head ". $LAB/slurm.env; sinfo -h -t idle -o %D 2>/dev/null" || true)
    if [ "$idle" = "$n" ]; then
        echo "slurm up: $n nodes"
        exit 0
    fi
    sleep 0.1
done
echo "slurm-up.sh: Slurm does not come up: $(tail -n 1 "$dir/log/slurmctld.log")" >&2
exit 1
