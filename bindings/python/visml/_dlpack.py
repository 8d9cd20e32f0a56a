"""DLPack capsules. The library speaks DLPack 1.x; what came before it (an unversioned struct) is made and read here."""
import ctypes
import sys

from ._ffi import int32, int64, uint32, uint64

ORDER = "<" if sys.byteorder == "little" else ">"
KINDS = {0: "i", 1: "u", 2: "f"}  # DLDataTypeCode
CPU = 1
READ_ONLY = 1  # DLPACK_FLAG_BITMASK_READ_ONLY
COPIED = 2     # DLPACK_FLAG_BITMASK_IS_COPIED


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", int32), ("device_id", int32), ("ndim", int32), ("code", ctypes.c_uint8),
                ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(int64)),
                ("strides", ctypes.POINTER(int64)), ("byte_offset", uint64)]


Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Legacy(ctypes.Structure):
    """DLManagedTensor"""
    _fields_ = [("tensor", DLTensor), ("manager", ctypes.c_void_p), ("deleter", Deleter)]


class Versioned(ctypes.Structure):
    """DLManagedTensorVersioned"""
    _fields_ = [("major", uint32), ("minor", uint32), ("manager", ctypes.c_void_p), ("deleter", Deleter), ("flags", uint64),
                ("tensor", DLTensor)]


Destructor = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
_api = ctypes.pythonapi
_new = _api.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, Destructor]
_set_name = _api.PyCapsule_SetName
_set_name.restype, _set_name.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]
# Two signatures for the same functions: a destructor has the bare address of an object that is going away, which must not become a
# Python reference again.
_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_IsValid", _api))
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))
_valid_address = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_IsValid", _api))
_pointer_address = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))

# Names must outlive the capsules that point to them.
NAME, USED, OLD_NAME = b"dltensor_versioned", b"used_dltensor_versioned", b"dltensor"
_exported = {}  # address of a Legacy -> what it needs alive


@Destructor
def _destroy(capsule):
    """Gives back what no consumer took."""
    for name, kind in ((NAME, Versioned), (OLD_NAME, Legacy)):
        if _valid_address(capsule, name):
            address = _pointer_address(capsule, name)
            kind.from_address(address).deleter(address)


@Deleter
def _delete_legacy(address):
    _exported.pop(address, None)


for _function in (_destroy, _delete_legacy):  # may be called while modules are taken apart
    _api.Py_IncRef(ctypes.py_object(_function))


def versioned_capsule(address, tensor, copied):
    managed = Versioned.from_address(address)
    managed.flags |= (READ_ONLY if tensor.readonly else 0) | (COPIED if copied else 0)
    return _new(address, NAME, _destroy)


def legacy_capsule(tensor, data, typestr):
    shape, strides = (int64 * max(tensor.ndim, 1))(*tensor.shape), (int64 * max(tensor.ndim, 1))(*tensor.strides)
    code = {kind: number for number, kind in KINDS.items()}[typestr[1]]
    described = DLTensor(data=data, device_type=CPU, device_id=0, ndim=tensor.ndim, code=code, bits=8 * int(typestr[2]), lanes=1,
                         shape=shape, strides=strides, byte_offset=0)
    managed = Legacy(tensor=described, manager=None, deleter=_delete_legacy)
    address = ctypes.addressof(managed)
    _exported[address] = (managed, shape, strides, tensor)
    return _new(address, OLD_NAME, _destroy)


def versioned_pointer(capsule):
    """The address in a capsule of DLPack 1.x; None for any other."""
    return _pointer(capsule, NAME) if _valid(capsule, NAME) else None


def is_readonly(address):
    return bool(Versioned.from_address(address).flags & READ_ONLY)


def mark_used(capsule):
    _set_name(capsule, USED)


def read_legacy(capsule):
    """(typestr, dims, strides in elements or None, address) of an unversioned capsule."""
    if not _valid(capsule, OLD_NAME):
        raise BufferError("not a DLPack capsule, or one that was used before")
    t = Legacy.from_address(_pointer(capsule, OLD_NAME)).tensor
    if t.device_type != CPU:
        raise BufferError("the array does not lie in the memory of the CPU")
    if t.lanes != 1:
        raise BufferError("arrays of vectors cannot be tensors")
    order = "|" if t.bits == 8 else ORDER
    return (f"{order}{KINDS.get(t.code, '?')}{t.bits // 8}", tuple(t.shape[: t.ndim]),
            tuple(t.strides[: t.ndim]) if t.strides else None, (t.data or 0) + t.byte_offset)
