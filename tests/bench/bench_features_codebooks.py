#!/usr/bin/env python3
"""Principal components, clusters and search beside scikit-learn, milliseconds (best of several), on one thread and on two.

    OMP_NUM_THREADS=1 python3 bench_features_codebooks.py LIBVISML 1
    OMP_NUM_THREADS=2 python3 bench_features_codebooks.py LIBVISML 2
"""
import ctypes
import sys
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

P = ctypes.c_void_p
lib = ctypes.CDLL(sys.argv[1])
threads = int(sys.argv[2])
for name in ("context_new", "transform_pca", "transform_run", "tensor_wrap", "tensor_new", "tensor_data", "index_new",
             "aggregator_bag_of_words", "aggregator_run"):
    getattr(lib, "visml_" + name).restype = P


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class ContextOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32), ("rest", ctypes.c_uint64 * 16)]


class PcaOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("components", ctypes.c_int32), ("variance", ctypes.c_double), ("whiten", ctypes.c_int32),
                ("solver", ctypes.c_int32), ("oversamples", ctypes.c_int32), ("power_iterations", ctypes.c_int32)]


class WordsOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("clusters", ctypes.c_int32), ("max_iterations", ctypes.c_int32), ("norm", ctypes.c_int32)]


class IndexOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("metric", ctypes.c_int32)]


def made(o):
    return ctypes.byref(o)


def opts(cls, **fields):
    return cls(size=ctypes.sizeof(cls), **fields)


ctx = P(lib.visml_context_new(made(opts(ContextOpts, threads=threads)), None))
assert ctx


def tensor(x):
    shape = Shape(rank=x.ndim)
    for i, n in enumerate(x.shape):
        shape.dims[i] = n
    t = P(lib.visml_tensor_new(ctx, 1, made(shape), None))
    assert t
    ctypes.memmove(lib.visml_tensor_data(t), x.ctypes.data, x.nbytes)
    return t


def best(f, times=5):
    least = 1e9
    for _ in range(times):
        start = time.perf_counter()
        f()
        least = min(least, time.perf_counter() - start)
    return least * 1e3


def line(name, ours, theirs):
    print(f"{name:44} {ours:9.2f} {theirs:9.2f} {theirs / ours:6.2f}", flush=True)


def pca(n, d, k):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(n, 60)) @ rng.normal(size=(60, d)) + rng.normal(size=(n, d))).astype(np.float32)
    t = tensor(x)
    mine = P(lib.visml_transform_pca(ctx, made(opts(PcaOpts, components=k)), None))
    peer = PCA(k)
    assert lib.visml_transform_fit(mine, t, None, None) == 0
    line(f"pca fit {n} x {d} to {k}", best(lambda: lib.visml_transform_fit(mine, t, None, None), 3), best(lambda: peer.fit(x), 3))

    def run():
        lib.visml_tensor_release(P(lib.visml_transform_run(mine, t, None)))
    line(f"pca transform {n} x {d} to {k}", best(run), best(lambda: peer.transform(x)))


def words():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20000, 64)).astype(np.float32)
    t = tensor(x)
    a = P(lib.visml_aggregator_bag_of_words(ctx, made(opts(WordsOpts, clusters=256, max_iterations=10)), None))
    peer = KMeans(256, n_init=1, max_iter=10)
    line("k-means 20000 x 64, 256 clusters, 10 rounds", best(lambda: lib.visml_aggregator_fit(a, t, ctypes.c_uint64(1), None), 2),
         best(lambda: peer.fit(x), 2))

    def run():
        lib.visml_tensor_release(P(lib.visml_aggregator_run(a, t, None)))
    line("words of 20000 rows", best(run), best(lambda: np.bincount(peer.predict(x), minlength=256)))


def search():
    rng = np.random.default_rng(0)
    x, q = rng.random((20000, 128), dtype=np.float32), rng.random((200, 128), dtype=np.float32)
    rows, queries = tensor(x), tensor(q)
    for metric, name in ((1, "l2"), (2, "cosine"), (4, "l1"), (3, "chi2")):
        index = P(lib.visml_index_new(ctx, rows, made(opts(IndexOpts, metric=metric)), None))

        def run():
            places, distances = P(), P()
            assert lib.visml_index_search(index, queries, ctypes.c_int64(10), made(places), made(distances), None) == 0
            lib.visml_tensor_release(places)
            lib.visml_tensor_release(distances)
        if name == "chi2":
            from sklearn.metrics.pairwise import additive_chi2_kernel
            theirs = best(lambda: np.argpartition(-additive_chi2_kernel(q, x), 10, axis=1), 1)
        else:
            peer = NearestNeighbors(n_neighbors=10, algorithm="brute", metric=name).fit(x)
            theirs = best(lambda: peer.kneighbors(q), 3)
        line(f"10 nearest of 20000 x 128, 200 queries, {name}", best(run, 3), theirs)


print(f"{'':44} {'visml':>9} {'sklearn':>9} {'ratio':>6}   {threads} thread(s)")
pca(10000, 784, 50)
pca(2000, 4096, 32)
words()
search()
