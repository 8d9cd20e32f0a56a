"""Every public header alone, and a file that uses their macros, under every C and C++ standard, without a warning."""
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/headers"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Werror"]
C = ("c99", "c11", "c17", "c2x")
CXX = ("c++11", "c++14", "c++17", "c++20")
COMPILERS = {"c": ("gcc", "clang"), "c++": ("g++", "clang++")}


def jobs():
    """(command, source text or None) of every compilation."""
    headers = sorted(p.name for p in (ROOT / "include/visml").glob("*.h"))
    for language, standards in (("c", C), ("c++", CXX)):
        compilers = [c for c in COMPILERS[language] if shutil.which(c)]
        if not compilers:
            print(f"no {language} compiler found: {' or '.join(COMPILERS[language])}")
        for compiler in compilers:
            for standard in standards:
                base = [compiler, f"-std={standard}", "-fsyntax-only", f"-I{ROOT / 'include'}", *WARNINGS]
                padded = ["-Wpadded"] if language == "c" else []
                for header in headers:
                    # Twice: the guard must hold.
                    yield base + padded + ["-x", language, "-"], f"#include <visml/{header}>\n" * 2
                yield base + [str(HERE / ("use.c" if language == "c" else "use.cc"))], None
                if language == "c" and standard != "c99":
                    yield base + [str(HERE / "layout.c")], None


def compile_one(job):
    command, text = job
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return command, text, done


def main():
    count = failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for command, text, done in pool.map(compile_one, jobs()):
            count += 1
            if done.returncode:
                failed += 1
                print(" ".join(command), (text or "").split("\n")[0], done.stderr, sep="\n")
    print(f"{count} compilations, {failed} failed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
