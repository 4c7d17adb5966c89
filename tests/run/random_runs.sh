# SPDX-License-Identifier: BSD-3-Clause
# Random run files on random data - any mix of layers, losses, optimizers and keys - each on 1, 2, 3 and 5 ranks, and
# stopped once or twice in other worlds: one outcome, with the same bits in all of them.  A run that fails for its numbers
# does so at the same update everywhere.
#
#   random_runs.sh [COUNT [SEED [FIRST]]]     5 of seed 1 unless said otherwise; campaigns take other seeds
#
# A run is made again by: build/dev/tests/cairn_fuzz run FOLDER SEED INDEX
export TMPDIR=${FUZZ_TMPDIR:-/dev/shm} # files are small and many
. "${BASH_SOURCE%/*}/../support/run.sh"

count=${1:-5}
seed=${2:-1}
first=${3:-0}
fuzz=$CAIRN_BUILD/tests/cairn_fuzz
most_beside=2
echo "seed $seed"
: >tally

# state_of DIR: what its newest checkpoint holds and must not depend on the world, to the last bit; with h5dump only.
state_of()
{
    local name what=() file=$1/checkpoints/latest.h5
    command -v h5dump >/dev/null || return 0
    for name in $(h5ls "$file" | grep -oE '^(weights|buffers|ema|optimizer)'); do what+=(-g "/$name"); done
    for name in ranges epoch epoch_loss epoch_weight last_rate learning_rate position samples update; do
        what+=(-d "/progress/$name")
    done
    h5dump -m %.17g "${what[@]}" "$file" | tail -n +2
}

# all_but_noise DIR: as bits, where the noise scale is that of ranks, which depends on them.
all_but_noise()
{
    weights_of "$1"
    cut -d, -f1-8 "$1/metrics.csv"
    cut -d, -f1-3,5- "$1/eval.csv"
    cut -d, -f1-7 "$1/gradflow.csv"
    summary_of "$1"
}

# outcome DIR: how the last run ended, and all that must be the same of it.
outcome()
{
    echo "exit code $code"
    case $code in
    0)
        whole_lines "$1"
        if grep -q 'noise: rank' run.yaml; then all_but_noise "$1"; else bits "$1"; fi
        state_of "$1"
        if [ -e "$1/checkpoints/best.h5" ]; then readlink "$1/checkpoints/best.h5"; fi
        ;;
    2) grep '^cairn: ' err ;;
    4)
        grep -oE '^cairn: (training, epoch [0-9]+ update [0-9]+|evaluating)' err
        cut -d, -f1-8 "$1/metrics.csv"
        cut -d, -f1-3,5- "$1/eval.csv"
        ;;
    *) fail "run $index of seed $seed, $1: ended with $code" ;;
    esac
}

# compare DIR WHAT: its outcome is that of one rank.
compare()
{
    outcome "$1" >outcome
    cmp -s outcome outcome.1 || {
        diff outcome outcome.1 | head -n 4 >&2
        cat run.yaml >&2
        fail "run $index of seed $seed: $2 it ends otherwise than on 1 rank"
    }
}

# stop RANKS UPDATE: begin or go on, and stop it: asked to in this update of the process, or ended by a failure at one of
# the micro-batches, so that the next goes on from the checkpoint before.
stop()
{
    if [ $((RANDOM % 3)) = 0 ]; then
        CAIRN_FAULT=nn.gradient#$((RANDOM % 20 + 1)) run "$1" train run.yaml --out cut -q
    else
        cairn=$CAIRN_BUILD/tests/cairn_stopping
        CAIRN_STOP_AT=$2 run "$1" train run.yaml --out cut -q
        cairn=$CAIRN_BUILD/cairn
    fi
    echo "stop $code" >>../tally
    case $code in
    0 | 4 | 75) ;;
    *) fail "run $index of seed $seed: stopped on $1 ranks it ended with $code" ;;
    esac
}

# one INDEX: a run file in all worlds.
one()
{
    local index=$1 ranks worlds=(1 2 3 5) way=
    RANDOM=$((seed * 1000 + index))
    "$fuzz" run . "$seed" "$index" || fail "run $index of seed $seed cannot be made"
    for ranks in "${worlds[@]}"; do
        run "$ranks" train run.yaml --out "$ranks" -q
        [ "$ranks" != 1 ] || outcome 1 >outcome.1
        compare "$ranks" "on $ranks ranks"
    done
    echo "end $code" >>../tally
    [ "$code" = 0 ] || echo "run $index: $(sed -n 2p outcome.1)"
    [ "$code" != 2 ] || return 0
    for ((i = RANDOM % 2; i < 2; i++)); do
        ranks=${worlds[RANDOM % 4]}
        stop "$ranks" $((RANDOM % 9 + 1))
        way+="ended with $code on $ranks ranks, "
    done
    ranks=${worlds[RANDOM % 4]}
    run "$ranks" train run.yaml --out cut -q
    compare cut "${way}gone on with on $ranks ranks,"
}

for ((i = first; i < first + count; i++)); do beside one $i; done
wait
echo "run files by their exit code, and stops by theirs:" $(sort tally | uniq -c)
[ $(($(grep -c 'end 2' tally) * 20)) -le "$count" ] || fail "too many of $count run files are refused"
all_good
