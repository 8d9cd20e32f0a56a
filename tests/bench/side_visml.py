"""The library under test: kernels through bench_kernels.so, networks through the Python binding."""
import os
import pathlib
import sys
import time

import networks
import sides
from sides import Skip

LAYER_OF = {"bn": "BatchNormalization", "relu": "Activation", "add": "Add", "maxpool": "MaxPooling2D", "gap": "GlobalAveragePooling2D",
            "flatten": "Flatten", "dropout": "Dropout", "lstm": "LSTM", "dense": "Dense", "conv": "Conv2D"}
# Parameters in Keras' order, by their number.
FIELDS = {1: ("kernel",), 2: ("kernel", "bias"), 3: ("kernel", "recurrent_kernel", "bias"),
          4: ("gamma", "beta", "moving_mean", "moving_variance")}


class Visml(sides.Side):
    def __init__(self, config):
        super().__init__(config)
        build = pathlib.Path(config["build"])
        self.module = sides.load_module(build / "tests/bench/bench_kernels.so")
        self.handle = sides.new_handle(self.module, self.threads)
        os.environ["VISML_LIBRARY"] = str(build / "lib/libvisml.so.0")
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python"))
        import visml
        from visml import _ffi

        self.visml = visml
        self.context = visml.Context(threads=self.threads)
        self.mask = _ffi.lib.visml_context_cpu(self.context._handle)

    def version(self):
        return f"libvisml {self.module.bench_version().decode()}, kernels {self.module.bench_kernel(self.handle).decode()}"

    def peak(self, seconds):
        """FLOP/s."""
        return self.module.bench_peak(self.threads, self.mask, seconds)

    def prepare(self, task, variant):
        if task["kind"] in ("gemm", "conv2d"):
            prepared = sides.ModulePrepared(self.module, self.handle, task)
            prepared.kernel = self.module.bench_kernel(self.handle).decode()
            return prepared
        if task.get("int8"):
            raise Skip("libvisml's bytes are timed by bench_quantized: docs/int8.md")
        net = networks.NETWORKS[task["net"]]()
        model = self.build(net)
        return Training(self, net, model, task["batch"]) if task["kind"] == "train" else Inference(self, net, model, task["batch"])

    # ---- networks ----

    def layer(self, node):
        """The layer of a node."""
        name = LAYER_OF[node["op"]]
        if not hasattr(self.visml, name):
            raise Skip(f"libvisml has no {name} yet")
        make = getattr(self.visml, name)
        op, named = node["op"], {"name": node["name"]}
        if op == "conv":
            return make(node["filters"], node["kernel"], strides=node["strides"], padding=node["padding"], groups=node["groups"],
                        activation=node["activation"], use_bias=node["bias"], **named)
        if op == "maxpool":
            return make(node["size"], strides=node["strides"], padding=node["padding"], **named)
        arguments = {"bn": {"epsilon": networks.BN_EPSILON}, "relu": {"activation": "relu"}, "dropout": {"rate": node.get("rate")},
                     "lstm": {"units": node.get("units")}, "dense": {"units": node.get("units"), "activation": node.get("activation")}}
        return make(**arguments.get(op, {}), **named)

    def build(self, net):
        """A built model with the description's weights."""
        model = self.visml.Model(net.input_shape, context=self.context)
        for node in net.nodes[1:]:
            model.apply(self.layer(node), *node["inputs"])
        model.build(seed=1)
        for name, arrays in networks.weights(net).items():
            for field, array in zip(FIELDS[len(arrays)], arrays):
                model.params[f"{name}/{field}"] = array
        return model

    def save(self, task, path):
        self.build(networks.NETWORKS[task["net"]]()).save(path)

    def load(self, task, path):
        """From a file, as a program that only predicts would."""
        net = networks.NETWORKS[task["net"]]()
        return Inference(self, net, self.visml.Model.load(path, context=self.context), task["batch"])


class Inference(sides.Prepared):
    def __init__(self, side, net, model, batch):
        self.session = side.visml.Session(model, batch)
        self.x = side.visml.Tensor(networks.samples(net, batch), context=side.context)
        self.y = side.visml.Tensor.zeros((batch, *model.output_shape), context=side.context)
        self.kernel = "session"

    def run(self, times):
        start = time.perf_counter()
        for _ in range(times):
            self.session.run(self.x, self.y)
        return time.perf_counter() - start

    def result(self):
        import numpy as np

        return np.asarray(self.y).copy()


class Stamps:
    """When each batch ended."""

    def __init__(self):
        self.at = []

    def batch_end(self, model, progress):
        self.at.append(time.perf_counter())


class Training(sides.Prepared):
    """fit as users call it. The first step of a call, which takes the memory, is not counted."""

    def __init__(self, side, net, model, batch):
        self.visml, self.model, self.net, self.batch, self.side = side.visml, model, net, batch, side
        self.kernel = "fit"
        self.data = {}

    def dataset(self, steps):
        if steps not in self.data:
            count = steps * self.batch
            self.data = {steps: self.visml.Dataset.from_arrays(networks.samples(self.net, count), networks.labels(count), classes=10,
                                                               context=self.side.context)}
        return self.data[steps]

    def run(self, times):
        stamps = Stamps()
        self.model.fit(self.dataset(times + 1), epochs=1, batch_size=self.batch, optimizer=self.visml.Adam(), callbacks=[stamps],
                       verbose=0, workers=-1)
        return stamps.at[-1] - stamps.at[0]
