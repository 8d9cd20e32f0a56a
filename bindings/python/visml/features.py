"""Features: the classical way to see a picture. What is looked at is described as the library's JSON is, with lists and dicts.

    features = visml.Features(["average", {"class": "maximum", "over": "pyramid"}], then=["standardization"], height=64, width=64)
    features.fit(train)
    x = numpy.asarray(features.extract(train).values)
    features.save("features.visml")
"""
import ctypes
import json

from . import _ffi, plot
from ._call import Error, Object, call, path as make_path, read_text, shape as make_shape, text
from ._ffi import lib
from .context import default_context
from .tensor import Tensor, as_tensor


def _run_options(seed, sample, memory, progress):
    """visml_feature_run_opts, and where an exception of `progress` goes; progress(pass, passes, done, total) returns true to stop."""
    raised = []

    @_ffi.visml_feature_progress_fn
    def thunk(_, p):
        try:
            return int(bool(progress(getattr(p.contents, "pass"), p.contents.passes, p.contents.done, p.contents.total)))
        except BaseException as e:
            raised.append(e)
            return 1

    opts = _ffi.visml_feature_run_opts(size=ctypes.sizeof(_ffi.visml_feature_run_opts), seed=seed or 0, sample=sample or 0,
                                       memory=memory or 0)
    if progress is not None:
        opts.progress = thunk
    return opts, raised, thunk


def _run(name, *arguments, raised):
    try:
        return call(name, *arguments)
    except Error:
        if raised:
            raise raised[0] from None
        raise


class Features(Object):
    """What extractors find in a picture, one vector for each. `extract`: a list of names or dicts, {"class": "hog", "over": ...}; or all of
    it as a dict with "extract" and "then", or as JSON text. Options: then, height, width, color, fit, filter, equalize, as in JSON."""

    def __init__(self, extract, *, context=None, **options):
        context = context or default_context()
        if not isinstance(extract, str):
            whole = dict(extract) if isinstance(extract, dict) and "extract" in extract else {"extract": list(extract)}
            extract = json.dumps({**whole, **{k: v for k, v in options.items() if v is not None}})
        elif options:
            raise TypeError("options go into the text where it is JSON")
        encoded = text(extract)
        super().__init__(call("visml_features_from_json", context._handle, encoded, len(encoded)), lib.visml_features_free, context)

    @classmethod
    def load(cls, path, *, context=None):
        """What save wrote."""
        made = cls.__new__(cls)
        context = context or default_context()
        Object.__init__(made, call("visml_features_load", context._handle, make_path(path)), lib.visml_features_free, context)
        return made

    def save(self, path):
        """A file with all that was learned."""
        call("visml_features_save", self._handle, make_path(path))

    def to_json(self):
        return read_text(lib.visml_features_to_json, self._handle)

    @property
    def fitted(self):
        """Whether there is nothing (left) to be learned."""
        return bool(lib.visml_features_is_fitted(self._handle))

    def fit(self, dataset, *, seed=None, sample=None, memory=None, progress=None):
        """Learns from the pictures of a Dataset what is to be learned; returns itself. The options of visml_feature_run_opts;
        progress(number, walks, done, total) is called now and then, and stops it by returning true."""
        opts, raised, _keep = _run_options(seed, sample, memory, progress)
        _run("visml_features_fit", self._handle, dataset._handle, ctypes.byref(opts), raised=raised)
        return self

    def length(self, shape):
        """How long the vector of a picture of this shape (H, W, C) is."""
        length = _ffi.int64()
        call("visml_features_length", self._handle, make_shape(shape), ctypes.byref(length))
        return length.value

    def transform(self, images):
        """The vectors [N, D] of pictures [N, H, W, C], or of one [H, W, C]; uint8, or float32 in [0, 1]: a Tensor."""
        images = as_tensor(images, self.context).contiguous("uint8", "float32")
        return Tensor._adopt(call("visml_features_transform", self._handle, images._handle), self.context)

    def sequence(self, image):
        """A row for each region of one picture, before they are pooled: a Tensor [regions, D]."""
        image = as_tensor(image, self.context).contiguous("uint8", "float32")
        return Tensor._adopt(call("visml_features_sequence", self._handle, image._handle), self.context)

    def extract(self, dataset, *, seed=None, sample=None, memory=None, progress=None):
        """A Table with the vector of each picture of a Dataset. Options as for fit."""
        opts, raised, _keep = _run_options(seed, sample, memory, progress)
        return Table(_run("visml_features_extract", self._handle, dataset._handle, ctypes.byref(opts), raised=raised), self.context)

    def plot(self, image, **options):
        """A Plot of a picture and of what each extractor sees in it. Options: scale, title."""
        return plot.features(self, image, **options)

    def __repr__(self):
        return f"Features({self.to_json()})"


class _Capsule:
    """An Arrow struct in memory that lives as long as its PyCapsule; released with it, unless a consumer took what is in it."""

    NEW, POINTER = ctypes.pythonapi.PyCapsule_New, ctypes.pythonapi.PyCapsule_GetPointer
    NEW.restype, NEW.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    POINTER.restype, POINTER.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]
    FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    # Where `release` lies in the struct, by the capsule's name; the name's memory must outlive the capsule.
    PLACES = {b"arrow_schema": 7 * ctypes.sizeof(ctypes.c_void_p), b"arrow_array": 5 * 8 + 3 * ctypes.sizeof(ctypes.c_void_p)}
    NAMES = {name: ctypes.create_string_buffer(name) for name in PLACES}
    alive = {}

    @staticmethod
    def make(buffer, name):
        address = ctypes.addressof(buffer)
        capsule = _Capsule.NEW(address, ctypes.cast(_Capsule.NAMES[name], ctypes.c_char_p), ctypes.cast(_end, ctypes.c_void_p))
        _Capsule.alive[address] = (buffer, name)
        return capsule


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _end(capsule):
    for name in _Capsule.PLACES:
        if ctypes.pythonapi.PyCapsule_IsValid(ctypes.c_void_p(capsule), _Capsule.NAMES[name]):
            address = _Capsule.POINTER(capsule, name)
            _Capsule.alive.pop(address, None)
            release = ctypes.c_void_p.from_address(address + _Capsule.PLACES[name]).value
            if release:
                _Capsule.FUNCTION(release)(address)


class Table(Object):
    """The vectors of a dataset's pictures, with their paths and classes. pyarrow.record_batch(table) takes it without a copy."""

    def __init__(self, handle, context):
        super().__init__(handle, lib.visml_table_free, context)

    def __len__(self):
        return lib.visml_table_count(self._handle)

    @property
    def values(self):
        """[len(table), D], float32: a Tensor that shares the table's memory."""
        return Tensor._adopt(lib.visml_table_values(self._handle), self.context, readonly=True, keep=self, owned=False)

    @property
    def labels(self):
        """[len(table)], int32: class numbers, -1 for none."""
        return Tensor._adopt(lib.visml_table_labels(self._handle), self.context, readonly=True, keep=self, owned=False)

    @property
    def samples(self):
        """The number of each row's picture in the dataset."""
        return [lib.visml_table_sample(self._handle, i) for i in range(len(self))]

    @property
    def paths(self):
        """The file of each row; None for datasets without files."""
        found = [lib.visml_table_path(self._handle, i) for i in range(len(self))]
        return [p.decode("utf-8", "surrogateescape") for p in found] if all(found) else None

    @property
    def classes(self):
        return [lib.visml_table_class_name(self._handle, k).decode("utf-8", "replace")
                for k in range(lib.visml_table_class_count(self._handle))]

    @property
    def shape(self):
        return (len(self), lib.visml_table_length(self._handle))

    def save_npy(self, path, labels=None):
        """NumPy's format; the class numbers to a second path."""
        call("visml_table_save_npy", self._handle, make_path(path), None if labels is None else make_path(labels))

    def save_csv(self, path):
        call("visml_table_save_csv", self._handle, make_path(path))

    def plot(self, **options):
        """A Plot of the rows on their first two principal components, by class. Options: width, height, title, x_label, y_label."""
        return plot.table(self, **options)

    def plot_clusters(self, dataset, **options):
        """A Plot of clusters of the rows, with pictures of the dataset that the table was made of. Options: clusters, columns, side, seed,
        title."""
        return plot.clusters(self, dataset, **options)

    def __arrow_c_array__(self, requested_schema=None):
        """Arrow's PyCapsule interface: (schema, array)."""
        schema, array = ctypes.create_string_buffer(128), ctypes.create_string_buffer(128)
        call("visml_table_export_arrow", self._handle, schema, array)
        return _Capsule.make(schema, b"arrow_schema"), _Capsule.make(array, b"arrow_array")

    def __repr__(self):
        return f"Table({self.shape[0]} x {self.shape[1]})"


class Index(Object):
    """Vectors [N, D] that are searched for the nearest, exactly: metric "l2", "cosine", "chi2", "l1" or "intersection"."""

    def __init__(self, rows, metric="l2", context=None):
        context = context or default_context()
        rows = as_tensor(rows, context)
        names = ("l2", "cosine", "chi2", "l1", "intersection")
        if metric not in names:
            raise ValueError(f"metric is {metric!r}, must be one of {', '.join(names)}")
        opts = _ffi.visml_index_opts(size=ctypes.sizeof(_ffi.visml_index_opts), metric=names.index(metric) + 1)
        handle = call("visml_index_new", context._handle, rows._handle, ctypes.byref(opts))
        super().__init__(handle, lib.visml_index_free, context, keep=rows)

    def __len__(self):
        return lib.visml_index_count(self._handle)

    def search(self, queries, k=10):
        """Of each query [Q, D] the k nearest rows: (places [Q, k] int32, distances [Q, k] float32)."""
        queries = as_tensor(queries, self.context)
        places, distances = ctypes.POINTER(_ffi.visml_tensor)(), ctypes.POINTER(_ffi.visml_tensor)()
        call("visml_index_search", self._handle, queries._handle, k, ctypes.byref(places), ctypes.byref(distances))
        return Tensor._adopt(places, self.context), Tensor._adopt(distances, self.context)
