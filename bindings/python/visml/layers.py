"""Layers, losses, optimizers: descriptions, made into objects of the library when a model or a training run takes them.

The classes are made from the options structs: their keywords are the structs' fields, with Keras' names and defaults. A description can be
used any number of times. Wrong keywords fail here; values out of range fail where the description is used, with the library's message.
"""
import ctypes

from . import _ffi, _options
from ._call import call


class Description:
    """A constructor of the library and its options."""
    _function = None
    _struct = None

    def __init__(self, *arguments, **options):
        bound = type(self).__signature__.bind(*arguments, **options)
        self.options = {k: v for k, v in bound.arguments.items() if v is not None}
        _options.build(self._struct, self.options)

    def _make(self, context):
        """A new handle, the caller's."""
        return call(self._function, context._handle, ctypes.byref(_options.build(self._struct, self.options)))

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.options.items())})"


class Layer(Description):
    """A layer of a network. Besides its own options each takes those of visml_layer_opts: trainable, kernel_l2, kernel_max_norm, ..."""

    def __init__(self, *arguments, **options):
        common = _options.keywords(_ffi.visml_layer_opts)
        self.common = {k: options.pop(k) for k in list(options) if k in common}
        super().__init__(*arguments, **options)
        _options.build(_ffi.visml_layer_opts, self.common)

    def _make_own(self, context):
        return super()._make(context)

    def _make(self, context):
        layer = self._make_own(context)
        if not self.common:
            return layer
        return call("visml_layer_with", layer, ctypes.byref(_options.build(_ffi.visml_layer_opts, self.common)))


class Wrapper(Layer):
    """A layer around another one, which is the first argument."""

    def __init__(self, layer, **options):
        if not isinstance(layer, Layer):
            raise TypeError(f"layer is {layer!r}, must be a layer")
        self.layer = layer
        super().__init__(**options)

    def _make_own(self, context):
        return call(self._function, context._handle, self.layer._make(context),
                    ctypes.byref(_options.build(self._struct, self.options)))

    def __repr__(self):
        return f"{type(self).__name__}({', '.join([repr(self.layer), *(f'{k}={v!r}' for k, v in self.options.items())])})"


class Loss(Description):
    """What training makes small."""


class Optimizer(Description):
    """How gradients become steps."""


class Monitor(Description):
    """What watches a training run and acts on it; one of the callbacks of fit."""


class LearningRateScheduler(Monitor):
    """The learning rate of each epoch is schedule(epoch, rate up to now). An exception in it ends the run and is raised again."""

    def __init__(self, schedule):
        self.schedule = schedule
        self.options = {"schedule": schedule}
        self.exception = None

    def _call(self, _, epoch, rate):
        try:
            return float(self.schedule(epoch, rate))
        except BaseException as e:  # whatever it is, it must not go through C
            self.exception = e
            return -1.0

    def _make(self, context):
        struct = _ffi.visml_learning_rate_scheduler_opts
        self._function = dict(struct._fields_)["schedule"](self._call)  # as long as the monitor may call it
        return call("visml_learning_rate_scheduler", context._handle,
                    ctypes.byref(struct(size=ctypes.sizeof(struct), schedule=self._function)))


def _describe(base, name, function, positional=()):
    struct = _ffi.PROTOTYPES[function][1][-2]._type_
    signature = _options.signature(struct, positional)
    doc = f"{function} in visml/nn.h. Options: {', '.join(_options.keywords(struct))}."
    return type(name, (base,), {"_function": function, "_struct": struct, "__signature__": signature, "__doc__": doc,
                                "__module__": __name__})


Conv2D = _describe(Layer, "Conv2D", "visml_conv2d", ("filters", "kernel_size"))
MaxPooling2D = _describe(Layer, "MaxPooling2D", "visml_maxpool2d", ("pool_size",))
AveragePooling2D = _describe(Layer, "AveragePooling2D", "visml_avgpool2d", ("pool_size",))
GlobalAveragePooling2D = _describe(Layer, "GlobalAveragePooling2D", "visml_global_avgpool2d")
BatchNormalization = _describe(Layer, "BatchNormalization", "visml_batchnorm")
Dropout = _describe(Layer, "Dropout", "visml_dropout", ("rate",))
Flatten = _describe(Layer, "Flatten", "visml_flatten")
Dense = _describe(Layer, "Dense", "visml_dense", ("units", "activation"))
Activation = _describe(Layer, "Activation", "visml_activation", ("activation",))
Reshape = _describe(Layer, "Reshape", "visml_reshape", ("target_shape",))
Rescaling = _describe(Layer, "Rescaling", "visml_rescaling", ("scale", "offset"))
Add = _describe(Layer, "Add", "visml_add")
Concatenate = _describe(Layer, "Concatenate", "visml_concatenate", ("axis",))
LSTM = _describe(Layer, "LSTM", "visml_lstm", ("units", "activation", "recurrent_activation"))
GRU = _describe(Layer, "GRU", "visml_gru", ("units", "activation", "recurrent_activation"))
SimpleRNN = _describe(Layer, "SimpleRNN", "visml_simple_rnn", ("units", "activation"))
Bidirectional = _describe(Wrapper, "Bidirectional", "visml_bidirectional")
TimeDistributed = _describe(Wrapper, "TimeDistributed", "visml_time_distributed")
Masking = _describe(Layer, "Masking", "visml_masking", ("mask_value",))
Rows = _describe(Layer, "Rows", "visml_rows")
SlidingWindow = _describe(Layer, "SlidingWindow", "visml_sliding_window", ("window", "strides"))

CategoricalCrossentropy = _describe(Loss, "CategoricalCrossentropy", "visml_categorical_crossentropy")
SparseCategoricalCrossentropy = _describe(Loss, "SparseCategoricalCrossentropy", "visml_sparse_categorical_crossentropy")
MeanSquaredError = _describe(Loss, "MeanSquaredError", "visml_mean_squared_error")

SGD = _describe(Optimizer, "SGD", "visml_sgd", ("learning_rate", "momentum"))
Adam = _describe(Optimizer, "Adam", "visml_adam", ("learning_rate",))

EarlyStopping = _describe(Monitor, "EarlyStopping", "visml_early_stopping", ("monitor", "min_delta", "patience"))
ModelCheckpoint = _describe(Monitor, "ModelCheckpoint", "visml_model_checkpoint", ("folder",))
ReduceLROnPlateau = _describe(Monitor, "ReduceLROnPlateau", "visml_reduce_lr_on_plateau", ("monitor", "factor", "patience"))
CSVLogger = _describe(Monitor, "CSVLogger", "visml_csv_logger", ("path",))
JSONLogger = _describe(Monitor, "JSONLogger", "visml_json_logger", ("path",))
TensorBoard = _describe(Monitor, "TensorBoard", "visml_tensorboard", ("log_dir",))
TerminateOnNaN = _describe(Monitor, "TerminateOnNaN", "visml_terminate_on_nan")

# By the names that Keras takes as strings.
NAMED = {
    "categorical_crossentropy": CategoricalCrossentropy, "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "mean_squared_error": MeanSquaredError, "mse": MeanSquaredError, "sgd": SGD, "adam": Adam,
}


def named(value, base):
    """A Description from itself or from its name."""
    if isinstance(value, base):
        return value
    found = NAMED.get(value.lower()) if isinstance(value, str) else None
    if found is None or not issubclass(found, base):
        names = [n for n, c in NAMED.items() if issubclass(c, base)]
        raise ValueError(f"{base.__name__.lower()} is {value!r}, must be a {base.__name__} or one of {', '.join(names)}")
    return found()
