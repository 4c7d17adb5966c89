# SPDX-License-Identifier: BSD-3-Clause
# launch/cairn-mpirun: TERM and Ctrl-C save and end with 75, a second start goes on, Cairn's codes come back as
# they are, and what mpirun makes of a lost rank comes back as 5.
. "${BASH_SOURCE%/*}/../support/run.sh"

export MPIRUN=$CAIRN_MPIEXEC
unset OMPI_MCA_pml OMPI_MCA_btl OMPI_MCA_hwloc_base_binding_policy OMPI_MCA_rmaps_base_oversubscribe
launcher=$CAIRN_SOURCE/launch/cairn-mpirun
keys=(train.epochs=600 train.evaluate_every=none checkpoint.every_updates=500)

# by_launcher ARGUMENTS...: in the background, in a process group of its own, as from a terminal
by_launcher()
{
    set -m
    "$launcher" "$@" >out 2>err </dev/null &
    pid=$!
    set +m
}

for signal in TERM INT; do
    by_launcher -n 2 -- "$cairn" train "$recipes/digits.yaml" "${keys[@]}" --out "$signal"
    until_true 30 test -e "$signal/checkpoints/latest.h5"
    kill "-$signal" -- "-$pid" # Ctrl-C goes to the whole group
    finish
    same "exit code after $signal" "$code" 75
    same "status after $signal" "$(json "$signal/summary.json" status)" stopped
done
by_launcher -n 1 -- "$cairn" train "$recipes/digits.yaml" "${keys[@]}" --out TERM
finish
same "exit code of the second start" "$code" 0
same "status of the second start" "$(json TERM/summary.json status)" done

by_launcher -n 2 -- "$cairn" train "$recipes/digits.yaml" batch.globl=1
finish
same "exit code of a wrong key" "$code" 2
mkdir without
printf '#!/bin/sh\nexit 1\n' >without/lscpu # as where there is no /sys
chmod +x without/lscpu
PATH=$work/without:$PATH by_launcher -n 2 -- "$cairn" train "$recipes/digits.yaml" batch.globl=1
finish
same "exit code of a wrong key without lscpu" "$code" 2
grep -q batch.globl err || fail "without lscpu it starts nothing"
by_launcher -n none -- "$cairn" train
finish
same "exit code of a wrong number of ranks" "$code" 2
by_launcher -n 1 -- "$work/no-such-program"
finish
same "exit code without a program" "$code" 2
for words in no-such-program "no-such-program train" "--bind-to none ./no-such-program"; do
    code=0
    "$launcher" -n 2 $words 2>err || code=$?
    same "exit code of $words" "$code" 2
    same "lines for $words" "$(wc -l <err)" 1
done
# What is wrong with the command line is said before anything is started, in one line.
for wrong in "-n 0" "-n 99999999999999999999" "--hosts ," "--hosts a,,b" "--hosts a:2" "--hosts=" "--threads 0" "--ranks-per-node=x"; do
    code=0
    "$launcher" $wrong -- true 2>err || code=$?
    same "exit code of $wrong" "$code" 2
    same "lines for $wrong" "$(wc -l <err)" 1
done
code=0
(ulimit -v 399999 && "$launcher" -n 2 -- true) 2>err || code=$?
same "exit code of a small ulimit -v" "$code" 2
grep -q '^cairn-mpirun: ulimit -v is 399999 kB' err || fail "a small ulimit -v is not named"
# mpirun needs four files for each rank: a small limit is lifted, and one that cannot be is named before anything hangs.
printf '#!/bin/sh\necho "$(ulimit -Sn) ${OMPI_MCA_orte_allowed_exit_without_sync-}"\n' >mpirun
chmod +x mpirun
same "open files of 64 ranks" "$(ulimit -Sn 200 && MPIRUN=$work/mpirun "$launcher" -n 64 -- true)" "356 "
same "open files of 8 ranks" "$(ulimit -Sn 200 && MPIRUN=$work/mpirun "$launcher" -n 8 -- "$cairn")" "200 1"
code=0
(ulimit -n 200 && MPIRUN=$work/mpirun "$launcher" -n 64 -- true) 2>err || code=$?
same "exit code of a small ulimit -n" "$code" 2
grep -q '^cairn-mpirun: mpirun needs 356 open files for 64 ranks on a host, and ulimit -n can only be 200' err ||
    fail "a small ulimit -n is not named"
# What carries messages: on one host shared memory, unless somebody has chosen.  $root has no file of parameters and no fabric.
printf '#!/bin/sh\necho "${OMPI_MCA_pml-}:${OMPI_MCA_btl-}"\n' >mpirun
root=$work/machine
mkdir -p "$root/sys/class/infiniband" "$root/sys/class/net" "$root/etc/openmpi" "$root/proc/self" home/.openmpi
: >"$root/proc/self/cgroup"
# chosen ARGUMENTS...: by the launcher, with its other words in err
chosen() { HOME=$work/home CAIRN_TEST_ROOT=$root MPIRUN=$work/mpirun "$launcher" "$@" -- true 2>err; }
own=ob1:self,vader,tcp
same "on one host" "$(chosen -n 2)" $own
same "on one named host" "$(chosen -n 2 --hosts here)" $own
same "on two hosts" "$(chosen -n 2 --hosts a,b)" :
[ ! -s err ] || fail "it names a fabric where there is none"
same "on two hosts of Slurm" "$(SLURM_JOB_NUM_NODES=2 chosen -n 2)" :
for flags in "--host a,b" "--hostfile file" "--mca pml ucx" "-mca mtl psm2" "--tune file" "-x OMPI_MCA_pml=ucx"; do
    same "with $flags" "$(chosen -n 2 $flags)" :
done
same "with --mca btl" "$(chosen -n 2 --mca btl self,tcp)" ob1:
same "where a variable chooses" "$(OMPI_MCA_pml=ucx chosen -n 2) $(OMPI_MCA_btl=self,tcp chosen -n 2)" "ucx: ob1:self,tcp"
same "where others list the hosts" "$(PBS_NODEFILE=file chosen -n 2)" :
echo 'pml = ucx' >file
same "where a named file chooses" "$(OMPI_MCA_mca_base_param_files=$work/file chosen -n 2)" :
for file in "home/.openmpi/mca-params.conf" "$root/etc/openmpi/openmpi-mca-params.conf"; do
    printf '# btl = x\npml = ^ucx\nbtl=^uct,openib\n' >"$file"
    same "where $file leaves others out" "$(chosen -n 2)" $own
    echo 'btl = ^tcp' >"$file"
    same "where $file leaves out what would be chosen" "$(chosen -n 2)" ob1:
    echo ' pml = ucx' >"$file"
    same "where $file chooses" "$(chosen -n 2)" :
    rm "$file"
done
# A fabric, and what takes it, on several hosts alone and in one line.
# names PATTERN: what is there now is named so
names()
{
    same "with a fabric on two hosts" "$(chosen -n 2 --hosts a,b)" :
    same "lines on a fabric" "$(wc -l <err)" 1
    grep -Eq "^cairn-mpirun: this host has $1, or OMPI_MCA_pml=ob1 " err || fail "no $1 in its line"
}
tcp=${OMPI_MCA_btl_tcp_if_include-}
unset OMPI_MCA_btl_tcp_if_include
for device in "eth0 1000 :" "eth1 25000 eth1, faster than others: export OMPI_MCA_btl_tcp_if_include=eth1"; do
    read -r name speed wanted <<<"$device"
    mkdir -p "$root/sys/class/net/$name/device"
    echo "$speed" >"$root/sys/class/net/$name/speed"
    if [ "$wanted" = : ]; then chosen -n 2 --hosts a,b >out && [ ! -s err ] || fail "one network leaves no choice"; else names "$wanted"; fi
done
OMPI_MCA_btl_tcp_if_include=eth0 chosen -n 2 --hosts a,b >out
[ ! -s err ] || fail "a network was chosen"
for device in "mlx5_0 .*OMPI_MCA_pml=ucx" "hfi1_0 .*mtl=psm2" "rdmap0s6 .*FI_PROVIDER=efa"; do
    mkdir "$root/sys/class/infiniband/${device% *}"
    names "${device/ .*/ .*}"
    OMPI_MCA_pml=ob1 chosen -n 2 --hosts a,b >out
    [ ! -s err ] || fail "ob1 was chosen, and ${device% *} named"
    same "with a fabric on one host" "$(chosen -n 2) $(cat err)" "$own "
    rm -r "$root/sys/class/infiniband/${device% *}"
done
[ -z "$tcp" ] || export OMPI_MCA_btl_tcp_if_include=$tcp
code=0
"$launcher" -n 2 -- 2>err || code=$?
same "exit code of nothing behind --" "$code" 2
code=0
MPIRUN=$work/nowhere "$launcher" -n 2 -- true 2>err || code=$?
same "exit code without mpirun" "$code" 2
grep -q "MPIRUN" err || fail "it does not say how to name mpirun"

# A real loss, and what launchers make of it.
by_launcher -n 2 -- "$cairn" train "$recipes/digits.yaml" "${keys[@]}" --out lost
until_true 30 test -e lost/checkpoints/latest.h5
kill -KILL "$(ranks_of "$pid" | tail -n 1)"
finish
same "exit code of a killed rank" "$code" 5
grep -q '^cairn-mpirun: .* was lost' err || fail "it does not say that a rank was lost"

# An mpirun that waits on when all that it started has ended.
printf '#!/bin/bash\nsleep 1 &\nexec sleep 100\n' >mpirun # bash would take notice of one that ends before it is sleep
chmod +x mpirun
code=0
MPIRUN=$work/mpirun timeout 60 "$launcher" -n 2 -- true 2>err || code=$?
same "exit code where mpirun hangs" "$code" 5

for ends in 0:0 3:3 6:6 70:70 75:75 205:5 137:5 143:5 9:5 1:5 255:5 139:70 11:70; do
    printf '#!/bin/sh\nexit %s\n' "${ends%:*}" >mpirun
    chmod +x mpirun
    code=0
    MPIRUN=$work/mpirun "$launcher" -n 2 -- true 2>err || code=$?
    same "exit code when mpirun ends with ${ends%:*}" "$code" "${ends#*:}"
done

# A rank that Linux killed for memory is named as that: the counters of its control group, version 2 and 1, before and after.
# plant VERSION KILLED: such a group below the folder root
plant()
{
    rm -rf root
    mkdir -p root/proc/self root/sys/fs/cgroup/memory/job root/sys/fs/cgroup/job
    case $1 in
    2)
        echo "0::/job" >root/proc/self/cgroup
        printf 'low 0\noom 9\noom_kill %s\noom_group_kill 0\n' "$2" >root/sys/fs/cgroup/job/memory.events
        echo 524288000 >root/sys/fs/cgroup/job/memory.max
        counter=root/sys/fs/cgroup/job/memory.events
        ;;
    1)
        printf '4:cpuset,memory:/job/of/host\n0::/\n' >root/proc/self/cgroup # in a container
        printf 'oom_kill_disable 0\nunder_oom 0\noom_kill %s\n' "$2" >root/sys/fs/cgroup/memory/memory.oom_control
        echo 9223372036854771712 >root/sys/fs/cgroup/memory/memory.limit_in_bytes
        counter=root/sys/fs/cgroup/memory/memory.oom_control
        ;;
    esac
}
# ends CODE KILLS: by an mpirun that ends so after so many kills
ends()
{
    printf '#!/bin/sh\nsed -i "s/^oom_kill .*/oom_kill %s/" %s\nexit %s\n' "$2" "$counter" "$1" >mpirun
    code=0
    CAIRN_TEST_ROOT=$work/root MPIRUN=$work/mpirun "$launcher" -n 2 -- true 2>err || code=$?
}
plant 2 3
ends 137 4
same "exit code of a rank that was killed for memory" "$code" 5
grep -q '^cairn-mpirun: a rank was killed for memory: of this control group, which is granted 525MB, Linux killed 1; ask' err ||
    fail "it does not name the memory"
ends 137 4
grep -q '^cairn-mpirun: a rank, a host or the network was lost' err || fail "it names memory where nothing was killed for it"
ends 3 5
[ ! -s err ] || fail "an error of cairn's own is no matter of memory"
plant 1 0
ends 9 2
grep -q '^cairn-mpirun: a rank was killed for memory: of this control group Linux killed 2; ask' err || fail "version 1 is not read"
