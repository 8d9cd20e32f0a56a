"""What worker.py expects of a side, and the sides that come as shared modules with the functions of bench_side.h."""
import ctypes
import ctypes.util
import math
import os
import pathlib

import numpy as np

WHATS = ("forward", "backward data", "backward weights")


class Skip(Exception):
    """A side that is not there, or cannot do a task: the reason, for the report."""


class Prepared:
    """A task ready to run: run(times) gives seconds for all of them, result() an array, kernel says what runs."""
    kernel = ""

    def run(self, times):
        raise NotImplementedError

    def result(self):
        raise NotImplementedError


class Side:
    """One library. config: threads, build (folder), modules (for oneDNN)."""

    def __init__(self, config):
        self.config = config
        self.threads = config["threads"]

    def version(self):
        """Name and version for the report."""
        raise NotImplementedError

    def variants(self, task):
        """Ways to do a task; the fastest is the one that counts."""
        return [""]

    def prepare(self, task, variant):
        """A Prepared; raises Skip when it cannot be done."""
        raise Skip(f"{type(self).__name__} has no {task['kind']}")


# ---- arrays of a task, the same on every side ----


def aligned(shape):
    """float32 that starts at a multiple of 64 bytes."""
    count = math.prod(shape)
    raw = np.zeros(count + 16, dtype=np.float32)
    skip = (-raw.ctypes.data // 4) % 16
    return raw[skip:skip + count].reshape(shape)


def filled(shape, seed):
    array = aligned(shape)
    np.random.default_rng(seed).random(dtype=np.float32, out=array.reshape(-1))
    array -= 0.5
    return array


def gemm_arrays(task):
    """A and B as stored."""
    m, n, k = task["m"], task["n"], task["k"]
    return filled((k, m) if task["ta"] else (m, k), 1), filled((n, k) if task["tb"] else (k, n), 2)


def conv_arrays(task):
    """x, w, dy, as visml lays them out."""
    n, h, w, c, oh, ow, f, kh, kw = task["geometry"][:9]
    groups = task["geometry"][15]
    return filled((n, h, w, c), 1), filled((kh, kw, c // groups, f), 2), filled((n, oh, ow, f), 3)


def result_shape(task):
    if task["kind"] == "gemm":
        return task["m"], task["n"]
    n, h, w, c, oh, ow, f, kh, kw = task["geometry"][:9]
    return ((n, oh, ow, f), (n, h, w, c), (kh, kw, c // task["geometry"][15], f))[task["what"]]


# ---- shared modules ----


class ModulePrepared(Prepared):
    def __init__(self, module, handle, task):
        self.module, self.handle, self.task = module, handle, task
        if task["kind"] == "gemm":
            self.arrays = gemm_arrays(task)
            numbers = (task[name] for name in ("m", "n", "k", "ta", "tb"))
            status = module.bench_gemm(handle, *numbers, *(a.ctypes.data for a in self.arrays))
        else:
            self.arrays = conv_arrays(task)
            geometry = (ctypes.c_int64 * 16)(*task["geometry"])
            status = module.bench_conv2d(handle, geometry, task["what"], *(a.ctypes.data for a in self.arrays))
        if status < 0:
            raise Skip(f"it refuses {task['name']}")

    def run(self, times):
        return self.module.bench_run(self.handle, times)

    def result(self):
        out = np.empty(result_shape(self.task), dtype=np.float32)
        self.module.bench_result(self.handle, out.ctypes.data)
        return out


def load_module(path):
    """A shared module with its prototypes set."""
    try:
        module = ctypes.CDLL(str(path))
    except OSError as e:
        raise Skip(str(e)) from None
    pointer, int32, int64, double, text = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_double, ctypes.c_char_p
    prototypes = {
        "bench_new": (pointer, [int32, ctypes.c_uint32]), "bench_version": (text, []), "bench_kernel": (text, [pointer]),
        "bench_gemm": (int32, [pointer, int64, int64, int64, int32, int32, pointer, pointer]),
        "bench_conv2d": (int32, [pointer, pointer, int32, pointer, pointer, pointer]), "bench_run": (double, [pointer, int64]),
        "bench_result": (None, [pointer, pointer]), "bench_peak": (double, [int32, ctypes.c_uint32, double]),
        "bench_blas": (int32, [text, text, int32]),
    }
    for name, (result, arguments) in prototypes.items():
        if hasattr(module, name):
            function = getattr(module, name)
            function.restype, function.argtypes = result, arguments
    return module


def new_handle(module, threads, mask=0):
    handle = module.bench_new(threads, mask)
    if not handle:
        raise Skip("bench_new fails")
    return handle


class OneDnn(Side):
    """One oneDNN; a process can hold only one of a soname, so that each version is a side of its own."""

    def __init__(self, config):
        super().__init__(config)
        path = pathlib.Path(config["modules"])
        if not path.exists():
            raise Skip(f"{path} is not there: it is built where libdnnl-dev is installed")
        self.module = load_module(path)
        self.handle = new_handle(self.module, self.threads)

    def version(self):
        return f"oneDNN {self.module.bench_version().decode()}"

    def prepare(self, task, variant):
        if task["kind"] not in ("gemm", "conv2d"):
            return super().prepare(task, variant)
        prepared = ModulePrepared(self.module, self.handle, task)
        prepared.kernel = self.module.bench_kernel(self.handle).decode()
        return prepared


# Names of cblas_sgemm, with 32-bit and with 64-bit integers.
SGEMM_NAMES = (("scipy_cblas_sgemm64_", 1), ("cblas_sgemm64_", 1), ("scipy_cblas_sgemm", 0), ("cblas_sgemm", 0))


class OpenBlas(Side):
    """Every OpenBLAS that is found: NumPy's own and the system's."""

    def __init__(self, config):
        super().__init__(config)
        self.module = load_module(pathlib.Path(config["build"]) / "tests/bench/peer_blas.so")
        libraries = pathlib.Path(np.__file__).parents[1].glob("numpy.libs/*openblas*.so*")
        paths = [str(p) for p in libraries] + [p for p in (ctypes.util.find_library("openblas"),) if p]
        self.paths = [p for p in paths if self._use(p)]
        if not self.paths:
            raise Skip("no OpenBLAS is found, neither NumPy's nor the system's")

    def _use(self, path):
        return any(self.module.bench_blas(path.encode(), name.encode(), wide) == 0 for name, wide in SGEMM_NAMES)

    def _describe(self, path):
        """Version and core type, which decides about the kernel."""
        try:
            from threadpoolctl import threadpool_info
        except ImportError:
            return f"{os.path.basename(path)}, core type unknown without threadpoolctl"
        for info in threadpool_info():
            if info["internal_api"] == "openblas" and ("numpy.libs" in path) == ("numpy.libs" in info["filepath"]):
                return f"{info['version']} {info['architecture']}"
        return os.path.basename(path)

    def version(self):
        return "OpenBLAS " + ", ".join(f"{self._describe(p)} ({'NumPy' if 'numpy' in p else 'system'})" for p in self.paths)

    def variants(self, task):
        return self.paths

    def prepare(self, task, variant):
        if task["kind"] != "gemm":
            return super().prepare(task, variant)
        if not self._use(variant):
            raise Skip(f"{variant} has no sgemm")
        prepared = ModulePrepared(self.module, new_handle(self.module, self.threads), task)
        prepared.kernel = self._describe(variant)
        return prepared
