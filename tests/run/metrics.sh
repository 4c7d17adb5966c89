# SPDX-License-Identifier: BSD-3-Clause
# Metrics of evaluations through the whole program: one eval.csv on 1, 2 and 3 ranks, summary and `cairn eval` say the same,
# another choice on resume keeps the file, labels of positions, values as numpy works them out from predictions, what is refused.
. "${BASH_SOURCE%/*}/../support/run.sh"

make_data=$CAIRN_BUILD/tests/run_make_data
"$make_data" real.h5 /train/x=float32:30x4 /train/y=float32:30x2 /val/x=float32:11x4 /val/y=float32:11x2 \
    /test/x=float32:13x4 /test/y=float32:13x2
"$make_data" classes.h5 /train/x=float32:30x7:rising /train/y=int32:30 /test/x=float32:13x7:rising /test/y=int32:13

"$make_data" pixels.h5 /train/x=float32:8x2x4x5 /train/y=int32:8x4x5 /test/x=float32:7x2x4x5 /test/y=int32:7x4x5
"$make_data" masks.h5 /train/x=float32:8x2x4x5 /train/y=float32:8x1x4x5:1 /test/x=float32:7x2x4x5 /test/y=float32:7x1x4x5:0

cat >real.yaml <<END
data: {file: real.h5}
model: [{type: dense, units: 2}]
loss: huber
eval: {metrics: [r2, mae, rmse, mean_iou]}
batch: {global: 10, micro: 3}
train: {epochs: 3, seed: 5, reproducible: true}
checkpoint: {every_updates: 2}
END
cat >classes.yaml <<END
data: {file: classes.h5, mean: 100, std: 60}
model: [{type: dense, units: 7}]
eval: {metrics: [top5, mean_iou, dice, perplexity]}
batch: {global: 10, micro: 3}
train: {epochs: 3, seed: 5, reproducible: true}
END

cat >pixels.yaml <<END
data: {file: pixels.h5}
model: [{type: conv2d, channels: 3, kernel: 3, padding: same}]
loss: {type: cross_entropy, ignore_index: 1}
batch: {global: 5, micro: 2}
train: {epochs: 1, seed: 5, reproducible: true}
END
sed '/^model/s/3/1/; /^loss/s/:.*/: binary_cross_entropy/; s/pixels/masks/' pixels.yaml >masks.yaml

# ---- the same bits in any world
for what in real classes; do
    for ranks in 1 2 3; do
        expect 0 $ranks train $what.yaml --out $what$ranks
        cut -d, -f1-3,5- $what$ranks/eval.csv >$what$ranks.csv
        grep eval_ $what$ranks/summary.json >$what$ranks.json
        cmp -s ${what}1.csv $what$ranks.csv || fail "$what: eval.csv has other bits on $ranks ranks"
        cmp -s ${what}1.json $what$ranks.json || fail "$what: summary.json has other scores on $ranks ranks"
    done
done
columns=update,epoch,samples,wall_s,split,loss,accuracy
same "columns" "$(head -n 1 real1/eval.csv)" $columns,mean_iou,mae,rmse,r2
same "columns" "$(head -n 1 classes1/eval.csv)" $columns,top5,mean_iou,dice,perplexity
same "accuracy of real targets" "$(column real1/eval.csv accuracy | sort -u)" ""
expect 0 2 eval real3/checkpoints/latest.h5
for name in mae rmse r2 mean_iou; do
    same "$name in summary.json" "$(json real1/summary.json eval_$name)" "$(column real1/eval.csv $name | tail -n 1)"
    holds "$name of cairn eval" "$(json out $name) == $(column real1/eval.csv $name | tail -n 1)"
done

# ---- labels and masks of positions: by themselves
for what in pixels masks; do
    for ranks in 1 3; do
        expect 0 $ranks train $what.yaml --out $what$ranks
        cut -d, -f1-3,5- $what$ranks/eval.csv >$what$ranks.csv
    done
    cmp -s ${what}1.csv ${what}3.csv || fail "$what: eval.csv has other bits on 3 ranks"
    same "columns of $what" "$(head -n 1 ${what}1/eval.csv)" $columns,mean_iou
done

# ---- what comes of itself
expect 0 1 train real.yaml eval.metrics=[] --out bare
same "columns without metrics" "$(head -n 1 bare/eval.csv)" $columns
grep -v '^eval' real.yaml >usual.yaml
expect 0 1 train usual.yaml --out usual
same "usual columns of real targets" "$(head -n 1 usual/eval.csv)" $columns,mae,rmse
grep -v '^eval' classes.yaml >usual_classes.yaml
expect 0 1 train usual_classes.yaml --out usual_classes
same "usual columns of classes" "$(head -n 1 usual_classes/eval.csv)" $columns

# ---- a folder whose eval.csv has no such columns, or others: they stay
expect 0 2 train real.yaml eval.metrics=[] train.epochs=1 --out goes_on
expect 0 3 train real.yaml --out goes_on
same "new columns said" "$(grep -c 'other metrics than before: eval.csv gets mean_iou, mae, rmse, r2$' err)" 1
expect 0 1 train real.yaml eval.metrics=mae train.epochs=4 --out goes_on
same "old columns said" "$(grep -c 'eval.csv keeps the column of mean_iou, rmse, r2$' err)" 1
same "columns" "$(head -n 1 goes_on/eval.csv)" $columns,mean_iou,mae,rmse,r2
same "lines" "$(cut -d, -f5 goes_on/eval.csv | sort | uniq -c | tr -s ' \n' ' ')" " 1 split 3 test 4 val "
same "scores after it" "$(awk -F, '$1 == 9 && $5 == "val" { print $9 }' goes_on/eval.csv)" \
    "$(awk -F, '$1 == 9 && $5 == "val" { print $9 }' real1/eval.csv)"
[ ! -e goes_on/eval.csv.damaged ] || fail "eval.csv was taken for damaged"

# ---- in a report
if command -v gnuplot >/dev/null; then
    expect 0 0 report goes_on real1
    grep -q 'id="metrics"' report.html || fail "the report has no figure of metrics"
    [ "$(grep -c "<td class=\"text\">r2</td>" report.html)" -ge 4 ] || fail "the report has no table of metrics"
fi

# ---- as numpy works them out
if python3 -c 'import numpy, h5py' 2>/dev/null; then
    for what in real classes pixels; do
        expect 0 2 eval ${what}1/checkpoints/latest.h5
        cp out $what.found
        expect 0 2 predict ${what}1/checkpoints/latest.h5 --data $what.h5 -o $what.out.h5
    done
    cat >oracle.py <<'END'
import json, sys
import h5py
import numpy as np

def close(what, found, expected):
    if not abs(found - expected) <= 1e-6 * max(1, abs(expected)):
        sys.exit(f"{what}: {found}, numpy says {expected}")

y = np.array(h5py.File("real.h5")["test/y"], dtype=np.float64)
h = np.array(h5py.File("real.out.h5")["outputs"], dtype=np.float64)
found = json.load(open("real.found"))
close("mae", found["mae"], np.mean(abs(h - y)))
close("rmse", found["rmse"], np.sqrt(np.mean((h - y) ** 2)))
close("r2", found["r2"], np.mean(1 - ((h - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)))
yes, wanted = h > 0.5, y > 0.5
close("mean_iou", found["mean_iou"], (yes & wanted).sum() / (yes | wanted).sum())

y = np.array(h5py.File("classes.h5")["test/y"])
h = np.array(h5py.File("classes.out.h5")["outputs"], dtype=np.float64)
found = json.load(open("classes.found"))
best = h.argmax(1)
order = (-h).argsort(1, kind="stable")
close("top5", found["top5"], np.mean([y[i] in order[i, :5] for i in range(len(y))]))
there = [c for c in range(7) if (y == c).any() or (best == c).any()]
both = np.array([((y == c) & (best == c)).sum() for c in there])
either = np.array([((y == c) | (best == c)).sum() for c in there])
close("mean_iou", found["mean_iou"], np.mean(both / either))
close("dice", found["dice"], np.mean(2 * both / (either + both)))
log_p = h - h.max(1, keepdims=True)
log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
close("perplexity", found["perplexity"], np.exp(-log_p[range(len(y)), y].mean()))

y = np.array(h5py.File("pixels.h5")["test/y"])
best = np.array(h5py.File("pixels.out.h5")["outputs"]).argmax(1)
found = json.load(open("pixels.found"))
y, best = y[y != 1], best[y != 1]  # 1 is ignored
there = [c for c in range(3) if (y == c).any() or (best == c).any()]
close("mean_iou", found["mean_iou"], np.mean([((y == c) & (best == c)).sum() / ((y == c) | (best == c)).sum() for c in there]))
close("accuracy", found["accuracy"], np.mean(y == best))
END
    python3 oracle.py || fail "metrics are others than numpy's"
else
    echo "numpy and h5py are not here: values were not compared with them"
fi

# ---- what is refused
expect_line 2 2 "eval.metrics: there is no metric 'f1'; known are accuracy, top5, .*r2" train real.yaml eval.metrics=[mae,f1] --out wrong
expect_line 2 2 'eval.metrics: the metric top5 has no meaning here: it wants more than 5 classes; take of .*mae, rmse, r2$' train real.yaml eval.metrics=top5 --out wrong
expect_line 2 2 'eval.metrics: the metric r2 has no meaning here: it wants real targets' train classes.yaml eval.metrics=r2 --out wrong
expect_line 2 2 'eval.metrics is a list of names' train classes.yaml 'eval.metrics=[[r2]]' --out wrong
expect_line 2 2 "checkpoint.keep_best: there is no score 'mae'; known are eval_loss, eval_accuracy" train real.yaml checkpoint.keep_best=mae --out wrong
expect_line 2 2 'checkpoint.keep_best: eval_dice is not evaluated; take one of eval_loss, eval_mean_iou, eval_mae, eval_rmse, eval_r2, or' \
    train real.yaml checkpoint.keep_best=eval_dice --out wrong
[ ! -e wrong ] || fail "a run that was refused has left a folder"

# ---- the best by a metric, of which more is better, and of which less is
expect 0 1 train real.yaml checkpoint.keep_best=eval_r2 --out eval_r2
[ -L eval_r2/checkpoints/best.h5 ] || fail "no best.h5 by eval_r2"
expect 0 2 train real.yaml checkpoint.keep_best=eval_mae --out eval_mae
same "best by an error" "$(awk -F, '$5 == "val" { print $9, $1 }' eval_mae/eval.csv | sort -g | head -n 1 | cut -d' ' -f2)" \
    "$(readlink eval_mae/checkpoints/best.h5 | sed 's/[^0-9]*0*\([0-9]*\).*/\1/')"
