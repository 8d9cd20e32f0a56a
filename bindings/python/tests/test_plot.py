"""Plots: pixels, files, and what notebooks ask for."""
import os
import tempfile
import unittest
import xml.etree.ElementTree as xml

import support  # noqa: F401  (finds the package)

import visml

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["a<b", "\u00e4 & \"\u4e2d\""]


def dataset():
    pixels = bytes(i * 20 for i in range(12) for _ in range(16 * 16 * 3))
    x = visml.Tensor(pixels).reshape(12, 16, 16, 3)
    return visml.Dataset.from_arrays(x, visml.Tensor([i % 2 for i in range(12)], "int32"), NAMES)


class Plots(unittest.TestCase):
    def saved(self, plot):
        """The tree of an SVG file, which must be well-formed."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "p.svg")
            plot.save(path)
            return xml.parse(path).getroot()

    def texts(self, plot):
        return [t.text for t in self.saved(plot).iter(SVG + "text")]

    def test_histogram(self):
        plot = visml.plot.histogram([0.0, 1.0, 1.0], bins=2, width=400, height=300, title="<&\">")
        self.assertEqual(plot.image.shape, (300, 400, 3))
        self.assertIn("<&\">", self.texts(plot))
        self.assertTrue(plot._repr_png_().startswith(b"\x89PNG"))
        self.assertEqual(visml.image.decode(plot._repr_png_()).tolist(), plot.image.tolist())
        with self.assertRaisesRegex(visml.Error, "number 1 is nan"):
            visml.plot.histogram([0.0, float("nan")])
        with self.assertRaisesRegex(TypeError, "'binz' is not an option"):
            visml.plot.histogram([0.0], binz=3)

    def test_scatter(self):
        plot = visml.plot.scatter([[0, 1], [2, 3], [4, 5]], [0, 1, -1], NAMES)
        self.assertEqual(len(list(self.saved(plot).iter(SVG + "circle"))), 6)
        self.assertLessEqual({*NAMES, "no class"}, set(self.texts(plot)))
        self.assertEqual(len(list(self.saved(visml.plot.scatter([[0, 1], [2, 3]])).iter(SVG + "circle"))), 2)

    def test_features_and_tables(self):
        data = dataset()
        features = visml.Features([{"class": "hog", "cells_per_block": 1}, "lbp", "average"])
        plot = features.plot(data[3][0], scale=4, title="t")
        self.assertEqual(self.texts(plot)[0], "t")
        table = features.extract(data)
        self.assertLessEqual(set(NAMES), set(self.texts(table.plot())))
        root = self.saved(table.plot_clusters(data, clusters=2))
        self.assertEqual(len(list(root.iter(SVG + "image"))), 12)

    def test_contact_sheet(self):
        images = visml.Tensor(bytes(range(36))).reshape(3, 2, 2, 3)
        self.assertEqual(self.texts(visml.plot.contact_sheet(images, [1, 0, 1], NAMES, side=16)), NAMES)
        self.assertEqual(self.texts(visml.plot.contact_sheet(images)), [])

    def test_files(self):
        plot = visml.plot.histogram([1.0])
        with tempfile.TemporaryDirectory() as folder:
            plot.save(os.path.join(folder, "p.PNG"))
            with open(os.path.join(folder, "p.PNG"), "rb") as f:
                self.assertEqual(f.read(), plot._repr_png_())
        with self.assertRaisesRegex(visml.Error, "must end with .png or .svg"):
            plot.save("p.gif")


if __name__ == "__main__":
    unittest.main()
