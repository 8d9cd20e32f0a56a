#!/usr/bin/env python3
"""CPU time for each image of a flip, a rotation, a zoom and a contrast: visml on one thread, Keras' layers on TensorFlow (a batch of 64
at a time, as a graph and eagerly). Run by hand on a quiet machine, with VISML_LIBRARY set; needs numpy, and keras with tensorflow for
its side:

    bench_augmentation.py visml|keras

Process time, so that threads do not count as speed; the median of `ROUNDS` walks.
"""
import os
import pathlib
import statistics
import sys
import time

import numpy as np

ROUNDS, BATCH = 15, 64


def measure(walk, images):
    walk()
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        walk()
        times.append(time.process_time() - began)
    return statistics.median(times) / images * 1e6


def visml_side(size):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python"))
    import visml
    from visml import augmentation as aug
    context = visml.Context(threads=1)
    rng = np.random.default_rng(1)
    for dtype in (np.uint8, np.float32):
        x = rng.integers(0, 256, (BATCH, size, size, 3)).astype(dtype)
        plain = visml.Dataset.from_arrays(x, np.zeros(BATCH, np.int32), context=context, classes=2)
        chains = {
            "nothing": [], "flip": [aug.RandomFlip("horizontal")], "rotation": [aug.RandomRotation(0.1)], "zoom": [aug.RandomZoom(0.2)],
            "contrast": [aug.RandomContrast(0.2)],
        }
        chains["all four"] = [a for c in list(chains.values()) for a in c]
        for name, chain in chains.items():
            data = plain.augment(*chain) if chain else plain
            repeats = max(1, 4096 // (size * size) * 4)
            loader = visml.Loader(data, batch_size=BATCH, workers=-1, epochs=-1)

            def walk():
                for _ in range(repeats):
                    next(loader)

            print(f"visml {np.dtype(dtype).name} {size}x{size}x3 {name}: {measure(walk, repeats * BATCH):.1f} us an image", flush=True)


def keras_side(size):
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x = tf.constant(np.random.default_rng(1).integers(0, 256, (BATCH, size, size, 3)).astype(np.float32))
    layers = {"flip": keras.layers.RandomFlip("horizontal"), "rotation": keras.layers.RandomRotation(0.1),
              "zoom": keras.layers.RandomZoom(0.2), "contrast": keras.layers.RandomContrast(0.2)}
    chains = {**{n: [layer] for n, layer in layers.items()}, "all four": list(layers.values())}
    for name, chain in chains.items():
        def once(batch):
            for layer in chain:
                batch = layer(batch, training=True)
            return batch

        for kind, function in (("graph", tf.function(once)), ("eager", once)):
            print(f"keras {kind} {size}x{size}x3 {name}: {measure(lambda: function(x).numpy(), BATCH):.1f} us an image", flush=True)


if __name__ == "__main__":
    for pixels in (32, 224):
        {"visml": visml_side, "keras": keras_side}[sys.argv[1]](pixels)
