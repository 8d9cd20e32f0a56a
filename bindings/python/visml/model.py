"""Networks as graphs of layers, and sessions that run them."""
import ctypes
from collections.abc import MutableMapping

from . import _ffi, _options, training
from ._call import Object, call, dims, path as make_path, read_text, shape as make_shape, text, texts
from ._ffi import lib
from .context import default_context
from .data import Dataset
from .tensor import Tensor, as_tensor


class Parameters(MutableMapping):
    """The parameters of a model by name. Reading gives a read-only tensor inside the model, that shows later changes; writing copies."""

    def __init__(self, model):
        self._model = model

    def _names(self):
        handle = self._model._handle
        return [lib.visml_model_param_name(handle, i).decode() for i in range(lib.visml_model_param_count(handle))]

    def _index(self, name):
        try:
            return self._names().index(name)
        except ValueError:
            raise KeyError(name) from None

    def __getitem__(self, name):
        handle = call("visml_model_param", self._model._handle, self._index(name))
        return Tensor._adopt(handle, self._model.context, readonly=True)

    def __setitem__(self, name, value):
        self._index(name)
        value = as_tensor(value, self._model.context)
        value = value if value.dtype == "float32" else value.astype("float32")
        call("visml_model_set_param", self._model._handle, text(name, "name"), value._handle)

    def __delitem__(self, name):
        raise TypeError("the parameters of a model cannot be taken away")

    def __iter__(self):
        return iter(self._names())

    def __len__(self):
        return lib.visml_model_param_count(self._model._handle)

    def trainable(self, name):
        """Whether training changes it by gradient."""
        return bool(lib.visml_model_param_trainable(self._model._handle, self._index(name)))


class Model(Object):
    """A network. Model((28, 28, 1), [Conv2D(...), ...]) adds the layers one behind the other and builds; without layers it stays open for
    add, apply and build."""

    def __init__(self, input_shape, layers=None, *, seed=0, context=None):
        context = context or default_context()
        super().__init__(call("visml_model_new", context._handle, make_shape(input_shape)), lib.visml_model_free, context)
        if layers is not None:
            for layer in layers:
                self.add(layer)
            self.build(seed)

    @classmethod
    def _adopt(cls, handle, context):
        model = cls.__new__(cls)
        Object.__init__(model, handle, lib.visml_model_free, context)
        return model

    @classmethod
    def from_json(cls, json, input_shape=None, classes=0, *, context=None):
        """An open model from the text that to_json gives."""
        context = context or default_context()
        encoded = text(json, "json")
        shape = None if input_shape is None else make_shape(input_shape)
        return cls._adopt(call("visml_model_from_json", context._handle, encoded, len(encoded), shape, classes), context)

    @classmethod
    def load(cls, path, *, context=None):
        context = context or default_context()
        return cls._adopt(call("visml_model_load", context._handle, make_path(path)), context)

    @classmethod
    def load_memory(cls, data, *, context=None):
        context = context or default_context()
        data = bytes(data)
        return cls._adopt(call("visml_model_load_memory", context._handle, data, len(data)), context)

    def save(self, path):
        call("visml_model_save", self._handle, make_path(path))

    def save_memory(self):
        """The bytes of a model file."""
        return Tensor._adopt(call("visml_model_save_memory", self._handle), self.context).tobytes()

    # ---- making ----

    def add(self, layer):
        """Puts a layer behind the one added last."""
        call("visml_model_add", self._handle, layer._make(self.context))

    def apply(self, layer, *inputs):
        """Puts a layer behind these nodes (0 is the input) and returns the new node's number."""
        numbers = (_ffi.int32 * max(len(inputs), 1))(*inputs)
        return call("visml_model_apply", self._handle, layer._make(self.context), numbers, len(inputs))

    def build(self, seed=0):
        """Fixes the graph and initialises the parameters."""
        call("visml_model_build", self._handle, seed)

    # ---- looking ----

    @property
    def input_shape(self):
        return dims(lib.visml_model_input_shape(self._handle))

    @property
    def output_shape(self):
        return dims(lib.visml_model_output_shape(self._handle))

    def summary(self):
        """Keras' table, as text."""
        return read_text(lib.visml_model_summary, self._handle)

    def to_json(self):
        return read_text(lib.visml_model_to_json, self._handle)

    @property
    def params(self):
        return Parameters(self)

    @property
    def classes(self):
        """Names of the classes; assigning sets them."""
        return [lib.visml_model_class_name(self._handle, i).decode() for i in range(lib.visml_model_class_count(self._handle))]

    @classes.setter
    def classes(self, names):
        array, n = texts(names, "classes")
        call("visml_model_set_classes", self._handle, array, n)

    def attribute(self, key):
        """Text saved with the model; None when there is none."""
        found = lib.visml_model_attribute(self._handle, text(key, "key"))
        return None if found is None else found.decode()

    def set_attribute(self, key, value):
        """None removes."""
        call("visml_model_set_attribute", self._handle, text(key, "key"), None if value is None else text(value, "value"))

    # ---- transfer ----

    @property
    def layers(self):
        """The names of the layers, in the order of adding."""
        return [lib.visml_model_layer_name(self._handle, i).decode() for i in range(lib.visml_model_layer_count(self._handle))]

    def cut(self, last):
        """An open model of the layers up to this one; built, they have the values that they have here."""
        return Model._adopt(call("visml_model_cut", self._handle, text(last, "last")), self.context)

    def set_trainable(self, trainable, first=None, last=None):
        """Freezes or releases the layers from `first` to `last`; None: from the first, to the last of all."""
        call("visml_model_set_trainable", self._handle, None if first is None else text(first, "first"),
             None if last is None else text(last, "last"), int(bool(trainable)))

    # ---- using ----

    def fit(self, data, **options):
        """Trains on a Dataset or (images, targets). Options: epochs, batch_size, shuffle, workers, resume, checkpoint_steps,
        checkpoint_dir, seed; loss and optimizer (names or objects); validation; callbacks (objects with epoch_begin, batch_end, epoch_end);
        class_weight, sample_weight; verbose 0, 1 (bar) or 2 (lines). Returns a History."""
        return training.fit(self, data, **options)

    def lr_range_test(self, data, **options):
        """A short run in which the learning rate grows from start to end; the weights are put back. An LRRange. Options: start, end, steps,
        batch_size, smoothing, stop_factor, seed, workers, loss, optimizer, callbacks. None when a callback stopped it."""
        return training.lr_range_test(self, data, **options)

    def train_and_evaluate(self, data, validation, **options):
        """Trains up to max_steps, evaluates again and again, keeps checkpoints and exports in model_dir, and goes on by itself from what is
        there. Options: max_steps, model_dir (both required), epochs, batch_size, shuffle, loss, optimizer, callbacks, class_weight,
        sample_weight; every_epochs, every_steps, every_seconds, steps, monitor, mode; exporters ("latest", "best", "final" or dicts
        {"kind": "best", "keep": 3, ...}); checkpoint_steps, checkpoint_seconds, keep_checkpoints, seed, workers; verbose. Returns a
        RunResult; a failure has one as its `result`."""
        return training.train_and_evaluate(self, data, validation, **options)

    def evaluate(self, data, **options):
        """A Report, with the loss as its `loss`. Options: batch_size, workers, loss, callbacks, quantization (the report is then that
        of the model on bytes, and its float_accuracy that on floats). None when a callback stopped it."""
        return training.evaluate(self, data, **options)

    def quantize(self, data, **options):
        """A Quantization: how to run on bytes what looks like these images. Options: samples, percentile, batch_size, workers, callbacks.
        None when a callback stopped it."""
        return training.quantize(self, data, **options)

    def predict(self, data, **options):
        """The outputs, a tensor [N, ...], for a Dataset or an array of images. Options: batch_size, workers, callbacks,
        quantization."""
        if isinstance(data, Dataset):
            return training.predict(self, data, **options)
        return Session(self, options.pop("batch_size", None), **options).run(data)


class Session(Object):
    """Memory for running a model, for one thread. The model may go before it. output: the name of an inner layer whose output is
    wanted, instead of the model's."""

    def __init__(self, model, max_batch=None, quantization=None, output=None):
        opts = _options.build(_ffi.visml_session_opts, {"max_batch": max_batch, "output": output})
        if quantization is not None:
            opts.quantization = quantization._handle
        handle = call("visml_session_new", model._handle, ctypes.byref(opts))
        super().__init__(handle, lib.visml_session_free, model.context)
        self._output_shape = dims(lib.visml_session_output_shape(handle))

    def reset(self):
        """The state of stateful layers becomes 0, as in a new session."""
        lib.visml_session_reset(self._handle)

    def run(self, x, out=None):
        """The output for x, [N, input shape]; uint8 and float32 are taken as they are. out: a float32 array or tensor to write to."""
        x = as_tensor(x, self.context).contiguous("float32", "uint8")
        if not x.ndim:
            raise ValueError("x has no dimensions, must be [N, input shape]")
        y = Tensor.zeros((len(x), *self._output_shape), context=self.context) if out is None else as_tensor(out, self.context)
        if y.readonly:
            raise ValueError("out is read-only")
        call("visml_session_run", self._handle, x._handle, y._handle)
        return y if out is None else out
