# SPDX-License-Identifier: BSD-3-Clause
# The lines of Python in the guide, as they stand there: weights from a checkpoint to PyTorch and back by --init.  And
# files that only h5py writes: half precision, scalars, packed chunks, texts of variable length.
#
# Wants h5py; with PyTorch and safetensors all of the lines are run but those for ONNX (export_onnx.sh), else those that name none of them.  PYTHON chooses the interpreter;
# else it is the first in the path, or the system's, that has h5py.
. "${BASH_SOURCE%/*}/../support/run.sh"

has() { "$python" -c "import $1" 2>/dev/null; }
for python in ${PYTHON:-python3 /usr/bin/python3} ""; do
    [ -n "$python" ] || skip "h5py is not installed (launch/install-deps --tests)"
    ! has h5py || break
done

# blocks FILE: its fenced blocks of Python, each after a line "# ----"
blocks()
{
    awk '/^```python$/ { print "# ----"; inside = 1; next } /^```$/ { inside = 0 } inside' "$1"
}

# without WORDS: those of them that have none of the words
without()
{
    awk -v words="$1" 'BEGIN { RS = "# ----\n" } $0 !~ words'
}

blocks "$CAIRN_SOURCE/launch/guide/checkpoints-and-pytorch.md" >all.py
same "blocks of Python in the guide" "$(grep -c '^# ----' all.py)" 5
{ echo "import numpy; x = numpy.zeros((1, 1, 8, 8), 'f4')" && without onnx <all.py | sed 's/net(x)/net(__import__("torch").from_numpy(x))/'; } >guide.py
if ! has torch || ! has safetensors; then
    without 'torch|net|onnx' <all.py >guide.py
    grep -q 'latest.h5' guide.py && grep -q 'start.h5' guide.py || fail "the guide cannot be run without PyTorch"
fi

# What the guide trains, and its weights there and back.
expect 0 2 train "$recipes/digits.yaml" --out runs/digits data.file="$datasets/digits.h5" train.epochs=1
expect 0 0 export runs/digits/checkpoints/latest.h5 -o digits.py
expect 0 0 export runs/digits/checkpoints/latest.h5 -o digits.safetensors
"$python" guide.py >out 2>err || fail "the lines of the guide do not run"
expect 0 3 train "$recipes/digits.yaml" --out again data.file="$datasets/digits.h5" train.epochs=none train.updates=0 --init start.h5
same "weights there and back" "$(weights_of again)" "$(weights_of runs/digits)"

# What other programs may write.
cat >run.yaml <<END
data: {file: $datasets/digits.h5}
model: [{type: flatten}, {type: dense, units: 1}, {type: tanh}, {type: dense, units: 10}]
batch: {global: 96, micro: 16}
train: {updates: 0, seed: 3}
END
cat >write.py <<'END'
import h5py, numpy
weights = {
    "1.weight": (numpy.arange(64, dtype="f2") / 8).reshape(1, 64),
    "1.bias": numpy.float64(0.25),
    "3.weight": numpy.arange(10, dtype=">f8").reshape(10, 1),
    "3.bias": numpy.arange(10, dtype="i4"),
}
with h5py.File("strange.h5", "w") as f:
    f.attrs["made by"] = "h5py"
    f["words"] = ["of", "variable", "length"]
    group = f.create_group("weights")
    group.attrs["names"] = list(weights)
    for name, value in weights.items():
        packed = dict(chunks=True, compression="gzip", shuffle=True) if numpy.ndim(value) else {}
        group.create_dataset(name, data=value, **packed).attrs["note"] = "a text"
    group["1.num_batches_tracked"] = 7
END
cat >compare.py <<'END'
import h5py, numpy
with h5py.File("strange.h5") as a, h5py.File("strange/checkpoints/latest.h5") as b:
    for name, value in b["weights"].items():
        assert numpy.array_equal(a["weights"][name][...].reshape(value.shape), value[...]), name
END
"$python" write.py
for ranks in 1 3; do
    rm -rf strange
    expect 0 $ranks train run.yaml --out strange --init strange.h5
    "$python" compare.py >out 2>err || fail "weights written by h5py are not those that the run begins with"
done
"$python" -c "import h5py; f = h5py.File('strange.h5', 'a'); del f['weights/1.bias']; f['weights/1.bias'] = 'words'"
expect_line 3 3 '/weights/1.bias holds texts of variable length' train run.yaml --out wrong --init strange.h5
