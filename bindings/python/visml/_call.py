"""Calling the library: failures become exceptions, handles are freed once."""
import ctypes
import operator
import os
import weakref

from . import _ffi
from ._ffi import lib


class Error(Exception):
    """A call into libvisml failed. `code` is the status (VISML_EINVAL, ... in visml.base.h), `name` its name, `message` the reason.
    `history` holds the finished epochs of a training run that failed, `result` the RunResult of train_and_evaluate."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.name = lib.visml_status_name(code).decode()
        self.message = message
        self.history = None
        self.result = None

    def __reduce__(self):
        return Error, (self.code, self.message)


def call(name, *arguments):
    """Calls a function that takes visml_error last; returns what it returns, or raises Error (NULL or a negative status)."""
    err = _ffi.visml_error()
    result = getattr(lib, name)(*arguments, ctypes.byref(err))
    if isinstance(result, int) and _ffi.PROTOTYPES[name][0] is _ffi.int32:
        failed, code = result < 0, result
    else:
        failed, code = not result, err.code
    if failed:
        text = err.message.decode("utf-8", "replace")
        raise Error(code, text or f"{name} failed: {lib.visml_status_name(code).decode()}")
    return result


class Object:
    """Owns one handle. Keeps the Python context alive, and whatever else `keep` names."""

    def __init__(self, handle, free, context, keep=None):
        self._handle = handle
        self._keep = keep
        self.context = context
        # Also run at exit, before the interpreter takes itself apart: worker threads may still want to call back.
        self._free = weakref.finalize(self, free, handle)


def read_text(function, *arguments):
    """What visml_model_summary and its like write."""
    length = function(*arguments, None, 0)
    buffer = ctypes.create_string_buffer(length + 1)
    function(*arguments, buffer, length + 1)
    return buffer.value.decode("utf-8", "replace")


def path(value):
    """A path as the library takes it."""
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise ValueError(f"a path holds a zero byte: {value!r}")
    return encoded


def text(value, what="text"):
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{what} holds a zero byte: {value!r}")
    return value.encode()


def texts(values, what):
    """A char ** of strings, and their number; (None, 0) for None."""
    if values is None:
        return None, 0
    encoded = [text(v, what) for v in values]
    return (ctypes.c_char_p * max(len(encoded), 1))(*encoded), len(encoded)


def shape(dims):
    """A visml_shape from a tuple, or an int for one dimension; None in it is VISML_ANY."""
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(dims) > _ffi.VISML_MAX_RANK:
        raise ValueError(f"a shape has {len(dims)} dimensions, at most {_ffi.VISML_MAX_RANK} are possible")
    s = _ffi.visml_shape(size=ctypes.sizeof(_ffi.visml_shape), rank=len(dims))
    for i, d in enumerate(dims):
        s.dims[i] = _ffi.VISML_ANY if d is None else whole(d, _ffi.int64, "a dimension")
    return s


def dims(pointer):
    """A tuple from a borrowed visml_shape, None in it for VISML_ANY; None for NULL."""
    if not pointer:
        return None
    s = pointer.contents
    return tuple(None if d == _ffi.VISML_ANY else d for d in s.dims[: s.rank])


def whole(value, kind, what):
    """A whole number that fits; ctypes would cut off what does not."""
    number = operator.index(value)
    bits = 8 * ctypes.sizeof(kind)
    low = 0 if kind in (_ffi.uint32, _ffi.uint64, _ffi.size_t) else -(1 << (bits - 1))
    high = (1 << bits) - 1 if low == 0 else (1 << (bits - 1)) - 1
    if not low <= number <= high:
        raise ValueError(f"{what} is {number}, must be {low} to {high}")
    return number
