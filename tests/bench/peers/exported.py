#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `cairn export` writes, in PyTorch: outputs of the exported model against those of `cairn predict`.

    exported.py --cairn CAIRN             every net of compare.py
    exported.py --cairn CAIRN CHECKPOINT  a trained model, on samples made up here

Wants PyTorch, safetensors, h5py and PyYAML; prints how far apart they are, by the largest output, and ends with 1 where that is
more than rounding.
"""

import argparse
import importlib.util
import pathlib
import sys
import tempfile

import h5py
import numpy
import torch
import yaml

import cases
import compare

MOST = {"float32": 1e-5, "float64": 1e-12}
N_SAMPLES = 5


def load(path, weights):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, [module.load(str(file)) for file in weights]


def difference(cairn, checkpoint, data, x):
    """Of outputs for the samples x, which are those of the file `data`."""
    cairn.run("predict", checkpoint, "--data", data, "--split", "test", "-o", "out.h5", launcher=False)
    for ending in ("py", "safetensors", "npz"):
        cairn.run("export", checkpoint, "-o", f"model.{ending}", "--overwrite", launcher=False)
    files = [cairn.folder / "model.safetensors", cairn.folder / "model.npz", cairn.folder / checkpoint]
    module, nets = load(cairn.folder / "model.py", files)
    names = {name for name in nets[0].state_dict() if not name.endswith("num_batches_tracked")}
    with h5py.File(cairn.folder / checkpoint) as f:
        stored = {name for group in ("weights", "buffers") for name in f.get(group, {})}
    if not names >= stored or any(w.ndim < 2 for name, w in nets[0].state_dict().items() if name in names - stored):
        raise compare.Failed(f"names differ: {sorted(names ^ stored)}")  # a tied weight is there under both names
    if hasattr(module, "normalized"):
        x = module.normalized(x)
    with h5py.File(cairn.folder / "out.h5") as f, torch.no_grad():
        wanted = f["outputs"][...]
        outputs = [net(x).reshape(wanted.shape) for net in nets]
    if not all(torch.equal(outputs[0], other) for other in outputs[1:]):
        raise compare.Failed("the weights of the three files differ")
    return compare.apart(outputs[0], wanted)


def of_case(cairn, case, precision):
    compare.write_data(cairn.folder / "data.h5", case, numpy.random.default_rng(5))
    compare.write_run_file(cairn.folder / "run.yaml", case, precision)
    cairn.train("run", 2, optim={"name": "sgd", "lr": 0.01}).close()
    with h5py.File(cairn.folder / "data.h5") as f:
        batch = case.batch(f["test"])
    x = (batch.double() if precision == "float64" else batch).x
    return difference(cairn, pathlib.Path("run/checkpoints/latest.h5"), "data.h5", x)


def tokens(file, config, vocabulary, rng):
    context = config["context"]
    values = rng.integers(0, vocabulary, N_SAMPLES * context + 1)
    file["test/tokens"] = values.astype("u2")
    file["test/tokens"].attrs["vocabulary"] = vocabulary
    return torch.from_numpy(values[:-1].reshape(N_SAMPLES, context))


def samples(file, config, shape, rng):
    """Under the names and in the layout that the run file says of its data."""
    of_file = config.get("sample") == "file"
    x = rng.random([1 if of_file else N_SAMPLES, *shape]).astype("f4")
    if config.get("mean", "none") != "none":
        mean, std = (numpy.array(config[key], "f4").reshape(-1, *[1] * (len(shape) - 1)) for key in ("mean", "std"))
        x = mean + std * x
    stored = numpy.moveaxis(x, 1, -1) if config.get("layout") == "hwc" else x
    name = config.get("x") if config.get("x") not in (None, "", "none", "auto") else "x"
    file[name if of_file else f"test/{name}"] = stored[0] if of_file else stored
    return torch.from_numpy(x)


def of_checkpoint(cairn, checkpoint):
    rng = numpy.random.default_rng(5)
    with h5py.File(checkpoint) as f, h5py.File(cairn.folder / "made.h5", "w") as made:
        config = yaml.safe_load(f["config"][0].decode())["data"]
        shape = [int(n) for n in f.attrs["input"].decode().strip("[]").split(",")]
        x = tokens(made, config, int(f["vocabulary"][0]), rng) if "vocabulary" in f else samples(made, config, shape, rng)
    return difference(cairn, checkpoint, "made.h5", x)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cairn", required=True, help="the program")
    parser.add_argument("--nets", nargs="*", default=list(cases.CASES), help="which: " + ", ".join(cases.CASES))
    parser.add_argument("--precision", choices=list(MOST), default="float32", help="of the nets (default: %(default)s)")
    parser.add_argument("checkpoint", nargs="?", type=pathlib.Path, help="a trained model, in place of the nets")
    return parser.parse_args()


def main():
    asked = arguments()
    torch.set_num_threads(1)
    program = str(pathlib.Path(asked.cairn).resolve())
    n_failed = 0
    for name in [str(asked.checkpoint)] if asked.checkpoint else asked.nets:
        with tempfile.TemporaryDirectory() as folder:
            cairn = compare.Cairn([program], pathlib.Path(folder))
            try:
                apart = (of_checkpoint(cairn, asked.checkpoint.resolve()) if asked.checkpoint
                         else of_case(cairn, cases.CASES[name], asked.precision))
                good, words = apart <= MOST[asked.precision], f"{apart:.1e}"
            except compare.Failed as error:
                good, words = False, str(error)
        print(f"{name}: {words}{'' if good else ', which is too far'}", flush=True)
        n_failed += not good
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
