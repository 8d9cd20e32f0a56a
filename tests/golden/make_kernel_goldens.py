"""Makes tests/golden/kernels.bin: what other libraries make of pictures, histograms, distances and trees. Inputs are in it too.

Run it from anywhere; needs NumPy, SciPy, Pillow, OpenCV, scikit-image, scikit-learn and XGBoost.
"""
import json
import pathlib

import cv2
import numpy as np
import skimage.color
import xgboost
from golden import Golden
from PIL import Image
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import additive_chi2_kernel

HERE = pathlib.Path(__file__).resolve().parent
RNG = np.random.default_rng(7)


def colors(out):
    corners = np.array(np.meshgrid([0, 1, 127, 254, 255], [0, 1, 127, 254, 255], [0, 1, 127, 254, 255])).reshape(3, -1).T
    x = np.concatenate([corners, RNG.integers(0, 256, (400, 3))]).astype("u1")
    unit = x.astype("f8") / 255
    hsv = skimage.color.rgb2hsv(unit[None])[0]
    out.add("rgb", x)
    out.add("gray", np.asarray(Image.fromarray(x[None]).convert("L"))[0])
    out.add("hsv", hsv)
    out.add("rgb-of-hsv", skimage.color.hsv2rgb(hsv[None])[0])
    out.add("lab", skimage.color.rgb2lab(unit[None], illuminant="D65", observer="2")[0])


def gradients(out):
    x = RNG.integers(0, 256, (23, 37, 3)).astype("f4")
    x[5:9, 4:20] = 77  # no gradient, and edges along both axes
    out.add("picture", x)
    for border, mode in (("zero", cv2.BORDER_REFLECT_101), ("edge", cv2.BORDER_REPLICATE)):
        row = np.array([[-1, 0, 1]], "f8")
        dx = cv2.filter2D(x.astype("f8"), cv2.CV_64F, row, borderType=mode)
        dy = cv2.filter2D(x.astype("f8"), cv2.CV_64F, row.T, borderType=mode)
        best = np.argmax(dx**2 + dy**2, axis=2)[..., None]
        dx, dy = np.take_along_axis(dx, best, 2)[..., 0], np.take_along_axis(dy, best, 2)[..., 0]
        out.add(f"magnitude-{border}", np.hypot(dx, dy))
        out.add(f"angle-{border}", np.mod(np.arctan2(dy, dx), 2 * np.pi))
        out.add(f"half-angle-{border}", np.mod(np.arctan2(dy, dx), np.pi))


def histograms(out):
    x = RNG.integers(0, 256, (50, 41, 3)).astype("u1")
    x[:20] //= 9
    out.add("bytes", x)
    planes = [np.ascontiguousarray(x[..., c]) for c in range(3)]
    out.add("bytes-256", np.stack([cv2.calcHist([p], [0], None, [256], [0, 256]).ravel() for p in planes]))
    out.add("bytes-10", np.stack([cv2.calcHist([p], [0], None, [10], [0, 256]).ravel() for p in planes]))
    out.add("joint", cv2.calcHist([x], [0, 1, 2], None, [8, 4, 6], [0, 256] * 3))
    numbers = RNG.normal(size=3001).astype("f4")
    numbers[:4] = [-2, 2, np.nan, np.inf]
    out.add("numbers", numbers)
    out.add("numbers-16", np.histogram(numbers, 16, (-2, 2))[0])


def distances(out):
    for d in (5, 64, 131):
        a, b = RNG.random((9, d)).astype("f4"), RNG.random((7, d)).astype("f4")
        a[3] = 0
        b[2, : d // 2] = 0
        b[5] = a[1]
        out.add(f"a-{d}", a)
        out.add(f"b-{d}", b)
        a8, b8 = a.astype("f8"), b.astype("f8")
        cosine = cdist(a8, b8, "cosine")
        cosine[3] = 1  # SciPy gives NaN for a row of zeros
        wanted = [cdist(a8, b8, "sqeuclidean"), cdist(a8, b8, "cityblock"), cosine, -additive_chi2_kernel(a8, b8),
                  np.array([[cv2.compareHist(p, q, cv2.HISTCMP_INTERSECT) for q in b] for p in a])]
        out.add(f"distances-{d}", np.stack(wanted))


def nodes_of(booster, trees):
    """[feature, number, left, right] of all nodes, and the roots; numbers count through all trees."""
    rows, roots = [], []
    for dump in trees:
        roots.append(len(rows))
        flat = {}

        def visit(node):
            flat[node["nodeid"]] = node
            for child in node.get("children", ()):
                visit(child)

        visit(json.loads(dump))
        place = {number: len(rows) + i for i, number in enumerate(flat)}
        for node in flat.values():
            if "leaf" in node:
                rows.append([-1, node["leaf"], -1, -1])
            else:
                default_left = node["missing"] == node["yes"]
                feature = int(node["split"][1:]) + (1000 if default_left else 0)
                rows.append([feature, node["split_condition"], place[node["yes"]], place[node["no"]]])
    return np.array(rows, "f8"), np.array(roots)


def trees(out):
    x = RNG.normal(size=(403, 12)).astype("f4")
    x[RNG.random(x.shape) < 0.15] = np.nan
    score = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 3]) * np.isnan(x[:, 5]) + 0.3 * np.nan_to_num(x[:, 7])
    y = np.digitize(score, [-0.5, 0.5])
    for name, label, options in (("one", score, {"objective": "reg:squarederror"}),
                                 ("three", y, {"objective": "multi:softprob", "num_class": 3})):
        data = xgboost.DMatrix(x, label=label)
        booster = xgboost.train({"max_depth": 5, "base_score": 0.5, "seed": 1, "nthread": 1, **options}, data, 9)
        nodes, roots = nodes_of(booster, booster.get_dump(dump_format="json"))
        # leaves are printed with 9 digits, which say a float exactly
        out.add(f"trees-{name}-nodes", nodes)
        out.add(f"trees-{name}-roots", roots)
        out.add(f"trees-{name}-margin", booster.predict(data, output_margin=True))
    out.add("trees-x", x)


with Golden(HERE / "kernels.bin") as golden:
    colors(golden)
    gradients(golden)
    histograms(golden)
    distances(golden)
    trees(golden)
