#!/usr/bin/env python3
"""schedules.bin: learning rates of Keras 3's schedules and of PyTorch's OneCycleLR for tests/nn/test_schedule.c, both in float64.

For each case [n, 2]: the step and the rate, rounded to float32 at the end. Needs keras and torch:  python make_schedule_goldens.py
"""
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from golden import Golden

keras.config.set_floatx("float64")
S = keras.optimizers.schedules


def double(x):
    """Keras takes the precision of the first rate for all that it computes."""
    return torch.tensor(x, dtype=torch.float64)


def case(out, name, schedule, steps):
    rates = [float(schedule(keras.ops.convert_to_tensor(s, dtype="int64"))) for s in steps]
    out.add(name, np.stack([np.asarray(steps, float), rates], 1))


def one_cycle(out, name, total, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, total_steps=total, cycle_momentum=False, **options)
    rates = []
    for _ in range(total):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    out.add(name, np.stack([np.arange(total), rates], 1))


few = [0, 1, 2, 3, 5, 7, 9, 10, 11, 13, 19, 20, 21, 25, 29, 30, 31, 40, 50, 69, 70, 71, 99, 100, 149, 150, 151, 200, 1000, 12345]
with Golden("schedules.bin") as out:
    case(out, "exponential_decay/plain", S.ExponentialDecay(double(0.1), 20, 0.9), few)
    case(out, "exponential_decay/staircase", S.ExponentialDecay(double(0.1), 20, 0.9, staircase=True), few)
    case(out, "inverse_time_decay/plain", S.InverseTimeDecay(double(0.1), 20, 0.5), few)
    case(out, "inverse_time_decay/staircase", S.InverseTimeDecay(double(0.1), 20, 0.5, staircase=True), few)
    case(out, "piecewise_constant_decay/plain", S.PiecewiseConstantDecay([10, 30, 100], [double(v) for v in (1.0, 0.5, 0.25, 0.1)]), few)
    case(out, "polynomial_decay/plain", S.PolynomialDecay(double(0.1), 50), few)
    case(out, "polynomial_decay/power", S.PolynomialDecay(double(0.1), 50, end_learning_rate=0.01, power=2.5), few)
    case(out, "polynomial_decay/cycle", S.PolynomialDecay(double(0.1), 50, end_learning_rate=0.01, power=0.5, cycle=True), few)
    case(out, "cosine_decay/plain", S.CosineDecay(double(0.1), 100), few)
    case(out, "cosine_decay/alpha", S.CosineDecay(double(0.1), 100, alpha=0.2), few)
    case(out, "cosine_decay/warmup", S.CosineDecay(double(0.0), 100, alpha=0.1, warmup_target=0.2, warmup_steps=50), few)
    case(out, "cosine_decay_restarts/plain", S.CosineDecayRestarts(double(0.1), 10), few)
    case(out, "cosine_decay_restarts/set", S.CosineDecayRestarts(double(0.1), 10, t_mul=1.5, m_mul=0.8, alpha=0.1), few)
    case(out, "cosine_decay_restarts/even", S.CosineDecayRestarts(double(0.1), 10, t_mul=1.0, m_mul=0.9), few)
    one_cycle(out, "one_cycle/plain", 40, max_lr=0.1)
    one_cycle(out, "one_cycle/linear", 37, max_lr=0.1, anneal_strategy="linear", pct_start=0.4, div_factor=10, final_div_factor=100)
    one_cycle(out, "one_cycle/three_phase", 50, max_lr=0.1, three_phase=True, pct_start=0.25)
    one_cycle(out, "one_cycle/no_rise", 20, max_lr=0.1, pct_start=0.0)
