# SPDX-License-Identifier: BSD-3-Clause
"""The nets that compare.py compares: each a model, a loss and a small training set.  Dropout is off."""

import dataclasses
import typing

import numpy
import torch


@dataclasses.dataclass
class Batch:
    x: torch.Tensor
    y: torch.Tensor
    weight: torch.Tensor | None = None

    def double(self):
        return Batch(*(v.double() if v is not None and v.is_floating_point() else v for v in (self.x, self.y, self.weight)))


@dataclasses.dataclass
class Case:
    model: list
    data: typing.Callable  # (rng, n) -> arrays of a group
    loss: object = "cross_entropy"
    n: int = 48  # samples of the training set, and of the global batch
    micro: int = 20  # the last micro-batch is short
    context: int = 0  # of text: tokens of a sample ...
    vocabulary: int = 0  # ... which are below this
    free: bool = True  # compare 20 updates, too, ...
    rate: float = 1.0  # ... with so much of each learning rate

    def batch(self, group):
        arrays = {name: torch.from_numpy(array[...]) for name, array in group.items()}
        if not self.context:
            return Batch(arrays["x"], arrays["y"], arrays.get("weight"))
        return self.windows(arrays["tokens"].long(), arrays.get("weight"))

    def windows(self, tokens, weight):
        """Tokens [i C, i C + C) and the labels one further; where the last window ends early its labels weigh nothing."""
        n = -(-(len(tokens) - 1) // self.context)
        weight = torch.ones(len(tokens)) if weight is None else weight
        rows = [torch.zeros(n * self.context, dtype=kind) for kind in (torch.long, torch.long, torch.float32)]
        for row, values in zip(rows, (tokens[:-1], tokens[1:], weight[1:])):
            row[: len(values)] = values
        return Batch(*(row.reshape(n, self.context) for row in rows))


# ---- data


def normal(rng, n, shape):
    return rng.standard_normal([n, *shape]).astype("f4")


def labels(rng, n, n_classes):
    y = rng.integers(0, n_classes, n).astype("i4")
    y[:n_classes] = numpy.arange(n_classes)[:n]  # each class occurs
    return y


def classes(shape, n_classes):
    return lambda rng, n: {"x": normal(rng, n, shape), "y": labels(rng, n, n_classes)}


def some_ignored(shape, n_classes, ignored):
    def data(rng, n):
        y = labels(rng, n, n_classes)
        y[n_classes::5] = ignored
        return {"x": normal(rng, n, shape), "y": y, "weight": rng.uniform(0, 2, n).astype("f4")}

    return data


def targets(shape, n_targets):
    return lambda rng, n: {"x": normal(rng, n, shape), "y": normal(rng, n, [n_targets])}


def counts(shape, n_targets):
    return lambda rng, n: {"x": normal(rng, n, shape), "y": rng.poisson(2, [n, n_targets]).astype("f4")}


def probabilities(shape, n_classes):
    return lambda rng, n: {"x": normal(rng, n, shape), "y": rng.dirichlet([0.5] * n_classes, n).astype("f4")}


def yes_or_no(shape, n_targets):
    return lambda rng, n: {"x": normal(rng, n, shape), "y": rng.integers(0, 2, [n, n_targets]).astype("f4")}


def places(shape, n_classes, kind="i4", ignored=None, weighted=None):
    """A class at each place of x [C, ...]; weighted: "samples" or "places"."""

    def data(rng, n):
        y = rng.integers(0, n_classes, [n, *shape[1:]]).astype(kind)
        arrays = {"x": normal(rng, n, shape), "y": y}
        if ignored is not None:
            y[rng.uniform(size=y.shape) < 0.2] = ignored
        if weighted is not None:
            arrays["weight"] = rng.uniform(0, 2, y.shape if weighted == "places" else n).astype("f4")
        return arrays

    return data


def maps(shape, n_channels, kind="normal", weighted=False):
    """As many maps for targets: any numbers, yes or no, or shares of one."""

    def data(rng, n):
        wanted = [n, n_channels, *shape[1:]]
        y = {"normal": lambda: rng.standard_normal(wanted), "yes or no": lambda: rng.integers(0, 2, wanted),
             "shares": lambda: numpy.moveaxis(rng.dirichlet([0.5] * n_channels, [n, *shape[1:]]), -1, 1)}[kind]()
        arrays = {"x": normal(rng, n, shape), "y": y.astype("u1" if kind == "yes or no" else "f4")}
        if weighted:
            arrays["weight"] = rng.uniform(-1, 2, wanted).clip(0).astype("f4")
        return arrays

    return data


def tokens(context, vocabulary, weighted=False):
    """n windows, the last of them short."""

    def data(rng, n):
        t = (n - 1) * context + context // 2 + 1
        arrays = {"tokens": rng.integers(0, vocabulary, t).astype("u1")}
        if weighted:
            arrays["weight"] = (rng.uniform(0, 1, t) < 0.3).astype("u1")  # as answers among questions
        return arrays

    return data


# ---- models


def layer(kind, **keys):
    return {"type": kind, **keys}


def dense(units, **keys):
    return layer("dense", units=units, **keys)


def conv(channels, kernel, kind="conv2d", **keys):
    return layer(kind, channels=channels, kernel=kernel, **keys)


def conv1d(channels, kernel, **keys):
    return conv(channels, kernel, "conv1d", **keys)


def conv3d(channels, kernel, **keys):
    return conv(channels, kernel, "conv3d", **keys)


def conv_transpose(n_dims, channels, kernel, **keys):
    return conv(channels, kernel, f"conv_transpose{n_dims}d", **keys)


RELU, FLATTEN, NORM = layer("relu"), layer("flatten"), layer("batchnorm")
POOL = layer("maxpool2d", kernel=2)


def mlp(n_out):
    return [FLATTEN, dense(64), RELU, layer("dropout", p=0), dense(32, bias=False), layer("gelu"), dense(16), layer("tanh"),
            dense(16), layer("sigmoid"), dense(n_out, name="head")]


ACTIVATIONS = [FLATTEN, dense(32), layer("elu", alpha=0.7), layer("scale", factor=1.5), dense(24), layer("silu"), dense(24),
               layer("softplus", beta=2, threshold=1), dense(16), layer("leaky_relu", slope=0.2), dense(5)]


PATCHES = [conv(12, 2, stride=2), layer("reshape", to=[12, -1]), layer("transpose", dims=[1, 0]), layer("position"),
           layer("transformer_block", heads=3), layer("reshape", to=[3, 2, -1, 12]), layer("transpose", dims=[3, 1, 0, 2]),
           conv3d(4, [2, 2, 1]), layer("gelu"), FLATTEN, dense(5)]


FEW_NORMS = [conv(6, 3, bias=False), layer("instancenorm", affine=True), layer("gelu"), conv(5, 3), layer("instancenorm", eps=1e-3),
             layer("tanh"), layer("reshape", to=[5, -1]), layer("instancenorm"), conv1d(4, 3), layer("instancenorm", affine=True),
             FLATTEN, dense(20), layer("rmsnorm"), layer("silu"), layer("reshape", to=[4, 5]), layer("rmsnorm", eps=0.01), FLATTEN, dense(5)]


def small(n_out):
    return [dense(24), layer("tanh"), dense(n_out)]


MNIST_CNN = [conv(32, 5), RELU, POOL, conv(64, 5), RELU, POOL, FLATTEN, dense(10)]
MNIST_CNN_LARGE = [conv(32, 3), RELU, conv(64, 3), RELU, POOL, layer("dropout2d", p=0), FLATTEN, dense(128), RELU,
                   layer("dropout", p=0), dense(10)]
CONVOLUTIONS = [conv(8, 3, padding="same"), RELU, conv(12, [3, 2], stride=[1, 2], padding=[2, 1], groups=4, bias=False),
                layer("tanh"), layer("avgpool2d", kernel=3, stride=2, padding=1), conv(6, 2, stride=2), layer("gelu"),
                layer("maxpool2d", kernel=[2, 3], stride=1, padding=[0, 1]), layer("global_avgpool"), dense(5)]
DILATED = [conv(8, 3, padding="same", dilation=2), RELU, conv(6, [3, 2], stride=[1, 2], dilation=[2, 3], padding=[0, 3], groups=2),
           layer("tanh"), layer("global_avgpool"), dense(5)]
SIGNALS = [conv1d(8, 5, padding="same", bias=False), NORM, RELU, conv1d(12, 3, stride=2, padding=1, groups=4), layer("tanh"),
           layer("residual", body=[conv1d(12, 3, padding=2, dilation=2, stride=2, bias=False), layer("groupnorm", groups=3)], project=True),
           layer("maxpool", kernel=3, stride=1, padding=1), layer("avgpool", kernel=2), layer("global_avgpool"), dense(5)]
VOLUMES = [conv3d(6, 3, padding="same", bias=False), NORM, RELU, conv3d(8, [1, 3, 2], stride=[1, 2, 1], padding=[0, 1, 1], groups=2),
           layer("groupnorm", groups=4), layer("gelu"), layer("maxpool", kernel=2, stride=[1, 2, 2], padding=1),
           layer("residual", body=[conv3d(10, 3, padding=2, dilation=2, stride=2), layer("tanh")], project=True),
           layer("avgpool", kernel=[2, 1, 2], padding=[1, 0, 0]), FLATTEN, dense(5)]
UPWARDS = [conv3d(4, [2, 2, 1]), layer("upsample", factor=[2, 1, 3], mode="linear"), conv3d(3, 2), layer("upsample", factor=2),
           layer("reshape", to=[6, 6, -1]), layer("upsample", factor=[3, 2], mode="linear"), conv(4, 3), layer("gelu"),
           layer("upsample", factor=[1, 2]), layer("reshape", to=[8, -1]), layer("upsample", factor=4, mode="linear"), conv1d(2, 5, stride=3),
           layer("upsample", factor=3), layer("tanh"), layer("global_avgpool"), dense(5)]
TRANSPOSES = [conv_transpose(3, 4, 2, stride=[2, 1, 2], groups=2, output_padding=[1, 0, 1]), layer("gelu"),
              conv3d(8, 3, groups=4, padding="same", dilation=[2, 1, 2]), layer("tanh"), layer("reshape", to=[8, -1, 5]),
              conv_transpose(2, 6, [3, 2], stride=[1, 2], dilation=[3, 1], padding=[2, 1], output_padding=[2, 1], groups=2, bias=False),
              layer("tanh"), conv_transpose(2, 3, 3, stride=2, padding=1), layer("gelu"), conv(4, 5, stride=3), layer("reshape", to=[4, -1]),
              conv_transpose(1, 6, 4, stride=3, dilation=2, output_padding=2, groups=2), layer("gelu"), layer("global_avgpool"), dense(5)]
DILATED_POOLS = [layer("maxpool", kernel=3, stride=1, padding=[1, 0, 1], dilation=[2, 3, 1]), conv3d(4, 2), layer("tanh"),
                 layer("maxpool", kernel=[2, 1, 2], stride=1, dilation=[2, 1, 3]), layer("reshape", to=[4, -1]), conv1d(5, 3), layer("tanh"),
                 layer("maxpool", kernel=4, stride=3, padding=2, dilation=2), FLATTEN, dense(5)]
DENSE_NORMS = [FLATTEN, dense(20, bias=False), NORM, RELU, dense(12), layer("layernorm"), layer("gelu"), layer("groupnorm", groups=3), dense(5)]
NORMS = [conv(8, 3, bias=False), layer("groupnorm", groups=4), RELU, conv(6, 3, bias=False), NORM, RELU, FLATTEN, dense(20, bias=False), NORM,
         layer("tanh"), dense(12), layer("layernorm"), layer("gelu"), layer("groupnorm", groups=3), dense(5)]



def over_places(n_out, kind="conv2d"):
    return [conv(6, 3, kind, padding="same"), layer("tanh"), conv(n_out, 3, kind, padding="same")]


def block(channels, stride=1, **keys):
    return [layer("residual", body=[
        conv(channels, 3, stride=stride, padding=1, bias=False), NORM, RELU, conv(channels, 3, padding=1, bias=False), NORM], **keys), RELU]


RESNET = [conv(16, 3, padding=1, bias=False), NORM, RELU, *block(16), *block(32, 2, project=True), *block(64, 2, project=True),
          layer("global_avgpool"), dense(10)]
DENSE_RESIDUAL = [FLATTEN, dense(20), layer("residual", body=[dense(20), layer("tanh"), dense(20)], name="same"),
                  layer("residual", body=[RELU, layer("residual", body=[dense(20)]), dense(12)], project="auto"), dense(5)]
BRANCHES = [conv(4, 3, padding=1), layer("tanh"),
            layer("branches", of=[[], [layer("avgpool", kernel=2), conv(6, 3, padding="same"),
                                       layer("branches", of=[[], [layer("avgpool", kernel=2), conv(3, 1), layer("upsample", factor=2, mode="linear")]]),
                                       layer("gelu"), layer("upsample", factor=2)]]),
            layer("branches", join="sum", of=[[conv(5, 1)], [conv(5, 3, padding=1), layer("tanh")], [layer("batchnorm"), conv(5, 1, bias=False)]]),
            layer("branches", dim=2, of=[[conv(2, 1)], [conv(2, 3), layer("gelu"), conv(2, 1, padding=1)]]), FLATTEN, dense(5)]


def gpt(head):
    return [layer("embedding", units=32, name="words"), layer("position"), layer("transformer_block", heads=4),
            layer("transformer_block", heads=2, expansion=3), layer("layernorm"), head]


def both_ways(kind, units, **keys):
    return layer("bidirectional", of=layer(kind, units=units, **keys))


RECURRENT = [dense(6), layer("lstm", units=7), layer("gru", units=6, bias=False), layer("lstm", units=5, output="last"), dense(5)]
BOTH_WAYS = [both_ways("gru", 4), layer("tanh"), both_ways("lstm", 5), layer("layernorm"), both_ways("gru", 3, output="last", bias=False),
             dense(5)]


def llama(**keys):
    return layer("transformer_block", heads=2, norm="rms", mlp="swiglu", position="rotary", **keys)


def cosmoflow(channels, p):
    blocks = [[conv3d(channels << i, 3, padding="same"), layer("leaky_relu", slope=0.3), layer("maxpool", kernel=2)] for i in range(5)]
    rows = [[dense(units), layer("leaky_relu", slope=0.3), layer("dropout", p=p)] for units in (128, 64)]
    return [*sum(blocks, []), FLATTEN, *sum(rows, []), dense(4), layer("tanh"), layer("scale", factor=1.2)]


VIT = [conv(64, 7, stride=4, padding=2), layer("reshape", to=[64, -1]), layer("transpose", dims=[1, 0]), layer("position"),
       *[layer("transformer_block", heads=4, expansion=2)] * 3, layer("layernorm"), layer("transpose", dims=[1, 0]), layer("global_avgpool"),
       dense(10)]


def columns(rng, n):
    """Storms are rare and strong."""
    return {"x": normal(rng, n, [6, 20]), "y": rng.standard_t(3, [n, 2, 20]).astype("f4")}


def pictures(rng, n):
    """Targets are the inputs."""
    x = (rng.integers(0, 17, [n, 1, 8, 8]) / 16).astype("f4")
    return {"x": x, "y": x}


COLUMN = [FLATTEN, dense(256), layer("silu"), dense(256), layer("silu"), dense(40), layer("reshape", to=[2, 20])]
AUTOENCODER = [conv(16, 3, stride=2, padding=1), layer("gelu"), conv(32, 3, stride=2, padding=1), layer("gelu"), FLATTEN,
               dense(8, name="code"), dense(128), layer("gelu"), layer("reshape", to=[32, 2, 2]),
               conv_transpose(2, 16, 4, stride=2, padding=1), layer("gelu"), conv_transpose(2, 1, 4, stride=2, padding=1)]


def unet(n_dims, norm, n_first):
    """Three levels of 8, 16 and 32 channels, for 3 classes; n_first convolutions on the way down at the top."""
    def rows(channels, n=1):
        return [conv(channels, 3, f"conv{n_dims}d", padding="same", bias=False), norm, RELU] * n

    def below(channels, top, *inner):
        return [layer("maxpool", kernel=2), *rows(channels, 2), *inner, conv_transpose(n_dims, top, 2, stride=2)]

    middle = below(16, 8, layer("branches", of=[[], below(32, 16)]), *rows(16))
    return [*rows(8, n_first), layer("branches", of=[[], middle]), *rows(8), conv(3, 1, f"conv{n_dims}d")]


def smooth(layers):
    """Without kinks.  Among thousands of relus and pools a last bit throws one over now and then, the gradient jumps, and after
    20 updates PyTorch in float32 is far from itself in double as well (--own).  So are nets whose rates are too high."""
    twins = {"relu": "gelu", "leaky_relu": "gelu", "maxpool": "avgpool", "maxpool2d": "avgpool2d"}
    return [{**{k: v for k, v in keys.items() if k != "slope"}, "type": twins.get(keys["type"], keys["type"]),
             **({"body": smooth(keys["body"])} if "body" in keys else {}),
             **({"of": [smooth(part) for part in keys["of"]]} if "of" in keys else {})} for keys in layers]


IMAGES = {
    "mnist-cnn": Case(MNIST_CNN, classes([1, 28, 28], 10), n=24, micro=10),
    "mnist-cnn-large": Case(MNIST_CNN_LARGE, classes([1, 28, 28], 10), n=12, micro=7),
    "convolutions": Case(CONVOLUTIONS, classes([3, 11, 10], 5)),
    "dilated": Case(DILATED, classes([4, 11, 10], 5)),
    "signals": Case(SIGNALS, classes([3, 41], 5), micro=48),
    "volumes": Case(VOLUMES, classes([2, 5, 8, 7], 5), micro=48),
    "norms": Case(NORMS, classes([3, 8, 8], 5), micro=48),
    "resnet-8": Case(RESNET, classes([1, 8, 8], 10), micro=48),
    "cosmoflow-mini": Case(cosmoflow(8, 0), targets([4, 32, 32, 32], 4), loss="squared_error", n=3, micro=2),
    "unet2d-cells": Case(unet(2, NORM, 2), places([1, 32, 32], 3, "u1"), n=6, micro=6, loss={
        "type": "cross_entropy", "class_weights": [0.5, 1, 1.5]}),
    "unet3d-blobs": Case(unet(3, layer("instancenorm", affine=True), 1), places([1, 16, 16, 16], 3, "u1"), n=3, micro=2,
                         loss="dice"),
    "cosmoflow": Case(cosmoflow(32, 0), targets([4, 32, 32, 32], 4), loss="squared_error", n=3, micro=2),
}

PLACES = {
    "pixels": Case(over_places(4), places([2, 6, 5], 4), loss="cross_entropy"),
    "pixels, ignored": Case(over_places(4), places([2, 6, 5], 4, "u1", 255), loss={
        "type": "cross_entropy", "class_weights": [1, 0.2, 3, 0.5], "ignore_index": 255}),
    "pixels, smoothing, weights": Case(over_places(3), places([2, 6, 5], 3, "i8", -100, "places"), loss={
        "type": "cross_entropy", "class_weights": [1, 2, 3], "label_smoothing": 0.1}),
    "pixels, weights of samples": Case(over_places(3), places([2, 6, 5], 3, weighted="samples")),
    "pixels, shares": Case(over_places(3), maps([2, 6, 5], 3, "shares"), loss="cross_entropy"),
    "pixels, kl divergence": Case(over_places(3), maps([2, 6, 5], 3, "shares"), loss="kl_divergence"),
    "signal, places": Case(over_places(3, "conv1d"), places([2, 11], 3)),
    "signal, classes last": Case([layer("transpose", dims=[1, 0]), dense(6), layer("tanh"), dense(3)], places([2, 11], 3)),
    "voxels": Case(over_places(3, "conv3d"), places([1, 3, 4, 5], 3, "u1")),
    "voxels, dice": Case(over_places(1, "conv3d"), maps([1, 3, 4, 5], 1, "yes or no"), loss="dice"),
    "dice of labels": Case(over_places(4), places([2, 6, 5], 4, "u1", 255, "samples"), loss={
        "type": "dice", "smooth": 1, "include_background": False, "ignore_index": 255}),
    "dice, weights": Case(over_places(3), maps([2, 6, 5], 3, "yes or no", True), loss={"type": "dice", "smooth": 0.1}),
    "masks": Case(over_places(3), maps([2, 6, 5], 3, "yes or no"), loss={
        "type": "binary_cross_entropy", "pos_weight": [1, 2, 0.5], "reduce": "mean"}),
    "masks, weights": Case(over_places(3), maps([2, 6, 5], 3, "yes or no", True), loss="binary_cross_entropy"),
    "maps": Case(over_places(3), maps([2, 6, 5], 3), loss={"type": "squared_error", "reduce": "mean"}),
    "maps, weights": Case(over_places(3), maps([2, 6, 5], 3, weighted=True), loss={"type": "huber", "reduce": "mean"}),
}

CASES = {
    **PLACES,
    "mlp": Case(mlp(10), classes([1, 8, 8], 10)),
    "activations": Case(ACTIVATIONS, classes([3, 4, 4], 5), free=False),  # leaky_relu and this softplus have kinks
    "patches": Case(PATCHES, classes([3, 4, 6], 5)),
    "upwards": Case(UPWARDS, classes([2, 3, 4, 5], 5)),
    "transposes": Case(TRANSPOSES, classes([2, 3, 4, 3], 5)),
    "dilated pools": Case(DILATED_POOLS, classes([2, 7, 8, 9], 5), free=False),
    "few norms": Case(FEW_NORMS, classes([3, 8, 8], 5)),
    "mlp, squared error": Case(mlp(3), targets([5], 3), loss="squared_error"),
    "absolute error": Case(mlp(3), targets([5], 3), loss="absolute_error"),
    "huber": Case(mlp(3), targets([5], 3), loss={"type": "huber", "delta": 0.5}),
    "poisson": Case(small(3), counts([5], 3), loss={"type": "poisson", "full": True}),
    "kl divergence": Case(small(3), probabilities([5], 3), loss="kl_divergence"),
    "binary cross-entropy": Case(small(3), yes_or_no([5], 3), loss={"type": "binary_cross_entropy", "pos_weight": [1, 2, 0.5]}),
    "smoothing, class weights": Case(small(4), classes([5], 4), loss={
        "type": "cross_entropy", "label_smoothing": 0.1, "class_weights": [1, 0.2, 3, 0.5]}),
    "ignored labels, weights": Case(small(4), some_ignored([5], 4, -1), loss={
        "type": "cross_entropy", "label_smoothing": 0.2, "class_weights": [1, 2, 0.5, 1], "ignore_index": -1}),
    "dense norms": Case(DENSE_NORMS, classes([3, 4, 4], 5), micro=48),
    "dense residual": Case(DENSE_RESIDUAL, classes([3, 4, 4], 5)),
    "branches": Case(BRANCHES, classes([3, 8, 8], 5), micro=48),
    **{name: dataclasses.replace(case, free=False) for name, case in IMAGES.items()},
    **{name + ", smooth": dataclasses.replace(IMAGES[name], model=smooth(IMAGES[name].model), rate=rate)
       for name, rate in {"mnist-cnn": 0.5, "convolutions": 1.0, "dilated": 1.0, "signals": 1.0, "volumes": 1.0, "norms": 0.1,
                          "resnet-8": 1.0, "cosmoflow-mini": 1.0, "unet2d-cells": 0.1, "unet3d-blobs": 0.1}.items()},
    "attention": Case([layer("embedding", units=16), layer("position"), layer("attention", heads=4, causal=False),
                       layer("layernorm"), dense(23)], tokens(12, 23), n=10, micro=4, context=12, vocabulary=23),
    "recurrent": Case(RECURRENT, classes([9, 4], 5)),
    "both ways": Case(BOTH_WAYS, classes([9, 4], 5)),
    "lstm-series": Case([layer("lstm", units=32, output="last"), dense(1)], targets([24, 1], 1), loss="squared_error", n=64, micro=32),
    "climate-column": Case(COLUMN, columns, loss={"type": "huber", "delta": 1, "reduce": "mean"}),
    "autoencoder-digits": Case(AUTOENCODER, pictures, loss={"type": "squared_error", "reduce": "mean"}),
    "vit-mnist": Case(VIT, classes([1, 28, 28], 10), n=24, micro=10),
    "gru, tokens": Case([layer("embedding", units=12), layer("gru", units=16), dense(23)], tokens(20, 23), n=10, micro=4, context=20,
                        vocabulary=23),
    "rotary": Case([layer("attention", heads=3, position="rotary"), dense(10), layer("glu"), FLATTEN, dense(5)], classes([7, 12], 5)),
    "llama": Case([layer("embedding", units=16), llama(), llama(expansion=2, norm_first=False), layer("rmsnorm"), dense(23)],
                  tokens(30, 23), n=10, micro=4, context=30, vocabulary=23),
    "norms last": Case([dense(12), layer("transformer_block", heads=3, norm_first=False), FLATTEN, dense(5)], classes([7, 6], 5)),
    "gpt": Case(gpt(dense(65)), tokens(70, 65), n=6, micro=4, context=70, vocabulary=65),
    "gpt, tied": Case(gpt(dense(65, tie="words", bias=False)), tokens(16, 65, weighted=True), n=10, micro=4, context=16,
                      vocabulary=65, loss={"type": "cross_entropy", "label_smoothing": 0.1}),
}
