#!/usr/bin/env python3
"""optimizers.bin: 100 steps of Keras 3's optimizers (float64, rounded to float32 at the end) for tests/nn/test_optimizer.c.
In float32, and with the TensorFlow backend always, Keras' own bias correction 1 - 0.999 of Adam is off by 1e-5.

shared: w0 [n], gradients [100, n]. For each case: w1, w10, w100, the parameters after so many steps. Needs keras and torch:
python make_optimizer_goldens.py
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


def case(out, name, optimizer):
    w = keras.Variable(w0, dtype="float64")
    for t in range(100):
        optimizer.apply([keras.ops.convert_to_tensor(gradients[t], dtype="float64")], [w])
        if t + 1 in (1, 10, 100):
            out.add(f"{name}/w{t + 1}", keras.ops.convert_to_numpy(w))


with Golden("optimizers.bin") as out:
    out.add("w0", w0)
    out.add("gradients", gradients)
    case(out, "sgd/plain", keras.optimizers.SGD())
    case(out, "sgd/momentum", keras.optimizers.SGD(learning_rate=0.05, momentum=0.9))
    case(out, "sgd/nesterov", keras.optimizers.SGD(learning_rate=0.02, momentum=0.8, nesterov=True))
    case(out, "adam/plain", keras.optimizers.Adam())
    case(out, "adam/set", keras.optimizers.Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-3))
