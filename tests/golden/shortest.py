#!/usr/bin/env python3
"""The fewest digits that read back as the same number, for tests/base/test_text.c: CRC-32 of the digits that Python's repr (David Gay's
dtoa.c) gives for all powers of two and for 10,000 patterns of bits."""
import math
import struct
import zlib


def crc(values):
    c = 0
    for v in values:
        digits = repr(v).split("e")[0].lstrip("-").replace(".", "").strip("0")
        c = zlib.crc32((digits + " ").encode(), c)
    return c


def patterns():
    for k in range(10000):
        v = struct.unpack("<d", struct.pack("<Q", k * 0x9E3779B97F4A7C15 % 2**64))[0]
        if math.isfinite(v):
            yield v


if __name__ == "__main__":
    print("powers of two %08X" % crc(2.0**k for k in range(-1074, 1024)))
    print("patterns      %08X" % crc(patterns()))
