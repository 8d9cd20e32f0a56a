"""How good a classifier is."""
from ._call import Object, call, read_text, texts
from ._ffi import lib
from .context import default_context
from .tensor import as_tensor


class Report(Object):
    """Counts over rows of labels and scores. `loss`: that of the evaluation which made the report, else None."""

    def __init__(self, classes, *, context=None):
        context = context or default_context()
        super().__init__(call("visml_report_new", context._handle, classes), lib.visml_report_free, context)
        self.loss = None

    @classmethod
    def _adopt(cls, handle, context, loss):
        report = cls.__new__(cls)
        Object.__init__(report, handle, lib.visml_report_free, context)
        report.loss = loss
        return report

    def add(self, labels, scores, weights=None):
        """labels [N], scores [N, classes], weights [N] or None."""
        labels = as_tensor(labels, self.context).contiguous("int32")
        scores = as_tensor(scores, self.context).contiguous("float32")
        weights = None if weights is None else as_tensor(weights, self.context).contiguous("float32")
        call("visml_report_add", self._handle, labels._handle, scores._handle, None if weights is None else weights._handle)

    @property
    def classes(self):
        return lib.visml_report_classes(self._handle)

    @property
    def count(self):
        return lib.visml_report_count(self._handle)

    @property
    def accuracy(self):
        return lib.visml_report_accuracy(self._handle)

    @property
    def float_accuracy(self):
        """Of Model.evaluate with a quantization: the accuracy on floats; else NaN."""
        return lib.visml_report_float_accuracy(self._handle)

    @property
    def macro_f1(self):
        return lib.visml_report_macro_f1(self._handle)

    def top_k(self, k):
        return lib.visml_report_top_k(self._handle, k)

    @property
    def confusion_matrix(self):
        """[actual][predicted]"""
        n = range(self.classes)
        return [[lib.visml_report_confusion(self._handle, a, p) for p in n] for a in n]

    def _by_class(self, function):
        return [function(self._handle, i) for i in range(self.classes)]

    @property
    def precision(self):
        return self._by_class(lib.visml_report_precision)

    @property
    def recall(self):
        return self._by_class(lib.visml_report_recall)

    @property
    def f1(self):
        return self._by_class(lib.visml_report_f1)

    @property
    def support(self):
        return self._by_class(lib.visml_report_support)

    def text(self, names=None):
        """scikit-learn's classification_report and the confusion matrix."""
        array, n = texts(names, "names")
        if names is not None and n != self.classes:
            raise ValueError(f"names has {n} elements, must have {self.classes}")
        return read_text(lib.visml_report_text, self._handle, array)
