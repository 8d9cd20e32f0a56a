#!/usr/bin/env python3
"""Rows and what scikit-learn (LIBSVM, in double) makes of them, as a C header: tests/golden/classifier_svm_goldens.h, for
tests/classify/test_svm.c. Kernel maps: the formulas of Vedaldi and Zisserman (2012) in NumPy, and scikit-learn's AdditiveChi2Sampler.

    python3 make_classifier_svm_goldens.py > classifier_svm_goldens.h
    python3 make_classifier_svm_goldens.py periods                       the table of lib/feature/transform_kernel_map.c
"""
import sys
import textwrap

import numpy as np
import scipy.optimize
import sklearn
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.metrics.pairwise import chi2_kernel
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

N, D, K, SHOWN = 90, 4, 3, 12
TOL = 1e-6


def emit(name, values):
    values = np.ravel(values)
    whole = values.dtype.kind in "iu"
    text = ", ".join(str(int(v)) if whole else repr(float(v)) for v in values)
    print(f"static const {'int32_t' if whole else 'double'} golden_{name}[] = {{")
    print(textwrap.fill(text, 130, initial_indent="    ", subsequent_indent="    ") + "};")


def classifier(name, m, x, y, weights=None):
    m.fit(x, y, weights)
    emit(name, m.decision_function(x[:SHOWN]))
    emit(name + "_labels", m.predict(x).astype(np.int32))
    emit(name + "_support", m.support_)


def sigmoid(f, first):
    """Platt's targets, the cross-entropy made least by another method than Newton's."""
    ones, others = first.sum(), (1 - first).sum()
    t = np.where(first, (ones + 1) / (ones + 2), 1 / (others + 2))

    def loss(ab):
        z = ab[0] * f + ab[1]
        return (t * z + np.logaddexp(0, -z)).sum()
    return scipy.optimize.minimize(loss, [0, 0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000}).x


def couple(r):
    """Wu, Lin and Weng (2004), equation 21: a system of linear equations."""
    k = len(r)
    q = -r.T * r
    np.fill_diagonal(q, [sum(r[j, i] ** 2 for j in range(k) if j != i) for i in range(k)])
    system = np.block([[q, np.ones((k, 1))], [np.ones((1, k)), np.zeros((1, 1))]])
    return np.linalg.solve(system, np.r_[np.zeros(k), 1])[:k]


def js(w):
    a, b = np.exp(w / 2), np.exp(-w / 2)
    return (a * np.log2((a + b) / a) + b * np.log2((a + b) / b)) / 2


KERNELS = {  # what is multiplied with sqrt(x y), at the log ratio w, and its spectrum
    "chi2": (lambda w: 1 / np.cosh(w / 2), lambda l: 1 / np.cosh(np.pi * l)),
    "intersection": (lambda w: np.exp(-np.abs(w) / 2), lambda l: 2 / np.pi / (1 + 4 * l * l)),
    "jensen_shannon": (js, lambda l: 2 / np.log(4) / np.cosh(np.pi * l) / (1 + 4 * l * l)),
}


def kernel_map(x, spectrum, order, period):
    parts = [np.sqrt(x * period * spectrum(0))]
    for j in range(1, order + 1):
        root = np.sqrt(2 * x * period * spectrum(j * period))
        parts += [root * np.cos(j * period * np.log(x)), root * np.sin(j * period * np.log(x))]
    return np.concatenate(parts, axis=1)


def periods():
    w = np.linspace(0, 12, 2401)
    for kernel, spectrum in KERNELS.values():
        row = []
        for order in range(1, 9):
            def error(period):
                about = period * spectrum(0) + 2 * period * sum(spectrum(j * period) * np.cos(j * period * w) for j in range(1, order + 1))
                return np.trapezoid(np.exp(-2 * w) * (about - kernel(w)) ** 2, w)
            grid = np.linspace(0.02, 1.5, 300)
            best = grid[np.argmin([error(p) for p in grid])]
            row.append(scipy.optimize.minimize_scalar(error, bounds=(best - 0.01, best + 0.01), method="bounded").x)
        print("    {" + ", ".join(f"{p:.4f}" for p in row) + "},")


def main():
    rng = np.random.default_rng(4)
    y = np.arange(N) % K
    x = np.clip(rng.normal(size=(N, D)) + y[:, None] * [1.2, 0.4, 0.8, 0] + 2, 0.01, None).astype(np.float32)
    targets = (2 * np.sin(x[:, 0]) + x[:, 1] + rng.normal(size=N) * 0.1).astype(np.float32)
    weights = rng.integers(1, 9, N).astype(np.float32) / 4
    print(f"/* Made by make_classifier_svm_goldens.py with scikit-learn {sklearn.__version__}, NumPy {np.__version__}. */")
    print(f"enum {{ GOLDEN_N = {N}, GOLDEN_D = {D}, GOLDEN_K = {K}, GOLDEN_SHOWN = {SHOWN} }};")
    for name, values in (("x", x), ("targets", targets), ("weights", weights)):
        emit(name, values)
    x = x.astype(np.float64)
    classifier("rbf", SVC(tol=TOL), x, y)
    classifier("weighted", SVC(C=2, kernel="poly", degree=2, coef0=1, gamma=0.1, decision_function_shape="ovo", tol=TOL), x, y, weights)
    classifier("sigmoid", SVC(kernel="sigmoid", gamma=0.02, coef0=-1, tol=TOL), x, y)
    classifier("chi2", SVC(kernel=chi2_kernel, tol=TOL), x, y)
    classifier("nu", NuSVC(nu=0.4, tol=TOL), x, y)
    classifier("two", SVC(tol=TOL), x, y > 0)
    m = SVC(kernel="rbf", tol=TOL).fit(x, y)
    emit("rho", -m.intercept_)
    emit("dual", m.dual_coef_)
    for name, m in (("svr", SVR(tol=TOL)), ("svr_nu", NuSVR(nu=0.3, C=2, tol=TOL)),
                    ("svr_linear", SVR(kernel="linear", epsilon=0, tol=TOL))):
        emit(name, m.fit(x, targets, weights).predict(x[:SHOWN]))
    emit("one_class", OneClassSVM(nu=0.3, tol=TOL).fit(x, sample_weight=weights).decision_function(x[:SHOWN]))
    f, first = rng.normal(size=40) + np.arange(40) % 2, (np.arange(40) % 2).astype(np.int32)
    emit("platt_decisions", f)
    emit("platt", sigmoid(f, first))
    r = rng.uniform(0.05, 0.95, (4, 4))
    r = np.triu(r, 1) + np.tril(1 - r.T, -1)
    emit("pairs", r)
    emit("coupled", couple(r))
    print("static const struct { const char *kernel; int32_t order; double period; double wanted[4 * 7 * 2]; } golden_maps[] = {")
    for name, (_, spectrum) in KERNELS.items():
        for order, period in ((1, 0.7), (3, 0.4)):
            values = kernel_map(x[:4, :2], spectrum, order, period)
            if name == "chi2":
                assert np.allclose(values, AdditiveChi2Sampler(sample_steps=order + 1, sample_interval=period).fit_transform(x[:4, :2]))
            text = ", ".join(repr(float(v)) for v in values.ravel())
            print(textwrap.fill(f'{{"{name}", {order}, {period}, {{{text}}}}},', 130, initial_indent="    ", subsequent_indent="     "))
    print("};")


if __name__ == "__main__":
    periods() if sys.argv[1:] == ["periods"] else main()
