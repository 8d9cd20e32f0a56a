#!/usr/bin/env python3
"""Rows and what scikit-learn says of them by neighbours, clusters and what works by others, as a C header for tests/classify.

    python3 make_classifier_others_goldens.py > classifier_others_goldens.h
"""
import textwrap
import warnings

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

N, M, D = 90, 16, 4


def real(v):
    text = f"{float(np.float32(v)):.9g}"
    return text + ("f" if "." in text or "e" in text else ".0f")


def emit(name, values):
    values = np.ravel(values)
    whole = values.dtype.kind in "iu"
    text = ", ".join(str(int(v)) if whole else real(v) for v in values)
    print(f"static const {'int32_t' if whole else 'float'} golden_{name}[] = {{")
    print(textwrap.fill(text, 130, initial_indent="    ", subsequent_indent="    ") + "};")


def neighbors(x, y, t, q):
    for metric in ("euclidean", "manhattan", "cosine"):
        for weights in ("uniform", "distance"):
            c = KNeighborsClassifier(5, weights=weights, metric=metric, algorithm="brute").fit(x, y)
            emit(f"neighbors_{metric}_{weights}", c.predict_proba(q))
    emit("neighbors_regression", KNeighborsRegressor(4, weights="distance", algorithm="brute").fit(x, t).predict(q))


def clusters(x, q):
    k = KMeans(3, n_init=20, random_state=0, tol=0).fit(x)
    emit("k_means_inertia", [k.inertia_])
    emit("k_means_distances", np.sort(k.transform(q), axis=1))
    for kind in ("diag", "full"):
        # of numbers in double: those of floats would be learned in float, and stop anywhere near the end
        g = GaussianMixture(3, covariance_type=kind, random_state=0, tol=1e-14, max_iter=10000).fit(x.astype(np.float64))
        emit(f"mixture_{kind}_bound", [g.lower_bound_])
        emit(f"mixture_{kind}_proba", np.sort(g.predict_proba(q.astype(np.float64)), axis=1))


def wrappers(x, y, t, q):
    two = y > 0
    bayes, near = GaussianNB(), KNeighborsClassifier(5, algorithm="brute")
    emit("one_vs_rest_proba", OneVsRestClassifier(bayes).fit(x, y).predict_proba(q))
    emit("one_vs_one_decision", OneVsOneClassifier(bayes).fit(x, y).decision_function(q))
    for method in ("sigmoid", "isotonic"):
        emit(f"calibration_{method}", CalibratedClassifierCV(bayes, method=method, cv=3, ensemble=True).fit(x, y).predict_proba(q))
        emit(f"calibration_{method}_two", CalibratedClassifierCV(bayes, method=method, cv=3, ensemble=True).fit(x, two).predict_proba(q))
    several = [("a", bayes), ("b", near)]
    emit("voting_soft", VotingClassifier(several, voting="soft", weights=[1, 2]).fit(x, y).predict_proba(q))
    emit("voting_hard", VotingClassifier([*several, ("c", KNeighborsClassifier(1))]).fit(x, y).predict(q))
    emit("stacking", StackingClassifier(several, GaussianNB(var_smoothing=0.1), cv=3).fit(x, y).predict_proba(q))
    emit("stacking_two", StackingClassifier(several, GaussianNB(var_smoothing=0.1), cv=3, passthrough=True).fit(x, two).predict_proba(q))
    numbers = [("a", KNeighborsRegressor(3, algorithm="brute")), ("b", KNeighborsRegressor(9, algorithm="brute"))]
    emit("voting_regression", VotingRegressor(numbers, weights=[3, 1]).fit(x, t).predict(q))
    emit("stacking_regression", StackingRegressor(numbers, KNeighborsRegressor(5, algorithm="brute"), cv=3).fit(x, t).predict(q))


def main():
    warnings.simplefilter("error")
    rng = np.random.default_rng(4)
    y = rng.permutation(np.arange(N) % 3)
    centers = rng.normal(size=(3, D)) * 1.6 + 2
    x = (centers[y] + rng.normal(size=(N, D))).astype(np.float32)
    t = (x[:, 0] * 2 - x[:, 1] + rng.normal(size=N) * 0.2).astype(np.float32)
    q = (centers[np.arange(M) % 3] + rng.normal(size=(M, D)) * 1.3).astype(np.float32)
    print(f"/* Made by make_classifier_others_goldens.py with scikit-learn {sklearn.__version__}. */")
    print(f"enum {{ GOLDEN_N = {N}, GOLDEN_M = {M}, GOLDEN_D = {D}, GOLDEN_K = 3 }};")
    emit("x", x)
    emit("y", y)
    emit("t", t)
    emit("q", q)
    neighbors(x, y, t, q)
    clusters(x, q)
    wrappers(x, y, t, q)


if __name__ == "__main__":
    main()
