#!/usr/bin/env python3
"""losses.bin: losses and gradients of Keras 3 (float64, rounded to float32 at the end) for tests/nn/test_loss.c.

shared: z (logits), y (probabilities whose rows do not add up to 1), labels, targets, weights, bits (0 and 1), signs (-1 and 1), unit (one
logit a row), binary (class numbers of it). For each case: loss (a row each, weight
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
    bits, signs = rng.integers(0, 2, (N, C)), 2 * rng.integers(0, 2, (N, C)) - 1
    unit, binary = rounded(rng.normal(0, 2, (N, 1))), rng.integers(0, 2, (N, 1))
    for name, a in (("bits", bits), ("signs", signs), ("unit", unit), ("binary", binary)):
        out.add(name, a)
    K = keras.losses
    bce, cfce, bfce = K.BinaryCrossentropy, K.CategoricalFocalCrossentropy, K.BinaryFocalCrossentropy
    case(out, "bce/logits", partial(bce, from_logits=True), bits, z, True)
    case(out, "bce/logits_smooth", partial(bce, from_logits=True, label_smoothing=0.1), targets, z, False)
    case(out, "bce/probabilities", partial(bce), targets, y, True)
    case(out, "bce/probabilities_smooth", partial(bce, label_smoothing=0.2), bits, y, False)
    case(out, "bce/onehot", partial(bce, from_logits=True), onehot, z, True)
    case(out, "bce/unit", partial(bce, from_logits=True), binary, unit, True)
    case(out, "cfce/logits", partial(cfce, from_logits=True), targets, z, True)
    case(out, "cfce/probabilities", partial(cfce), onehot, y, True)
    case(out, "cfce/set", partial(cfce, alpha=0.6, gamma=1.5, label_smoothing=0.1), targets, y, False)
    case(out, "bfce/logits", partial(bfce, from_logits=True), bits, z, True)
    case(out, "bfce/probabilities", partial(bfce), targets, y, True)
    case(out, "bfce/set", partial(bfce, apply_class_balancing=True, alpha=0.7, gamma=3.0, label_smoothing=0.1), bits, y, False)
    case(out, "bfce/unit", partial(bfce, from_logits=True), binary, unit, False)
    case(out, "mae/arrays", partial(K.MeanAbsoluteError), targets, z, True)
    case(out, "mae/labels", partial(K.MeanAbsoluteError), onehot, z, False)
    case(out, "huber/arrays", partial(K.Huber), targets, z, True)
    case(out, "huber/delta", partial(K.Huber, delta=2.5), targets, z, False)
    case(out, "hinge/bits", partial(K.Hinge), bits, z, True)
    case(out, "hinge/signs", partial(K.Hinge), signs, z, False)
    case(out, "hinge/unit", partial(K.Hinge), binary, unit, False)
    case(out, "squared_hinge/bits", partial(K.SquaredHinge), bits, z, True)
    case(out, "squared_hinge/targets", partial(K.SquaredHinge), targets, z, False)
    case(out, "categorical_hinge/labels", partial(K.CategoricalHinge), onehot, z, True)
    case(out, "categorical_hinge/targets", partial(K.CategoricalHinge), targets, z, False)
    case(out, "kl/targets", partial(K.KLDivergence), targets, y, True)
    case(out, "kl/labels", partial(K.KLDivergence), onehot, y, False)
    case(out, "poisson/arrays", partial(K.Poisson), targets, y, True)
    case(out, "cosine/targets", partial(K.CosineSimilarity), targets, z, True)
    case(out, "cosine/labels", partial(K.CosineSimilarity), onehot, z, False)
    case(out, "log_cosh/arrays", partial(K.LogCosh), targets, z, True)
    case(out, "mse/unit", partial(mse), binary, unit, True)
