"""Makes tests/golden/image/ with Pillow, NumPy and Python's zlib. Run it from anywhere; needs Pillow and NumPy."""
import gzip
import io
import pathlib
import random
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent / "image"
HERE.mkdir(exist_ok=True)


def save(name, data):
    (HERE / name).write_bytes(data)


def gzip_goldens():
    rng = random.Random(1)
    words = [bytes(rng.choice(b"abcdefgh ") for _ in range(rng.randint(2, 9))) for _ in range(40)]
    plain = b" ".join(rng.choice(words) for _ in range(300)) + bytes(rng.randrange(256) for _ in range(200))
    save("plain.bin", plain)

    def raw(data, level=9, strategy=zlib.Z_DEFAULT_STRATEGY):
        c = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
        return c.compress(data) + c.flush()

    def member(data, flags=0, middle=b"", **kw):
        head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\xff" + middle
        if flags & 2:
            head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
        return head + raw(data, **kw) + struct.pack("<II", zlib.crc32(data), len(data))

    save("dynamic.gz", member(plain))
    save("fixed.gz", member(plain, strategy=zlib.Z_FIXED))
    save("stored.gz", member(plain, level=0))
    save("members.gz", member(plain[:700]) + member(b"") + member(plain[700:]) + b"\0\0\0")
    save("extras.gz", member(plain, flags=2 + 4 + 8 + 16, middle=b"\x03\x00abc" + b"name\0" + b"comment\0"))
    for name in ("dynamic.gz", "fixed.gz", "stored.gz", "extras.gz"):
        assert gzip.decompress((HERE / name).read_bytes()) == plain


if __name__ == "__main__":
    gzip_goldens()
