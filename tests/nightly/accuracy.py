#!/usr/bin/env python3
"""Test accuracies that whole trainings reach: hours of work, so not part of the test suite.

    accuracy.py cifar10 VISML FOLDER [--epochs N] [--batch N] [--seeds N] [--limit N] [--of visml,keras,torch]
        seed-cnn on a folder of 32x32 class folders: the visml program, Keras and PyTorch train the same network from the same kind of
        first weights, on the same images and with the same batch size and epochs, once for each seed. The last fifth of each class, in
        the order of names, is for the test. Prints all accuracies and the means; fails when visml's mean is more than 1.5 points below
        either of the others.
    accuracy.py fashion-mnist VISML FOLDER [--epochs N] [--batch N] [--seeds N]
        small-cnn on the IDX files of Debian's dataset-fashion-mnist, 5 epochs, batch 128. Fails when an accuracy is below 0.905.

VISML is the command-line program. The first needs a Python with NumPy, Pillow, keras with tensorflow, and torch. --limit takes so many
images of each class, for a try.
"""
import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def run_visml(program, train, test, arch, args, seed, folder):
    model = folder / f"model-{seed}.visml"
    subprocess.run([program, "train", train, "--arch", arch, "--epochs", str(args.epochs), "--batch", str(args.batch), "--seed", str(seed),
                    "--json", "-o", model] + (["--size", "32x32"] if arch == "seed-cnn" else []), check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([program, "evaluate", model, test, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)["accuracy"]


# ---- CIFAR-10 -----------------------------------------------------------------------------------------------------------------------


def list_images(folder, limit):
    """(path, label) of training and test images, and the classes."""
    classes = sorted(p.name for p in pathlib.Path(folder).iterdir() if p.is_dir())
    train, test = [], []
    for label, name in enumerate(classes):
        paths = sorted(p for p in (pathlib.Path(folder) / name).iterdir() if p.is_file())[:limit]
        cut = len(paths) - len(paths) // 5
        train += [(p, label) for p in paths[:cut]]
        test += [(p, label) for p in paths[cut:]]
    return train, test, classes


def write_csv(path, rows, classes):
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow(["path", "label"])
        out.writerows([str(p.resolve()), classes[label]] for p, label in rows)


def read_pixels(rows):
    import numpy as np
    from PIL import Image

    x = np.stack([np.asarray(Image.open(p).convert("RGB")) for p, _ in rows])
    return x, np.array([label for _, label in rows])


def run_keras(train, test, classes, args, seed):
    import keras

    keras.utils.set_random_seed(seed)
    layers = keras.layers
    net = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1.0 / 255)])
    for filters in (32, 64, 128):
        net.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        net.add(layers.BatchNormalization())
        net.add(layers.Conv2D(filters, 3, activation="relu"))
        net.add(layers.MaxPooling2D(2))
        net.add(layers.Dropout(0.25))
    net.add(layers.Flatten())
    net.add(layers.Dense(512, activation="relu"))
    net.add(layers.Dropout(0.5))
    net.add(layers.Dense(classes, activation="softmax"))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(*train, batch_size=args.batch, epochs=args.epochs, verbose=0)
    return float(net.evaluate(*test, batch_size=args.batch, verbose=0)[1])


def torch_net(classes):
    import torch.nn as nn

    modules, channels = [], 3
    for filters in (32, 64, 128):
        modules += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(filters, 1e-3, 0.01)]
        modules += [nn.Conv2d(filters, filters, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
        channels = filters
    modules += [nn.Flatten(), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, classes)]
    net = nn.Sequential(*modules)
    for m in net:  # Keras' first weights
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(m.weight)
            nn.init.zeros_(m.bias)
    return net


def run_torch(train, test, classes, args, seed):
    import torch

    torch.manual_seed(seed)
    net = torch_net(classes)
    adam = torch.optim.Adam(net.parameters(), 1e-3, eps=1e-7)
    x, y = (torch.tensor(v) for v in train)

    def forward(pixels):
        return net(pixels.permute(0, 3, 1, 2).float() / 255)

    for _ in range(args.epochs):
        net.train()
        for rows in torch.randperm(len(x)).split(args.batch):
            adam.zero_grad()
            torch.nn.functional.cross_entropy(forward(x[rows]), y[rows]).backward()
            adam.step()
    net.eval()
    x, y = (torch.tensor(v) for v in test)
    with torch.no_grad():
        right = sum(int((forward(x[i:i + 500]).argmax(1) == y[i:i + 500]).sum()) for i in range(0, len(x), 500))
    return right / len(x)


def cifar10(args):
    train, test, classes = list_images(args.folder, args.limit)
    chosen = args.of.split(",")
    pixels = (read_pixels(train), read_pixels(test)) if {"keras", "torch"} & set(chosen) else None
    print(f"{len(train)} images to train with, {len(test)} to test, {len(classes)} classes; {args.epochs} epochs, batch {args.batch}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_csv(folder / "train.csv", train, classes)
        write_csv(folder / "test.csv", test, classes)
        runs = {
            "visml": lambda seed: run_visml(args.visml, folder / "train.csv", folder / "test.csv", "seed-cnn", args, seed, folder),
            "keras": lambda seed: run_keras(*pixels, len(classes), args, seed),
            "torch": lambda seed: run_torch(*pixels, len(classes), args, seed),
        }
        means = {who: mean_of(who, runs[who], args.seeds) for who in chosen}
    behind = [who for who in means if who != "visml" and "visml" in means and means["visml"] < means[who] - 0.015]
    for who in behind:
        print(f"visml is {100 * (means[who] - means['visml']):.2f} points behind {who}; 1.5 are allowed")
    return 1 if behind else 0


# ---- Fashion-MNIST ------------------------------------------------------------------------------------------------------------------


def fashion_mnist(args):
    folder = pathlib.Path(args.folder)
    train, test = (f"idx:{folder / kind}-images-idx3-ubyte.gz,{folder / kind}-labels-idx1-ubyte.gz" for kind in ("train", "t10k"))
    worst = 1.0

    def run(seed):
        nonlocal worst
        accuracy = run_visml(args.visml, train, test, "small-cnn", args, seed, pathlib.Path(name))
        worst = min(worst, accuracy)
        return accuracy

    with tempfile.TemporaryDirectory() as name:
        mean_of("visml", run, args.seeds)
    if worst < 0.905:
        print(f"{worst:.4f} is below 0.905")
    return 1 if worst < 0.905 else 0


def mean_of(who, run, seeds):
    accuracies = []
    for seed in range(1, seeds + 1):
        began = time.monotonic()
        accuracies.append(run(seed))
        print(f"{who} seed {seed}: test accuracy {accuracies[-1]:.4f}, {time.monotonic() - began:.0f} s", flush=True)
    mean = statistics.mean(accuracies)
    print(f"{who}: mean {mean:.4f} of {seeds}", flush=True)
    return mean


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, fn, epochs, batch in (("cifar10", cifar10, 10, 64), ("fashion-mnist", fashion_mnist, 5, 128)):
        p = commands.add_parser(name)
        p.set_defaults(run=fn)
        p.add_argument("visml")
        p.add_argument("folder")
        p.add_argument("--epochs", type=int, default=epochs)
        p.add_argument("--batch", type=int, default=batch)
        p.add_argument("--seeds", type=int, default=3)
        if fn is cifar10:
            p.add_argument("--limit", type=int)
            p.add_argument("--of", default="visml,keras,torch")
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
