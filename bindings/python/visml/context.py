"""The context: threads, limits, CPU level, log, seed."""
import ctypes
import threading

from . import _ffi, _options
from ._call import Object, call
from ._ffi import lib

CPU_LEVELS = {"ref": _ffi.VISML_CPU_REF, "sse4": _ffi.VISML_CPU_SSE4, "avx2": _ffi.VISML_CPU_AVX2,
              "avx512": _ffi.VISML_CPU_AVX512, "neon": _ffi.VISML_CPU_NEON, "vnni": _ffi.VISML_CPU_VNNI}


class Context(Object):
    """What every other object is made from. Options: those of visml_context_opts; `cpu` names the levels that may be used ("avx2", or
    ("sse4", "avx2"), or "ref"), `log` is a function (level, text)."""

    __signature__ = _options.signature(_ffi.visml_context_opts, extra=("cpu", "log"))

    def __init__(self, *, cpu=None, log=None, **options):
        if cpu is not None:
            names = (cpu,) if isinstance(cpu, str) else tuple(cpu)
            unknown = [n for n in names if n not in CPU_LEVELS]
            if unknown:
                raise ValueError(f"cpu is {unknown[0]!r}, must be among {', '.join(CPU_LEVELS)}")
            options["cpu_mask"] = sum({CPU_LEVELS[n] for n in names})
        opts = _options.build(_ffi.visml_context_opts, options)
        if log is not None:
            opts.log = _ffi.visml_log_fn(lambda _, level, text: log(level, text.decode("utf-8", "replace")))
        super().__init__(call("visml_context_new", ctypes.byref(opts)), lib.visml_context_free, None, keep=opts.log)

    @property
    def threads(self):
        return lib.visml_context_threads(self._handle)

    @property
    def cpu(self):
        """The names of the levels in use; () means portable C."""
        mask = lib.visml_context_cpu(self._handle)
        return tuple(n for n, bit in CPU_LEVELS.items() if n != "ref" and mask & bit)

    @property
    def memory_used(self):
        """Bytes allocated now."""
        return lib.visml_context_memory_used(self._handle)

    @property
    def memory_peak(self):
        return lib.visml_context_memory_peak(self._handle)


_lock = threading.Lock()
_default = None


def default_context():
    """The context of all calls that are not given one: made with default options when first wanted."""
    global _default
    with _lock:
        if _default is None:
            _default = Context()
    return _default


def version():
    """The version of the library in use, "0.1.0"."""
    return lib.visml_version_string().decode()
