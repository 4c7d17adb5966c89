# SPDX-License-Identifier: BSD-3-Clause
"""PyTorch's side of speed.py: trains the net of a resolved run file for a while and prints a line of JSON.

Samples are made up, lie in memory as floats, and come as slices: PyTorch's cheapest way.  The layers are those of nets.py,
except for what a careful user would write for speed.  Numbers too small to be normal are zeros, or on an Intel CPU a softmax
that is sure of itself makes products a quarter slower.
"""

import argparse
import json
import resource
import statistics
import time

import torch
import yaml
from torch import nn
from torch.nn import functional

import nets


class Block(nn.Module):
    """A transformer block with one product for q, k and v, and scaled_dot_product_attention."""

    def __init__(self, keys, shape):
        super().__init__()
        D = shape[-1]
        inner = D * keys.get("expansion", 4)
        self.heads, self.causal = keys["heads"], str(keys.get("causal", True)).lower() != "false"
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.out = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.linear1, self.linear2 = nn.Linear(D, inner), nn.Linear(inner, D)

    def attention(self, x):
        n, T, D = x.shape
        q, k, v = self.qkv(x).reshape(n, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        o = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(o.transpose(1, 2).reshape(n, T, D))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.linear2(functional.gelu(self.linear1(self.norm2(x))))


nets.MAKERS.update({
    "transformer_block": Block,
    "relu": lambda keys, shape: nn.ReLU(inplace=True),
    "leaky_relu": lambda keys, shape: nn.LeakyReLU(float(keys.get("slope", 0.01)), inplace=True),
})


def cross_entropy(out, y):
    return functional.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1))


def squared_error(out, y):
    return 0.5 * (out - y).square().sum() / len(out)


def dice(out, y, smooth=1e-5):
    p = out.softmax(1).flatten(2)
    y = functional.one_hot(y, out.shape[1]).movedim(-1, 1).flatten(2).to(p.dtype)
    return (1 - (2 * (p * y).sum(2) + smooth) / ((p + y).sum(2) + smooth)).mean()


LOSSES = {"cross_entropy": cross_entropy, "squared_error": squared_error, "dice": dice}


def samples(data, n):
    """x and y of n samples: `data` has a shape, or the length of a window, and what y is."""
    if "context" in data:
        tokens = torch.randint(data["vocabulary"], [n, data["context"] + 1])
        return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
    x = torch.rand(n, *data["shape"])
    if "targets" in data:
        return x, torch.rand(n, data["targets"])
    return x, torch.randint(data["classes"], [n, *(data["shape"][1:] if data.get("places") else [])])


def optimizer(net, keys):
    lr, decay = float(keys["lr"]), float(keys.get("weight_decay") or 0)
    if keys["name"] == "sgd":
        return torch.optim.SGD(net.parameters(), lr, momentum=float(keys.get("momentum") or 0), weight_decay=decay, fused=True)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[keys["name"]]
    return kind(net.parameters(), lr, weight_decay=decay, fused=True)


class Training:
    """A net, its samples, and one update."""

    def __init__(self, run, data, layout):
        batch = run["batch"]
        self.micro, self.times = batch["micro"], max(1, batch["global"] // batch["micro"])
        shape = data["shape"] if "shape" in data else [data["context"]]
        self.net = nets.Layers(run["model"], shape, data.get("vocabulary", 0))
        self.x, self.y = samples(data, self.micro * data["micros"])
        if layout == "channels last":
            form = torch.channels_last if len(shape) == 3 else torch.channels_last_3d
            self.net, self.x = self.net.to(memory_format=form), self.x.contiguous(memory_format=form)
        self.loss = LOSSES[run["loss"] if isinstance(run["loss"], str) else run["loss"]["type"]]
        self.optimizer = optimizer(self.net, run["optim"])
        self.at = 0

    def micro_batch(self):
        part = slice(self.at, self.at + self.micro)
        self.at = part.stop if part.stop + self.micro <= len(self.x) else 0
        (self.loss(self.net(self.x[part]), self.y[part]) / self.times).backward()

    def update(self):
        self.optimizer.zero_grad(set_to_none=True)
        for _ in range(self.times):
            self.micro_batch()
        self.optimizer.step()

    def seconds(self, n):
        begin = time.perf_counter()
        for _ in range(n):
            self.update()
        return (time.perf_counter() - begin) / n


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run_file")
    parser.add_argument("data", type=json.loads)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layout", default="plain")
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    torch.set_flush_denormal(True)  # before there are threads, which take it over
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    with open(options.run_file) as file:
        training = Training(yaml.safe_load(file), options.data, options.layout)
    training.seconds(2)  # takes its memory
    n = max(1, int(0.2 / training.seconds(1)))
    windows = []
    begin = time.perf_counter()
    while len(windows) < 3 or time.perf_counter() - begin < options.seconds:
        windows.append(training.seconds(n))
    print(json.dumps({"update_s": statistics.median(windows), "rss": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                      "parameters": sum(p.numel() for p in training.net.parameters())}))


if __name__ == "__main__":
    main()
