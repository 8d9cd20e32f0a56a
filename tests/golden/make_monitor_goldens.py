#!/usr/bin/env python3
"""What Keras 3's EarlyStopping and ReduceLROnPlateau do on given numbers, as a C header for tests/train/test_monitor.c.

    python3 make_monitor_goldens.py > monitor_goldens.h
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

CURVES = {
    "falling": [1.0, 0.8, 0.7, 0.69, 0.695, 0.68, 0.7, 0.71, 0.72, 0.5, 0.6, 0.61, 0.62, 0.63, 0.64, 0.65],
    "flat": [0.5] * 16,
    "bumpy": [float(v) for v in np.random.default_rng(3).uniform(0.2, 1, 16).round(3)],
    "rising": [0.1, 0.2, 0.25, 0.22, 0.21, 0.24, 0.3, 0.31, 0.29, 0.28, 0.27, 0.26, 0.25, 0.24, 0.23, 0.22],
}
STOPS = [dict(), dict(patience=2), dict(patience=3, min_delta=0.05), dict(patience=2, baseline=0.45), dict(patience=1, start_from_epoch=4),
         dict(patience=3, mode="max"), dict(patience=2, monitor="val_accuracy")]
PLATEAUS = [dict(patience=2), dict(patience=1, cooldown=2, factor=0.5), dict(patience=1, min_lr=0.02, factor=0.3),
            dict(patience=2, mode="max", min_delta=0.02)]


class Model:
    """As much of a model as the callbacks look at. The weights are the epoch's number."""

    def __init__(self):
        self.optimizer = keras.optimizers.SGD(0.1)
        self.stop_training = False
        self.metrics = []
        self.weights_now = None

    def get_weights(self):
        return self.weights_now

    def set_weights(self, value):
        self.weights_now = value


def walk(callback, name, curve):
    model = Model()
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(curve):
        model.weights_now = epoch
        callback.on_epoch_end(epoch, {name: value})
        rates.append(float(np.asarray(model.optimizer.learning_rate)))
        if model.stop_training:
            break
    callback.on_train_end()
    return len(rates), model.weights_now, rates


def fields(options):
    names = {"auto": "VISML_MODE_AUTO", "min": "VISML_MODE_MIN", "max": "VISML_MODE_MAX"}
    values = {k: names[v] if k == "mode" else f'"{v}"' if k == "monitor" else repr(v) for k, v in options.items()}
    return ", ".join(f".{k} = {v}" for k, v in values.items())


print(f"/* Made by make_monitor_goldens.py with Keras {keras.__version__}. */")
for name, curve in CURVES.items():
    print(f"static const double {name}[] = {{\n    {', '.join(map(repr, curve))},\n}};")
print("\nstatic const struct {\n    const double *curve;\n    visml_early_stopping_opts opts;\n    int epochs, best;\n} stops[] = {")
for name, curve in CURVES.items():
    for o in STOPS:
        mode = o.get("mode", "max" if o.get("monitor") == "val_accuracy" else "min")
        callback = keras.callbacks.EarlyStopping(**{**o, "mode": mode}, restore_best_weights=True)
        epochs, best, _ = walk(callback, o.get("monitor", "val_loss"), curve)
        print(f"    {{{name}, {{.size = sizeof(visml_early_stopping_opts), .restore_best_weights = 1{', ' if o else ''}{fields(o)}}}, "
              f"{epochs}, {best}}},")
print("};\n\nstatic const struct {\n    const double *curve;\n    visml_reduce_lr_on_plateau_opts opts;\n    double rates[16];")
print("} plateaus[] = {")
for name, curve in CURVES.items():
    for o in PLATEAUS:
        _, _, rates = walk(keras.callbacks.ReduceLROnPlateau(**{**o, "mode": o.get("mode", "min")}), "val_loss", curve)
        print(f"    {{{name}, {{.size = sizeof(visml_reduce_lr_on_plateau_opts), {fields(o)}}},\n     "
              f"{{{', '.join(f'{r:.9g}' for r in rates[:8])},\n      {', '.join(f'{r:.9g}' for r in rates[8:])}}}}},")
print("};")
