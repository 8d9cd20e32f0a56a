#!/usr/bin/env python3
"""The order of ten samples in two epochs, for tests/data/test_loader.c, and the parts of two classes of ten
samples divided 7 : 1 : 2, for tests/data/test_split.c: Philox4x32-10 (Salmon et al. 2011), bounded numbers after Lemire
(2019), Fisher-Yates, written once more from the papers in whole numbers of Python."""

M32, M64 = 2**32 - 1, 2**64 - 1


def philox(key, hi, lo):
    k, c = [key & M32, key >> 32], [lo & M32, lo >> 32, hi & M32, hi >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & M32, (p0 >> 32) ^ c[3] ^ k[1], p0 & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


def key(seed, stream):
    out = philox(seed, int.from_bytes(b"key" + bytes(5), "big"), stream)
    return out[1] << 32 | out[0]


def numbers(k):
    counter = 0
    while True:
        yield from philox(k, 0, counter)
        counter += 1


def below(stream, n):
    while True:
        lo = next(stream)
        product = (next(stream) << 32 | lo) * n
        if product & M64 >= (1 << 64) % n:
            return product >> 64


def shuffled(n, k):
    stream, values = numbers(k), list(range(n))
    for i in range(n, 1, -1):
        j = below(stream, i)
        values[i - 1], values[j] = values[j], values[i - 1]
    return values


if __name__ == "__main__":
    for epoch in range(2):
        print(shuffled(10, key(key(1, int.from_bytes(b"order", "big")), epoch)))
    for label in range(2):
        members = shuffled(10, key(key(1, int.from_bytes(b"split", "big")), label))
        print("class", label, "val", sorted(members[7:8]), "test", sorted(members[8:]))
