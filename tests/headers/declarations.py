"""Reads the declarations of include/visml/*.h, for the tests that compare something else with them.

Not a C parser: it understands the plain style in which these headers are written, and refuses what it does not know, so that a
declaration can never be passed over in silence.
"""
import pathlib
import re
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
# In the order of visml.h.
HEADERS = ("base", "context", "tensor", "image", "nn", "data", "model", "feature", "plot", "metric", "train", "classify",
           "pipeline")


@dataclass(frozen=True)
class Type:
    """A C type as written: `const char *const *` is Type("char", True, 2)."""
    name: str      # without const and stars; "(*)" for an anonymous function pointer
    const: bool    # the innermost type is const
    stars: int     # levels of pointers; an array parameter counts as one

    def __str__(self):
        return ("const " if self.const else "") + self.name + (" " + "*" * self.stars if self.stars else "")


@dataclass
class Variable:
    """A parameter or a field."""
    name: str
    type: Type
    array: str = ""           # a field's extent as written, "" for a plain one
    function: object = None   # Function, for a field that is a function pointer
    comment: str = ""         # a field's own comment


@dataclass
class Function:
    name: str
    result: Type
    parameters: list
    header: str = ""


@dataclass
class Declarations:
    functions: dict = field(default_factory=dict)  # name -> Function
    callbacks: dict = field(default_factory=dict)  # typedef of a function pointer -> Function
    structs: dict = field(default_factory=dict)    # transparent structs: name -> [Variable]
    opaque: list = field(default_factory=list)
    integers: dict = field(default_factory=dict)   # typedef visml_act -> "int32_t"
    constants: dict = field(default_factory=dict)  # #define VISML_RELU -> 1
    zeros: dict = field(default_factory=dict)      # typedef -> {constant: value}: the constants that follow an integer typedef


def c_side(text):
    """The text without its C++ part and with the comments of fields kept as /*...*/."""
    text = re.sub(r"#ifdef __cplusplus\n(?:(?!#ifdef|#else|#endif).*\n)*?#else\n", "#if 1\n", text)
    text = re.sub(r"#ifdef __cplusplus\n(?:(?!#endif).*\n)*?#endif[^\n]*\n", "", text)
    return text


def parse_type(words):
    """`const visml_tensor *`, `char *const *`, ... -> Type."""
    text = " ".join(words.replace("*", " * ").split())
    base = text.split("*")[0].split()
    const = "const" in base
    name = " ".join(w for w in base if w != "const")
    if not re.fullmatch(r"(unsigned char|[a-z_][a-z0-9_]*)", name):
        raise ValueError(f"not understood as a type: {words!r}")
    return Type(name, const, text.count("*"))


def parse_variable(text, comment=""):
    """`int32_t kernel_size[2]`, `visml_dataset *const parts[3]`, `int32_t (*f)(void *user)` -> Variable."""
    text = " ".join(text.split())
    pointer = re.fullmatch(r"(.+?)\(\*\s*(\w+)\)\s*\((.*)\)", text)
    if pointer:
        function = Function(pointer[2], parse_type(pointer[1]), parse_parameters(pointer[3]))
        return Variable(pointer[2], Type("(*)", False, 0), function=function, comment=comment)
    match = re.fullmatch(r"(.+?[\s*])(\w+)(?:\[([^\]]+)\])?", text)
    if not match:
        raise ValueError(f"not understood as a variable: {text!r}")
    return Variable(match[2], parse_type(match[1]), match[3] or "", comment=comment)


def parse_parameters(text):
    if text.strip() in ("", "void"):
        return []
    parameters = [parse_variable(p) for p in text.split(",")]
    for p in parameters:
        if p.array:  # an array parameter is a pointer; const is that of the elements
            p.type = Type(p.type.name, p.type.const, p.type.stars + 1)
            p.array = ""
    return parameters


def parse_fields(body):
    """The fields of a struct with the comments that stand beside them (and go on in the line below)."""
    fields = []
    for match in re.finditer(r"([^;/]+);((?:\s*/\*.*?\*/)?)", body, flags=re.S):
        comment = " ".join(match[2].replace("/*", " ").replace("*/", " ").split())
        variable = parse_variable(match[1], comment)
        fields.append(variable)
    left = re.sub(r"/\*.*?\*/|[^;/]+;", "", body, flags=re.S).strip()
    if left:
        raise ValueError(f"not understood in a struct: {left!r}")
    return fields


def number(text):
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    try:
        return int(text.rstrip("uUlL"), 0)
    except ValueError:
        return float(text)


def parse_constants(text, into):
    owner = None
    for line in text.split("\n"):
        typedef = re.match(r"typedef (?:u?int32_t) (visml_\w+);", line)
        if typedef:
            owner = typedef[1]
            into.integers[owner] = line.split()[1]
            into.zeros[owner] = {}
            continue
        define = re.match(r"#define (VISML_[A-Z0-9_]+) +(\(?-?[0-9][0-9a-fA-FxXuUeE.+-]*\)?)\s*(/\*.*)?$", line)
        if define:
            into.constants[define[1]] = number(define[2])
            if owner:
                into.zeros[owner][define[1]] = number(define[2])
        elif owner and line.strip() and not re.match(r"\s*(/?\*|.*\*/$)", line):
            owner = None  # the group of constants ends at the next declaration


def parse_header(name, into):
    text = c_side((ROOT / "include/visml" / (name + ".h")).read_text(encoding="utf-8"))
    parse_constants(text, into)

    def struct(match):
        into.structs[match[1]] = parse_fields(match[2])
        return ""

    text = re.sub(r"#define[^\n]*\\\n(?:[^\n]*\\\n)*[^\n]*\n", "\n", text)  # macros over several lines
    text = re.sub(r"typedef struct (visml_\w+) \{(.*?)\n\} \1;", struct, text, flags=re.S)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^#.*$|^VISML_(BEGIN|END)_DECLS$", "", text, flags=re.M)
    for statement in (" ".join(s.split()) for s in text.split(";")):
        opaque = re.fullmatch(r"typedef struct (visml_\w+) \1", statement)
        callback = re.fullmatch(r"typedef (.+?)\(\*(visml_\w+)\)\((.*)\)", statement)
        function = re.fullmatch(r"VISML_API (.+?[ *])(visml_\w+)\((.*)\)", statement)
        if not statement or re.fullmatch(r"typedef u?int32_t visml_\w+", statement):
            continue
        if opaque:
            into.opaque.append(opaque[1])
        elif callback:
            into.callbacks[callback[2]] = Function(callback[2], parse_type(callback[1]), parse_parameters(callback[3]), name)
        elif function:
            into.functions[function[2]] = Function(function[2], parse_type(function[1]), parse_parameters(function[3]), name)
        else:
            raise ValueError(f"{name}.h: not understood: {statement!r}")


def read():
    """All public headers."""
    into = Declarations()
    for name in HEADERS:
        parse_header(name, into)
    return into


def read_map():
    """The names in lib/visml.map."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "lib/visml.map").read_text(encoding="utf-8"), flags=re.S)
    return re.findall(r"^\s*(visml_\w+);", text, flags=re.M)


if __name__ == "__main__":
    d = read()
    for function in d.functions.values():
        print(function.result, function.name, "(" + ", ".join(f"{p.type} {p.name}" for p in function.parameters) + ")")
    for name, fields in d.structs.items():
        print(name, [f"{f.type} {f.name}[{f.array}]" if f.array else f"{f.type} {f.name}" for f in fields])
    print(d.opaque, d.callbacks.keys(), d.integers, d.constants, d.zeros, sep="\n")
