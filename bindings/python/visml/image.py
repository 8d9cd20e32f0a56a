"""Pictures: tensors [H, W, C]."""
import ctypes

from . import _ffi, _options
from ._call import call, path as make_path
from ._ffi import lib
from .context import default_context
from .tensor import Tensor, as_tensor

FORMATS = {0: "unknown", 1: "jpeg", 2: "png", 3: "bmp", 4: "gif", 5: "pnm", 6: "tga"}


def format_of(data):
    """A guess from the first bytes of a file, 64 are enough: "jpeg", "png", ... or "unknown"."""
    data = bytes(data[:64])
    return FORMATS.get(lib.visml_image_format_of(data, len(data)), "unknown")


def probe(data, *, context=None):
    """What the header of an image file says, as a dict. `data`: its bytes."""
    info = _ffi.visml_image_info(size=ctypes.sizeof(_ffi.visml_image_info))
    data = bytes(data)
    call("visml_image_probe", (context or default_context())._handle, data, len(data), ctypes.byref(info))
    found = {name: getattr(info, name) for name, _ in info._fields_ if name not in ("size", "reserved")}
    found["format"] = FORMATS.get(info.format, "unknown")
    found["camera"], found["taken"] = (found[k].decode("utf-8", "replace") for k in ("camera", "taken"))
    return found


def decode(data, *, context=None, **options):
    """A picture from the bytes of a file. Options: color, keep_16bit, ignore_orientation."""
    context = context or default_context()
    data = bytes(data)
    opts = _options.build(_ffi.visml_decode_opts, options)
    return Tensor._adopt(call("visml_image_decode", context._handle, data, len(data), ctypes.byref(opts)), context)


def read(path, *, context=None, **options):
    """The same from a file."""
    context = context or default_context()
    opts = _options.build(_ffi.visml_decode_opts, options)
    return Tensor._adopt(call("visml_image_read", context._handle, make_path(path), ctypes.byref(opts)), context)


def write_png(image, path):
    image = as_tensor(image).contiguous()
    call("visml_image_write_png", image._handle, make_path(path))


def encode_png(image):
    """The bytes of a PNG file."""
    image = as_tensor(image).contiguous()
    return Tensor._adopt(call("visml_image_encode_png", image._handle), image.context).tobytes()


def _picture(function, image, *arguments):
    image = as_tensor(image)
    return Tensor._adopt(call(function, image._handle, *arguments), image.context)


def resize(image, height, width, filter="bilinear"):
    return _picture("visml_image_resize", image, height, width, _options.enum("filter", filter))


def fit(image, height, width, mode="stretch", filter="bilinear"):
    """Brought to [height, width]: mode "stretch", "crop" or "pad"."""
    return _picture("visml_image_fit", image, height, width, _options.enum("fit", mode), _options.enum("filter", filter))


def crop(image, top, left, height, width):
    return _picture("visml_image_crop", image, top, left, height, width)


def pad(image, top, bottom, left, right, value=0):
    return _picture("visml_image_pad", image, top, bottom, left, right, value)


def convert(image, color):
    """Other channels: "gray", "rgb" or "rgba"."""
    return _picture("visml_image_convert", image, _options.enum("color", color))


def equalize(image):
    """Each channel's histogram equalized; uint8, or float32 in [0, 1]."""
    return _picture("visml_image_equalize", image)
