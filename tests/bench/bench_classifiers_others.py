#!/usr/bin/env python3
"""Neighbours and clusters beside scikit-learn on the pixels of Fashion-MNIST: seconds (medians, in turn), what was reached beside them.

    VISML_LIBRARY=.../libvisml.so OMP_NUM_THREADS=2 python3 bench_classifiers_others.py 2 [PART ...]

Parts: k_neighbors pca_neighbors k_means k_means_100 gaussian_mixture. The images are those of Debian's dataset-fashion-mnist.
"""
import gzip
import pathlib
import statistics
import sys
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python"))
import visml  # noqa: E402

warnings.simplefilter("ignore", ConvergenceWarning)
FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
threads = int(sys.argv[1])
context = visml.Context(threads=threads)


def read(part, kind, head):
    return np.frombuffer(gzip.decompress((FOLDER / f"{part}-{kind}-ubyte.gz").read_bytes()), np.uint8, offset=head)


def images(part):
    x = read(part, "images-idx3", 16).reshape(-1, 784).astype(np.float32)
    return x, read(part, "labels-idx1", 8).astype(np.int32)


x, y = images("train")
x_test, y_test = images("t10k")


def measure(name, ours, theirs, times=3):
    """Runs both in turn; each returns what it reached."""
    spent, reached = ([], []), [0, 0]
    for _ in range(times):
        for i, f in enumerate((ours, theirs)):
            time.sleep(0.1)  # threads of the other side look out for work for a while before they sleep
            start = time.perf_counter()
            reached[i] = f()
            spent[i].append(time.perf_counter() - start)
    mine, peer = (statistics.median(s) for s in spent)
    print(f"{name:36} {mine:8.3f} {peer:8.3f} {peer / mine:6.2f}x   {reached[0]:.6g} {reached[1]:.6g}", flush=True)


def k_neighbors(queries=1000):
    mine = visml.Classifier("k_neighbors", context=context).fit(x, y)
    peer = KNeighborsClassifier(algorithm="brute").fit(x, y)
    q, labels = x_test[:queries], y_test[:queries]
    print("equal labels:", int((mine.predict(q) == peer.predict(q)).sum()), "of", queries)
    measure(f"k_neighbors predict {queries}", lambda: (mine.predict(q) == labels).mean(), lambda: (peer.predict(q) == labels).mean())


def pca_neighbors(components=50):
    """All of it: components are learned, all rows brought to them, and neighbours of the test's looked for."""
    pictures, test_pictures = x.reshape(-1, 28, 28, 1), x_test.reshape(-1, 28, 28, 1)
    known = visml.Dataset.from_arrays(pictures, y, context=context)

    def ours():
        f = visml.Features(["pixels"], then=[{"class": "pca", "components": components}], context=context).fit(known)
        mine = visml.Classifier("k_neighbors", context=context).fit(f.transform(pictures), y)
        return (mine.predict(f.transform(test_pictures)) == y_test).mean()

    def theirs():
        f = PCA(components, random_state=0).fit(x)
        return (KNeighborsClassifier(algorithm="brute").fit(f.transform(x), y).predict(f.transform(x_test)) == y_test).mean()
    measure(f"pca {components}, k_neighbors", ours, theirs)


def k_means(k=10, seeds=3):
    made = [0, 0]

    def ours():
        made[0] += 1
        return visml.Classifier("k_means", n_clusters=k, seed=made[0], context=context).fit(x).array("inertia").numpy()[0]

    def theirs():
        made[1] += 1
        return KMeans(k, random_state=made[1]).fit(x).inertia_
    measure(f"k_means fit {k}", ours, theirs, seeds)


def k_means_100():
    k_means(100, 1)


def gaussian_mixture():
    few = np.ascontiguousarray(x[:20000, 5::12] / 255)  # sums are floats': variances of pixels 0 ... 255 that hardly vary would be lost
    for kind in ("diag", "full"):
        made = GaussianMixture(10, covariance_type=kind, max_iter=20, reg_covar=1e-4, random_state=1)

        def ours():
            nonlocal mine
            mine = visml.Classifier("gaussian_mixture", n_components=10, covariance_type=kind, max_iter=20, reg_covar=1e-4,
                                    context=context).fit(few)
            return mine.array("lower_bound").numpy()[0]
        mine = None
        measure(f"gaussian_mixture fit {kind}", ours, lambda: made.fit(few).lower_bound_)
        measure(f"gaussian_mixture shares {kind}", lambda: mine.predict_proba(few).max(axis=1).mean(),
                lambda: made.predict_proba(few).max(axis=1).mean())


if __name__ == "__main__":
    print(f"{threads} threads{'':26} visml  sklearn          reached")
    for part in sys.argv[2:] or ("k_neighbors", "pca_neighbors", "k_means", "k_means_100", "gaussian_mixture"):
        globals()[part]()
