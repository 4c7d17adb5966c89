#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Cairn against PyTorch: the same nets, weights and batches; loss, every gradient, outputs, weights after 20 updates.

Users never need it.  Wants PyTorch, h5py, PyYAML and a built cairn; prints a table in Markdown and ends with 1 where
something is further apart than it may be.

How it sees inside: the nets are built from the run file that a checkpoint of Cairn holds, the weights go there and back in
HDF5 files (--init), and a gradient is the momentum of SGD after the first update.  A global batch is the whole of a small
training set, so that its order does not matter.
"""

import argparse
import copy
import csv
import datetime
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy
import torch
import yaml

import cases
import nets

# Largest |a - b| / largest |b| of a tensor.  float32 has 6e-8 (float64 1e-16); sums over some thousand terms in another order
# lose a few digits of it, and after 20 updates a little more.
TOLERANCE = {"float32": 1e-4, "float64": 1e-9}
# A gradient that is zero but for rounding (a bias before batch normalisation) has no relative difference of its own: it is
# measured by the largest gradient of the net.  So is what an optimizer that divides by its size makes of it.
ZERO = {"float32": 1e-6, "float64": 1e-12}
N_UPDATES = 20

# The default exclude_1d (no decay, no trust for tensors of one dimension) is left on where that matters most.
OPTIMIZERS = {
    "sgd": {"name": "sgd", "lr": 0.05, "weight_decay": 1e-3, "exclude_1d": False},
    "momentum": {"name": "sgd", "lr": 0.02, "momentum": 0.9, "dampening": 0.1, "weight_decay": 1e-3, "exclude_1d": False},
    "nesterov": {"name": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True},
    "adam": {"name": "adam", "lr": 1e-3, "weight_decay": 1e-2, "exclude_1d": False},
    "adamw": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.1, "beta2": 0.99},
    "rmsprop": {"name": "rmsprop", "lr": 1e-4, "momentum": 0.5, "centered": True, "eps": 1e-6},
    "lars": {"name": "lars", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-3, "trust_coefficient": 0.1},
    "lamb": {"name": "lamb", "lr": 1e-2, "weight_decay": 1e-2},
}


class Failed(Exception):
    """Cairn said no."""


class Cairn:
    """The program, in a folder of one case."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder

    def run(self, *arguments, launcher=True):
        command = [*(self.command if launcher else self.command[-1:]), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: ended with {done.returncode}: {done.stderr.strip()}")

    def train(self, out, updates, *options, optim=None):
        keys = [f"optim.{k}={str(v).lower()}" for k, v in (optim or {}).items()]
        self.run("train", "run.yaml", "--out", out, f"train.updates={updates}", *keys, *options)
        return h5py.File(self.folder / out / "checkpoints" / "latest.h5")


def arrays(group):
    return {k: torch.from_numpy(numpy.array(v[...])) for k, v in group.items()}


def state_of(checkpoint):
    """The state_dict in it."""
    return {**arrays(checkpoint["weights"]), **arrays(checkpoint["buffers"] if "buffers" in checkpoint else {})}


def apart(a, b, scale=0.0):
    """Largest difference by largest magnitude."""
    a, b = torch.as_tensor(a, dtype=torch.float64), torch.as_tensor(b, dtype=torch.float64)
    return ((a - b).abs().max() / max(b.abs().max().item(), scale, 1e-30)).item()


class Differences(dict):
    """The largest of each column, and the tensor that has it."""

    def take(self, column, name, value):
        if value >= self.get(column, (-1, ""))[0] or value != value:
            self[column] = (value, name)

    def worst(self, precision):
        return {c: v for c, v in self.items() if not v[0] <= TOLERANCE[precision] and not c.endswith(", own")}


def write_data(path, case, rng):
    with h5py.File(path, "w") as f:
        for group, n in (("train", case.n), ("test", 11)):
            for name, array in case.data(rng, n).items():
                f[f"{group}/{name}"] = array
            if case.vocabulary:
                f[group]["tokens"].attrs["vocabulary"] = case.vocabulary


class Plain(yaml.SafeDumper):
    """Writes a value twice where it stands twice."""

    def ignore_aliases(self, data):
        return True


def write_run_file(path, case, precision):
    run = {
        "data": {"file": "data.h5", **({"context": case.context} if case.context else {})},
        "model": case.model,
        "loss": case.loss,
        "batch": {"global": case.n, "micro": case.micro},
        "train": {"updates": 0, "seed": 1, "evaluate_every": "none", "precision": precision},
        "checkpoint": {"every_updates": 0},
    }
    path.write_text(yaml.dump(run, Dumper=Plain, sort_keys=False))


def stir(net, generator):
    """Away from initial values that hide mistakes: zero biases, unit scales, running averages of nothing."""
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if value.is_floating_point() and value.ndim == 1:
                value += 0.1 * torch.rand(value.shape, generator=generator)


def write_state(path, net):
    with h5py.File(path, "w") as f:
        for name, value in net.state_dict().items():
            f["weights/" + name] = value


def gradients(net, loss, batch):
    net.zero_grad()
    value = loss(net(batch.x), batch.y, batch.weight)
    value.backward()
    return value.item(), {k: w.grad.detach().clone() for k, w in net.named_parameters()}


class Comparison:
    """One net."""

    def __init__(self, case, cairn, own, precision):
        self.case, self.cairn, self.own, self.found = case, cairn, own, Differences()
        self.zero = ZERO[precision]
        torch.manual_seed(7)
        write_data(cairn.folder / "data.h5", case, numpy.random.default_rng(5))
        write_run_file(cairn.folder / "run.yaml", case, precision)
        with cairn.train("first", 0) as f:
            self.config = yaml.safe_load(f["config"][0].decode())
        with h5py.File(cairn.folder / "data.h5") as f:
            self.batch, self.test = case.batch(f["train"]), case.batch(f["test"])
        if precision == "float64":
            self.batch, self.test = self.batch.double(), self.test.double()
        self.start = nets.Layers(self.config["model"], self.batch.x.shape[1:], case.vocabulary)
        self.loss = nets.loss_function(self.config["loss"], self.start.shape[-1])
        stir(self.start, torch.Generator().manual_seed(3))
        write_state(cairn.folder / "start.h5", self.start)
        self.n_weights = sum(w.numel() for w in self.start.parameters())

    def net(self):
        return copy.deepcopy(self.start).train()

    def first_update(self):
        """Loss, gradients and running averages; then the outputs of the trained net."""
        exact = self.net().double()
        _, self.exact = gradients(exact, self.loss, self.batch.double())
        self.largest = max(g.abs().max().item() for g in self.exact.values())
        net = self.net()
        loss, wanted = gradients(net, self.loss, self.batch)
        with self.cairn.train("gradient", 1, "--init", "start.h5", optim={"name": "sgd", "lr": 0.1, "momentum": 0.9}) as f:
            state = state_of(f)
            found = arrays(f["optimizer/momentum_buffer"])
        with open(self.cairn.folder / "gradient" / "metrics.csv") as f:
            self.found.take("loss", "loss", apart(float(next(csv.DictReader(f))["loss"]), loss))
        if sorted(found) != sorted(wanted):
            raise Failed(f"names differ: {sorted(found)} and {sorted(wanted)}")
        for name, g in wanted.items():
            zero = self.exact[name].abs().max() < self.zero * self.largest
            self.found.take("gradient", name, apart(found[name], g, self.largest if zero else 0))
        for name, value in net.named_buffers():
            if not name.endswith("num_batches_tracked"):
                self.found.take("averages", name, apart(state[name], value))
        net.load_state_dict(state)
        self.outputs(net.eval())

    def outputs(self, net):
        self.cairn.run("predict", "gradient/checkpoints/latest.h5", "--data", "data.h5", "--split", "test", "-o", "out.h5")
        with h5py.File(self.cairn.folder / "out.h5") as f, torch.no_grad():
            out = net(self.test.x)
            self.found.take("outputs", "outputs", apart(f["outputs"][...], out.reshape(f["outputs"].shape)))

    def trained(self, keys, double=False):
        """PyTorch's weights and running averages after some updates."""
        net = self.net().double() if double else self.net()
        batch = self.batch.double() if double else self.batch
        optimizer = nets.optimizer(net, keys)
        for _ in range(N_UPDATES):
            gradients(net, self.loss, batch)
            optimizer.step()
        return {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}

    def updates(self, column, keys):
        wanted = self.trained(keys)
        with self.cairn.train(column, N_UPDATES, "--init", "start.h5", optim=keys) as f:
            found = state_of(f)
        exact = self.trained(keys, double=True) if self.own else {}
        for name, value in wanted.items():
            known = self.determined(name, keys)
            if known.any():
                self.found.take(column, name, apart(found[name][known], value[known]))
                if self.own:
                    self.found.take(column + ", own", name, apart(value[known], exact[name][known]))

    def determined(self, name, keys):
        """Where the gradient is more than rounding; that matters to an optimizer that divides by its size."""
        if name not in self.exact or keys["name"] in ("sgd", "lars"):
            return torch.tensor(True)
        return self.exact[name].abs() >= self.zero * self.largest

    def all(self, optimizers):
        self.first_update()
        for column in optimizers if self.case.free else []:
            keys = OPTIMIZERS[column]
            self.updates(column, {**keys, "lr": keys["lr"] * self.case.rate})
        return self.found


def cell(found, column):
    if column not in found:
        return "-"
    own = found.get(column + ", own")
    return f"{found[column][0]:.0e}" + (f" ({own[0]:.0e})" if own else "")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cairn", default="build/release/cairn", help="the program (default: %(default)s)")
    parser.add_argument("--launcher", default="", help='words in front of it, as "mpirun -n 2"')
    parser.add_argument("--nets", nargs="*", default=list(cases.CASES), help="which: " + ", ".join(cases.CASES))
    parser.add_argument("--optimizers", nargs="*", default=list(OPTIMIZERS), help="which: " + ", ".join(OPTIMIZERS))
    parser.add_argument("--precision", choices=list(TOLERANCE), default="float32", help="of both (default: %(default)s)")
    parser.add_argument("--own", action="store_true", help="in parentheses, how far PyTorch is from itself in double")
    parser.add_argument("--keep", metavar="DIR", help="leave files and runs there")
    return parser.parse_args()


def main():
    asked = arguments()
    torch.set_num_threads(1)
    torch.set_default_dtype(getattr(torch, asked.precision))
    program = str(pathlib.Path(asked.cairn).resolve())
    command = [*asked.launcher.split(), program]
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    columns = ["loss", "gradient", "averages", "outputs", *asked.optimizers]
    print(f"{version}, PyTorch {torch.__version__}, {asked.precision}, {datetime.date.today()}\n")
    print("| net | weights | " + " | ".join(columns) + " |")
    print("| --- " * (2 + len(columns)) + "|")
    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        for name in asked.nets:
            folder = pathlib.Path(asked.keep or temporary).resolve() / name
            folder.mkdir(parents=True)
            try:
                comparison = Comparison(cases.CASES[name], Cairn(command, folder), asked.own, asked.precision)
                found = comparison.all(asked.optimizers)
            except Failed as error:
                failed.append(f"{name}: {error}")
                continue
            print(f"| {name} | {comparison.n_weights:,} | " + " | ".join(cell(found, c) for c in columns) + " |", flush=True)
            failed += [f"{name}: {column}: {tensor} is {value:.1e} apart" for column, (value, tensor) in found.worst(asked.precision).items()]
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
