# SPDX-License-Identifier: BSD-3-Clause
# Functions for campaigns that end one run again and again, in every way that a machine knows.  Sourced after run.sh:
#
#   campaign KILLS SEED           the run file, of a run that comes to no end by itself
#   while next_kill; do           until there were so many
#       ...                       start it, wait_a_moment, end it, finish
#       look                      what is there now is whole, and not older than it was
#   done
#   verdict                       it goes on to the end of the next epoch, with the bits of a run that was left alone

interval=2 # updates between checkpoints
n_train=1437
update_count=15 # of an epoch
n_kills=0
declare -A n_kinds

campaign()
{
    kills=$1
    RANDOM=$2
    echo "seed $2"
    cat >run.yaml <<END
data: {file: $datasets/digits.h5, ledger: true}
model:
  - {type: flatten}
  - {type: dense, units: 16}
  - {type: relu}
  - {type: dropout, p: 0.1}
  - {type: dense, units: 10}
batch: {global: 100, micro: 16}
optim: {name: adam, lr: 0.001}
train: {epochs: 100000, seed: 3, reproducible: true, hang_timeout: 8s}
checkpoint: {every_updates: $interval, keep: 2}
log: {gradflow_every: 20}
END
}

next_kill()
{
    before=$(newest run)
    [ "$n_kills" -lt "$kills" ]
}

# one_of WORDS...: one of them, by chance.
one_of()
{
    local word=("$@")
    echo "${word[RANDOM % $#]}"
}

# A moment: while it starts, or some updates further on; then somewhere within what an update and a save take.
wait_a_moment()
{
    if [ $((RANDOM % 4)) = 0 ]; then
        sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
    else
        until_true 60 reached run $(($(newest run) + 1 + RANDOM % 12))
        sleep "0.0$((RANDOM % 5))$((RANDOM % 10))"
    fi
}

# killed KIND CODES...: after finish: it ended in a way that this kind of end may have.
killed()
{
    local kind=$1 wanted
    shift
    n_kills=$((n_kills + 1))
    n_kinds[$kind]=$((${n_kinds[$kind]-0} + 1))
    echo "kill $n_kills, $kind: ended with $code, update $(newest run)"
    for wanted in "$@"; do
        [ "$code" != "$wanted" ] || return 0
    done
    fail "kill $n_kills, $kind: ended with $code, not with one of $*"
}

# What is there now is whole, and not older than it was.
look()
{
    local file lines
    [ "$(newest run)" -ge "$before" ] || fail "the newest checkpoint was of update $before and is now of $(newest run)"
    for file in run/checkpoints/*.h5; do
        [ -e "$file" ] || continue
        "$cairn" info "$file" >info.out 2>err || fail "$file cannot be opened"
    done
    [ -e run/metrics.csv ] || return 0
    lines=$(grep -c '^[0-9].*,.*,[0-9.]*$' run/metrics.csv || true)
    [ "$lines" -ge "$(newest run)" ] || fail "metrics.csv ends before the newest checkpoint"
}

verdict()
{
    local kind epochs=$(($(newest run) / update_count + 1))
    for kind in "${!n_kinds[@]}"; do echo "$kind: ${n_kinds[$kind]}"; done
    echo "$n_kills kills, newest checkpoint of update $(newest run)"
    expect 0 3 train run.yaml train.epochs=$epochs --out run
    expect 0 0 train run.yaml train.epochs=$epochs --out alone checkpoint.every_updates=0
    [ ! -e run/lock ] || fail "the lock of a killed run stays behind"
    [ -z "$(find run -name '*.tmp')" ] || fail "unfinished files stay behind"
    whole_lines run
    bits alone >a
    bits run >b
    cmp -s a b || fail "after kills it has other bits: $(diff a b | head -n 3)"
    expect 0 0 verify --ledger run
    grep -Eq "every one of $n_train samples exactly once in (each of )?$epochs epochs?\$" out || fail "the ledger: $(cat out)"
    same "samples" "$(column run/metrics.csv batch_samples | awk '{ n += $1 } END { print n }')" $((epochs * n_train))
}
