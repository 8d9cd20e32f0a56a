"""Layers, losses, schedules, optimizers: descriptions, made into objects of the library when a model or a training run takes them.

The classes are made from the options structs: their keywords are the structs' fields, with Keras' names and defaults. A description can be
used any number of times. Wrong keywords fail here; values out of range fail where the description is used, with the library's message.
"""
import ctypes

from . import _ffi, _options
from ._call import call, read_text
from ._ffi import lib
from .context import default_context


class Description:
    """A constructor of the library and its options."""
    _function = None
    _struct = None

    def __init__(self, *arguments, **options):
        bound = type(self).__signature__.bind(*arguments, **options)
        self.options = {k: v for k, v in bound.arguments.items() if v is not None}
        self._check()

    def _check(self):
        """Fails for options that no struct can hold."""
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


class Described(Description):
    """A description that is also JSON: what the command line takes and a checkpoint holds."""
    _from_json = _to_json = _free = None  # of the library
    _text = None  # the JSON that takes the place of the options

    @classmethod
    def from_json(cls, text):
        """From {"class": "adamw", "weight_decay": 0.01} or the name of a class alone."""
        made = cls.__new__(cls)
        made.options, made._text = {}, text
        return made

    def to_json(self):
        """Class and options that are not default, as text."""
        handle = self._make(default_context())
        try:
            return read_text(self._to_json, handle)
        finally:
            self._free(handle)

    def _make(self, context):
        if self._text is None:
            return self._build(context)
        encoded = self._text.encode()
        return call(self._from_json, context._handle, encoded, len(encoded))

    def _build(self, context):
        return super()._make(context)

    def __repr__(self):
        return super().__repr__() if self._text is None else f"{type(self).__name__}.from_json({self._text!r})"


class Loss(Described):
    """What training makes small."""
    _from_json, _to_json, _free = "visml_loss_from_json", lib.visml_loss_to_json, lib.visml_loss_free


class Schedule(Described):
    """A learning rate for each step: what an optimizer takes as its learning_rate. Called with a step, it gives that step's rate."""
    _from_json, _to_json, _free = "visml_schedule_from_json", lib.visml_schedule_to_json, lib.visml_schedule_free

    def _check(self):
        _options.build(self._struct, {k: v for k, v in self.options.items() if k != "then"})
        if not isinstance(self.options.get("then"), (Schedule, type(None))):
            raise TypeError(f"then is {self.options['then']!r}, must be a Schedule")

    def _build(self, context):
        options = dict(self.options)
        then = options.pop("then", None)
        opts = _options.build(self._struct, options)
        following = None if then is None else then._make(context)
        if following is not None:
            opts.then = following
        try:
            return call(self._function, context._handle, ctypes.byref(opts))
        finally:
            lib.visml_schedule_free(following)

    def __call__(self, step):
        handle = self._make(default_context())
        try:
            return lib.visml_schedule_learning_rate(handle, step)
        finally:
            lib.visml_schedule_free(handle)


COMMON = tuple(_options.keywords(_ffi.visml_optimizer_opts))


class Optimizer(Described):
    """How gradients become steps. learning_rate may be a Schedule; every optimizer takes weight_decay, clipnorm, clipvalue,
    global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps and exclude_from_weight_decay (words or
    a list of them) beside its own options."""
    _from_json, _to_json, _free = "visml_optimizer_from_json", lib.visml_optimizer_to_json, lib.visml_optimizer_free

    def _check(self):
        own = {k: v for k, v in self.options.items() if k not in COMMON and not isinstance(v, Schedule)}
        _options.build(self._struct, own)
        _options.build(_ffi.visml_optimizer_opts, _words({k: v for k, v in self.options.items() if k in COMMON}))

    def _build(self, context):
        own = {k: v for k, v in self.options.items() if k not in COMMON}
        common = _options.build(_ffi.visml_optimizer_opts, _words({k: v for k, v in self.options.items() if k in COMMON}))
        rate, schedule = own.get("learning_rate"), None
        if isinstance(rate, Schedule):
            del own["learning_rate"]
            schedule = common.schedule = rate._make(context)
        opts = _options.build(self._struct, own)
        opts.common = ctypes.pointer(common)
        try:
            return call(self._function, context._handle, ctypes.byref(opts))
        finally:
            lib.visml_schedule_free(schedule)


def _words(options):
    words = options.get("exclude_from_weight_decay")
    return options if words is None or isinstance(words, str) else {**options, "exclude_from_weight_decay": ",".join(words)}


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
    struct = _ffi.PROTOTYPES[function][1][-2]._type_
    extra = COMMON if issubclass(base, Optimizer) else ("then",) if struct is _ffi.visml_warmup_opts else ()
    signature = _options.signature(struct, positional, extra)
    doc = f"{function} in visml/{header}. Options: {', '.join((*_options.keywords(struct), *extra))}."
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
Subtract = describe(Layer, "Subtract", "visml_subtract")
Multiply = describe(Layer, "Multiply", "visml_multiply")
Average = describe(Layer, "Average", "visml_average")
Maximum = describe(Layer, "Maximum", "visml_maximum")
Minimum = describe(Layer, "Minimum", "visml_minimum")
Permute = describe(Layer, "Permute", "visml_permute", ("dims",))
ZeroPadding2D = describe(Layer, "ZeroPadding2D", "visml_zero_padding2d", ("padding",))
ZeroPadding1D = describe(Layer, "ZeroPadding1D", "visml_zero_padding1d", ("padding",))
Cropping2D = describe(Layer, "Cropping2D", "visml_cropping2d", ("cropping",))
Cropping1D = describe(Layer, "Cropping1D", "visml_cropping1d", ("cropping",))
UpSampling2D = describe(Layer, "UpSampling2D", "visml_up_sampling2d", ("size",))
RepeatVector = describe(Layer, "RepeatVector", "visml_repeat_vector", ("n",))
SpatialDropout2D = describe(Layer, "SpatialDropout2D", "visml_spatial_dropout2d", ("rate",))
SpatialDropout1D = describe(Layer, "SpatialDropout1D", "visml_spatial_dropout1d", ("rate",))
GaussianDropout = describe(Layer, "GaussianDropout", "visml_gaussian_dropout", ("rate",))
GaussianNoise = describe(Layer, "GaussianNoise", "visml_gaussian_noise", ("stddev",))
Embedding = describe(Layer, "Embedding", "visml_embedding", ("input_dim", "output_dim"))
PReLU = describe(Layer, "PReLU", "visml_prelu", ("alpha_initializer",))
LSTM = describe(Layer, "LSTM", "visml_lstm", ("units", "activation", "recurrent_activation"))
Conv1D = describe(Layer, "Conv1D", "visml_conv1d", ("filters", "kernel_size"))
Conv2DTranspose = describe(Layer, "Conv2DTranspose", "visml_conv2d_transpose", ("filters", "kernel_size"))
DepthwiseConv2D = describe(Layer, "DepthwiseConv2D", "visml_depthwise_conv2d", ("kernel_size",))
SeparableConv2D = describe(Layer, "SeparableConv2D", "visml_separable_conv2d", ("filters", "kernel_size"))
MaxPooling1D = describe(Layer, "MaxPooling1D", "visml_maxpool1d", ("pool_size",))
AveragePooling1D = describe(Layer, "AveragePooling1D", "visml_avgpool1d", ("pool_size",))
GlobalMaxPooling1D = describe(Layer, "GlobalMaxPooling1D", "visml_global_maxpool1d")
GlobalAveragePooling1D = describe(Layer, "GlobalAveragePooling1D", "visml_global_avgpool1d")
GlobalMaxPooling2D = describe(Layer, "GlobalMaxPooling2D", "visml_global_maxpool2d")
LayerNormalization = describe(Layer, "LayerNormalization", "visml_layernorm", ("axis", "epsilon"))
GroupNormalization = describe(Layer, "GroupNormalization", "visml_groupnorm", ("groups",))
GRU = describe(Layer, "GRU", "visml_gru", ("units", "activation", "recurrent_activation"))
SimpleRNN = describe(Layer, "SimpleRNN", "visml_simple_rnn", ("units", "activation"))
Bidirectional = describe(Wrapper, "Bidirectional", "visml_bidirectional")
TimeDistributed = describe(Wrapper, "TimeDistributed", "visml_time_distributed")
Masking = describe(Layer, "Masking", "visml_masking", ("mask_value",))
Rows = describe(Layer, "Rows", "visml_rows")
SlidingWindow = describe(Layer, "SlidingWindow", "visml_sliding_window", ("window", "strides"))

CategoricalCrossentropy = describe(Loss, "CategoricalCrossentropy", "visml_categorical_crossentropy")
SparseCategoricalCrossentropy = describe(Loss, "SparseCategoricalCrossentropy", "visml_sparse_categorical_crossentropy")
MeanSquaredError = describe(Loss, "MeanSquaredError", "visml_mean_squared_error")

BinaryCrossentropy = describe(Loss, "BinaryCrossentropy", "visml_binary_crossentropy")
CategoricalFocalCrossentropy = describe(Loss, "CategoricalFocalCrossentropy", "visml_categorical_focal_crossentropy")
BinaryFocalCrossentropy = describe(Loss, "BinaryFocalCrossentropy", "visml_binary_focal_crossentropy")
MeanAbsoluteError = describe(Loss, "MeanAbsoluteError", "visml_mean_absolute_error")
Huber = describe(Loss, "Huber", "visml_huber", ("delta",))
Hinge = describe(Loss, "Hinge", "visml_hinge")
SquaredHinge = describe(Loss, "SquaredHinge", "visml_squared_hinge")
CategoricalHinge = describe(Loss, "CategoricalHinge", "visml_categorical_hinge")
KLDivergence = describe(Loss, "KLDivergence", "visml_kl_divergence")
Poisson = describe(Loss, "Poisson", "visml_poisson")
CosineSimilarity = describe(Loss, "CosineSimilarity", "visml_cosine_similarity")
LogCosh = describe(Loss, "LogCosh", "visml_log_cosh")

ExponentialDecay = describe(Schedule, "ExponentialDecay", "visml_exponential_decay",
                            ("initial_learning_rate", "decay_steps", "decay_rate", "staircase"))
InverseTimeDecay = describe(Schedule, "InverseTimeDecay", "visml_inverse_time_decay",
                            ("initial_learning_rate", "decay_steps", "decay_rate", "staircase"))
PiecewiseConstantDecay = describe(Schedule, "PiecewiseConstantDecay", "visml_piecewise_constant_decay", ("boundaries", "values"))
PolynomialDecay = describe(Schedule, "PolynomialDecay", "visml_polynomial_decay",
                            ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle"))
CosineDecay = describe(Schedule, "CosineDecay", "visml_cosine_decay", ("initial_learning_rate", "decay_steps", "alpha"))
CosineDecayRestarts = describe(Schedule, "CosineDecayRestarts", "visml_cosine_decay_restarts",
                               ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha"))
Warmup = describe(Schedule, "Warmup", "visml_warmup", ("warmup_steps",))
OneCycle = describe(Schedule, "OneCycle", "visml_one_cycle", ("max_learning_rate", "total_steps", "pct_start"))

SGD = describe(Optimizer, "SGD", "visml_sgd", ("learning_rate", "momentum"))
Adam = describe(Optimizer, "Adam", "visml_adam", ("learning_rate",))
AdamW = describe(Optimizer, "AdamW", "visml_adamw", ("learning_rate", "weight_decay"))
Nadam = describe(Optimizer, "Nadam", "visml_nadam", ("learning_rate",))
Adamax = describe(Optimizer, "Adamax", "visml_adamax", ("learning_rate",))
RMSprop = describe(Optimizer, "RMSprop", "visml_rmsprop", ("learning_rate", "rho", "momentum", "epsilon", "centered"))
Adagrad = describe(Optimizer, "Adagrad", "visml_adagrad", ("learning_rate", "initial_accumulator_value"))
Adadelta = describe(Optimizer, "Adadelta", "visml_adadelta", ("learning_rate", "rho"))
Lion = describe(Optimizer, "Lion", "visml_lion", ("learning_rate", "beta_1", "beta_2"))

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
    "binary_crossentropy": BinaryCrossentropy, "categorical_focal_crossentropy": CategoricalFocalCrossentropy,
    "binary_focal_crossentropy": BinaryFocalCrossentropy, "mean_absolute_error": MeanAbsoluteError, "mae": MeanAbsoluteError,
    "huber": Huber, "hinge": Hinge, "squared_hinge": SquaredHinge, "categorical_hinge": CategoricalHinge, "kl_divergence": KLDivergence,
    "poisson": Poisson, "cosine_similarity": CosineSimilarity, "log_cosh": LogCosh,
    "adamw": AdamW, "nadam": Nadam, "adamax": Adamax, "rmsprop": RMSprop, "adagrad": Adagrad, "adadelta": Adadelta, "lion": Lion,
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
