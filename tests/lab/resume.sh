# SPDX-License-Identifier: BSD-3-Clause
# A run over 4, 7, 2 and 1 ranks, each time on other hosts with the same folder, stopped in between by TERM to the launcher and
# by the deadline: the bits of a run on one host that was left alone.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs
lab_up 4
keys=(train.reproducible=true train.epochs=none train.evaluate_every=100 schedule.decay=constant optim.name=adam optim.momentum=0
    optim.lr=0.001 train.ema=0.9 'batch.ramp=[[20000, 32], [60000, 96]]' batch.ramp_kind=linear log.gradflow_every=500
    checkpoint.every_updates=50)
endless=("${keys[@]}" train.updates=100000000)

# by_signal RANKS HOSTS...: stopped when it has gone on by 100 updates
by_signal()
{
    local from
    from=$(newest run)
    lab_start "$@" -- train "$recipes/digits.yaml" "${endless[@]}" --out run
    until_true 60 reached run $((from + 100))
    lab_signal TERM
    lab_finish
    same "exit code after TERM on $*" "$code" 75
    echo "$*: stopped behind update $(newest run)"
}

by_signal 4 h1 h2
by_signal 7 h2 h3 h4
lab_expect 75 2 h4 h1 -- train "$recipes/digits.yaml" "${endless[@]}" --out run train.deadline=10s
grep -q '^stopped after update .* and saved (the deadline is in ' err || fail "the deadline did not stop it"
n=$(newest run)
echo "h4 h1: stopped by itself behind update $n"

export CAIRN_DEADLINE=$(($(date +%s) - 60))
lab_expect 75 1 h2 -- train "$recipes/digits.yaml" "${endless[@]}" --out run train.deadline=slurm
same "update behind a deadline that was past" "$(newest run)" "$n"

lab_expect 0 1 h3 -- train "$recipes/digits.yaml" "${keys[@]}" train.updates=$((n + 100)) --out run
expect 0 1 train "$recipes/digits.yaml" "${keys[@]}" train.updates=$((n + 100)) --out alone
bits alone >a
bits run >b
cmp -s a b || fail "over four sets of hosts it has other bits: $(diff a b | head -n 3)"
whole_lines run
