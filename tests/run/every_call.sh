# SPDX-License-Identifier: BSD-3-Clause
# One file call in the run folder fails, any of them and in every way: killed before it, EIO, ENOSPC, a write that arrives by
# half.  Started again, the run leaves the folder of one that nothing happened to: names, links, lines, bits; all but times,
# provenance.json, and ranks.csv, which is of the last start alone.  Which call is the N-th depends on the thread that writes
# checkpoints; what is wanted in the end does not.
#
#   every_call.sh [full] [OFFSET]     every fortieth call, from one that is printed; full: every call
. "${BASH_SOURCE%/*}/../support/run.sh"
failing=$CAIRN_BUILD/tests/libcairn_failing.so
[ -e "$failing" ] || skip "sanitizers want to be preloaded alone"

step=40
[ $is_full = no ] || { step=1 && shift; }
offset=${1:-$((RANDOM % step))}
echo "every $step calls from $offset"

cp "$CAIRN_SOURCE/tests/earlier/0.1.0/data.h5" .
cat >run.yaml <<END
data: {file: $work/data.h5}
model: [{type: dense, units: 6}, {type: batchnorm}, {type: gelu}, {type: dropout, p: 0.1}, {type: dense, units: 1}]
loss: binary_cross_entropy
batch: {global: 8, micro: 3}
optim: {name: adam, lr: 0.01}
train: {updates: 14, seed: 3, reproducible: true, evaluate_every: 3, ema: 0.9}
checkpoint: {every_updates: 4, keep: 1, keep_best: eval_loss, milestones: [5]}
log: {gradflow_every: 3}
END

# what_is_in DIR: all that must not depend on what happened.
what_is_in()
{
    local file
    (cd "$1" && find . -printf '%y %p %l\n' | sort)
    cat "$1/config.yaml"
    cut -d, -f1-10,17 "$1/metrics.csv"
    cut -d, -f1-3,5- "$1/eval.csv"
    cat "$1/gradflow.csv" "$1/accumulation.csv"
    grep -Ev '"(([a-z_]*_)?wall_s|compute_s|reduce_s|data_s|checkpoint_s|checkpoint_write_s|samples_per_s|peak_rss_bytes)"' \
        "$1/summary.json"
    for file in "$1"/checkpoints/update-*.h5; do
        echo "${file##*/}"
        arrays_of "$file"
    done
}

# arrays_of FILE: without the times in it.
arrays_of()
{
    if command -v h5dump >/dev/null; then
        h5dump -m %.17g "$1" | sed '1d; /DATASET "times"/,/^ *}$/d; /DATASET "saves"/,/^ *}$/d'
    else
        "$cairn" info "$1" | grep -i hash
    fi
}

# failing CALL HOW DIR [ARGUMENTS...]: a run in whose folder that call fails.
failing()
{
    CAIRN_FAIL_IN=$3 CAIRN_FAIL_CALL=$1 CAIRN_FAIL_HOW=$2 LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD:}$failing \
        run 0 train run.yaml --out "$3" -q "${@:4}"
}

# fails BEFORE CALL HOW: as the folder `before` left it, or from the beginning; then again.
fails()
{
    local before=$1 call=$2 how=$3
    [ "$before" = none ] || cp -a "../$before" run
    failing "$call" "$how" "$PWD/run" 2>/dev/null # where the shell speaks of a killed process
    case $how:$code in
    kill:137 | kill:0 | EIO:[036] | ENOSPC:[036] | short:[06]) ;; # 3: a checkpoint, or their folder, is not read
    *) fail "$how at call $call after $before: ended with $code" ;;
    esac
    expect 0 0 train run.yaml --out run -q
    what_is_in run >is
    cmp -s is ../wanted || fail "$how at call $call after $before: $(diff is ../wanted | head -n 20)"
    rm -r run
}

expect 0 0 train run.yaml --out whole
what_is_in whole >wanted

# A folder that a killed process left, to go on in.
failing 100 kill "$work/killed"
[ "$code" = 137 ] || fail "a run that was to be killed ended with $code"

# try BEFORE HOW FIRST STEP
try()
{
    local before=$1 how=$2 step=$4 call n
    rm -rf counted
    [ "$before" = none ] || cp -a "$before" counted
    CAIRN_FAIL_LOG=$work/calls failing 0 "$how" "$work/counted"
    n=$(wc -l <calls)
    rm calls
    for ((call = $3; call <= n; call += step)); do
        beside fails "$before" $call "$how"
        n_tried=$((n_tried + 1))
    done
    echo "$how, $before before: every $step of $n calls"
}

n_tried=0
most_beside=6 # most of their time they wait for MPI_Init
for before in none killed whole; do
    try $before kill $((1 + offset)) $step
    try $before short $((1 + offset)) $step
    if [ $step = 1 ]; then
        try $before EIO 1 1
        try $before ENOSPC 1 1
    else # each of these calls in one of the two ways
        try $before EIO $((1 + offset)) $((2 * step))
        try $before ENOSPC $((1 + offset + step)) $((2 * step))
    fi
done
all_good
echo "$n_tried calls failed, $n_tried folders are as the one that nothing happened to"
