"""Tensors, and their exchange with NumPy, DLPack and buffers without copies."""
import ctypes
import itertools
import sys

from . import _dlpack, _ffi
from ._call import Object, call, dims, shape as make_shape
from ._ffi import lib
from .context import default_context

ORDER = "<" if sys.byteorder == "little" else ">"
# dtype, its number, NumPy's type string, the struct module's letter
DTYPES = (("float32", _ffi.VISML_F32, ORDER + "f4", "f"), ("float64", _ffi.VISML_F64, ORDER + "f8", "d"),
          ("uint8", _ffi.VISML_U8, "|u1", "B"), ("uint16", _ffi.VISML_U16, ORDER + "u2", "H"),
          ("int32", _ffi.VISML_I32, ORDER + "i4", "i"), ("int64", _ffi.VISML_I64, ORDER + "i8", "q"))
BY_NAME = {row[0]: row for row in DTYPES}
BY_NUMBER = {row[1]: row for row in DTYPES}
BY_TYPESTR = {row[2]: row for row in DTYPES}
BY_LETTER = {**{row[3]: row for row in DTYPES}, "l": BY_NAME["int64"]}

# Owners of memory that tensors borrow, by the number handed to the library as `user`.
_borrowed = {}
_numbers = itertools.count(1)


@_ffi.visml_release_fn
def _release(user):
    _borrowed.pop(user, None)


def _wrap(context, row, dims_, strides, address, owner):
    """A handle over memory of `owner`, which lives until the library gives it back."""
    number = next(_numbers)
    _borrowed[number] = owner
    steps = None if strides is None else (_ffi.int64 * max(len(strides), 1))(*strides)
    try:
        return call("visml_tensor_wrap", context._handle, row[1], make_shape(dims_), steps, address, _release, number)
    except BaseException:
        _borrowed.pop(number, None)
        raise


def dtype_row(dtype):
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    if name not in BY_NAME:
        raise TypeError(f"dtype is {name}, must be one of {', '.join(BY_NAME)}")
    return BY_NAME[name]


class Tensor(Object):
    """An array of the library's. Tensor(x) shares the memory of x: a NumPy array (any strides; a read-only one gives a read-only tensor),
    an object with __dlpack__, or a writable buffer. Other things (lists, read-only buffers, odd layouts) are copied.
    numpy.asarray(tensor) and from_dlpack(tensor) share its memory in turn."""

    def __init__(self, source, dtype=None, *, context=None):
        context = context or default_context()
        handle, self.readonly = _from_any(source, context)
        super().__init__(handle, lib.visml_tensor_release, context)
        if dtype is not None and dtype_row(dtype)[0] != self.dtype:
            handle = call("visml_tensor_convert", self._handle, dtype_row(dtype)[1])
            self._free()
            self.readonly = False
            super().__init__(handle, lib.visml_tensor_release, context)

    @classmethod
    def _adopt(cls, handle, context, *, readonly=False, keep=None, owned=True):
        """From a handle that is owned, or borrowed from `keep`."""
        tensor = cls.__new__(cls)
        tensor.readonly = readonly
        Object.__init__(tensor, handle, lib.visml_tensor_release if owned else _nothing, context, keep)
        return tensor

    @classmethod
    def zeros(cls, shape, dtype="float32", *, context=None):
        context = context or default_context()
        return cls._adopt(call("visml_tensor_new", context._handle, dtype_row(dtype)[1], make_shape(shape)), context)

    @property
    def shape(self):
        return dims(lib.visml_tensor_shape(self._handle))

    @property
    def dtype(self):
        return BY_NUMBER[lib.visml_tensor_dtype(self._handle)][0]

    @property
    def strides(self):
        """In elements."""
        return tuple(lib.visml_tensor_strides(self._handle)[: len(self.shape)])

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def size(self):
        return lib.visml_tensor_count(self._handle)

    @property
    def is_contiguous(self):
        return bool(lib.visml_tensor_is_contiguous(self._handle))

    def __len__(self):
        if not self.shape:
            raise TypeError("a tensor without dimensions has no length")
        return self.shape[0]

    def __repr__(self):
        return f"Tensor(shape={self.shape}, dtype={self.dtype})"

    def __getitem__(self, rows):
        """Rows begin ... end of the first dimension: a view."""
        if not isinstance(rows, slice) or rows.step not in (None, 1):
            raise TypeError("a tensor takes slices of its first dimension with step 1; for more use numpy.asarray(tensor)")
        begin, end, _ = rows.indices(len(self))
        handle = call("visml_tensor_slice", self._handle, begin, max(begin, end))
        return Tensor._adopt(handle, self.context, readonly=self.readonly, keep=self._keep)

    def reshape(self, *shape):
        """A view with another shape and the same number of elements."""
        shape = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        handle = call("visml_tensor_reshape", self._handle, make_shape(shape))
        return Tensor._adopt(handle, self.context, readonly=self.readonly, keep=self._keep)

    def astype(self, dtype):
        """A contiguous copy with converted elements."""
        return Tensor._adopt(call("visml_tensor_convert", self._handle, dtype_row(dtype)[1]), self.context)

    def contiguous(self, *dtypes):
        """Itself where it is contiguous and of one of `dtypes` (none: any), else a copy, converted to the first of them."""
        wanted = self.dtype if not dtypes or self.dtype in dtypes else dtypes[0]
        return self if wanted == self.dtype and self.is_contiguous else self.astype(wanted)

    # ---- exchange ----

    @property
    def __array_interface__(self):
        row = BY_NAME[self.dtype]
        width = lib.visml_dtype_bytes(row[1])
        return {"version": 3, "shape": self.shape, "typestr": row[2], "data": (lib.visml_tensor_data(self._handle) or 0, self.readonly),
                "strides": tuple(s * width for s in self.strides)}

    def numpy(self):
        """A NumPy array over the same memory, which stays alive with it."""
        import numpy
        return numpy.asarray(self)

    def tobytes(self):
        """The elements in row-major order."""
        t = self.contiguous()
        return ctypes.string_at(lib.visml_tensor_data(t._handle), t.size * lib.visml_dtype_bytes(BY_NAME[t.dtype][1])) if t.size else b""

    def tolist(self):
        """Nested lists of Python numbers."""
        flat = list(memoryview(self.tobytes()).cast(BY_NAME[self.dtype][3]))
        for width in reversed(self.shape[1:]):
            flat = [flat[i: i + width] for i in range(0, len(flat), width)] if width else [[] for _ in range(len(self))]
        return flat if self.shape else flat[0]

    def __dlpack_device__(self):
        return 1, 0  # the CPU

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        if dl_device is not None and tuple(dl_device) != (1, 0):
            raise BufferError("a tensor lives in the memory of the CPU")
        source = self.astype(self.dtype) if copy else self
        if max_version is not None and max_version[0] >= 1:
            pointer = call("visml_tensor_to_dlpack", source._handle)
            return _dlpack.versioned_capsule(pointer, source, copied=bool(copy))
        if source.readonly:
            raise BufferError("a read-only tensor needs DLPack 1.0: the consumer asked for an older version")
        return _dlpack.legacy_capsule(source, lib.visml_tensor_data(source._handle), BY_NAME[source.dtype][2])


def _nothing(_):
    """Frees nothing: the handle is borrowed."""


def from_dlpack(source, *, context=None):
    """A tensor over the memory of another library's array."""
    context = context or default_context()
    handle, readonly = _from_dlpack(source, context)
    return Tensor._adopt(handle, context, readonly=readonly)


def as_tensor(source, context=None):
    """`source` itself when it is a Tensor, else Tensor(source)."""
    return source if isinstance(source, Tensor) else Tensor(source, context=context)


# ---- the ways in: each returns a handle and whether it is read-only ----

def _from_any(source, context):
    if isinstance(source, Tensor):
        return lib.visml_tensor_retain(source._handle), source.readonly
    if hasattr(source, "__array_interface__"):
        return _from_array(source, context)
    if hasattr(source, "__dlpack__"):
        return _from_dlpack(source, context)
    try:
        view = memoryview(source)
    except TypeError:
        return _from_array(_numpy_array(source), context)
    return _from_buffer(view, context)


def _numpy_array(source):
    try:
        import numpy
    except ImportError as e:
        raise TypeError(f"{type(source).__name__} becomes a tensor through NumPy, which is not installed") from e
    return numpy.ascontiguousarray(source)


def _from_array(array, context):
    interface = array.__array_interface__
    row = BY_TYPESTR.get(interface["typestr"])
    if row is None:
        raise TypeError(f"an array of type {interface['typestr']!r} cannot be a tensor; convert it to one of {', '.join(BY_NAME)}")
    address, readonly = interface["data"]
    width = lib.visml_dtype_bytes(row[1])
    strides = interface.get("strides")
    if 0 in interface["shape"]:
        return call("visml_tensor_new", context._handle, row[1], make_shape(interface["shape"])), False
    if address % width or any(s % width for s in strides or ()):
        return _from_array(_numpy_array(array).copy(), context)
    steps = None if strides is None else [s // width for s in strides]
    return _wrap(context, row, interface["shape"], steps, address, (array, interface)), bool(readonly)


def _from_buffer(view, context):
    row = BY_LETTER.get(view.format.lstrip("@=" + ORDER))
    if row is None or view.itemsize != lib.visml_dtype_bytes(row[1]):
        raise TypeError(f"a buffer of format {view.format!r} cannot be a tensor; it must hold one of {', '.join(BY_NAME)}")
    if view.readonly or not view.c_contiguous or not view.nbytes:
        handle = call("visml_tensor_new", context._handle, row[1], make_shape(view.shape))
        ctypes.memmove(lib.visml_tensor_data(handle), view.tobytes(), view.nbytes)
        return handle, False
    memory = (ctypes.c_char * view.nbytes).from_buffer(view)
    return _wrap(context, row, view.shape, None, ctypes.addressof(memory), memory), False


def _from_dlpack(source, context):
    try:
        capsule = source.__dlpack__(max_version=(1, 0))
    except TypeError:  # a producer from before DLPack 1.0
        capsule = source.__dlpack__()
    pointer = _dlpack.versioned_pointer(capsule)
    if pointer:
        readonly = _dlpack.is_readonly(pointer)
        handle = call("visml_tensor_from_dlpack", context._handle, pointer)
        _dlpack.mark_used(capsule)
        return handle, readonly
    typestr, dims_, strides, address = _dlpack.read_legacy(capsule)
    if typestr not in BY_TYPESTR:
        raise TypeError(f"a DLPack array of type {typestr!r} cannot be a tensor; convert it to one of {', '.join(BY_NAME)}")
    if 0 in dims_:
        return call("visml_tensor_new", context._handle, BY_TYPESTR[typestr][1], make_shape(dims_)), False
    # The capsule is not marked as used: its own destructor gives the memory back when the tensor lets go of it.
    return _wrap(context, BY_TYPESTR[typestr], dims_, strides, address, capsule), False


