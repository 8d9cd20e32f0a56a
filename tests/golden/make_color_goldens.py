"""Makes tests/golden/colors.bin: what other libraries find in the colours of small pictures. The pictures are in it too.

Run it from anywhere; needs NumPy, SciPy, Pillow, OpenCV, scikit-image and scikit-learn. Made with those of VERSIONS.
"""
import pathlib

import cv2
import numpy as np
import scipy.stats
import skimage.color
import skimage.measure
from golden import Golden
from PIL import Image
from sklearn.cluster import KMeans

VERSIONS = "numpy 2.4.6, scipy 1.17.1, pillow 13.0.0, opencv 5.0.0, scikit-image 0.26.0, scikit-learn 1.9.1"
HERE = pathlib.Path(__file__).resolve().parent
RNG = np.random.default_rng(11)
H, W = 37, 50


def picture():
    """Skewed in every channel of every space, with noise and flat parts."""
    y, x = np.mgrid[0:H, 0:W]
    p = np.stack([250 * (x / W) ** 3, 40 + 200 * (y / H) ** 4, 255 * ((x + y) / (H + W)) ** 5], -1) + RNG.normal(0, 6, (H, W, 3))
    p[4:12, 5:20] = 255
    p[20:25, 30:44] = 0
    return np.clip(np.round(p), 0, 255).astype("u1")


def flat_parts():
    """Three colours in unlike shares, with noise that does not bring them together."""
    p = np.empty((H, W, 3))
    p[:] = 200, 40, 30
    p[:, 20:35] = 20, 60, 180
    p[:9, :] = 240, 230, 100
    return np.clip(np.round(p + RNG.normal(0, 5, p.shape)), 0, 255).astype("u1")


def luma(x):
    return np.asarray(Image.fromarray(x).convert("L"))


def moments(x):
    x = x.reshape(-1, x.shape[-1]).astype("f8")
    return np.stack([x.mean(0), x.std(0), np.cbrt(((x - x.mean(0)) ** 3).mean(0)), scipy.stats.skew(x, axis=0)])


def pca(x):
    x = x.reshape(-1, 3) / 255.0
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    axes = vectors.T[::-1]
    top = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], 1)
    return values[::-1], axes * np.sign(top)


def projection(x, mean, axes):
    t = (x.reshape(-1, 3) / 255.0 - mean) @ axes.T
    return np.stack([t.mean(0), t.std(0), t.var(0) / t.var(0).sum()])


def main():
    x, flat = picture(), flat_parts()
    gray, unit = luma(x), x / 255.0
    hsv, lab = skimage.color.rgb2hsv(unit), skimage.color.rgb2lab(unit, illuminant="D65", observer="2")
    with Golden(HERE / "colors.bin") as out:
        out.add("picture", x)
        out.add("flat", flat)
        out.add("gray-256", np.bincount(gray.ravel(), minlength=256))
        out.add("rgb-10", np.stack([cv2.calcHist([x], [c], None, [10], [0, 256]).ravel() for c in range(3)]))
        out.add("rgb-joint", cv2.calcHist([x], [0, 1, 2], None, [8, 4, 6], [0, 256] * 3))
        pixels = skimage.color.rgb2hsv(x.astype("f8")).reshape(-1, 3) / [1, 1, 255]  # ratios of whole numbers: exact at the edges of bins
        out.add("hsv-joint", np.histogramdd(pixels, (8, 4, 4), [(0, 1)] * 3)[0])
        out.add("lab-12", np.stack([np.histogram(lab[..., c], 12, r)[0] for c, r in enumerate([(0, 100), (-128, 128), (-128, 128)])]))
        for name, colors in ("gray", gray[..., None] / 255.0), ("rgb", unit), ("hsv", hsv), ("lab", lab):
            out.add(f"moments-{name}", moments(colors))
        out.add("quality", [gray.mean() / 255, gray.std() / 255, (gray / 255 <= 0.05).mean(), (gray / 255 >= 0.95).mean(),
                            cv2.Laplacian(gray, cv2.CV_64F).var(), skimage.measure.shannon_entropy(gray)])
        means = KMeans(3, n_init=10, random_state=0).fit(flat.reshape(-1, 3).astype("f8"))
        shares = np.bincount(means.labels_) / means.labels_.size
        order = np.argsort(-shares)
        out.add("dominant", np.column_stack([means.cluster_centers_ / 255, shares])[order])
        values, axes = pca(x)
        out.add("pca", np.concatenate([values, axes.ravel()]))
        both = np.stack([x, flat])
        _, axes = pca(both)
        mean = both.reshape(-1, 3).mean(0) / 255
        out.add("projection", np.stack([projection(x, mean, axes), projection(flat, mean, axes)]))


if __name__ == "__main__":
    main()
