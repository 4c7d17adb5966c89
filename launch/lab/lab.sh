#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# lab.sh - a small cluster of test hosts on one machine, inside one PID and mount namespace.  Root, Linux, iproute2.
#
#   lab.sh up N [switch]   hosts h1..hN and a front end "head", about 0.3 s; on a bridge of the kernel, or on tapswitch
#   lab.sh on HOST CMD     run CMD (by sh -c) on a host; LAB/on is the same as mpirun's rsh agent
#   lab.sh cut HOST | heal HOST | power-off HOST
#   lab.sh slow HOST CPUS  at most this much processor time per second, 0.25 say; "full" takes it back
#   lab.sh shape RATE [HOST] | unshape    every link both ways, or that of one host, by tc: 100mbit (bridge)
#   lab.sh net delay US | rate MBIT | loss PPM | stats  [HOST]   one way, every link or that of one host (switch)
#   lab.sh down            ends one process; the kernel ends the rest and drops the namespaces
#
# Every host has its own network, UTS, mount, IPC and PID namespace, /dev/shm, /etc/hosts and LAB/scratch.  Nothing is
# connected to the machine's own network.  LAB is the lab's folder, default $TMPDIR/cairn-lab.  Where LAB_OWNER is the
# number of a process, the lab goes down when that ends, however it ends.
set -euo pipefail
LAB=${LAB:-${TMPDIR:-/tmp}/cairn-lab}
self=$(readlink -f "${BASH_SOURCE[0]}")

die()
{
    echo "lab.sh: $*" >&2
    exit 1
}

# Others may make this folder first where the name can be guessed: what is in it is run by root.
own()
{
    [ ! -e "$LAB" ] && [ ! -L "$LAB" ] || { [ -O "$LAB" ] && [ -d "$LAB" ] && [ ! -L "$LAB" ]; } ||
        die "$LAB belongs to somebody else, or is no folder; set LAB to a folder of your own"
    [ ! -d "$LAB" ] || [ -f "$LAB/.lab" ] || [ -z "$(ls -A "$LAB")" ] ||
        die "$LAB is not empty and no lab has made it; set LAB to another folder"
}

# Remove what a lab has made, by name; anything else in its folder stays, and the folder with it.
clear_folder()
{
    [ -d "$LAB" ] || return 0
    rm -rf --one-file-system -- "$LAB"/{scratch,slurm,ssh}
    rm -f -- "$LAB"/{n,hosts,on,env,kind,pid,log,ready,cgroup,net,tapswitch,switch.ready,switch.log,slurm.env,ssh.env} \
        "$LAB"/{head,h[0-9]*}.{pid,up} "$LAB/.lab"
    rmdir "$LAB" 2>/dev/null && return 0
    echo "lab.sh: $LAB stays, since something in it is not the lab's: $(ls -A "$LAB" | head -n 1)" >&2
    return 1
}

# wait_for FILE: at most 5 s
wait_for()
{
    for _ in $(seq 250); do
        [ ! -e "$1" ] || return 0
        sleep 0.02
    done
    return 1
}

# outer CMD...: inside the namespaces that all hosts share
outer()
{
    nsenter -t "$(cat "$LAB/pid")" --mount --pid --wd="$PWD" "$@"
}

everyone()
{
    echo head
    seq -f h%g "$(cat "$LAB/n")"
}

write_files()
{
    local n=$1 i
    clear_folder || exit 1
    mkdir -p "$(dirname "$LAB")"
    mkdir -m 700 "$LAB" || die "$LAB cannot be made"
    touch "$LAB/.lab"
    mkdir "$LAB/scratch"
    echo "$n" >"$LAB/n"
    {
        echo "127.0.0.1 localhost"
        echo "10.77.0.100 head"
        for i in $(seq "$n"); do echo "10.77.0.$i h$i"; done
    } >"$LAB/hosts"
    # A host's processes are in its control group, so that a quota holds for whatever is started there.
    cat >"$LAB/on" <<END
#!/bin/bash
host=\$1
shift
pid=\$(cat "$LAB/\$host.pid") && kill -0 "\$pid" 2>/dev/null || { echo "on: host \$host is down" >&2; exit 255; }
own_pids=--pid
[ "\$host" != head ] || own_pids=
[ ! -s "$LAB/cgroup" ] || echo 0 >"\$(cat "$LAB/cgroup")/\$host/cgroup.procs" || true
exec nsenter -t "\$pid" --net --uts --mount --ipc \$own_pids --wd="\$PWD" /bin/sh -c "\$*"
END
    chmod +x "$LAB/on"
    # All hosts are one machine: ranks must not be bound to the same core, nor spin.  Open MPI's folders are named by host
    # and process number, which several labs have in common: scratch keeps them apart.
    cat >"$LAB/env" <<END
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_rmaps_base_mapping_policy=slot:OVERSUBSCRIBE
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_orte_tmpdir_base=$LAB/scratch
export OMPI_MCA_plm_rsh_agent=$LAB/on OMPI_MCA_plm_rsh_no_tree_spawn=1
export OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_oob_tcp_if_include=eth0
END
}

# Control groups of version 1 or 2, whichever has the processor; without them only `slow` does not work.
make_groups()
{
    local root=/sys/fs/cgroup group host
    if [ -e $root/cpu/cgroup.procs ]; then
        root=$root/cpu
    elif ! grep -qsw cpu $root/cgroup.controllers || ! echo +cpu >$root/cgroup.subtree_control; then
        return 0
    fi
    group=$root/cairn-lab-$(cksum <<<"$LAB" | cut -d ' ' -f 1)
    mkdir -p "$group" || return 0
    [ ! -e "$group/cgroup.subtree_control" ] || echo +cpu >"$group/cgroup.subtree_control" || return 0
    for host in $(everyone); do mkdir -p "$group/$host" || return 0; done
    echo "$group" >"$LAB/cgroup"
}

up()
{
    local n=$1 switch=${2:-bridge} unshared
    [ ! -e "$LAB/pid" ] || ! kill -0 "$(cat "$LAB/pid")" 2>/dev/null || die "$LAB is up already"
    write_files "$n"
    echo "$switch" >"$LAB/kind"
    make_groups 2>/dev/null
    if [ "$switch" = switch ]; then
        ${CC:-cc} -std=c11 -O2 -o "$LAB/tapswitch" "$(dirname "$self")/tapswitch.c" || die "tapswitch.c is not compiled"
    fi
    setsid unshare --pid --mount --fork --mount-proc --kill-child=KILL --propagation private \
        /bin/bash "$self" _inside </dev/null >"$LAB/log" 2>&1 &
    unshared=$!
    wait_for "$LAB/ready" || die "the lab does not come up: $(tail -n 1 "$LAB/log")"
    tr -d ' ' <"/proc/$unshared/task/$unshared/children" >"$LAB/pid"
    if [ -n "${LAB_OWNER-}" ]; then
        LAB=$LAB setsid /bin/bash "$self" _watch "$LAB_OWNER" </dev/null >/dev/null 2>&1 &
    fi
    echo "lab up: head h1..h$n"
}

# watch PROCESS: take the lab down after it
watch()
{
    local lab_pid
    lab_pid=$(cat "$LAB/pid")
    while kill -0 "$lab_pid" 2>/dev/null; do
        kill -0 "$1" 2>/dev/null || { down; break; }
        sleep 1
    done
}

# PID 1 of what all hosts share
inside()
{
    local i
    mount -t tmpfs tmpfs /run
    mkdir -p /run/netns /run/munge /run/lock
    ip netns add switch
    ip -n switch link set lo up
    if [ "$(cat "$LAB/kind")" = switch ]; then
        start_switch
    else
        ip -n switch link add br0 type bridge
        ip -n switch link set br0 up
    fi
    add_host head 10.77.0.100
    for i in $(seq "$(cat "$LAB/n")"); do add_host "h$i" "10.77.0.$i" --pid --fork --mount-proc --kill-child=KILL; done
    touch "$LAB/ready"
    forever
}

# The switch in user space, before all others in line for the processor: ranks that wait for it may spin.
start_switch()
{
    local first=(chrt --fifo 10)
    "${first[@]}" true 2>/dev/null || first=()
    mkfifo "$LAB/net"
    nsenter --net=/run/netns/switch "${first[@]}" "$LAB/tapswitch" "$LAB/net" "$LAB/switch.ready" $(everyone) \
        2>"$LAB/switch.log" &
    wait_for "$LAB/switch.ready"
}

# add_host NAME ADDRESS UNSHARE-FLAGS...
add_host()
{
    local host=$1 address=$2 pid
    shift 2
    ip netns add "$host"
    ip -n "$host" link set lo up
    if [ -e "$LAB/net" ]; then
        ip -n switch link set "$host" netns "$host"
        ip -n "$host" link set "$host" name eth0
    else
        ip link add name eth0 netns "$host" type veth peer name "p-$host" netns switch
        ip -n switch link set "p-$host" master br0 up
    fi
    ip -n "$host" addr add "$address/24" dev eth0
    ip -n "$host" link set eth0 up
    nsenter --net="/run/netns/$host" unshare --uts --mount --ipc "$@" /bin/bash "$self" _host "$host" &
    pid=$!
    wait_for "$LAB/$host.up"
    [ $# = 0 ] || pid=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
    echo "$pid" >"$LAB/$host.pid"
}

# PID 1 of a host
host()
{
    hostname "$1"
    mount --bind "$LAB/hosts" /etc/hosts
    mount -t tmpfs -o size=2g tmpfs /dev/shm
    mount -t tmpfs -o size=2g tmpfs "$LAB/scratch"
    touch "$LAB/$1.up"
    forever
}

forever()
{
    trap : TERM INT
    set +e
    while :; do
        sleep 3600 &
        wait $!
    done
}

# link up|down HOST
link()
{
    if [ -e "$LAB/net" ]; then
        echo "$1 $2" >"$LAB/net"
    else
        outer ip -n switch link set "p-$2" "$1"
    fi
}

# A short period makes a slow host slow all the time, not fast and then away.
slow()
{
    local group period_us=20000 quota_us=-1
    [ -s "$LAB/cgroup" ] || die "this machine has no control groups for the processor"
    group=$(cat "$LAB/cgroup")/$1
    [ "$2" = full ] || quota_us=$(awk "BEGIN { printf \"%d\", $2 * $period_us }")
    if [ -e "$group/cpu.max" ]; then
        [ "$2" != full ] || quota_us=max
        echo "$quota_us $period_us" >"$group/cpu.max"
    else
        echo "$period_us" >"$group/cpu.cfs_period_us"
        echo "$quota_us" >"$group/cpu.cfs_quota_us"
    fi
}

shape()
{
    local host
    for host in ${2:-$(everyone)}; do
        outer tc -n "$host" qdisc replace dev eth0 root tbf rate "$1" burst 256kb latency 20ms
        outer tc -n switch qdisc replace dev "p-$host" root tbf rate "$1" burst 256kb latency 20ms
    done
}

unshape()
{
    local host
    for host in $(everyone); do
        outer tc -n "$host" qdisc del dev eth0 root 2>/dev/null || continue # that has its whole rate
        outer tc -n switch qdisc del dev "p-$host" root
    done
}

# net WORDS...: to the switch, which answers with lines in its log
net()
{
    local before answer
    [ -e "$LAB/net" ] || die "this lab is not on the switch: lab.sh up N switch"
    before=$(wc -l <"$LAB/switch.log")
    echo "$*" >"$LAB/net"
    for _ in $(seq 250); do
        [ "$(wc -l <"$LAB/switch.log")" = "$before" ] || break
        sleep 0.02
    done
    answer=$(tail -n "+$((before + 1))" "$LAB/switch.log")
    echo "$answer"
    [[ $answer != tapswitch:* ]] || exit 1
}

down()
{
    local pid group
    pid=$(cat "$LAB/pid" 2>/dev/null) || die "$LAB is not up"
    kill -KILL "$pid" 2>/dev/null || true
    for _ in $(seq 250); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.02
    done
    group=$(cat "$LAB/cgroup" 2>/dev/null) || group=
    for _ in $(seq 50); do # a group is empty only when its last process has been buried
        [ -n "$group" ] && [ -d "$group" ] || break
        rmdir "$group"/*/ "$group" 2>/dev/null || sleep 0.05
    done
    clear_folder || true
}

own
case ${1-} in
up) up "${2:-4}" "${3:-bridge}" ;;
on) outer "$LAB/on" "${@:2}" ;;
cut) link down "$2" ;;
heal) link up "$2" ;;
power-off)
    link down "$2"
    outer kill -KILL "$(cat "$LAB/$2.pid")"
    ;;
slow) slow "$2" "$3" ;;
shape) shape "${@:2}" ;;
unshape) unshape ;;
net) net "${@:2}" ;;
down) down ;;
_inside) inside ;;
_host) host "$2" ;;
_watch) watch "$2" ;;
*)
    sed -n '3,17s/^# \{0,1\}//p' "$self"
    exit 2
    ;;
esac
