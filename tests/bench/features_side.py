"""What the benches of features share: the library through ctypes, the ways to look at pictures, and rounds in which it and its peers take
turns.

    BENCH LIBVISML.so [--threads 2] [--pictures N] [--decode] [--seconds 0.6] [--sizes 128x128,1920x1080] [NAME...]

Compared is the time of a picture, in the median:
- one picture at a time, on one thread or with all of them to itself (OpenCV: cv2.setNumThreads; scikit-image and NumPy have no threads);
- with --pictures N: N pictures in one call, spread over the threads; peers as is best for each: one picture after the other with OpenCV's
  threads, or as many Python threads as asked for, each with a picture of its own and OpenCV on one thread;
- with --decode: from JPEG files (quality 90, in memory: /dev/shm) to vectors; peers read with cv2.imdecode. One picture:
  visml_image_decode, then the vector; --pictures: visml_features_extract of a folder.
"""
import argparse
import concurrent.futures
import ctypes
import pathlib
import statistics
import tempfile
import time

import cv2
import numpy as np

P = ctypes.c_void_p
U8 = 3


class Shape(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * 8)]


class ContextOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("threads", ctypes.c_int32)]


class DecodeOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("color", ctypes.c_int32), ("keep_16bit", ctypes.c_int32), ("unturned", ctypes.c_int32)]


class SourceOpts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("on_invalid", ctypes.c_int32), ("height", ctypes.c_int32), ("width", ctypes.c_int32),
                ("color", ctypes.c_int32)]


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int32), ("message", ctypes.c_char * 508)]


class Library:
    """Each call returns a function without arguments: what is timed."""

    def __init__(self, path, threads):
        self.lib = ctypes.CDLL(path)
        for name in ("context_new", "features_from_json", "features_transform", "features_extract", "tensor_new", "tensor_data",
                     "image_decode", "dataset_from_folder"):
            getattr(self.lib, "visml_" + name).restype = P
        self.context = self._made("context_new", ctypes.byref(ContextOpts(ctypes.sizeof(ContextOpts), threads)))

    def _made(self, name, *arguments):
        err = Error()
        made = getattr(self.lib, "visml_" + name)(*arguments, ctypes.byref(err))
        assert made, err.message
        return P(made)

    def features(self, text):
        return self._made("features_from_json", self.context, text.encode(), ctypes.c_size_t(len(text)))

    def _release(self, tensor):
        self.lib.visml_tensor_release(tensor)

    def of_array(self, text, x):
        shape = Shape(ctypes.sizeof(Shape), x.ndim, (ctypes.c_int64 * 8)(*x.shape))
        t, features = self._made("tensor_new", self.context, U8, ctypes.byref(shape)), self.features(text)
        ctypes.memmove(self.lib.visml_tensor_data(t), x.ctypes.data, x.nbytes)
        return lambda: self._release(self._made("features_transform", features, t))

    def of_file(self, text, path, channels):
        features, options = self.features(text), ctypes.byref(DecodeOpts(ctypes.sizeof(DecodeOpts), channels))

        def run():
            file = path.read_bytes()
            picture = self._made("image_decode", self.context, file, ctypes.c_size_t(len(file)), options)
            self._release(self._made("features_transform", features, picture))
            self._release(picture)
        return run

    def of_folder(self, text, folder, channels):
        features, options = self.features(text), SourceOpts(ctypes.sizeof(SourceOpts), color=channels)
        dataset = self._made("dataset_from_folder", self.context, str(folder).encode(), ctypes.byref(options))
        return lambda: self.lib.visml_table_free(self._made("features_extract", features, dataset, None))


# ---- pictures ----

class Pictures:
    """`count` pictures of one size, as arrays and as files."""

    def __init__(self, make, h, w, count):
        self.h, self.w, self.count = h, w, count
        self.arrays = [np.ascontiguousarray(make(h, w, k)) for k in range(count)]
        self.channels = 1 if self.arrays[0].ndim == 2 else 3
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm")
        where = pathlib.Path(self.folder.name) / "all"
        where.mkdir()
        self.paths = [where / f"{k:03}.jpg" for k in range(count)]
        for path, x in zip(self.paths, self.arrays):
            assert cv2.imwrite(str(path), x if x.ndim == 2 else x[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])

    def stack(self):
        x = np.stack(self.arrays)
        return x.reshape(*x.shape[:3], self.channels)

    def read(self, path):
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE if self.channels == 1 else cv2.IMREAD_COLOR_RGB)


# ---- sides ----

def ours_of(library, text, pictures, decode):
    if pictures.count > 1:
        return (library.of_folder(text, pictures.paths[0].parent.parent, pictures.channels) if decode
                else library.of_array(text, pictures.stack()))
    return (library.of_file(text, pictures.paths[0], pictures.channels) if decode
            else library.of_array(text, pictures.stack()[0]))


def peers_of(run, pictures, decode, threads, pool):
    """Ways of a peer to do it, each a function."""
    whole = (lambda p: run(pictures.read(p))) if decode else run
    todo = pictures.paths if decode else pictures.arrays

    def in_turn():
        cv2.setNumThreads(threads)
        for x in todo:
            whole(x)

    def spread():
        cv2.setNumThreads(1)
        list(pool.map(whole, todo))
    return [in_turn, spread] if threads > 1 and pictures.count > 1 else [in_turn]


def burst(run, seconds):
    """Seconds of each run of some, after one that brings all into the caches."""
    run()
    times, begin = [], time.perf_counter()
    while not times or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def by_turns(runs, seconds, rounds=5):
    """Median milliseconds of each: in every round each has its burst. Slow ones have few rounds, but two at least."""
    times, begin = [[] for _ in runs], time.perf_counter()
    for k in range(rounds):
        for to, run in zip(times, runs):
            to += burst(run, seconds / rounds)
        if k and time.perf_counter() - begin > 2 * seconds * len(runs):
            break
    return [statistics.median(t) * 1e3 for t in times]


def compare(library, pictures, name, case, asked, pool):
    text, peers = case
    runs, names = [ours_of(library, text, pictures, asked.decode)], []
    for peer, run in peers.items():
        ways = peers_of(run, pictures, asked.decode, asked.threads, pool)
        runs += ways
        names += [peer] if len(ways) == 1 else [peer, peer + ", a picture for each thread"]
    mine, *theirs = (t / pictures.count for t in by_turns(runs, asked.seconds))
    line = [f"{name:26} {pictures.w}x{pictures.h}: {mine:9.4f} ms"]
    line += [f"{peer} {t:9.4f} ms, x {t / mine:.2f}" for peer, t in zip(names, theirs)]
    print("; ".join(line), f"| {min(theirs) / mine:.2f}" if theirs else "", flush=True)


def main(make, cases, slow=()):
    """make(h, w, k): picture k. cases: {name: (JSON, {peer: function of a picture})}. slow: names not tried on more than a megapixel."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("library")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--pictures", type=int, default=1)
    arguments.add_argument("--decode", action="store_true")
    arguments.add_argument("--seconds", type=float, default=0.6, help="of a case and side")
    arguments.add_argument("--sizes", default="128x128,1920x1080")
    arguments.add_argument("names", nargs="*")
    asked = arguments.parse_intermixed_args()
    library = Library(asked.library, asked.threads)
    with concurrent.futures.ThreadPoolExecutor(asked.threads) as pool:
        for size in asked.sizes.split(","):
            w, h = map(int, size.split("x"))
            pictures = Pictures(make, h, w, asked.pictures)
            for name, (text, peers) in cases.items():
                if not asked.names or name in asked.names:
                    kept = {k: run for k, run in peers.items() if h * w < 1e6 or (name, k) not in slow}
                    compare(library, pictures, name, (text, kept), asked, pool)
