#!/usr/bin/env python3
"""Golden numbers of trees: XGBoost 3.2 and scikit-learn 1.9 on made-up rows (tests/classify/tree_rows.h makes the same).

    python3 make_classifier_tree_goldens.py > classifier_tree_goldens.h
"""
import textwrap

import numpy as np
import xgboost as xgb
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

N, D, SHOWN = 240, 6, 12


def noise(i, j):
    h = (i * 2654435761 + j * 40503 + 12345) & 0xffffffff
    h = ((h ^ (h >> 15)) * 2246822519) & 0xffffffff
    return (h ^ (h >> 13)) & 0xffffffff


def rows(missing):
    x = np.zeros((N, D), np.float32)
    for i in range(N):
        for j in range(D):
            x[i, j] = (noise(i, j) % (1009 if j < 4 else 7)) / 64.0
            if missing and noise(i, j + 50) % 9 == 0:
                x[i, j] = np.nan
    return x


full, holes = rows(False), rows(True)
targets = np.array([(noise(i, 0) % 1009) / 100.0 - ((noise(i, 1) % 1009) / 100.0) ** 2 / 8 + (noise(i, 99) % 100) / 100.0
                    for i in range(N)],
                   np.float32)
three = np.array([(0 if full[i, 0] + full[i, 4] < 9 else 1 if full[i, 1] > 7 else 2) if noise(i, 77) % 10 else noise(i, 78) % 3
                  for i in range(N)])
two = (three > 0).astype(int)
weights = np.array([(noise(i, 60) % 8) / 4.0 for i in range(N)], np.float32)


def numbers(name, values, double=False):
    flat = np.asarray(values, np.float64).ravel()
    kind = "double" if double else "float"
    text = ", ".join(f"{v:.17g}" if double else f"{v:.9g}" + ("" if "e" in f"{v:.9g}" or "." in f"{v:.9g}" else ".0") + "F" for v in flat)
    line = f"static const {kind} {name}[{len(flat)}] = {{{text}}};"
    print(line if len(line) <= 140 else textwrap.fill(line, 136, subsequent_indent="    "))


def boosted(name, x, y, rounds=5, weight=None, contributions=False, **options):
    data = xgb.DMatrix(x, label=y, weight=weight)
    model = xgb.train({"tree_method": "hist", "nthread": 1, **options}, data, rounds)
    numbers(name, model.predict(data, output_margin=True)[:SHOWN])
    if contributions:
        numbers(name + "_contributions", model.predict(data, pred_contribs=True)[:SHOWN])
        for kind in ("weight", "gain", "cover", "total_gain", "total_cover"):
            score = model.get_score(importance_type=kind)
            numbers(f"{name}_{kind}", [score.get(f"f{j}", 0) for j in range(D)])


print("/* Made by make_classifier_tree_goldens.py: XGBoost's sums and scikit-learn's probabilities of the first rows. */")
print(f"#define GOLDEN_ROWS {SHOWN}")
BINARY = {"objective": "binary:logistic"}
THREE = {"objective": "multi:softprob", "num_class": 3}
NUMBER = {"objective": "reg:squarederror"}
boosted("golden_binary", full, two, contributions=True, **BINARY)
boosted("golden_three", holes, three, contributions=True, **THREE)
boosted("golden_number", holes, targets, contributions=True, **NUMBER)
boosted("golden_penalties", full, targets, **NUMBER, alpha=0.5, reg_lambda=0.25, gamma=2, min_child_weight=6, max_depth=4,
        learning_rate=0.15)
boosted("golden_bounded", holes, two, **BINARY, max_delta_step=0.4, min_child_weight=0, base_score=0.3)
boosted("golden_leaves", full, three, **THREE, grow_policy="lossguide", max_leaves=9, max_depth=0)
boosted("golden_leafy", full, targets, **NUMBER, max_leaves=11)
boosted("golden_monotone", full, targets, **NUMBER, monotone_constraints=(1, -1, 0, 0, 1, 0))
boosted("golden_weighted", full[weights > 0], two[weights > 0], weight=weights[weights > 0], **BINARY)

# DART where its random numbers do not matter: all trees that there are sit out (of two, the only one), and then share weights.
boosted("golden_dart", holes, three, **THREE, booster="dart", rate_drop=1.0)
boosted("golden_dart_forest", full, two, **BINARY, booster="dart", rate_drop=1.0, normalize_type="forest", learning_rate=0.6)
boosted("golden_dart_weighted", holes, targets, rounds=3, **NUMBER, booster="dart", rate_drop=1.0, sample_type="weighted")
boosted("golden_dart_one", full, two, rounds=2, **BINARY, booster="dart", one_drop=1)


def tree(name, cls, x, y, **options):
    model = cls(random_state=0, **options).fit(x, y, sample_weight=options.pop("sample_weight", None))
    found = model.predict_proba(x) if hasattr(model, "predict_proba") else model.predict(x)
    numbers(name, found[:SHOWN])
    numbers(name + "_nodes", [model.tree_.node_count])
    if name == "golden_best":  # the others have splits that are as good on two columns
        numbers(name + "_importances", model.feature_importances_)


tree("golden_gini", DecisionTreeClassifier, full, three, max_depth=5)
tree("golden_entropy", DecisionTreeClassifier, full, three, criterion="entropy", min_samples_leaf=4, min_samples_split=12)
tree("golden_error", DecisionTreeRegressor, full, targets, min_impurity_decrease=0.01)
tree("golden_best", DecisionTreeRegressor, full, targets, max_leaf_nodes=17)

# Stumps: deeper trees have splits that are exactly as good as others, among which rounding decides.
model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=1, random_state=0), n_estimators=8, learning_rate=0.5,
                           random_state=0).fit(full, three)
numbers("golden_adaboost", model.predict_proba(full)[:SHOWN])
numbers("golden_adaboost_decision", model.decision_function(full)[:SHOWN])
numbers("golden_adaboost_weights", model.estimator_weights_)


def samme_r(x, y, trees, depth, rate):
    """SAMME.R by its paper (Zhu, Zou, Rosset and Hastie 2009, algorithm 4), which scikit-learn no longer has, over scikit-learn's trees.
    Rates multiply exponents, as scikit-learn had it. The decision is the mean over trees, shares being no less than the smallest step
    of 1."""
    count = len(set(y))
    codes = np.where(y[:, None] == np.arange(count), 1, -1 / (count - 1))
    w, decision = np.full(len(y), 1 / len(y)), 0
    for _ in range(trees):
        grown = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x, y, sample_weight=w)
        logs = np.log(np.maximum(grown.predict_proba(x), np.finfo(float).eps))
        decision = decision + (count - 1) * (logs - logs.mean(1, keepdims=True)) / trees
        w = w * np.exp(-rate * (count - 1) / count * (codes * logs).sum(1))
        w /= w.sum()
    return decision


numbers("golden_samme_r", samme_r(full, three, 8, 1, 0.5)[:SHOWN])
numbers("golden_samme_r_two", samme_r(full, two, 6, 1, 1)[:SHOWN])
