"""Makes tests/golden/descriptors.bin: energies of Gabor filters and DAISY descriptors as scikit-image has them, dense SIFT descriptors by
their formulas in float64, distances by SciPy (made with scikit-image 0.26.0, SciPy 1.17.1, NumPy 2). The pictures are in it too.

Run it from anywhere; needs NumPy, SciPy and scikit-image.
"""
import pathlib

import numpy as np
from golden import Golden
from scipy import ndimage, signal
from skimage.feature import daisy
from skimage.filters import gabor, gabor_kernel

HERE = pathlib.Path(__file__).resolve().parent
RNG = np.random.default_rng(11)


def picture(h, w):
    """Smooth structures and noise."""
    x = ndimage.gaussian_filter(RNG.normal(size=(h, w)), 2)
    return np.clip(128 + 300 * x + RNG.normal(size=x.shape) * 6, 0, 255).astype("u1")


def energies(x, frequencies, orientations, **options):
    """[frequency, orientation, (mean, deviation)] of the magnitudes."""
    out = []
    for f in frequencies:
        for k in range(orientations):
            real, imaginary = gabor(x / 255.0, f, np.pi * k / orientations, mode="reflect", **options)
            m = np.hypot(real, imaginary)
            out.append((m.mean(), m.std()))
    return np.array(out)


def small_energies(x, frequencies, orientations):
    """The same where filters are larger than the picture: SciPy's convolution reads outside of it there."""
    out = []
    for f in frequencies:
        for k in range(orientations):
            g = gabor_kernel(f, np.pi * k / orientations)
            wide = np.pad(x / 255.0, [(n // 2, n // 2) for n in g.shape], mode="symmetric")
            m = np.abs(signal.convolve(wide, g, mode="valid", method="direct"))
            out.append((m.mean(), m.std()))
    return np.array(out)


def votes(x):
    """[H, W, 8]: each gradient's length, shared between the two directions that it lies between."""
    dy, dx = np.gradient(x / 255.0)
    length, place = np.hypot(dx, dy), np.mod(np.arctan2(dy, dx), 2 * np.pi) * 8 / (2 * np.pi)
    off = np.abs(place[..., None] - np.arange(8))
    return length[..., None] * np.maximum(0, 1 - np.minimum(off, 8 - off))


def sift(x, size, step, flat, window=2.0):
    """Rows of 128; every bin by its definition: a sum over the pixels around its middle."""
    h, w = x.shape
    v = np.pad(votes(x), ((size, size), (size, size), (0, 0)), mode="edge")
    at = np.arange(-size + 1, size)
    triangle = 1 - np.abs(at) / size

    def weights(b):
        gauss = np.exp(-0.5 * ((at + size * (b - 1.5)) / (size * window)) ** 2)
        return triangle * (gauss.mean() if flat else gauss)

    rows = []
    for top in range(0, h - 3 * size, step[0]):
        for left in range(0, w - 3 * size, step[1]):
            d = np.zeros((4, 4, 8))
            for i in range(4):
                for j in range(4):
                    y, z = top + i * size + size + at, left + j * size + size + at
                    d[i, j] = np.einsum("y,x,yxo->o", weights(i), weights(j), v[np.ix_(y, z)])
            d = d.ravel()
            d = np.minimum(d / (np.linalg.norm(d) + 1.1920929e-7), 0.2)
            rows.append(d / (np.linalg.norm(d) + 1.1920929e-7))
    return np.array(rows)


def distances(mask, bins):
    """Mean, deviation, largest and shares of the distances to the nearest True, in units of half the shorter side.
    Bins by whole numbers."""
    side, d = min(mask.shape), ndimage.distance_transform_edt(~mask)
    squares = np.rint(d**2).astype(int)
    counts = np.bincount([max(b for b in range(bins) if (b * side) ** 2 <= 4 * bins**2 * s) for s in squares.ravel()], minlength=bins)
    d = d / (side / 2)
    return np.concatenate([[d.mean(), d.std(), d.max()], counts / d.size])


def edges(x, threshold):
    """No difference across the picture's edges."""
    p = np.pad(x.astype(float), 1, mode="reflect")
    return np.hypot(p[1:-1, 2:] - p[1:-1, :-2], p[2:, 1:-1] - p[:-2, 1:-1]) > threshold * 255


with Golden(HERE / "descriptors.bin") as out:
    x = picture(52, 61)
    out.add("picture", x)
    out.add("gabor", energies(x, (0.4, 0.2, 0.1, 0.05), 6))
    out.add("gabor 5", energies(x, (0.25, 0.07), 5, bandwidth=0.7, n_stds=2))
    for h, w in ((1, 23), (23, 1), (5, 6), (3, 300)):
        small = picture(h, w)
        out.add(f"picture {h}x{w}", small)
        out.add(f"gabor {h}x{w}", small_energies(small, (0.2, 0.03), 4))
    for flat in (0, 1):
        out.add(f"sift 3 {flat}", sift(x, 3, (9, 7), flat))
        out.add(f"sift 4 {flat}", sift(x, 4, (17, 12), flat, 1.25))
    for norm in ("l1", "l2", "daisy", "off"):
        out.add(f"daisy {norm}", daisy(x, 13, 9, 2, 5, 6, norm).reshape(-1, 66))
    out.add("daisy", daisy(x, 8).reshape(-1, 200))
    out.add("distances", distances(edges(x, 0.3), 16))
    out.add("distances bright", distances(x > 0.8 * 255, 7))
