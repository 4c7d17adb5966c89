# SPDX-License-Identifier: BSD-3-Clause
"""Layers over [T, D] in PyTorch, for nets.py: recurrent ones, attention and the transformer block with its variants."""

import torch
from torch import nn
from torch.nn import functional


def recurrent(kind):
    """nn.LSTM or nn.GRU whose output is all steps, or the last of each way."""

    class Recurrent(kind):
        def __init__(self, keys, shape, both=False):
            super().__init__(shape[-1], keys["units"], bias=keys.get("bias", True), batch_first=True, bidirectional=both)
            self.last = keys.get("output") == "last"

        def forward(self, x):
            y, state = super().forward(x)
            h = state[0] if isinstance(state, tuple) else state
            return h.transpose(0, 1).flatten(1) if self.last else y

    return Recurrent


LSTM, GRU = recurrent(nn.LSTM), recurrent(nn.GRU)


def bidirectional(keys, shape):
    of = keys["of"]
    return {"lstm": LSTM, "gru": GRU}[of["type"]](of, shape, both=True)


def glu(keys, shape):
    return nn.GLU(-1) if keys.get("gate", "sigmoid") == "sigmoid" else GatedBySilu()


class GatedBySilu(nn.Module):
    def forward(self, x):
        a, b = x.chunk(2, -1)
        return a * functional.silu(b)


def mask(keys, shape):
    """Of what lies ahead; None where all is seen."""
    causal = keys.get("causal", "auto")
    causal = keys["vocabulary"] > 0 if causal == "auto" else causal
    return torch.ones([shape[0]] * 2, dtype=torch.bool).triu(1) if causal else None


def rotate_half(x):
    """As transformers.models.llama has it."""
    a, b = x.chunk(2, -1)
    return torch.cat([-b, a], -1)


def rotary(x):
    """x [n, heads, T, width], turned as by apply_rotary_pos_emb() there, with base 10000."""
    T, width = x.shape[-2:]
    frequency = 1 / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.outer(torch.arange(T, dtype=torch.float64), frequency).repeat(1, 2)
    return x * angle.cos().to(x.dtype) + rotate_half(x) * angle.sin().to(x.dtype)


class Attention(nn.MultiheadAttention):
    """Of x by itself."""

    def __init__(self, keys, shape):
        super().__init__(shape[-1], keys["heads"], batch_first=True)
        self.mask = mask(keys, shape)
        self.turns = keys.get("position") == "rotary"

    def forward(self, x):
        return self.turned(x) if self.turns else super().forward(x, x, x, attn_mask=self.mask, need_weights=False)[0]

    def turned(self, x):
        n, T, D = x.shape
        q, k, v = functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        q, k, v = (a.reshape(n, T, self.num_heads, -1).transpose(1, 2) for a in (q, k, v))
        seen = None if self.mask is None else ~self.mask
        o = functional.scaled_dot_product_attention(rotary(q), rotary(k), v, attn_mask=seen)
        return self.out_proj(o.transpose(1, 2).reshape(n, T, D))


class Block(nn.TransformerEncoderLayer):
    """With the parts of PyTorch."""

    def __init__(self, keys, shape):
        width = shape[-1]
        super().__init__(width, keys["heads"], width * keys.get("expansion", 4), float(keys.get("dropout", 0)), "gelu",
                         batch_first=True, norm_first=keys.get("norm_first", True))
        self.mask = mask(keys, shape)

    def forward(self, x):
        return super().forward(x, src_mask=self.mask)


class OtherBlock(nn.Module):
    """Of parts that nn.TransformerEncoderLayer has not, under its names."""

    def __init__(self, keys, shape):
        super().__init__()
        D = shape[-1]
        inner = D * keys.get("expansion", 4)
        gated = keys.get("mlp") == "swiglu"
        self.norm_first = keys.get("norm_first", True)
        self.self_attn = Attention(keys, shape)
        self.norm1, self.norm2 = (self.norm(keys, D) for _ in range(2))
        self.linear1 = nn.Linear(D, 2 * inner if gated else inner)
        self.between = GatedBySilu() if gated else nn.GELU()
        self.linear2 = nn.Linear(inner, D)

    @staticmethod
    def norm(keys, D):
        return nn.RMSNorm(D, eps=torch.finfo(torch.float32).eps) if keys.get("norm") == "rms" else nn.LayerNorm(D)

    def added(self, x, norm, part):
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))

    def forward(self, x):
        x = self.added(x, self.norm1, self.self_attn)
        return self.added(x, self.norm2, lambda z: self.linear2(self.between(self.linear1(z))))


def block(keys, shape):
    usual = all(keys.get(key, default) == default for key, default in (("norm", "layer"), ("mlp", "gelu"), ("position", "none")))
    return (Block if usual else OtherBlock)(keys, shape)


MAKERS = {
    "lstm": LSTM,
    "gru": GRU,
    "bidirectional": bidirectional,
    "glu": glu,
    "attention": Attention,
    "transformer_block": block,
}
