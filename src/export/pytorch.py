# SPDX-License-Identifier: BSD-3-Clause
"""What `cairn export --pytorch` writes besides layers of torch.nn: of these classes and functions those that a model
needs, and `load`, which is always there."""

import torch
from torch import nn
from torch.nn import functional


class Named(nn.Sequential):
    """Layers one after the other, by names instead of indices."""

    def __init__(self, layers):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)


class Reshape(nn.Module):
    """Each sample in another shape."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(len(x), *self.shape)


class Permute(nn.Module):
    """The dimensions of each sample, counted from 0, in another order."""

    def __init__(self, *dims):
        super().__init__()
        self.dims = [0, *(d + 1 for d in dims)]

    def forward(self, x):
        return x.permute(self.dims)


class Scale(nn.Module):
    """x times a constant."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


class SwiGLU(nn.Module):
    """The first half of x, gated by silu of the second."""

    def forward(self, x):
        a, b = x.chunk(2, -1)
        return a * functional.silu(b)


class Position(nn.Module):
    """A learned row for each position is added."""

    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x + self.weight


class Residual(nn.Module):
    """body(x) + x, or body(x) + project(x)."""

    def __init__(self, body, project=None):
        super().__init__()
        self.body = body
        self.project = project

    def forward(self, x):
        return self.body(x) + (x if self.project is None else self.project(x))


class Branches(nn.ModuleList):
    """Layers side by side, their outputs one after the other along `dim`, or added up where there is none."""

    def __init__(self, *of, dim=None):
        super().__init__(of)
        self.dim = dim

    def forward(self, x):
        y = [branch(x) for branch in self]
        return sum(y) if self.dim is None else torch.cat(y, self.dim)


class LSTM(nn.LSTM):
    """The outputs of all steps, or only what each way has at its end."""

    def __init__(self, width, units, last=False, **keys):
        super().__init__(width, units, batch_first=True, **keys)
        self.last = last

    def forward(self, x):
        y, (h, _) = super().forward(x)
        return h.transpose(0, 1).flatten(1) if self.last else y


class GRU(nn.GRU):
    """The outputs of all steps, or only what each way has at its end."""

    def __init__(self, width, units, last=False, **keys):
        super().__init__(width, units, batch_first=True, **keys)
        self.last = last

    def forward(self, x):
        y, h = super().forward(x)
        return h.transpose(0, 1).flatten(1) if self.last else y


def rotated(x):
    """x [n, heads, T, width], turned by an angle that grows with the position, as in Llama."""
    T, width = x.shape[-2:]
    frequency = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64, device=x.device) / width)
    angle = torch.outer(torch.arange(T, dtype=torch.float64, device=x.device), frequency).repeat(1, 2)
    a, b = x.chunk(2, -1)
    return x * angle.cos().to(x.dtype) + torch.cat([-b, a], -1) * angle.sin().to(x.dtype)


class Attention(nn.MultiheadAttention):
    """Of x [n, T, D] by itself; causal: each position sees itself and those before it."""

    def __init__(self, width, heads, causal=False, rotary=False):
        super().__init__(width, heads, batch_first=True)
        self.causal, self.rotary = causal, rotary

    def forward(self, x):
        n, T, D = x.shape
        qkv = functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.reshape(n, T, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        if self.rotary:
            q, k = rotated(q), rotated(k)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out_proj(y.transpose(1, 2).reshape(n, T, D))


class TransformerBlock(nn.Module):
    """Attention and two dense layers, each normalised and added to its input; names as in nn.TransformerEncoderLayer."""

    def __init__(self, width, heads, inner, causal=False, rotary=False, rms=False, swiglu=False, norm_first=True, dropout=0.0):
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = Attention(width, heads, causal, rotary)
        self.norm1, self.norm2 = (nn.RMSNorm(width, eps=2.0**-23) if rms else nn.LayerNorm(width) for _ in range(2))
        self.linear1 = nn.Linear(width, 2 * inner if swiglu else inner)
        self.gate = SwiGLU() if swiglu else nn.GELU()
        self.linear2 = nn.Linear(inner, width)
        self.dropout, self.dropout1, self.dropout2 = (nn.Dropout(dropout) for _ in range(3))

    def attend(self, x):
        return self.dropout1(self.self_attn(x))

    def feed(self, x):
        return self.dropout2(self.linear2(self.dropout(self.gate(self.linear1(x)))))

    def forward(self, x):
        if self.norm_first:
            x = x + self.attend(self.norm1(x))
            return x + self.feed(self.norm2(x))
        x = self.norm1(x + self.attend(x))
        return self.norm2(x + self.feed(x))


def read(path):
    """The arrays of a file, by name."""
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    if path.endswith(".npz"):
        import numpy

        with numpy.load(path) as f:
            return {name: torch.from_numpy(f[name]) for name in f}
    import h5py

    with h5py.File(path) as f:
        return {name: torch.from_numpy(array[...]) for group in GROUPS for name, array in f.get(group, {}).items()}


def load(path):
    """The model with the weights of a file: .safetensors or .npz of `cairn export`, or a checkpoint."""
    net, state = model(), read(path)
    _, surplus = net.load_state_dict(state, strict=False)
    shared = {w.data_ptr() for name, w in net.state_dict().items() if name in state}
    missing = [name for name, w in net.state_dict().items()
               if w.data_ptr() not in shared and not name.endswith(".num_batches_tracked")]
    if missing or surplus:
        raise ValueError(f"{path}: missing {missing}, surplus {surplus}")
    return net.eval()
