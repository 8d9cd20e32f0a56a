"""The frozen layout of the transparent structs, on LP64, and the frozen values of the constants.

layout.py              checks that layout.c speaks of every struct, field and constant of the headers, and of nothing else
layout.py --write      writes layout.c anew, from what a compiler says. Only for what no release contains yet: after a release, fields are
                       added at the end of a struct, and the old lines of layout.c stay as they are (docs/abi.md).
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import declarations

HERE = pathlib.Path(__file__).resolve().parent
HEAD = """/* Constants, sizes and offsets that are part of the ABI; the latter on LP64.
 * Made by layout.py; docs/abi.md says when it may change. */
#include <stddef.h>

#include <visml/visml.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "the size of " #type " has changed");
#define FIELD(type, field, offset, bytes)                                                                    \\
    _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved");                        \\
    _Static_assert(sizeof(((type *)0)->field) == (bytes), "the size of " #type "." #field " has changed");
#define VALUE(name, value) _Static_assert((name) == (value), "the value of " #name " has changed");
"""


def measure(structs, compiler="cc"):
    """{struct: (size, {field: (offset, bytes)})} as a C compiler lays them out."""
    lines = ["#include <stddef.h>", "#include <stdio.h>", "#include <visml/visml.h>", "int main(void) {"]
    for name, fields in structs.items():
        lines.append(f'    printf("{name} . %zu 0\\n", sizeof({name}));')
        for f in fields:
            lines.append(f'    printf("{name} {f.name} %zu %zu\\n", offsetof({name}, {f.name}), sizeof((({name} *)0)->{f.name}));')
    lines += ["    return 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "measure"
        subprocess.run([compiler, "-x", "c", "-", f"-I{declarations.ROOT / 'include'}", "-o", program], input="\n".join(lines),
                       text=True, check=True)
        printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    layout = {}
    for line in printed.splitlines():
        struct, name, offset, size = line.split()
        if name == ".":
            layout[struct] = (int(offset), {})
        else:
            layout[struct][1][name] = (int(offset), int(size))
    return layout


def constants(declared):
    """Those that programs have compiled in; versions change by nature, VISML_ZERO is no integer."""
    return {n: v for n, v in declared.constants.items() if not n.startswith("VISML_VERSION_") and isinstance(v, int)}


def write(declared):
    lines = [HEAD]
    lines += [f"VALUE({name}, {value})" for name, value in constants(declared).items()]
    lines += ["", "#if defined(__LP64__)", ""]
    for struct, (size, fields) in measure(declared.structs).items():
        lines.append(f"SIZE({struct}, {size})")
        lines += [f"FIELD({struct}, {name}, {offset}, {bytes_})" for name, (offset, bytes_) in fields.items()]
        lines.append("")
    text = "\n".join(lines) + "#endif\n\ntypedef int layout_is_all_static_assertions;\n"
    (HERE / "layout.c").write_text(text, encoding="utf-8")


def check(declared):
    structs = declared.structs
    text = (HERE / "layout.c").read_text(encoding="utf-8")
    there = set(re.findall(r"^SIZE\((visml_\w+), ", text, flags=re.M))
    there |= {f"{s}.{f}" for s, f in re.findall(r"^FIELD\((visml_\w+), (\w+), ", text, flags=re.M)}
    there |= set(re.findall(r"^VALUE\((\w+), ", text, flags=re.M))
    wanted = set(structs) | set(constants(declared)) | {f"{s}.{f.name}" for s, fields in structs.items() for f in fields}
    for name in sorted(wanted - there):
        print(f"layout.c does not have {name}: add it (docs/abi.md)")
    for name in sorted(there - wanted):
        print(f"layout.c has {name}, which the headers no longer have")
    return 1 if there != wanted else 0


if __name__ == "__main__":
    headers = declarations.read()
    sys.exit(write(headers) if sys.argv[1:] == ["--write"] else check(headers))
