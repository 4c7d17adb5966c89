# SPDX-License-Identifier: BSD-3-Clause
# By real ssh, as mpirun starts its daemons on a cluster: the bits are those of one host, TERM saves, a link that is lost
# ends the job with 5, and the hosts that are left go on.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs sshd
lab_up 3
lab_sshd_up
keys=(train.reproducible=true train.epochs=40 train.evaluate_every=200 checkpoint.every_updates=200)
expect 0 1 train "$recipes/digits.yaml" "${keys[@]}" --out alone

lab_start 3 h1 h2 h3 -- train "$recipes/digits.yaml" "${keys[@]}" --out run
until_true "$limit_s" reached run 200
lab_signal TERM
lab_finish
same "exit code after TERM" "$code" 75

lab_start 3 h1 h2 h3 -- train "$recipes/digits.yaml" "${keys[@]}" --out run
until_true "$limit_s" reached run $(($(newest run) + 100))
cut_off h3
lab_finish
same "exit code after a link was cut" "$code" 5

lab_expect 0 2 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out run
bits alone >a
bits run >b
cmp -s a b || fail "it has other bits: $(diff a b | head -n 3)"
