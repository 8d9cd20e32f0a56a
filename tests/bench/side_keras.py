"""Keras on TensorFlow: training with fit, with and without XLA, whichever is faster."""
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import networks
import sides
from sides import Skip

import keras
import tensorflow


class Keras(sides.Side):
    def __init__(self, config):
        super().__init__(config)
        tensorflow.config.threading.set_intra_op_parallelism_threads(self.threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(self.threads)

    def version(self):
        return f"Keras {keras.__version__} on TensorFlow {tensorflow.__version__}"

    def variants(self, task):
        return ["graph", "XLA"]

    def prepare(self, task, variant):
        if task["kind"] != "train":
            return super().prepare(task, variant)
        return Training(networks.NETWORKS[task["net"]](), task["batch"], variant)


def network(net):
    layers = keras.layers
    inputs = keras.Input(net.input_shape)
    values = [inputs]
    for node in net.nodes[1:]:
        op = node["op"]
        made = {
            "conv": lambda n: layers.Conv2D(n["filters"], n["kernel"], n["strides"], n["padding"], groups=n["groups"],
                                            activation=n["activation"], use_bias=n["bias"]),
            "bn": lambda n: layers.BatchNormalization(), "relu": lambda n: layers.ReLU(), "add": lambda n: layers.Add(),
            "maxpool": lambda n: layers.MaxPooling2D(n["size"], n["strides"], n["padding"]),
            "gap": lambda n: layers.GlobalAveragePooling2D(), "flatten": lambda n: layers.Flatten(),
            "dropout": lambda n: layers.Dropout(n["rate"]), "lstm": lambda n: layers.LSTM(n["units"]),
            "dense": lambda n: layers.Dense(n["units"], activation=n["activation"]),
        }[op](node)
        given = [values[i] for i in node["inputs"]]
        values.append(made(given if op == "add" else given[0]))
    return keras.Model(inputs, values[-1])


class Stamps(keras.callbacks.Callback):
    """When each batch ended."""

    def __init__(self):
        super().__init__()
        self.at = []

    def on_train_batch_end(self, batch, logs=None):
        self.at.append(time.perf_counter())


class Training(sides.Prepared):
    """fit as users call it. The first step of a call is not counted."""

    def __init__(self, net, batch, variant):
        self.net, self.batch = net, batch
        self.model = network(net)
        self.model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=variant == "XLA")
        self.kernel = f"fit, {variant}"
        self.data = {}

    def run(self, times):
        if times not in self.data:
            count = (times + 1) * self.batch
            self.data = {times: (networks.samples(self.net, count), networks.labels(count))}
        stamps = Stamps()
        try:
            self.model.fit(*self.data[times], batch_size=self.batch, epochs=1, shuffle=False, verbose=0, callbacks=[stamps])
        except (tensorflow.errors.OpError, NotImplementedError) as e:
            raise Skip(f"fit fails: {e}") from None
        return stamps.at[-1] - stamps.at[0]
