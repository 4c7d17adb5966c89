# SPDX-License-Identifier: BSD-3-Clause
# A network that is bad, but not gone: a link cut for 4 s and healed, frames lost, latency.  Runs go on and end with the
# bits of a run that was left alone.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs switch
lab_up 2 switch
keys=(train.reproducible=true train.epochs=none train.evaluate_every=none schedule.decay=constant)

# alone UPDATES: the bits that a run of so many updates must have
alone()
{
    expect 0 1 train "$recipes/digits.yaml" "${keys[@]}" train.updates="$1" --out "alone$1"
    bits "alone$1" >"alone$1.bits"
}

# disturbed NAME UPDATES: start on both hosts
disturbed()
{
    lab_start 2 h1 h2 -- train "$recipes/digits.yaml" "${keys[@]}" train.updates="$2" --out "$1"
}

# whole NAME UPDATES: it ends as if nothing had been
whole()
{
    lab_finish
    same "exit code with $1" "$code" 0
    bits "$1" >bits
    cmp -s "alone$2.bits" bits || fail "$1: $(diff "alone$2.bits" bits | head -n 3)"
    echo "$1: a sum took $(sums_ms "$1" 0.5) ms, the longest $(sums_ms "$1" 1) ms"
}

# sums_ms NAME SHARE: how long a sum over the ranks took, waiting included: 0.5 for the median, 1 for the longest
sums_ms()
{
    column "$1/metrics.csv" reduce_s | sort -g |
        awk -v share="$2" '{ n[NR] = $1 } END { printf "%.1f", 1000 * n[int((NR - 1) * share) + 1] }'
}

dropped() { net stats | awk '{ n += $NF } END { print n }'; }

alone 1000
alone 300

net delay 1000 >/dev/null # so that the run is still there when its link is cut, however fast the machine
disturbed cut 1000
until_true "$limit_s" reached cut 200
cut_off h2
sleep 4
at_heal=$(newest cut)
heal h2
holds "checkpoint when the link is healed" "$at_heal < 1000"
whole cut 1000
holds "the longest sum with a link cut for 4 s" "$(sums_ms cut 1) > 3000"

net delay 0 >/dev/null
net loss 1000 >/dev/null
before=$(dropped)
disturbed loss 1000
whole loss 1000
holds "frames lost" "$(dropped) > $before"
echo "loss: $(($(dropped) - before)) frames"

net loss 0 >/dev/null
net delay 5000 >/dev/null
disturbed latency 300
whole latency 300
holds "milliseconds for a sum at 5 ms" "$(sums_ms latency 0.5) >= 5"
