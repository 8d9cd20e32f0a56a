"""lib/visml.map lists exactly the functions that the headers declare with VISML_API, each once; visml.h includes every header."""
import collections
import re
import sys

import declarations


def main():
    problems = []
    listed = declarations.read_map()
    declared = set(declarations.read().functions)
    problems += [f"visml.map lists {n} twice" for n, times in collections.Counter(listed).items() if times > 1]
    problems += [f"visml.map lists {n}, which no header declares" for n in sorted(set(listed) - declared)]
    problems += [f"{n} is declared with VISML_API but not listed in visml.map" for n in sorted(declared - set(listed))]
    folder = declarations.ROOT / "include/visml"
    included = set(re.findall(r'^#include "(\w+)\.h"', (folder / "visml.h").read_text(encoding="utf-8"), flags=re.M))
    there = {p.stem for p in folder.glob("*.h")} - {"visml"}
    problems += [f"visml.h does not include {n}.h" for n in sorted(there - included)]
    problems += [f"declarations.py does not know {n}.h" for n in sorted(there - set(declarations.HEADERS))]
    installed = (declarations.ROOT / "include/meson.build").read_text(encoding="utf-8")
    problems += [f"include/meson.build does not install {n}.h" for n in sorted(there | {"visml"}) if f"visml/{n}.h" not in installed]
    print(*problems, sep="\n")
    print(f"{len(declared)} functions")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
