# SPDX-License-Identifier: BSD-3-Clause
# cairn doctor on several hosts, each with something wrong: settings that let a lost host hang mpirun, a disk of one host
# alone, a host with a quota, another run file, and ranks under Slurm that did not find each other.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs slurm quota
lab_up 2

# finding CHECK SEVERITY PATTERN: the last doctor said so, in one line
finding()
{
    grep -E "^$2 +$1 " out | grep -Eq -- "$3" || fail "cairn doctor has no line: $2 $1 $3; it says: $(cat out)"
}

# plain ARGUMENTS...: by mpirun as it comes, without what cairn-mpirun sets
plain()
{
    code=0
    on head "exec timeout --kill-after=5 $limit_s $CAIRN_MPIEXEC -n 2 --host h1:1,h2:1 '$cairn'$(printf " '%s'" "$@")" \
        >out 2>err </dev/null || code=$?
}

# All is well.
lab_expect 0 4 h1 h2 -- doctor "$recipes/digits.yaml" --out run
finding launch ok '4 ranks on 2 hosts'
finding clock ok "the hosts' clocks agree within"
finding keepalive ok 'mpirun notices a host that is lost'
finding files ok 'locks, fsync'
finding nodes ok 'Open MPI'
finding network ok '38.4 kB of gradient'
finding network ok "between nodes .* ms in Cairn's ring, .* ms by MPI"

# Nobody would notice a lost host.
plain train "$recipes/digits.yaml" train.updates=1 --out run
same "exit code without keepalive" "$code" 0
grep -Eq '^cairn: warning: Open MPI 4 hangs .* one of 2 hosts is lost; .*OMPI_MCA_oob_tcp_keepalive_time=10' err ||
    fail "a start on two hosts says nothing of the keepalive settings"
plain train "$recipes/digits.yaml" train.updates=1 --out run --overwrite -q
[ "$(grep -c '^cairn: ' err)" = 0 ] || fail "-q is not quiet about them"

# A disk that only h1 has: a restart on h2 would begin afresh.
lab_expect 0 2 h1 h2 -- doctor "$recipes/digits.yaml" --out "$LAB/scratch/run"
finding files warning "$LAB/scratch: rank 1 \(h2\) does not see .*--out on a shared disk"

# Another run file on h2.
on h1 "cp $recipes/digits.yaml /dev/shm/run.yaml"
on h2 "sed s/0.9/0.8/ $recipes/digits.yaml >/dev/shm/run.yaml"
lab_expect 0 2 h1 h2 -- doctor /dev/shm/run.yaml "data.file=$datasets/digits.h5"
finding nodes warning 'rank 1 \(h2\): another run file than rank 0; one run file on a shared folder'

# Slurm: as it should be, and where the ranks do not find each other.
lab_slurm_up
on head "srun --mpi=pmix --nodes=2 '$cairn' doctor" >out 2>err </dev/null || fail "srun --mpi=pmix"
finding launch ok '2 ranks on 2 hosts'
finding keepalive ok 'not started by'
code=0
on head "salloc -Q --nodes=2 '$cairn' train '$recipes/digits.yaml' --out alone" >out 2>err </dev/null || code=$?
same "exit code of a singleton in a job of two" "$code" 2
grep -q '^cairn: SLURM_JOB_NUM_NODES says 2 ranks, but this process is alone' err || fail "a singleton in a job is not refused"

# A host with so little of a processor that its neighbour has more, however busy the machine is.
slow h2 0.05
lab_expect 0 2 h1 h2 -- doctor
finding threads warning 'h2: 1 rank with 1 thread may use 0.05 CPUs'
finding gemm warning 'rank 1 \(h2\): slow: .*--exclude=h2'
