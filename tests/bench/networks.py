"""The networks of the benchmarks, described once: every side builds the same layers and takes the same weights.

A description is a list of nodes; node 0 is the input. Sizes are those of visml: images [H, W, C], padding "same" as in Keras (the odd
zero at the bottom and right), kernels [kh, kw, c / groups, f].
"""
import math
import zlib

import numpy as np

BN_EPSILON = 1e-3


class Net:
    """A network under construction; the methods add a node and return its number."""

    def __init__(self, name, input_shape):
        self.name, self.input_shape = name, tuple(input_shape)
        self.nodes = [{"op": "input", "name": "input", "inputs": [], "shape": self.input_shape}]

    def _add(self, op, shape, inputs=None, **attributes):
        number = len(self.nodes)
        inputs = [number - 1] if inputs is None else inputs
        self.nodes.append({"op": op, "name": f"{op}{number}", "inputs": inputs, "shape": tuple(shape), **attributes})
        return number

    def _source(self, x):
        x = len(self.nodes) - 1 if x is None else x
        return x, self.nodes[x]["shape"]

    def conv(self, filters, kernel, strides=1, padding="same", groups=1, activation="linear", bias=True, x=None):
        x, (h, w, c) = self._source(x)
        filters = c if filters is None else filters
        oh, ow = (window(size, kernel, strides, padding)[0] for size in (h, w))
        return self._add("conv", (oh, ow, filters), [x], filters=filters, kernel=kernel, strides=strides, padding=padding, groups=groups,
                         activation=activation, bias=bias, kernel_shape=(kernel, kernel, c // groups, filters),
                         pads=[window(size, kernel, strides, padding)[1:] for size in (h, w)])

    def bn(self, x=None, gamma=1.0):
        x, shape = self._source(x)
        return self._add("bn", shape, [x], gamma=gamma)

    def relu(self, x=None):
        x, shape = self._source(x)
        return self._add("relu", shape, [x])

    def add(self, a, b):
        return self._add("add", self.nodes[a]["shape"], [a, b])

    def maxpool(self, size=2, strides=None, padding="valid"):
        x, (h, w, c) = self._source(None)
        strides = strides or size
        rows, cols = (window(n, size, strides, padding) for n in (h, w))
        return self._add("maxpool", (rows[0], cols[0], c), [x], size=size, strides=strides, padding=padding, pads=[rows[1:], cols[1:]])

    def gap(self):
        return self._add("gap", self._source(None)[1][-1:])

    def flatten(self):
        shape = self._source(None)[1]
        return self._add("flatten", (math.prod(shape),), from_shape=shape)

    def dropout(self, rate):
        return self._add("dropout", self._source(None)[1], rate=rate)

    def lstm(self, units):
        steps, features = self._source(None)[1]
        return self._add("lstm", (units,), units=units, steps=steps, features=features)

    def dense(self, units, activation="linear"):
        n = self._source(None)[1][-1]
        return self._add("dense", (units,), units=units, activation=activation, kernel_shape=(n, units))


def window(size, kernel, strides, padding):
    """(output size, zeros in front, zeros behind) along one dimension."""
    if padding == "valid":
        return (size - kernel) // strides + 1, 0, 0
    out = -(-size // strides)
    total = max((out - 1) * strides + kernel - size, 0)
    return out, total // 2, total - total // 2


# ---- the networks ----


def seed_cnn(size=32):
    net = Net("seed-cnn", (size, size, 3))
    for filters in (32, 64, 128):
        net.conv(filters, 3, activation="relu")
        net.bn()
        net.conv(filters, 3, padding="valid", activation="relu")
        net.maxpool()
        net.dropout(0.25)
    net.flatten()
    net.dense(512, "relu")
    net.dropout(0.5)
    net.dense(10, "softmax")
    return net


def small_cnn():
    net = Net("small-cnn", (28, 28, 1))
    net.conv(32, 3, padding="valid", activation="relu")
    net.maxpool()
    net.conv(64, 3, padding="valid", activation="relu")
    net.flatten()
    net.dense(128, "relu")
    net.dense(10, "softmax")
    return net


def lstm(steps, features, units):
    net = Net(f"lstm {steps}x{features} to {units}", (steps, features))
    net.lstm(units)
    net.dense(10, "softmax")
    return net


def _unit(net, filters, kernel, strides=1, groups=1, relu=True, gamma=1.0, x=None):
    net.conv(filters, kernel, strides, groups=groups, bias=False, x=x)
    node = net.bn(gamma=gamma)
    return net.relu() if relu else node


def resnet(depth):
    """He et al. 2016, strides of a bottleneck in its 3x3 convolution."""
    blocks, bottleneck = {18: ((2, 2, 2, 2), False), 50: ((3, 4, 6, 3), True)}[depth]
    net = Net(f"resnet-{depth}", (224, 224, 3))
    _unit(net, 64, 7, 2)
    x = net.maxpool(3, 2, "same")
    for stage, count in enumerate(blocks):
        width = 64 << stage
        out = 4 * width if bottleneck else width
        for block in range(count):
            strides = 2 if stage and not block else 1
            if bottleneck:
                _unit(net, width, 1, x=x)
                _unit(net, width, 3, strides)
                branch = _unit(net, out, 1, relu=False, gamma=0.3)
            else:
                _unit(net, width, 3, strides, x=x)
                branch = _unit(net, out, 3, relu=False, gamma=0.3)
            if strides != 1 or net.nodes[x]["shape"][-1] != out:
                x = _unit(net, out, 1, strides, relu=False, x=x)
            net.add(branch, x)
            x = net.relu()
    net.gap()
    net.dense(1000, "softmax")
    return net


def mobilenet_v2():
    """Sandler et al. 2018, width 1; ReLU in place of ReLU6, on all sides."""
    net = Net("mobilenet-v2", (224, 224, 3))
    x = _unit(net, 32, 3, 2)
    for expand, out, count, first in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
                                      (6, 320, 1, 1)):
        for block in range(count):
            strides, c = (first if not block else 1), net.nodes[x]["shape"][-1]
            inner = _unit(net, c * expand, 1, x=x) if expand > 1 else x
            _unit(net, None, 3, strides, groups=c * expand, x=inner)
            y = _unit(net, out, 1, relu=False, gamma=0.5)
            x = net.add(x, y) if strides == 1 and c == out else y
    _unit(net, 1280, 1)
    net.gap()
    net.dense(1000, "softmax")
    return net


NETWORKS = {
    "seed-cnn": seed_cnn, "small-cnn": small_cnn, "mobilenet-v2": mobilenet_v2,
    "resnet-18": lambda: resnet(18), "resnet-50": lambda: resnet(50),
    "lstm-28": lambda: lstm(28, 28, 128), "lstm-64": lambda: lstm(64, 256, 256),
}


# ---- what follows from a description ----


def flops(net):
    """Of one sample forward: multiplications and additions of convolutions, dense layers and LSTMs."""
    total = 0
    for node in net.nodes:
        if node["op"] in ("conv", "dense"):
            total += 2 * math.prod(node["kernel_shape"]) * math.prod(node["shape"][:-1])
        elif node["op"] == "lstm":
            total += 2 * node["steps"] * 4 * node["units"] * (node["features"] + node["units"])
    return total


def weights(net):
    """{node name: [arrays in visml's order]}: the same on every side and on every run."""
    made = {}
    for node in net.nodes:
        rng = np.random.default_rng(zlib.crc32(f"{net.name}/{node['name']}".encode()))
        make = {"conv": _conv_weights, "dense": _dense_weights, "bn": _bn_weights, "lstm": _lstm_weights}.get(node["op"])
        if make:
            made[node["name"]] = [np.ascontiguousarray(a, dtype=np.float32) for a in make(rng, node)]
    return made


def _conv_weights(rng, node):
    shape = node["kernel_shape"]
    kernel = rng.standard_normal(shape, dtype=np.float32) * math.sqrt(2 / math.prod(shape[:-1]))
    return [kernel, 0.1 * rng.standard_normal(shape[-1])] if node["bias"] else [kernel]


def _dense_weights(rng, node):
    kernel = rng.standard_normal(node["kernel_shape"], dtype=np.float32) * math.sqrt(1 / node["kernel_shape"][0])
    return [kernel, 0.1 * rng.standard_normal(node["units"])]


def _bn_weights(rng, node):
    """gamma, beta, moving mean, moving variance."""
    c = node["shape"][-1]
    return [node["gamma"] * rng.uniform(0.8, 1.2, c), rng.uniform(-0.1, 0.1, c), rng.uniform(-0.1, 0.1, c), rng.uniform(0.8, 1.2, c)]


def _lstm_weights(rng, node):
    """kernel, recurrent kernel, bias; gates i, f, g, o, as Keras has them."""
    n, gates = node["units"], 4 * node["units"]
    kernels = [rng.standard_normal((rows, gates)) * math.sqrt(1 / rows) for rows in (node["features"], n)]
    return kernels + [0.1 * rng.standard_normal(gates)]


def samples(net, count):
    """Inputs between 0 and 1, [count, input shape]."""
    return np.random.default_rng(7).random((count, *net.input_shape), dtype=np.float32)


def labels(count, classes=10):
    return np.random.default_rng(8).integers(0, classes, count).astype(np.int32)
