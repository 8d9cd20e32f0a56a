"""Pipelines: put together, fitted, saved; networks in the same place; detection."""
import os
import tempfile
import unittest

from support import needs_numpy, numpy as np

import visml

FEATURES = ["pixels", {"class": "average", "over": "grid"}]


def pictures(n=24, side=8):
    """Bright on the left, or on top: pixels, and class numbers."""
    pixels = bytearray()
    for i in range(n):
        for y in range(side):
            for x in range(side):
                pixels += bytes([(200 if (x if i % 2 else y) < side // 2 else 20) + i] * 3)
    return visml.Tensor(bytes(pixels)).reshape(n, side, side, 3), [i % 2 for i in range(n)]


def dataset(n=24):
    x, y = pictures(n)
    return visml.Dataset.from_arrays(x, visml.Tensor(y, "int32"), ["top", "left"])


def network(act="softmax"):
    return visml.Model((8, 8, 3), [visml.Rescaling(1 / 255), visml.Conv2D(4, 3, activation="relu"), visml.Flatten(),
                                   visml.Dense(2, act)], seed=3)


def values(answer):
    return answer.tolist()


class Pipelines(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "p.visml")

    def test_fit_predict_save_load(self):
        p = visml.Pipeline(FEATURES, {"class": "k_neighbors", "n_neighbors": 3}, then=["standardization"])
        self.assertFalse(p.fitted)
        self.assertIsNone(p.classes)
        self.assertIs(p.fit(dataset()), p)
        self.assertTrue(p.fitted and p.has_probabilities)
        self.assertEqual((p.classes, p.input_shape), (["top", "left"], (8, 8, 3)))
        x, y = pictures()
        self.assertEqual(values(p.predict(x)), y)
        self.assertEqual(p.evaluate(dataset()).accuracy, 1)
        p.save(self.path)
        self.assertEqual(visml.file_kind(self.path), "pipeline")
        q = visml.Pipeline.load(self.path)
        for name in ("transform", "predict_proba", "scores"):
            self.assertEqual(values(getattr(p, name)(x)), values(getattr(q, name)(x)))
        self.assertEqual(values(q.score_dataset(dataset())), values(p.scores(x)))
        q.classes = ["a", "b"]
        self.assertEqual(q.classes, ["a", "b"])
        with self.assertRaisesRegex(visml.Error, "n is 1, must be the number of classes, 2"):
            q.classes = ["a"]

    def test_parts_of_any_kind(self):
        want = visml.Pipeline(FEATURES, "gaussian_naive_bayes").to_json()
        for features in (visml.Features(FEATURES), {"extract": FEATURES}):
            for classifier in (visml.Classifier("gaussian_naive_bayes"), {"class": "gaussian_naive_bayes"}):
                self.assertEqual(visml.Pipeline(features, classifier).to_json(), want)
        with self.assertRaises(TypeError):
            visml.Pipeline(visml.Features(FEATURES), "gaussian_naive_bayes", height=3, width=3)
        with self.assertRaisesRegex(visml.Error, "k_neighbor"):
            visml.Pipeline(FEATURES, "k_neighbor")

    def test_progress_stops_and_exceptions_come_through(self):
        seen = []
        p = visml.Pipeline(FEATURES, "gaussian_naive_bayes", then=["standardization"])
        p.fit(dataset(), progress=lambda stage, done, total, loss, validation: seen.append(stage))
        self.assertEqual(seen[:2], ["features", "vectors"])
        with self.assertRaises(visml.Error) as e:
            p.fit(dataset(), progress=lambda *_: True)
        self.assertEqual(e.exception.name, "VISML_ECANCELLED")
        with self.assertRaises(ZeroDivisionError):
            p.evaluate(dataset(), progress=lambda *_: 1 / 0)

    def test_networks(self):
        x, y = pictures()
        for layer, columns in ((None, 144), ("conv2d", 4), ("dense", 2)):
            p = visml.Pipeline.from_network(network(), "k_neighbors", layer=layer)
            p.fit(dataset())
            self.assertEqual(len(values(p.transform(x))[0]), columns)
        with self.assertRaisesRegex(ValueError, "pooling is 'sum'"):
            visml.Pipeline.from_network(network(), "k_neighbors", pooling="sum")
        with self.assertRaisesRegex(visml.Error, 'last is "none"'):
            visml.Pipeline.from_network(network(), "k_neighbors", layer="none")
        m = network()
        p = visml.Pipeline.from_model(m)
        self.assertEqual(values(p.predict_proba(x)), m.predict(dataset()).tolist())
        p.save(self.path)
        self.assertEqual(values(visml.Pipeline.load(self.path).scores(x)), values(p.scores(x)))
        self.assertIsNone(p.classes)

    @needs_numpy
    def test_detect(self):
        p = visml.Pipeline(FEATURES, {"class": "k_neighbors", "n_neighbors": 1}).fit(dataset())
        image = np.zeros((20, 24, 3), "u1")
        boxes, scores, labels = p.detect(image, stride=4, scales=1, overlap=1, threshold=-1)
        self.assertEqual((boxes.shape, scores.shape, labels.shape), ((20, 4), (20,), (20,)))
        self.assertEqual(set(boxes[:, 2]), {8})
        found = p.detect(image, background="top", stride=4)[2]
        self.assertNotIn(0, found)
        with self.assertRaisesRegex(visml.Error, 'background is "none"'):
            p.detect(image, background="none")

    def test_nms(self):
        boxes = visml.Tensor([0, 0, 10, 10, 0, 5, 10, 10, 40, 40, 10, 10], "float32").reshape(3, 4)
        self.assertEqual(values(visml.nms(boxes, visml.Tensor([1, 2, 0.5], "float32"))), [1, 2])
        self.assertEqual(values(visml.nms(boxes, visml.Tensor([1, 2, 0.5], "float32"), 0.5)), [1, 0, 2])

    def test_other_files(self):
        network().save(self.path)
        self.assertEqual(visml.file_kind(self.path), "model")
        self.assertIsNone(visml.file_kind(self.path + "x"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
