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
    """A layer of a network."""


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


def _describe(base, name, function, positional=()):
    struct = _ffi.PROTOTYPES[function][1][1]._type_
    extra = COMMON if issubclass(base, Optimizer) else ("then",) if struct is _ffi.visml_warmup_opts else ()
    signature = _options.signature(struct, positional, extra)
    doc = f"{function} in visml/nn.h. Options: {', '.join((*_options.keywords(struct), *extra))}."
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

CategoricalCrossentropy = _describe(Loss, "CategoricalCrossentropy", "visml_categorical_crossentropy")
SparseCategoricalCrossentropy = _describe(Loss, "SparseCategoricalCrossentropy", "visml_sparse_categorical_crossentropy")
MeanSquaredError = _describe(Loss, "MeanSquaredError", "visml_mean_squared_error")

BinaryCrossentropy = _describe(Loss, "BinaryCrossentropy", "visml_binary_crossentropy")
CategoricalFocalCrossentropy = _describe(Loss, "CategoricalFocalCrossentropy", "visml_categorical_focal_crossentropy")
BinaryFocalCrossentropy = _describe(Loss, "BinaryFocalCrossentropy", "visml_binary_focal_crossentropy")
MeanAbsoluteError = _describe(Loss, "MeanAbsoluteError", "visml_mean_absolute_error")
Huber = _describe(Loss, "Huber", "visml_huber", ("delta",))
Hinge = _describe(Loss, "Hinge", "visml_hinge")
SquaredHinge = _describe(Loss, "SquaredHinge", "visml_squared_hinge")
CategoricalHinge = _describe(Loss, "CategoricalHinge", "visml_categorical_hinge")
KLDivergence = _describe(Loss, "KLDivergence", "visml_kl_divergence")
Poisson = _describe(Loss, "Poisson", "visml_poisson")
CosineSimilarity = _describe(Loss, "CosineSimilarity", "visml_cosine_similarity")
LogCosh = _describe(Loss, "LogCosh", "visml_log_cosh")

ExponentialDecay = _describe(Schedule, "ExponentialDecay", "visml_exponential_decay",
                             ("initial_learning_rate", "decay_steps", "decay_rate", "staircase"))
InverseTimeDecay = _describe(Schedule, "InverseTimeDecay", "visml_inverse_time_decay",
                             ("initial_learning_rate", "decay_steps", "decay_rate", "staircase"))
PiecewiseConstantDecay = _describe(Schedule, "PiecewiseConstantDecay", "visml_piecewise_constant_decay", ("boundaries", "values"))
PolynomialDecay = _describe(Schedule, "PolynomialDecay", "visml_polynomial_decay",
                            ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle"))
CosineDecay = _describe(Schedule, "CosineDecay", "visml_cosine_decay", ("initial_learning_rate", "decay_steps", "alpha"))
CosineDecayRestarts = _describe(Schedule, "CosineDecayRestarts", "visml_cosine_decay_restarts",
                                ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha"))
Warmup = _describe(Schedule, "Warmup", "visml_warmup", ("warmup_steps",))
OneCycle = _describe(Schedule, "OneCycle", "visml_one_cycle", ("max_learning_rate", "total_steps", "pct_start"))

SGD = _describe(Optimizer, "SGD", "visml_sgd", ("learning_rate", "momentum"))
Adam = _describe(Optimizer, "Adam", "visml_adam", ("learning_rate",))
AdamW = _describe(Optimizer, "AdamW", "visml_adamw", ("learning_rate", "weight_decay"))
Nadam = _describe(Optimizer, "Nadam", "visml_nadam", ("learning_rate",))
Adamax = _describe(Optimizer, "Adamax", "visml_adamax", ("learning_rate",))
RMSprop = _describe(Optimizer, "RMSprop", "visml_rmsprop", ("learning_rate", "rho", "momentum", "epsilon", "centered"))
Adagrad = _describe(Optimizer, "Adagrad", "visml_adagrad", ("learning_rate", "initial_accumulator_value"))
Adadelta = _describe(Optimizer, "Adadelta", "visml_adadelta", ("learning_rate", "rho"))
Lion = _describe(Optimizer, "Lion", "visml_lion", ("learning_rate", "beta_1", "beta_2"))

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
