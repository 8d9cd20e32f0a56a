"""Pictures, datasets, loaders."""
import array
import os
import pathlib
import tempfile
import unittest

from support import needs_numpy, numpy as np

import visml


def picture(height, width, value):
    return visml.Tensor(bytes([value % 256]) * (height * width * 3)).reshape(height, width, 3)


class Pictures(unittest.TestCase):
    def test_png_round_trip(self):
        image = visml.Tensor(bytes(range(48))).reshape(4, 4, 3)
        data = visml.image.encode_png(image)
        self.assertEqual(visml.image.decode(data).tolist(), image.tolist())
        info = visml.image.probe(data)
        self.assertEqual((visml.image.format_of(data), visml.image.format_of(b"?")), ("png", "unknown"))
        self.assertEqual((info["format"], info["width"], info["height"], info["channels"], info["bits"]), ("png", 4, 4, 3, 8))
        self.assertEqual(visml.image.decode(data, color="gray").shape, (4, 4, 1))

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "ä.png"
            visml.image.write_png(picture(3, 5, 9), path)
            self.assertEqual(visml.image.read(path).shape, (3, 5, 3))
            with self.assertRaisesRegex(visml.Error, "none.png") as caught:
                visml.image.read(pathlib.Path(folder) / "none.png")
            self.assertEqual(caught.exception.name, "VISML_EIO")

    def test_geometry(self):
        image = picture(6, 8, 100)
        self.assertEqual(visml.image.resize(image, 3, 4, "area").shape, (3, 4, 3))
        self.assertEqual(visml.image.fit(image, 4, 4, "crop").shape, (4, 4, 3))
        self.assertEqual(visml.image.crop(image, 1, 1, 2, 3).shape, (2, 3, 3))
        self.assertEqual(visml.image.pad(image, 1, 2, 3, 4, 255).shape, (9, 15, 3))
        self.assertEqual(visml.image.convert(image, "gray").tolist()[0][0], [100])
        with self.assertRaisesRegex(ValueError, "'nearest'"):
            visml.image.resize(image, 3, 4, "cubic")

    def test_damage(self):
        data = visml.image.encode_png(picture(8, 8, 1))
        with self.assertRaises(visml.Error):
            visml.image.decode(data[:-20])


class Folders(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name) / "images"
        for k, name in enumerate(("cat", "dog")):
            (self.root / name).mkdir(parents=True)
            for i in range(10):
                visml.image.write_png(picture(8, 8, 10 * i + k), self.root / name / f"{i}.png")

    def tearDown(self):
        self.folder.cleanup()

    def test_contents(self):
        ds = visml.Dataset.from_folder(self.root)
        self.assertEqual((len(ds), ds.classes, ds.sample_shape), (20, ["cat", "dog"], (8, 8, 3)))
        self.assertEqual(ds.labels, [0] * 10 + [1] * 10)
        self.assertEqual(ds.path(0), os.path.join(str(self.root), "cat", "0.png"))
        pixels, label = ds[-1]
        self.assertEqual((pixels.shape, pixels.tolist()[0][0][0], label), ((8, 8, 3), 91, 1))
        with self.assertRaises(IndexError):
            ds[20]

    def test_split_and_manifest(self):
        ds = visml.Dataset.from_folder(self.root, height=4, width=4)
        parts = ds.split(seed=3)
        self.assertEqual([len(p) for p in parts], [14, 2, 4])
        self.assertEqual([len(p) if p else p for p in ds.split((1, 0, 1))], [10, None, 10])
        manifest = pathlib.Path(self.folder.name) / "split.json"
        visml.save_split(parts, manifest)
        test = visml.Dataset.from_manifest(manifest, "test", height=4, width=4)
        self.assertEqual(sorted(test.paths), sorted(parts[2].paths))
        with self.assertRaisesRegex(visml.Error, "exam"):
            visml.Dataset.from_manifest(manifest, "exam")
        with self.assertRaisesRegex(visml.Error, "ratio"):
            ds.split((-1, 0, 1))

    def test_dropped(self):
        (self.root / "dog" / "3.png").write_bytes((self.root / "dog" / "3.png").read_bytes()[:60])
        ds = visml.Dataset.from_folder(self.root)
        self.assertEqual(sum(len(b) for b in ds.loader(batch_size=8)), 19)
        self.assertEqual([os.path.basename(p) for p, _ in ds.dropped], ["3.png"])
        self.assertTrue(ds.dropped[0][1])

    def test_no_folder(self):
        with self.assertRaisesRegex(visml.Error, "nowhere"):
            visml.Dataset.from_folder(self.root / "nowhere")

    def test_csv(self):
        table = pathlib.Path(self.folder.name) / "table.csv"
        table.write_text("path,label\nimages/cat/1.png,c\nimages/dog/1.png,d\n")
        ds = visml.Dataset.from_csv(table)
        self.assertEqual((len(ds), ds.classes), (2, ["c", "d"]))

    def test_groups_outlive_a_manifest(self):
        folder = pathlib.Path(self.folder.name)
        rows = ["images/cat/%d.png,c,p%d" % (i, i // 2) for i in range(8)]
        (folder / "table.csv").write_text("\n".join(["path,label,patient", *rows]) + "\n")
        visml.save_split((visml.Dataset.from_csv(folder / "table.csv"), None, None), folder / "split.json")
        parts = visml.Dataset.from_manifest(folder / "split.json").split((1, 0, 1), mode="grouped", group="patient")
        patients = [{int(pathlib.Path(path).stem) // 2 for path in part.paths} for part in parts if part]
        self.assertEqual(([len(p) for p in patients], patients[0] & patients[1]), ([2, 2], set()))


class Arrays(unittest.TestCase):
    def dataset(self, n=10):
        images = visml.Tensor(bytes(i % 251 for i in range(n * 12))).reshape(n, 2, 2, 3)
        return visml.Dataset.from_arrays(images, array.array("i", [i % 3 for i in range(n)]), ["a", "b", "c"])

    def test_contents(self):
        ds = self.dataset()
        self.assertEqual((len(ds), ds.classes, ds.labels[:4], ds.path(0)), (10, ["a", "b", "c"], [0, 1, 2, 0], None))
        self.assertEqual(ds.subset([4, 4, 1]).labels, [1, 1, 1])
        renumbered = ds.with_classes(["c", "x", "b", "a"])
        self.assertEqual((renumbered.labels[:4], renumbered.classes), ([3, 2, 0, 3], ["c", "x", "b", "a"]))
        with self.assertRaisesRegex(visml.Error, '"?c"?'):
            ds.with_classes(["a", "b"])

    def test_wrong_labels(self):
        with self.assertRaisesRegex(visml.Error, "7"):
            visml.Dataset.from_arrays(visml.Tensor.zeros((2, 3)), array.array("i", [0, 7]), classes=3)

    def test_batches(self):
        loader = self.dataset().loader(batch_size=4)
        self.assertEqual(loader.steps, 3)
        batches = list(loader)
        self.assertEqual([(len(b), b.epoch, b.step, b.images.shape, b.targets.tolist()) for b in batches][2],
                         (2, 0, 2, (2, 2, 2, 3), [2, 0]))
        self.assertEqual(batches[1].indices, [4, 5, 6, 7])

    def test_a_batch_lives_with_its_tensors(self):
        kept = [b.images for b in self.dataset().loader(batch_size=2, epochs=2)]
        self.assertEqual([t.tolist()[0][0][0][0] for t in kept], [24 * i % 251 for i in range(5)] * 2)

    def test_the_order_of_a_seed(self):
        orders = [sum((b.indices for b in self.dataset().loader(shuffle=1, seed=5, workers=w)), []) for w in (-1, 3)]
        self.assertEqual(orders[0], orders[1])
        self.assertEqual(sorted(orders[0]), list(range(10)))
        self.assertNotEqual(orders[0], list(range(10)))

    @needs_numpy
    def test_conversions(self):
        images = np.linspace(0, 1, 24).reshape(2, 2, 2, 3)  # float64
        ds = visml.Dataset.from_arrays(images[:, ::-1], [1, 0])
        np.testing.assert_array_equal(ds[0][0].numpy(), images[0, ::-1].astype(np.float32))
        self.assertEqual(ds.labels, [1, 0])


class Callbacks(unittest.TestCase):
    def test_samples(self):
        def sample(i):
            if i == 3:
                raise RuntimeError("no third one")
            return bytes([i] * 4), i % 2
        ds = visml.Dataset.from_callback(6, (4,), sample, classes=2)
        batch = next(iter(ds.loader(batch_size=6, workers=2)))
        self.assertEqual((batch.indices, batch.images.tolist()[1], batch.targets.tolist()), ([0, 1, 2, 4, 5], [1] * 4, [0, 1, 0, 0, 1]))
        self.assertEqual(ds.dropped, [("sample 3", "no third one")])

    def test_wrong_shape(self):
        ds = visml.Dataset.from_callback(1, (4,), lambda i: (b"abc", 0), classes=2)
        with self.assertRaisesRegex(visml.Error, r"\(3,\) uint8"):
            ds[0]


class Fashion(unittest.TestCase):
    FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")

    def test_idx(self):
        files = [self.FOLDER / f"t10k-{n}-ubyte.gz" for n in ("images-idx3", "labels-idx1")]
        if not all(f.exists() for f in files):
            self.skipTest("Debian's dataset-fashion-mnist is not installed")
        ds = visml.Dataset.from_idx(*files)
        self.assertEqual((len(ds), ds.sample_shape, ds.classes), (10000, (28, 28, 1), [str(i) for i in range(10)]))
        self.assertEqual(ds.labels[:8], [9, 2, 1, 1, 6, 1, 4, 6])


if __name__ == "__main__":
    unittest.main()
