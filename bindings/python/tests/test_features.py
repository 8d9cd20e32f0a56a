"""Features: described, fitted, saved; tables of a dataset."""
import gc
import os
import tempfile
import unittest

from support import needs_numpy, numpy as np

import visml

try:
    import pyarrow
except ImportError:
    pyarrow = None


def pictures(n=12, side=8):
    """n pictures of one value each, and their class numbers."""
    pixels = bytes(i * 20 for i in range(n) for _ in range(side * side * 3))
    return visml.Tensor(pixels).reshape(n, side, side, 3), [i % 2 for i in range(n)]


def dataset(n=12):
    x, y = pictures(n)
    return visml.Dataset.from_arrays(x, visml.Tensor(y, "int32"), ["even", "odd"])


class Vectors(unittest.TestCase):
    @needs_numpy
    def test_index(self):
        index = visml.Index(np.array([[0, 0], [3, 4], [1, 0]], "f4"))
        places, distances = index.search(np.array([[0, 0]], "f4"), 3)
        self.assertEqual((len(index), np.asarray(places).tolist(), np.asarray(distances).tolist()), (3, [[0, 2, 1]], [[0, 1, 5]]))
        with self.assertRaises(ValueError):
            visml.Index([[1.0]], metric="near")

    def test_json_and_length(self):
        f = visml.Features(["average", {"class": "maximum", "over": {"class": "grid", "rows": 2, "columns": 2}}], height=4, width=4)
        self.assertEqual(visml.Features(f.to_json()).to_json(), f.to_json())
        self.assertEqual(f.length((9, 9, 3)), 15)
        self.assertTrue(f.fitted)
        with self.assertRaisesRegex(visml.Error, "averag"):
            visml.Features(["averag"])
        with self.assertRaises(TypeError):
            visml.Features("[\"average\"]", height=4)

    def test_transform(self):
        x, _ = pictures()
        y = visml.Features(["average"]).transform(x).tolist()
        self.assertEqual(len(y), 12)
        self.assertAlmostEqual(y[5][2], 100 / 255, places=6)
        rows = visml.Features([{"class": "average", "over": "pyramid"}]).sequence(visml.Tensor.zeros((8, 8, 1)))
        self.assertEqual(rows.shape, (21, 1))

    def test_equalize(self):
        x = visml.Tensor(bytes([10, 10, 20, 30])).reshape(2, 2, 1)
        self.assertEqual(list(visml.image.equalize(x).tobytes()), [0, 0, 128, 255])
        y = visml.Features(["maximum", "average"], equalize=True).transform(x).tolist()[0]
        self.assertAlmostEqual(y[0], 1, places=6)
        self.assertAlmostEqual(y[1], 383 / 4 / 255, places=6)

    def test_descriptors(self):
        x = visml.Tensor(bytes(i * 37 % 251 for i in range(40 * 40))).reshape(40, 40, 1)
        for name, numbers in (("gabor", 48), ("dense_sift", 16 * 128), ("daisy", 9 * 200), ("distance_transform", 19)):
            self.assertEqual(visml.Features([name]).transform(x).shape, (1, numbers))

    def test_fit_save_load(self):
        f, data, calls = visml.Features(["average"], then=["standardization"]), dataset(), []
        with self.assertRaisesRegex(visml.Error, "not fitted"):
            f.transform(pictures()[0])
        self.assertIs(f.fit(data, progress=lambda *p: calls.append(p)), f)
        self.assertEqual(calls[-1], (calls[-1][1], calls[-1][1], 12, 12))
        y = f.transform(pictures()[0]).tolist()
        self.assertAlmostEqual(sum(row[0] for row in y), 0, places=4)
        with tempfile.TemporaryDirectory() as folder:
            f.save(os.path.join(folder, "f.visml"))
            self.assertEqual(visml.Features.load(os.path.join(folder, "f.visml")).transform(pictures()[0]).tolist(), y)

    def test_progress_that_stops_or_raises(self):
        f = visml.Features(["average"])
        with self.assertRaisesRegex(visml.Error, "stopped"):
            f.extract(dataset(), progress=lambda *p: True)
        with self.assertRaises(ZeroDivisionError):
            f.extract(dataset(), progress=lambda *p: 1 // 0)


class Tables(unittest.TestCase):
    def test_contents(self):
        t = visml.Features(["average"]).extract(dataset())
        self.assertEqual((t.shape, len(t), t.classes, t.paths), ((12, 3), 12, ["even", "odd"], None))
        self.assertEqual(t.samples, list(range(12)))
        self.assertEqual(t.labels.tolist(), [0, 1] * 6)
        values = t.values
        del t
        gc.collect()
        self.assertAlmostEqual(values.tolist()[11][0], 220 / 255, places=6)

    @needs_numpy
    def test_files(self):
        t = visml.Features(["average"]).extract(dataset())
        with tempfile.TemporaryDirectory() as folder:
            x, y, c = (os.path.join(folder, n) for n in ("x.npy", "y.npy", "x.csv"))
            t.save_npy(x, y)
            t.save_csv(c)
            self.assertTrue((np.load(x) == np.asarray(t.values)).all())
            self.assertTrue((np.load(y) == np.asarray(t.labels)).all())
            text = np.genfromtxt(c, delimiter=",", names=True, dtype=None, encoding="utf-8")
            self.assertTrue((text["f1"].astype("f4") == np.asarray(t.values)[:, 1]).all())

    def test_arrow_capsules_are_released(self):
        context = visml.Context(threads=1)
        x, y = pictures()
        t = visml.Features(["average"], context=context).extract(visml.Dataset.from_arrays(x, y, ["a", "b"], context=context))
        before = visml._ffi.lib.visml_context_memory_used(context._handle)
        capsules = t.__arrow_c_array__()
        self.assertGreater(visml._ffi.lib.visml_context_memory_used(context._handle), before)
        del capsules
        self.assertEqual(visml._ffi.lib.visml_context_memory_used(context._handle), before)

    @unittest.skipUnless(pyarrow, "no pyarrow")
    def test_arrow(self):
        t = visml.Features(["average"]).extract(dataset())
        batch = pyarrow.record_batch(t)
        batch.validate(full=True)
        self.assertEqual(batch.schema.names, ["sample", "label", "features"])
        self.assertEqual(batch.column("label").to_pylist(), ["even", "odd"] * 6)
        values = t.values.tolist()
        del t
        gc.collect()
        self.assertEqual(batch.column("features").to_pylist(), values)


if __name__ == "__main__":
    unittest.main()
