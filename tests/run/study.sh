# SPDX-License-Identifier: BSD-3-Clause
# cairn study: a grid to a target on two ranks, two cells at once, killed in the middle and started again; the same numbers of
# updates on one rank; scaling kinds; and what is said of a study that cannot be.  Nothing here depends on how fast the machine is.
. "${BASH_SOURCE%/*}/../support/run.sh"

expect 0 0 import digits "$datasets/digits.csv.gz" --val 200 -o val.h5
cat >run.yaml <<END
data: {file: val.h5}
model: [{type: flatten}, {type: dense, units: 16}, {type: relu}, {type: dense, units: 10}]
batch: {global: 64, micro: 8}
optim: {name: sgd, lr: 0.1}
train: {epochs: 2, seed: 1, reproducible: true}
END
cat >study.yaml <<END
run: run.yaml
set: {optim.momentum: 0.5}
axes:
  batch.global: [16, 64]
  optim.lr: {log: [0.03, 3], n: 5, follow: true}
  train.seed: [1, 2]
study: {target: eval_accuracy >= 0.9, check_every: 5, budget_updates: 400}
END

# rows FILE: what must not depend on how it was run: the cells that reached the target, in one order.
rows()
{
    head -n 1 "$1"
    tail -n +2 "$1" | grep -E '^[^,]*,[^,]*,[^,]*,1,' | cut -d, -f1-6,8 | sort
}

# The first line of a study, and one for each cell.
header=batch.global,optim.lr,train.seed,reached,updates,samples,wall_s,final_loss,noise_scale
expect 0 1 study study.yaml --out one
same "header" "$(head -n 1 one/study.csv)" "$header"
same "last line on stdout" "$(tail -n 1 out)" "$(realpath one)/study.csv"
holds "cells that reached it" "$(rows one/study.csv | wc -l) >= 5" # and the header
[ -z "$(ls one/cells)" ] || fail "run folders stay with keep: none"
same "rows" "$(ls one/results | wc -l)" "$(($(wc -l <one/study.csv) - 1))"
! command -v gnuplot >/dev/null || [ -s one/report.html ] || fail "there is no report.html"
grep -Eq '^cell 1 of [0-9]+: batch.global 16, optim.lr 0.3, train.seed 1: reached after [0-9]+ updates, .*; left: about .*, at most ' err ||
    fail "no line for the first cell"
grep -q '; left: nothing$' err || fail "the last cell leaves some"
grep -Eq 'of [0-9]+ cells [0-9]+ diverged and [0-9]+ were given up' err || fail "what was given up is not counted"

# Started again it runs nothing.
cp one/study.csv before.csv
[ -z "$(grep -o '"stated": {' one/scaling.json)" ] || fail "a link that nobody stated"
expect 0 1 study study.yaml --out one study.link=12us,1.2GB/s study.targets='[eval_accuracy >= 0.8]'
grep -q '"target": "eval_accuracy >= 0.8"' one/fit.json || fail "a further target has no figures"
grep -q '"stated": {' one/scaling.json || fail "the stated link is not in scaling.json"
cmp -s before.csv one/study.csv || fail "started again it has other rows"
! grep -q '^cell ' err || fail "started again it ran cells"

# Results of earlier versions have no scores: they are used as they were.
cp -r one before
sed -i '/^check /d' before/results/*
expect 0 1 study study.yaml --out before study.targets='[eval_accuracy >= 0.8]'
cmp -s before.csv before/study.csv || fail "results without scores are not used as they were"
grep -q '"targets": \[\]' before/fit.json || fail "a further target without scores has figures"

# Stopped on the way it has its fit and its page.  (It may have ended before the signal came.)
some() { [ "$(ls stopped/results 2>/dev/null | wc -l)" -ge 2 ]; }
start 1 study study.yaml --out stopped schedule.decay=cosine
until_true 60 some
kill -USR1 "$pid"
finish
[ "$code" = 75 ] || [ "$code" = 0 ] || fail "a stopped study ended with $code"
[ -s stopped/fit.json ] || fail "a stopped study has no fit"
! command -v gnuplot >/dev/null || [ -s stopped/report.html ] || fail "a stopped study has no report.html"
grep -q 'warning: .*run.yaml: schedule.decay ends with the budget' err || fail "no warning of a schedule that decays"

# Killed in the middle, on two ranks that each run a cell; then on.
results() { [ "$(ls two/results 2>/dev/null | wc -l)" -ge "$1" ]; }
start 2 study study.yaml study.concurrent=2 --out two
until_true 60 results 3
cut_off
n=$(ls two/results | wc -l)
touch -d '2000-01-01' two/results/*
expect 0 2 study study.yaml study.concurrent=2 --out two
grep -q "^$n cells\? ha.* ended before" err || fail "it does not say that $n cells have ended before"
same "results of the first start" "$(find two/results -not -newermt 2001-01-01 -type f | wc -l)" "$n"
[ -z "$(ls two/claims)" ] || fail "claims stay"

# A cell on both ranks gives the bits of one on one rank; what the search saw is the same then.
expect 0 2 study study.yaml --out both study.keep=best
cut -d, -f1-6,8 one/study.csv | sort >a
cut -d, -f1-6,8 both/study.csv | sort >b
cmp -s a b || fail "other rows on two ranks: $(diff a b | head -n 3)"
best=$(ls both/cells | wc -l)
same "run folders of the best cells" "$best" 4
[ -s "$(ls -d both/cells/*16* | head -n 1)/summary.json" ] || fail "a kept cell has no summary"

# A cell that both searches ran to the target took as many updates in both.
awk -F, 'FNR > 1 && $4 == 1 { k = $1 "," $2 "," $3; if (NR == FNR) n[k] = $5; else if (k in n) { same++; if (n[k] != $5) exit 1 } }
    END { if (!same) exit 1 }' one/study.csv two/study.csv || fail "a cell took another number of updates on two ranks"

# Which rates are beaten, and tried with a second seed, depends on who ran first; which of the first seed reaches the target
# first does not.
for folder in one two; do
    tail -n +2 $folder/study.csv | awk -F, '$4 == 1 && $3 == 1 { k = $1 "," $3; if (!(k in n) || $5 < n[k]) n[k] = $5 } END { for (k in n) print k, n[k] }' |
        sort >best.$folder
done
cmp -s best.one best.two || fail "other best cells: $(diff best.one best.two | head -n 3)"

# Kinds without a target.
sed '/^axes/,$d' study.yaml >strong.yaml
cat >>strong.yaml <<END
axes: {ranks: [1, 2], batch.global: [32, 64]}
study: {kind: strong, budget_updates: 10}
END
expect 0 2 study strong.yaml
same "updates" "$(column studies/strong/study.csv updates | sort -u)" 10
same "ranks" "$(column studies/strong/study.csv ranks | sort | uniq -c | tr -s ' \n' ' ')" " 2 1 2 2 "
# Splits that are asked for, of a study that has ended; what a usual update took is in each result.
expect 0 2 study strong.yaml study.predict='[[2, 48, 16], [1, 64, 256], [4, 64, 16]]' -q
same "splits asked for" "$(grep -c '"kind": "asked"' studies/strong/scaling.json)" 3
grep -q '"reason": "the sum over so many ranks is not known"' studies/strong/scaling.json || fail "4 ranks have a time"
same "results with usual updates" "$(grep -l '^timed_updates [1-9]' studies/strong/results/* | wc -l)" 4
sed -i '/^t[iy][mp][ei][dc]/d' studies/strong/results/*batch.global=32 # of an earlier version
rm studies/strong/study.h5
expect 0 2 study strong.yaml -q
same "splits that are not asked for" "$(grep -c '"kind": "asked"' studies/strong/scaling.json || true)" 0
expect 0 2 study strong.yaml study.kind=weak study.budget_samples=256 --out weak
same "samples of a weak study" "$(column weak/study.csv samples | sort -u)" 256
grep -q '^global 128$' weak/results/ranks=2,batch.global=64 || fail "weak: the batch does not grow with the ranks"
expect 0 1 study strong.yaml study.kind=accumulation train.reproducible=false axes.ranks=[1] axes.batch.accumulate='[1, 2, 4]' axes.batch.global=[64] --out accumulation
same "micro-batches" "$(sed -n 's/^micro //p' accumulation/results/* | sort -n | tr '\n' ' ')" "16 32 64 "

# Cells that are timed run alone: while another job has the first, none is run.
if command -v python3 >/dev/null; then
    expect 0 1 study strong.yaml axes.ranks=[1] --out alone -q
    first=$(ls alone/results | head -n 1)
    rm alone/results/*
    python3 -c 'import fcntl, os, sys, time
claim = open(sys.argv[1], "w"); fcntl.lockf(claim, fcntl.LOCK_EX); open("held", "w"); time.sleep(2); os.unlink("held")' "alone/claims/$first" &
    holder=$!
    until_true 30 test -e held
    start 1 study strong.yaml axes.ranks=[1] --out alone -q
    while kill -0 "$holder" 2>/dev/null; do
        begun=$(ls alone/results)
        [ -z "$begun" ] || [ ! -e held ] || fail "a cell was timed beside another: $begun"
        sleep 0.1
    done
    finish
    same "exit code" "$code" 0
    same "cells" "$(ls alone/results | wc -l)" 2
fi

# Killed between the end of a run and its result: started again the cell ends in the same way.
expect 0 2 study strong.yaml --out kept study.keep=all
cut -d, -f1-5,7 kept/study.csv >a
rm kept/results/*
expect 0 2 study strong.yaml --out kept study.keep=all
cut -d, -f1-5,7 kept/study.csv >b
cmp -s a b || fail "a cell without its result ends in another way: $(diff a b | head -n 3)"

# --overwrite makes way for another run file.
expect 0 2 study strong.yaml --out kept study.keep=all --overwrite optim.momentum=0.7
grep -q 'momentum: 0.7' kept/config.yaml || fail "--overwrite keeps the run file of the study before"

# Stopped by a signal: 75, saved, and it goes on from there.
one_cell=(axes.optim.lr=[1e-3] axes.batch.global=[16] axes.train.seed=[1] study.budget_updates=40000 study.check_every=1000000 study.keep=all)
cell=signal/cells/batch.global=16,optim.lr=1e-3,train.seed=1
start 1 study study.yaml --out signal "${one_cell[@]}"
until_true 60 test -s $cell/metrics.csv
kill -USR1 "$pid"
finish
same "exit code of a study that was stopped" "$code" 75
[ -L $cell/checkpoints/latest.h5 ] || fail "a stopped cell left no checkpoint"
expect 0 1 study study.yaml --out signal "${one_cell[@]}"
whole_lines $cell
same "updates" "$(column signal/study.csv updates)" 40000
same "starts of the cell" "$(grep -c '"begin"' $cell/provenance.json)" 2

# What cannot be is said at once, in one line, by the place.
cp run.yaml noval.yaml
sed -i "s#val.h5#$datasets/digits.h5#" noval.yaml
sed 's/run.yaml/noval.yaml/' study.yaml >noval_study.yaml
sed 's/run.yaml/nowhere.yaml/' study.yaml >norun.yaml
{ cat study.yaml; echo "axis: {}"; } >unknown.yaml
sed 's/^axes:/axes:\n  batch.global: [8]/' study.yaml >twice.yaml
sed 's/optim.momentum: 0.5/optim.lr: 0.5/' study.yaml >both.yaml
wrong() { expect_line 2 "${ranks:-0}" "$1" study "${@:2}"; }
for ranks in 0 3; do
    wrong 'holds another study: check_every: 5, now check_every: 7' study.yaml study.check_every=7 --out one
    wrong 'the run file changed: optim.momentum' study.yaml optim.momentum=0.7 --out one
    wrong 'noval_study.yaml:7:9: a study selects by the group val, which .*digits.h5 does not have' noval_study.yaml
    wrong 'start it as mpirun -n 8 cairn study' study.yaml axes.ranks='[1, 8]'
    wrong 'axis optim.lr, value fast: .*optim.lr is fast' study.yaml axes.optim.lr='[0.1, fast]'
done
ranks=0
wrong 'there is no such study file' nowhere.yaml
wrong 'norun.yaml:1:1: .*nowhere.yaml: .*cannot be opened' norun.yaml
wrong "unknown.yaml:8:1: .*'axis'.*'axes'" unknown.yaml
wrong "twice.yaml:5:3: .*the key 'batch.global' is given twice" twice.yaml
wrong 'both.yaml:2:7: optim.lr is set and is an axis' both.yaml
wrong "did you mean 'optim.lr'" study.yaml axes.optim.lrr='[1]'
wrong 'the axis batch.global has no values' study.yaml axes.batch.global='[]'
wrong "there is no score 'accuracy'; known are eval_loss, eval_accuracy" study.yaml study.target='accuracy > 1'
wrong 'not a target; write eval_loss < 0.1' study.yaml study.target='eval_loss is small'
wrong 'is not easier than study.target' study.yaml study.targets='[eval_accuracy >= 0.95]'
wrong 'updates to which target' study.yaml study.target=
wrong 'ranks has many' study.yaml axes.ranks='[many]'
wrong '1 rank cannot be shared equally by 4 cells at once; take 4 ranks' study.yaml study.concurrent=4
wrong '7 ranks cannot be shared equally by 2 cells' study.yaml study.concurrent=2 --slurm --nodes 1 --ranks-per-node 7 --time 1
ranks=3 wrong '3 ranks cannot be shared equally by 2 cells at once' study.yaml study.concurrent=2
wrong 'needs the axis ranks' study.yaml study.kind=strong study.target=
wrong 'study.predict is a list of .ranks, B, b.' strong.yaml study.predict='[[2, 48]]'
wrong 'study.predict is a list of .ranks, B, b.' strong.yaml study.predict='[[2, 48, 1.5]]'
wrong 'only updates-to-target has a target' study.yaml study.kind=strong
wrong "did you mean 'budget_updates'" study.yaml study.budget_update=7
wrong 'updates-to-target' study.yaml study.kind=strange
wrong 'study.link: .*quick' study.yaml study.link=quick
expect_line 2 0 'one: is the folder of a study' train run.yaml --out one
mkdir -p arun && touch arun/metrics.csv
wrong 'arun: is the folder of a run' study.yaml --out arun --overwrite
same "files beside a run" "$(ls arun)" metrics.csv
[ ! -e studies/study ] || fail "a study that cannot be made its folder"
