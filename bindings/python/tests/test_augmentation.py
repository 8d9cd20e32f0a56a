"""Augmentations: descriptions, pictures, datasets, JSON."""
import unittest

from support import needs_numpy, numpy as np

import visml
from visml import augmentation as aug


def ramp(height, width, channels=3):
    return visml.Tensor(bytes(k * 7 % 256 for k in range(height * width * channels))).reshape(height, width, channels)


class Pictures(unittest.TestCase):
    def test_flip(self):
        flip = aug.RandomFlip("horizontal")
        image = ramp(2, 3)
        seen = {str(flip(image, seed=5, index=i).tolist()) for i in range(20)}
        turned = [list(reversed(row)) for row in image.tolist()]
        self.assertEqual(seen, {str(image.tolist()), str(turned)})

    def test_the_same_numbers_give_the_same_picture(self):
        a = aug.Pipeline([aug.RandomRotation(0.2), aug.RandomZoom(0.3, fill_mode="wrap"), aug.RandomBrightness((-0.1, 0.3))])
        image = ramp(8, 9)
        one = a(image, seed=3, epoch=1, index=4).tolist()
        self.assertEqual(one, a(image, seed=3, epoch=1, index=4).tolist())
        self.assertNotEqual(one, a(image, seed=3, epoch=1, index=5).tolist())
        self.assertEqual(one, aug.Pipeline.from_json(a.to_json())(image, seed=3, epoch=1, index=4).tolist())

    def test_crop(self):
        self.assertEqual(aug.RandomCrop(4, 5)(ramp(8, 9)).shape, (4, 5, 3))

    def test_zeros_are_meant(self):
        image = ramp(4, 4)
        self.assertEqual(aug.RandomRotation(0)(image).tolist(), image.tolist())
        self.assertEqual(aug.RandomZoom((0, 0), 0.0)(image).tolist(), image.tolist())

    def test_wrong(self):
        with self.assertRaisesRegex(visml.Error, "random_hue: needs 3 channels"):
            aug.RandomHue(0.1)(ramp(4, 4, 1))
        with self.assertRaisesRegex(visml.Error, "factor is not set"):
            aug.RandomContrast()(ramp(4, 4))
        with self.assertRaisesRegex(ValueError, "'horizontal_and_vertical', 'horizontal', 'vertical'"):
            aug.RandomFlip("diagonal")
        with self.assertRaises(TypeError):
            aug.Pipeline([visml.Dense(3)])
        with self.assertRaisesRegex(visml.Error, "entry 1"):
            aug.Pipeline.from_json('[{"class": "flop"}]')(ramp(2, 2))

    def test_repr(self):
        self.assertEqual(repr(aug.Pipeline([aug.RandomRotation(0.2)])), "Pipeline([RandomRotation(factor=0.2)])")


@needs_numpy
class Datasets(unittest.TestCase):
    def setUp(self):
        rng = np.random.default_rng(1)
        self.images = rng.integers(0, 256, (20, 6, 6, 3), dtype=np.uint8)
        self.data = visml.Dataset.from_arrays(self.images, np.arange(20, dtype=np.int32) % 2)

    def test_batches(self):
        data = self.data.augment(aug.RandomCrop(4, 4), aug.RandomFlip())
        self.assertEqual(data.sample_shape, (4, 4, 3))
        batches = [np.array(b.images) for b in visml.Loader(data, batch_size=8, seed=2)]
        again = [np.array(b.images) for b in visml.Loader(data, batch_size=8, seed=2, workers=3)]
        self.assertTrue(all((a == b).all() for a, b in zip(batches, again)))
        want = aug.Pipeline([aug.RandomCrop(4, 4), aug.RandomFlip()])(self.images[9], seed=2, index=9)
        self.assertTrue((batches[1][1] == np.array(want)).all())

    def test_mixing(self):
        data = self.data.augment(aug.MixUp(0.4))
        for batch in visml.Loader(data, batch_size=8):
            targets = np.array(batch.targets)
            self.assertEqual(targets.dtype, np.float32)
            np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
        model = visml.Model((6, 6, 3), [visml.Rescaling(1 / 255), visml.Flatten(), visml.Dense(2, "softmax")])
        history = model.fit(data, epochs=2, validation=self.data)
        self.assertEqual(len(history["accuracy"]), 2)
        with self.assertRaisesRegex(visml.Error, "visml_categorical_crossentropy"):
            model.fit(data, loss="sparse_categorical_crossentropy")
        with self.assertRaisesRegex(visml.Error, "augmented"):
            model.evaluate(data)


if __name__ == "__main__":
    unittest.main()
