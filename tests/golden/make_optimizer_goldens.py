#!/usr/bin/env python3
"""optimizers.bin: 100 steps of Keras 3's optimizers (float64, rounded to float32 at the end) for tests/nn/test_optimizer.c.
In float32, and with the TensorFlow backend always, Keras' own bias correction 1 - 0.999 of Adam is off by 1e-5.

shared: w0 [n], gradients [100, n]. For each case: w1, w10, w100, the parameters after so many steps. They are three variables: the first 7,
the next 11, "bias" with the last one. Needs keras and torch:  python make_optimizer_goldens.py
"""
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from golden import Golden

keras.config.set_floatx("float64")
rng = np.random.default_rng(20240603)
n = 19
w0 = rng.normal(0, 1, n).astype(np.float32)
gradients = (rng.normal(0, 1, (100, n)) * np.logspace(-4, 1, n)).astype(np.float32)


PARTS = (slice(0, 7), slice(7, 18), slice(18, 19))


def case(out, name, optimizer, finish=False):
    w = [keras.Variable(w0[p], dtype="float64", name=n) for p, n in zip(PARTS, ("kernel", "gamma", "bias"))]
    for t in range(100):
        optimizer.apply([keras.ops.convert_to_tensor(gradients[t][p], dtype="float64") for p in PARTS], w)
        if t + 1 in (1, 10, 100):
            if t + 1 == 100 and finish:
                optimizer.finalize_variable_values(w)
            out.add(f"{name}/w{t + 1}", np.concatenate([keras.ops.convert_to_numpy(v) for v in w]))


def without(optimizer, *names):
    optimizer.exclude_from_weight_decay(var_names=list(names))
    return optimizer


with Golden("optimizers.bin") as out:
    out.add("w0", w0)
    out.add("gradients", gradients)
    case(out, "sgd/plain", keras.optimizers.SGD())
    case(out, "sgd/momentum", keras.optimizers.SGD(learning_rate=0.05, momentum=0.9))
    case(out, "sgd/nesterov", keras.optimizers.SGD(learning_rate=0.02, momentum=0.8, nesterov=True))
    case(out, "adam/plain", keras.optimizers.Adam())
    case(out, "adam/set", keras.optimizers.Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-3))
    O, S = keras.optimizers, keras.optimizers.schedules
    case(out, "adam/amsgrad", O.Adam(learning_rate=0.01, amsgrad=True))
    case(out, "adamw/plain", O.AdamW())
    case(out, "adamw/set", O.AdamW(learning_rate=0.01, weight_decay=0.1, amsgrad=True))
    case(out, "nadam/plain", O.Nadam())
    case(out, "nadam/set", O.Nadam(learning_rate=0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-3))
    case(out, "adamax/plain", O.Adamax())
    case(out, "adamax/set", O.Adamax(learning_rate=0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-3))
    case(out, "rmsprop/plain", O.RMSprop())
    case(out, "rmsprop/momentum", O.RMSprop(learning_rate=0.005, rho=0.8, momentum=0.7, epsilon=1e-3))
    case(out, "rmsprop/centered", O.RMSprop(learning_rate=0.01, centered=True, epsilon=1e-3))
    case(out, "rmsprop/both", O.RMSprop(learning_rate=0.01, centered=True, momentum=0.5, epsilon=1e-3))
    case(out, "adagrad/plain", O.Adagrad())
    case(out, "adagrad/set", O.Adagrad(learning_rate=0.1, initial_accumulator_value=0.5, epsilon=1e-3))
    case(out, "adadelta/plain", O.Adadelta())
    case(out, "adadelta/set", O.Adadelta(learning_rate=1.0, rho=0.8, epsilon=1e-4))
    case(out, "lion/plain", O.Lion())
    case(out, "lion/set", O.Lion(learning_rate=0.01, beta_1=0.7, beta_2=0.9))
    # What all optimizers can be asked for.
    case(out, "common/weight_decay", O.SGD(learning_rate=0.1, momentum=0.5, weight_decay=0.05))
    case(out, "common/excluded", without(O.SGD(learning_rate=0.1, weight_decay=0.05), "bias", "gamma"))
    case(out, "common/clipnorm", O.SGD(learning_rate=0.1, clipnorm=1.0))
    case(out, "common/global_clipnorm", O.SGD(learning_rate=0.1, momentum=0.9, global_clipnorm=2.0))
    case(out, "common/clipvalue", O.Adam(learning_rate=0.01, clipvalue=0.5))
    case(out, "common/ema", O.SGD(learning_rate=0.1, use_ema=True, ema_momentum=0.9), finish=True)
    case(out, "common/ema_overwrite", O.Adam(learning_rate=0.01, use_ema=True, ema_momentum=0.95, ema_overwrite_frequency=7))
    case(out, "common/accumulation", O.Adam(learning_rate=0.02, gradient_accumulation_steps=4))
    case(out, "common/all", O.Adam(learning_rate=0.02, gradient_accumulation_steps=3, weight_decay=0.01, global_clipnorm=1.0, use_ema=True,
                                   ema_momentum=0.9, ema_overwrite_frequency=2))
    case(out, "common/schedule", O.SGD(S.CosineDecay(0.2, 60, alpha=0.1), momentum=0.9))
    case(out, "common/schedule_accumulation", O.SGD(S.ExponentialDecay(0.2, 10, 0.9), weight_decay=0.1, gradient_accumulation_steps=2))
