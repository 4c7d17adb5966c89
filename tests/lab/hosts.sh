# SPDX-License-Identifier: BSD-3-Clause
# Ranks on several hosts: the bits are those of one host, TERM to the launcher saves on all, and another set of hosts goes on.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs
lab_up 3

keys=(train.reproducible=true train.epochs=40 train.evaluate_every=200 checkpoint.every_updates=200)
expect 0 1 train "$recipes/digits.yaml" "${keys[@]}" --out alone
bits alone >alone.bits

same_bits()
{
    bits "$1" >bits
    cmp -s alone.bits bits || fail "$1: $(diff alone.bits bits | head -n 3)"
}

lab_expect 0 2 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" --out two
same_bits two
lab_expect 0 5 h1 h2 h3 -- train "$recipes/digits.yaml" "${keys[@]}" --out five
same_bits five
lab_expect 0 6 h1 h2 h3 -- train "$recipes/digits.yaml" "${keys[@]}" comm.sum=node comm.overlap=on comm.bucket_mb=0.002 --out teams
same_bits teams

lab_start 3 h1 h2 h3 -- train "$recipes/digits.yaml" "${keys[@]}" --out stopped
until_true "$limit_s" reached stopped 200
lab_signal TERM
lab_finish
same "exit code after TERM" "$code" 75
lab_expect 0 2 h3 h1 -- train "$recipes/digits.yaml" "${keys[@]}" --out stopped
same_bits stopped
