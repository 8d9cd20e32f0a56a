#!/usr/bin/env python3
"""Rows and what scikit-learn and NumPy make of them, as a C header: tests/golden/codebook_goldens.h, for tests/feature/test_codebooks.c and
test_transforms.c.

    python3 make_codebook_goldens.py > codebook_goldens.h
"""
import textwrap

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.metrics import mutual_info_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import Normalizer

N, D, K = 120, 6, 4


def emit(name, values):
    values = np.ravel(values)
    whole = values.dtype.kind in "iu"
    text = ", ".join(str(int(v)) if whole else repr(float(v)) for v in values)
    print(f"static const {'int32_t' if whole else 'double'} golden_{name}[] = {{")
    print(textwrap.fill(text, 130, initial_indent="    ", subsequent_indent="    ") + "};")


def power(x, exponent):
    return np.sign(x) * np.abs(x) ** exponent


def unit(x, axis=None):
    n = np.sqrt((x * x).sum(axis=axis, keepdims=axis is not None))
    return x / np.where(n > 0, n, 1)


def vlad(x, centers, how):
    nearest = ((x[:, None] - centers[None]) ** 2).sum(2).argmin(1)
    v = np.stack([(x[nearest == k] - centers[k]).sum(0) for k in range(len(centers))])
    v = unit(v, 1) if how == "intra" else power(v, 0.5)
    return unit(v.ravel()), np.bincount(nearest, minlength=len(centers))


def fisher(x, w, mu, var):
    """Perronnin, Sanchez and Mensink 2010, equations as in Sanchez et al. 2013 (15) to (17), without the gradient of the weights."""
    logp = np.log(w) - 0.5 * (np.log(2 * np.pi * var).sum(1) + ((x[:, None] - mu) ** 2 / var).sum(2))
    r = np.exp(logp - logp.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    u = (x[:, None] - mu) / np.sqrt(var)
    n = len(x)
    of_means = (r[:, :, None] * u).sum(0) / (n * np.sqrt(w))[:, None]
    of_deviations = (r[:, :, None] * (u * u - 1)).sum(0) / (n * np.sqrt(2 * w))[:, None]
    return np.concatenate([of_means.ravel(), of_deviations.ravel()])


def main():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, K, N)
    middles = rng.normal(0, 3, (K, D))
    x = (middles[labels] + rng.normal(0, 1, (N, D)) * [1, 0.5, 2, 1, 0.3, 1] + 1).astype(np.float32)
    x[:, 4] = np.float32(0.7)  # a column that does not vary
    print(f"/* Made by make_codebook_goldens.py with scikit-learn {sklearn.__version__}, NumPy {np.__version__}. */")
    print(f"enum {{ GOLDEN_N = {N}, GOLDEN_D = {D}, GOLDEN_K = {K} }};")
    emit("x", x)
    emit("labels", labels)
    x = x.astype(np.float64)
    for norm in ("l1", "l2", "max"):
        emit(f"norm_{norm}", Normalizer(norm=norm).fit_transform(x)[:8])
    emit("norm_power", unit(power(x, 0.3), 1)[:8])
    selection = VarianceThreshold(2.0).fit(x)
    emit("variances", np.var(x, 0))
    emit("variance_kept", selection.get_support(indices=True))
    for name, whiten in (("pca", False), ("white", True)):
        pca = PCA(3, whiten=whiten, svd_solver="full").fit(x)
        emit(name, pca.transform(x)[:8])
    emit("pca_components", pca.components_)
    emit("pca_variance", pca.explained_variance_)
    emit("pca_ratio", pca.explained_variance_ratio_)
    emit("pca_share_count", np.array([PCA(0.9, svd_solver="full").fit(x).n_components_]))
    bins = 16
    low, high = x.min(0), x.max(0)
    scale = np.divide(bins, high - low, out=np.zeros(D), where=high > low)
    binned = np.minimum(((x - low) * scale).astype(int), bins - 1)
    emit("information", np.array([mutual_info_score(labels, binned[:, j]) for j in range(D)]))
    init = x[[3, 17, 40, 77]]
    km = KMeans(K, init=init, n_init=1, tol=0, max_iter=100, algorithm="lloyd").fit(x)
    emit("init", init)
    emit("centers", km.cluster_centers_)
    emit("clusters", km.labels_)
    emit("inertia", np.array([km.inertia_]))
    for how in ("power", "intra"):
        v, words = vlad(x[:30], km.cluster_centers_, how)
        emit(f"vlad_{how}", v)
    emit("words", words)
    r = np.eye(K)[km.labels_]
    means = r.T @ x / r.sum(0)[:, None]
    for kind in ("diag", "full"):
        if kind == "diag":
            spread = r.T @ (x * x) / r.sum(0)[:, None] - means ** 2 + 1e-6
            precisions = 1 / spread
        else:
            precisions = np.stack([np.linalg.inv((r[:, k:k + 1] * (x - means[k])).T @ (x - means[k]) / r[:, k].sum() + 1e-6 * np.eye(D))
                                   for k in range(K)])
        gmm = GaussianMixture(K, covariance_type=kind, tol=0, max_iter=20, reg_covar=1e-6, weights_init=r.sum(0) / N, means_init=means,
                              precisions_init=precisions)
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gmm.fit(x)
        emit(f"{kind}_weights", gmm.weights_)
        emit(f"{kind}_means", gmm.means_)
        emit(f"{kind}_covariances", gmm.covariances_)
        emit(f"{kind}_score", np.array([gmm.score(x)]))
        if kind == "diag":
            emit("fisher", fisher(x[:30], gmm.weights_, gmm.means_, gmm.covariances_))


if __name__ == "__main__":
    main()
