"""Small pictures for tests, made with the standard library alone: PNG files, class folders, IDX files."""
import gzip
import os
import random
import struct
import zlib


def png(width, height, channels, pixels):
    """The bytes of a PNG file: 8 bits, channels 1 (gray) or 3 (RGB), pixels row by row."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = width * channels
    raw = b"".join(b"\0" + bytes(pixels[y * row:(y + 1) * row]) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def write(path, data):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    return path


def stripes(label, width, height, channels, rng):
    """Noise with bright stripes: class 0 along x, 1 along y, 2 along the diagonal, 3 a chessboard."""
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            on = ((y // 2) % 2, (x // 2) % 2, ((x + y) // 2) % 2, (x // 2 + y // 2) % 2)[label % 4]
            pixels += bytes(min(255, 150 * on + rng.randrange(60)) for _ in range(channels))
    return pixels


def picture(path, label=0, width=8, height=8, channels=3, seed=0):
    return write(path, png(width, height, channels, stripes(label, width, height, channels, random.Random(seed * 97 + label))))


def class_folder(root, names=("along", "across"), each=20, width=8, height=8, channels=3, seed=0):
    """ROOT/NAME/0.png ... for each name."""
    for label, name in enumerate(names):
        for i in range(each):
            picture(os.path.join(root, name, "%03d.png" % i), label, width, height, channels, seed * 1000 + i)
    return root


def idx(folder, labels, classes=3, width=8, height=8, seed=0, packed=False):
    """IDX files as MNIST's: returns (images, labels). `labels`: how many, or a list."""
    rng = random.Random(seed)
    if isinstance(labels, int):
        labels = [i % classes for i in range(labels)]
    images = struct.pack(">IIII", 0x803, len(labels), height, width) + b"".join(bytes(stripes(y, width, height, 1, rng)) for y in labels)
    names = struct.pack(">II", 0x801, len(labels)) + bytes(labels)
    pack, ending = (lambda b: gzip.compress(b, mtime=0), ".gz") if packed else (bytes, "")
    return (write(os.path.join(folder, "images" + ending), pack(images)), write(os.path.join(folder, "labels" + ending), pack(names)))
