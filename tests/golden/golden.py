"""Writes golden arrays in the form that tests/support/golden.c reads: name, shape and float32 values, one record after the other."""
import struct

import numpy as np


class Golden:
    def __init__(self, path):
        self.file = open(path, "wb")

    def add(self, name, array):
        a = np.ascontiguousarray(array, dtype="<f4")
        encoded = name.encode()
        assert len(encoded) < 56 and a.ndim <= 8, name
        dims = list(a.shape) + [0] * (8 - a.ndim)
        self.file.write(struct.pack("<56s2i8i", encoded, a.ndim, a.size, *dims) + a.tobytes())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.file.close()
