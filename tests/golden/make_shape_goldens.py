"""Makes tests/golden/shapes.bin: what other libraries make of gradients and shapes. Inputs are in it too.

HOG: scikit-image 0.26.0. Hu's moments: OpenCV 5.0.0. The others: their formulas in NumPy 2.4.6, with float64.
"""
import math
import pathlib

import cv2
import numpy as np
from golden import Golden
from skimage.feature import _hog, hog

HERE = pathlib.Path(__file__).resolve().parent
RNG = np.random.default_rng(5)


def picture(h, w):
    """Blobs, ramps and noise, as bytes."""
    y, x = np.mgrid[:h, :w] / 8.0
    planes = [np.sin(x * (1 + c) / 2 + c) * np.cos(y * 0.7 + c) * 80 + 8 * x + RNG.normal(0, 12, (h, w)) + 90 for c in range(3)]
    return np.clip(np.stack(planes, -1), 0, 255).astype("u1")


def hog_of_bytes(x, **options):
    """scikit-image's, of bytes, so that channels with gradients of one length are found to be equal; with the blocks that x / 255 has."""
    normalize = _hog._hog_normalize_block
    _hog._hog_normalize_block = lambda block, method: normalize(block / 255, method)
    try:
        return hog(x, channel_axis=-1, **options)
    finally:
        _hog._hog_normalize_block = normalize


def strongest(x):
    """dx, dy of the channel with the longest gradient, none across edges; of bytes / 255."""
    x = x.astype("f8")
    dx, dy = np.zeros_like(x), np.zeros_like(x)
    dx[:, 1:-1] = x[:, 2:] - x[:, :-2]
    dy[1:-1] = x[2:] - x[:-2]
    best = np.argmax(dx**2 + dy**2, axis=2)[..., None]
    return np.take_along_axis(dx, best, 2)[..., 0] / 255, np.take_along_axis(dy, best, 2)[..., 0] / 255


def uoctti(x, n=9, side=8):
    """Felzenszwalb et al. 2010, as VLFeat puts it down: hard directions, bilinear cells, four energies."""
    dx, dy = strongest(x)
    h, w = dx.shape
    rows, cols = (h + side // 2) // side, (w + side // 2) // side
    hist = np.zeros((rows, cols, 2 * n))
    for i in range(1, h - 1):
        for j in range(1, w - 1):
            dots = dx[i, j] * np.cos(np.arange(n) * np.pi / n) + dy[i, j] * np.sin(np.arange(n) * np.pi / n)
            k = n - 1 - np.argmax(np.abs(dots).round(12)[::-1])  # halfway between two: the second
            k = k if dots[k] >= 0 else k + n
            cy, cx = (i + 0.5) / side - 0.5, (j + 0.5) / side - 0.5
            for a in (int(np.floor(cy)), int(np.floor(cy)) + 1):
                for b in (int(np.floor(cx)), int(np.floor(cx)) + 1):
                    if 0 <= a < rows and 0 <= b < cols:
                        hist[a, b, k] += np.hypot(dx[i, j], dy[i, j]) * (1 - abs(cy - a)) * (1 - abs(cx - b))
    energy = np.pad(((hist[..., :n] + hist[..., n:]) ** 2).sum(-1), 1, mode="edge")
    square = energy[:-1, :-1] + energy[1:, :-1] + energy[:-1, 1:] + energy[1:, 1:]
    out = np.zeros((rows, cols, 3 * n + 4))
    for q, (a, b) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        factor = 1 / np.sqrt(square[a : a + rows, b : b + cols] + 1e-10)[..., None]
        here, there = hist[..., :n] * factor, hist[..., n:] * factor
        both = np.minimum(here + there, 0.2)
        out[..., : 3 * n] += 0.5 * np.concatenate([np.minimum(here, 0.2), np.minimum(there, 0.2), both], -1)
        out[..., 3 * n + q] = both.sum(-1) / np.sqrt(2 * n)
    return out.reshape(-1, 3 * n + 4)


def edges(x, bins, full, weighted, threshold=0.1):
    dx, dy = strongest(x)
    m = np.hypot(dx, dy)
    angle = np.mod(np.arctan2(dy, dx), full)
    k = np.minimum((angle / full * bins).astype(int), bins - 1)
    kept = m > threshold
    votes = np.bincount(k[kept], m[kept] if weighted else None, bins)
    return votes / votes.sum()


def stats(x):
    dx, dy = strongest(x)
    m, a = np.hypot(dx, dy), np.arctan2(dy, dx)
    z = (m - m.mean()) / m.std()
    coherence = np.abs((m**2 * np.exp(2j * a)).sum()) / (m**2).sum()
    mean = (m * np.exp(2j * a)).sum() / m.sum()
    return [m.mean(), m.std(), (z**3).mean(), (z**4).mean() - 3, mean.real, mean.imag, coherence]


def polar(x):
    """Rows and columns from the middle, radius of the largest disk, lengths and angles."""
    h, w = x.shape
    y, x = np.mgrid[:h, :w].astype("f8")
    y, x, radius = y - (h - 1) / 2, x - (w - 1) / 2, min(h, w) / 2
    return np.hypot(x, y), np.mod(np.arctan2(y, x), 2 * np.pi), radius


def zernike(x, degree):
    r, a, radius = polar(x)
    inside, r = r <= radius, r / radius
    f = np.where(inside, x, 0).astype("f8")
    out = []
    for n in range(degree + 1):
        for m in range(n % 2, n + 1, 2):
            terms = [(-1) ** k * math.factorial(n - k) / (math.factorial(k) * math.factorial((n + m) // 2 - k)
                     * math.factorial((n - m) // 2 - k)) * r ** (n - 2 * k) for k in range((n - m) // 2 + 1)]
            out.append(abs((n + 1) / np.pi * (f * sum(terms) * np.exp(-1j * m * a)).sum()) / f.sum())
    return out


def profile(x, rings, sectors, logarithmic):
    r, a, radius = polar(x)
    edges = radius ** (np.arange(rings) / rings) if logarithmic else radius * np.arange(rings) / rings
    edges[0] = 0
    ring = np.searchsorted(edges, r, "right") - 1
    cell = ring * sectors + np.minimum((a / (2 * np.pi) * sectors).astype(int), sectors - 1)
    inside = r <= radius
    sums = np.bincount(cell[inside], x[inside] / 255.0, rings * sectors)
    return sums / np.maximum(np.bincount(cell[inside], None, rings * sectors), 1)


with Golden(HERE / "shapes.bin") as out:
    x = picture(45, 70)
    unit = x / 255.0
    out.add("picture", x)
    for norm in ("L1", "L1-sqrt", "L2", "L2-Hys"):
        out.add(f"hog {norm}", hog_of_bytes(x, block_norm=norm))
    out.add("hog sqrt", hog(unit, cells_per_block=(2, 2), transform_sqrt=True, channel_axis=-1))
    # Differences of these are exact, so that gradients lie exactly on the bins' edges here as there.
    coarse = (x[..., 0] // 32 / 8.0).astype("f4")
    out.add("coarse", coarse)
    out.add("hog coarse", hog(coarse.astype("f8"), orientations=8, pixels_per_cell=(5, 7), cells_per_block=(1, 2), block_norm="L1"))
    out.add("uoctti", uoctti(x))
    out.add("edges", edges(x, 36, 2 * np.pi, False))
    out.add("edges unsigned", edges(x, 9, np.pi, True))
    out.add("stats", stats(x))
    gray = np.ascontiguousarray(x[..., 1])
    out.add("gray", gray)
    out.add("hu", cv2.HuMoments(cv2.moments(gray / 255.0)).ravel())
    out.add("zernike 8", zernike(gray, 8))
    out.add("zernike 20", zernike(gray, 20))
    out.add("profile", profile(gray, 16, 1, False))
    out.add("profile log", profile(gray, 9, 7, True))
