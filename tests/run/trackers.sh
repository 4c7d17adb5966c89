# SPDX-License-Identifier: BSD-3-Clause
# The lines of Python in launch/guide/logs.md, against modules that only note what they are given: each update once, in order.
. "${BASH_SOURCE%/*}/../support/run.sh"
needs python3

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 10}]
batch: {global: 100, micro: 50}
END
expect 0 1 train run.yaml train.epochs=2 --out run -q

mkdir modules
cat >modules/wandb.py <<'END'
class Run:
    def __enter__(self): return self
    def __exit__(self, *error): pass
    def log(self, values, step): print(step, *(f"{k}={v!r}" for k, v in values.items()))
def init(project, name): return Run()
END
cat >modules/mlflow.py <<'END'
import os
from wandb import Run
def start_run(run_name): return Run()
def log_artifact(path): assert os.path.exists(path)
def log_metrics(values, step): Run().log(values, step)
END
awk '/^```python/ { n++; on = 1; next } /^```/ { on = 0 } on { print > ("lines" n ".py") }' "$CAIRN_SOURCE/launch/guide/logs.md"
for i in 1 2; do
    PYTHONPATH=$work/modules python3 lines$i.py run >given 2>err || fail "the lines of Python, part $i"
    same "updates, part $i" "$(cut -d ' ' -f 1 given | tr '\n' ' ')" "$(seq 30 | tr '\n' ' ')"
    same "loss of update 7, part $i" "$(sed -nE 's/^7 .*train\/loss=([^ ]*).*/\1/p' given)" "$(awk -F, '$1 == 7 { print $6 }' run/metrics.csv)"
    same "evaluations, part $i" "$(grep -c 'eval/test/loss=.*eval/test/accuracy=' given)" 2
done
