#!/usr/bin/env python3
"""How well a linear classifier tells photos apart by libvisml's features, beside the same features of scikit-image and OpenCV.

    feature_accuracy.py FOLDER [--size 128] [--folds 5] [--seed 1] [--sets hog,glcm]

FOLDER holds a folder of photos for each class, or train/ and val/ with such folders. Both sides see the same pixels: photos are decoded and
brought to size x size by Pillow. Each set of features goes through scikit-learn's StandardScaler and LogisticRegression; accuracies are
those of the validation folder, or means over folds of a stratified cross-validation. Prints both and their difference in points, and fails
when one set is more than a point apart. Needs numpy, scikit-learn, scikit-image, opencv, Pillow, and the package visml on PYTHONPATH."""
import sys
import warnings

import cv2
import numpy as np
import skimage.color
import skimage.feature
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import photos
import visml


def gray(x):
    return cv2.cvtColor(x, cv2.COLOR_RGB2GRAY)


def share(counts):
    return (counts / counts.sum()).ravel()


def their_hog(x):
    return skimage.feature.hog(x, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2), channel_axis=-1)


def their_lbp(x):
    codes = [(skimage.feature.local_binary_pattern(gray(x), 8 * r, r, "uniform"), 8 * r + 2) for r in (1, 2)]
    return np.concatenate([share(np.bincount(c.astype(int).ravel(), minlength=n)) for c, n in codes])


def their_hsv(x):
    hsv = cv2.cvtColor(x, cv2.COLOR_RGB2HSV)
    return share(cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256]))


def their_moments(x):
    lab = skimage.color.rgb2lab(x).reshape(-1, 3)
    mean = lab.mean(0)
    return np.concatenate([mean, lab.std(0), np.cbrt(((lab - mean) ** 3).mean(0))])


def their_glcm(x):
    matrix = skimage.feature.graycomatrix(gray(x) // 8, [1, 3], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], levels=32, normed=True,
                                          symmetric=True)
    names = ("contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "entropy")
    return np.concatenate([skimage.feature.graycoprops(matrix, name).ravel() for name in names])


def their_hu(x):
    h = cv2.HuMoments(cv2.moments(gray(x))).ravel()
    return -np.sign(h) * np.log10(np.abs(h) + 1e-300)


SETS = {
    "hog": ([{"class": "hog", "pixels_per_cell": [16, 16], "cells_per_block": [2, 2]}], their_hog),
    "lbp": ([{"class": "lbp", "radius": [1, 2], "points": [8, 16]}], their_lbp),
    "hsv histogram": ([{"class": "histogram", "space": "hsv", "joint": True, "bins": [8, 4, 4]}], their_hsv),
    "lab moments": ([{"class": "color_moments", "space": "lab"}], their_moments),
    "glcm": ([{"class": "glcm", "levels": 32, "distances": [1, 3], "symmetric": True}], their_glcm),
    "hu moments": ([{"class": "hu_moments", "log_scale": True}], their_hu),
}
SETS["all of these"] = (sum((ours for ours, _ in SETS.values()), []),
                        lambda x, each=[theirs for _, theirs in SETS.values()]: np.concatenate([f(x) for f in each]))


def accuracy(x, y, split, args):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    if split is None:
        folds = StratifiedKFold(args.folds, shuffle=True, random_state=args.seed)
        return float((cross_val_predict(model, x, y, cv=folds) == y).mean())
    return float((model.fit(x[:split], y[:split]).predict(x[split:]) == y[split:]).mean())


def main():
    parser = photos.parser(__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", type=lambda t: t.split(","), default=list(SETS), help="default: all")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    split = None
    if (args.folder / "train").is_dir():
        (x, y), (x2, y2) = photos.read(args.folder / "train", args.size), photos.read(args.folder / "val", args.size)
        split, x, y = len(x), np.concatenate([x, x2]), np.concatenate([y, y2])
    else:
        x, y = photos.read(args.folder, args.size)
    print(f"{args.folder.name}: {len(x)} photos, {y.max() + 1} classes, {args.size} x {args.size}")
    worst = 0.0
    for name in args.sets:
        description, theirs = SETS[name]
        ours = np.asarray(visml.Features(description).transform(x))
        a, b = accuracy(ours, y, split, args), accuracy(np.stack([theirs(p) for p in x]), y, split, args)
        worst = max(worst, b - a)
        print(f"{name}: libvisml {a:.4f}, scikit-image and OpenCV {b:.4f}, {100 * (a - b):+.2f} points, {ours.shape[1]} numbers",
              flush=True)
    return 1 if worst > 0.01 else 0


sys.exit(main())
