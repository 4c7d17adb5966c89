# SPDX-License-Identifier: BSD-3-Clause
# train.balance: auto with one of two hosts slowed by a quota of the processor: micro-batches move to the fast one, and the bits
# stay, also when another world goes on.
#
#   balance.sh full [CPUS]   measures: time per update with balance off and auto, against the ideal, one host four times slower.
#                            The fast host has so much of a processor, all of it by default; with 0.2 and 0.05 of one the
#                            quotas decide, not what else the machine does.
. "${BASH_SOURCE%/*}/../support/run.sh"
. "${BASH_SOURCE%/*}/../support/lab.sh"

lab_needs quota
lab_up 2
[ -s "$LAB/cgroup" ] || skip "this machine lets nobody make control groups for the processor"

# Nearly all of an update is computing: 0.1 million weights, 11 million multiplications a sample.
micros=32
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: conv2d, channels: 48, kernel: 3, padding: 1}
  - {type: relu}
  - {type: residual, body: [{type: conv2d, channels: 48, kernel: 3, padding: 1}, {type: relu},
                            {type: conv2d, channels: 48, kernel: 3, padding: 1}]}
  - {type: relu}
  - {type: residual, body: [{type: conv2d, channels: 48, kernel: 3, padding: 1}, {type: relu},
                            {type: conv2d, channels: 48, kernel: 3, padding: 1}]}
  - {type: relu}
  - {type: global_avgpool}
  - {type: dense, units: 10}
batch: {global: $((micros * 16)), micro: 16, tail: carry}
optim: {name: sgd, lr: 0.05, momentum: 0.9}
train: {updates: 100000, seed: 3, reproducible: true, evaluate_every: none}
checkpoint: {every_updates: 0}
log: {gradflow_every: 1}
END

# The last shares that the log tells, "26 6".
shares()
{
    sed -nE 's/.*shares of [0-9]+ micro-batches: ([0-9 ]+) \(were.*/\1/p' err | tail -n 1
}

moved()
{
    local now
    now=($(shares))
    [ ${#now[@]} = 2 ] && [ "${now[0]}" -gt "${now[1]}" ]
}

median()
{
    sort -g | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'
}

# figures NAME SHARE: of the second half of a run, s per update and s per micro-batch of the fast host.
figures()
{
    update_s=$(column "$1/metrics.csv" wall_s | awk 'NR > 1 { print $1 - last } { last = $1 }' | tail -n "$n_half" | median)
    micro_s=$(column "$1/metrics.csv" compute_s | tail -n "$n_half" | awk -v n="$2" '{ print $1 / n }' | median)
    echo "$1: $update_s s per update, the fast host has $2 of $micros micro-batches, $micro_s s each;" \
        "$(awk "BEGIN { printf \"%.2f\", $update_s / ($micros * $micro_s / 1.25) }") x the ideal for the summed speed 1.25;" \
        "load $(cut -d ' ' -f 1 /proc/loadavg)"
}

# The lab first in line for the processor, where quotas hold it to a small part of that.
first_in_line()
{
    local group
    group=$(cat "$LAB/cgroup")
    if [ -e "$group/cpu.weight" ]; then
        echo 10000 >"$group/cpu.weight"
    else
        echo 100000 >"$group/cpu.shares"
    fi
}

measure()
{
    local n_half=15 update_s micro_s off_s
    if [ "$1" != full ]; then
        slow h1 "$1"
        first_in_line
    fi
    slow h2 "$(awk "BEGIN { print ${1/full/1} / 4 }")"
    cairn=${CAIRN_MEASURED:-$CAIRN_SOURCE/build/release/cairn}
    [ -x "$cairn" ] || skip "figures want the release build: cmake --preset release && cmake --build --preset release"
    lab_expect 0 2 h1 h2 -- train run.yaml "train.updates=$n_half" --out off
    figures off $((micros / 2))
    off_s=$update_s
    lab_expect 0 2 h1 h2 -- train run.yaml train.updates=$((3 * n_half)) train.balance=auto train.balance_every=4 --out auto
    grep 'shares of' err || fail "the shares stayed equal"
    figures auto "$(shares | cut -d ' ' -f 1)"
    echo "off / auto: $(awk "BEGIN { printf \"%.2f\", $off_s / $update_s }")"
}

if [ "${1-}" = full ]; then
    limit_s=600
    measure "${2:-full}"
    exit 0
fi

slow h1 0.5
slow h2 0.05
first_in_line
lab_start 2 h1 h2 -- train run.yaml train.balance=auto train.balance_every=1 --out run
until_true 90 moved
lab_signal TERM
lab_finish
same "exit code after TERM" "$code" 75
last=$(($(newest run) + 2))
expect 0 1 train run.yaml train.updates=$last --out run
expect 0 1 train run.yaml train.updates=$last --out alone
bits alone >a
bits run >b
cmp -s a b || fail "it has other bits: $(diff a b | head -n 3)"
