"""What the shared library asks of the system it is loaded on. needed.py SHARED_LIBRARY SONAME gcc|clang"""
import pathlib
import re
import subprocess
import sys
import tempfile

MOST = {"gcc": 2_800_000, "clang": 3_300_000}  # bytes, stripped; see docs/architecture.md, where practice led elsewhere
MAY_NEED = re.compile(r"(libc|libm|ld-linux[\w-]*|libjansson|libturbojpeg|libspng)\.so(\.\d+)*")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def stripped_size(library):
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "stripped.so"
        run("strip", "-o", str(copy), library)
        return copy.stat().st_size


def main(library, soname, compiler):
    dynamic = run("readelf", "-dW", library)
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
    problems = [f"needs {name}" for name in needed if not MAY_NEED.fullmatch(name)]
    if re.findall(r"\(SONAME\).*\[(.+)\]", dynamic) != [soname]:
        problems.append(f"its soname is not {soname}")
    if "(TEXTREL)" in dynamic:
        problems.append("has text relocations")
    if "BIND_NOW" not in dynamic:
        problems.append("is not linked with -z now")
    if re.search(r"GNU_STACK\s.*\sRWE\s", run("readelf", "-lW", library)):
        problems.append("wants an executable stack")
    size = stripped_size(library)
    if size >= MOST[compiler]:
        problems.append(f"is {size:,} bytes when stripped; {MOST[compiler]:,} is the limit")
    print(f"{size:,} bytes, needs {', '.join(needed)}")
    print(*(f"{library} {p}" for p in problems), sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
