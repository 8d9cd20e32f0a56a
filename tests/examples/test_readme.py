"""The C code in README.md is the marked part of examples/train_cnn.c, letter for letter."""
import os
import re
import sys
import textwrap


def read(name):
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as f:
        return f.read()


example = re.search(r"/\* \[README \*/\n(.*?)\n *\/\* README\] \*/", read("examples/train_cnn.c"), re.S).group(1)
shown = re.search(r"```c\n(.*?)\n```", read("README.md"), re.S).group(1)
if textwrap.dedent(example) != shown:
    sys.exit("README.md does not show what examples/train_cnn.c has between its two marks:\n" + textwrap.dedent(example))
