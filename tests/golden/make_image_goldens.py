"""Makes tests/golden/image/ with Pillow, NumPy and Python's zlib. Run it from anywhere; needs Pillow and NumPy."""
import gzip
import io
import pathlib
import random
import struct
import zlib

import numpy as np
from PIL import Image

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


# ---- pictures: cases.bin is a row of (name, file, height, width, channels, bits, pixels) ----

CASES = []


def case(name, data, pixels):
    """pixels: [H, W, C] uint8 or uint16, what visml_image_decode gives as-is with keep_16bit."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    bits = pixels.dtype.itemsize * 8
    CASES.append((name, data, pixels.shape, bits, np.ascontiguousarray(pixels).tobytes()))


def save_cases():
    out = b""
    for name, data, shape, bits, pixels in CASES:
        out += struct.pack("<II", len(name), len(data)) + name.encode() + data + struct.pack("<IIII", *shape, bits) + pixels
    save("cases.bin", out)


def picture(h, w, c, bits=8, seed=0):
    """Smooth enough for JPEG, noisy enough for every PNG filter."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    base = np.stack([np.sin(x / 3 + k) + np.cos(y / 4 - k) for k in range(c)], axis=2) / 4 + 0.5
    return np.clip((base + rng.uniform(-0.05, 0.05, base.shape)) * (2**bits - 1), 0, 2**bits - 1).astype("u1" if bits <= 8 else "u2")


# -- PNG, written here because Pillow writes neither low depths nor interlacing nor tRNS of every kind --

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(tag, data):
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def pack_rows(a, depth):
    """[H, W, C] samples to rows of bytes."""
    rows = []
    for row in a.reshape(a.shape[0], -1):
        if depth == 16:
            rows.append(row.astype(">u2").tobytes())
        elif depth == 8:
            rows.append(row.astype("u1").tobytes())
        else:
            bits = ((row[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype("u1").reshape(-1)
            rows.append(np.packbits(bits).tobytes())
    return rows


def filter_rows(rows, step, first):
    """Each row under another filter, all five in turn."""
    out, above = b"", bytes(len(rows[0])) if rows else b""
    for y, row in enumerate(rows):
        kind = (y + first) % 5
        line = bytearray()
        for i, v in enumerate(row):
            a, b, c = (row[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
            p = a + b - c
            pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
            paeth = a if pa <= pb and pa <= pc else b if pb <= pc else c
            line.append((v - [0, a, b, (a + b) // 2, paeth][kind]) & 255)
        out += bytes([kind]) + bytes(line)
        above = row
    return out


def png(a, color, depth, interlaced=False, extra=b"", split=3):
    h, w, c = a.shape
    step = max(1, c * depth // 8)
    if interlaced:
        passes = [a[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(filter_rows(pack_rows(p, depth), step, i) for i, p in enumerate(passes) if p.size)
    else:
        raw = filter_rows(pack_rows(a, depth), step, 0)
    data = zlib.compress(raw)
    cuts = [len(data) * i // split for i in range(split + 1)]
    idat = b"".join(chunk(b"IDAT", data[i:j]) for i, j in zip(cuts, cuts[1:]))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + head + extra + idat + chunk(b"IEND", b"")


def png_goldens():
    for depth in (1, 2, 4, 8, 16):
        gray = picture(9, 11, 1, depth)
        wide = gray * (255 // (2**depth - 1)) if depth < 8 else gray
        key = int(gray[3, 4, 0])
        clear = np.where(gray == key, 0, 65535 if depth == 16 else 255).astype(wide.dtype)
        for i in (False, True):
            n = f"png-gray{depth}" + "-interlaced" * i
            case(n, png(gray, 0, depth, i), wide)
            trns = chunk(b"tRNS", struct.pack(">H", key))
            case(n + "-trns", png(gray, 0, depth, i, trns), np.concatenate([wide, clear], 2))
    for depth in (8, 16):
        full = 65535 if depth == 16 else 255
        for i in (False, True):
            tail = f"{depth}" + "-interlaced" * i
            rgb = picture(10, 7, 3, depth)
            key = rgb[2, 3]
            clear = np.where((rgb == key).all(2), 0, full).astype(rgb.dtype)[:, :, None]
            case("png-rgb" + tail, png(rgb, 2, depth, i), rgb)
            trns = chunk(b"tRNS", struct.pack(">HHH", *map(int, key)))
            case("png-rgb-trns" + tail, png(rgb, 2, depth, i, trns), np.concatenate([rgb, clear], 2))
            case("png-la" + tail, png(picture(8, 8, 2, depth), 4, depth, i), picture(8, 8, 2, depth))
            case("png-rgba" + tail, png(picture(5, 9, 4, depth), 6, depth, i), picture(5, 9, 4, depth))
    rng = np.random.default_rng(3)
    for depth in (1, 2, 4, 8):
        count = 2**depth if depth < 8 else 200
        palette = rng.integers(0, 256, (count, 3)).astype("u1")
        index = rng.integers(0, count, (9, 13, 1)).astype("u1")
        alpha = rng.integers(0, 256, (count + 1) // 2).astype("u1")
        plte = chunk(b"PLTE", palette.tobytes())
        both = np.concatenate([palette, np.r_[alpha, [255] * (count - len(alpha))].astype("u1")[:, None]], 1)
        for i in (False, True):
            tail = f"{depth}" + "-interlaced" * i
            case("png-palette" + tail, png(index, 3, depth, i, plte), palette[index[:, :, 0]])
            case("png-palette-trns" + tail, png(index, 3, depth, i, plte + chunk(b"tRNS", alpha.tobytes())), both[index[:, :, 0]])
    for size in ((1, 1), (1, 5), (3, 1), (2, 2)):
        a = picture(*size, 3)
        case(f"png-tiny{size[0]}x{size[1]}", png(a, 2, 8, True), a)
    a = picture(4, 4, 1)
    case("png-no-filter-text", png(a, 0, 8, False, chunk(b"tEXt", b"Comment\0hello"), 1), a)
    check_with_pillow("png")


def check_with_pillow(prefix):
    """What this script thinks is in its own files must be what Pillow finds there."""
    for name, data, shape, bits, pixels in CASES:
        if name.startswith(prefix) and bits == 8:
            want = np.frombuffer(pixels, "u1").reshape(shape)
            image = Image.open(io.BytesIO(data))
            got = np.asarray(image.convert("RGB"))
            rgb = want[:, :, :3] if shape[2] > 2 else np.repeat(want[:, :, :1], 3, 2)
            assert np.array_equal(got, rgb), name


# -- JPEG --


def jpeg_bytes(a, mode, **options):
    out = io.BytesIO()
    Image.fromarray(a, mode).save(out, "JPEG", **options)
    return out.getvalue()


def jpeg_goldens():
    def add(name, data):
        image = Image.open(io.BytesIO(data))
        case("jpeg-" + name, data, np.asarray(image.convert("RGB") if image.mode == "CMYK" else image))

    rgb, gray, cmyk = picture(19, 21, 3), picture(17, 10, 1)[:, :, 0], picture(16, 18, 4)
    add("gray", jpeg_bytes(gray, "L"))
    add("444", jpeg_bytes(rgb, "RGB", subsampling=0))
    add("422", jpeg_bytes(rgb, "RGB", subsampling=1))
    add("420", jpeg_bytes(rgb, "RGB", subsampling=2, quality=90))
    add("progressive", jpeg_bytes(rgb, "RGB", progressive=True))
    add("restarts", jpeg_bytes(rgb, "RGB", restart_marker_blocks=2))
    add("rgb", jpeg_bytes(rgb, "RGB", keep_rgb=True))
    add("cmyk", jpeg_bytes(cmyk, "CMYK"))
    add("cmyk-progressive", jpeg_bytes(cmyk, "CMYK", progressive=True))
    add("comment", jpeg_bytes(gray, "L", comment=b"hello"))
    exif = Image.Exif()
    exif[0x10F], exif[0x110], exif[0x112], exif[0x132] = "Maker", "Model 7", 6, "2020:01:02 03:04:05"
    exif.get_ifd(0x8769)[0x9003] = "2019:12:31 23:59:58"
    save("exif.jpg", jpeg_bytes(gray, "L", exif=exif))


# -- orientations: the stored picture, and Pillow's upright one --


def orientation_goldens():
    from PIL import ImageOps

    a = picture(4, 6, 3)
    for o in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = o
        out = io.BytesIO()
        Image.fromarray(a).save(out, "PNG", exif=exif)
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue())))
        case(f"orient{o}", out.getvalue(), np.asarray(upright))


# -- BMP, GIF, PNM, TGA --


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bmp(header, bits, compression, body, w, h, palette=b"", masks=b"", colors=0):
    dib = struct.pack("<IiiHHIIiiII", header, w, h, 1, bits, compression, len(body), 0, 0, colors, 0)
    dib = dib[:header] + (masks if header > 40 else b"")
    dib += bytes(header - len(dib)) + (masks if header == 40 else b"")
    at = 14 + len(dib) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(body), 0, 0, at) + dib + palette + body


def bmp_goldens():
    rgb, gray = picture(5, 8, 3), picture(6, 8, 1)[:, :, 0]
    case("bmp-24", saved(Image.fromarray(rgb), "BMP"), rgb)
    case("bmp-gray", saved(Image.fromarray(gray), "BMP"), np.repeat(gray[:, :, None], 3, 2))
    one = Image.fromarray(gray).convert("1")
    wide = saved(one.resize((32, 6)), "BMP")
    case("bmp-1", wide, np.asarray(one.resize((32, 6)).convert("RGB")))
    pal = Image.fromarray(rgb).quantize(11)
    case("bmp-palette", saved(pal, "BMP"), np.asarray(pal.convert("RGB")))
    flipped = bytearray(saved(Image.fromarray(rgb), "BMP"))
    flipped[22:26] = struct.pack("<i", -5)
    case("bmp-top-down", bytes(flipped), rgb[::-1])
    core = struct.pack("<IHHHH", 12, 8, 5, 1, 24)
    body = rgb[::-1, :, ::-1].tobytes()
    case("bmp-os2", b"BM" + struct.pack("<IHHI", 26 + len(body), 0, 0, 26) + core + body, rgb)
    palette = bytes([0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0])
    colors = np.array([[0, 0, 0], [0, 0, 255], [0, 255, 0], [255, 0, 0]], "u1")
    # rows from below: a run, an escape with an odd count, end of line, a jump over two pixels, the end
    rle8 = bytes([3, 1, 0, 3, 2, 3, 1, 0, 0, 0, 0, 2, 2, 0, 4, 2, 0, 1])
    index = np.array([[0, 0, 2, 2, 2, 2], [1, 1, 1, 2, 3, 1]])
    case("bmp-rle8", bmp(40, 8, 1, rle8, 6, 2, palette, colors=4), colors[index])
    rle4 = bytes([6, 0x12, 0, 0, 0, 5, 0x33, 0x21, 0x30, 0, 1, 0x10, 0, 1])
    index = np.array([[3, 3, 2, 1, 3, 1], [1, 2, 1, 2, 1, 2]])
    case("bmp-rle4", bmp(40, 4, 2, rle4, 6, 2, palette, colors=4), colors[index])
    rng = np.random.default_rng(4)
    v = rng.integers(0, 65536, (3, 4)).astype("<u2")
    five, six = lambda x: x.astype(int) * 255 // 31, lambda x: x.astype(int) * 255 // 63
    want = np.stack([five(v >> 10 & 31), five(v >> 5 & 31), five(v & 31)], 2).astype("u1")
    case("bmp-555", bmp(40, 16, 0, v[::-1].tobytes(), 4, 3), want)
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    want = np.stack([five(v >> 11), six(v >> 5 & 63), five(v & 31)], 2).astype("u1")
    case("bmp-565", bmp(40, 16, 3, v[::-1].tobytes(), 4, 3, masks=masks), want)
    rgba = picture(3, 4, 4)
    masks = struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    case("bmp-rgba", bmp(56, 32, 3, rgba[::-1].tobytes(), 4, 3, masks=masks), rgba)
    case("bmp-bgrx", bmp(40, 32, 0, rgba[::-1, :, [2, 1, 0, 3]].tobytes(), 4, 3), rgba[:, :, :3])
    check_with_pillow("bmp")


def gif_goldens():
    rgb = picture(13, 17, 3)
    pal = Image.fromarray(rgb).quantize(40)
    case("gif-plain", saved(pal, "GIF", interlace=0), np.asarray(pal.convert("RGB")))
    case("gif-interlaced", saved(pal, "GIF", interlace=1), np.asarray(pal.convert("RGB")))
    clear = saved(pal, "GIF", transparency=7)
    alpha = np.where(np.asarray(pal) == 7, 0, 255).astype("u1")[:, :, None]
    case("gif-transparent", clear, np.concatenate([np.asarray(pal.convert("RGB")), alpha], 2))
    second = Image.fromarray(rgb[::-1].copy()).quantize(40)
    case("gif-frames", saved(pal, "GIF", save_all=True, append_images=[second]), np.asarray(pal.convert("RGB")))
    noise = Image.fromarray(np.random.default_rng(5).integers(0, 256, (90, 80)).astype("u1"))  # fills the table of codes
    case("gif-noise", saved(noise, "GIF"), np.repeat(np.asarray(noise)[:, :, None], 3, 2))
    flat = Image.fromarray(np.full((30, 40), 9, "u1"))
    case("gif-flat", saved(flat, "GIF"), np.full((30, 40, 3), 9, "u1"))


def pnm_goldens():
    rgb, gray = picture(4, 5, 3), picture(3, 7, 1)[:, :, 0]
    text = lambda a: b" ".join(b"%d" % v for v in a.reshape(-1)) + b"\n"
    bit = (gray > 127).astype("u1")
    case("pnm-p1", b"P1\n# a comment\n7 3\n" + text(1 - bit), bit * 255)
    case("pnm-p4", b"P4 7 3\n" + np.packbits(1 - bit, axis=1).tobytes(), bit * 255)
    case("pnm-p2", b"P2\n7 3\n255\n" + text(gray), gray)
    case("pnm-p3", b"P3\n5 4\n255\n" + text(rgb), rgb)
    case("pnm-p5", b"P5\n7 #\n3\n255\n" + gray.tobytes(), gray)
    case("pnm-p6", b"P6 5 4 255 " + rgb.tobytes(), rgb)
    case("pnm-p5-31", b"P5 7 3 31\n" + (gray // 8).tobytes(), np.floor((gray // 8).astype(int) * 255 / 31 + 0.5).astype("u1"))
    wide = picture(3, 7, 1, 16)[:, :, 0]
    case("pnm-p5-16", b"P5 7 3 65535\n" + wide.astype(">u2").tobytes(), wide)
    case("pnm-p6-16", b"P6 5 4 65535\n" + picture(4, 5, 3, 16).astype(">u2").tobytes(), picture(4, 5, 3, 16))
    for name, data, shape, bits, pixels in CASES:
        if name.startswith("pnm") and bits == 8:
            image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
            want = np.frombuffer(pixels, "u1").reshape(shape)
            assert np.array_equal(image[:, :, : shape[2]], want), name


def tga_goldens():
    rgb, gray, rgba = picture(6, 9, 3), picture(5, 9, 1)[:, :, 0], picture(4, 5, 4)
    footer = 26
    for rle in (None, "tga_rle"):
        tail = "-rle" * (rle is not None)
        for name, image, want in (
            ("rgb", Image.fromarray(rgb), rgb),
            ("gray", Image.fromarray(gray), gray),
            ("rgba", Image.fromarray(rgba), rgba),
        ):
            case(f"tga-{name}{tail}", saved(image, "TGA", compression=rle)[:-footer], want)
        pal = Image.fromarray(rgb // 64 * 64).quantize(9)
        case(f"tga-palette{tail}", saved(pal, "TGA", compression=rle)[:-footer], np.asarray(pal.convert("RGB")))
    case("tga-top-down", saved(Image.fromarray(rgb), "TGA", orientation=1)[:-footer], rgb)
    v = np.random.default_rng(6).integers(0, 32768, (3, 5)).astype("<u2")
    head = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 5, 3, 16, 0x30)
    want = np.stack([(v >> s & 31).astype(int) * 255 // 31 for s in (10, 5, 0)], 2).astype("u1")
    case("tga-16-mirrored", head + v.tobytes(), want[:, ::-1])


# -- resize: checksums of Pillow's results over pictures that test_resize.c makes by the same formula --


def formula(dtype, h, w, c):
    v = ((np.arange(h * w * c, dtype=np.uint64) * 2654435761 + 12345) % 2**32).astype("u8")
    if dtype == "u8":
        v = (v >> 24).astype("u1")
    elif dtype == "u16":
        v = (v >> 16).astype("u2")
    else:
        v = ((v >> 16).astype("f4") / np.float32(65536) - np.float32(0.5)).astype("f4")
    return v.reshape(h, w, c)


def resize_goldens():
    filters = [Image.BILINEAR, Image.NEAREST, Image.BOX]
    sizes = [(1, 1, 1, 1), (1, 1, 5, 7), (8, 8, 4, 4), (7, 5, 3, 2), (5, 7, 11, 20), (32, 32, 224, 224), (40, 61, 24, 55), (61, 40, 24, 55),
             (33, 33, 33, 10), (33, 33, 10, 33), (97, 131, 28, 28), (131, 97, 28, 28), (64, 3, 9, 70), (3, 64, 70, 9), (300, 200, 1, 1),
             (28, 28, 32, 32), (50, 80, 49, 79)]  # fmt: skip
    lines = []
    for h, w, H, W in sizes:
        for dtype in ("u8", "u16", "f32"):
            for c in (1, 2, 3, 4):
                a = formula(dtype, h, w, c)
                for f, filter in enumerate(filters):
                    if dtype == "u16" and filter == Image.NEAREST:
                        continue  # Pillow takes another way there, with other roundings
                    planes = [np.asarray(Image.fromarray(a[:, :, k].copy()).resize((W, H), filter)) for k in range(c)]
                    if dtype == "u8" and c == 3:
                        assert np.array_equal(np.stack(planes, 2), np.asarray(Image.fromarray(a).resize((W, H), filter)))
                    crc = zlib.crc32(np.ascontiguousarray(np.stack(planes, 2)).tobytes())
                    lines.append(f"{dtype} {h} {w} {c} {H} {W} {f} {crc}")
    save("resize.txt", ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    gzip_goldens()
    png_goldens()
    jpeg_goldens()
    orientation_goldens()
    bmp_goldens()
    gif_goldens()
    pnm_goldens()
    tga_goldens()
    save_cases()
    resize_goldens()
