#!/usr/bin/env python3
"""Two trainings on Fashion-MNIST beside Keras: the same network, data, batch size, optimizer, schedule and kind of first weights.

    beside_keras.py [lstm] [cnn] [--epochs N] [--batch N] [--seeds N] [--threads N] [--data FOLDER]

lstm: the rows of an image as a sequence into LSTM(128), Dense(10); Adam 1e-3.
cnn:  two convolutions of 32 and 64, pooling, Dense(128), Dropout; flipped, shifted and zoomed images, Adam with a cosine schedule.

Prints test accuracies and seconds of an epoch (medians over seeds and epochs without each run's first; the two take turns, run by run) and
fails when the mean accuracies are more than a point apart. Needs a Python with NumPy and keras with tensorflow, the package visml
on PYTHONPATH, and the IDX files of Debian's dataset-fashion-mnist."""
import argparse
import gzip
import os
import pathlib
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

TRAIN, TEST = 60000, 10000


def read_idx(path, shape):
    import numpy
    with gzip.open(path) as f:
        return numpy.frombuffer(f.read(), "u1")[-int(numpy.prod(shape)):].reshape(shape).copy()  # behind the header


def load(folder):
    folder = pathlib.Path(folder)
    return [read_idx(folder / f"{name}-{kind}-ubyte.gz", shape)
            for name, n in (("train", TRAIN), ("t10k", TEST))
            for kind, shape in (("images-idx3", (n, 28, 28, 1)), ("labels-idx1", (n,)))]


class Clock:
    """Seconds of each epoch."""

    def __init__(self):
        self.begun, self.seconds = 0, []

    def start(self):
        self.begun = time.perf_counter()

    def stop(self):
        self.seconds.append(time.perf_counter() - self.begun)


# ---- visml ----


def run_visml(kind, data, args, seed, clock):
    import visml
    from visml import augmentation as aug

    class Timer(visml.Callback):
        def epoch_begin(self, model, progress):
            clock.start()

        def epoch_end(self, model, progress):
            clock.stop()

    ctx = visml.Context(threads=args.threads, seed=seed)
    images, labels, test_images, test_labels = data
    train = visml.Dataset.from_arrays(images, labels.astype("i4"), context=ctx)
    test = visml.Dataset.from_arrays(test_images, test_labels.astype("i4"), context=ctx)
    rate = 1e-3
    if kind == "lstm":
        layers = [visml.Rescaling(1 / 255), visml.Reshape([28, 28]), visml.LSTM(128), visml.Dense(10, activation="softmax")]
    else:
        layers = [visml.Rescaling(1 / 255), visml.Conv2D(32, 3, activation="relu"), visml.MaxPooling2D(), visml.Conv2D(64, 3,
                  activation="relu"), visml.MaxPooling2D(), visml.Flatten(), visml.Dense(128, activation="relu"), visml.Dropout(0.3),
                  visml.Dense(10, activation="softmax")]
        train = train.augment(aug.RandomFlip("horizontal"), aug.RandomTranslation(0.05, 0.05), aug.RandomZoom(0.05))
        rate = visml.CosineDecay(1e-3, args.epochs * -(-TRAIN // args.batch))
    model = visml.Model((28, 28, 1), layers, seed=seed, context=ctx)
    model.fit(train, epochs=args.epochs, batch_size=args.batch, optimizer=visml.Adam(rate), callbacks=[Timer()], verbose=0)
    return model.evaluate(test).accuracy


# ---- Keras ----


def keras_network(kind):
    from keras import layers as k
    if kind == "lstm":
        return [k.Rescaling(1 / 255), k.Reshape((28, 28)), k.LSTM(128), k.Dense(10, activation="softmax")]
    return [k.Rescaling(1 / 255), k.Conv2D(32, 3, activation="relu"), k.MaxPooling2D(), k.Conv2D(64, 3, activation="relu"),
            k.MaxPooling2D(), k.Flatten(), k.Dense(128, activation="relu"), k.Dropout(0.3), k.Dense(10, activation="softmax")]


def run_keras(kind, data, args, seed, clock):
    import keras
    import tensorflow as tf
    images, labels, test_images, test_labels = data
    keras.utils.set_random_seed(seed)

    class Timer(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            clock.start()

        def on_epoch_end(self, epoch, logs=None):
            clock.stop()

    model = keras.Sequential([keras.Input((28, 28, 1))] + keras_network(kind))
    rate = 1e-3
    labels = labels.astype("i4")
    train = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(TRAIN, seed=seed).batch(args.batch)
    if kind == "cnn":
        change = keras.Sequential([keras.layers.RandomFlip("horizontal", seed=seed), keras.layers.RandomTranslation(0.05, 0.05, seed=seed),
                                   keras.layers.RandomZoom(0.05, seed=seed)])
        train = train.map(lambda x, y: (change(tf.cast(x, "float32"), training=True), y),
                          num_parallel_calls=args.threads or tf.data.AUTOTUNE)
        rate = keras.optimizers.schedules.CosineDecay(1e-3, args.epochs * -(-TRAIN // args.batch))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train.prefetch(tf.data.AUTOTUNE), epochs=args.epochs, callbacks=[Timer()], verbose=0)
    return model.evaluate(test_images.astype("f4"), test_labels.astype("i4"), batch_size=256, verbose=0)[1]


RUNS = {"visml": run_visml, "keras": run_keras}


def compare(kind, data, args):
    accuracy, seconds = {n: [] for n in RUNS}, {n: [] for n in RUNS}
    for seed in range(1, args.seeds + 1):
        for name, run in RUNS.items():
            clock = Clock()
            accuracy[name].append(run(kind, data, args, seed, clock))
            seconds[name] += clock.seconds[1:] or clock.seconds
            print(f"{kind} seed {seed} {name}: accuracy {accuracy[name][-1]:.4f}, epochs "
                  + " ".join(f"{s:.2f}" for s in clock.seconds) + " s", flush=True)
    mean = {n: statistics.mean(accuracy[n]) for n in RUNS}
    epoch = {n: statistics.median(seconds[n]) for n in RUNS}
    print(f"{kind}: accuracy visml {mean['visml']:.4f}, Keras {mean['keras']:.4f}; an epoch {epoch['visml']:.2f} s and "
          f"{epoch['keras']:.2f} s: {epoch['keras'] / epoch['visml']:.2f} x", flush=True)
    return abs(mean["visml"] - mean["keras"]) <= 0.01


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=["lstm", "cnn"])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    args = parser.parse_args()
    import keras
    import tensorflow as tf
    if args.threads:
        tf.config.threading.set_intra_op_parallelism_threads(args.threads)
        tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    print(f"Keras {keras.__version__}, TensorFlow {tf.__version__}")
    data = load(args.data)
    return 0 if all([compare(kind, data, args) for kind in args.kinds]) else 1


if __name__ == "__main__":
    sys.exit(main())
