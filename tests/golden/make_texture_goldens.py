"""Makes tests/golden/texture.bin: local binary patterns and co-occurrence as scikit-image has them (made with scikit-image 0.26.0, SciPy
1.17.1, NumPy 2). The picture is in it too.

Run it from anywhere; needs NumPy, SciPy and scikit-image.
"""
import pathlib

import numpy as np
from golden import Golden
from scipy import ndimage
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

HERE = pathlib.Path(__file__).resolve().parent
RNG = np.random.default_rng(5)
METHODS = {"uniform": lambda p: p + 2, "default": lambda p: 2**p, "nri_uniform": lambda p: p * (p - 1) + 3}
PROPERTIES = ["contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "entropy"]


def picture():
    """Smooth structures and noise; no two neighbours are so near to a tie that rounding decides."""
    x = ndimage.gaussian_filter(RNG.normal(size=(60, 75)), 2)
    return np.clip(128 + 300 * x + RNG.normal(size=x.shape) * 6, 0, 255).astype("u1")


def patterns(out, x):
    for p, r in ((8, 1), (8, 2), (12, 1.5), (16, 2), (24, 3)):
        for method, bins in METHODS.items():
            if p > 12 and method == "default":
                continue
            codes = local_binary_pattern(x, p, r, method)
            out.add(f"lbp-{method}-{p}-{r}", np.bincount(codes.astype(int).ravel(), minlength=bins(p)) / x.size)
        if p <= 12:
            codes = local_binary_pattern(x, p, r, "ror").astype(int)
            names = sorted({min((c >> s | c << (p - s)) & (2**p - 1) for s in range(p)) for c in range(2**p)})
            out.add(f"lbp-ror-{p}-{r}", np.array([np.mean(codes == n) for n in names]))


def cooccurrence(out, x):
    for levels in (256, 8):
        for symmetric in (0, 1):
            m = graycomatrix(x.astype(int) * levels // 256, [1, 3], np.arange(4) * np.pi / 4, levels, bool(symmetric))
            out.add(f"glcm-{levels}-{symmetric}", np.stack([graycoprops(m, name) for name in PROPERTIES]))


with Golden(HERE / "texture.bin") as out:
    x = picture()
    out.add("picture", x)
    patterns(out, x)
    cooccurrence(out, x)
