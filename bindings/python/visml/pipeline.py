"""Pipelines: pictures to classes as one object. What looks at pictures is features, or the layers of a network; a classifier decides.

    p = visml.Pipeline(["hog", "color_moments"], "gaussian_naive_bayes", then=["standardization"], height=64, width=64)
    p.fit(train); print(p.evaluate(test).text(p.classes)); p.save("photos.visml")
    visml.Pipeline.load("photos.visml").predict(images)
"""
import ctypes
import json

from . import _ffi
from ._call import Error, Object, call, dims, path as make_path, read_text, text, texts
from ._ffi import lib
from .classify import Classifier, _options_of
from .context import default_context
from .features import Features
from .report import Report
from .tensor import Tensor, as_tensor

try:
    import numpy
except ImportError:
    numpy = None

STAGES = {_ffi.VISML_PIPELINE_FEATURES: "features", _ffi.VISML_PIPELINE_VECTORS: "vectors", _ffi.VISML_PIPELINE_CLASSIFIER: "classifier"}
POOLINGS = ("average", "maximum", "flatten")


def _progress(opts, progress):
    """Sets it; (where its exception goes, what must be kept). progress(stage, done, total, loss, validation) returns true to stop."""
    raised = []

    @_ffi.visml_pipeline_progress_fn
    def thunk(_, p):
        try:
            p = p.contents
            return int(bool(progress(STAGES[p.stage], p.done, p.total, p.loss, p.validation)))
        except BaseException as e:
            raised.append(e)
            return 1

    if progress is not None:
        opts.progress = thunk
    return raised, thunk


def _run(name, *arguments, raised):
    try:
        return call(name, *arguments)
    except Error:
        if raised:
            raise raised[0] from None
        raise


def _features_of(features, options):
    """As a value for JSON; what features have learned stays theirs."""
    if isinstance(features, (str, Features)):
        if options:
            raise TypeError("options go with a list of extractors")
        return json.loads(features if isinstance(features, str) else features.to_json())
    whole = dict(features) if isinstance(features, dict) and "extract" in features else {"extract": list(features)}
    return {**whole, **{k: v for k, v in options.items() if v is not None}}


def _classifier_of(classifier):
    if isinstance(classifier, Classifier):
        return {"class": classifier.name, **_options_of(classifier._options)}
    return classifier


class Pipeline(Object):
    """Features (as for visml.Features, with its options) and a classifier: a name, a dict {"class": "k_neighbors", "n_neighbors": 3}, or a
    visml.Classifier, whose class and options count. Nothing is learned yet."""

    def __init__(self, features, classifier, *, context=None, **options):
        context = context or default_context()
        encoded = text(json.dumps({"features": _features_of(features, options), "classifier": _classifier_of(classifier)}))
        super().__init__(call("visml_pipeline_from_json", context._handle, encoded, len(encoded)), lib.visml_pipeline_free, context)

    @classmethod
    def _adopt(cls, handle, context):
        made = cls.__new__(cls)
        Object.__init__(made, handle, lib.visml_pipeline_free, context)
        return made

    @classmethod
    def from_network(cls, model, classifier, *, layer=None, pooling="average"):
        """The layers of a built Model up to `layer` (by default what its last layer with parameters reads), copied, and a classifier."""
        if pooling not in POOLINGS:
            raise ValueError(f"pooling is {pooling!r}, must be one of {', '.join(POOLINGS)}")
        described = _classifier_of(classifier)
        encoded = text(described if isinstance(described, str) else json.dumps(described))
        opts = _ffi.visml_pipeline_network_opts(size=ctypes.sizeof(_ffi.visml_pipeline_network_opts), pooling=POOLINGS.index(pooling),
                                                layer=None if layer is None else text(layer, "layer"))
        consumed = call("visml_classifier_from_json", model.context._handle, encoded, len(encoded))
        return cls._adopt(call("visml_pipeline_from_network", model._handle, ctypes.byref(opts), consumed), model.context)

    @classmethod
    def from_model(cls, model):
        """A built Model that decides by itself, copied."""
        return cls._adopt(call("visml_pipeline_from_model", model._handle), model.context)

    @classmethod
    def load(cls, path, *, context=None):
        """What save wrote."""
        context = context or default_context()
        return cls._adopt(call("visml_pipeline_load", context._handle, make_path(path)), context)

    def save(self, path):
        """A file with all that was learned."""
        call("visml_pipeline_save", self._handle, make_path(path))

    def to_json(self):
        return read_text(lib.visml_pipeline_to_json, self._handle)

    # ---- what it is ----

    @property
    def fitted(self):
        return bool(lib.visml_pipeline_is_fitted(self._handle))

    @property
    def has_probabilities(self):
        """Whether scores are probabilities."""
        return bool(lib.visml_pipeline_has_probabilities(self._handle))

    @property
    def input_shape(self):
        """Of the pictures that it learned from: (H, W, C), None in it for any; None where it is not known."""
        return dims(lib.visml_pipeline_input_shape(self._handle))

    @property
    def classes(self):
        """The names of the classes; None where they have none. Can be set."""
        names = [lib.visml_pipeline_class_name(self._handle, i) for i in range(lib.visml_pipeline_class_count(self._handle))]
        return [n.decode("utf-8", "replace") for n in names] if names and names[0] is not None else None

    @classes.setter
    def classes(self, names):
        array, n = texts(names, "a class")
        call("visml_pipeline_set_classes", self._handle, array, n)

    # ---- learning ----

    def fit(self, dataset, *, validation=None, class_weight=None, seed=None, sample=None, memory=None, progress=None):
        """Learns from a Dataset; returns itself. class_weight: None or "balanced"; validation: a Dataset, for classifiers that stop early;
        progress(stage, done, total, loss, validation) is called now and then, and stops it by returning true."""
        if class_weight not in (None, "balanced"):
            raise ValueError(f"class_weight is {class_weight!r}, must be 'balanced'")
        struct = _ffi.visml_pipeline_fit_opts
        opts = struct(size=ctypes.sizeof(struct), class_weighting=int(class_weight == "balanced"), seed=seed or 0, sample=sample or 0,
                      memory=memory or 0)
        if validation is not None:
            opts.validation = validation._handle
        raised, _keep = _progress(opts, progress)
        _run("visml_pipeline_fit", self._handle, dataset._handle, ctypes.byref(opts), raised=raised)
        return self

    # ---- answers ----

    def _answer(self, function, images):
        images = as_tensor(images, self.context).contiguous("uint8", "float32")
        made = Tensor._adopt(call(function, self._handle, images._handle), self.context)
        return made if numpy is None else numpy.asarray(made)

    def transform(self, images):
        """[N, D]: the vectors of pictures [N, H, W, C], or of one [H, W, C]; uint8 or float32."""
        return self._answer("visml_pipeline_transform", images)

    def predict(self, images):
        """[N]: the numbers of the classes."""
        return self._answer("visml_pipeline_predict", images)

    def predict_proba(self, images):
        """[N, K]"""
        return self._answer("visml_pipeline_predict_proba", images)

    def scores(self, images):
        """[N, K]: probabilities where there are some, else what is decided by; the largest is what predict says."""
        return self._answer("visml_pipeline_scores", images)

    def _run_options(self, memory, progress):
        opts = _ffi.visml_pipeline_run_opts(size=ctypes.sizeof(_ffi.visml_pipeline_run_opts), memory=memory or 0)
        return opts, *_progress(opts, progress)

    def score_dataset(self, dataset, *, memory=None, progress=None):
        """The scores of all samples of a Dataset; rows of invalid pictures are NaN."""
        opts, raised, _keep = self._run_options(memory, progress)
        handle = _run("visml_pipeline_score_dataset", self._handle, dataset._handle, ctypes.byref(opts), raised=raised)
        made = Tensor._adopt(handle, self.context)
        return made if numpy is None else numpy.asarray(made)

    def evaluate(self, dataset, *, memory=None, progress=None):
        """A Report on a labelled Dataset, whose classes have the same names in the same places."""
        opts, raised, _keep = self._run_options(memory, progress)
        report = ctypes.POINTER(_ffi.visml_report)()
        _run("visml_pipeline_evaluate", self._handle, dataset._handle, ctypes.byref(opts), ctypes.byref(report), raised=raised)
        return Report._adopt(report, self.context, None)

    def detect(self, image, *, background=None, progress=None, **options):
        """Things in a picture [H, W, C], found with a window over copies of it: (boxes [M, 4]: top, left, height, width; scores [M];
        labels [M]). background: the class of windows without a thing; options: height, width, stride, scale, scales, most, threshold,
        overlap, as in visml_detect_opts."""
        struct = _ffi.visml_detect_opts
        opts = struct(size=ctypes.sizeof(struct), background=None if background is None else text(background, "background"), **options)
        image = as_tensor(image, self.context).contiguous("uint8", "float32")
        raised, _keep = _progress(opts, progress)
        out = [ctypes.POINTER(_ffi.visml_tensor)() for _ in range(3)]
        _run("visml_pipeline_detect", self._handle, image._handle, ctypes.byref(opts), *map(ctypes.byref, out), raised=raised)
        found = [Tensor._adopt(handle, self.context) for handle in out]
        return tuple(found if numpy is None else map(numpy.asarray, found))

    def __repr__(self):
        return f"Pipeline({self.to_json()})"


def nms(boxes, scores, overlap=0.3):
    """Places of the boxes [N, 4] (top, left, height, width) that are kept, the best first: one that shares more than `overlap` of their
    union with one that is kept goes (greedy non-maximum suppression)."""
    boxes = as_tensor(boxes).contiguous("float32")
    scores = as_tensor(scores, boxes.context).contiguous("float32")
    made = Tensor._adopt(call("visml_nms", boxes._handle, scores._handle, overlap), boxes.context)
    return made if numpy is None else numpy.asarray(made)


def file_kind(path, *, context=None):
    """What a file of this library holds: "model", "pipeline", "features", "classifier", "checkpoint"; None when it is none."""
    return read_text(lib.visml_file_kind, (context or default_context())._handle, make_path(path)) or None
