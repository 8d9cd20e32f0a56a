"""Makes tests/golden/model/ with Keras 3 on TensorFlow, in float64. Run it from anywhere:

    summary_*.txt   what Keras prints for the networks of tests/model/networks.h
    residual.f32    the network `residual` with every kind of layer, branches, fan-out and a shared input. float32, little-endian, in this
                    order: parameters by layer, x [5, 8, 8, 3], y [5, 3] (inference), targets [5, 3], loss (mean), gradients of the
                    trainable parameters by layer, y in training mode, moving_mean and moving_variance after it
    penalised.f32   penalties, norms with a bound and a frozen batch normalisation: parameters by layer, x [5, 4, 6], class numbers [5],
                    five losses (penalties within), one before each step of SGD, and the parameters after them
"""
import contextlib
import io
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["COLUMNS"] = "80"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as L  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent / "model"
HERE.mkdir(exist_ok=True)


def small_cnn():
    return keras.Sequential([keras.Input((28, 28, 1)), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2),
                             L.Conv2D(64, 3, activation="relu"), L.Flatten(), L.Dense(128, activation="relu"),
                             L.Dense(10, activation="softmax")], name="sequential")


def seed_cnn():
    stack = [keras.Input((32, 32, 3))]
    for filters in (32, 64, 128):
        stack += [L.Conv2D(filters, 3, padding="same", activation="relu"), L.BatchNormalization(),
                  L.Conv2D(filters, 3, activation="relu"), L.MaxPooling2D(2), L.Dropout(0.25)]
    stack += [L.Flatten(), L.Dense(512, activation="relu"), L.Dropout(0.5), L.Dense(10, activation="softmax")]
    return keras.Sequential(stack, name="sequential")


def lstm():
    return keras.Sequential([keras.Input((28, 28)), L.LSTM(64, return_sequences=True), L.LSTM(32, use_bias=False),
                             L.Dense(10, activation="softmax")], name="sequential")


def residual():
    x = keras.Input((8, 8, 3), name="input_layer")
    scaled = L.Rescaling(1 / 127.5, -1.0, name="rescaling")(x)
    a = L.Conv2D(4, 3, padding="same", activation="relu", name="a")(scaled)
    n = L.BatchNormalization(momentum=0.9, name="n")(a)
    b = L.Conv2D(4, (3, 2), padding="same", use_bias=False, name="b")(n)
    add = L.Add(name="add")([n, b, n])
    act = L.LeakyReLU(negative_slope=0.2, name="act")(add)
    p = L.MaxPooling2D(2, name="p")(act)
    q = L.AveragePooling2D(2, name="q")(act)
    cat = L.Concatenate(name="cat")([p, q])
    c = L.Conv2D(6, 2, strides=2, groups=2, activation="tanh", name="c")(cat)
    g = L.GlobalAveragePooling2D(name="g")(c)
    f = L.Flatten(name="f")(c)
    drop = L.Dropout(0.0, name="drop")(f)
    d = L.Dense(5, activation="sigmoid", name="d")(drop)
    r = L.Reshape((3, 8), name="r")(f)
    e = L.Dense(2, activation="softmax", name="e")(r)
    s = L.Flatten(name="s")(e)
    join = L.Concatenate(name="join")([g, d, s])
    out = L.Dense(3, activation="softmax", name="out")(join)
    return keras.Model(x, out, name="functional")


# The layers in the order of tests/model/networks.h.
ORDER = "rescaling a n b add act p q cat c g f drop d r e s join out".split()


def text_of(model):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        model.summary()
    return out.getvalue()


def summaries():
    (HERE / "summary_small_cnn.txt").write_text(text_of(small_cnn()), encoding="utf-8")
    keras.backend.clear_session()
    (HERE / "summary_seed_cnn.txt").write_text(text_of(seed_cnn()), encoding="utf-8")
    x = keras.Input((8, 8, 3), name="input_layer")
    a, b = L.Conv2D(4, 3, padding="same", name="left")(x), L.Conv2D(4, 3, padding="same", name="right")(x)
    total = L.Add(name="add")([a, b])
    joined = L.Concatenate(name="concatenate")([total, a, b])
    out = L.Dense(3, name="dense")(L.Flatten(name="flatten")(joined))
    (HERE / "summary_graph.txt").write_text(text_of(keras.Model(x, out, name="functional")), encoding="utf-8")
    keras.backend.clear_session()
    (HERE / "summary_lstm.txt").write_text(text_of(lstm()), encoding="utf-8")


def residual_values():
    keras.config.set_floatx("float64")
    rng = np.random.default_rng(7)
    model = residual()
    layers = [model.get_layer(name) for name in ORDER]
    for layer in layers:
        for w in layer.weights:
            v = rng.normal(0, 0.4, w.shape)
            if w.name in ("gamma", "moving_variance"):
                v = np.abs(v) + 0.5
            w.assign(v.astype(np.float32).astype(np.float64))
    x = rng.integers(0, 256, (5, 8, 8, 3)).astype(np.float64)
    t = np.eye(3)[rng.integers(0, 3, 5)]
    params = [w.numpy() for layer in layers for w in layer.weights]
    y = model(x, training=False).numpy()
    with tf.GradientTape() as tape:
        trained = model(x, training=True)
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(t, trained))
    grads = tape.gradient(loss, [w for layer in layers for w in layer.trainable_weights])
    n = model.get_layer("n")
    parts = params + [x, y, t, [loss.numpy()]] + [g.numpy() for g in grads] + [trained.numpy(), n.moving_mean.numpy(),
                                                                            n.moving_variance.numpy()]
    np.concatenate([np.asarray(p, np.float64).ravel() for p in parts]).astype("<f4").tofile(HERE / "residual.f32")


def penalised():
    r = keras.regularizers
    norm = keras.constraints.MaxNorm
    return keras.Sequential([
        keras.Input((4, 6)),
        L.LSTM(5, kernel_regularizer=r.L1L2(0.01, 0.02), recurrent_regularizer=r.L1(0.03), bias_regularizer=r.L2(0.04),
               recurrent_constraint=norm(0.6, axis=0), name="lstm"),
        L.BatchNormalization(trainable=False, name="frozen"),
        L.Dense(4, activation="relu", activity_regularizer=r.L1L2(0.05, 0.06), kernel_constraint=norm(0.7, axis=0),
                bias_constraint=norm(0.1, axis=0), name="dense"),
        L.BatchNormalization(gamma_regularizer=r.L2(0.07), beta_regularizer=r.L1(0.08), name="norm"),
        L.Dense(3, activation="softmax", kernel_regularizer=r.L2(0.09), name="out")])


def penalised_values():
    keras.config.set_floatx("float64")
    rng = np.random.default_rng(8)
    model = penalised()
    for w in model.weights:
        v = rng.normal(0, 0.4, w.shape)
        w.assign(np.abs(v).astype(np.float32) + 0.5 if w.name in ("gamma", "moving_variance") else v.astype(np.float32))
    params = [w.numpy() for w in model.weights]
    x, labels, losses = rng.normal(0, 1, (5, 4, 6)).astype(np.float32), rng.integers(0, 3, 5), []
    optimizer = keras.optimizers.SGD(0.3)
    for _ in range(5):
        with tf.GradientTape() as tape:
            y = model(x.astype(np.float64), training=True)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, y)) + sum(model.losses)
        losses.append(loss.numpy())
        optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        for w in model.trainable_weights:  # apply has done it already: once more must change next to nothing
            assert w.constraint is None or np.allclose(w.constraint(w.value), w.value, rtol=1e-6)
    parts = params + [x, labels, losses] + [w.numpy() for w in model.weights]
    np.concatenate([np.asarray(p, np.float64).ravel() for p in parts]).astype("<f4").tofile(HERE / "penalised.f32")


summaries()
residual_values()
penalised_values()
