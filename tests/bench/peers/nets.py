# SPDX-License-Identifier: BSD-3-Clause
"""The model, loss and optimizer of a run file, in PyTorch: for compare.py.  Names of tensors are those of a checkpoint."""

import copy

import torch
from torch import nn
from torch.nn import functional

import sequences


class Layers(nn.Sequential):
    """A list of layers; `name` replaces the index."""

    def __init__(self, layers, shape, vocabulary=0):
        super().__init__()
        for index, keys in enumerate(layers):
            keys = {"vocabulary": vocabulary, **keys}
            name = str(keys.pop("name", index))
            if keys.get("tie", "") != "":
                keys = {"type": "tied", "other": self.get_submodule(str(keys["tie"])), **{k: v for k, v in keys.items() if k != "type"}}
            layer, shape = make(keys.pop("type"), keys, list(shape))
            self.add_module(name, layer)
        self.shape = list(shape)


def output_shape(layer, shape):
    """Of one sample, found by running the layer in a copy of its state."""
    training = layer.training
    with torch.no_grad():
        x = torch.zeros([1, *shape])
        out = layer.eval()(x.long() if isinstance(layer, nn.Embedding) else x)
    layer.train(training)
    return list(out.shape[1:])


def sizes(value, n):
    return tuple(value) if isinstance(value, list) else (int(value),) * n


def over(kind, shape):
    """Of PyTorch's classes the one over as many dimensions as a sample has besides its channels: Conv1d, Conv2d, Conv3d."""
    return getattr(nn, f"{kind}{len(shape) - 1}d")


def conv(keys, shape):
    n = len(shape) - 1
    padding = keys.get("padding") or 0
    padding = padding if isinstance(padding, str) else sizes(padding, n)
    return over("Conv", shape)(
        shape[0], keys["channels"], sizes(keys["kernel"], n), sizes(keys.get("stride") or 1, n), padding,
        dilation=sizes(keys.get("dilation") or 1, n), groups=keys.get("groups", 1), bias=keys.get("bias", True))


def conv_transpose(keys, shape):
    n = len(shape) - 1
    named = {"output_padding": sizes(keys.get("output_padding") or 0, n), "dilation": sizes(keys.get("dilation") or 1, n)}
    return over("ConvTranspose", shape)(
        shape[0], keys["channels"], sizes(keys["kernel"], n), sizes(keys.get("stride") or 1, n), sizes(keys.get("padding") or 0, n),
        groups=keys.get("groups", 1), bias=keys.get("bias", True), **named)


def pool(kind):
    def make(keys, shape):
        of = [keys["kernel"], keys.get("stride") or keys["kernel"], keys.get("padding") or 0]
        of += [keys["dilation"]] if keys.get("dilation") else []
        return over(kind, shape)(*(sizes(value, len(shape) - 1) for value in of))

    return make


def upsample(keys, shape):
    n = len(shape) - 1
    mode = ("linear", "bilinear", "trilinear")[n - 1] if keys.get("mode") == "linear" else "nearest"
    return nn.Upsample(scale_factor=sizes(keys["factor"], n), mode=mode)


def batchnorm(keys, shape):
    kind = nn.BatchNorm1d if len(shape) == 1 else over("BatchNorm", shape)
    return kind(shape[0], eps=float(keys.get("eps", 1e-5)), momentum=float(keys.get("momentum", 0.1)))


def instancenorm(keys, shape):
    return over("InstanceNorm", shape)(shape[0], eps=float(keys.get("eps", 1e-5)), affine=keys.get("affine", False))


class Position(nn.Module):
    """A learned row for each position."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))

    def forward(self, x):
        return x + self.weight


class Changed(nn.Module):
    """A function without weights."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, x):
        return self.change(x)


class Tied(nn.Module):
    """A dense layer with the weight of another layer, which alone has it in its state."""

    def __init__(self, other, keys):
        super().__init__()
        self.other = [other]
        if keys.get("bias", True):
            self.bias = nn.Parameter(torch.zeros(keys["units"]))

    def forward(self, x):
        return functional.linear(x, self.other[0].weight, getattr(self, "bias", None))

    def __deepcopy__(self, memo):
        """As usual, and to the copy of the other."""
        twin = Tied(copy.deepcopy(self.other[0], memo), {"bias": False})
        if hasattr(self, "bias"):
            twin.bias = copy.deepcopy(self.bias, memo)
        return twin


class Residual(nn.Module):
    """body(x) + x, or + project(x)."""

    def __init__(self, keys, shape):
        super().__init__()
        self.body = Layers(keys["body"], shape, keys["vocabulary"])
        project = keys.get("project") or "none"
        if project == "auto":
            project = self.body.shape != shape or "none"
        if project is True:
            project = self.usual(shape)
        self.project = None if project == "none" else Layers(project, shape, keys["vocabulary"])

    def usual(self, shape):
        """As torchvision's ResNets."""
        out = self.body.shape
        rows = any(isinstance(layer, nn.Conv1d) for layer in self.body.modules())
        if len(shape) < (2 if rows else 3):
            return [{"type": "dense", "units": out[-1], "bias": False}]
        stride = [-(-a // b) for a, b in zip(shape[1:], out[1:])]
        return [{"type": f"conv{len(stride)}d", "channels": out[0], "kernel": 1, "stride": stride, "bias": False}, {"type": "batchnorm"}]

    def forward(self, x):
        return self.body(x) + (x if self.project is None else self.project(x))


class Branches(nn.ModuleList):
    """Lists side by side."""

    def __init__(self, keys, shape):
        super().__init__(Layers(layers, shape, keys["vocabulary"]) for layers in keys["of"])
        self.dim = None if keys.get("join") == "sum" else keys.get("dim", 0) + 1

    def forward(self, x):
        outputs = [branch(x) for branch in self]
        return sum(outputs) if self.dim is None else torch.cat(outputs, self.dim)


MAKERS = {
    "flatten": lambda keys, shape: nn.Flatten(),
    "reshape": lambda keys, shape: Changed(lambda x: x.reshape(len(x), *keys["to"])),
    "transpose": lambda keys, shape: Changed(lambda x: x.permute(0, *(d + 1 for d in keys["dims"]))),
    "dense": lambda keys, shape: nn.Linear(shape[-1], keys["units"], bias=keys.get("bias", True)),
    "relu": lambda keys, shape: nn.ReLU(),
    "tanh": lambda keys, shape: nn.Tanh(),
    "sigmoid": lambda keys, shape: nn.Sigmoid(),
    "gelu": lambda keys, shape: nn.GELU(),
    "leaky_relu": lambda keys, shape: nn.LeakyReLU(float(keys.get("slope", 0.01))),
    "elu": lambda keys, shape: nn.ELU(float(keys.get("alpha", 1))),
    "silu": lambda keys, shape: nn.SiLU(),
    "softplus": lambda keys, shape: nn.Softplus(float(keys.get("beta", 1)), float(keys.get("threshold", 20))),
    "scale": lambda keys, shape: Changed(lambda x: x * float(keys["factor"])),
    "dropout": lambda keys, shape: nn.Dropout(float(keys["p"])),
    "dropout2d": lambda keys, shape: nn.Dropout2d(float(keys["p"])),
    "conv1d": conv,
    "conv2d": conv,
    "conv3d": conv,
    "conv_transpose1d": conv_transpose,
    "conv_transpose2d": conv_transpose,
    "conv_transpose3d": conv_transpose,
    "maxpool": pool("MaxPool"),
    "maxpool2d": pool("MaxPool"),
    "avgpool": pool("AvgPool"),
    "avgpool2d": pool("AvgPool"),
    "global_avgpool": lambda keys, shape: nn.Sequential(over("AdaptiveAvgPool", shape)(1), nn.Flatten()),
    "upsample": upsample,
    "batchnorm": batchnorm,
    "layernorm": lambda keys, shape: nn.LayerNorm(shape[-1], eps=float(keys.get("eps", 1e-5))),
    "groupnorm": lambda keys, shape: nn.GroupNorm(keys["groups"], shape[0], eps=float(keys.get("eps", 1e-5))),
    "instancenorm": instancenorm,
    "rmsnorm": lambda keys, shape: nn.RMSNorm(shape[-1], eps=float(keys.get("eps", torch.finfo(torch.float32).eps))),
    "embedding": lambda keys, shape: nn.Embedding(keys["vocabulary"], keys["units"]),
    "position": lambda keys, shape: Position(shape),
    **sequences.MAKERS,
    "tied": lambda keys, shape: Tied(keys["other"], keys),
    "residual": Residual,
    "branches": Branches,
    "softmax": lambda keys, shape: nn.Softmax(-1),
}


def make(kind, keys, shape):
    """A layer for inputs of one sample of this shape, and the shape of its output."""
    layer = MAKERS[kind](keys, shape)
    return layer, output_shape(layer, shape)


def loss_function(keys, n_classes):
    """Of outputs, targets and weights (None: 1 each): the sum over the batch, divided by its weight W."""
    keys = {"type": keys} if isinstance(keys, str) else dict(keys)
    return {
        "squared_error": squared_error,
        "absolute_error": absolute_error,
        "huber": huber,
        "poisson": poisson,
        "kl_divergence": kl_divergence,
        "binary_cross_entropy": binary_cross_entropy,
        "cross_entropy": cross_entropy,
        "dice": dice,
    }[keys.pop("type")](keys, n_classes)


def of_samples(values, weights):
    """The mean of a loss for each sample."""
    return values.mean() if weights is None else (values * weights).sum() / weights.sum()


def of_outputs(values, weights, keys):
    """The mean over samples of a loss for each output, which may have a weight of its own."""
    values = values.flatten(1)
    part = 1 / values.shape[1] if keys.get("reduce") == "mean" else 1
    if weights is None or weights.ndim == 1:
        return of_samples(values.sum(1) * part, weights)
    weights = weights.flatten(1)
    return (values * weights).sum() * part / weights.mean(1).sum()


def squared_error(keys, n_classes):
    return lambda out, y, w: of_outputs(0.5 * (out - y.reshape(out.shape)).square(), w, keys)


def absolute_error(keys, n_classes):
    return lambda out, y, w: of_outputs(functional.l1_loss(out, y.reshape(out.shape), reduction="none"), w, keys)


def huber(keys, n_classes):
    delta = float(keys.get("delta") or 1)
    return lambda out, y, w: of_outputs(functional.huber_loss(out, y.reshape(out.shape), reduction="none", delta=delta), w, keys)


def poisson(keys, n_classes):
    log_input, full = (keys.get(name, default) in (True, "true") for name, default in (("log_input", True), ("full", False)))
    eps = float(keys.get("eps") or 1e-8)
    return lambda out, y, w: of_outputs(functional.poisson_nll_loss(
        out, y.reshape(out.shape), log_input=log_input, full=full, eps=eps, reduction="none"), w, keys)


def kl_divergence(keys, n_classes):
    return lambda out, y, w: of_samples(
        functional.kl_div(functional.log_softmax(out, 1), y, reduction="none").flatten(1).sum(1), w)


def binary_cross_entropy(keys, n_classes):
    def loss(out, y, w):
        positive = keys.get("pos_weight")
        if positive is not None:
            positive = torch.tensor(positive, dtype=out.dtype).reshape(-1, *[1] * (out.ndim - 2))
        values = functional.binary_cross_entropy_with_logits(
            out, y.reshape(out.shape).to(out.dtype), pos_weight=positive, reduction="none")
        return of_outputs(values, w, keys)

    return loss


def dice(keys, n_classes):
    """Of labels [n, ...] or masks [n, C, ...]; as MONAI's DiceLoss, softmax or sigmoid."""
    smooth, ignored = float(keys.get("smooth") or 1e-5), int(keys.get("ignore_index") or -100)
    first = 0 if keys.get("include_background", True) in (True, "true") else 1

    def loss(out, y, w):
        part = torch.ones_like(out)
        if y.numel() < out.numel():
            part = (y != ignored).unsqueeze(1).to(out.dtype).expand(out.shape)
            y = functional.one_hot(y.long().clamp(0, out.shape[1] - 1), out.shape[1]).movedim(-1, 1)
            p = out.softmax(1)
        else:
            y, p = y.reshape(out.shape), out.sigmoid()
        if w is not None and w.ndim > 1:
            part = part * w.reshape(len(w), -1, *out.shape[2:])
            w = None
        p, y, part = (v.to(out.dtype).flatten(2)[:, first:] for v in (p, y, part))
        overlap = (2 * (part * p * y).sum(2) + smooth) / ((part * (p + y)).sum(2) + smooth)
        return of_samples((1 - overlap).mean(1), w)

    return loss


def cross_entropy(keys, n_classes):
    ignored = int(keys.get("ignore_index") or -100)

    def loss(out, y, w):
        images = out.ndim > 2 and out.shape[2:] == y.shape[1:]  # classes first; those of tokens are last
        k = out.shape[1] if images or out.shape == y.shape else n_classes
        v = torch.tensor([float(v) for v in keys.get("class_weights") or [1] * k], dtype=out.dtype)
        settings = {"weight": v, "ignore_index": ignored, "label_smoothing": float(keys.get("label_smoothing") or 0)}
        if y.dtype.is_floating_point and y.shape == out.shape:
            return functional.cross_entropy(out, y, **settings)
        if w is None and images:
            return functional.cross_entropy(out, y.long(), **settings)
        out = out.movedim(1, -1) if images else out
        if w is not None and w.ndim < y.ndim:
            w = w.reshape(-1, *[1] * (y.ndim - 1)).expand(y.shape)
        out, y = out.reshape(-1, k), y.reshape(-1).long()
        if w is None:
            return functional.cross_entropy(out, y, **settings)
        w = w.reshape(-1) * (y != ignored)
        values = functional.cross_entropy(out, y, reduction="none", **settings)
        return (values * w).sum() / (w * v[torch.where(y == ignored, 0, y)]).sum()

    return loss


class Trusting(torch.optim.Optimizer):
    """LARS and LAMB as their papers write them, plainly, tensor by tensor."""

    def __init__(self, parameters, **keys):
        super().__init__(parameters, keys)
        self.count = 0

    @staticmethod
    def ratio(a, b, numerator, denominator, group):
        """numerator / denominator, 1 where a or b is zero or nobody trusts this tensor."""
        return numerator / denominator if group.get("trust", True) and a > 0 and b > 0 else 1.0

    @torch.no_grad()
    def step(self):
        self.count += 1
        for group in self.param_groups:
            for w in group["params"]:
                self.change(w, w.grad, self.state[w], group)


class Lars(Trusting):
    def change(self, w, g, state, group):
        decay = group["weight_decay"]
        w_norm, g_norm = w.norm(), g.norm()
        below = g_norm + decay * w_norm + group["eps"]
        rate = group["lr"] * self.ratio(w_norm, g_norm, group["trust_coefficient"] * w_norm, below, group)
        v = state.setdefault("v", torch.zeros_like(w))
        v.mul_(group["momentum"]).add_(rate * (g + decay * w))
        w.sub_(v)


class Lamb(Trusting):
    def change(self, w, g, state, group):
        beta1, beta2 = group["betas"]
        m = state.setdefault("m", torch.zeros_like(w))
        v = state.setdefault("v", torch.zeros_like(w))
        m.mul_(beta1).add_((1 - beta1) * g)
        v.mul_(beta2).add_((1 - beta2) * g * g)
        corrects = group["bias_correction"]
        m_hat = m / (1 - beta1**self.count) if corrects else m
        v_hat = v / (1 - beta2**self.count) if corrects else v
        u = m_hat / (v_hat.sqrt() + group["eps"]) + group["weight_decay"] * w
        w.sub_(group["lr"] * self.ratio(w.norm(), u.norm(), w.norm(), u.norm(), group) * u)


def optimizer(net, keys):
    """From the section `optim` of a run file; exclude_1d as there: no decay and no trust for tensors of one dimension."""
    excluded = {"params": [w for w in net.parameters() if w.ndim == 1], "weight_decay": 0.0, "trust": False}
    alike = {"params": [w for w in net.parameters() if w.ndim > 1]}
    groups = [g for g in (alike, excluded) if g["params"]] if keys.get("exclude_1d", True) else [{"params": list(net.parameters())}]
    common = {"lr": float(keys["lr"]), "weight_decay": float(keys.get("weight_decay", 0))}
    betas = (float(keys.get("beta1", 0.9)), float(keys.get("beta2", 0.999)))
    momentum, eps = float(keys.get("momentum", 0)), float(keys.get("eps", 1e-8))
    kinds = {
        "sgd": lambda: torch.optim.SGD(groups, momentum=momentum, dampening=float(keys.get("dampening", 0)),
                                       nesterov=keys.get("nesterov", False), **common),
        "adam": lambda: torch.optim.Adam(groups, betas=betas, eps=eps, **common),
        "adamw": lambda: torch.optim.AdamW(groups, betas=betas, eps=eps, **common),
        "rmsprop": lambda: torch.optim.RMSprop(groups, alpha=float(keys.get("alpha", 0.99)), eps=eps, momentum=momentum,
                                               centered=keys.get("centered", False), **common),
        "lars": lambda: Lars(groups, momentum=momentum, eps=eps, trust_coefficient=float(keys.get("trust_coefficient", 1e-3)), **common),
        "lamb": lambda: Lamb(groups, betas=betas, eps=eps, bias_correction=keys.get("bias_correction", True), **common),
    }
    return kinds[keys["name"]]()
