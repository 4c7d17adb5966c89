# SPDX-License-Identifier: BSD-3-Clause
# onnx_outputs.py: what run/export_onnx.sh asks of ONNX's own programs.
#
#   onnx_outputs.py inputs MODEL.onnx DATA.h5 [VOCABULARY]      a dataset of random samples that the model takes
#   onnx_outputs.py compare MODEL.onnx DATA.h5 PREDICTED.h5     the model is well-formed, and onnxruntime gives what Cairn predicted
#
# compare prints the largest difference, relative to the largest output.
import sys

import h5py
import numpy
import onnx
import onnxruntime

SAMPLES = 7


def input_of(path):
    value = onnx.load(path).graph.input[0]
    shape = [d.dim_value for d in value.type.tensor_type.shape.dim[1:]]
    return shape, onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)


def inputs(path, data, vocabulary="0"):
    shape, dtype = input_of(path)
    random = numpy.random.default_rng(1)
    with h5py.File(data, "w") as file:
        file.attrs["format"] = "cairn-dataset"
        file.attrs["format_version"] = 1
        group = file.create_group("test")
        if dtype == numpy.int64:
            group["tokens"] = random.integers(0, int(vocabulary), SAMPLES * shape[0] + 1).astype(numpy.uint16)
            group["tokens"].attrs["vocabulary"] = int(vocabulary)
        else:
            group["x"] = random.standard_normal([SAMPLES, *shape]).astype(dtype)


def compare(path, data, predicted):
    onnx.checker.check_model(path, full_check=True)
    shape, dtype = input_of(path)
    with h5py.File(data) as file:
        group = file["test"]
        if dtype == numpy.int64:
            x = group["tokens"][: SAMPLES * shape[0]].astype(dtype).reshape(SAMPLES, *shape)
        else:
            x = group["x"][:]
    with h5py.File(predicted) as file:
        wanted = file["outputs"][:]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for part in (x, x[:1]):  # any number of samples
        found = session.run(["output"], {"input": part})[0]
        if found.shape != wanted[: len(part)].shape or found.dtype != wanted.dtype:
            sys.exit(f"{path}: outputs {found.dtype} {found.shape} instead of {wanted.dtype} {wanted.shape}")
        worst = max(worst, float(numpy.abs(found - wanted[: len(part)]).max() / numpy.abs(wanted).max()))
    print(f"{worst:.3g}")


{"inputs": inputs, "compare": compare}[sys.argv[1]](*sys.argv[2:])
