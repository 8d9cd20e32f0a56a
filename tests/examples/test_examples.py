"""Builds nothing, runs everything: each example does what its first comment says."""
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pictures  # noqa: E402


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        pictures.class_folder(os.path.join(self.folder.name, "d"), each=30, width=32, height=32)

    def run_example(self, name, *arguments, code=0):
        done = subprocess.run([os.environ["EXAMPLE_" + name.upper()], *arguments], cwd=self.folder.name, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=100)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if code == 1:
            self.assertTrue(done.stderr.startswith(name + ": "), done.stderr)
        return done.stdout

    def test_train_and_classify(self):
        out = self.run_example("train_cnn", "d", "m.visml").splitlines()
        self.assertEqual(len(out), 6)
        self.assertEqual(out[5], "accuracy on images it has not seen: 1.000")
        # The model of this example has no class names: the number is told.
        out = self.run_example("classify_image", "m.visml", "d/along/000.png")
        self.assertRegex(out, r"^class 1 [01]\.\d{4}\n$")
        self.run_example("classify_image", "m.visml", "nowhere.png", code=1)
        self.run_example("classify_image", "nowhere.visml", "d/along/000.png", code=1)
        self.run_example("train_cnn", "nowhere", "m.visml", code=1)

    def test_split(self):
        with open(os.path.join(self.folder.name, "d", "along", "000.png"), "r+b") as f:
            f.truncate(50)
        out = self.run_example("split_dataset", "d", "s.json").splitlines()
        self.assertEqual(out[0].split(), ["class", "train", "val", "test"])
        self.assertEqual([line.split() for line in out[1:3]], [["across", "21", "3", "6"], ["along", "21", "3", "6"]])
        self.assertTrue(out[3].startswith("cannot be read: "))
        self.assertIn("along/000.png", out[3])
        with open(os.path.join(self.folder.name, "s.json")) as f:
            json.load(f)
        self.run_example("split_dataset", "nowhere", "s.json", code=1)

    def test_idx(self):
        images, labels = pictures.idx(self.folder.name, 9)
        self.assertEqual(self.run_example("idx_to_png", images, labels, "4", "p.png"), "1\n")
        with open(os.path.join(self.folder.name, "p.png"), "rb") as f:
            self.assertTrue(f.read().startswith(b"\x89PNG"))
        self.run_example("idx_to_png", images, labels, "9", "q.png", code=1)
        self.run_example("idx_to_png", images, labels, "-1", "q.png", code=1)
        self.assertFalse(os.path.exists(os.path.join(self.folder.name, "q.png")))

    def test_contact_sheet(self):
        chain = [{"class": "random_rotation", "factor": 0.1}, {"class": "random_zoom", "height_factor": 0.2}, {"class": "random_flip"},
                 {"class": "rand_augment"}, {"class": "cut_mix"}]
        with open(os.path.join(self.folder.name, "chain.json"), "w") as f:
            json.dump(chain, f)
        with open(os.path.join(self.folder.name, "wrong.json"), "w") as f:
            json.dump([{"class": "random_flop"}], f)
        sheets = set()
        for workers in ("-1", "1", "2", "8"):
            self.run_example("contact_sheet", "d", "chain.json", "s.png", "5", workers)
            with open(os.path.join(self.folder.name, "s.png"), "rb") as f:
                sheets.add(f.read())
        self.assertEqual(len(sheets), 1)
        self.run_example("contact_sheet", "d", "chain.json", "t.png", "6")
        with open(os.path.join(self.folder.name, "t.png"), "rb") as f:
            self.assertNotIn(f.read(), sheets)
        self.run_example("contact_sheet", "d/along/000.png", "chain.json", "one.png")
        self.run_example("contact_sheet", "d/along/000.png", "wrong.json", "one.png", code=1)
        self.run_example("contact_sheet", "d", "nowhere.json", "one.png", code=1)
        self.run_example("contact_sheet", "nowhere.png", "chain.json", "one.png", code=1)

    def test_similar_images(self):
        """A picture is nearest to itself."""
        for metric in ("l2", "cosine", "chi2", "l1", "intersection"):
            with open(os.path.join(self.folder.name, "f.json"), "w") as f:
                json.dump([{"class": "average", "over": "grid"}], f)
            lines = self.run_example("similar_images", "d", "d/along/000.png", "s.png", "f.json", metric).splitlines()
            self.assertEqual(len(lines), 10)
            if metric != "intersection":
                self.assertTrue(lines[0].endswith("along/000.png"), lines[0])
        with open(os.path.join(self.folder.name, "s.png"), "rb") as f:
            self.assertTrue(f.read().startswith(b"\x89PNG"))
        self.run_example("similar_images", "d", "d/along/000.png", "s.png")
        self.run_example("similar_images", "d", "nowhere.png", "s.png", code=1)
        self.run_example("similar_images", "d", "d/along/000.png", "s.png", "nowhere.json", code=1)

    def test_detect(self):
        """Rings of two sizes on a dark ground."""
        def ring(to, width, height, top, left, side):
            for y in range(max(top, 0), min(top + side, height)):
                for x in range(max(left, 0), min(left + side, width)):
                    r = math.hypot(y - top - side / 2, x - left - side / 2) / side
                    if 0.28 < r < 0.42:
                        to[y * width + x] = 230

        def shared(a, b):
            both = [max(0, min(a[i] + a[i + 2], b[i] + b[i + 2]) - max(a[i], b[i])) for i in range(2)]
            return both[0] * both[1] / (a[2] * a[3] + b[2] * b[3] - both[0] * both[1])

        def ground(n, seed):
            rng = random.Random(seed)
            return bytearray(rng.randrange(20, 40) for _ in range(n))

        folder = os.path.join(self.folder.name, "windows")
        for i in range(12):
            window, other = ground(64 * 64, i), ground(64 * 64, 50 + i)
            ring(window, 64, 64, i % 3 - 1, i // 3 % 3 - 1, 64)
            if i % 4: # background is ground, and rings that are cut off
                ring(other, 64, 64, (0, 32, -32)[i % 3], (32, 0, -32)[i // 4], 64)
            pictures.write(os.path.join(folder, "ring", "%d.png" % i), pictures.png(64, 64, 1, window))
            pictures.write(os.path.join(folder, "background", "%d.png" % i), pictures.png(64, 64, 1, other))
        scene = ground(240 * 160, 99)
        ring(scene, 240, 160, 16, 16, 64)
        ring(scene, 240, 160, 24, 104, 128)
        pictures.write(os.path.join(self.folder.name, "scene.png"), pictures.png(240, 160, 1, scene))
        with open(os.path.join(self.folder.name, "c.json"), "w") as f:
            json.dump({"class": "k_neighbors", "n_neighbors": 1}, f)
        for more in ([], ["c.json"]):
            found = [line.split() for line in self.run_example("detect", "windows", "scene.png", "o.png", *more).splitlines()]
            self.assertEqual({line[1] for line in found}, {"ring"})
            boxes = [[int(v) for v in line[2:]] for line in found]
            for top, left, side in ((16, 16, 64), (24, 104, 128)):
                # found in the sense of Pascal VOC: half of the union is shared
                self.assertTrue(any(shared(b, (top, left, side, side)) >= 0.5 for b in boxes), boxes)
        with open(os.path.join(self.folder.name, "o.png"), "rb") as f:
            self.assertTrue(f.read().startswith(b"\x89PNG"))
        self.run_example("detect", "nowhere", "scene.png", "o.png", code=1)
        self.run_example("detect", "windows", "nowhere.png", "o.png", code=1)
        self.run_example("detect", "windows", "scene.png", "o.png", "nowhere.json", code=1)

    def test_usage(self):
        for name in ("detect", "train_cnn", "classify_image", "split_dataset", "idx_to_png", "contact_sheet", "similar_images"):
            self.run_example(name, code=2)


unittest.main(verbosity=2)
