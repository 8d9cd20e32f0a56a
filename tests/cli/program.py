"""Runs the program `visml` (VISML_PROGRAM) in a folder of its own, for tests."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pictures  # noqa: E402,F401

PROGRAM = os.environ["VISML_PROGRAM"]
OK, FAILURE, USAGE = 0, 1, 2

# A network that learns stripes in a moment.
TINY = {"layers": [{"class": "rescaling", "scale": 1 / 255},
                   {"class": "conv2d", "filters": 4, "kernel_size": [3, 3], "activation": "relu"},
                   {"class": "flatten"},
                   {"class": "dense", "units": 0, "activation": "softmax"}]}


def real(token):
    """A real of the program's JSON: no more digits than Python needs to tell the number from all others."""
    digits = [text.split("e")[0].lstrip("-").replace(".", "").strip("0") for text in (token, repr(float(token)))]
    assert len(digits[0]) == len(digits[1]), "%s is written with too many digits" % token
    return float(token)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("tiny.json", json.dumps(TINY))

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def write(self, name, content):
        return pictures.write(self.path(name), content if isinstance(content, bytes) else content.encode())

    def visml(self, *arguments, code=OK, stdin=None, **options):
        """(standard output, standard error) of a run in the test's folder that ends with this exit code."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, cwd=self.folder.name, timeout=100,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, "visml %s\n%s%s" % (" ".join(map(str, arguments)), out, err))
        for line in err.splitlines():
            self.assertTrue(not line or line.startswith("visml: "), "not a message of visml: %r" % err)
        return out, err

    def lines(self, *arguments, **options):
        """The JSON objects that a run with --json prints, one a line."""
        out, _ = self.visml(*arguments, "--json", **options)
        return [json.loads(line, parse_float=real) for line in out.splitlines()]

    def fails(self, *arguments, says, code=FAILURE, **options):
        """A run that fails with a message that has all these words; nothing on standard output."""
        out, err = self.visml(*arguments, code=code, **options)
        for words in [says] if isinstance(says, str) else says:
            self.assertIn(words, err)
        self.assertEqual(out, "")
        return err

    def train(self, data, *more, out="m.visml", **options):
        return self.visml("train", data, "--arch", "tiny.json", "--epochs", 3, "--lr", 0.01, "--batch", 8, *more, "-o", out, **options)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()


def main():
    unittest.main(verbosity=2)
