"""What the scripts that tell photos apart share."""
import argparse
import pathlib

import numpy as np
from PIL import Image


def read(folder, size):
    """Photos [N, size, size, 3] and class numbers, int32 [N], of a folder of class folders."""
    pictures, labels = [], []
    for number, name in enumerate(sorted(p.name for p in folder.iterdir() if p.is_dir())):
        for path in sorted((folder / name).iterdir()):
            pictures.append(np.asarray(Image.open(path).convert("RGB").resize((size, size), Image.BILINEAR)))
            labels.append(number)
    return np.stack(pictures), np.array(labels, np.int32)


def parser(about):
    """Options that all of them have."""
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("folder", type=pathlib.Path)
    found.add_argument("--size", type=int, default=128)
    found.add_argument("--folds", type=int, default=5)
    return found
