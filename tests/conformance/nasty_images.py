"""Decodes every file of a folder with a MANIFEST.tsv (Pillow's verdict for each file) and compares with Pillow.

    nasty_images.py DECODER FOLDER [-v] [--stb]

DECODER is the program of decode_images.c, best built with sanitizers. Every file must be decoded or refused with a reason, in bounded time,
and the program must end well; what Pillow decodes must come out as Pillow has it. Exit code 1 otherwise.
--stb: JPEG is decoded by stb_image, which enlarges chroma and fills gaps of unfinished pictures in its own way: such differences are
listed only. Needs Pillow and NumPy.
"""
import collections
import csv
import pathlib
import subprocess
import sys
import warnings

import numpy as np
from PIL import Image

MAX_SECONDS = 20.0  # with sanitizers; the largest files have 89 million pixels
warnings.simplefilter("ignore")


def run(decoder, paths):
    done = subprocess.run([decoder], input="\n".join(map(str, paths)).encode(), stdout=subprocess.PIPE)
    out, at, results = done.stdout, 0, []
    while at < len(out):
        end = out.index(b"\n", at)
        status, height, width, seconds, message = out[at:end].decode().split(" ", 4)
        status, height, width = int(status), int(height), int(width)
        at = end + 1
        pixels = None
        if status == 0:
            n = height * width * 3
            pixels = np.frombuffer(out, np.uint8, n, at).reshape(height, width, 3)
            at += n
        results.append((status, float(seconds), message, pixels))
    return done.returncode, results


def pillow(path):
    """RGB as Pillow has it; None when it refuses. 16-bit gray is narrowed to its high byte, as visml does, and not clipped."""
    try:
        image = Image.open(path)
        image.load()
        if image.mode in ("I", "I;16", "I;16B"):
            gray = np.clip(np.asarray(image.convert("I")), 0, 65535) >> 8
            return np.repeat(gray.astype(np.uint8)[:, :, None], 3, axis=2)
        if image.mode == "P" and isinstance(image.info.get("transparency"), bytes):
            image = image.convert("RGBA")
        if image.mode == "LA":
            return np.repeat(np.asarray(image)[:, :, :1], 3, axis=2)
        return np.asarray(image.convert("RGBA"))[:, :, :3] if image.mode in ("RGBA", "P") else np.asarray(image.convert("RGB"))
    except Exception:
        return None


# Files that come out otherwise than Pillow has them, and why.
KNOWN = {
    "afl-bmp/images/id_000299_src_000026_op_arith8_pos_22_val_-28.bmp": "two ends of line in a row: an empty line, which Pillow leaves out",
}


def compare(ours, theirs, mean):
    """By the largest difference, else by the mean over all samples; `mean` is the manifest's, of an older Pillow with another libjpeg."""
    if ours.shape != theirs.shape:
        return f"size {ours.shape[:2]} and not {theirs.shape[:2]}"
    difference = np.abs(ours.astype(int) - theirs)
    for bound, name in ((0, "equal"), (2, "within 2"), (12, "within 12")):
        if difference.max() <= bound:
            return name
    if np.abs(ours.reshape(-1, 3).mean(axis=0) - mean).max() < 0.01:
        return "as the manifest"
    if difference.mean() <= 3:
        return "on average within 3"
    return f"differs by {difference.max()}, on average {difference.mean():.2f}"


def main():
    decoder, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    verbose = "-v" in sys.argv[3:]
    rows = list(csv.DictReader(open(folder / "MANIFEST.tsv", newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    code, results = run(decoder, [folder / r["path"] for r in rows])
    table, failures = collections.Counter(), []
    if code != 0 or len(results) != len(rows):
        last = rows[len(results)]["path"] if len(results) < len(rows) else "the end"
        failures.append(f"the decoder stopped with {code} at {last}")
    for row, (status, seconds, message, pixels) in zip(rows, results):
        verdict, outcome = row["pil_verdict"], "refused"
        if seconds > MAX_SECONDS:
            failures.append(f"{row['path']}: {seconds:.1f} s")
        if pixels is not None:
            theirs = pillow(folder / row["path"])
            mean = [float(v) for v in row["mean_rgb_or_error"].split(",")] if verdict == "ok" else [np.nan] * 3
            outcome = compare(pixels, theirs, mean) if theirs is not None else "decoded, Pillow refuses"
            if outcome.startswith(("differs", "size")) and row["path"] in KNOWN:
                outcome = "known: " + KNOWN[row["path"]]
            lenient = "--stb" in sys.argv and row["pil_format"] == "JPEG" and not outcome.startswith("size")
            if outcome.startswith(("differs", "size")) and verdict == "ok" and not lenient:
                failures.append(f"{row['path']}: {outcome}")
        key = outcome.split(" by ")[0].split(" (")[0].split(":")[0]
        table[verdict, row["pil_format"], key] += 1
        if verbose and not (outcome == "equal" or (verdict != "ok" and outcome == "refused")):
            reason = f": {message}" if status else ""
            reason = reason.replace(f"{folder}/{row['path']}: ", "")
            print(f"{row['path']} [{verdict} {row['pil_format']} {row['pil_mode']} {row['mean_rgb_or_error'][:60]}]: {outcome}{reason}")
    total = collections.Counter()
    for (verdict, kind, outcome), n in sorted(table.items()):
        print(f"{n:5} {verdict:22} {kind:6} {outcome}")
        total[verdict, outcome] += n
    print()
    for (verdict, outcome), n in sorted(total.items()):
        print(f"{n:5} {verdict:22} {outcome}")
    if results:
        print(f"slowest: {max(r[1] for r in results):.2f} s CPU")
    for failure in failures:
        print("FAILED", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
