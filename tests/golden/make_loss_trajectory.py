"""The first 50 training losses of seed-cnn without dropout, as Keras and PyTorch compute them: tests/golden/loss_trajectory.txt.

Initial weights and batches come from a generator that tests/train/trajectory.h has too (SplitMix64, whole numbers, one rounding to
float32), so that only the losses are kept. Run with a Python that has keras, tensorflow and torch:

    python make_loss_trajectory.py              writes loss_trajectory.txt beside this file
    python make_loss_trajectory.py --compare    how far Keras and PyTorch, float32 and float64, are apart; writes nothing

Two settings, because the first losses of this network at Adam's default learning rate are not a function of the weights and batches that
float32 can hold on to. In each step some of the three million relu and pooling decisions lie so close to their edge that rounding decides
them; one decision changes a gradient by far more than rounding does, and Adam's first steps multiply that. At a learning rate of 1e-3
Keras in float32 is 1e-4 away from Keras in float64 (and from PyTorch in float32) after one step and has nothing in common with it after
ten. In float64 no decision is that close: a change of the pixels by 1e-14 changes no loss by more than 1e-11. So the lines hold

    float32_3e-6    Keras, float32, Adam with learning rate 3e-6: the largest at which these implementations agree to half of 1e-4
    float64_1e-3    PyTorch, float64, Adam with its default learning rate 1e-3, in Keras' form
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # plain float32 convolutions
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
STEPS, BATCH, SIZE, CHANNELS, CLASSES = 50, 32, 32, 3, 10
SCALE = 1.0 / 255
EPSILON, MOMENTUM = 1e-3, 0.99  # of BatchNorm
BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7


def splitmix(seed, n):
    """n numbers of 64 bits; the i-th is a function of seed + i. Steele, Lea and Flood 2014."""
    z = (np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def glorot(number, shape, fan_in, fan_out):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)): 24 random bits, doubles, one rounding to float32."""
    bits = (splitmix(number << 32, int(np.prod(shape))) >> np.uint64(40)).astype(np.float64)
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return ((bits * 2.0**-23 - 1.0) * limit).astype(np.float32).reshape(shape)


def weights():
    """Kernels of the convolutions and dense layers in order, Keras' layouts; biases are 0."""
    out = []
    channels = CHANNELS
    for filters in (32, 64, 128):
        for source in (channels, filters):
            out.append(glorot(len(out) + 1, (3, 3, source, filters), 9 * source, 9 * filters))
        channels = filters
    for source, units in ((512, 512), (512, CLASSES)):
        out.append(glorot(len(out) + 1, (source, units), source, units))
    return out


def batch(step):
    """Bright and dark stripes with noise: class k has its own direction and width. uint8 [32, 32, 32, 3], labels [32]."""
    random = (splitmix((1000 + step) << 32, BATCH * (4 + SIZE * SIZE * CHANNELS)) >> np.uint64(33)).astype(np.int64).reshape(BATCH, -1)
    labels = random[:, 0] % CLASSES
    phase, colour = random[:, 1] % 8, random[:, 2] % 8
    noise = (random[:, 4:] % 32).reshape(BATCH, SIZE, SIZE, CHANNELS)
    y, x, c = np.meshgrid(np.arange(SIZE), np.arange(SIZE), np.arange(CHANNELS), indexing="ij")
    k, p, q = (v[:, None, None, None] for v in (labels, phase, colour))
    bright = ((k % 4 * y + (k // 4 + 1) * x + p) // 4 + (q >> c)) % 2
    return (bright * 192 + noise).astype(np.uint8), labels


def keras_losses(dtype, rate):
    import keras

    keras.utils.set_random_seed(0)
    keras.backend.set_floatx(dtype)
    layers = keras.layers
    net = keras.Sequential([keras.Input((SIZE, SIZE, CHANNELS)), layers.Rescaling(SCALE)])
    for filters in (32, 64, 128):
        net.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        net.add(layers.BatchNormalization())
        net.add(layers.Conv2D(filters, 3, activation="relu"))
        net.add(layers.MaxPooling2D(2))
    net.add(layers.Flatten())
    net.add(layers.Dense(512, activation="relu"))
    net.add(layers.Dense(CLASSES, activation="softmax"))
    trained = [layer for layer in net.layers if isinstance(layer, (layers.Conv2D, layers.Dense))]
    for layer, kernel in zip(trained, weights()):
        layer.set_weights([kernel, np.zeros(kernel.shape[-1], kernel.dtype)])
    net.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    losses = []
    for step in range(STEPS):
        x, labels = batch(step)
        losses.append(float(net.train_on_batch(x.astype(dtype), labels)))
        net.reset_metrics()
    return losses


def torch_losses(dtype, rate):
    import torch
    import torch.nn as nn

    torch.set_num_threads(2)
    kind = getattr(torch, dtype)
    modules, channels = [], CHANNELS
    for filters in (32, 64, 128):
        modules += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(filters, EPSILON, 1 - MOMENTUM)]
        modules += [nn.Conv2d(filters, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    tail = [nn.Linear(512, 512), nn.Linear(512, CLASSES)]
    net = nn.Sequential(*modules).to(kind)
    tail = nn.Sequential(tail[0], nn.ReLU(), tail[1]).to(kind)
    trained = [m for m in list(net) + list(tail) if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        for module, kernel in zip(trained, weights()):
            turned = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
            module.weight.copy_(torch.tensor(np.ascontiguousarray(turned)))
            module.bias.zero_()
    # PyTorch's Adam adds epsilon after the bias correction, Keras' before it: the latter, by hand
    parameters = list(net.parameters()) + list(tail.parameters())
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    losses = []
    for step in range(STEPS):
        x, labels = batch(step)
        scaled = torch.tensor(x.transpose(0, 3, 1, 2)).to(kind) * SCALE
        y = net(scaled).permute(0, 2, 3, 1).reshape(BATCH, -1)
        loss = nn.functional.cross_entropy(tail(y), torch.tensor(labels))
        gradients = torch.autograd.grad(loss, parameters)
        losses.append(loss.item())
        t = step + 1
        alpha = rate * np.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        with torch.no_grad():
            for p, g, (m, v) in zip(parameters, gradients, moments):
                m += (g - m) * (1 - BETA_1)
                v += (g * g - v) * (1 - BETA_2)
                p -= m * alpha / (v.sqrt() + ADAM_EPSILON)
    return losses


def elsewhere(name, dtype, rate):
    """In a process of its own: Keras keeps things from one floating-point type to the next."""
    code = f"import json, make_loss_trajectory as m; print(json.dumps(m.{name}_losses({dtype!r}, {rate})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, check=True, capture_output=True, text=True)
    return np.array(json.loads(done.stdout.splitlines()[-1]))


def compare(rate):
    runs = {f"{name} {dtype}": elsewhere(name, dtype, rate) for name in ("keras", "torch") for dtype in ("float32", "float64")}
    names = list(runs)
    print(f"learning rate {rate}")
    for i, a in enumerate(names):
        for b in names[i + 1:]:
            d = np.abs(runs[a] - runs[b]) / np.abs(runs[b])
            beyond = np.flatnonzero(d > 1e-4)
            print(f"  {a} / {b}: largest relative difference {d.max():.1e}, first above 1e-4: {beyond[0] if len(beyond) else 'none'}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compare", action="store_true")
    if parser.parse_args().compare:
        compare(3e-6)
        compare(1e-3)
        return
    import keras
    import tensorflow
    import torch

    singles, doubles = elsewhere("keras", "float32", 3e-6), elsewhere("torch", "float64", 1e-3)
    lines = [f"# made by make_loss_trajectory.py with Keras {keras.__version__} on TensorFlow {tensorflow.__version__}, "
             f"PyTorch {torch.__version__}", "# float32_3e-6 float64_1e-3"]
    lines += [f"{a:.9g} {b:.17g}" for a, b in zip(singles, doubles)]
    (HERE / "loss_trajectory.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
