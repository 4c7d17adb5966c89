# SPDX-License-Identifier: BSD-3-Clause
# Killed again and again, at any moment, a run keeps a newest checkpoint that opens, goes on from there in another world,
# and ends with the bits of a run that was left alone, each sample used once per epoch.
#
#   kill.sh [KILLS [SEED]]     8 kills unless told otherwise; the seed of the moments is printed
. "${BASH_SOURCE%/*}/../support/run.sh"

kills=${1:-8}
seed=${2:-$RANDOM}
RANDOM=$seed
echo "seed $seed"
interval=2 # updates between checkpoints
n_train=1437
epochs=$((1 + kills * 30 / 15)) # 15 updates each
n_updates=$((epochs * 15))
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: flatten}
  - {type: dense, units: 16}
  - {type: relu}
  - {type: dropout, p: 0.1}
  - {type: dense, units: 10}
batch: {global: 100, micro: 16}
optim: {name: adam, lr: 0.001}
train: {epochs: $epochs, seed: 3, reproducible: true}
checkpoint: {every_updates: $interval, keep: 2}
END

reached_or_over()
{
    [ -s out ] || reached "$@"
}

gone()
{
    local process
    for process in $ranks; do
        [ ! -e "/proc/$process/stat" ] || [[ $(cat "/proc/$process/stat" 2>/dev/null) == *") Z "* ]] || return 1
    done
}

# A moment: while it starts, or some updates further on; then somewhere within what an update and a save take.
wait_a_moment()
{
    if [ $((RANDOM % 4)) = 0 ]; then
        sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
    else
        until_true 60 reached_or_over run $(($(newest run) + 1 + RANDOM % 12))
        sleep "0.0$((RANDOM % 5))$((RANDOM % 10))"
    fi
}

# One rank, which makes the launcher end the others; or all of them and the launcher.
kill_it()
{
    local victim
    kill -STOP "$pid" 2>/dev/null || true # so that no rank begins unseen
    ranks=$(ranks_of "$pid")
    victim=$(shuf -n 1 -e $ranks --random-source=<(yes "$RANDOM"))
    [ $((RANDOM % 2)) = 0 ] && [ -n "$victim" ] || victim="$pid $ranks"
    kill -KILL $victim 2>/dev/null || true
    kill -CONT "$pid" 2>/dev/null || true
    finish 2>/dev/null
    until_true 30 gone
}

# What is there now is whole, and not older than it was.
look()
{
    local file lines
    [ "$(newest run)" -ge "$1" ] || fail "the newest checkpoint was of update $1 and is now of $(newest run)"
    for file in run/checkpoints/*.h5; do
        [ -e "$file" ] || continue
        expect 0 0 info "$file"
        ! command -v h5dump >/dev/null || h5dump "$file" >/dev/null 2>err || fail "$file cannot be read"
    done
    [ -e run/metrics.csv ] || return 0
    lines=$(grep -c '^[0-9].*,.*,[0-9.]*$' run/metrics.csv || true)
    [ "$lines" -ge "$(newest run)" ] || fail "metrics.csv ends before the newest checkpoint"
    [ "$lines" -le "$(($(newest run) + interval))" ] || fail "more than a checkpoint interval would be repeated"
}

expect 0 2 train run.yaml --out alone checkpoint.every_updates=0
done_kills=0
while [ "$done_kills" -lt "$kills" ]; do
    before=$(newest run)
    start $((RANDOM % 4)) train run.yaml --out run # 0: one process without a launcher
    wait_a_moment
    kill_it
    [ "$code" != 0 ] || [ ! -s out ] || break # at its end already
    done_kills=$((done_kills + 1))
    look "$before"
done
echo "$done_kills kills, newest checkpoint of update $(newest run) of $n_updates"

expect 0 3 train run.yaml --out run
[ ! -e run/lock ] || fail "the lock of a killed run stays behind"
[ -z "$(find run -name '*.tmp')" ] || fail "unfinished files stay behind"
whole_lines run
bits alone >a
bits run >b
cmp -s a b || fail "after kills it has other bits: $(diff a b | head -n 3)"
same "samples" "$(column run/metrics.csv batch_samples | awk '{ n += $1 } END { print n }')" $((epochs * n_train))
