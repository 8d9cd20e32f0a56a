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


def case(out, name, layer, *shapes, jit=False, compiled=False, scale=1, classes=0):
    """jit: gradients through XLA. compiled: everything. classes: the inputs are class numbers below it, which have no gradient."""
    xs = [tf.constant(scale * numbers((2,) + s)) for s in shapes]
    if classes:
        xs = [tf.constant(np.floor((x.numpy() + 1) / 2 * classes)) for x in xs]
    call = tf.function(run, jit_compile=True) if compiled else run
    if compiled:
        layer.build((2,) + shapes[0])
    call(layer, xs, False)  # builds
    for w in layer.weights:
        value = numbers(w.shape)
        w.assign(np.abs(value) + 0.5 if "variance" in w.path else value)
    for i, x in enumerate(xs):
        out.add(f"{name}/x{i}", x)
    for i, w in enumerate(layer.weights):
        out.add(f"{name}/p{i}", w)
    out.add(f"{name}/y", call(layer, xs, False))

    def differentiate():
        with tf.GradientTape() as tape:
            tape.watch(xs)
            y = run(layer, xs, True)
            loss = tf.reduce_sum(y * dy)
        return y, tape.gradient(loss, [xs, [w.value for w in layer.trainable_weights]])

    dy = tf.constant(numbers(call(layer, xs, False).shape))
    # Gradients of grouped convolutions exist on CPUs only through XLA, transposed convolutions with dilation at all.
    y, (dxs, grads) = tf.function(differentiate, jit_compile=True)() if jit or compiled else differentiate()
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
        loss = keras.losses.MeanSquaredError(dtype="float64")(t, y)  # knows the mask
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
    case(out, "conv1d/plain", L.Conv1D(4, 3), (7, 3))
    case(out, "conv1d/same", L.Conv1D(4, 2, padding="same", strides=2, activation="relu"), (7, 3))
    case(out, "conv1d/causal", L.Conv1D(3, 3, padding="causal", dilation_rate=2, use_bias=False), (8, 2))
    case(out, "conv1d/causal_strides", L.Conv1D(3, 4, padding="causal", strides=3), (9, 2))
    case(out, "conv1d/groups", L.Conv1D(6, 3, groups=2, activation="tanh"), (6, 4), jit=True)
    case(out, "conv2d_transpose/plain", L.Conv2DTranspose(4, 3), (3, 4, 2))
    case(out, "conv2d_transpose/strides", L.Conv2DTranspose(3, (3, 2), strides=2, activation="relu"), (3, 4, 2))
    case(out, "conv2d_transpose/past", L.Conv2DTranspose(3, 2, strides=3, use_bias=False), (2, 3, 4))
    case(out, "conv2d_transpose/same", L.Conv2DTranspose(4, 3, padding="same", activation="softmax"), (4, 3, 5))
    case(out, "conv2d_transpose/same_strides", L.Conv2DTranspose(4, (4, 3), strides=2, padding="same"), (3, 4, 2))
    case(out, "conv2d_transpose/output_padding", L.Conv2DTranspose(2, 3, strides=3, padding="same", output_padding=1), (3, 4, 2))
    case(out, "conv2d_transpose/no_output_padding", L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=0), (3, 4, 2))
    case(out, "conv2d_transpose/valid_output_padding", L.Conv2DTranspose(2, (2, 3), strides=3, output_padding=0), (3, 2, 2))
    case(out, "conv2d_transpose/dilation", L.Conv2DTranspose(2, 3, dilation_rate=2), (3, 4, 2), compiled=True)
    case(out, "conv2d_transpose/wide", L.Conv2DTranspose(17, 3, padding="same"), (6, 5, 18))
    case(out, "depthwise_conv2d/plain", L.DepthwiseConv2D(3), (5, 6, 3))
    case(out, "depthwise_conv2d/multiplier", L.DepthwiseConv2D((2, 3), padding="same", depth_multiplier=3, activation="relu"), (4, 5, 2))
    case(out, "depthwise_conv2d/strides", L.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False), (6, 5, 4))
    case(out, "depthwise_conv2d/dilation", L.DepthwiseConv2D(3, dilation_rate=2), (7, 6, 2))
    case(out, "depthwise_conv2d/one", L.DepthwiseConv2D(3, depth_multiplier=4), (5, 5, 1))
    case(out, "separable_conv2d/plain", L.SeparableConv2D(5, 3), (5, 6, 3))
    case(out, "separable_conv2d/multiplier", L.SeparableConv2D(4, (2, 3), padding="same", depth_multiplier=2, activation="relu"), (4, 5, 3))
    case(out, "separable_conv2d/strides", L.SeparableConv2D(3, 3, strides=2, padding="same", use_bias=False), (6, 5, 4))
    case(out, "separable_conv2d/dilation", L.SeparableConv2D(3, 2, dilation_rate=2, activation="sigmoid"), (5, 6, 2))
    case(out, "maxpool1d/plain", L.MaxPooling1D(), (7, 3))
    case(out, "maxpool1d/same", L.MaxPooling1D(3, strides=2, padding="same"), (6, 2))
    case(out, "avgpool1d/plain", L.AveragePooling1D(3, strides=1), (7, 3))
    case(out, "avgpool1d/same", L.AveragePooling1D(3, strides=2, padding="same"), (6, 2))
    case(out, "global_maxpool1d/plain", L.GlobalMaxPooling1D(), (7, 3))
    case(out, "global_maxpool1d/keepdims", L.GlobalMaxPooling1D(keepdims=True), (7, 3))
    case(out, "global_avgpool1d/plain", L.GlobalAveragePooling1D(), (7, 3))
    case(out, "global_avgpool1d/keepdims", L.GlobalAveragePooling1D(keepdims=True), (7, 3))
    case(out, "global_maxpool2d/plain", L.GlobalMaxPooling2D(), (5, 6, 3))
    case(out, "global_maxpool2d/keepdims", L.GlobalMaxPooling2D(keepdims=True), (5, 6, 3))
    case(out, "layernorm/plain", L.LayerNormalization(), (4, 9))
    case(out, "layernorm/axes", L.LayerNormalization(axis=[-2, -1], epsilon=0.1), (3, 4, 5))
    case(out, "layernorm/all", L.LayerNormalization(axis=[1, 2, 3], center=False), (3, 4, 5))
    case(out, "layernorm/bare", L.LayerNormalization(center=False, scale=False), (70,))
    case(out, "layernorm/rms", L.LayerNormalization(rms_scaling=True, epsilon=0.01), (3, 20))
    case(out, "groupnorm/plain", L.GroupNormalization(), (3, 2, 64))
    case(out, "groupnorm/three", L.GroupNormalization(3, epsilon=0.1), (4, 5, 6))
    case(out, "groupnorm/instance", L.GroupNormalization(-1, center=False), (4, 5, 3))
    case(out, "groupnorm/one", L.GroupNormalization(1, scale=False), (7, 5))
    case(out, "groupnorm/bare", L.GroupNormalization(2, center=False, scale=False), (8,))
    case(out, "batchnorm/first", L.BatchNormalization(axis=1), (4, 5, 3))
    case(out, "batchnorm/middle", L.BatchNormalization(axis=-2, momentum=0.7, scale=False), (4, 5, 3))
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
