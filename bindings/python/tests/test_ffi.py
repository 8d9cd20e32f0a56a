"""_ffi.py and _options.py against the headers and a C compiler."""
import ctypes
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
from ctypes import CFUNCTYPE, POINTER
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/headers"), str(ROOT / "bindings/python")]
import declarations  # noqa: E402
import layout  # noqa: E402
from visml import _ffi, _options, augmentation, data, layers  # noqa: E402

HEADERS = declarations.read()
PLAIN = {"int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32, "int64_t": ctypes.c_int64, "uint64_t": ctypes.c_uint64,
         "size_t": ctypes.c_size_t, "double": ctypes.c_double}


def expected(t):
    """The ctypes type for a C type."""
    name = HEADERS.integers.get(t.name, t.name)
    if (name, t.stars) == ("void", 0):
        return None
    if (name, t.stars) == ("void", 1):
        return ctypes.c_void_p
    if name == "char":  # text that is read, text that is written, arrays of texts
        return {1: ctypes.c_char_p if t.const else POINTER(ctypes.c_char), 2: POINTER(ctypes.c_char_p)}[t.stars]
    kind = PLAIN.get(name) or getattr(_ffi, name)
    for _ in range(t.stars):
        kind = POINTER(kind)
    return kind


def expected_function(function):
    return CFUNCTYPE(expected(function.result), *(expected(p.type) for p in function.parameters))


def extent(text):
    """`2`, `VISML_MAX_RANK`, `VISML_MAX_RANK - 1`, `VISML_MAX_BOUNDARIES + 1`"""
    left, sign, right = re.fullmatch(r"(\w+)\s*([+-]?)\s*(\d*)", text).groups()
    return int(HEADERS.constants.get(left, 0) or left) + int(sign + (right or "0"))


DESCRIBED = declarations.Declarations()
declarations.parse_header("feature", DESCRIBED)
declarations.parse_header("classify", DESCRIBED)
declarations.parse_header("pipeline", DESCRIBED)


def option_structs():
    """Those that keywords are made for; features and classifiers are described in JSON."""
    return {n: fields for n, fields in HEADERS.structs.items() if n not in DESCRIBED.structs}


class Functions(unittest.TestCase):
    def test_the_names_are_those_of_visml_map(self):
        self.assertEqual(sorted(_ffi.PROTOTYPES), sorted(declarations.read_map()))

    def test_every_prototype_is_that_of_the_header(self):
        for name, function in HEADERS.functions.items():
            with self.subTest(name):
                result, arguments = _ffi.PROTOTYPES[name]
                self.assertIs(result, expected(function.result))
                self.assertEqual(len(arguments), len(function.parameters))
                for argument, parameter in zip(arguments, function.parameters):
                    self.assertIs(argument, expected(parameter.type), parameter.name)

    def test_the_prototypes_are_set(self):
        for name, (result, arguments) in _ffi.PROTOTYPES.items():
            self.assertIs(getattr(_ffi.lib, name).restype, result)
            self.assertEqual(getattr(_ffi.lib, name).argtypes, arguments)

    def test_callbacks(self):
        for name, function in HEADERS.callbacks.items():
            self.assertIs(getattr(_ffi, name), expected_function(function), name)


class Structs(unittest.TestCase):
    def test_fields(self):
        for name, fields in HEADERS.structs.items():
            struct = getattr(_ffi, name)
            with self.subTest(name):
                self.assertEqual([f[0] for f in struct._fields_], [f.name for f in fields])
                for (_, kind), field in zip(struct._fields_, fields):
                    if field.function:
                        self.assertIs(kind, expected_function(field.function), field.name)
                    elif field.type.name in HEADERS.callbacks:
                        self.assertIs(kind, getattr(_ffi, field.type.name), field.name)
                    elif field.array:
                        element = ctypes.c_char if field.type.name == "char" else expected(field.type)
                        self.assertIs(kind, element * extent(field.array), field.name)
                    else:
                        self.assertIs(kind, expected(field.type), field.name)

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_layout_is_what_a_c_compiler_makes(self):
        for name, (size, fields) in layout.measure(HEADERS.structs).items():
            struct = getattr(_ffi, name)
            with self.subTest(name):
                self.assertEqual(ctypes.sizeof(struct), size)
                for field, (offset, width) in fields.items():
                    self.assertEqual((getattr(struct, field).offset, getattr(struct, field).size), (offset, width), field)

    def test_opaque(self):
        for name in HEADERS.opaque:
            self.assertEqual(getattr(getattr(_ffi, name), "_fields_", None), None)


class Constants(unittest.TestCase):
    def test_values(self):
        for name, value in HEADERS.constants.items():
            if not name.startswith("VISML_VERSION_"):
                self.assertEqual(getattr(_ffi, name), value, name)

    def test_names_of_enumerations(self):
        """{"relu": 1} for VISML_RELU: the constant's name without its group, in small letters."""
        prefixes = {"visml_act": "VISML_", "visml_padding": "VISML_", "visml_init": "VISML_INIT_", "visml_color": "VISML_COLOR_",
                    "visml_fit_mode": "VISML_FIT_", "visml_filter": "VISML_FILTER_", "visml_on_invalid": "VISML_INVALID_",
                    "visml_split_mode": "VISML_SPLIT_", "visml_flip_mode": "VISML_FLIP_", "visml_fill_mode": "VISML_FILL_",
                    "visml_interpolation": "VISML_INTERPOLATION_", "visml_watch_mode": "VISML_MODE_",
                    "visml_anneal": "VISML_ANNEAL_",
                    "visml_up_sampling": "VISML_UP_",
                    "visml_merge": "VISML_MERGE_",
                    "visml_exporter_kind": "VISML_EXPORT_"}
        for struct, fields in option_structs().items():
            for field in fields:
                if field.type.name not in prefixes:
                    self.assertFalse(struct.endswith("_opts") and field.type.name in HEADERS.integers, f"{struct}.{field.name}")
                    continue
                prefix = prefixes[field.type.name]
                values = {n[len(prefix):].lower(): v for n, v in HEADERS.zeros[field.type.name].items()}
                values.pop("default", None)
                self.assertEqual(_options.enum_of(struct, field.name), values, f"{struct}.{field.name}")

    def test_fields_that_take_visml_zero(self):
        said = {}
        for struct, fields in option_structs().items():
            for field in fields:
                if "VISML_ZERO" in field.comment:
                    said.setdefault(struct, set()).add(field.name)
        self.assertEqual(_options.ZERO, said)

    def test_turned_flags_exist(self):
        there = {f.name for fields in option_structs().values() for f in fields}
        self.assertLessEqual(set(_options.TURNED), there)
        self.assertEqual({n for n in there if n.startswith("no_")} | {"frozen"}, set(_options.TURNED))


class Descriptions(unittest.TestCase):
    def test_every_constructor_of_nn_h_has_a_class(self):
        there = {c._function for c in vars(layers).values() if isinstance(c, type) and getattr(c, "_function", None)}
        made = {n for n, f in HEADERS.functions.items() if f.header == "nn" and f.parameters[0].name == "ctx"
                and not n.endswith("_from_json")}
        made |= {n for n, f in HEADERS.functions.items() if f.result.name == "visml_monitor" and f.result.stars}
        self.assertEqual(there, made - {"visml_learning_rate_scheduler", "visml_monitor_from_json"})

    def test_every_augmentation_has_a_class(self):
        there = {c._function for c in vars(augmentation).values() if isinstance(c, type) and getattr(c, "_function", None)}
        made = {n for n, f in HEADERS.functions.items() if f.result.name == "visml_augmentation" and f.parameters[1].name == "opts"}
        self.assertEqual(there, made)

    def test_ranges(self):
        o = _options.build(_ffi.visml_random_zoom_opts, {"height_factor": 0.5, "width_factor": (0.25, 0), "fill_mode": "wrap"})
        self.assertEqual((list(o.height_factor), list(o.width_factor), o.fill_mode), ([0.5, 0], [0.25, _ffi.VISML_ZERO], 3))
        self.assertEqual(_options.build(_ffi.visml_random_flip_opts, {"mode": "vertical"}).mode, _ffi.VISML_FLIP_VERTICAL)

    def test_keywords(self):
        self.assertEqual(list(_options.keywords(_ffi.visml_conv2d_opts)),
                         ["filters", "kernel_size", "strides", "dilation_rate", "padding", "groups", "activation", "use_bias",
                          "kernel_initializer", "bias_initializer", "name"])
        self.assertEqual(list(_options.keywords(_ffi.visml_plain_opts)), ["name"])

    def test_build(self):
        o = _options.build(_ffi.visml_conv2d_opts, {"filters": 8, "kernel_size": 3, "strides": (2, 1), "padding": "same",
                                                    "activation": "relu", "use_bias": False, "name": "c"})
        self.assertEqual((o.size, o.filters, list(o.kernel_size), list(o.strides), o.padding, o.activation, o.no_bias, o.name),
                         (64, 8, [3, 0], [2, 1], 1, 1, 1, b"c"))

    def test_zero_that_is_meant(self):
        self.assertEqual(_options.build(_ffi.visml_batchnorm_opts, {"momentum": 0}).momentum, _ffi.VISML_ZERO)
        self.assertEqual(_options.build(_ffi.visml_batchnorm_opts, {"momentum": None}).momentum, 0)
        self.assertEqual(_options.build(_ffi.visml_rescaling_opts, {"offset": 0.0}).offset, 0)

    def test_linear_where_it_is_not_the_default(self):
        o = _options.build(_ffi.visml_lstm_opts, {"units": 2, "activation": "linear", "unit_forget_bias": False})
        self.assertEqual((o.activation, o.recurrent_activation, o.no_unit_forget_bias), (_ffi.VISML_IDENTITY, 0, 1))
        self.assertEqual(_options.build(_ffi.visml_dense_opts, {"activation": "linear"}).activation, 0)

    def test_frames(self):
        """As Keras takes them: one number, one for each direction, pairs; and all four."""
        for value, sides in ((2, [2, 2, 2, 2]), ((1, 2), [1, 1, 2, 2]), (((1, 2), (3, 4)), [1, 2, 3, 4]), ((4, 3, 2, 1), [4, 3, 2, 1])):
            self.assertEqual(list(_options.build(_ffi.visml_zero_padding2d_opts, {"padding": value}).padding), sides)
        for value, sides in ((2, [2, 2]), ((1, 2), [1, 2])):
            self.assertEqual(list(_options.build(_ffi.visml_cropping1d_opts, {"cropping": value}).cropping), sides)
        with self.assertRaisesRegex(ValueError, "padding has 6 numbers, must have 4"):
            _options.build(_ffi.visml_zero_padding2d_opts, {"padding": (1, 2, 3)})

    def test_keywords_of_keras(self):
        self.assertEqual(list(_options.build(_ffi.visml_up_sampling2d_opts, {"size": 3, "interpolation": "bilinear"}).sizes), [3, 0])
        self.assertEqual(layers.Activation("swish").options, {"activation": "swish"})
        self.assertEqual(_options.enum("activation", "hard_swish"), _ffi.VISML_HARD_SILU)

    def test_wrong_options(self):
        for values, kind, text in (({"filter": 3}, TypeError, "filters"), ({"padding": "full"}, ValueError, "'valid', 'same'"),
                                   ({"filters": 2**40}, ValueError, "filters is 1099511627776"), ({"filters": 1.5}, TypeError, ""),
                                   ({"kernel_size": (1, 2, 3)}, ValueError, "kernel_size has 3"),
                                   ({"name": "a\0b"}, ValueError, "zero byte"), ({"name": 3}, TypeError, "name must be a str")):
            with self.subTest(values), self.assertRaisesRegex(kind, text):
                _options.build(_ffi.visml_conv2d_opts, values)
        with self.assertRaises(TypeError):
            layers.Dense(1, "relu", 3)
        with self.assertRaises(TypeError):
            layers.Dense(unit=1)


class Loading(unittest.TestCase):
    def test_order(self):
        with tempfile.TemporaryDirectory() as folder:
            beside = pathlib.Path(folder).resolve() / "libvisml.so.0"
            beside.touch()
            with mock.patch.object(_ffi, "__file__", f"{folder}/_ffi.py"), mock.patch.dict("os.environ", VISML_LIBRARY="/there/x.so"):
                self.assertEqual(list(_ffi.candidates())[:3], [str(beside), "/there/x.so", "libvisml.so.0"])

    def test_not_found(self):
        with mock.patch.object(_ffi, "candidates", lambda: ["/nowhere/libvisml.so"]):
            with self.assertRaisesRegex(ImportError, "VISML_LIBRARY(.|\n)*/nowhere/libvisml.so"):
                _ffi.load()

    def test_another_library(self):
        with mock.patch.object(_ffi, "candidates", lambda: ["libc.so.6"]):
            with self.assertRaisesRegex(ImportError, "does not export visml_"):
                _ffi.load()


class Documentation(unittest.TestCase):
    def test_every_function_is_used_by_the_package(self):
        """The handles cover the whole interface; what is left out is left out on purpose."""
        folder = pathlib.Path(data.__file__).parent
        text = "".join(p.read_text() for p in folder.glob("*.py") if p.name != "_ffi.py")
        unused = {n for n in _ffi.PROTOTYPES if not re.search(rf"\b{n}\b", text)}
        # Features and classifiers are described in JSON.
        described = re.compile(r"visml_(regions|extractor|aggregator|transform|classifier)_|"
                               r"visml_features_(new|add|over|encode|pool|then)$|visml_plot_extractor$")
        unused = {n for n in unused if not described.match(n)}
        self.assertEqual(unused, {"visml_version", "visml_layer_free", "visml_dtype_name", "visml_monitor_from_json",
                                  # pipelines are described in JSON, as a whole; their parts are what to_json says
                                  "visml_pipeline_new", "visml_pipeline_features", "visml_pipeline_network", "visml_pipeline_classifier"})


if __name__ == "__main__":
    unittest.main()
