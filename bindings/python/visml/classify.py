"""Classifiers of vectors: what learns classes, numbers or clusters from rows. Described as the library's JSON is, by name and options.

    c = visml.Classifier("k_neighbors", n_neighbors=3).fit(x, y)
    c.predict(x_new), c.predict_proba(x_new), c.score(x_test, y_test)
    c.save("digits.visml"); visml.Classifier.load("digits.visml")

It has the methods, attributes and manners that scikit-learn's clone, pipelines and searches want; scikit-learn itself is not needed.
"""
import ctypes
import json
import os
import sys
import tempfile

from . import _ffi
from ._call import Error, Object, call, path as make_path, read_text, text
from ._ffi import lib
from .context import default_context
from .tensor import Tensor, as_tensor

try:
    import numpy
except ImportError:
    numpy = None

TASKS = ("classification", "regression", "clustering", "outliers")


class ArgumentError(Error, ValueError):
    """What was given does not fit: an Error that is a ValueError, too."""

    def __reduce__(self):
        return ArgumentError, (self.code, self.message)


def _call(name, *arguments, raised=()):
    """call(), with an exception of the caller's own in place of the cancellation that it led to."""
    try:
        return call(name, *arguments)
    except Error as e:
        if raised:
            raise raised[0] from None
        if e.code == _ffi.VISML_EINVAL:
            raise ArgumentError(e.code, e.message) from None
        if e.code == _ffi.VISML_ESTATE and "sklearn.exceptions" in sys.modules:
            raise sys.modules["sklearn.exceptions"].NotFittedError(e.message) from None
        raise


# ---- what goes in ----


def _matrix(x, context):
    """x [N, D] as a float32 tensor: where it lies, if it is float32 and its rows or its columns have no gaps."""
    if numpy is None or isinstance(x, Tensor):
        return as_tensor(x, context)
    if hasattr(x, "tocsr"):
        raise TypeError("sparse matrices are not taken; x.toarray() is")
    x = numpy.asarray(x)
    if x.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: x is {x.dtype}")
    if x.ndim != 2:
        raise ValueError(f"Expected 2D array, got {x.ndim}D array instead: x is {x.shape}. Reshape your data: one row a sample")
    for axis, what in enumerate(("sample(s)", "feature(s)")):
        if x.shape[axis] == 0:
            raise ValueError(f"Found array with 0 {what} (shape={x.shape}) while a minimum of 1 is required.")
    x = x.astype(numpy.float32, copy=False)
    if x.strides[0] != x.itemsize and x.strides[1] != x.itemsize:
        x = numpy.ascontiguousarray(x)
    return Tensor(x, context=context)


def _vector(y, dtype, context):
    """y [N] as a contiguous tensor of that type."""
    if numpy is not None and not isinstance(y, Tensor):
        y = numpy.ascontiguousarray(y, dtype=dtype)
    return as_tensor(y, context).contiguous(dtype)


def _labels(y):
    """y as one array of labels; a column is a row with a warning, as scikit-learn has it."""
    y = numpy.asarray(y)
    if y.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: y is {y.dtype}")
    if y.ndim == 2 and y.shape[1] == 1:
        _warn("A column-vector y was passed when a 1d array was expected.", "DataConversionWarning")
        y = y.ravel()
    if y.ndim != 1:
        raise ValueError(f"y is {y.shape}, must be [N]")
    if y.dtype.kind == "f" and not numpy.isfinite(y).all():
        raise ValueError("y contains NaN or infinity")
    return y


def _warn(message, kind):
    import warnings
    known = sys.modules.get("sklearn.exceptions")
    warnings.warn(message, getattr(known, kind) if known else UserWarning, stacklevel=4)


def _out(tensor):
    return tensor if numpy is None else numpy.asarray(tensor)


class _Source:
    """A visml_row_source over blocks() -> iterable of (x, y) or (x, y, weights); y may be None."""

    def __init__(self, blocks, take, context):
        self.blocks, self.take, self.context = blocks, take, context
        self.walk, self.held, self.raised = None, (), []
        struct = _ffi.visml_row_source
        self.struct = struct(size=ctypes.sizeof(struct), next=dict(struct._fields_)["next"](self.next))

    def next(self, _, x, y, weights):
        try:
            if self.walk is None:
                self.walk = iter(self.blocks())
            block = next(self.walk, None)
            self.held = () if block is None else self.take(*block)
            for to, tensor in zip((x, y, weights), self.held):
                if tensor is not None:
                    to[0] = tensor._handle
            if block is None:
                self.walk = None
            return 0
        except BaseException as e:
            self.raised.append(e)
            return 1


def _options_of(params):
    """Params as JSON takes them: None is a default, classifiers are their own descriptions."""
    def plain(value):
        if isinstance(value, Classifier):
            return {"class": value.name, **_options_of(value._options)}
        if isinstance(value, (list, tuple)):
            return [plain(v) for v in value]
        return value.item() if hasattr(value, "item") and not hasattr(value, "__len__") else value
    return {k: plain(v) for k, v in params.items() if v is not None}


class Classifier(Object):
    """What learns from rows: `name` as in lib/classify/classifiers.def, options as in visml/classify.h; `of`: a list of others, for those
    that work by others. seed: what chance begins with; context: a visml.Context."""

    def __init__(self, name, *, context=None, seed=None, **options):
        self.name, self.seed, self._options, self._names = name, seed, options, None
        context = context or default_context()
        encoded = text(json.dumps({"class": text(name, "name").decode(), **_options_of(options)}))
        super().__init__(_call("visml_classifier_from_json", context._handle, encoded, len(encoded)), lib.visml_classifier_free, context)

    @classmethod
    def load(cls, path, *, context=None):
        """What save wrote."""
        made = cls.__new__(cls)
        context = context or default_context()
        Object.__init__(made, call("visml_classifier_load", context._handle, make_path(path)), lib.visml_classifier_free, context)
        described = json.loads(made.to_json())
        made.name, made.seed, made._names = described.pop("class"), None, None
        made._options = described
        return made

    def save(self, path):
        """A file with all that was learned. Labels are whole numbers there."""
        _call("visml_classifier_save", self._handle, make_path(path))

    def to_json(self):
        return read_text(lib.visml_classifier_to_json, self._handle)

    # ---- learning ----

    def fit(self, x, y=None, *, sample_weight=None, class_weight=None, warm_start=False, validation=None, progress=None):
        """Learns from x [N, D] and y [N]; returns itself. class_weight: "balanced", or {label: weight}; validation: (x, y);
        progress(done, total, loss, validation) is called now and then, and stops it by returning true."""
        names = self._names if warm_start else None
        self._learn("visml_classifier_fit", x, y, names, sample_weight, class_weight, validation, progress, warm_start=int(warm_start))
        return self

    @property
    def partial_fit(self):
        """partial_fit(x, y=None, classes=None, *, sample_weight=None) learns from some rows more; classes: all that there will be, for the
        first call. Not there where all rows are needed at once."""
        if lib.visml_classifier_partial_fit(self._handle, None, None, None, None) == _ffi.VISML_EUNSUPPORTED:
            raise AttributeError(f"{self.name} learns from all rows at once: it has no partial_fit")
        return self._partial_fit

    def _partial_fit(self, x, y=None, classes=None, *, sample_weight=None):
        names = self._names
        if classes is not None and numpy is not None and names is None and not self.fitted:
            names = numpy.unique(_labels(classes))
        self._learn("visml_classifier_partial_fit", x, y, names, sample_weight, all_classes=classes is not None)
        return self

    def fit_rows(self, blocks, *, progress=None):
        """Learns from rows that are not in memory all at once: blocks() is an iterable of (x, y) or (x, y, weights), the same again at
        each call; labels are whole numbers."""
        def take(x, y=None, weights=None):
            kind = "float32" if self.task == "regression" else "int32"
            return (_matrix(x, self.context), None if y is None else _vector(y, kind, self.context),
                    None if weights is None else _vector(weights, "float32", self.context))
        source = _Source(blocks, take, self.context)
        opts, raised, _keep = self._fit_options(progress)
        source.raised = raised
        _call("visml_classifier_fit_rows", self._handle, ctypes.byref(source.struct), ctypes.byref(opts), raised=raised)
        self._names = None
        return self

    def fit_predict(self, x, y=None):
        return self.fit(x, y).predict(x)

    def _fit_options(self, progress=None, **fields):
        raised = []

        @_ffi.visml_classifier_progress_fn
        def thunk(_, p):
            try:
                return int(bool(progress(p.contents.done, p.contents.total, p.contents.loss, p.contents.validation)))
            except BaseException as e:
                raised.append(e)
                return 1

        struct = _ffi.visml_classifier_fit_opts
        opts = struct(size=ctypes.sizeof(struct), seed=self.seed or 0, **fields)
        if progress is not None:
            opts.progress = thunk
        return opts, raised, thunk

    def _targets(self, y, names):
        """(tensor for y, what labels are called or None): names are kept where labels are no whole numbers."""
        if y is None:
            if self.task in ("classification", "regression"):
                raise ValueError(f"{self.name} requires y to be passed, but the target y is None")
            return None, None
        if self.task in ("clustering", "outliers"):
            return None, None
        if isinstance(y, Tensor) or numpy is None:
            return _vector(y, "float32" if self.task == "regression" else "int32", self.context), None
        y = _labels(y)
        if self.task == "regression":
            return _vector(y, "float32", self.context), None
        if names is None and y.dtype.kind not in "iu":
            names = self._name_labels(y)
        if names is None:
            return _vector(y, "int32", self.context), None
        unknown = numpy.setdiff1d(y, names)
        if len(unknown):
            raise ValueError(f"label {unknown[0]!r} is none of the classes")
        return _vector(numpy.searchsorted(names, y), "int32", self.context), names

    @staticmethod
    def _name_labels(y):
        if y.dtype.kind == "f" and (y != numpy.round(y)).any():
            raise ValueError("Unknown label type: continuous. A class is learned from labels, not from numbers with fractions")
        return numpy.unique(y)

    def _learn(self, function, x, y, names, sample_weight=None, class_weight=None, validation=None, progress=None, all_classes=False,
               **fields):
        goes_on = self.fitted and (function.endswith("partial_fit") or fields.get("warm_start"))
        x = self._rows(x) if goes_on else _matrix(x, self.context)
        y, names = self._targets(y, names)
        opts, raised, _keep = self._fit_options(progress, **fields)
        held = {}
        if sample_weight is not None:
            held["weights"] = _vector(sample_weight, "float32", self.context)
        if all_classes and names is not None:
            held["classes"] = _vector(numpy.arange(len(names)), "int32", self.context)
        if isinstance(class_weight, str):
            if class_weight != "balanced":
                raise ValueError(f"class_weight is {class_weight!r}, must be 'balanced' or a dict")
            opts.class_weighting = _ffi.VISML_CLASS_WEIGHT_BALANCED
        elif class_weight is not None:
            labels = range(len(names)) if names is not None else sorted(set(y.tolist()))
            called = [names[i].item() for i in labels] if names is not None else labels
            held["class_weights"] = _vector([float(class_weight.get(label, 1)) for label in called], "float32", self.context)
        if validation is not None:
            held["validation_x"] = _matrix(validation[0], self.context)
            held["validation_y"] = self._targets(validation[1], names)[0]
        for field, tensor in held.items():
            setattr(opts, field, tensor._handle)
        _call(function, self._handle, x._handle, None if y is None else y._handle, ctypes.byref(opts), raised=raised)
        self._names = names

    # ---- answers ----

    def _rows(self, x):
        """x to answer for."""
        if not self.fitted:
            _call("visml_classifier_predict", self._handle, None)
        x = _matrix(x, self.context)
        if x.ndim == 2 and x.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {x.shape[1]} features, but Classifier is expecting {self.n_features_in_} features as input")
        return x

    def _answer(self, function, x):
        x = self._rows(x)
        return _out(Tensor._adopt(_call(function, self._handle, x._handle), self.context))

    def predict(self, x):
        """[N]: labels as they were given, clusters from 0 on, 1 and -1 for outliers, numbers for regression."""
        y = self._answer("visml_classifier_predict", x)
        return y if self._names is None else self._names[y]

    def predict_proba(self, x):
        """[N, K]"""
        return self._answer("visml_classifier_predict_proba", x)

    def decision_function(self, x):
        """[N, K], or [N] where two classes are told apart by the sign."""
        y = self._answer("visml_classifier_decision", x)
        if numpy is not None and y.shape[1] == 2 and self.task == "classification":
            return y[:, 1] - y[:, 0]
        return y.reshape(-1) if y.shape[1] == 1 else y

    def score(self, x, y, sample_weight=None):
        """The share of right labels; R^2 for regression."""
        weights = None if sample_weight is None else _vector(sample_weight, "float32", self.context)
        if self._names is not None:
            right = (self.predict(x) == _labels(y))
            return float(numpy.average(right, weights=None if weights is None else numpy.asarray(weights)))
        x, score = self._rows(x), _ffi.double()
        y = _vector(y, "float32" if self.task == "regression" else "int32", self.context)
        _call("visml_classifier_score", self._handle, x._handle, y._handle, weights and weights._handle, ctypes.byref(score))
        return score.value

    def array(self, name):
        """What was learned, as the class names it ("centers", ...): a tensor that shares its memory; None where there is no such thing."""
        handle = lib.visml_classifier_array(self._handle, text(name))
        return Tensor._adopt(handle, self.context, readonly=True, keep=self, owned=False) if handle else None

    # ---- what it is ----

    @property
    def fitted(self):
        return bool(lib.visml_classifier_is_fitted(self._handle))

    @property
    def task(self):
        return TASKS[lib.visml_classifier_task(self._handle)]

    @property
    def n_features_in_(self):
        if not self.fitted:
            raise AttributeError("not fitted yet: there is no n_features_in_")
        return lib.visml_classifier_feature_count(self._handle)

    @property
    def classes_(self):
        handle = lib.visml_classifier_classes(self._handle)
        if not handle:
            raise AttributeError(f"{self.name} has no classes_" + ("" if self.fitted else " before it is fitted"))
        return self._names if self._names is not None else _out(Tensor._adopt(handle, self.context, readonly=True, keep=self, owned=False))

    def get_params(self, deep=True):
        return {"name": self.name, "seed": self.seed, **self._options}

    def set_params(self, **params):
        """Other options; what was learned is forgotten."""
        if params:
            given = {**self.get_params(), **params}
            self.__init__(given.pop("name"), context=self.context, **given)
        return self

    def __repr__(self):
        options = "".join(f", {k}={v!r}" for k, v in self._options.items())
        name = lib.visml_classifier_name(self._handle).decode()
        return f"Classifier({name!r}{options})"

    # ---- scikit-learn's manners ----

    def __sklearn_is_fitted__(self):
        return self.fitted

    def __sklearn_clone__(self):
        return type(self)(context=self.context, **self.get_params())

    @property
    def _estimator_type(self):
        return {"classification": "classifier", "regression": "regressor", "clustering": "clusterer",
                "outliers": "outlier_detector"}[self.task]

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags
        supervised = self.task in ("classification", "regression")
        return Tags(estimator_type=self._estimator_type, target_tags=TargetTags(required=supervised), input_tags=InputTags(),
                    classifier_tags=ClassifierTags() if self.task == "classification" else None,
                    regressor_tags=RegressorTags() if self.task == "regression" else None, transformer_tags=None)

    # ---- copies ----

    def __reduce__(self):
        return _rebuild, (self.get_params(), _bytes(self) if self.fitted else None, self._names)


def _bytes(classifier):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c")
        classifier.save(path)
        with open(path, "rb") as file:
            return file.read()


def _rebuild(params, learned, names):
    if learned is None:
        return Classifier(**params)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c")
        with open(path, "wb") as file:
            file.write(learned)
        made = Classifier.load(path)
    made.name, made.seed = params.pop("name"), params.pop("seed")
    made._options, made._names = params, names
    return made
