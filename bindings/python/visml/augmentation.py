"""Augmentations: pictures that are a little different each time they are seen. Keras' names, options and defaults.

    train = train.augment(augmentation.RandomFlip("horizontal"), augmentation.RandomRotation(0.05), augmentation.RandomZoom(0.1))

Descriptions, as layers are: they can be used any number of times. `a(image)` shows what one makes of a picture.
"""
import ctypes

from . import _ffi
from ._call import call, read_text, text as make_text
from ._ffi import lib
from .context import default_context
from .layers import Description, describe
from .tensor import Tensor, as_tensor


class Augmentation(Description):
    """A change of pictures, or of a batch of them."""

    def __call__(self, image, *, seed=0, epoch=0, index=0):
        """The picture [H, W, C], uint8 or float32, as it is changed as sample `index` of this epoch with this seed (0: the context's)."""
        image = as_tensor(image).contiguous()
        handle = self._make(image.context)
        try:
            return Tensor._adopt(call("visml_augment_image", handle, image._handle, seed, epoch, index), image.context)
        finally:
            lib.visml_augmentation_free(handle)

    def to_json(self, context=None):
        """A text that Pipeline.from_json and `visml train --augment` read."""
        handle = self._make(context or default_context())
        try:
            return read_text(lib.visml_augmentation_to_json, handle)
        finally:
            lib.visml_augmentation_free(handle)


class Pipeline(Augmentation):
    """Augmentations one after the other."""

    def __init__(self, augmentations=()):
        self.augmentations = list(augmentations)
        self.text = None
        for a in self.augmentations:
            if not isinstance(a, Augmentation):
                raise TypeError(f"an augmentation is a {type(a).__name__}, must be of visml.augmentation")

    @classmethod
    def from_json(cls, text):
        """What to_json wrote: [{"class": "random_flip", ...}, ...]. Looked at when it is used."""
        made = cls()
        made.text = make_text(text)
        return made

    def _make(self, context):
        if self.text is not None:
            return call("visml_augmentation_from_json", context._handle, self.text, len(self.text))
        handles = []
        try:
            for a in self.augmentations:
                handles.append(a._make(context))
            array = (ctypes.POINTER(_ffi.visml_augmentation) * max(len(handles), 1))(*handles)
            return call("visml_augmentation_chain", context._handle, array, len(handles))
        finally:
            for handle in handles:
                lib.visml_augmentation_free(handle)

    def __repr__(self):
        return f"Pipeline({self.text.decode() if self.text is not None else self.augmentations})"


def _describe(name, function, *positional):
    return describe(Augmentation, name, function, positional, "data.h")


RandomFlip = _describe("RandomFlip", "visml_random_flip", "mode")
RandomRotation = _describe("RandomRotation", "visml_random_rotation", "factor")
RandomZoom = _describe("RandomZoom", "visml_random_zoom", "height_factor", "width_factor")
RandomTranslation = _describe("RandomTranslation", "visml_random_translation", "height_factor", "width_factor")
RandomShear = _describe("RandomShear", "visml_random_shear", "x_factor", "y_factor")
RandomCrop = _describe("RandomCrop", "visml_random_crop", "height", "width")
RandomBrightness = _describe("RandomBrightness", "visml_random_brightness", "factor", "value_range")
RandomContrast = _describe("RandomContrast", "visml_random_contrast", "factor", "value_range")
RandomHue = _describe("RandomHue", "visml_random_hue", "factor", "value_range")
RandomSaturation = _describe("RandomSaturation", "visml_random_saturation", "factor", "value_range")
RandomGrayscale = _describe("RandomGrayscale", "visml_random_grayscale", "factor")
RandomErasing = _describe("RandomErasing", "visml_random_erasing", "factor", "scale", "fill_value", "value_range")
RandomGaussianBlur = _describe("RandomGaussianBlur", "visml_random_gaussian_blur", "factor", "kernel_size", "sigma", "value_range")
RandomColorDegeneration = _describe("RandomColorDegeneration", "visml_random_color_degeneration", "factor", "value_range")
RandomSharpness = _describe("RandomSharpness", "visml_random_sharpness", "factor", "value_range")
RandomPosterization = _describe("RandomPosterization", "visml_random_posterization", "factor", "value_range")
Solarization = _describe("Solarization", "visml_solarization", "addition_factor", "threshold_factor", "value_range")
AutoContrast = _describe("AutoContrast", "visml_auto_contrast", "value_range")
Equalization = _describe("Equalization", "visml_equalization", "value_range", "bins")
RandAugment = _describe("RandAugment", "visml_rand_augment", "value_range", "num_ops", "factor", "interpolation")
MixUp = _describe("MixUp", "visml_mix_up", "alpha")
CutMix = _describe("CutMix", "visml_cut_mix", "factor")
