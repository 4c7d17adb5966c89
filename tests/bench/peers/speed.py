#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How fast Cairn is beside PyTorch in its best settings, and beside the machine: launch/bench --against-pytorch.

Each round runs both sides, one after the other, on the same cores; what is printed are medians of the rounds, and of their
ratios the median with [least, largest].  Samples are made up (a net's time does not depend on them), or made by
datasets/make.  Wants nothing but Python; its PyTorch side (speed_torch.py) PyTorch and PyYAML.  For a machine that does
nothing else.
"""

import argparse
import csv
import datetime
import fnmatch
import json
import os
import pathlib
import platform
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]

# ---- what is compared


def dense(units, **keys):
    return {"type": "dense", "units": units, **keys}


def conv(channels):
    return [{"type": "conv2d", "channels": channels, "kernel": 5}, {"type": "relu"}, {"type": "maxpool2d", "kernel": 2}]


def gpt(blocks, heads, D):
    block = {"type": "transformer_block", "heads": heads, "causal": True, "init": "gpt2"}
    return [{"type": "embedding", "units": D, "init": "gpt2"}, {"type": "position", "init": "gpt2"}, *[block] * blocks,
            {"type": "layernorm"}, dense(256, bias=False, tie=0)]


MOMENTUM = {"name": "sgd", "lr": 0.01, "momentum": 0.9}
ADAMW = {"name": "adamw", "lr": 0.0003, "weight_decay": 0.1}
MLP = {"model": [{"type": "flatten"}, dense(512), {"type": "relu"}, dense(256), {"type": "relu"}, dense(10)], "optim": MOMENTUM}
CNN = {"model": [*conv(32), *conv(64), {"type": "flatten"}, dense(10)], "optim": MOMENTUM}

IMAGES = {"file": "images.h5", "shape": [1, 28, 28], "classes": 10, "micros": 256}
TEXT = {"file": "text.h5", "vocabulary": 256, "micros": 64}
UNIVERSES = {"file": "cosmoflow-mini.h5", "shape": [4, 32, 32, 32], "targets": 4, "micros": 64}
BLOBS = {"file": "unet3d-blobs.h5", "shape": [1, 32, 32, 32], "classes": 3, "places": True, "micros": 32}

# Of each net: its run file or recipe, its samples, b, and the settings of PyTorch that are tried, the first by --quick.
PLAIN, LAST = ("plain",), ("channels last", "plain")
NETS = {
    "mlp": (MLP, IMAGES, 64, PLAIN),
    "cnn": (CNN, IMAGES, 64, LAST),
    "gpt-s": ({"model": gpt(4, 4, 128), "optim": ADAMW}, {**TEXT, "context": 64}, 16, PLAIN),
    "gpt-m": ({"model": gpt(6, 6, 384), "optim": ADAMW}, {**TEXT, "context": 256}, 4, PLAIN),
    "cosmoflow-mini": ("cosmoflow-mini.yaml", UNIVERSES, 2, LAST),
    "unet3d-blobs": ("unet3d-blobs.yaml", BLOBS, 2, LAST),
}

# Name: net, A, threads, the wanted ratio of PyTorch's time to Cairn's, and of the largest memory.
AGAINST = {
    "mlp-1": ("mlp", 1, 1, 1.4, 0.3),
    "mlp-4": ("mlp", 4, 1, 1.45, 0.3),
    "mlp-16": ("mlp", 16, 1, 1.5, 0.3),
    "cnn": ("cnn", 1, 1, 1.3, 0.3),
    "gpt-s": ("gpt-s", 1, 1, 1.2, 0.3),
    "gpt-m": ("gpt-m", 1, 1, 1.1, 0.5),
    "cosmoflow-mini": ("cosmoflow-mini", 4, 1, 1.25, 0.3),
    "unet3d-blobs": ("unet3d-blobs", 2, 1, 1.25, 0.3),
    "mlp-4-threads-2": ("mlp", 4, 2, 1.4, 0.3),
    "cnn-threads-2": ("cnn", 1, 2, 1.2, 0.3),
    "gpt-s-threads-2": ("gpt-s", 1, 2, 1.2, 0.3),
}
PEAK_WANTED = {"mlp-16": 0.85, "cnn": 0.80, "gpt-s": 0.78, "gpt-m": 0.88}

# Name: net, b (0: the net's), A, the most that reproducible may cost.
REPRODUCIBLE = {
    **{f"reproducible-mlp-{b}-{A}": ("mlp", b, A, 1.10 if b == 32 else 1.05) for b in (32, 64, 128) for A in (1, 16)},
    "reproducible-cnn": ("cnn", 0, 1, 1.02),
    "reproducible-gpt-s": ("gpt-s", 0, 1, 1.02),
}

# ---- samples


class Data:
    """Files of samples, made when they are asked for."""

    def __init__(self, cairn, folder, small):
        self.cairn, self.folder, self.small = cairn, folder, small

    def run(self, *command, **environment):
        done = subprocess.run([*map(str, command)], cwd=self.folder, capture_output=True, text=True, env={**os.environ, **environment})
        if done.returncode != 0:
            sys.exit(f"speed.py: {command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")

    def images(self):
        n = 8192 if self.small else 61440  # whole global batches
        (self.folder / "images").write_bytes(struct.pack(">4I", 2051, n, 28, 28) + os.urandom(n * 784))
        (self.folder / "labels").write_bytes(struct.pack(">2I", 2049, n) + bytes(i % 10 for i in range(n)))
        self.run(self.cairn, "import", "idx", "--train", "images", "labels", "-o", "images.h5", "-q")
        (self.folder / "images").unlink()

    def text(self):
        (self.folder / "text").write_bytes(os.urandom(50000 if self.small else 1115394))
        self.run(self.cairn, "import", "text", "text", "--bytes", "-o", "text.h5", "-q")

    def path(self, name):
        path = self.folder / name
        if not path.exists():
            make = {"images.h5": self.images, "text.h5": self.text}.get(name)
            make() if make else self.run(ROOT / "datasets" / "make", path.stem, self.folder)
        return path


# ---- both sides


def pinned(threads):
    """Called in a child: the last processors of those that it may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, allowed[-threads:])


def quantile(rows):
    """Seconds of an update: the median of differences of wall_s, without the first tenth."""
    wall = [float(row["wall_s"]) for row in rows]
    k = min(len(wall) // 10 + 1, len(wall) - 2)
    return statistics.median(b - a for a, b in zip(wall[k:], wall[k + 1:]))


class Cairn:
    """One training of Cairn, in a folder that goes after it."""

    def __init__(self, program, data):
        self.program, self.data = program, data

    def train(self, net, keys, threads=1, flags=()):
        """The folder of the run, and what it printed; the caller removes it."""
        run, samples, _, _ = NETS[net]
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.data.folder))
        path = ROOT / "launch" / "recipes" / run if isinstance(run, str) else folder / "run.yaml"
        file = self.data.path(samples["file"])
        if not isinstance(run, str):
            part = {"file": str(file), **({"context": samples["context"]} if "context" in samples else {})}
            path.write_text(json.dumps({"data": part, "loss": "cross_entropy", **run}))
        usual = {"data.file": file, "train.epochs": "none", "train.seed": 1, "train.threads": threads, "train.evaluate_every": "none",
                 "checkpoint.every_updates": 0, "checkpoint.milestones": "none", "log.gradflow_every": 0}
        command = [self.program, "train", path, "--out", folder / "run", "-q", *flags, *(f"{k}={v}" for k, v in {**usual, **keys}.items())]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, preexec_fn=pinned(threads))
        if done.returncode != 0:
            sys.exit(f"speed.py: cairn ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return folder / "run"

    def measure(self, net, keys, threads=1):
        """Seconds of an update, and the largest memory."""
        folder = self.train(net, keys, threads)
        with open(folder / "metrics.csv") as file:
            s = quantile(list(csv.DictReader(file)))
        rss = json.loads((folder / "summary.json").read_text())["peak_rss_bytes"]
        shutil.rmtree(folder.parent)
        return s, rss

    def profile(self, net, keys, threads):
        """A short run with --profile: its folder, operations of an update, those of a second at the peak, seconds of an update."""
        n = 6
        folder = self.train(net, {**keys, "train.updates": n}, threads, ["--profile"])
        with open(folder / "profile.csv") as file:
            rows = list(csv.DictReader(file))
        with open(folder / "metrics.csv") as file:
            s = quantile(list(csv.DictReader(file)))
        flops = sum(int(row["flops"] or 0) for row in rows if row["phase"] != "recompute") / n
        return folder, flops, 1e9 * float(next(row for row in rows if row["phase"] == "peak")["gflops_per_s"]), s


class Torch:
    """PyTorch, as fast as it comes: malloc that keeps what it has, and MKL told that it may use all of the processor."""

    MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "67108864"}

    def __init__(self, python, folder):
        self.python, self.missing, self.vendor, self.versions = python, None, None, ""
        ask = ("import torch, yaml; b = torch.backends; print('PyTorch', torch.__version__, torch.backends.cpu.get_cpu_capability() + ',', "
               "*[l.strip(' -') for l in torch.__config__.show().splitlines() if 'MKL-DNN v' in l or 'Math Kernel' in l])")
        try:
            done = subprocess.run([python, "-c", ask], capture_output=True, text=True)
            failed = done.returncode != 0 and (done.stderr.strip().splitlines() or ["it does not start"])[-1]
        except OSError as error:
            failed = str(error)
        if failed:
            self.missing = f"no PyTorch: {python}: {failed} (PYTHON=... names another; it wants torch and pyyaml)"
            return
        self.versions = done.stdout.strip()
        self.prepare(folder)

    def prepare(self, folder):
        """MKL asks for Intel's name before it takes its fastest kernels."""
        library = folder / "vendor.so"
        compiler = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-x", "c", "-o", str(library), "-"]
        try:
            subprocess.run(compiler, input=b"int mkl_serv_intel_cpu_true(void) { return 1; }", check=True, capture_output=True)
            self.vendor = library
        except (OSError, subprocess.CalledProcessError):
            self.vendor = None

    def settings(self, net):
        """All that are tried: a layout, and whether MKL is told."""
        return [(layout, told) for layout in NETS[net][3] for told in ((True, False) if self.vendor else (False,))]

    def measure(self, config, net, setting, threads, seconds):
        layout, told = setting
        environment = {**os.environ, **self.MALLOC, "OMP_NUM_THREADS": str(threads), **({"LD_PRELOAD": str(self.vendor)} if told else {})}
        command = [self.python, "-W", "ignore", HERE / "speed_torch.py", config, json.dumps(NETS[net][1]), "--threads", threads,
                   "--layout", layout, "--seconds", seconds]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment, preexec_fn=pinned(threads))
        if done.returncode != 0:
            sys.exit(f"speed.py: speed_torch.py ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout.splitlines()[-1])


# ---- the tables


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.cairn = Cairn(options.cairn, Data(options.cairn, folder, options.quick))
        self.torch = Torch(options.python, folder)
        self.left = []  # what is not measured, and why

    def updates(self, s):
        return max(4, int(self.options.seconds / s))

    def best_setting(self, config, net, threads):
        settings = self.torch.settings(net)
        if self.options.quick:
            return settings[0]
        return min(settings, key=lambda setting: self.torch.measure(config, net, setting, threads, 0.7)["update_s"])

    def against(self, name):
        net, A, threads, wanted, memory = AGAINST[name]
        b = NETS[net][2]
        keys = {"batch.micro": b, "batch.global": b * A}
        folder, flops, peak, s = self.cairn.profile(net, keys, threads)
        keys["train.updates"] = self.updates(s)
        setting = None if self.torch.missing else self.best_setting(folder / "config.yaml", net, threads)
        n_weights = json.loads((folder / "summary.json").read_text())["n_parameters"]
        ours, theirs = [], []
        for _ in range(self.options.rounds):
            if setting:
                theirs.append(self.torch.measure(folder / "config.yaml", net, setting, threads, self.options.seconds))
                if theirs[-1]["parameters"] != n_weights:
                    sys.exit(f"speed.py: {name}: {theirs[-1]['parameters']} weights there and {n_weights} here are not the same net")
            ours.append(self.cairn.measure(net, keys, threads))
        shutil.rmtree(folder.parent)
        our_s, rss = (statistics.median(column) for column in zip(*ours))
        cells = [name, str(threads), f"{1e3 * our_s:.3f}"]
        share = f"{100 * flops / our_s / peak:.0f} %" + (f" ({100 * PEAK_WANTED[name]:.0f} %)" if name in PEAK_WANTED else "")
        if not setting:
            return [*cells, "-", "-", f"{wanted}", share, "-", f"{rss / 1e6:.0f}", "-", f"- ({memory})", "-"]
        their_s, their_rss = (statistics.median(t[key] for t in theirs) for key in ("update_s", "rss"))
        ratios = [t["update_s"] / s for t, (s, _) in zip(theirs, ours)]
        return [*cells, f"{1e3 * their_s:.3f}", spread(ratios), f"{wanted}", share, f"{100 * flops / their_s / peak:.0f} %",
                f"{rss / 1e6:.0f}", f"{their_rss / 1e6:.0f}", f"{rss / their_rss:.2f} ({memory})",
                setting[0] + (", MKL told" if setting[1] else "")]

    def reproducible(self, name):
        net, b, A, wanted = REPRODUCIBLE[name]
        b = b or NETS[net][2]
        keys = {"batch.micro": b, "batch.global": b * A}
        folder, _, _, s = self.cairn.profile(net, keys, 1)
        shutil.rmtree(folder.parent)
        keys["train.updates"] = self.updates(s)
        times = [[self.cairn.measure(net, {**keys, "train.reproducible": on}, 1)[0] for on in ("false", "true")]
                 for _ in range(self.options.rounds)]
        plain, exact = (1e3 * statistics.median(column) for column in zip(*times))
        return [name, f"{plain:.3f}", f"{exact:.3f}", spread([b / a for a, b in times], 3), f"{wanted}"]

    def table(self, heads, rows):
        print("\n| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads), flush=True)
        for row in rows:
            print("| " + " | ".join(row) + " |", flush=True)

    def foot(self):
        def run(*command):
            return subprocess.run([*map(str, command)], capture_output=True, text=True).stdout.strip()

        cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor())
        print(f"\n{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {cpu}, {os.cpu_count()} processors, {platform.platform()}; "
              f"{self.options.rounds} rounds of {self.options.seconds} s, in turn; Python {platform.python_version()}.")
        print("; ".join(run(self.options.cairn, "--version").splitlines()) + "; log.gradflow_every=0, as most updates of a long run are")
        for words in self.left:
            print(f"not measured: {words}")
        if self.torch.missing:
            print(f"PyTorch: not measured: {self.torch.missing}")
        else:
            print(f"{self.torch.versions}\n  fused optimizers, set_to_none, set_flush_denormal, in-place activations, "
                  f"scaled_dot_product_attention, erf-GELU, {' '.join(f'{k}={v}' for k, v in Torch.MALLOC.items())}"
                  + ("" if self.torch.vendor else "; no C compiler, so MKL was not told that it may use all of the processor"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cairn", type=pathlib.Path, default=ROOT / "build" / "release" / "cairn")
    parser.add_argument("--python", default=os.environ.get("PYTHON", sys.executable), help="the one that has PyTorch; PYTHON, or this one")
    parser.add_argument("--quick", action="store_true", help="a look: two rounds of half a second, small data, PyTorch's usual settings")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--only", default="*", help="names of rows or patterns of them, with commas: mlp-*,reproducible-cnn")
    options = parser.parse_args()
    options.cairn = options.cairn.resolve()
    options.rounds = options.rounds or (2 if options.quick else 4)
    options.seconds = options.seconds or (0.5 if options.quick else 2)
    patterns = options.only.split(",")
    for pattern in patterns:
        if not fnmatch.filter([*AGAINST, *REPRODUCIBLE], pattern):
            parser.error(f"no row is called {pattern}; there are {', '.join([*AGAINST, *REPRODUCIBLE])}")
    against, exact = ([name for name in names if any(fnmatch.fnmatch(name, p) for p in patterns)] for names in (AGAINST, REPRODUCIBLE))
    os.environ.update(OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        if bench.torch.missing:
            print(f"speed.py: {bench.torch.missing}", file=sys.stderr)
        n = len(os.sched_getaffinity(0))
        bench.left = [f"{name}: fewer processors than threads" for name in against if AGAINST[name][2] > n]
        against = [name for name in against if AGAINST[name][2] <= n]
        if against:
            bench.table(["net and A", "threads", "Cairn, ms an update", "PyTorch", "PyTorch over Cairn", "wanted", "of the FMA peak: Cairn (wanted)",
                         "PyTorch", "memory, MB: Cairn", "PyTorch", "Cairn over PyTorch (wanted)", "PyTorch's best settings"],
                        map(bench.against, against))
        if exact:
            bench.table(["net, b, A", "plain, ms an update", "reproducible", "reproducible over plain", "at most"], map(bench.reproducible, exact))
        bench.foot()


if __name__ == "__main__":
    main()
