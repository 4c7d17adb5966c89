# SPDX-License-Identifier: BSD-3-Clause
# What a start asks of the file system on 1, 16 and 64 ranks, and a cell of a study on 1 and 4: the data are opened once by each
# rank, the run file and all else by rank 0 alone, the program by nobody.  A study opens its data once, however many cells it has.
. "${BASH_SOURCE%/*}/../support/run.sh"
counting=$CAIRN_BUILD/tests/libcairn_counting_files.so
[ -e "$counting" ] || skip "sanitizers want to be preloaded alone"
limit_s=280 # 64 ranks on a busy machine
log=$(mktemp)
at_end+=(forget)
forget() { rm -f "$log"; }

cp "$datasets/digits.h5" data.h5
cp "$cairn" cairn
cairn=$work/cairn
cat >run.yaml <<END
data: {file: data.h5}
model: [{type: flatten}, {type: dense, units: 10}]
batch: {global: 128, micro: 2}
train: {updates: 1, evaluate_every: none}
END
cat >study.yaml <<END
run: run.yaml
axes: {batch.global: [64], batch.micro: [1, 2]}
study: {kind: accumulation, budget_updates: 2}
END

# counted RANKS ARGUMENTS...: run, and leave the lines of rank 0 in the file first, of the others in others: "open PATH".  How
# often lines of a CSV are brought to the disk depends on the time.
counted()
{
    : >"$log"
    CAIRN_COUNT_IN=$work CAIRN_COUNT_LOG=$log LD_PRELOAD=${LD_PRELOAD:+$LD_PRELOAD:}$counting expect 0 "$@" -q
    sed -E 's/\.[0-9a-f]{16}\.tmp/.tmp/' "$log" | grep -Ev ' sync .*/[a-z]+\.csv$' >lines
    sed -n 's/^0 //p' lines | sort >first
    sed -n '/^0 /!s/^[0-9]* //p' lines | sort | uniq -c | sed 's/^ *//' >others
}

# often KIND NAME: how often rank 0 did that to files of such a name, a regular expression.
often() { grep -cE "^$1 $2\$" first || true; }

for ranks in 1 16 64; do
    counted $ranks train run.yaml --out run
    rm -r run
    [ "$ranks" = 1 ] && cp first alone
    cmp -s alone first || fail "rank 0 of $ranks does other than one alone: $(diff alone first)"
    wanted=$'\n'
    # Each looks into the run file before MPI begins: in which precision is it to compute?
    [ "$ranks" = 1 ] || wanted=$(printf '%s\n' "$((ranks - 1)) open data.h5" "$((ranks - 1)) open run.yaml" \
        "$((2 * (ranks - 1))) stat data.h5" "$((ranks - 1)) stat run.yaml")
    same "what the others of $ranks do" "$(cat others)" "${wanted#$'\n'}"
done
same "opens of data, run file and program" "$(often open data.h5) $(often open run.yaml) $(often open cairn)" "1 2 0"
# One of them asks for the size of the data: a start may take longer where there is much.
same "stats of data and run file" "$(often stat data.h5) $(often stat run.yaml)" "3 1"
holds "opens, stats and syncs of a start" \
    "$(often open '.*') <= 37 && $(often stat '.*') <= 39 && $(often sync '.*') <= 15"

# in_cells: what rank 0 did in the folders of cells: opens, stats, syncs.
in_cells()
{
    echo "$(grep -c '^open run/cells/.' first) $(grep -c '^stat run/cells/.' first) $(grep -c '^sync run/cells/.' first)"
}

for ranks in 1 4; do
    counted $ranks study study.yaml --out run
    rm -r run
    two=$(in_cells)
    counted $ranks study study.yaml --out run axes.batch.micro='[1, 2, 4, 8]'
    rm -r run
    four=$(in_cells)
    for i in 1 2 3; do
        same "calls of kind $i in the folders of 4 cells on $ranks ranks, and in those of 2, twice" \
            "$(cut -d' ' -f$i <<<"$four")" $((2 * $(cut -d' ' -f$i <<<"$two")))
    done
    same "opens of data, run file, study file and program on $ranks ranks" \
        "$(often open data.h5) $(often open run.yaml) $(often open study.yaml) $(often open cairn)" "1 2 2 0"
    [ "$ranks" = 1 ] || same "what the others of $ranks do" "$(cat others)" $'3 open data.h5\n3 open run.yaml\n3 open study.yaml\n6 stat data.h5\n3 stat run.yaml\n3 stat study.yaml'
    [ "$ranks" = 1 ] && alone=$four
    same "opens, stats and syncs of 4 cells" "$four" "$alone"
done
same "opens, stats and syncs of 4 cells" "$four" "56 120 12"
