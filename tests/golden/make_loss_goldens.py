#!/usr/bin/env python3
"""losses.bin: losses and gradients of Keras 3 (float64, rounded to float32 at the end) for tests/nn/test_loss.c.

shared: z (logits), y (probabilities whose rows do not add up to 1), labels, targets, weights. For each case: loss (a row each, weight
applied) and dy (of Keras' scalar loss: sum of the rows by the batch size). Needs keras and tensorflow:  python make_loss_goldens.py
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from golden import Golden

keras.config.set_floatx("float64")
rng = np.random.default_rng(20240602)
N, C = 6, 5


def rounded(a):
    return np.asarray(a, np.float32).astype(np.float64)


z = rounded(rng.normal(0, 3, (N, C)))
y = rounded(rng.uniform(0.02, 1, (N, C)))
labels = rng.integers(0, C, N)
targets = rng.uniform(0, 1, (N, C))
targets = rounded(targets / targets.sum(1, keepdims=True))
weights = rounded(rng.uniform(0.2, 2, N))
onehot = np.eye(C)[labels]


def case(out, name, make, t, o, weighted):
    w = weights if weighted else None
    o = tf.constant(o)
    rows = make(reduction="none", dtype="float64")(t, o, sample_weight=w)
    with tf.GradientTape() as tape:
        tape.watch(o)
        loss = make(dtype="float64")(t, o, sample_weight=w)
    out.add(f"{name}/loss", rows)
    out.add(f"{name}/dy", tape.gradient(loss, o))


def partial(cls, **fixed):
    return lambda **k: cls(**fixed, **k)


with Golden("losses.bin") as out:
    for name, a in (("z", z), ("y", y), ("labels", labels), ("targets", targets), ("weights", weights)):
        out.add(name, a)
    cce, scce, mse = keras.losses.CategoricalCrossentropy, keras.losses.SparseCategoricalCrossentropy, keras.losses.MeanSquaredError
    case(out, "cce/logits", partial(cce, from_logits=True), targets, z, False)
    case(out, "cce/logits_weighted", partial(cce, from_logits=True), targets, z, True)
    case(out, "cce/logits_smooth", partial(cce, from_logits=True, label_smoothing=0.1), onehot, z, True)
    case(out, "cce/probabilities", partial(cce), targets, y, True)
    case(out, "cce/probabilities_smooth", partial(cce, label_smoothing=0.2), onehot, y, False)
    case(out, "scce/logits", partial(scce, from_logits=True), labels, z, True)
    case(out, "scce/probabilities", partial(scce), labels, y, True)
    case(out, "mse/arrays", partial(mse), targets, z, True)
    case(out, "mse/labels", partial(mse), onehot, z, False)
