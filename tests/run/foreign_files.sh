# SPDX-License-Identifier: BSD-3-Clause
# What Cairn has not made it neither removes nor writes over, in the folders of studies and runs and beside outputs; what it
# has made goes where that is asked for; a start that trains nothing leaves what is true.
. "${BASH_SOURCE%/*}/../support/run.sh"

"$CAIRN_BUILD/tests/run_make_data" data.h5 /train/x=float32:30x4 /train/y=int32:30 /val/x=float32:9x4 /val/y=int32:9 \
    /test/x=float32:9x4 /test/y=int32:9
printf '%s\n' "data: {file: data.h5}" "model: [{type: dense, units: 3}]" "batch: {global: 6, micro: 2}" \
    "train: {updates: 10}" "checkpoint: {every_updates: 2}" >run.yaml
sed '/^train\|^checkpoint/d' run.yaml >cell.yaml
printf '%s\n' "run: cell.yaml" "axes: {batch.global: [4, 8]}" \
    "study: {target: eval_loss < 0.001, budget_updates: 4, keep: all}" >s.yaml
printf '%s\n' "a,b,c" "1,2,0" "3,4,1" "5,6,0" "7,8,1" >table.csv

# precious PATH...: the user's own files
own=()
precious()
{
    local file
    for file in "$@"; do
        mkdir -p "$(dirname "$file")"
        echo "precious $file" >"$file"
        own+=("$file")
    done
}
untouched()
{
    local file
    for file in "${own[@]}"; do
        [ "$(cat "$file" 2>/dev/null)" = "precious $file" ] || fail "$1: $file is gone or changed"
    done
}
says() { grep -q "^$1 stays: Cairn did not make it" err || fail "nothing is said of $1"; }

# A study where there is none, among the user's own files.
study_among_others()
{
    precious proj/results/paper.csv proj/cells/mine/scan.raw proj/claims/insurance
    cp s.yaml cell.yaml data.h5 proj
    expect_line 2 "$1" 'proj: has no study.yaml.*take another --out' study s.yaml --out proj --overwrite
    untouched "--overwrite without a study"
    expect 0 "$1" study proj/s.yaml --out proj study.keep=none
    untouched "a study beside them"
    expect 0 "$1" study proj/s.yaml --out proj study.keep=none --overwrite
    untouched "--overwrite beside them"
    same "what stays of it" "$(ls -A proj/cells proj/results proj/claims | tr '\n' ' ')" \
        "proj/cells: mine  proj/claims: insurance  proj/results: batch.global=4 batch.global=8 paper.csv "
    mkdir begun
    expect 0 "$1" study s.yaml --out begun --overwrite # empty
    rm -rf begun/* && mkdir begun/cells begun/results && : >begun/slurm.txt
    expect 0 "$1" study s.yaml --out begun --overwrite # killed before it wrote study.yaml
    for file in study.csv report.html fit.json study.yaml; do
        precious "$file.d/$file"
        expect_line 2 "$1" "$file: a study writes a file of this name" study s.yaml --out "$file.d"
        expect 2 "$1" study s.yaml --out "$file.d" --overwrite
    done
    untouched "files of a study's names"
}

# Links and files in the folder of a study that is cleared, or pruned.
study_with_links()
{
    precious victim/thesis.tex victim/checkpoints/update-00000002.h5 victim/metrics.csv
    expect 0 "$1" study s.yaml --out w
    same "cells" "$(ls w/cells | tr '\n' ' ')" "batch.global=4 batch.global=8 "
    ln -s "$PWD/victim" w/cells/evil
    ln -s "$PWD/victim/thesis.tex" w/results/evil
    precious w/cells/batch.global=4/notes.txt w/results/paper.csv w/plot.py
    mkdir w/cells/batch.global=2 && : >w/cells/batch.global=2/lock # killed
    expect 0 "$1" study s.yaml --out w --overwrite axes.batch.global='[8]'
    untouched "--overwrite"
    grep -q "and 4 more stay: Cairn did not make them" err || fail "nothing is said of what stays"
    same "what stays of other cells" "$(find w/cells/batch.global=[24] | tr '\n' ' ')" \
        "w/cells/batch.global=4 w/cells/batch.global=4/notes.txt "
    mkdir -p w2/cells
    ln -s "$PWD/victim" w2/cells/batch.global=4
    expect_line 6 "$1" 'batch.global=4: is a symbolic link, which is not followed' study s.yaml --out w2 study.keep=none
    rm w2/cells/* && mkdir w2/cells/batch.global=4
    ln -s "$PWD/victim/checkpoints" w2/cells/batch.global=4
    expect_line 6 "$1" 'checkpoints: is a symbolic link, which is not followed' study s.yaml --out w2 study.keep=none
    for part in cells results claims; do
        mkdir "w.$part"
        ln -s "$PWD/victim" "w.$part/$part"
        expect_line 6 "$1" "$part: is a symbolic link, which is not followed" study s.yaml --out "w.$part"
        rm -rf "w.$part"
    done
    expect 0 "$1" study s.yaml --out w3
    rm -rf w3/cells/*
    ln -s "$PWD/victim" w3/cells/batch.global=4 # one that has ended, so it is not opened
    precious w3/cells/batch.global=8/notes.txt
    expect 0 "$1" study s.yaml --out w3 --overwrite axes.batch.global='[16]'
    [ -L w3/cells/batch.global=4 ] || fail "the user's link is gone"
    untouched "links in a study"
}

# A cell that is pruned goes with all of its own, and only with that.
pruned_cells()
{
    sed -i 's/keep: all/keep: best/; s/}$/, optim.lr: [0.1, 0.2]}/; 3s/, optim.lr.*/}/' s.yaml
    expect 0 "$1" study s.yaml --out w study.keep=all
    all=$(ls w/cells)
    printf '%s\n' $all | while read -r cell; do echo mine >"w/cells/$cell/mine"; done
    expect 0 "$1" study s.yaml --out w
    same "cells that hold the user's file" "$(ls w/cells)" "$all"
    same "the user's files" "$(cat w/cells/*/mine | sort -u)" mine
    rm w/cells/*/mine
    mkdir archive
    mv w/cells/* archive
    ln -s "$PWD"/archive/* w/cells
    before=$(find archive w | sort)
    expect 0 "$1" study s.yaml --out w
    same "cells that were moved away, with links in their place" "$(find archive w | sort)" "$before"
    rm w/cells/*
    mv archive/* w/cells
    expect 0 "$1" study s.yaml --out w
    holds "pruned cells" "$(ls w/cells | wc -l) < $(echo "$all" | wc -l)"
}

# The folder of a run: pruning, --overwrite, files of its names that it has not made.
runs()
{
    expect 0 "$1" train run.yaml --out r train.updates=4
    precious r/notes.txt r/.table.h5.0123456789abcdef.tmp r/checkpoints/mine.h5 r/checkpoints/update-2.h5
    mkdir archive
    mv r/checkpoints/update-00000002.h5 archive
    ln -s "$PWD/archive/update-00000002.h5" r/checkpoints
    : >r/checkpoints/.update-00000003.h5.0123456789abcdef.tmp
    : >r/.metrics.csv.0123456789abcdef.tmp
    expect 0 "$1" train run.yaml --out r
    untouched "a run beside them"
    [ -e r/checkpoints/update-00000002.h5 ] || fail "pruning took a link of the user's own, or what it leads to"
    [ ! -e r/checkpoints/update-00000004.h5 ] || fail "pruning leaves a checkpoint"
    same "unfinished files" "$(cd r && find . -name '*.tmp')" ./.table.h5.0123456789abcdef.tmp
    expect 0 "$1" train run.yaml --out r --overwrite train.updates=2
    grep -q "and 3 more stay: Cairn did not make them" err || fail "nothing is said of what stays"
    untouched "--overwrite"
    [ -f archive/update-00000002.h5 ] || fail "--overwrite went through a link"
    same "checkpoints" "$(cd r/checkpoints && ls -A | tr '\n' ' ')" "latest.h5 mine.h5 update-00000002.h5 update-2.h5 "
    for name in config.yaml metrics.csv summary.json; do
        precious "$name.d/$name" "$name.d/checkpoints/model.pt"
        expect_line 2 "$1" "$name: a run writes a file of this name" train run.yaml --out "$name.d"
        expect_line 2 "$1" "$name: a run writes a file of this name" train run.yaml --out "$name.d" --overwrite
    done
    precious lock.d/lock
    expect_line 6 "$1" "lock: is not a lock file of Cairn" train run.yaml --out lock.d
    untouched "files of a run's names"
    # All that a run leaves is known to it.
    expect 0 "$1" train run.yaml --out all log.gradflow_every=1 checkpoint.keep_best=eval_loss train.evaluate_every=2 train.updates=4
    [ -s all/accumulation.csv ] && [ -L all/checkpoints/best.h5 ] && [ -s all/ranks.csv ] || fail "a file is missing"
    expect 0 "$1" train run.yaml --out all --overwrite
    ! grep -q "Cairn did not make" err || fail "what a run has left is not known to it: $(grep stay err)"
}

# A start that trains nothing, and says so in log.txt.
finished()
{
    expect 0 "$1" train run.yaml --out r
    (cd r && find . -type f ! -name provenance.json ! -name log.txt -exec stat -c '%n %i %y %s' {} + | sort) >before
    cp r/config.yaml config.before
    expect 0 "$1" train run.yaml --out r checkpoint.keep=9 train.hang_timeout=77
    (cd r && find . -type f ! -name provenance.json ! -name log.txt -exec stat -c '%n %i %y %s' {} + | sort) >after
    cmp -s before after || fail "a start that trains nothing changes $(diff before after | tail -n 1)"
    same "starts" "$(grep -c '"begin"' r/provenance.json)" 2
    cp r/ranks.csv ranks.before
    rm r/summary.json # killed before it
    expect 0 "$1" train run.yaml --out r checkpoint.keep=9
    cmp -s config.before r/config.yaml || fail "config.yaml says what no update was made with"
    cmp -s ranks.before r/ranks.csv || fail "ranks.csv is of a start without an update"
    expect 0 "$1" train run.yaml --out r checkpoint.keep=9 train.updates=12
    grep -q 'keep: 9' r/config.yaml || fail "config.yaml is not that of the last updates"
    rm r/config.yaml
    expect 0 "$1" train run.yaml --out r checkpoint.keep=9 train.updates=12
    [ -s r/config.yaml ] || fail "a config.yaml that is missing stays so"
}

# Outputs: what the user has named is replaced, a report.html that nobody named is not.
outputs()
{
    expect 0 "$1" train run.yaml --out r
    precious t.h5 r/report.html report.html
    expect_line 2 0 't.h5: is already there; --overwrite' import csv table.csv -o t.h5
    command -v gnuplot >/dev/null || return 0
    expect_line 2 0 "report.html: exists and is not a report of Cairn" report r
    expect_line 2 0 "report.html: exists and is not a report of Cairn" report r r
    expect 0 "$1" study s.yaml --out w
    precious w/report.html
    expect 0 "$1" study s.yaml --out w
    grep -q "there is no report.html: .*is not a report of Cairn" err || fail "nothing is said of the report"
    expect 0 "$1" study s.yaml --out w --overwrite
    for n in 1 2; do expect 0 0 report r -o s.html; done
    untouched "outputs"
}

for ranks in 1 3; do
    for what in runs finished; do beside "$what" "$ranks"; done
done
beside outputs 1
beside study_among_others 1
beside study_with_links 1
beside pruned_cells 2
all_good
