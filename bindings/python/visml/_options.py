"""Keyword arguments from the options structs: the names of the fields, with Python's values.

- None, or leaving it out, means the default; a 0.0 that is written down is meant (VISML_ZERO where the struct needs it).
- Enumerations are strings: activation="relu", padding="same". Integers are taken too.
- Fields that say no are turned round: use_bias=False for no_bias = 1.
- A single number for an array of two stands for both.
"""
import ctypes
import inspect
import os

from . import _call, _ffi

# Field -> the word that says the opposite.
TURNED = {"no_bias": "use_bias", "no_center": "center", "no_scale": "scale", "no_shuffle": "shuffle",
          "no_unit_forget_bias": "unit_forget_bias", "frozen": "trainable", "no_reset_after": "reset_after"}

ACTIVATIONS = ("linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax", "relu6", "identity", "gelu", "gelu_tanh", "silu", "elu",
               "selu", "softplus", "softsign", "hard_sigmoid", "hard_silu", "exponential", "mish", "log_softmax")
# Field -> Keras' keyword, where a struct cannot have that name.
RENAMED = {"sizes": "size"}

INITIALIZERS = (None, "zeros", "ones", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal",
                "random_uniform", "random_normal", "orthogonal")
# Field or argument, or (struct, field) -> value by name. The names follow the header's constants; a test compares them.
WATCH_MODES = {"auto": 0, "min": 1, "max": 2}
ENUMS = {
    "activation": {n: i for i, n in enumerate(ACTIVATIONS)} | {"swish": 10, "hard_swish": 16},
    "recurrent_activation": {n: i for i, n in enumerate(ACTIVATIONS)} | {"swish": 10, "hard_swish": 16},
    "kernel_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "recurrent_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "bias_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "embeddings_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "alpha_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    ("visml_up_sampling2d_opts", "interpolation"): {"nearest": 0, "bilinear": 1},
    "depthwise_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "pointwise_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "beta_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "gamma_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "moving_mean_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "moving_variance_initializer": {n: i for i, n in enumerate(INITIALIZERS) if n},
    "padding": {"valid": 0, "same": 1, "causal": 2},
    "merge_mode": {"concat": 0, "sum": 1, "mul": 2, "ave": 3},
    "on_invalid": {"drop": 0, "error": 1, "keep": 2},
    "color": {"as_is": 0, "gray": 1, "rgb": 3, "rgba": 4},
    "fit": {"stretch": 0, "crop": 1, "pad": 2},
    "filter": {"bilinear": 0, "nearest": 1, "area": 2},
    "anneal_strategy": {"cos": 0, "linear": 1},
    "mode": {"stratified": 0, "random": 1, "grouped": 2},
    ("visml_early_stopping_opts", "mode"): WATCH_MODES,
    ("visml_model_checkpoint_opts", "mode"): WATCH_MODES,
    ("visml_reduce_lr_on_plateau_opts", "mode"): WATCH_MODES,
    ("visml_random_flip_opts", "mode"): {"horizontal_and_vertical": 0, "horizontal": 1, "vertical": 2},
    "fill_mode": {"reflect": 0, "constant": 1, "nearest": 2, "wrap": 3},
    "interpolation": {"bilinear": 0, "nearest": 1},
    ("visml_eval_opts", "mode"): WATCH_MODES,
    ("visml_exporter_opts", "mode"): WATCH_MODES,
    ("visml_exporter_opts", "kind"): {"latest": 0, "best": 1, "final": 2},
}

# Real-valued fields in which 0 is not the default and VISML_ZERO asks for it.
ZERO = {
    "visml_batchnorm_opts": {"momentum"},
    "visml_dropout_opts": {"rate"},
    "visml_gaussian_noise_opts": {"stddev"},
    "visml_activation_opts": {"alpha"},
    "visml_rescaling_opts": {"scale"},
    "visml_focal_opts": {"alpha", "gamma"},
    "visml_decay_opts": {"initial_learning_rate", "decay_rate"},
    "visml_polynomial_decay_opts": {"initial_learning_rate", "end_learning_rate", "power"},
    "visml_cosine_decay_opts": {"initial_learning_rate"},
    "visml_cosine_decay_restarts_opts": {"initial_learning_rate", "m_mul"},
    "visml_one_cycle_opts": {"max_learning_rate", "pct_start"},
    "visml_optimizer_opts": {"weight_decay", "ema_momentum"},
    "visml_sgd_opts": {"learning_rate"},
    "visml_adam_opts": {"learning_rate", "beta_1", "beta_2"},
    "visml_reduce_lr_on_plateau_opts": {"min_delta"},
    "visml_random_grayscale_opts": {"factor"},
    "visml_random_erasing_opts": {"fill_value"},
    "visml_moments_opts": {"learning_rate", "beta_1", "beta_2"},
    "visml_rmsprop_opts": {"learning_rate", "rho"},
    "visml_adagrad_opts": {"learning_rate", "initial_accumulator_value"},
    "visml_adadelta_opts": {"learning_rate", "rho"},
    "visml_lion_opts": {"learning_rate", "beta_2"},
    "visml_lr_range_opts": {"smoothing"},
    "visml_conv2d_transpose_opts": {"output_padding"},
}

# Two reals are a range, from and to; a 0 in it is meant.
RANGE = _ffi.double * 2

# Activations whose default is not linear: "linear" is VISML_IDENTITY there.
NOT_LINEAR = {"visml_lstm_opts": {"activation", "recurrent_activation"}, "visml_gru_opts": {"activation", "recurrent_activation"},
              "visml_simple_rnn_opts": {"activation"}}

# Arrays that hold the sides of a frame.
FRAMES = {"padding", "cropping"}

PATHS = {"checkpoint_dir", "model_dir", "path", "folder", "log_dir"}
NUMBERS = (_ffi.int32, _ffi.uint32, _ffi.int64, _ffi.uint64, _ffi.double, _ffi.c_char_p)


def keywords(struct):
    """{keyword: field} of the fields that a Python value can be given for: numbers, arrays of them, strings."""
    found = {}
    for name, kind in struct._fields_:
        plain = kind in NUMBERS or (isinstance(kind, type) and issubclass(kind, ctypes.Array))
        if plain and name not in ("size", "reserved"):
            found[TURNED.get(name, RENAMED.get(name, name))] = name
    return found


def signature(struct, positional=(), extra=()):
    """What inspect and help() show: `positional` may be given without their names, `extra` keywords are the caller's."""
    names = keywords(struct)
    parameter = inspect.Parameter
    listed = [parameter(n, parameter.POSITIONAL_OR_KEYWORD, default=None) for n in positional]
    listed += [parameter(n, parameter.KEYWORD_ONLY, default=None) for n in (*names, *extra) if n not in positional]
    return inspect.Signature(listed)


def enum_of(struct, name):
    """{name: number} of a field or an argument (struct None); None where it is no enumeration."""
    return ENUMS.get((struct, name)) or ENUMS.get(name)


def enum(name, value, struct=None):
    """The number of a named value."""
    names = enum_of(struct, name)
    if not isinstance(value, str):
        return _call.whole(value, _ffi.int32, name)
    if value not in names:
        raise ValueError(f"{name} is {value!r}, must be one of {', '.join(map(repr, names))}")
    return names[value]


def one(struct, name, kind, value, what):
    """One number as the field takes it."""
    if enum_of(struct.__name__, name):
        number = enum(name, value, struct.__name__)
        return _ffi.VISML_IDENTITY if number == 0 and name in NOT_LINEAR.get(struct.__name__, ()) else number
    if kind is _ffi.double:
        number = float(value)
        return _ffi.VISML_ZERO if number == 0 and name in ZERO.get(struct.__name__, ()) else number
    if name in TURNED:
        return int(not value)
    return _call.whole(value, kind, what)


def frame(value, sides):
    """What Keras takes for the sides of an image or a sequence, as (top, bottom, left, right) or (left, right): one number for all, one for
    each direction, or pairs of them."""
    values = [value] * (sides // 2) if not hasattr(value, "__len__") else list(value)
    if len(values) == sides and not any(hasattr(v, "__len__") for v in values):
        return values
    return [n for v in values for n in (v if hasattr(v, "__len__") else (v, v))]


def fill_array(options, name, kind, value):
    array = getattr(options, name)
    if name in FRAMES:
        value = frame(value, len(array))
        if len(value) != len(array):
            raise ValueError(f"{name} has {len(value)} numbers, must have {len(array)}, or one for all, or one for each direction")
    values = [value] if not hasattr(value, "__len__") else list(value)
    if not 0 < len(values) <= len(array):
        raise ValueError(f"{name} has {len(values)} numbers, must have 1 to {len(array)}")
    for i, v in enumerate(values):
        number = one(type(options), name, kind._type_, v, f"{name}[{i}]")
        array[i] = _ffi.VISML_ZERO if number == 0 and kind == RANGE else number


def build(struct, values):
    """An options struct from keywords; unknown ones are a TypeError that lists what there is."""
    names = keywords(struct)
    kinds = dict(struct._fields_)
    options = struct(size=ctypes.sizeof(struct))
    for keyword, value in values.items():
        if keyword not in names:
            raise TypeError(f"{keyword!r} is not an option of {struct.__name__}; there are {', '.join(names)}")
        name = names[keyword]
        kind = kinds[name]
        if value is None:
            continue
        if kind is _ffi.c_char_p:
            setattr(options, name, _call.path(value) if name in PATHS or isinstance(value, os.PathLike) else _call.text(value, name))
        elif issubclass(kind, ctypes.Array):
            fill_array(options, name, kind, value)
        else:
            setattr(options, name, one(struct, name, kind, value, keyword))
    return options
