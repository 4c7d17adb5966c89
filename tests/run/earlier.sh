# SPDX-License-Identifier: BSD-3-Clause
# Run folders of earlier versions (tests/earlier) are resumed in any world and end where those versions would have ended, to
# rounding; a finished one is finished; a study goes on.  Where bits change, one line says so.
. "${BASH_SOURCE%/*}/../support/run.sh"

cp -r "$CAIRN_SOURCE"/tests/earlier/* .
chmod -R u+w .

# resumes FOLDER RUN_FILE TRAIN_LOSS EVAL_LOSS: on 1 and on 3 ranks, from its newest checkpoint
resumes()
{
    local folder=$1 ranks
    for ranks in 1 3; do
        cp -r "$folder" now
        expect 0 "$ranks" train "$2" --out now
        grep -q 'goes on from .*update-00000004.h5' err || fail "$folder did not go on from its checkpoint"
        same "updates of $folder" "$(column now/metrics.csv update | tr '\n' ' ')" "$(seq -s ' ' 14) "
        holds "train_loss of $folder" "sqrt(($(json now/summary.json train_loss) - $3) ^ 2) < 2e-6"
        # adam makes steps of the rounding in the bias before batchnorm, whose running mean alone sees it
        holds "eval_loss of $folder" "sqrt(($(json now/summary.json eval_loss) - $4) ^ 2) < 2e-3"
        cp err "err.$ranks"
        rm -r now
    done
}

cd 0.1.0
resumes plain plain.yaml 0.3190749955177307 0.5202786648159373
resumes reproducible run.yaml 0.7009735059595369 0.7540246984642782
for ranks in 1 3; do
    grep -q 'the bits will differ' err.$ranks || fail "no word of other bits on $ranks ranks"
done
resumes cnn cnn.yaml 1.9922533515757814 2.2141497858521917
resumes gpt gpt.yaml 4.014403343200684 4.067041895174356
expect 0 3 train run.yaml --out finished
same "weights of the finished run" "$(json finished/summary.json weights_hash)" cc5d9dd453dffed5
expect 0 1 eval finished/checkpoints/latest.h5 --data data.h5
holds "loss of an earlier checkpoint" "(0.7540246984642782 - $(json out loss)) ^ 2 < 1e-14"

# A study that lacks two of its six cells: they are run, the others are taken as they are, with a word that their rule was another
expect 0 2 study study.yaml --out study
same "cells that were run" "$(grep -c '^cell ' err)" 2
same "rows" "$(cut -d, -f1-5 study/study.csv | tr '\n' ' ')" \
    "batch.global,optim.lr,reached,updates,samples 8,0.1,1,12,96 8,0.4,1,18,144 16,0.1,1,15,232 16,0.4,1,6,96 32,0.1,1,13,395 32,0.4,1,10,300 "
grep -q 'warning: 4 cells are of cairn 0.1.0' err || fail "no word of the rule that changed"
grep -q '^16,0.4,1,6,96,0.000888,1.7082570443941336,' study/study.csv || fail "a cell that had ended has other figures"
for file in data.h5 images.h5 text.h5; do
    expect 0 1 info --check $file
done
