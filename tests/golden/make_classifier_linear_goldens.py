#!/usr/bin/env python3
"""Rows and what scikit-learn's linear classifiers learn from them, as a C header: tests/golden/classifier_linear_goldens.h, for
tests/classify/linear_cases.h.

    python3 make_classifier_linear_goldens.py > classifier_linear_goldens.h
"""
import textwrap
import warnings

import numpy as np
import sklearn
from sklearn import linear_model, svm

N, D, K = 90, 5, 3
warnings.filterwarnings("ignore")
rng = np.random.default_rng(11)


def emit(name, values):
    values = np.ravel(values)
    whole = values.dtype.kind in "iu"
    single = values.dtype == np.float32
    text = ", ".join(str(int(v)) if whole else repr(float(v)) + ("f" if single else "") for v in values)
    print(f"static const {'int32_t' if whole else 'float' if single else 'double'} golden_{name}[] = {{")
    print(textwrap.fill(text, 130, initial_indent="    ", subsequent_indent="    ") + "};")


def learned(name, estimator, x, y, weights=None):
    estimator.fit(x, y, **({} if weights is None else {"sample_weight": weights}))
    coefficients = np.atleast_2d(estimator.coef_)
    emit(name, np.concatenate([coefficients.ravel(), np.broadcast_to(estimator.intercept_, len(coefficients))]).astype(float))


print(f"/* Made by make_classifier_linear_goldens.py, scikit-learn {sklearn.__version__}. Of each: coefficients [O, D], intercepts [O]. */")
print(f"enum {{ GOLDEN_N = {N}, GOLDEN_D = {D}, GOLDEN_K = {K} }};")
labels = rng.integers(0, K, N)
x = (rng.normal(0, 1, (K, D))[labels] + rng.normal(1, 1, (N, D)) * [1, 0.5, 2, 1, 1]).astype(np.float32)
two = (labels > 0).astype(np.int32)
weights = (rng.integers(0, 9, N) / 4).astype(np.float32)
targets = (x @ rng.normal(0, 1, D) + 3 + rng.normal(0, 0.3, N)).astype(np.float32)
emit("rows", x)
emit("labels", labels.astype(np.int32))
emit("two", two)
emit("weights", weights)
emit("targets", targets)
x, targets = x.astype(float), targets.astype(float)

exact = {"tol": 1e-9, "max_iter": 100000}
learned("logistic", linear_model.LogisticRegression(**exact), x, labels)
learned("logistic_two", linear_model.LogisticRegression(C=0.3, **exact), x, two)
learned("logistic_weights", linear_model.LogisticRegression(C=2, **exact), x, labels, weights)
learned("logistic_no_intercept", linear_model.LogisticRegression(fit_intercept=False, **exact), x, labels)
learned("logistic_l1", linear_model.LogisticRegression(solver="saga", C=0.2, l1_ratio=1, **exact), x, labels)
learned("logistic_elastic", linear_model.LogisticRegression(solver="saga", C=0.2, l1_ratio=0.3, **exact), x, labels, weights)
learned("logistic_l1_two", linear_model.LogisticRegression(solver="saga", C=0.2, l1_ratio=1, **exact), x, two)

exact = {"tol": 1e-9, "max_iter": 10000000}
for name, y in (("", labels), ("_two", two)):
    learned("svm" + name, svm.LinearSVC(dual=True, **exact), x, y)
    learned("svm_hinge" + name, svm.LinearSVC(loss="hinge", dual=True, C=0.5, **exact), x, y)
learned("svm_weights", svm.LinearSVC(dual=True, intercept_scaling=3, **exact), x, labels, weights)
learned("svm_no_intercept", svm.LinearSVC(dual=True, fit_intercept=False, **exact), x, labels)
learned("svr", svm.LinearSVR(epsilon=0.2, C=0.5, **exact), x, targets)
learned("svr_squared", svm.LinearSVR(epsilon=0.1, loss="squared_epsilon_insensitive", dual=True, **exact), x, targets)

learned("ridge", linear_model.Ridge(alpha=2), x, targets)
learned("ridge_weights", linear_model.Ridge(), x, targets, weights)
learned("ridge_least_squares", linear_model.LinearRegression(), np.hstack([x, x[:, :1]]), targets)
learned("ridge_no_intercept", linear_model.Ridge(fit_intercept=False), x, targets)
learned("ridge_classes", linear_model.RidgeClassifier(), x, labels)
learned("ridge_two", linear_model.RidgeClassifier(), x, two)

steps = {"shuffle": False, "max_iter": 3, "tol": None, "alpha": 0.01}
for loss in ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "squared_error", "huber", "epsilon_insensitive"):
    # optimal steps are so long at first that these losses leap to and fro: rounding grows with every step
    long = loss in ("modified_huber", "squared_hinge", "squared_error", "huber")
    rate = {"learning_rate": "invscaling", "eta0": 0.01} if long else {}
    learned("sgd_" + loss, linear_model.SGDClassifier(loss=loss, epsilon=0.3, **rate, **steps), x, labels, weights)
learned("sgd_l1", linear_model.SGDClassifier(penalty="l1", learning_rate="constant", eta0=0.05, **steps), x, two)
learned("sgd_elastic", linear_model.SGDClassifier(penalty="elasticnet", l1_ratio=0.4, **steps), x, labels)
learned("sgd_averaged", linear_model.SGDClassifier(average=True, learning_rate="invscaling", eta0=0.1, power_t=0.3, **steps), x, labels)
learned("sgd_stopped", linear_model.SGDClassifier(loss="log_loss", shuffle=False, n_iter_no_change=2, tol=0.01), x, two)
learned("sgd_adaptive", linear_model.SGDClassifier(learning_rate="adaptive", eta0=0.1, shuffle=False, n_iter_no_change=2, tol=0.01), x, two)
for loss in ("squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"):
    learned("sgd_of_" + loss, linear_model.SGDRegressor(loss=loss, epsilon=0.2, **steps), x, targets, weights)
learned("perceptron", linear_model.Perceptron(shuffle=False, max_iter=4, tol=None), x, labels)
learned("perceptron_penalized", linear_model.Perceptron(shuffle=False, max_iter=4, tol=None, penalty="l2", alpha=0.01, eta0=0.5), x, two)
for name, rate in (("hinge", "pa1"), ("squared_hinge", "pa2")):
    steps = {"penalty": None, "learning_rate": rate, "eta0": 0.3, "shuffle": False, "max_iter": 3, "tol": None}
    learned("passive_" + name, linear_model.SGDClassifier(loss="hinge", **steps), x, labels)
    learned("passive_of_" + name, linear_model.SGDRegressor(loss="epsilon_insensitive", epsilon=0.1, **steps), x, targets)
