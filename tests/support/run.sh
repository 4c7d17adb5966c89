# SPDX-License-Identifier: BSD-3-Clause
# Functions for tests that run the whole program.  Not for unit tests, and not a program: a test starts with
#
#   . "${BASH_SOURCE%/*}/../support/run.sh"
#
# and is then in an empty folder of its own, removed at the end.  It ends with 0, with 1 and a line "FAIL: ...", or with
# 77 and a line "SKIP: ...".  `ctest -V -R run.name` starts it with the environment that it needs.

set -euo pipefail
: "${CAIRN_BUILD:?tests are started by ctest: ctest --test-dir build/dev -V -R run.}"

cairn=$CAIRN_BUILD/cairn
recipes=$CAIRN_SOURCE/launch/recipes
datasets=$CAIRN_SOURCE/datasets
limit_s=100 # for each run of the program

code=0      # exit code of the last run; its output is in the files out and err
pid=        # of the run in the background, empty when there is none
work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-test.XXXXXX")
at_end=() # functions to call before the folder goes
trap clean_up EXIT
trap 'exit 1' TERM INT
cd "$work"

clean_up()
{
    local f
    [ -z "$pid" ] || kill -KILL "$pid" $(ranks_of "$pid") 2>/dev/null || true
    for f in "${at_end[@]}"; do "$f"; done
    cd /
    chmod -R u+w "$work"
    rm -rf "$work"
}

# End the test.
fail()
{
    echo "FAIL: $*" >&2
    if [ -s err ]; then
        echo "last lines on stderr of the last run (exit code $code):" >&2
        tail -n 20 err >&2
    fi
    exit 1
}

# End the test where it cannot be made, in one sentence.
skip()
{
    echo "SKIP: $*"
    exit 77
}

# Skip where a program is not installed.
needs()
{
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip "$tool is not installed (launch/install-deps --tests)"
    done
}

# some N WORDS...: N of them, by chance, in their order, the same for the same $chance where that is set; all where the test was
# started with `full`.
is_full=no
[ "${1:-}" != full ] || is_full=yes
some()
{
    local n=$1 k
    shift
    [ $is_full = no ] || n=$#
    for k in $(awk -v seed="${chance:-$RANDOM}" -v n="$n" -v all=$# 'BEGIN {
            srand(seed)
            for (k = 1; k <= all; k++) if (rand() * (all - k + 1) < n) { print k; n-- }
        }'); do
        printf '%s\n' "${!k}"
    done
}

# start RANKS ARGUMENTS...: cairn in the background; 0 ranks are one process without a launcher.
start()
{
    local ranks=$1 launcher=()
    shift
    [ "$ranks" = 0 ] || launcher=("$CAIRN_MPIEXEC" -n "$ranks")
    : >out # at once, not when the program begins
    : >err
    MPIEXEC_TIMEOUT=$limit_s "${launcher[@]}" "$cairn" "$@" >out 2>err </dev/null &
    pid=$!
}

# finish: wait for it, keep its exit code in $code.
finish()
{
    code=0
    wait "$pid" || code=$?
    pid=
}

# run RANKS ARGUMENTS...: cairn to its end.
run()
{
    start "$@"
    finish
}

# ranks_of PID: the processes of cairn at or below a process, in the order of their start.
ranks_of()
{
    local child children
    [ "$(cat "/proc/$1/comm" 2>/dev/null)" != "${cairn##*/}" ] || echo "$1"
    children=$(cat /proc/"$1"/task/*/children 2>/dev/null) || return 0
    for child in $children; do ranks_of "$child"; done
}

# rank_of RANK: the process of one rank of the run in the background.
rank_of()
{
    local process
    for process in $(ranks_of "$pid"); do
        if [ "$1" = 0 ] && [ "$process" = "$pid" ]; then echo "$process"; fi # without a launcher
        ! tr '\0' '\n' 2>/dev/null <"/proc/$process/environ" | grep -Eqx "(OMPI_COMM_WORLD_RANK|PMI_RANK)=$1" || echo "$process"
    done
}

# gone PROCESSES...: none of them runs any more.
gone()
{
    local process
    for process in "$@"; do
        [ ! -e "/proc/$process/stat" ] || [[ $(cat "/proc/$process/stat" 2>/dev/null) == *") Z "* ]] || return 1
    done
}

# cut_off: the run in the background is killed, launcher and ranks, and gone: what is written to a slow disk ends with its write.
cut_off()
{
    local all
    all="$pid $(ranks_of "$pid")"
    kill -KILL $all 2>/dev/null || true
    finish 2>/dev/null
    until_true 100 gone $all
}

# expect CODE RANKS ARGUMENTS...: run, and fail where it ends otherwise.
expect()
{
    local wanted=$1
    shift
    run "$@"
    [ "$code" = "$wanted" ] || fail "cairn ${*:2} on $1 ranks ended with $code instead of $wanted"
}

# expect_line CODE RANKS PATTERN ARGUMENTS...: run without progress; the exit code, and exactly one line of Cairn's own on
# stderr, which has the extended regular expression in it.
expect_line()
{
    local wanted=$1 ranks=$2 pattern=$3 n
    shift 3
    expect "$wanted" "$ranks" "$@" -q
    n=$(grep -c '^cairn: ' err || true)
    [ "$n" = 1 ] || fail "cairn $* on $ranks ranks: $n lines of its own instead of one"
    grep '^cairn: ' err | grep -Eq -- "$pattern" || fail "cairn $* on $ranks ranks: no '$pattern' in its line"
}

# until_true SECONDS COMMAND...: ask again and again; fail when it is still false then, or when the run has ended.
until_true()
{
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $*"
        if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null && ! "$@"; then
            finish
            fail "the run ended before: $*"
        fi
        sleep 0.05
    done
}

# json FILE KEY: the value of the first such key (text without its quotes; no lists or objects).
json()
{
    local value
    [ -f "$1" ] || fail "there is no $1"
    value=$(grep -Eo "\"$2\" *: *(\"[^\"]*\"|[^\",} ]+)" "$1" | head -n 1) || fail "no key $2 in $1"
    sed -E 's/^"[^"]*" *: *//; s/^"(.*)"$/\1/' <<<"$value"
}

# column FILE.csv NAME: the values of a column, a line each.
column()
{
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; if (!at) exit 1; next }
                          { print $at }' "$1" || fail "no column $2 in $1"
}

# weights_of DIR: the hash of a finished run's weights.
weights_of()
{
    json "$1/summary.json" weights_hash
}

# bits DIR: all of a finished run that must not depend on the world, nor on stops.
bits()
{
    weights_of "$1"
    cut -d, -f1-9,17,18 "$1/metrics.csv" # with the noise scale, without ranks and times
    cut -d, -f1-3,5- "$1/eval.csv" # all but wall_s
    cat "$1/gradflow.csv"
    averages_of "$1"
    summary_of "$1"
}

# summary_of DIR: what of its summary must not depend on the world.
summary_of()
{
    grep -E '"(updates|epochs|samples|train_loss|(ema_)?eval_loss|(ema_)?eval_accuracy)"' "$1/summary.json"
}

# averages_of DIR: the running averages in its newest checkpoint, to the last bit; nothing where there are none, or no h5dump.
averages_of()
{
    h5dump -g /buffers -m %.9g "$1/checkpoints/latest.h5" 2>/dev/null | tail -n +2 || true
}

# newest DIR: the update of the newest checkpoint, 0 where there is none.
newest()
{
    local name
    name=$(readlink "$1/checkpoints/latest.h5") || name=update-0.h5
    name=${name#update-}
    echo $((10#${name%.h5}))
}

# reached DIR UPDATE: there is a checkpoint of this update or a later one.
reached()
{
    [ "$(newest "$1")" -ge "$2" ]
}

# whole_lines DIR: updates without gap or double, and times that go on.
whole_lines()
{
    column "$1/metrics.csv" update | awk '$1 != NR { exit 1 }' || fail "$1/metrics.csv has a gap or a double"
    column "$1/metrics.csv" wall_s | awk '$1 < last { exit 1 } { last = $1 }' || fail "$1/metrics.csv: wall_s goes back"
    column "$1/eval.csv" wall_s | awk '$1 < last { exit 1 } { last = $1 }' || fail "$1/eval.csv: wall_s goes back"
}

# same WHAT A B: two texts are equal.
same()
{
    [ "$2" = "$3" ] || fail "$1: $2 and $3 differ"
}

# holds WHAT EXPRESSION: an expression of awk is true, as in: holds "test accuracy" "$accuracy >= 0.97".
holds()
{
    awk "BEGIN { exit !($2) }" || fail "$1: $2 does not hold"
}

# beside FUNCTION ARGUMENTS...: call it while the script goes on, in a folder of its own with copies of the files that are
# here now.  At most $most_beside are at work.  A script that uses it ends with all_good.
most_beside=3
n_beside=0
beside()
{
    local folder=beside.$((++n_beside))
    mkdir "$folder"
    find . -maxdepth 1 -type f ! -name out ! -name err -exec cp -t "$folder" {} +
    [ "$(jobs -rp | wc -l)" -lt "$most_beside" ] || wait -n || true
    (cd "$folder" && "$@") || touch failed &
}

# all_good: wait for those beside, and fail where one of them has.
all_good()
{
    wait
    [ ! -e failed ] || exit 1
}
