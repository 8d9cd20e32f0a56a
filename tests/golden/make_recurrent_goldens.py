#!/usr/bin/env python3
"""recurrent.bin: masks, states and dropout of recurrent layers as Keras 3 has them (float64, rounded to float32 at the end), made with
Keras 3.15.1 on TensorFlow 2.21:  python make_recurrent_goldens.py

Layers, for test_layer_golden: as in layers.bin. Networks, for tests/model/test_masking.c: p0 ... (parameters, layer by layer), x0, y
(inference), t (targets), w (weights of samples, where there are some), loss (training), g0 ... (its gradients), s2 ... (parameters that are
not trained, after the training pass). Stateful ones, for tests/model/test_states.c: p0 ..., x0 ... x2 (batches), y0 ... y2 (each goes on
where the one before ended), t, loss, g0 ... (of the second batch, in training, behind the first).
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from golden import Golden
from order import key, philox

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")
L = keras.layers
rng = np.random.default_rng(20261128)


def numbers(shape):
    return rng.uniform(-1, 1, shape).astype(np.float32).astype(np.float64)


def fill(out, name, weights):
    for i, w in enumerate(weights):
        value = numbers(w.shape)
        w.assign(np.abs(value) + 0.5 if w.name in ("moving_variance", "gamma") else value)
        out.add(f"{name}/p{i}", w)


# ---- layers ----


class Rows(L.Layer):
    """A layer's output and the state behind it, as rows of one array; side by side where the outputs of two directions are."""

    def __init__(self, layer, beside=False):
        super().__init__()
        self.layer, self.beside = layer, beside

    def build(self, shape):
        self.layer.build(shape)

    def call(self, x, training=False):
        y, *state = self.layer(x, training=training)
        if self.beside:
            n = len(state) // 2
            state = [tf.concat([a, b], axis=-1) for a, b in zip(state[:n], state[n:])]
        return tf.concat([y if len(y.shape) == 3 else y[:, None], *(s[:, None] for s in state)], axis=1)


def case(out, name, layer, shape):
    x = tf.constant(numbers((2,) + shape))
    layer(x)
    fill(out, name, layer.weights)
    y = layer(x, training=False)
    dy = tf.constant(numbers(y.shape))
    with tf.GradientTape() as tape:
        tape.watch(x)
        t = layer(x, training=True)
        loss = tf.reduce_sum(t * dy)
    dx, grads = tape.gradient(loss, [x, [w.value for w in layer.trainable_weights]])
    for part, value in (("x0", x), ("y", y), ("t", t), ("dy", dy), ("dx0", dx)):
        out.add(f"{name}/{part}", value)
    for i, g in enumerate(grads):
        out.add(f"{name}/g{i}", g)


def factors(rate, k, shape):
    """What the library's dropout multiplies by, in step 0."""
    n = int(np.prod(shape))
    words = np.array([philox(k, 0, i) for i in range((n + 3) // 4)], np.uint64).ravel()[:n]
    return tf.constant(np.where(words >= np.uint64(np.ceil(rate * 2**32)), 1 / (1 - rate), 0.0).reshape(shape))


def dropped(out, name, layer, shape):
    """Keras' cell with the library's masks in place of its own: as many as it asks for."""
    cell = layer.cell
    count = getattr(cell, "dropout_mask_count", None)

    def masks(rate, k, n):
        if rate == 0:
            return None
        return factors(rate, k, (2, n)) if count is None else [factors(rate, key(k, i), (2, n)) for i in range(count)]

    of_x, of_h = masks(cell.dropout, key(0, 0), shape[-1]), masks(cell.recurrent_dropout, key(0, 1), layer.units)
    cell.get_dropout_mask = lambda x: of_x
    cell.get_recurrent_dropout_mask = lambda h: of_h
    case(out, name, layer, shape)


# ---- networks with masks ----

VALUE = 0.5  # of masked steps


def sequences(channels=3, value=VALUE):
    """Whole, without an end, without a start, with gaps, empty."""
    x = numbers((5, 6, channels))
    x[1, 4:] = x[2, :2] = x[3, [1, 2, 4]] = x[4] = value
    x[0, 0, 1] = value  # one channel is not enough
    return x


def words(empty=True):
    x = rng.integers(1, 7, (5, 6)).astype(np.float64)
    x[1, 4:] = x[2, :2] = x[3, [1, 2, 4]] = 0
    if empty:
        x[4] = 0
    return x


def network(out, name, inputs, outputs, layers, x, loss, target=None, weighted=False):
    model = keras.Model(inputs, outputs)
    fill(out, name, [w for layer in layers for w in layer.weights])
    y = model(x, training=False)
    t = numbers(y.shape) if target is None else target(y.shape)
    w = np.abs(numbers(5)) + 0.25
    with tf.GradientTape() as tape:
        trained = model(x, training=True)
        value = loss(t, trained, np.reshape(w, (5,) + (1,) * (len(y.shape) - 2)) if weighted else None)
    trainable = [(i, v) for i, v in enumerate([v for layer in layers for v in layer.weights]) if v.trainable]
    for (i, _), g in zip(trainable, tape.gradient(value, [v.value for _, v in trainable])):
        out.add(f"{name}/g{i}", tf.convert_to_tensor(g))
    for i, v in enumerate([v for layer in layers for v in layer.weights]):
        if not v.trainable:
            out.add(f"{name}/s{i}", v)
    for part, array in (("x0", x), ("y", y), ("t", t), ("loss", [value])) + ((("w", w),) if weighted else ()):
        out.add(f"{name}/{part}", array)


def chain(out, name, x, *layers, loss=None, **more):
    inputs = keras.Input(x.shape[1:])
    y = inputs
    for layer in layers:
        y = layer(y)
    network(out, name, inputs, y, layers, x, loss or keras.losses.MeanSquaredError(), **more)


def one_hot(shape):
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]


def bits(shape):
    return rng.integers(0, 2, shape).astype(np.float64)


def shares(shape):
    t = np.abs(numbers(shape)) + 0.1
    return t / t.sum(-1, keepdims=True)


def passing(out):
    """All layers that hand a mask on, to a recurrent one."""
    chain(out, "pass/embedding", words(), L.Embedding(7, 4, mask_zero=True), L.LSTM(5))
    chain(out, "pass/no_mask", words(), L.Embedding(7, 4), L.LSTM(5))
    chain(out, "pass/all", words(), L.Embedding(7, 4, mask_zero=True), L.SpatialDropout1D(0), L.GaussianNoise(0), L.GaussianDropout(0),
          L.Dropout(0), L.LayerNormalization(), L.GroupNormalization(2), L.PReLU(), L.Rescaling(0.9, 0.1), L.Activation("tanh"),
          L.Dense(4), L.GRU(3, return_sequences=True), L.TimeDistributed(L.Dense(4)), L.Bidirectional(L.SimpleRNN(3)))
    chain(out, "pass/pooled", words(empty=False), L.Embedding(7, 4, mask_zero=True), L.GlobalAveragePooling1D(), L.Dense(3))
    chain(out, "pass/keepdims", sequences()[:4].repeat(2, 0)[:5], L.Masking(VALUE), L.GlobalAveragePooling1D(keepdims=True), L.LSTM(3))
    chain(out, "pass/largest", sequences(), L.Masking(VALUE), L.GlobalMaxPooling1D(), L.Dense(3))
    chain(out, "pass/ends", sequences(), L.Masking(VALUE), L.Conv1D(4, 2), L.LSTM(3))
    chain(out, "pass/hierarchy", words().reshape(5, 3, 2), L.Embedding(7, 4, mask_zero=True), L.TimeDistributed(L.LSTM(3)), L.Flatten(),
          L.Dense(3))


def merging(out):
    x = sequences()
    x[0, 3] = x[3, 5] = 0  # what the other mask leaves out
    inputs = keras.Input((6, 3))
    a, b = L.Masking(VALUE)(inputs), L.Masking(0)(inputs)
    y = L.Add()([a, b])
    y = L.Subtract()([y, b])
    y = L.Multiply()([y, a])
    y = L.Average()([b, y])
    y = L.Maximum()([y, b])
    y = L.Minimum()([y, a])
    lstm = L.LSTM(3)
    network(out, "merge/or", inputs, lstm(y), [lstm], x, keras.losses.MeanSquaredError())
    lstm = L.LSTM(3)
    network(out, "merge/none", inputs, lstm(L.Add()([a, inputs])), [lstm], x, keras.losses.MeanSquaredError())
    for name, axis, others in (("last", -1, [b]), ("last_open", -1, [inputs]), ("first", 1, [b]), ("first_open", 1, [inputs, a])):
        lstm = L.LSTM(3)
        network(out, f"concatenate/{name}", inputs, lstm(L.Concatenate(axis=axis)([a, *others])), [lstm], x,
                keras.losses.MeanSquaredError())


def losses(out):
    k = keras.losses
    for name, loss, activation, target in (
            ("mse", k.MeanSquaredError(), "linear", None), ("huber", k.Huber(), "linear", None),
            ("bce", k.BinaryCrossentropy(), "sigmoid", bits),
            ("cce", k.CategoricalCrossentropy(), "softmax", one_hot),
            ("cce_logits", k.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), "linear", one_hot),
            ("kl", k.KLDivergence(), "softmax", shares), ("cosine", k.CosineSimilarity(), "linear", None)):
        chain(out, f"loss/{name}", sequences(), L.Masking(VALUE), L.Dense(4, activation=activation), loss=loss, target=target,
              weighted=name in ("mse", "cce", "cosine"))
    chain(out, "loss/unmasked", sequences(), L.Dense(4, activation="softmax"), loss=k.CategoricalCrossentropy(), target=one_hot,
          weighted=True)
    chain(out, "loss/recurrent", sequences(), L.Masking(VALUE), L.LSTM(4, return_sequences=True))
    x = np.full((5, 6, 3), VALUE)
    chain(out, "loss/nothing", x, L.Masking(VALUE), L.Dense(4))


def normalising(out):
    chain(out, "norm/last", sequences(), L.Masking(VALUE), L.Dense(4, activation="relu"), L.BatchNormalization(momentum=0.7), L.LSTM(3))
    chain(out, "norm/first", sequences(), L.Masking(VALUE), L.BatchNormalization(axis=1, momentum=0.7), L.LSTM(3))


# ---- states ----


def stateful(out, name, layer, masked=False):
    x = numbers((3, 3, 4, 2))
    if masked:  # batches that begin, end and consist of masked steps
        x[1, 0, :2] = x[1, 1, 2:] = x[1, 2] = x[2, 0, 1] = x[0, 1, :3] = VALUE
    model = keras.Sequential([keras.Input(batch_shape=(3, 4, 2)), *([L.Masking(VALUE)] if masked else []), layer])
    fill(out, name, layer.trainable_weights)
    for i in range(3):
        out.add(f"{name}/x{i}", x[i])
        out.add(f"{name}/y{i}", model(x[i]))
    inner = layer.layer if isinstance(layer, Rows) else layer
    inner.reset_state()
    t = numbers(model(x[0], training=True).shape)
    with tf.GradientTape() as tape:
        loss = keras.losses.MeanSquaredError()(t, model(x[1], training=True))
    out.add(f"{name}/t", t)
    out.add(f"{name}/loss", [loss])
    for i, g in enumerate(tape.gradient(loss, [w.value for w in layer.trainable_weights])):
        out.add(f"{name}/g{i}", g)


with Golden("recurrent.bin") as out:
    dropped(out, "lstm/dropout", L.LSTM(5, dropout=0.4, return_sequences=True), (4, 3))
    dropped(out, "lstm/both_dropouts", L.LSTM(5, dropout=0.4, recurrent_dropout=0.3, return_sequences=True), (4, 3))
    dropped(out, "lstm/recurrent_dropout", L.LSTM(5, recurrent_dropout=0.4, go_backwards=True), (4, 3))
    dropped(out, "gru/dropout", L.GRU(5, dropout=0.4), (4, 3))
    dropped(out, "gru/both_dropouts", L.GRU(5, dropout=0.4, recurrent_dropout=0.3, return_sequences=True), (4, 3))
    dropped(out, "gru/first_dropouts", L.GRU(5, dropout=0.3, recurrent_dropout=0.4, reset_after=False, return_sequences=True), (4, 3))
    dropped(out, "simple_rnn/both_dropouts", L.SimpleRNN(5, dropout=0.4, recurrent_dropout=0.3, return_sequences=True), (4, 3))
    case(out, "bidirectional/state", Rows(L.Bidirectional(L.LSTM(3, return_state=True)), beside=True), (4, 2))
    case(out, "bidirectional/sequences_state", Rows(L.Bidirectional(L.LSTM(3, return_sequences=True, return_state=True)), beside=True),
         (4, 2))
    case(out, "bidirectional/sum_state", Rows(L.Bidirectional(L.LSTM(3, return_state=True), merge_mode="sum")), (4, 2))
    case(out, "bidirectional/mul_state", Rows(L.Bidirectional(L.GRU(3, return_sequences=True, return_state=True), merge_mode="mul")),
         (4, 2))
    case(out, "bidirectional/ave_state", Rows(L.Bidirectional(L.LSTM(3, return_sequences=True, return_state=True), merge_mode="ave")),
         (4, 2))
    passing(out)
    merging(out)
    losses(out)
    normalising(out)
    stateful(out, "stateful/lstm", L.LSTM(3, stateful=True))
    stateful(out, "stateful/gru", L.GRU(3, stateful=True, return_sequences=True))
    stateful(out, "stateful/gru_first", L.GRU(3, stateful=True, reset_after=False, go_backwards=True))
    stateful(out, "stateful/simple", L.SimpleRNN(3, stateful=True))
    stateful(out, "stateful/masked", L.LSTM(3, stateful=True, return_sequences=True), masked=True)
    stateful(out, "stateful/masked_gru", L.GRU(3, stateful=True), masked=True)
    stateful(out, "stateful/bidirectional", L.Bidirectional(L.LSTM(3, stateful=True, return_sequences=True)))
    stateful(out, "stateful/state", Rows(L.LSTM(3, stateful=True, return_state=True)))
