#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# lab.sh - a small cluster of test hosts on one machine, inside one PID and mount namespace.  Root, Linux, iproute2.
#
#   lab.sh up N          hosts h1..hN and a front end "head" on a bridge of their own; about 0.3 s
#   lab.sh on HOST CMD   run CMD (by sh -c) on a host; LAB/on is the same as mpirun's rsh agent
#   lab.sh cut HOST | heal HOST | power-off HOST
#   lab.sh down          ends one process; the kernel ends the rest and drops the namespaces
#
# Every host has its own network, UTS, mount, IPC and PID namespace, /dev/shm, /etc/hosts and LAB/scratch.  Nothing is
# connected to the machine's own network.  LAB is the lab's folder, default $TMPDIR/cairn-lab.
set -euo pipefail
LAB=${LAB:-${TMPDIR:-/tmp}/cairn-lab}
self=$(readlink -f "${BASH_SOURCE[0]}")

die()
{
    echo "lab.sh: $*" >&2
    exit 1
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

write_files()
{
    local n=$1 i
    rm -rf "$LAB"
    mkdir -p "$LAB/scratch"
    echo "$n" >"$LAB/n"
    {
        echo "127.0.0.1 localhost"
        echo "10.77.0.100 head"
        for i in $(seq "$n"); do echo "10.77.0.$i h$i"; done
    } >"$LAB/hosts"
    for i in $(seq "$n"); do echo "h$i slots=1"; done >"$LAB/hostfile"
    cat >"$LAB/on" <<END
#!/bin/bash
host=\$1
shift
pid=\$(cat "$LAB/\$host.pid") && kill -0 "\$pid" 2>/dev/null || { echo "on: host \$host is down" >&2; exit 255; }
own_pids=--pid
[ "\$host" != head ] || own_pids=
exec nsenter -t "\$pid" --net --uts --mount --ipc \$own_pids --wd="\$PWD" /bin/sh -c "\$*"
END
    chmod +x "$LAB/on"
}

up()
{
    local n=$1 unshared
    [ ! -e "$LAB/pid" ] || ! kill -0 "$(cat "$LAB/pid")" 2>/dev/null || die "$LAB is up already"
    write_files "$n"
    setsid unshare --pid --mount --fork --mount-proc --kill-child=KILL --propagation private \
        /bin/bash "$self" _inside </dev/null >"$LAB/log" 2>&1 &
    unshared=$!
    wait_for "$LAB/ready" || die "the lab does not come up: $(tail -n 1 "$LAB/log")"
    tr -d ' ' <"/proc/$unshared/task/$unshared/children" >"$LAB/pid"
    echo "lab up: head h1..h$n"
}

# PID 1 of what all hosts share
inside()
{
    local i
    mount -t tmpfs tmpfs /run
    mkdir -p /run/netns /run/munge /run/lock
    ip netns add switch
    ip -n switch link set lo up
    ip -n switch link add br0 type bridge
    ip -n switch link set br0 up
    add_host head 10.77.0.100
    for i in $(seq "$(cat "$LAB/n")"); do add_host "h$i" "10.77.0.$i" --pid --fork --mount-proc --kill-child=KILL; done
    touch "$LAB/ready"
    forever
}

# add_host NAME ADDRESS UNSHARE-FLAGS...
add_host()
{
    local host=$1 address=$2 pid
    shift 2
    ip netns add "$host"
    ip -n "$host" link set lo up
    ip link add name eth0 netns "$host" type veth peer name "p-$host" netns switch
    ip -n switch link set "p-$host" master br0 up
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

down()
{
    local pid
    pid=$(cat "$LAB/pid" 2>/dev/null) || die "$LAB is not up"
    kill -KILL "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.02
    done
    rm -rf "$LAB"
}

case ${1-} in
up) up "${2:-4}" ;;
on) outer "$LAB/on" "${@:2}" ;;
cut) outer ip -n switch link set "p-$2" down ;;
heal) outer ip -n switch link set "p-$2" up ;;
power-off)
    outer ip -n switch link set "p-$2" down
    outer kill -KILL "$(cat "$LAB/$2.pid")"
    ;;
down) down ;;
_inside) inside ;;
_host) host "$2" ;;
*)
    sed -n '3,12s/^# \{0,1\}//p' "$self"
    exit 2
    ;;
esac
