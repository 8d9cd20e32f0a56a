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
    """A layer of a network."""


class Loss(Description):
    """What training makes small."""


class Optimizer(Description):
    """How gradients become steps."""


def _describe(base, name, function, positional=()):
    struct = _ffi.PROTOTYPES[function][1][1]._type_
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
Conv1D = _describe(Layer, "Conv1D", "visml_conv1d", ("filters", "kernel_size"))
Conv2DTranspose = _describe(Layer, "Conv2DTranspose", "visml_conv2d_transpose", ("filters", "kernel_size"))
DepthwiseConv2D = _describe(Layer, "DepthwiseConv2D", "visml_depthwise_conv2d", ("kernel_size",))
SeparableConv2D = _describe(Layer, "SeparableConv2D", "visml_separable_conv2d", ("filters", "kernel_size"))
MaxPooling1D = _describe(Layer, "MaxPooling1D", "visml_maxpool1d", ("pool_size",))
AveragePooling1D = _describe(Layer, "AveragePooling1D", "visml_avgpool1d", ("pool_size",))
GlobalMaxPooling1D = _describe(Layer, "GlobalMaxPooling1D", "visml_global_maxpool1d")
GlobalAveragePooling1D = _describe(Layer, "GlobalAveragePooling1D", "visml_global_avgpool1d")
GlobalMaxPooling2D = _describe(Layer, "GlobalMaxPooling2D", "visml_global_maxpool2d")
LayerNormalization = _describe(Layer, "LayerNormalization", "visml_layernorm", ("axis", "epsilon"))
GroupNormalization = _describe(Layer, "GroupNormalization", "visml_groupnorm", ("groups",))
LSTM = _describe(Layer, "LSTM", "visml_lstm", ("units", "activation", "recurrent_activation"))

CategoricalCrossentropy = _describe(Loss, "CategoricalCrossentropy", "visml_categorical_crossentropy")
SparseCategoricalCrossentropy = _describe(Loss, "SparseCategoricalCrossentropy", "visml_sparse_categorical_crossentropy")
MeanSquaredError = _describe(Loss, "MeanSquaredError", "visml_mean_squared_error")

SGD = _describe(Optimizer, "SGD", "visml_sgd", ("learning_rate", "momentum"))
Adam = _describe(Optimizer, "Adam", "visml_adam", ("learning_rate",))

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
