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


def case(out, name, layer, *shapes, jit=False, scale=1, classes=0):
    """classes: the inputs are class numbers below it, which have no gradient."""
    xs = [tf.constant(scale * numbers((2,) + s)) for s in shapes]
    if classes:
        xs = [tf.constant(np.floor((x.numpy() + 1) / 2 * classes)) for x in xs]
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
        out.add(f"{name}/dx{i}", np.zeros(xs[i].shape) if classes else g)
    for i, g in enumerate(grads):
        g = tf.convert_to_tensor(g)  # an embedding gives the rows that were used
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
    case(out, "lstm/plain", L.LSTM(5), (6, 4))
    case(out, "lstm/sequences", L.LSTM(18, return_sequences=True), (5, 3))
    case(out, "lstm/backwards", L.LSTM(3, go_backwards=True, use_bias=False), (4, 2))
    case(out, "lstm/backwards_sequences", L.LSTM(3, go_backwards=True, return_sequences=True), (4, 2))
    case(out, "lstm/activations", L.LSTM(4, activation="linear", recurrent_activation="tanh", return_sequences=True), (3, 5))
    case(out, "lstm/relu", L.LSTM(4, activation="relu", recurrent_activation="leaky_relu"), (3, 5))
    for activation in ("gelu", "silu", "elu", "selu", "softplus", "softsign", "hard_sigmoid", "hard_silu", "exponential", "mish",
                       "log_softmax"):
        case(out, f"activation/{activation}", L.Activation(activation), (3, 23), scale=5)
    case(out, "activation/gelu_tanh", L.Activation(lambda x: keras.activations.gelu(x, approximate=True)), (3, 23), scale=5)
    case(out, "activation/elu_alpha", L.ELU(alpha=1.7), (3, 23), scale=5)
    case(out, "conv2d/gelu", L.Conv2D(4, 3, activation="gelu"), (5, 6, 3))
    case(out, "dense/log_softmax", L.Dense(5, activation="log_softmax"), (7,))
    for name, layer in (("multiply", L.Multiply), ("average", L.Average), ("maximum", L.Maximum), ("minimum", L.Minimum)):
        case(out, f"{name}/three", layer(), (3, 4), (3, 4), (3, 4))
        case(out, f"{name}/two", layer(), (2, 3, 5), (2, 3, 5))
    case(out, "subtract/two", L.Subtract(), (2, 3, 5), (2, 3, 5))
    case(out, "permute/two", L.Permute((2, 1)), (17, 20))
    case(out, "permute/three", L.Permute((3, 1, 2)), (3, 4, 5))
    case(out, "permute/last_stays", L.Permute((2, 1, 3)), (3, 4, 5))
    case(out, "permute/five", L.Permute((4, 1, 5, 3, 2)), (2, 3, 2, 4, 3))
    case(out, "permute/ones", L.Permute((3, 1, 2)), (1, 4, 1))
    case(out, "zero_padding2d/plain", L.ZeroPadding2D(), (3, 4, 2))
    case(out, "zero_padding2d/each", L.ZeroPadding2D(((2, 0), (1, 3))), (3, 4, 2))
    case(out, "zero_padding1d/plain", L.ZeroPadding1D(), (3, 4))
    case(out, "zero_padding1d/each", L.ZeroPadding1D((0, 3)), (3, 4))
    case(out, "cropping2d/plain", L.Cropping2D(), (5, 6, 2))
    case(out, "cropping2d/each", L.Cropping2D(((2, 1), (0, 3))), (5, 6, 2))
    case(out, "cropping1d/plain", L.Cropping1D(), (5, 3))
    case(out, "cropping1d/each", L.Cropping1D((3, 0)), (5, 3))
    case(out, "up_sampling2d/plain", L.UpSampling2D(), (3, 4, 5))
    case(out, "up_sampling2d/sizes", L.UpSampling2D((3, 1)), (3, 4, 5))
    case(out, "up_sampling2d/one_channel", L.UpSampling2D((2, 3)), (3, 4, 1))
    case(out, "up_sampling2d/bilinear", L.UpSampling2D(interpolation="bilinear"), (3, 4, 5))
    case(out, "up_sampling2d/bilinear_sizes", L.UpSampling2D((3, 4), interpolation="bilinear"), (4, 3, 2))
    case(out, "up_sampling2d/bilinear_one", L.UpSampling2D(5, interpolation="bilinear"), (1, 2, 3))
    case(out, "repeat_vector/plain", L.RepeatVector(4), (7,))
    case(out, "embedding/plain", L.Embedding(7, 5), (9,), classes=7)
    case(out, "embedding/image", L.Embedding(300, 3), (4, 5), classes=300)
    case(out, "prelu/plain", L.PReLU(), (3, 4, 5))
    case(out, "prelu/channels", L.PReLU(shared_axes=[1, 2]), (3, 4, 5))
    case(out, "prelu/places", L.PReLU(shared_axes=[3]), (3, 4, 5))
    case(out, "prelu/every_other", L.PReLU(shared_axes=[2]), (3, 4, 5))
    case(out, "prelu/one", L.PReLU(shared_axes=[1, 2, 3]), (3, 4, 5))
