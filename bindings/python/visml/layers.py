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

    def _make(self, context):
        layer = super()._make(context)
        if not self.common:
            return layer
        return call("visml_layer_with", layer, ctypes.byref(_options.build(_ffi.visml_layer_opts, self.common)))


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


def describe(base, name, function, positional=(), header="nn.h"):
    """A class for a constructor of the library; `positional` options may be given without their names."""
    struct = _ffi.PROTOTYPES[function][1][1]._type_
    signature = _options.signature(struct, positional)
    doc = f"{function} in visml/{header}. Options: {', '.join(_options.keywords(struct))}."
    return type(name, (base,), {"_function": function, "_struct": struct, "__signature__": signature, "__doc__": doc,
                                "__module__": base.__module__})


Conv2D = describe(Layer, "Conv2D", "visml_conv2d", ("filters", "kernel_size"))
MaxPooling2D = describe(Layer, "MaxPooling2D", "visml_maxpool2d", ("pool_size",))
AveragePooling2D = describe(Layer, "AveragePooling2D", "visml_avgpool2d", ("pool_size",))
GlobalAveragePooling2D = describe(Layer, "GlobalAveragePooling2D", "visml_global_avgpool2d")
BatchNormalization = describe(Layer, "BatchNormalization", "visml_batchnorm")
Dropout = describe(Layer, "Dropout", "visml_dropout", ("rate",))
Flatten = describe(Layer, "Flatten", "visml_flatten")
Dense = describe(Layer, "Dense", "visml_dense", ("units", "activation"))
Activation = describe(Layer, "Activation", "visml_activation", ("activation",))
Reshape = describe(Layer, "Reshape", "visml_reshape", ("target_shape",))
Rescaling = describe(Layer, "Rescaling", "visml_rescaling", ("scale", "offset"))
Add = describe(Layer, "Add", "visml_add")
Concatenate = describe(Layer, "Concatenate", "visml_concatenate", ("axis",))
LSTM = describe(Layer, "LSTM", "visml_lstm", ("units", "activation", "recurrent_activation"))

CategoricalCrossentropy = describe(Loss, "CategoricalCrossentropy", "visml_categorical_crossentropy")
SparseCategoricalCrossentropy = describe(Loss, "SparseCategoricalCrossentropy", "visml_sparse_categorical_crossentropy")
MeanSquaredError = describe(Loss, "MeanSquaredError", "visml_mean_squared_error")

SGD = describe(Optimizer, "SGD", "visml_sgd", ("learning_rate", "momentum"))
Adam = describe(Optimizer, "Adam", "visml_adam", ("learning_rate",))

EarlyStopping = describe(Monitor, "EarlyStopping", "visml_early_stopping", ("monitor", "min_delta", "patience"))
ModelCheckpoint = describe(Monitor, "ModelCheckpoint", "visml_model_checkpoint", ("folder",))
ReduceLROnPlateau = describe(Monitor, "ReduceLROnPlateau", "visml_reduce_lr_on_plateau", ("monitor", "factor", "patience"))
CSVLogger = describe(Monitor, "CSVLogger", "visml_csv_logger", ("path",))
JSONLogger = describe(Monitor, "JSONLogger", "visml_json_logger", ("path",))
TensorBoard = describe(Monitor, "TensorBoard", "visml_tensorboard", ("log_dir",))
TerminateOnNaN = describe(Monitor, "TerminateOnNaN", "visml_terminate_on_nan")

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
