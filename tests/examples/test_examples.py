"""Builds nothing, runs everything: each example does what its first comment says."""
import json
import os
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

    def test_usage(self):
        for name in ("train_cnn", "classify_image", "split_dataset", "idx_to_png", "contact_sheet", "similar_images"):
            self.run_example(name, code=2)


unittest.main(verbosity=2)
