# SPDX-License-Identifier: BSD-3-Clause
# onnx_outputs.py: what run/export_onnx.sh asks of ONNX's own programs.
#
#   onnx_outputs.py samples MODEL.onnx CONFIG.yaml DATA.h5      random samples, stored as the run file wants them
#   onnx_outputs.py compare MODEL.onnx CONFIG.yaml DATA.h5 PREDICTED.h5
#
# compare: the model is well-formed, and onnxruntime gives what Cairn predicted for DATA.h5; prints the largest difference,
# relative to the largest output.
import re
import sys

import h5py
import numpy
import onnx
import onnx.reference
import onnxruntime

SAMPLES = 7


def data_key(config, key):
    """The text of a key of `data`; of a list its items, by commas."""
    text = re.search(rf"^  {key}:((?: .*)?(?:\n  - .*)*)$", open(config).read().split("\nmodel:")[0], re.M).group(1)
    return text.strip().replace("\n  - ", ", ").lstrip("- ")


def numbers(config, key, channels, default):
    text = data_key(config, key)
    values = [default] if text == "none" else [float(v) for v in text.split(",")]
    return numpy.resize(numpy.array(values), channels)


class Model:
    def __init__(self, path, config):
        graph = onnx.load(path).graph
        value = graph.input[0].type.tensor_type
        self.shape = [d.dim_value for d in value.shape.dim[1:]]
        self.type = onnx.helper.tensor_dtype_to_np_dtype(value.elem_type)
        self.tokens = self.type == numpy.int64
        self.vocabulary = next((t.dims[0] for n in graph.node if n.op_type == "Gather" for t in graph.initializer if t.name == n.input[0]), 0)
        self.name = data_key(config, "x")
        self.one = data_key(config, "sample") == "file"  # a sample is all of a file's array
        self.last = data_key(config, "layout") == "hwc"
        self.mean = numbers(config, "mean", self.shape[0], 0.0)
        self.deviation = numbers(config, "std", self.shape[0], 1.0)

    def samples(self):
        random = numpy.random.default_rng(1)
        if self.tokens:
            return random.integers(0, self.vocabulary, SAMPLES * self.shape[0] + 1).astype(numpy.uint16)
        x = random.standard_normal([SAMPLES, *self.shape])
        channels = [-1] + [1] * (len(self.shape) - 1)
        x = (x * self.deviation.reshape(channels) + self.mean.reshape(channels)).astype(self.type)
        return numpy.moveaxis(x, 1, -1) if self.last else x

    def inputs(self, stored):
        if self.tokens:
            return stored[: SAMPLES * self.shape[0]].astype(self.type).reshape(SAMPLES, *self.shape)
        return numpy.ascontiguousarray(numpy.moveaxis(stored, -1, 1)) if self.last else stored


def samples(path, config, data):
    model = Model(path, config)
    with h5py.File(data, "w") as file:
        file.attrs["format"] = "cairn-dataset"
        file.attrs["format_version"] = 1
        group = file.create_group("test")
        if model.tokens:
            group["tokens"] = model.samples()
            group["tokens"].attrs["vocabulary"] = model.vocabulary
        else:
            x = model.samples()
            group[model.name] = x[0] if model.one else x


def compare(path, config, data, predicted):
    onnx.checker.check_model(path, full_check=True)
    model = Model(path, config)
    with h5py.File(data) as file:
        name = "tokens" if model.tokens else model.name
        x = file["test"][name][:]
    x = model.inputs(x[None] if model.one else x)
    with h5py.File(predicted) as file:
        wanted = file["outputs"][:]
    if model.type == numpy.float64:  # of which onnxruntime knows few operators
        run = onnx.reference.ReferenceEvaluator(path).run
    else:
        run = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run
    worst = 0.0
    for part in (x, x[:1]):  # any number of samples
        found = run(["output"], {"input": part})[0]
        expected = wanted[: len(part)]
        if found.shape != expected.shape or found.dtype != expected.dtype:
            sys.exit(f"{path}: outputs {found.dtype} {found.shape} instead of {expected.dtype} {expected.shape}")
        worst = max(worst, float(numpy.abs(found - expected).max() / numpy.abs(wanted).max()))
    print(f"{worst:.2e}")


{"samples": samples, "compare": compare}[sys.argv[1]](*sys.argv[2:])
