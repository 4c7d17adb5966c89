# SPDX-License-Identifier: BSD-3-Clause
# A rank of another host that hangs: the line of each rank that lives names its host, and the job ends with 5 by itself
# under cairn-mpirun, and under srun, which makes 137 of it where it has to kill a rank that is stopped.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs slurm
lab_up 6
lab_slurm_up

keys=(train.epochs=100000 train.hang_timeout=5s train.evaluate_every=none checkpoint.every_updates=100 checkpoint.keep=1)

# says RANK HOST WHAT
says()
{
    grep -Eq "^cairn: rank $1 of 3 on host $2 \(process [0-9]+\): $3, .*for [0-9]+ s; stack: " err || fail "rank $1 of $2 does not say '$3'"
}

sums="(summing over the ranks|saving)"
by_mpirun()
{
    export CAIRN_FAULT='hang:data.read@1#500'
    lab_start 3 h1 h2 h3 -- train "$recipes/digits.yaml" "${keys[@]}" --out mpirun
    lab_finish
    same "exit code by cairn-mpirun" "$code" 5
    says 0 h1 "$sums"
    says 1 h2 "reading data"
    says 2 h3 "$sums"
}

# Under srun, with the flags of our batch scripts: rank 1 is stopped and does not answer.
by_srun()
{
    local began
    : >out
    : >err
    on head "exec timeout --kill-after=5 $limit_s srun --mpi=pmix --nodelist=h[4-6] --ntasks=3 --kill-on-bad-exit=0 --wait=20" \
        "'$cairn' train '$recipes/digits.yaml'$(printf " '%s'" "${keys[@]}") --out srun" >out 2>err </dev/null &
    pid=$!
    until_true 60 reached srun 100
    began=$SECONDS
    kill -STOP $(processes h5 cairn)
    finish
    [ "$code" != 0 ] && [ "$code" != 124 ] || fail "srun ended with $code"
    says 0 h4 "$sums"
    says 2 h6 "$sums"
    ! grep -q '^cairn: rank 1 ' err || fail "a rank that is stopped has spoken"
    echo "srun ended with $code, $((SECONDS - began)) s after rank 1 was stopped"
}

beside by_mpirun
beside by_srun
all_good
