# SPDX-License-Identifier: BSD-3-Clause
# Stopped at any update and gone on with in another world, a run ends as if it had never been stopped; what --resume,
# --overwrite and changed keys do; one job in a folder at a time.
#
#   resume.sh [full] [SEED]     the seed of the updates at which runs are stopped; it is printed.  full: every way to train,
#                               else two: plainly, and one of the others
. "${BASH_SOURCE%/*}/../support/run.sh"

[ $is_full = no ] || shift
seed=${1:-$RANDOM}
RANDOM=$seed
chance=$seed
echo "seed $seed"
n_train=1437 # samples of the digits
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model:
  - {type: flatten}
  - {type: dense, units: 16}
  - {type: relu}
  - {type: dropout, p: 0.1}
  - {type: dense, units: 10}
batch: {global: 100, micro: 16}
optim: {name: sgd, lr: 0.1, momentum: 0.9}
train: {epochs: 6, seed: 3, reproducible: true}
checkpoint: {every_updates: 4}
log: {gradflow_every: 2}
END

# stop_near DIR UPDATE RANKS KEYS...: begin or go on, and stop it by a signal soon after this update.  Where the machine
# was so slow to send it that the run came to its end, that is no stop: $code is 0.
stop_near()
{
    local dir=$1 update=$2 before
    before=$(newest "$1")
    [ "$before" -lt "$update" ] || update=$((before + 1))
    start "$3" train run.yaml --out "$dir" "${@:4}"
    until_true 60 reached_or_over "$dir" "$update"
    kill -USR1 "$pid" 2>/dev/null || true
    finish
    [ "$code" = 75 ] || [ "$code" = 0 ] || fail "USR1 near update $update: ended with $code"
    [ "$code" = 0 ] || same "status of $dir" "$(json "$dir/summary.json" status)" stopped
}

reached_or_over()
{
    [ -s out ] || reached "$@"
}

# stops NAME UPDATES KEYS...: 2 ranks without a stop; 3 ranks, 1, then 4 with stops in between.
stops()
{
    local name=$1 n=$2 first second
    shift 2
    first=$((RANDOM % (n / 2) + 1))
    second=$((first + RANDOM % (n / 3) + 1))
    echo "$name: stopped near updates $first and $second of $n"
    expect 0 2 train run.yaml --out "$name" "$@" checkpoint.every_updates=0
    stop_near "$name.cut" $first 3 "$@"
    stop_near "$name.cut" $second 1 "$@"
    expect 0 4 train run.yaml --out "$name.cut" "$@"
    whole_lines "$name.cut"
    bits "$name" >a
    bits "$name.cut" >b
    cmp -s a b || fail "$name: stopped near updates $first and $second it has other bits: $(diff a b | head -n 3)"
    holds "wall_s of all processes" "$(json "$name.cut/summary.json" wall_s) >= $(column "$name.cut/metrics.csv" wall_s | tail -n 1)"
}

stops exact 90
column exact.cut/metrics.csv samples | tail -n 1 >out
same "samples in 6 epochs" "$(cat out)" $((6 * n_train))
ways=(carry drop lars lamb rmsprop)
mapfile -t ways < <(some 1 "${ways[@]}")
for way in "${ways[@]}"; do
    case $way in
    carry) stops carry 87 batch.tail=carry optim.name=adam optim.momentum=0 optim.lr=0.01 ;;
    drop)
        stops drop 84 batch.tail=drop schedule.decay=cosine batch.normalize=sum optim.lr=1e-3 optim.clip_norm=50 \
            train.evaluate_every=10
        ;;
    lars)
        stops lars 90 optim.name=lars optim.trust_coefficient=0.1 optim.weight_decay=0.01 optim.momentum_correction=true \
            schedule.decay=linear "optim.groups=[{match: '*.bias', lr_scale: 0.1}]"
        ;;
    lamb) stops lamb 60 optim.name=lamb optim.momentum=0 optim.lr=0.02 optim.weight_decay=0.01 train.epochs=4 ;;
    rmsprop) stops rmsprop 60 optim.name=rmsprop optim.lr=0.002 optim.centered=true train.epochs=4 ;;
    esac
done
stops ramp 58 'batch.ramp=[[2000, 64], [6000, 300]]' batch.ramp_kind=linear optim.base_batch=100 optim.scaling=sqrt \
    schedule.warmup_samples=3000 schedule.decay=linear schedule.decay_by=samples
expect_line 2 3 'batch\.ramp\.1\.1 \(200, was 300\)' train run.yaml --out ramp.cut 'batch.ramp=[[2000, 64], [6000, 200]]' \
    batch.ramp_kind=linear optim.base_batch=100 optim.scaling=sqrt schedule.warmup_samples=3000 schedule.decay=linear schedule.decay_by=samples

# Over 4, 7, 2 and 1 ranks, with everything that a checkpoint holds.
rich=(optim.name=adam optim.momentum=0 optim.lr=0.003 train.ema=0.9 'batch.ramp=[[1500, 48], [5000, 200]]' batch.ramp_kind=linear)
expect 0 3 train run.yaml --out chain "${rich[@]}" checkpoint.every_updates=0
n=$(json chain/summary.json updates)
at=0
for ranks in 4 7 2; do
    at=$((at + RANDOM % (n / 4) + 1))
    echo "chain: $ranks ranks, stopped near update $at of $n"
    stop_near chain.cut $at $ranks "${rich[@]}"
done
expect 0 1 train run.yaml --out chain.cut "${rich[@]}"
whole_lines chain.cut
bits chain >a
bits chain.cut >b
cmp -s a b || fail "over 4, 7, 2 and 1 ranks it has other bits: $(diff a b | head -n 3)"

# With other threads the bits may differ, which is said where they were promised, and of nothing else.
for ranks in 1 3; do
    for promised in true false; do
        name=threads.$ranks.$promised
        threads=(train.reproducible=$promised train.epochs=none)
        expect 0 $ranks train run.yaml --out $name "${threads[@]}" train.updates=4
        expect 0 $ranks train run.yaml --out $name "${threads[@]}" train.updates=6 train.threads=2
        wanted="cairn: warning: $PWD/$name/checkpoints/update-00000004.h5 was made with 1 thread, this is 2 threads: the bits may differ"
        [ $promised = true ] || wanted=
        same "warnings of $name" "$(grep '^cairn: .*differ' err || true)" "$wanted"
    done
done

# More epochs after the last, short window of carry: still each sample once per epoch.
expect 0 2 train run.yaml --out longer batch.tail=carry train.epochs=2
expect 0 3 train run.yaml --out longer batch.tail=carry train.epochs=4
whole_lines longer
column longer/metrics.csv batch_samples | awk -v n=$n_train '
    { before = sum; sum += $1; if (int(before / (2 * n)) != int((sum - 1) / (2 * n))) exit 1 } END { exit sum != 4 * n }' ||
    fail "after more epochs a sample is used twice or not at all"

# Nor do times go back behind the evaluation that came after the last checkpoint.
for updates in 2 3; do
    expect 0 2 train run.yaml --out step train.epochs=none train.updates=$updates train.evaluate_every=3
done
whole_lines step

# A finished run shows its summary and changes nothing.
cp exact.cut/summary.json before.json
cp exact.cut/metrics.csv before.csv
expect 0 1 train run.yaml --out exact.cut
cmp -s out before.json || fail "a finished run does not print its summary"
cmp -s exact.cut/summary.json before.json || fail "a finished run changed its summary"
cmp -s exact.cut/metrics.csv before.csv || fail "a finished run changed its metrics"

# Killed between its last checkpoint and its summary it still ends with the same.
rm exact.cut/summary.json
sed -i '$d' exact.cut/eval.csv
expect 0 3 train run.yaml --out exact.cut
bits exact.cut >b
bits exact | cmp -s - b || fail "without its summary a finished run ends otherwise"

# A global batch that follows from the ranks does not change when they do.
grown=(train.reproducible=false batch.global=none train.epochs=none)
expect 0 2 train run.yaml --out grown "${grown[@]}" batch.accumulate=2 train.updates=3
expect_line 2 3 'batch\.global \(96, was 64\)' train run.yaml --out grown "${grown[@]}" batch.accumulate=2 train.updates=6
expect 0 3 train run.yaml --out grown "${grown[@]}" batch.global=64 train.updates=6
same "samples of 6 updates" "$(json out samples)" $((6 * 64))

# Keys that matter, and keys that may change.
expect_line 2 2 'optim\.lr.*0\.2.*0\.1' train run.yaml --out exact.cut optim.lr=0.2
expect_line 2 2 'optim\.groups' train run.yaml --out exact.cut 'optim.groups=[{match: "*.bias"}]'
expect_line 2 2 'model.*units' train run.yaml --out exact.cut model.1.units=17
expect_line 2 1 'batch\.micro.*train\.seed' train run.yaml --out exact.cut batch.micro=8 train.seed=4
keys=(loss=cross_entropy batch.ramp=none checkpoint.keep=2 checkpoint.every_updates=50 train.evaluate_every=20 data.in_memory=false log.gradflow_every=1)
expect 0 2 train run.yaml --out exact.cut "${keys[@]}"

# --resume and --overwrite
expect_line 2 2 '--overwrite' train run.yaml --out exact.cut --resume never
expect_line 3 1 'nowhere\.h5' train run.yaml --out new --resume nowhere.h5
expect 0 2 train run.yaml --out all --resume never checkpoint.every_updates=30 checkpoint.keep=0
expect 0 3 train run.yaml --out branch --resume all/checkpoints/update-00000030.h5
same "weights of a run begun from another's checkpoint" "$(weights_of branch)" "$(weights_of exact)"
expect 0 1 train run.yaml --out nothing --resume all/checkpoints/update-00000030.h5 train.epochs=none train.updates=30
same "checkpoint of a run with nothing to do" "$(newest nothing)" 30

# Back to an earlier checkpoint of the same folder: what came after it is gone, and later starts do not go back there.
expect 0 3 train run.yaml --out all --resume all/checkpoints/update-00000030.h5 train.epochs=none train.updates=45
same "newest checkpoint" "$(newest all)" 45
expect 0 2 train run.yaml --out all
whole_lines all
bits exact >a
bits all >b
cmp -s a b || fail "gone back to update 30 it has other bits"
expect 0 1 train run.yaml --out all --overwrite train.epochs=1
same "lines after --overwrite" "$(wc -l <all/metrics.csv)" 16
same "starts after --overwrite" "$(grep -c '"begin"' all/provenance.json)" 1

# No updates are a checkpoint of the initial weights, which a longer run takes on.
expect 0 3 train run.yaml --out zero train.epochs=none train.updates=0
same "checkpoint" "$(newest zero)" 0
test -e zero/checkpoints/update-00000000.h5 || fail "no checkpoint of the initial weights"
same "updates" "$(json zero/summary.json updates) $(json zero/summary.json status)" "0 done"
expect 0 2 train run.yaml --out zero
same "weights after train.updates=0 and more" "$(weights_of zero)" "$(weights_of exact)"

# A run that ended under a decay and has become longer: one warning, with both rates.  With a constant rate there is none.
decays=(schedule.decay=cosine train.epochs=none)
expect 0 1 train run.yaml --out decays "${decays[@]}" train.updates=10
expect 0 1 train run.yaml --out decays "${decays[@]}" train.updates=20
same "warnings" "$(grep -c 'learning rate goes up, from 0.0024 to 0.05: .*--init .*update-00000010.h5 --out NEW' err)" 1
expect 0 1 train run.yaml --out decays "${decays[@]}" train.updates=20 --resume "$PWD/decays/checkpoints/update-00000020.h5"
! grep -q 'learning rate goes up' err || fail "a warning without need"
expect_line 2 1 'optim.lr .*begin another run with its weights: --init .*update-00000020.h5 --out NEW' \
    train run.yaml --out decays "${decays[@]}" train.updates=20 optim.lr=1
expect 0 1 train run.yaml --out flat train.epochs=none train.updates=2
expect 0 1 train run.yaml --out flat train.epochs=none train.updates=4
! grep -q warning: err || fail "a warning without need: $(cat err)"

# Without reproducible it agrees to rounding: float32 sums of 90 updates in another order.
rounding=1e-4
plain=(train.reproducible=false)
expect 0 1 train run.yaml --out plain "${plain[@]}"
stop_near plain.cut 45 3 "${plain[@]}"
expect 0 2 train run.yaml --out plain.cut "${plain[@]}"
whole_lines plain.cut
for key in train_loss eval_loss; do
    a=$(json plain/summary.json $key)
    b=$(json plain.cut/summary.json $key)
    holds "$key with and without a stop" "($a - $b)^2 <= ($rounding * $a)^2"
done

# Two jobs at once: the second is told so, and the first does not notice.
start 2 train run.yaml --out busy train.epochs=100000 checkpoint.every_updates=20
until_true 60 reached busy 20
mkdir second
(cd second && expect_line 2 2 'in use by process' train ../run.yaml --out ../busy)
kill -USR1 "$pid"
finish
same "exit code of the first job" "$code" 75
[ ! -e busy/lock ] || fail "the lock stays behind"
