# SPDX-License-Identifier: BSD-3-Clause
# A host that is busy is not lost: with all its processes stopped for longer than a lost host is waited for, the job goes on
# afterwards, to the bits of a run that was left alone.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

away_s=9 # cairn-mpirun ends after 7 s without an answer from a host's kernel

lab_needs
lab_up 2
keys=(train.reproducible=true train.epochs=none train.updates=6000 train.evaluate_every=none checkpoint.every_updates=100)
expect 0 2 train "$recipes/digits.yaml" "${keys[@]}" --out alone

lab_start 2 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out run
until_true "$limit_s" reached run 200
stopped="$(processes h2 cairn) $(processes h2 orted)"
kill -STOP $stopped
sleep "$away_s"
holds "checkpoint when the host is back" "$(newest run) < 6000"
kill -CONT $stopped
lab_finish
same "exit code" "$code" 0
bits alone >a
bits run >b
cmp -s a b || fail "it has other bits: $(diff a b | head -n 3)"
