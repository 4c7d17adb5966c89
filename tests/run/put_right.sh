# SPDX-License-Identifier: BSD-3-Clause
# What somebody, or an earlier start, did to a run folder is noticed, said in one line, and mended where it can be: lines that are
# missing, a checkpoint whose name lies, checkpoints that are gone before a start or while the run goes on, and saves that the
# file system refuses for a time or for good.  Processes that are killed: every_call.sh, kill.sh.
. "${BASH_SOURCE%/*}/../support/run.sh"

cp "$CAIRN_SOURCE/tests/earlier/0.1.0/data.h5" .
cat >run.yaml <<END
data: {file: data.h5}
model: [{type: dense, units: 6}, {type: tanh}, {type: dense, units: 1}]
loss: binary_cross_entropy
batch: {global: 8, micro: 3}
optim: {name: adam, lr: 0.01}
train: {updates: 14, seed: 3, reproducible: true, evaluate_every: 3}
checkpoint: {every_updates: 4, keep: 2, keep_best: eval_loss}
END
expect 0 0 train run.yaml --out whole -q
weights=$(weights_of whole)
[ ! -s err ] || fail "an undisturbed run has something to say"
CAIRN_FAULT='data.read@0#40' run 0 train run.yaml --out ended -q # in update 9 or later, as a data error
[ "$code" = 3 ] && reached ended 8 || fail "the run that was to fail ended with $code after update $(newest ended)"
at=$(newest ended)

# goes_on PATTERN...: as the whole run ends, and each pattern in exactly one line of its warnings.
goes_on()
{
    local pattern
    expect 0 0 train run.yaml --out run -q
    for pattern in "$@"; do
        same "lines that have '$pattern'" "$(grep -Ec -- "warning: .*$pattern" err)" 1
    done
    same "lines in all" "$(wc -l <err)" $#
    same "weights" "$(weights_of run)" "$weights"
}

# ---- lines that are missing
cp -r ended run
sed -i '3,5d' run/metrics.csv
goes_on "metrics.csv lacks 3 of $at lines \(missing updates: 2 to 4\), up to update $at;"
rm -r run
cp -r ended run
rm run/metrics.csv
sed -i '2d' run/eval.csv
goes_on "metrics.csv lacks $at of $at lines \(missing updates: 1 to $at\); eval.csv lacks 1 of [0-9]+ lines, up to update $at;"
goes_on # said once: its checkpoints know of it now
rm -r run
cp -r ended run
sed -i '7,$d; s/^4,/4/' run/metrics.csv # the line of update 4 is none any more: it and those after it are gone
goes_on "metrics.csv lacks $((at - 3)) of $at lines \(missing updates: 4 to $at\)"
rm -r run
cp -r ended run
goes_on
rm -r run

# ---- a summary without the lines that it speaks of, as 0.1.0 could leave it
cp -r whole run
sed -i '/,test,/d' run/eval.csv
expect 0 0 train run.yaml --out run -q
same "eval.csv" "$(cut -d, -f1-3,5- run/eval.csv)" "$(cut -d, -f1-3,5- whole/eval.csv)"

# ---- links and unfinished names
ln -sf update-00000012.h5 run/checkpoints/latest.h5
ln -s update-00000014.h5 run/checkpoints/.latest.h5.0123456789abcdef.tmp
cp whole/checkpoints/update-00000014.h5 run/checkpoints/.update-00000014.h5.0123456789abcdef.tmp
expect 0 0 train run.yaml --out run -q
same "latest.h5" "$(readlink run/checkpoints/latest.h5)" update-00000014.h5
same "files" "$(ls -A run/checkpoints)" "$(ls -A whole/checkpoints)"
rm -r run

# ---- a name that does not agree with its content is passed over, and stays
cp -r ended run
cp run/checkpoints/update-00000008.h5 run/checkpoints/update-00000099.h5
goes_on "update-00000099.h5: holds update 8, .* rename it to update-00000008.h5"
[ -e run/checkpoints/update-00000099.h5 ] || fail "a checkpoint of another name was removed"
same "checkpoints" "$(ls run/checkpoints | grep -v 99)" "$(ls whole/checkpoints)"
rm -r run

# ---- results without checkpoints are not written over
refuses()
{
    expect_line 2 0 'run holds results .*--overwrite' train run.yaml --out run "$@"
    same "metrics.csv" "$(cut -d, -f1 run/metrics.csv)" "$lines"
}
for folder in whole ended; do
    cp -r $folder run
    rm -r run/checkpoints
    lines=$(cut -d, -f1 run/metrics.csv)
    refuses
    refuses --resume never # nor does the start before change what is there
    expect 0 0 train run.yaml --out run -q --overwrite
    same "weights" "$(weights_of run)" "$weights"
    rm -r run
done
cp -r ended run
rm run/checkpoints/*
lines=$(cut -d, -f1 run/metrics.csv)
refuses
rm -r run
# A run that was killed before its first checkpoint has none to lose.
CAIRN_FAULT='data.read@0#8' run 0 train run.yaml --out run -q
[ ! -e run/checkpoints/latest.h5 ] || fail "this run was to fail before its first checkpoint"
goes_on 'ended before its first checkpoint; it begins again'
rm -r run

# ---- a save that is refused once; for a time: later checkpoints do not take the place of the best; for good
for fault in checkpoint.write@0#2 checkpoint.check@0#2 checkpoint.rename@0#2; do
    export CAIRN_FAULT=$fault
    goes_on 'tried again, and written'
    same "files after $fault" "$(ls -A run/checkpoints)" "$(ls -A whole/checkpoints)"
    rm -r run
done
export CAIRN_FAULT=checkpoint.write@0#2-5
goes_on 'tried again after the next update'
same "files after $CAIRN_FAULT" "$(ls -A run/checkpoints)" "$(ls -A whole/checkpoints)"
rm -r run
export CAIRN_FAULT=checkpoint.write@0#3-
expect 6 0 train run.yaml --out run -q
n=$(grep -c 'warning: .*tried again after the next update' err)
holds "warnings, at most one a checkpoint" "$n >= 1 && $n <= 5"
unset CAIRN_FAULT
goes_on
rm -r run

# ---- checkpoints that are removed while the run goes on
start 0 train run.yaml --out run train.updates=1000000000 train.evaluate_every=none checkpoint.keep_best=none -q
until_true 60 reached run 8
mv run/checkpoints gone # at once: rm would race with the saves that go on
until_true 60 test -e run/checkpoints/latest.h5
kill -USR1 "$pid"
finish
same "code of a run whose checkpoints were removed" "$code" 75
grep -q 'warning: .*tried again, and written into a new folder' err || fail "it has no word of the folder that was gone"
