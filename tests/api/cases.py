"""What the headers promise for arguments, as data: valid values, what may be NULL, what is out of range.

Everything that is not said here follows from the types (see generate.py): a pointer may not be NULL, an enumeration must be one of its
values, a flag 0 or 1, an option not negative and not NaN.
"""

JSON = '{"layers": [{"class": "dense", "units": 0}], "input_shape": [4]}'


def json(text):
    """As a C string of JSON's length."""
    return '"' + text.ljust(len(JSON)).replace('"', '\\"') + '"'


# A valid C expression for a parameter: by (function, parameter) or by parameter.
VALUES = {
    "ctx": "f->ctx", "err": "&f->err", "t": "f->tensor", "image": "f->image", "ds": "f->dataset", "data": "f->dataset", "model": "f->model",
    "loader": "f->loader", "batch": "f->batch", "session": "f->session", "quantization": "f->quantization", "report": "f->report",
    "progress": "&f->progress",
    "layer": "fixture_take_layer(f)", "opts": "NULL", "dtype": "VISML_F32", "shape": "&fixture_shape_2x3", "input": "&fixture_shape_4",
    "status": "VISML_EINVAL", "strides": "NULL", "release": "fixture_release", "user": "NULL", "dlpack": "fixture_take_dlpack(f)",
    "bytes": "fixture_png", "info": "&f->out.info", "path": 'fixture_path("picture.png")', "height": "2", "width": "2",
    "filter": "VISML_FILTER_BILINEAR", "color": "VISML_COLOR_GRAY", "top": "1", "left": "1", "bottom": "1", "right": "1", "value": "0",
    "class_names": "fixture_names", "classes": "2", "names": "fixture_names", "fn": "fixture_sample", "i": "0", "part": '"train"',
    "text": "f->out.text", "capacity": "sizeof f->out.text", "reason": "f->out.reason", "reason_capacity": "sizeof f->out.reason",
    "path_capacity": "sizeof f->out.text", "seed": "1", "key": '"color"', "name": '"d/kernel"', "x": "f->pixels", "y": "f->scores",
    "labels": "f->labels", "scores": "f->scores", "weights": "f->weights", "k": "1", "actual": "0", "predicted": "0", "label": "0",
    "epoch": "0", "style": "0", "history": "&f->out.history", "loss": "&f->out.loss", "begin": "0", "end": "1", "parts": "f->out.parts",
    ("visml_tensor_wrap", "data"): "visml_tensor_data(f->tensor)",
    ("visml_tensor_from_dlpack", "ctx"): "f->ctx",
    ("visml_image_format_of", "n"): "fixture_png_size",
    ("visml_image_probe", "n"): "fixture_png_size", ("visml_image_decode", "n"): "fixture_png_size",
    ("visml_image_write_png", "path"): 'fixture_path("new")',
    ("visml_image_fit", "mode"): "VISML_FIT_CROP",
    ("visml_dataset_from_folder", "dir"): 'fixture_path("images")',
    ("visml_dataset_from_idx", "images"): 'fixture_path("images.idx")', ("visml_dataset_from_idx", "labels"): 'fixture_path("labels.idx")',
    ("visml_dataset_from_csv", "path"): 'fixture_path("table.csv")',
    ("visml_dataset_from_manifest", "path"): 'fixture_path("split.json")',
    ("visml_dataset_from_arrays", "images"): "f->pixels", ("visml_dataset_from_arrays", "targets"): "f->labels",
    ("visml_dataset_from_callback", "count"): "4", ("visml_dataset_from_callback", "dtype"): "VISML_U8",
    ("visml_dataset_from_callback", "shape"): "&fixture_shape_4",
    ("visml_dataset_subset", "indices"): "(const int64_t[]){0, 7}", ("visml_dataset_subset", "n"): "2",
    ("visml_dataset_with_classes", "ds"): "f->folder", ("visml_dataset_with_classes", "names"): '((const char *const[]){"b", "a"})',
    ("visml_dataset_with_classes", "n"): "2",
    ("visml_dataset_sample_shape", "shape"): "&f->out.shape",
    ("visml_dataset_dropped", "ds"): "f->damaged", ("visml_dataset_dropped_count", "ds"): "f->damaged",
    ("visml_dataset_dropped", "path"): "f->out.text",
    ("visml_dataset_path", "ds"): "f->folder",
    ("visml_split_save", "parts"): "f->parts", ("visml_split_save", "path"): 'fixture_path("new")',
    ("visml_loader_next", "batch"): "&f->out.batch",
    ("visml_tensor_reshape", "shape"): "VISML_SHAPE(3, 2)",
    ("visml_model_add", "model"): "f->open", ("visml_model_apply", "model"): "f->open", ("visml_model_build", "model"): "f->open",
    ("visml_model_apply", "inputs"): "(const int32_t[]){1}", ("visml_model_apply", "n"): "1",
    ("visml_model_from_json", "text"): json(JSON), ("visml_model_from_json", "n"): str(len(JSON)),
    ("visml_model_from_json", "classes"): "3",
    ("visml_model_set_param", "value"): "f->kernel",
    ("visml_model_set_classes", "n"): "2",
    ("visml_model_set_attribute", "value"): '"rgb"',
    ("visml_layer_with", "opts"): "VISML_OPTS(visml_layer_opts, .kernel_l2 = 0.1)",
    ("visml_model_cut", "last"): '"d"', ("visml_model_set_trainable", "first"): '"d"', ("visml_model_set_trainable", "last"): '"d"',
    ("visml_model_set_trainable", "trainable"): "1",
    ("visml_model_save", "path"): 'fixture_path("new")', ("visml_model_load", "path"): 'fixture_path("model.visml")',
    ("visml_model_load_memory", "bytes"): "fixture_file", ("visml_model_load_memory", "n"): "fixture_file_size",
    ("visml_report_add", "scores"): "f->scores",
    ("visml_evaluate", "report"): "&f->out.report",
    ("visml_history_epochs", "history"): "f->history", ("visml_history_get", "history"): "f->history",
    ("visml_history_get", "name"): '"loss"',
}

# Options that make a valid struct; and which fields must be given.
BASE = {
    "visml_conv2d_opts": ".filters = 2, .kernel_size = {1, 1}",
    "visml_dropout_opts": ".rate = 0.5",
    "visml_dense_opts": ".units = 2",
    "visml_lstm_opts": ".units = 2",
    "visml_reshape_opts": ".target_shape = {6}",
    "visml_rescaling_opts": ".scale = 2",
}
REQUIRED = {
    "visml_conv2d_opts": ("filters", "kernel_size"), "visml_dropout_opts": ("rate",), "visml_dense_opts": ("units",),
    "visml_reshape_opts": ("target_shape",), "visml_rescaling_opts": ("scale",), "visml_lstm_opts": ("units",),
}

# Pointers that may be NULL, by (function, parameter) or parameter.
NULLABLE = {
    "err", "strides", "release", "user", "class_names", ("visml_dataset_from_manifest", "part"), ("visml_model_from_json", "input"),
    ("visml_report_add", "weights"), ("visml_fit", "history"), ("visml_evaluate", "loss"), ("visml_evaluate", "report"),
    ("visml_model_set_attribute", "value"), ("visml_report_text", "names"), ("visml_model_set_trainable", "first"),
    ("visml_model_set_trainable", "last"),
}
# NULL is not spoken of: both are fine, a crash is not.
EITHER = {("visml_dataset_dropped", "path"), ("visml_dataset_dropped", "reason")}
# What a function without an error returns for a NULL handle, where it is not 0, NULL or NaN.
NULL_RESULT = {"visml_dataset_label": "-1"}

# Values out of range, by (function, parameter): (expression, words that the message must hold one of, or None for the parameter's name).
BAD = {
    ("visml_tensor_slice", "begin"): [("-1", None), ("2", None), ("INT64_MIN", None)],
    ("visml_tensor_slice", "end"): [("3", None), ("INT64_MAX", None), ("-1", "begin|end")],
    ("visml_tensor_reshape", "shape"): [("VISML_SHAPE(7)", "shape|7"), ("VISML_SHAPE(INT64_MAX, INT64_MAX)", None)],
    ("visml_image_probe", "n"): [("0", "n|empty|0")],
    ("visml_image_decode", "n"): [("0", "n|empty|0"), ("5", "n|5|PNG|bytes"), ("SIZE_MAX", "n|max_file_bytes|bytes")],
    ("visml_image_resize", "height"): [("0", None), ("-1", None), ("INT64_MAX", None)],
    ("visml_image_resize", "width"): [("0", None), ("-1", None), ("INT64_MAX", None)],
    ("visml_image_fit", "height"): [("0", None), ("-1", None), ("INT64_MAX", None)],
    ("visml_image_fit", "width"): [("0", None), ("-1", None), ("INT64_MAX", None)],
    ("visml_image_crop", "top"): [("-1", None), ("4", "top|height"), ("INT64_MAX", "top|height")],
    ("visml_image_crop", "left"): [("-1", None), ("5", "left|width"), ("INT64_MAX", "left|width")],
    ("visml_image_crop", "height"): [("0", None), ("-1", None), ("4", "top|height"), ("INT64_MAX", "top|height")],
    ("visml_image_crop", "width"): [("0", None), ("-1", None), ("5", "left|width"), ("INT64_MAX", "left|width")],
    ("visml_image_pad", "top"): [("-1", None), ("INT64_MAX", "top|height")],
    ("visml_image_pad", "bottom"): [("-1", None), ("INT64_MAX", "bottom|height")],
    ("visml_image_pad", "left"): [("-1", None), ("INT64_MAX", "left|width")],
    ("visml_image_pad", "right"): [("-1", None), ("INT64_MAX", "right|width")],
    ("visml_dataset_from_folder", "dir"): [('""', "dir|folder"), ('fixture_path("none")', "none"), ('fixture_path("table.csv")', "csv")],
    ("visml_dataset_from_idx", "images"): [('fixture_path("none")', "none"), ('fixture_path("table.csv")', "csv")],
    ("visml_dataset_from_idx", "labels"): [('fixture_path("none")', "none"), ('fixture_path("table.csv")', "csv")],
    ("visml_dataset_from_csv", "path"): [('fixture_path("none")', "none"), ('fixture_path("picture.png")', "png")],
    ("visml_dataset_from_manifest", "path"): [('fixture_path("none")', "none"), ('fixture_path("table.csv")', "csv")],
    ("visml_dataset_from_manifest", "part"): [('"exam"', "exam"), ('""', "part")],
    ("visml_dataset_from_arrays", "images"): [("f->kernel", "images|targets"), ("f->labels", "images")],
    ("visml_dataset_from_arrays", "targets"): [("f->kernel", "images|targets")],
    ("visml_dataset_from_arrays", "classes"): [("1", "1|classes")],
    ("visml_dataset_from_callback", "count"): [("-1", None), ("INT64_MIN", None)],
    ("visml_dataset_subset", "indices"): [("(const int64_t[]){0, 8}", "indices|8"), ("(const int64_t[]){-1, 0}", "indices|1")],
    ("visml_dataset_subset", "n"): [("SIZE_MAX", None)],
    ("visml_dataset_with_classes", "names"): [('((const char *const[]){"b", NULL})', "names"), ('((const char *const[]){"b", "b"})', "b"),
                                              ('((const char *const[]){"b", "c"})', "a")],
    ("visml_dataset_with_classes", "n"): [("0", "n|names|a|b"), ("1", "a")],
    ("visml_dataset_read", "i"): [("-1", "i|sample"), ("8", "i|sample"), ("INT64_MAX", "i|sample")],
    ("visml_dataset_dropped", "i"): [("1", None), ("SIZE_MAX", None)],
    ("visml_model_add", "model"): [("f->model", "built")],
    ("visml_model_apply", "model"): [("f->model", "built")],
    ("visml_model_build", "model"): [("f->model", "built"), ("f->empty", "layer")],
    ("visml_model_apply", "inputs"): [("(const int32_t[]){-1}", "inputs|input"), ("(const int32_t[]){2}", "inputs|input|node")],
    ("visml_model_apply", "n"): [("0", "n|inputs|input"), ("SIZE_MAX", "n|inputs|input")],
    ("visml_model_from_json", "text"): [(json("{"), "line|column"), (json("[]"), "layers|object|text"),
                                          (json('{"input_shape": [4], "layers": 3}'), "layers")],
    ("visml_model_from_json", "n"): [("0", "n|text|line|empty"), ("5", "line|column")],
    ("visml_model_from_json", "classes"): [("-1", None)],
    ("visml_model_cut", "model"): [("f->open", "built")],
    ("visml_model_cut", "last"): [('"none"', "none"), ('""', "last"), ('"input_layer"', "input_layer")],
    ("visml_model_set_trainable", "first"): [('"none"', "none")], ("visml_model_set_trainable", "last"): [('"none"', "none")],
    ("visml_model_set_trainable", "trainable"): [("2", None), ("-1", None)],
    ("visml_model_param", "i"): [("2", None), ("SIZE_MAX", None)],
    ("visml_model_param", "model"): [("f->open", "built|i")],
    ("visml_model_set_param", "name"): [('"none"', "none"), ('""', "name")],
    ("visml_model_set_param", "value"): [("f->tensor", "shape|value|kernel"), ("f->labels", "value|kernel|dtype|float32")],
    ("visml_model_set_classes", "names"): [('((const char *const[]){"a", NULL})', "names")],
    ("visml_model_set_attribute", "key"): [('""', "key"), ('"visml.x"', "key|x")],
    ("visml_model_save", "model"): [("f->open", "built")],
    ("visml_model_save_memory", "model"): [("f->open", "built")],
    ("visml_model_save", "path"): [('fixture_path("none/x")', "none"), ('""', "path|file")],
    ("visml_image_write_png", "path"): [('fixture_path("none/x")', "none")],
    ("visml_image_write_png", "image"): [("f->tensor", "image")],
    ("visml_image_encode_png", "image"): [("f->tensor", "image")],
    ("visml_image_read", "path"): [('fixture_path("none")', "none"), ('fixture_path("table.csv")', "csv")],
    ("visml_model_load", "path"): [('fixture_path("none")', "none"), ('fixture_path("table.csv")', "csv")],
    ("visml_model_load_memory", "n"): [("0", "n|0|bytes"), ("7", "7|bytes"), ("fixture_file_size - 1", "truncated"),
                                       ("SIZE_MAX", "n|max_file_bytes|bytes")],
    ("visml_session_new", "model"): [("f->open", "built")],
    ("visml_session_run", "x"): [("f->tensor", "x"), ("f->labels", "x")],
    ("visml_session_run", "y"): [("f->tensor", "y"), ("f->labels", "y")],
    ("visml_report_new", "classes"): [("0", None), ("SIZE_MAX", None)],
    ("visml_report_add", "labels"): [("f->weights", "labels")],
    ("visml_report_add", "scores"): [("f->weights", "scores"), ("f->pixels", "scores")],
    ("visml_report_add", "weights"): [("f->labels", "weights"), ("f->tensor", "weights")],
    ("visml_fit", "model"): [("f->open", "built")],
    ("visml_evaluate", "model"): [("f->open", "built")],
    ("visml_predict", "model"): [("f->open", "built")],
    ("visml_quantize", "model"): [("f->open", "built")],
    ("visml_quantize", "data"): [("f->folder", "shape|data|input|4")],
    ("visml_fit", "data"): [("f->folder", "shape|data|input|4")],
    ("visml_evaluate", "data"): [("f->folder", "shape|data|input|4")],
    ("visml_predict", "data"): [("f->folder", "shape|data|input|4")],
}

# The same for fields of options: {(struct, field): [(assignment, words or None for the field's name)]}. @ stands for the field.
BAD_FIELDS = {
    ("visml_context_opts", "threads"): [("@ = 1025", None)],
    ("visml_context_opts", "allocator"): [
        ("@ = &(visml_allocator){.size = sizeof(visml_allocator)}", "allocator|alloc"), ("@ = &(visml_allocator){.size = 0}", "size"),
        ("@ = &(visml_allocator){.size = sizeof(visml_allocator), .reserved = 1}", "reserved")],
    ("visml_conv2d_opts", "filters"): [("@ = INT32_MIN", None), ("@ = 0", None)],
    ("visml_conv2d_opts", "kernel_size"): [("@[0] = 0", None), ("@[1] = -1", None)],
    ("visml_conv2d_opts", "strides"): [("@[1] = -2", None)],
    ("visml_conv2d_opts", "groups"): [("@ = 3", None)],
    ("visml_batchnorm_opts", "momentum"): [("@ = 1.5", None)],
    ("visml_dropout_opts", "rate"): [("@ = 1", None), ("@ = 0", None)],
    ("visml_dense_opts", "units"): [("@ = 0", None)],
    ("visml_lstm_opts", "units"): [("@ = 0", None)],
    ("visml_lstm_opts", "activation"): [("@ = VISML_SOFTMAX", None)],
    ("visml_activation_opts", "alpha"): [("@ = 1.5", None)],
    ("visml_reshape_opts", "target_shape"): [("@[0] = -2", None), ("@[0] = @[1] = -1", None), ("@[0] = 0", None)],
    ("visml_crossentropy_opts", "label_smoothing"): [("@ = 1", None)],
    ("visml_sgd_opts", "momentum"): [("@ = 1.5", None)],
    ("visml_adam_opts", "beta_1"): [("@ = 1", None)],
    ("visml_adam_opts", "beta_2"): [("@ = 1", None)],
    ("visml_source_opts", "height"): [("@ = 5", "height|width")],
    ("visml_source_opts", "width"): [("@ = 5", "height|width")],
    ("visml_source_opts", "color"): [("@ = 2", None)],
    ("visml_split_opts", "ratio"): [("@[2] = NAN", None), ("@[1] = -1", None)],
    ("visml_split_opts", "mode"): [("@ = VISML_SPLIT_GROUPED", "group")],
    ("visml_split_opts", "group"): [('@ = "none"; o.mode = VISML_SPLIT_GROUPED', "group|groups")],
    ("visml_loader_opts", "workers"): [("@ = -2", None)],
    ("visml_loader_opts", "epochs"): [("@ = -2", None)],
    ("visml_fit_opts", "workers"): [("@ = -2", None)],
    ("visml_evaluate_opts", "workers"): [("@ = -2", None)],
    ("visml_fit_opts", "callbacks"): [
        ("o.callback_count = 1", "callbacks|callback_count"),
        ("o.callback_count = 1; @ = &(visml_callback){.size = sizeof(visml_callback), .reserved = 1}", "reserved")],
    ("visml_evaluate_opts", "callback"): [("@ = &(visml_callback){.size = sizeof(visml_callback), .reserved = 1}", "reserved"),
                                          ("@ = &(visml_callback){.size = 0}", "size")],
    ("visml_quantize_opts", "workers"): [("@ = -2", None)],
    ("visml_quantize_opts", "percentile"): [("@ = 50", None), ("@ = 100.1", None)],
    ("visml_fit_opts", "sample_weight"): [("@ = f->tensor", None)],
    ("visml_fit_opts", "validation"): [("@ = f->folder", "validation|shape")],
    ("visml_conv2d_opts", "name"): [('@ = "a/b"', None), ('@ = ""', None)],
    ("visml_dense_opts", "name"): [('@ = "a/b"', None)],
}
# Fields that have their own rows above and not the general ones (-1 is meant, or is checked later against the input).
OWN_RANGE = {
    ("visml_loader_opts", "workers"), ("visml_loader_opts", "epochs"), ("visml_fit_opts", "workers"), ("visml_evaluate_opts", "workers"),
    ("visml_quantize_opts", "workers"),
    ("visml_concatenate_opts", "axis"), ("visml_reshape_opts", "target_shape"), ("visml_rescaling_opts", "scale"),
    ("visml_rescaling_opts", "offset"),
}

# Functions that cannot fail, with arguments out of range: a C condition.
HARMLESS = [
    "strcmp(visml_status_name(7), \"unknown\") == 0", "strcmp(visml_status_name(INT32_MIN), \"unknown\") == 0",
    "visml_dtype_bytes(0) == 0", "visml_dtype_bytes(-1) == 0", "visml_dtype_bytes(INT32_MAX) == 0",
    "visml_image_format_of(fixture_png, 0) == VISML_FORMAT_UNKNOWN",
    "strcmp(visml_dtype_name(0), \"unknown\") == 0", "strcmp(visml_dtype_name(INT32_MIN), \"unknown\") == 0",
    "visml_dataset_class_name(f->dataset, 2) == NULL", "visml_dataset_class_name(f->dataset, SIZE_MAX) == NULL",
    "visml_dataset_label(f->dataset, -1) == -1", "visml_dataset_label(f->dataset, 8) == -1",
    "visml_dataset_label(f->dataset, INT64_MIN) == -1", "visml_dataset_path(f->folder, -1) == NULL",
    "visml_dataset_path(f->folder, INT64_MAX) == NULL", "visml_dataset_path(f->dataset, 0) == NULL",
    "visml_model_param_name(f->model, 2) == NULL", "visml_model_param_name(f->model, SIZE_MAX) == NULL",
    "visml_model_param_trainable(f->model, SIZE_MAX) == 0", "visml_model_class_name(f->model, SIZE_MAX) == NULL",
    "visml_model_param_count(f->open) == 0", "visml_model_input_shape(f->open) == NULL", "visml_model_output_shape(f->open) == NULL",
    "visml_model_summary(f->open, NULL, 0) == 0", "visml_model_to_json(f->open, NULL, 0) == 0",
    "visml_model_attribute(f->model, \"none\") == NULL",
    "visml_report_confusion(f->report, SIZE_MAX, 0) == 0", "visml_report_confusion(f->report, 0, SIZE_MAX) == 0",
    "!(visml_report_precision(f->report, SIZE_MAX) > 0)", "!(visml_report_recall(f->report, SIZE_MAX) > 0)",
    "!(visml_report_f1(f->report, SIZE_MAX) > 0)", "!(visml_report_support(f->report, SIZE_MAX) > 0)",
    "!(visml_report_top_k(f->report, 0) > 0)", "!(visml_report_top_k(f->report, SIZE_MAX) > 0)",
    "isnan(visml_history_get(f->history, \"none\", 0))", "isnan(visml_history_get(f->history, \"loss\", SIZE_MAX))",
    "isnan(visml_history_get(f->history, \"loss\", visml_history_epochs(f->history)))",
]
# Functions that write text: (call up to the text, a text that is longer than 10 bytes). Small capacities must hold.
TEXTS = ["visml_model_summary(f->model", "visml_model_to_json(f->model", "visml_report_text(f->report, NULL",
         "visml_progress_text(&f->progress, 0", "visml_progress_text(&f->progress, 1"]
