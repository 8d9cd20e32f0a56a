"""Names and calls. names.py STATIC_LIBRARY SHARED_LIBRARY

- the static library defines no global symbol without the prefix; the shared one exports what lib/visml.map lists, and nothing else;
- neither calls what a library must not call (see BANNED), also not through its objects;
- file names are unique within lib/, lines and files are not too long.
"""
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/headers"))
import declarations  # noqa: E402

LINE, FILE = 140, 800
# Longer files, and why.
LONG = {
    "include/visml/nn.h": "a room has one header",
    "tests/headers/layout.c": "made by a script",
    "bindings/python/visml/_ffi.py": "a mirror of the headers",
}
PRINTS = "printf fprintf vprintf vfprintf dprintf puts fputs putchar fputc putc perror psignal __printf_chk __fprintf_chk stdout stderr"
ENDS = "exit _exit _Exit quick_exit abort atexit on_exit raise kill __assert_fail __assert"
ENVIRONMENT = "getenv secure_getenv setenv putenv unsetenv environ setlocale localeconv newlocale uselocale chdir umask system popen fork"
STATE = "strtok rand srand random srandom drand48 strerror localtime gmtime asctime ctime signal sigaction"
UNSAFE = "gets strcpy strcat sprintf vsprintf tmpnam mktemp alloca"
LOCALE = "atof strtod strtof strtold sscanf fscanf scanf atoi atol"  # reading numbers depends on the host's locale
BANNED = set(f"{PRINTS} {ENDS} {ENVIRONMENT} {STATE} {UNSAFE} {LOCALE}".split())
ALLOCATES = set("malloc calloc realloc free aligned_alloc posix_memalign memalign strdup strndup asprintf vasprintf getline".split())
# What a file may call all the same, and why.
EXCEPTIONS = {
    "base/memory.c": ALLOCATES,  # the default allocator
    "base/json.c": {"newlocale", "uselocale"},  # for the calling thread, around jansson's reading, and back
    "base/text.c": {"strtod"},  # reads back what the same locale has just written
}


def problems_of_files():
    names = collections.defaultdict(list)
    for path in sorted((ROOT / "lib").rglob("*")):
        if path.suffix in (".c", ".h", ".def", ".inc"):
            names[path.name].append(str(path.relative_to(ROOT)))
    for name, places in names.items():
        if len(places) > 1:
            yield f"{name} is there more than once: {', '.join(places)}"
    for top in ("lib", "include", "tests", "examples", "bindings"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".c", ".cc", ".h", ".def", ".inc", ".py", ".build", ".sh") or not path.is_file():
                continue
            lines = path.read_text(encoding="utf-8").split("\n")
            where = path.relative_to(ROOT)
            if len(lines) - 1 > FILE and str(where) not in LONG:
                yield f"{where}: {len(lines) - 1} lines; {FILE} is the limit"
            for number, line in enumerate(lines, 1):
                if len(line) > LINE:
                    yield f"{where}:{number}: {len(line)} characters; {LINE} is the limit"


def code_only(text):
    """The text with comments and strings blanked, line breaks kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)


def problems_of_source():
    """Calls that the compiler could turn into something else, and so are not seen in the objects."""
    for path in sorted((ROOT / "lib").rglob("*.[ch]")):
        where = str(path.relative_to(ROOT / "lib"))
        text = code_only(path.read_text(encoding="utf-8"))
        for match in re.finditer(r"(?<![\w.>])([A-Za-z_]\w*)\s*\(", text):
            name = match[1]
            if name in ("assert", "alloca") or (name in BANNED | ALLOCATES and name not in EXCEPTIONS.get(where, ())):
                line = text.count("\n", 0, match.start()) + 1
                yield f"lib/{where}:{line}: {name}() is not for a library"


def nm(*arguments):
    return subprocess.run(["nm", *arguments], capture_output=True, text=True, check=True).stdout


def problems_of_static(library):
    member = "?"
    for line in nm("-g", library).splitlines():
        if line.endswith(":"):
            member = line[:-1]
            continue
        words = line.split()
        if len(words) == 2 and words[0] == "U":
            allowed = next((calls for file, calls in EXCEPTIONS.items() if member.startswith(file.replace("/", "_"))), ())
            if words[1] in BANNED and words[1] not in allowed:
                yield f"{member} calls {words[1]}"
        elif len(words) == 3 and not words[2].startswith("visml_") and not words[2].startswith("__asan_") and words[1] not in "Ww":
            yield f"{member} defines the global symbol {words[2]}"


def problems_of_shared(library):
    exported = {line.split()[-1].split("@")[0] for line in nm("-D", "--defined-only", library).splitlines()}
    exported -= {"VISML_0.1"} | {n for n in exported if re.fullmatch(r"VISML_[0-9.]+", n)}
    listed = set(declarations.read_map())
    for name in sorted(exported - listed):
        yield f"{library} exports {name}"
    for name in sorted(listed - exported):
        yield f"{library} does not export {name}"


def main(static, shared):
    problems = [*problems_of_files(), *problems_of_source(), *problems_of_static(static), *problems_of_shared(shared)]
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
