# SPDX-License-Identifier: BSD-3-Clause
# launch/cairn-mpirun: TERM and Ctrl-C save and end with 75, a second start goes on, codes come back as they are.
. "${BASH_SOURCE%/*}/../support/run.sh"

export MPIRUN=$CAIRN_MPIEXEC
unset OMPI_MCA_hwloc_base_binding_policy OMPI_MCA_rmaps_base_oversubscribe
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
by_launcher -n none -- "$cairn" train
finish
same "exit code of a wrong number of ranks" "$code" 2
