"""Writes test_public_api.c: every public function under every argument that its header forbids. generate.py OUTPUT

The declarations come from the headers, what is valid and what is not from cases.py. For each function that can fail:
  valid       the call succeeds as it stands, so that a failure below has one reason
  null        each pointer is NULL in turn, without and with an error to write to
  options     cut to its size field, cut at each field, a size of 0, longer with a zero tail and with another; each field out of range
  range       enumerations, sizes and the like out of range
and after each failure: an error with a message that names the argument, outputs untouched, no memory kept.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/headers"))
import cases  # noqa: E402
import declarations  # noqa: E402

HEADERS = declarations.read()
FREE = {"visml_context": "visml_context_free", "visml_tensor": "visml_tensor_release", "visml_layer": "visml_layer_free",
        "visml_loss": "visml_loss_free", "visml_optimizer": "visml_optimizer_free",
        "visml_augmentation": "visml_augmentation_free", "visml_dataset": "visml_dataset_free",
        "visml_loader": "visml_loader_free", "visml_model": "visml_model_free", "visml_session": "visml_session_free",
        "visml_quantization": "visml_quantization_free", "visml_monitor": "visml_monitor_free",
        "visml_schedule": "visml_schedule_free", "visml_lr_range": "visml_lr_range_free",
        "visml_run_result": "visml_run_result_free",
        "visml_regions": "visml_regions_free", "visml_extractor": "visml_extractor_free",
        "visml_aggregator": "visml_aggregator_free", "visml_transform": "visml_transform_free",
        "visml_features": "visml_features_free", "visml_table": "visml_table_free", "visml_index": "visml_index_free",
        "visml_classifier": "visml_classifier_free", "visml_pipeline": "visml_pipeline_free",
        "visml_plot": "visml_plot_free",
        "visml_report": "visml_report_free", "void": "fixture_free_dlpack"}
OUT = {"visml_batch": "visml_batch_free(f->out.batch);", "visml_history": "visml_history_free(f->out.history);",
       "visml_report": "visml_report_free(f->out.report);", "visml_tensor": "visml_tensor_release(*($));",
       "visml_run_result": "visml_run_result_free(f->out.result);",
       "visml_dataset": "for (int i = 0; i < 3; i++)\n        visml_dataset_free(f->out.parts[i]);"}
# Enumerations of parameters and fields; a dtype has no 0, a format is only given back.
SMALLEST = {"visml_dtype": 1}

tests = []  # (name, body)


def value(function, parameter):
    found = cases.VALUES.get((function.name, parameter.name), cases.VALUES.get(parameter.name))
    if found is None:
        raise SystemExit(f"cases.py has no value for {function.name}'s {parameter.name}")
    return found


def call(function, given):
    """The call with these arguments ({parameter: expression}), the others valid."""
    arguments = [given.get(p.name) or value(function, p) for p in function.parameters]
    return f"{function.name}({', '.join(arguments)})"


def options_struct(parameter):
    return parameter.type.name if parameter.type.name.endswith("_opts") else None


def options_value(struct):
    return f"VISML_OPTS({struct}, {cases.BASE[struct]})" if struct in cases.BASE else "NULL"


def valid_arguments(function):
    return {p.name: options_value(options_struct(p)) for p in function.parameters if options_struct(p)}


def can_fail(function):
    return bool(function.parameters) and function.parameters[-1].type.name == "visml_error"


def is_pointer(parameter):
    return parameter.type.stars > 0 or parameter.type.name in HEADERS.callbacks


def consumes(function):
    takes = any(p.type.name == "visml_layer" for p in function.parameters) or function.name in cases.CONSUMES
    return takes and can_fail(function)


def result_of(function):
    """(declaration of the result, condition of success, what frees it)"""
    if function.result.stars:
        kind = function.result.name
        return f"{kind} *", "r != NULL", f"{FREE[kind]}(r);"
    return "int32_t ", "r >= 0", ""


def out_frees(function, given):
    if function.name == "visml_split_save":
        return []
    if function.name == "visml_table_export_arrow":
        return ["fixture_free_arrow(f);"]
    return [OUT[p.type.name].replace("$", value(function, p)) for p in function.parameters
            if p.type.stars == 2 and p.type.name in OUT and given.get(p.name) != "NULL"]


def test(name, *lines):
    name = "".join(c if c.isalnum() else "_" for c in name)
    while any(name == n for n, _ in tests):
        name += "_"
    tests.append((name, lines))


def succeeding(function, name, given, setup=""):
    """A call that must succeed; what it makes is freed."""
    kind, good, free = result_of(function)
    given = {**valid_arguments(function), **given}
    lines = [setup, f"{kind}r = {call(function, given)};", f"fixture_succeeded(f, {good});", free, *out_frees(function, given)]
    test(f"{function.name}__{name}", *lines)


def failing(function, name, words, given, setup="", code="0"):
    """A call that must fail, with an error and without one."""
    kind, good, free = result_of(function)
    given = {**valid_arguments(function), "dlpack": "f->dlpack", **given}
    check = f'fixture_failed(f, !({good}), {code}, "{words}", {int(consumes(function))});'
    lines = [setup, f"{kind}r = {call(function, given)};", check, free]
    if not consumes(function):
        lines += [f"r = {call(function, {**given, 'err': 'NULL'})};", f"assert_false({good});"]
    test(f"{function.name}__{name}", *lines)


def nulls(function):
    for p in function.parameters:
        if not is_pointer(p) or p.name == "err":
            continue
        name, struct = f"null_{p.name}", options_struct(p)
        if {(function.name, p.name), p.name} & cases.NULLABLE:
            succeeding(function, name, {p.name: "NULL"})
        elif struct:
            if struct in cases.REQUIRED:
                failing(function, name, "|".join(cases.REQUIRED[struct]), {p.name: "NULL"}, code="VISML_EINVAL")
            else:
                succeeding(function, name, {p.name: "NULL"})
        elif (function.name, p.name) in cases.EITHER:
            kind, good, _ = result_of(function)
            test(f"{function.name}__{name}", f"{kind}r = {call(function, {p.name: 'NULL'})};", f'fixture_either(f, {good}, "{p.name}");')
        else:
            failing(function, name, p.name, {p.name: "NULL"}, code="VISML_EINVAL")


def bad_of_field(struct, f):
    """[(assignment, words)] for values that are out of range by the field's type and comment."""
    own = [(a.replace("@", f"o.{f.name}"), words or f.name) for a, words in cases.BAD_FIELDS.get((struct, f.name), ())]
    if f.name == "reserved":
        return own + [(f"o.reserved = {v}", f.name) for v in ("1", "-1", "INT32_MIN")]
    if (struct, f.name) in cases.OWN_RANGE or f.name == "size" or f.type.stars or f.type.name in HEADERS.callbacks:
        return own
    element = f"o.{f.name}[0]" if f.array else f"o.{f.name}"
    if f.type.name in HEADERS.integers:
        return own + [(f"{element} = {v}", f.name) for v in ("-1", "1000", "INT32_MAX", "INT32_MIN")]
    if f.type.name == "double":
        return own + [(f"{element} = {v}", f.name) for v in ("NAN", "-1", "-INFINITY", "INFINITY")]
    if f.type.name in ("int32_t", "int64_t"):
        flag = f.comment.startswith("1:")
        return own + [(f"{element} = {v}", f.name) for v in (("2", "-1") if flag else ("-1",))]
    return own


def options(function):
    for p in function.parameters:
        struct = options_struct(p)
        if not struct:
            continue
        base = f"{struct} o = {{.size = sizeof(o)" + (f", {cases.BASE[struct]}" if struct in cases.BASE else "") + "};"
        required = cases.REQUIRED.get(struct, ())
        fields = HEADERS.structs[struct]
        for f in fields[1:]:
            setup = f"{base}\n    void *cut = fixture_cut(&o, offsetof({struct}, {f.name}));"
            missing = [r for r in required if fields.index(f) <= [g.name for g in fields].index(r)]
            if missing:
                failing(function, f"cut_at_{f.name}", "|".join(missing), {p.name: "cut"}, setup, "VISML_EINVAL")
            else:
                succeeding(function, f"cut_at_{f.name}", {p.name: "cut"}, setup)
        for size in ("0", "3"):
            failing(function, f"size_{size}", "size", {p.name: "&o"}, f"{base}\n    o.size = {size};", "VISML_EINVAL")
        succeeding(function, "longer_with_zeros", {p.name: "longer"},
                   f"{base}\n    void *longer = fixture_stretched(&o, sizeof o, 0);")
        # The message gives the offset; there is no name for what is not known.
        offset = f"offset[] = \"0000000000\";\n    snprintf(offset, sizeof offset, \"%zu\", sizeof o + 15);"
        setup = f"{base}\n    void *longer = fixture_stretched(&o, sizeof o, 1);\n    char {offset}"
        kind, good, free = result_of(function)
        test(f"{function.name}__longer_with_more", setup,
             f"{kind}r = {call(function, {**valid_arguments(function), p.name: 'longer'})};",
             f"fixture_failed(f, !({good}), VISML_EINVAL, offset, {int(consumes(function))});", free)
        for f in fields:
            for assignment, words in bad_of_field(struct, f):
                failing(function, f"{f.name}_{assignment.split('=', 1)[-1].strip()}", words, {p.name: "&o"},
                        f"{base}\n    {assignment};", "VISML_EINVAL")


BAD_SHAPES = (".rank = -1", ".rank = 9", ".rank = INT32_MAX", ".rank = 1, .dims = {-2}", ".rank = 2, .dims = {INT64_MIN, 1}",
              ".rank = 3, .dims = {INT64_MAX, INT64_MAX, 2}", ".rank = 2, .dims = {(int64_t)1 << 32, (int64_t)1 << 31}")


def ranges(function):
    for p in function.parameters:
        for i, (expression, words) in enumerate(cases.BAD.get((function.name, p.name), ())):
            failing(function, f"{p.name}_bad_{i + 1}", words or p.name, {p.name: expression})
        if p.type.name in HEADERS.integers and p.type.stars == 0:
            smallest = SMALLEST.get(p.type.name, 0)
            for v in (str(smallest - 1), "1000", "INT32_MAX", "INT32_MIN"):
                failing(function, f"{p.name}_{v}", p.name, {p.name: v}, code="VISML_EINVAL")
        if p.type.name == "visml_shape" and p.type.const:
            sizes = (".size = 5, .rank = 1, .dims = {1}",)
            zero = (".rank = 0", ".rank = 8, .dims = {1, 1, 1, 1, 1, 1, 1, 1}", ".rank = 1, .dims = {0}") \
                if function.name == "visml_model_new" else ()
            for i, shape in enumerate(BAD_SHAPES + zero + sizes):
                failing(function, f"{p.name}_bad_shape_{i + 1}", p.name, {p.name: f"(&(visml_shape){{{shape}}})"})


def harmless(function):
    """A function without an error: NULL for each pointer in turn."""
    for p in function.parameters:
        if not is_pointer(p):
            continue
        lines = [f"{call(function, {p.name: 'NULL'})};"]
        if function.result.name != "void" or function.result.stars:
            kind = f"{'const ' if function.result.const else ''}{function.result.name} {'*' * function.result.stars}"
            lines[0] = f"{kind}r = {lines[0]}"
            expected = cases.NULL_RESULT.get(function.name, "0")
            condition = "r == NULL" if function.result.stars else "isnan(r) || r == 0" if "double" in kind else f"r == {expected}"
            free_to_say = p.name in ("text",) or {(function.name, p.name), p.name} & cases.NULLABLE
            lines.append("(void)r;" if free_to_say else f"assert_true({condition});")
        test(f"{function.name}__null_{p.name}", *lines)


def valid(function):
    if can_fail(function):
        succeeding(function, "valid", {})
    elif not function.name.endswith(("_free", "_retain", "_release")):
        test(f"{function.name}__valid", f"(void){call(function, {})};")


def others():
    for i, condition in enumerate(cases.HARMLESS):
        test(f"harmless_{i + 1}", f"assert_true({condition});")
    for i, text in enumerate(cases.TEXTS):
        test(f"text_{i + 1}",
             f"size_t length = {text}, NULL, 0);", "assert_true(length > 10);", "char buffer[12];",
             "for (size_t capacity = 0; capacity <= 10; capacity++) {", "    memset(buffer, 'x', sizeof buffer);",
             f"    assert_true({text}, buffer, capacity) == length);", "    for (size_t k = capacity; k < sizeof buffer; k++)",
             "        assert_true(buffer[k] == 'x');", "    assert_true(capacity == 0 || memchr(buffer, 0, capacity));", "}")


HEAD = """/* Made by tests/api/generate.py from the public headers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

"""


def main(output):
    for function in HEADERS.functions.values():
        valid(function)
        if can_fail(function):
            nulls(function)
            options(function)
            ranges(function)
        else:
            harmless(function)
    others()
    text = [HEAD]
    for name, lines in tests:
        body = "\n".join("    " + line for line in lines if line)
        text.append(f"static void {name}(void **state) {{\n    fixture *f = *state;\n    (void)f;\n{body}\n}}\n\n")
    # An argument picks tests by name: test_public_api 'visml_tensor_*'.
    text.append("int main(int argc, char **argv) {\n    static const struct CMUnitTest tests[] = {\n")
    text += [f"        cmocka_unit_test_setup_teardown({name}, fixture_setup, fixture_teardown),\n" for name, _ in tests]
    text.append("    };\n    if (argc > 1)\n        cmocka_set_test_filter(argv[1]);\n")
    text.append("    return cmocka_run_group_tests(tests, fixture_open, fixture_close);\n}\n")
    pathlib.Path(output).write_text("".join(text), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
