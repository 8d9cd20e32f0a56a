#!/usr/bin/env python3
"""layers.bin: outputs and gradients of Keras 3 (float64, rounded to float32 at the end) for tests/nn/test_layer_*.c.

For each case: x0 ..., p0 ... (parameters in Keras' order), y (inference), t (training output), s2, s3 ... (parameters that are not trained,
after the training pass), and for dy: dx0 ..., g0 .... Needs keras and tensorflow:  python make_layer_goldens.py
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from golden import Golden

keras.config.set_dtype_policy("float64")
L = keras.layers
rng = np.random.default_rng(20240601)


def numbers(shape):
    return rng.uniform(-1, 1, shape).astype(np.float32).astype(np.float64)


def run(layer, xs, training):
    x = xs[0] if len(xs) == 1 else xs
    return layer(x, training=training) if isinstance(layer, L.BatchNormalization) else layer(x)


def case(out, name, layer, *shapes, jit=False, scale=1):
    xs = [tf.constant(scale * numbers((2,) + s)) for s in shapes]
    run(layer, xs, False)  # builds
    for w in layer.weights:
        value = numbers(w.shape)
        w.assign(np.abs(value) + 0.5 if "variance" in w.path else value)
    for i, x in enumerate(xs):
        out.add(f"{name}/x{i}", x)
    for i, w in enumerate(layer.weights):
        out.add(f"{name}/p{i}", w)
    out.add(f"{name}/y", run(layer, xs, False))

    def differentiate():
        with tf.GradientTape() as tape:
            tape.watch(xs)
            y = run(layer, xs, True)
            loss = tf.reduce_sum(y * dy)
        return y, tape.gradient(loss, [xs, [w.value for w in layer.trainable_weights]])

    dy = tf.constant(numbers(run(layer, xs, False).shape))
    # Gradients of grouped convolutions exist on CPUs only through XLA.
    y, (dxs, grads) = tf.function(differentiate, jit_compile=True)() if jit else differentiate()
    out.add(f"{name}/t", y)
    out.add(f"{name}/dy", dy)
    for i, g in enumerate(dxs):
        out.add(f"{name}/dx{i}", g)
    for i, g in enumerate(grads):
        out.add(f"{name}/g{i}", g)
    for i, w in enumerate(layer.weights):
        if not w.trainable:
            out.add(f"{name}/s{i}", w)


def masked(out, name, value, *layers):
    """A network behind Masking on sequences of 6 steps: whole, without an end, without a start, with gaps, empty. Targets t; gradients of
    the mean squared error."""
    model = keras.Sequential([keras.Input((6, 3)), L.Masking(value), *layers])
    x = numbers((5, 6, 3))
    x[1, 4:] = x[2, :2] = x[3, [1, 2, 4]] = x[4] = value
    x[0, 0, 1] = value  # one channel is not enough
    for i, w in enumerate(model.weights):
        w.assign(numbers(w.shape))
        out.add(f"{name}/p{i}", w)
    t = numbers(model(x).shape)
    with tf.GradientTape() as tape:
        y = model(x)
        loss = tf.reduce_mean((y - t) ** 2)
    for i, g in enumerate(tape.gradient(loss, [w.value for w in model.weights])):
        out.add(f"{name}/g{i}", g)
    out.add(f"{name}/x0", x)
    out.add(f"{name}/y", y)
    out.add(f"{name}/t", t)


class Rows(L.Layer):
    """A recurrent layer's output and state, as rows of one array."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        y, *state = self.layer(x)
        rows = [y if len(y.shape) == 3 else y[:, None], *(s[:, None] for s in state)]
        return tf.concat(rows, axis=1)


class Windows(L.Layer):
    """[H, W, C] to windows of 3 x 2, 2 down and 1 across."""

    def call(self, x):
        y = tf.image.extract_patches(x, [1, 3, 2, 1], [1, 2, 1, 1], [1, 1, 1, 1], "VALID")
        return tf.reshape(y, (tf.shape(y)[0], -1, y.shape[-1]))


with Golden("layers.bin") as out:
    case(out, "conv2d/plain", L.Conv2D(4, 3), (5, 6, 3))
    case(out, "conv2d/same", L.Conv2D(4, (2, 3), padding="same", activation="relu"), (5, 6, 3))
    case(out, "conv2d/strides", L.Conv2D(3, 3, strides=2, padding="same", use_bias=False), (6, 5, 2))
    case(out, "conv2d/strides_valid", L.Conv2D(3, (3, 2), strides=(2, 3), activation="tanh"), (6, 8, 2), jit=True)
    case(out, "conv2d/dilation", L.Conv2D(3, 3, dilation_rate=2, padding="same"), (6, 7, 2))
    case(out, "conv2d/groups", L.Conv2D(6, 3, groups=2, activation="sigmoid"), (5, 5, 4), jit=True)
    case(out, "conv2d/one", L.Conv2D(5, 1, activation="softmax"), (3, 4, 6))
    case(out, "maxpool2d/plain", L.MaxPooling2D(), (5, 6, 3))
    case(out, "maxpool2d/same", L.MaxPooling2D(3, strides=2, padding="same"), (6, 5, 2))
    case(out, "avgpool2d/plain", L.AveragePooling2D((2, 3), strides=(1, 2)), (5, 6, 3))
    case(out, "avgpool2d/same", L.AveragePooling2D(3, strides=2, padding="same"), (6, 5, 2))
    case(out, "global_avgpool2d/plain", L.GlobalAveragePooling2D(), (5, 6, 3))
    case(out, "global_avgpool2d/keepdims", L.GlobalAveragePooling2D(keepdims=True), (5, 6, 3))
    case(out, "batchnorm/plain", L.BatchNormalization(), (4, 5, 3))
    case(out, "batchnorm/bare", L.BatchNormalization(center=False, scale=False, momentum=0.8, epsilon=0.1), (7,))
    case(out, "dense/plain", L.Dense(5), (7,))
    case(out, "dense/rank3", L.Dense(4, activation="leaky_relu", use_bias=False), (3, 2, 6))
    case(out, "dense/softmax", L.Dense(4, activation="softmax"), (9,))
    for activation in ("relu", "leaky_relu", "sigmoid", "tanh", "softmax", "linear"):
        case(out, f"activation/{activation}", L.Activation(activation), (3, 11))
    case(out, "activation/slope", L.LeakyReLU(negative_slope=0.05), (3, 11))
    case(out, "reshape/plain", L.Reshape((3, -1, 2)), (4, 3))
    case(out, "flatten/plain", L.Flatten(), (2, 3, 4))
    case(out, "rescaling/plain", L.Rescaling(1 / 127.5, offset=-1), (4, 3))
    case(out, "add/three", L.Add(), (3, 4), (3, 4), (3, 4))
    case(out, "concatenate/last", L.Concatenate(), (3, 2, 4), (3, 2, 1), (3, 2, 2))
    case(out, "concatenate/first", L.Concatenate(axis=1), (3, 2, 4), (1, 2, 4))
    case(out, "concatenate/middle", L.Concatenate(axis=-2), (3, 2, 4), (3, 5, 4))
    case(out, "activation/relu6", L.Activation("relu6"), (3, 11), scale=9)
    case(out, "lstm/plain", L.LSTM(5), (6, 4))
    case(out, "lstm/sequences", L.LSTM(18, return_sequences=True), (5, 3))
    case(out, "lstm/backwards", L.LSTM(3, go_backwards=True, use_bias=False), (4, 2))
    case(out, "lstm/backwards_sequences", L.LSTM(3, go_backwards=True, return_sequences=True), (4, 2))
    case(out, "lstm/activations", L.LSTM(4, activation="linear", recurrent_activation="tanh", return_sequences=True), (3, 5))
    case(out, "lstm/relu", L.LSTM(4, activation="relu", recurrent_activation="leaky_relu"), (3, 5))
    case(out, "gru/plain", L.GRU(5), (6, 4))
    case(out, "gru/sequences", L.GRU(18, return_sequences=True), (5, 3))
    case(out, "gru/backwards", L.GRU(3, go_backwards=True, use_bias=False), (4, 2))
    case(out, "gru/first", L.GRU(18, reset_after=False, return_sequences=True), (5, 3))
    case(out, "gru/first_backwards", L.GRU(3, reset_after=False, go_backwards=True, return_sequences=True, use_bias=False), (4, 2))
    case(out, "gru/activations", L.GRU(4, activation="linear", recurrent_activation="tanh", return_sequences=True), (3, 5))
    case(out, "simple_rnn/plain", L.SimpleRNN(5), (6, 4))
    case(out, "simple_rnn/sequences", L.SimpleRNN(18, return_sequences=True), (5, 3))
    case(out, "simple_rnn/backwards", L.SimpleRNN(3, go_backwards=True, use_bias=False), (4, 2))
    case(out, "simple_rnn/relu", L.SimpleRNN(4, activation="relu", go_backwards=True, return_sequences=True), (3, 5))
    case(out, "bidirectional/concat", L.Bidirectional(L.LSTM(5)), (6, 4))
    case(out, "bidirectional/sequences", L.Bidirectional(L.LSTM(3, return_sequences=True)), (4, 2))
    case(out, "bidirectional/sum", L.Bidirectional(L.GRU(4, return_sequences=True), merge_mode="sum"), (4, 3))
    case(out, "bidirectional/mul", L.Bidirectional(L.SimpleRNN(4, return_sequences=True), merge_mode="mul"), (4, 3))
    case(out, "bidirectional/ave", L.Bidirectional(L.GRU(4, use_bias=False), merge_mode="ave"), (4, 3))
    case(out, "time_distributed/dense", L.TimeDistributed(L.Dense(5, activation="softmax")), (3, 4))
    case(out, "time_distributed/conv2d", L.TimeDistributed(L.Conv2D(3, 3, activation="tanh")), (3, 4, 5, 2))
    case(out, "time_distributed/lstm", L.TimeDistributed(L.LSTM(3)), (2, 4, 3))
    case(out, "time_distributed/flatten", L.TimeDistributed(L.Flatten()), (2, 4, 3))
    case(out, "time_distributed/relu", L.TimeDistributed(L.Activation("relu")), (2, 4, 3))
    case(out, "time_distributed/maxpool2d", L.TimeDistributed(L.MaxPooling2D()), (3, 5, 4, 2))
    case(out, "sliding_window/overlapping", Windows(), (7, 5, 3))
    masked(out, "masking/lstm", 0, L.LSTM(5))
    masked(out, "masking/gru", 0.5, L.GRU(5, return_sequences=True))
    masked(out, "masking/gru_first", 0, L.GRU(5, reset_after=False, go_backwards=True))
    masked(out, "masking/bidirectional", 0, L.Bidirectional(L.SimpleRNN(4, return_sequences=True)))
    masked(out, "masking/stack", 0, L.Dense(4, activation="tanh"), L.Dropout(0), L.LSTM(5, return_sequences=True),
           L.TimeDistributed(L.Dense(4)), L.LSTM(3))
    case(out, "lstm/state", Rows(L.LSTM(5, return_state=True)), (6, 4))
    case(out, "lstm/sequences_state", Rows(L.LSTM(5, return_state=True, return_sequences=True, go_backwards=True)), (6, 4))
    case(out, "gru/sequences_state", Rows(L.GRU(5, return_state=True, return_sequences=True)), (6, 4))
    case(out, "simple_rnn/state", Rows(L.SimpleRNN(5, return_state=True)), (6, 4))
