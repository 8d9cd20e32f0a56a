#!/usr/bin/env python3
"""How well libvisml's classifiers tell photos apart, beside scikit-learn's and XGBoost's on the same vectors.

    classifier_accuracy.py FOLDER [--size 128] [--folds 5] [--seeds 3] [--threads 1] [--classifiers "RBF SVM,k-NN"]

FOLDER holds a folder of photos for each class, or train/ and val/ with such folders. Vectors are libvisml's (HOG, LBP, colours), brought to
mean 0 and variance 1 by the training part; both sides get the same numbers, split and hyper-parameters. Those that draw at random are
fitted with several seeds. Prints accuracies (means over seeds), their difference in points, how many predictions are the same, and seconds
of all fits and of all predictions (medians over seeds, the two by turns); fails where libvisml is wrong so much more often that chance does
not explain it (McNemar 1947: of the photos that one side alone gets right, a majority by more than twice the root of their number). Needs
numpy, scikit-learn, xgboost, threadpoolctl, Pillow, and the package visml on PYTHONPATH."""
import sys
import time
import warnings

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

import photos
import visml

FEATURES = [{"class": "hog", "pixels_per_cell": [16, 16], "cells_per_block": [2, 2]},
            {"class": "lbp", "radius": [1, 2], "points": [8, 16]},
            {"class": "histogram", "space": "hsv", "joint": True, "bins": [8, 4, 4]},
            {"class": "color_moments", "space": "lab"}]

# name: (class and options of libvisml, the peer for a seed, whether it draws at random)
CLASSIFIERS = {
    "logistic regression": (("logistic_regression", {"C": 0.01, "max_iter": 1000}), lambda s: LogisticRegression(C=0.01, max_iter=1000), 0),
    "linear SVM": (("linear_svm", {"C": 0.001, "max_iter": 10000}), lambda s: LinearSVC(C=0.001, max_iter=10000, random_state=s), 0),
    "RBF SVM": (("svm", {"C": 10}), lambda s: SVC(C=10), 0),
    "random forest": (("random_forest", {"trees": 200}), lambda s: RandomForestClassifier(200, random_state=s), 1),
    "extra trees": (("extra_trees", {"trees": 200}), lambda s: ExtraTreesClassifier(200, random_state=s), 1),
    "AdaBoost": (("adaboost", {"trees": 100, "max_depth": 2}),
                 lambda s: AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=100, random_state=s), 0),
    "gradient boosting": (("gradient_boosting", {"rounds": 50, "max_depth": 4}),
                          lambda s: XGBClassifier(n_estimators=50, max_depth=4, random_state=s), 0),
    "k-NN": (("k_neighbors", {"n_neighbors": 5}), lambda s: KNeighborsClassifier(5), 0),
}


def vectors(pictures):
    return np.asarray(visml.Features(FEATURES).transform(pictures))


def parts(folder, args):
    """[(x, y, x to tell, y to tell)], each standardized by its first half."""
    if (folder / "train").is_dir():
        (x, y), (x2, y2) = photos.read(folder / "train", args.size), photos.read(folder / "val", args.size)
        halves = [(vectors(x), y, vectors(x2), y2)]
    else:
        x, y = photos.read(folder, args.size)
        x, folds = vectors(x), StratifiedKFold(args.folds, shuffle=True, random_state=1)
        halves = [(x[a], y[a], x[b], y[b]) for a, b in folds.split(x, y)]
    result = []
    for x, y, x2, y2 in halves:
        mean, deviation = x.mean(0), x.std(0)
        deviation[deviation == 0] = 1
        result.append((np.float32((x - mean) / deviation), y, np.float32((x2 - mean) / deviation), y2))
    return result


def timed(model, x, y, x2):
    """Predictions for x2, and seconds of fit and predict."""
    times = [time.perf_counter()]
    model.fit(x, y)
    times.append(time.perf_counter())
    told = np.asarray(model.predict(x2))
    times.append(time.perf_counter())
    return told, np.diff(times)


def answers(makers, halves):
    """Of both sides, by turns: predictions for all photos to tell [2, photos], seconds of all fits and predictions [2, 2]."""
    told, seconds = ([], []), np.zeros((2, 2))
    for x, y, x2, _ in halves:
        for side, make in enumerate(makers):
            time.sleep(0.1)  # threads of the other side look out for work for a while before they sleep
            predictions, took = timed(make(), x, y, x2)
            told[side].append(predictions)
            seconds[side] += took
    return [np.concatenate(t) for t in told], seconds


def limited(peer, threads):
    return peer.set_params(n_jobs=threads) if "n_jobs" in peer.get_params() else peer


def compare(name, halves, seeds, context):
    """Prints a line; 1 when libvisml is worse than chance explains."""
    (cls, options), peer, random = CLASSIFIERS[name]
    right = np.concatenate([y for *_, y in halves])
    rights, same, alone, took = [], [], np.zeros(2), []
    for seed in range(1, 1 + (seeds if random else 1)):
        ours = dict(options, seed=seed) if random else options
        (a, b), seconds = answers((lambda: visml.Classifier(cls, context=context, **ours),
                                   lambda: limited(peer(seed), context.threads)), halves)
        rights.append(((a == right).mean(), (b == right).mean()))
        same.append((a == b).mean())
        alone += ((b == right) & (a != right)).sum(), ((a == right) & (b != right)).sum()
        took.append(seconds)
    (mine, theirs), (missed, found), took = np.mean(rights, 0), alone / len(rights), np.median(took, 0)
    print(f"{name}: libvisml {mine:.4f}, peer {theirs:.4f}, {100 * (mine - theirs):+.2f} points; the same for {np.mean(same):.4f}; "
          + "; ".join(f"{what} {took[0, k]:.4f} s, {took[1, k]:.4f} s (x {took[1, k] / took[0, k]:.2f})"
                      for k, what in enumerate(("fit", "predict"))), flush=True)
    return int(missed - found > 2 * np.sqrt(missed + found))


def main():
    parser = photos.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of both sides")
    parser.add_argument("--classifiers", type=lambda t: t.split(","), default=list(CLASSIFIERS), help="default: all")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    halves = parts(args.folder, args)
    print(f"{args.folder.name}: {sum(len(y) for *_, y in halves)} photos to tell, {halves[0][1].max() + 1} classes, "
          f"{len(halves[0][1])} to learn from, {halves[0][0].shape[1]} numbers")
    context = visml.Context(threads=args.threads)
    with threadpool_limits(args.threads):
        return 1 if sum(compare(name, halves, args.seeds, context) for name in args.classifiers) else 0


sys.exit(main())
