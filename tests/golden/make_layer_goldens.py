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
