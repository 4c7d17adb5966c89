# SPDX-License-Identifier: BSD-3-Clause
# Where people look: log.txt has what stderr had, of every start; tensorboard/ what the CSVs have, also after a run that was
# killed went on, each update once; mlperf.log has MLPerf's lines of every start.
. "${BASH_SOURCE%/*}/../support/run.sh"
needs python3

cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 10}]
batch: {global: 100, micro: 50}
eval: {metrics: [top5]}
checkpoint: {every_updates: 10}
log: {tensorboard: true}
END

# lines FILE: without their times
lines() { sed -E 's/^[0-9-]{10}T[0-9:]{8}Z //' "$1"; }

# ---- log.txt
for ranks in 1 3; do
    expect 0 $ranks train run.yaml train.epochs=2 --out run.$ranks
    { echo "cairn $("$cairn" --version | sed -nE '1s/cairn ([^ ]*).*/\1/p') begins" && cat err; } >wanted
    lines run.$ranks/log.txt | diff wanted - >out || fail "log.txt is not what stderr was: $(cat out)"
    ! grep -vE '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z .' run.$ranks/log.txt || fail "a line without its time"
    expect 4 $ranks train run.yaml train.epochs=3 optim.lr=1e38 --out wild.$ranks
    lines wild.$ranks/log.txt | tail -n 1 | grep -q '^cairn: .*the loss is not finite' || fail "the error is not in log.txt"
    grep '^cairn: ' err | tail -n 1 | diff - <(lines wild.$ranks/log.txt | tail -n 1) >out || fail "the error in log.txt is another one"
done
expect 0 1 train run.yaml train.epochs=3 --out run.1
same "starts in log.txt" "$(grep -c 'Z cairn .* begins$' run.1/log.txt)" 2
lines run.1/log.txt | grep -q '^goes on from ' || fail "the second start is not in log.txt"
expect 0 1 train run.yaml --out run.1 --overwrite -q
same "lines of a quiet start over the old run" "$(lines run.1/log.txt | cut -d ' ' -f 1,3)" "cairn begins"

# What somebody else has there, or a shell writes there, stays as it is.
mkdir mine
echo "notes of mine" >mine/log.txt
expect 0 1 train run.yaml --out mine
same "another log.txt" "$(cat mine/log.txt)" "notes of mine"
expect 0 1 train run.yaml --out mine --overwrite
same "another log.txt after --overwrite" "$(cat mine/log.txt)" "notes of mine"
mkdir piped
"$cairn" train run.yaml --out piped >piped/log.txt 2>&1 || fail "stderr in log.txt of the run folder"
grep -q '^update 15: test' piped/log.txt || fail "what a shell wrote to log.txt is gone"
! grep -q 'begins$' piped/log.txt || fail "two write to one log.txt"
mkdir refused
ln -s /dev/null refused/log.txt
expect 0 1 train run.yaml --out refused
grep -q 'warning: .*log.txt.*no copy' err || fail "a log.txt that is a link is no warning"

# ---- the cells of a study, one after the other and beside each other: each as a run of its own, stderr as if they had none
sed '/tensorboard/d; s/^data: {/data: {val_fraction: 0.2, /' run.yaml >cell.yaml
printf '%s\n' "run: cell.yaml" "axes: {batch.global: [50, 100], optim.lr: [0.1, 1e38]}" \
    "study: {target: eval_accuracy >= 0.999, budget_updates: 40, keep: all}" >study.yaml
for ranks in 1 2; do # one or two at once
    expect 0 $ranks study study.yaml --out study.$ranks study.concurrent=$ranks
    ! grep -q '^update' err || fail "a study says on stderr what is of its cells"
    for cell in study.$ranks/cells/*; do
        lines "$cell/log.txt" | head -n 1 | grep -q '^cairn .* begins$' || fail "$cell/log.txt begins with: $(head -n 1 "$cell/log.txt")"
        ! lines "$cell/log.txt" | grep -Eq '^cell |^axis |budget' || fail "$cell/log.txt has lines of the study"
    done
    for cell in study.$ranks/cells/*1e38*; do
        lines "$cell/log.txt" | tail -n 1 | grep -q '^cairn: .*not finite' || fail "the error of a cell is not in its log.txt"
    done
    for cell in study.$ranks/cells/*0.1*; do
        lines "$cell/log.txt" | grep -q '^update 40: ' || fail "$cell/log.txt does not have its end: $(cat "$cell/log.txt")"
    done
done
expect 0 1 study study.yaml --out study.1 --overwrite -q
same "lines of a cell of a quiet study" "$(cat study.1/cells/*50*0.1*/log.txt | wc -l)" 1
cell=$(ls -d study.1/cells/*50*0.1*)
echo "notes of mine" >"$cell/log.txt"
rm study.1/results/*50*0.1*
expect 0 1 study study.yaml --out study.1
same "another log.txt in a cell" "$(cat "$cell/log.txt")" "notes of mine"
expect 0 1 study study.yaml --out study.1 study.keep=none --overwrite
same "another log.txt in a cell after --overwrite" "$(find study.1/cells -type f -exec cat {} +)" "notes of mine"

# ---- mlperf.log
expect 0 1 train run.yaml log.mlperf=false --out silent -q
[ ! -e silent/mlperf.log ] || fail "lines of MLPerf that nobody wanted"
expect 0 2 train run.yaml train.epochs=2 log.mlperf=true --out mlperf -q
expect 0 3 train run.yaml train.epochs=3 log.mlperf=true --out mlperf -q
expect 4 1 train run.yaml train.epochs=4 optim.lr=1e38 log.mlperf=true --out mlperf.wild -q
cat >mllog.py <<'END'
import json, sys
lines = []
for line in open(sys.argv[1]):
    assert line.startswith(":::MLLOG "), line
    lines.append(json.loads(line[9:]))
    assert list(lines[-1]) == ["namespace", "time_ms", "event_type", "key", "value", "metadata"], line
begun = {}
for line in lines:
    key = line["key"]
    if line["event_type"] == "INTERVAL_START":
        begun[key.replace("start", "")] = line
    if line["event_type"] == "INTERVAL_END":
        start = begun.pop(key.replace("stop", ""))
        assert start["time_ms"] <= line["time_ms"], line
assert not begun, begun
print(*(line["key"] + ("" if line["value"] is None else "=..." if line["key"] == "eval_accuracy" else "=%s" % line["value"]) +
        (":%s" % list(line["metadata"].values())[0] if line["metadata"] else "") for line in lines), sep="\n")
END
python3 mllog.py mlperf/mlperf.log >lines || fail "mlperf.log is not as MLPerf has it"
started() { printf '%s\n' init_start seed=1 global_batch_size=100 "gradient_accumulation_steps=$1" train_samples=1437 eval_samples=360 \
    opt_name=sgd opt_base_learning_rate=0.1 opt_learning_rate_warmup_steps=0 init_stop run_start; }
epoch() { printf '%s\n' "epoch_start:$1" "epoch_stop:$1" "eval_start:$1" "eval_accuracy=...:$1" "eval_stop:$1"; }
{ started 1 && epoch 1 && epoch 2 && echo run_stop:success && started 1 && epoch 3 && echo run_stop:success; } | diff - lines >out ||
    fail "other lines in mlperf.log than wanted: $(cat out)"
same "the accuracy" "$(sed -nE 's/.*"eval_accuracy", "value": ([0-9.]*).*/\1/p' mlperf/mlperf.log)" "$(column mlperf/eval.csv accuracy)"
python3 mllog.py mlperf.wild/mlperf.log >lines || fail "mlperf.log of a run that fails is not as MLPerf has it"
same "the end of a run that fails" "$(tail -n 1 lines)" run_stop:aborted
mkdir no_room
ln -s /dev/full no_room/mlperf.log
expect 0 1 train run.yaml log.mlperf=true --out no_room
grep -q 'warning: .*mlperf.log: cannot be written.*log.mlperf is off' err || fail "a mlperf.log without room is no warning"

mkdir strange
echo "notes of mine" >strange/mlperf.log
expect 0 1 train run.yaml log.mlperf=true --out strange
same "another mlperf.log" "$(cat strange/mlperf.log)" "notes of mine"
grep -q 'warning: .*mlperf.log has no lines of MLPerf' err || fail "another mlperf.log is no warning"

# ---- tensorboard/
expect 0 1 train run.yaml log.tensorboard=false --out none -q
[ ! -e none/tensorboard ] || fail "events that nobody wanted"
expect 0 2 train run.yaml train.epochs=2 --out kept -q
expect 0 3 train run.yaml train.epochs=3 --out kept -q
expect 0 1 train run.yaml train.epochs=3 --out kept -q # nothing is left to do
same "files of the two starts that did something" "$(ls kept/tensorboard | grep -c '^events.out.tfevents.*\.cairn$')" 2

# As if it had been killed after update 45 with its checkpoint of update 40: what was written of later updates is cut.
expect 0 1 train run.yaml train.updates=45 --out killed -q
rm killed/checkpoints/update-00000045.h5 killed/summary.json
expect 0 1 train run.yaml train.updates=60 --out killed -q

cat >read.py <<'END'
import csv, glob, struct, sys
def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128: return value, at
def crc(data):
    c = 0xFFFFFFFF
    for byte in data:
        c ^= byte
        for _ in range(8): c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
    c ^= 0xFFFFFFFF
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF
def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0: value, at = varint(data, at)
        elif key & 7 == 1: value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif key & 7 == 5: value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            n, at = varint(data, at)
            value, at = data[at : at + n], at + n
        yield key >> 3, value
def scalars(folder):
    found = {}
    for i, name in enumerate(sorted(glob.glob(folder + "/tensorboard/events.out.tfevents.*"))):
        data, at, n = open(name, "rb").read(), 0, 0
        while at < len(data):
            (size,) = struct.unpack_from("<Q", data, at)
            body = data[at + 12 : at + 12 + size]
            assert struct.unpack_from("<I", data, at + 8)[0] == crc(data[at : at + 8]), "length"
            assert struct.unpack_from("<I", data, at + 12 + size)[0] == crc(body), "body"
            event = dict(fields(body))
            assert event[1] > 1.6e9
            if n == 0: assert event[3] == b"brain.Event:2"
            if n == 1 and i > 0: assert dict(fields(event[7]))[1] == 1, "START of what goes on"
            for field, value in fields(event.get(5, b"")):
                value = dict(fields(value))
                found.setdefault(value[1].decode(), []).append((event[2], value[2]))
            at, n = at + 16 + size, n + 1
    return found
def compare(folder, found):
    single = lambda text: struct.unpack("<f", struct.pack("<f", float(text)))[0]
    wanted = {}
    for row in csv.DictReader(open(folder + "/metrics.csv")):
        for column in ("loss", "lr", "grad_norm", "noise_scale", "epoch", "batch_samples"):
            if row[column]: wanted.setdefault("train/" + column, []).append((int(row["update"]), single(row[column])))
    for row in csv.DictReader(open(folder + "/eval.csv")):
        for column in ("loss", "accuracy", "top5"):
            wanted.setdefault(f"eval/{row['split']}/{column}", []).append((int(row["update"]), single(row[column])))
    assert len(wanted) == 9 and "eval/test/top5" in wanted, wanted.keys()
    for tag in wanted: assert found[tag] == wanted[tag], (tag, found[tag][-5:], wanted[tag][-5:])
for folder in sys.argv[1:]:
    compare(folder, scalars(folder))
    try: from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError: continue
    events = EventAccumulator(folder + "/tensorboard", size_guidance={"scalars": 0})
    events.Reload()
    compare(folder, {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]})
    print("TensorBoard agrees")
END
"${PYTHON:-python3}" read.py kept killed >out 2>err || fail "events are not what the CSVs have"
grep -q TensorBoard out || echo "tensorboard is not installed (PYTHON): read without it"

# They are the run's own: --overwrite removes them, and what somebody put beside them stays.
echo mine >kept/tensorboard/events.mine
expect 0 1 train run.yaml log.tensorboard=false --out kept --overwrite -q
same "what is left of tensorboard/" "$(ls kept/tensorboard)" events.mine
