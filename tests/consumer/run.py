"""Installs the library under a new folder and builds a program against it as strangers do: through pkg-config and through CMake, shared and
static, as C and as C++.

    run.py BUILD SOURCE       the two top folders
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.exit("failed: %s\n%s" % (" ".join(command), done.stdout))
    return done.stdout.strip()


def check(what, ok, seen):
    print("%-4s %s" % ("ok" if ok else "NOT", what))
    if not ok:
        sys.exit("unexpected: %s" % seen)


class Consumer:
    def __init__(self, build, source, work):
        self.source, self.work = source, work
        run(["ninja", "-C", build, "install"], env=dict(os.environ, DESTDIR=os.path.join(work, "root")))
        # What was installed for one prefix is looked for in another place: everything must follow from where the files lie.
        package = glob.glob(os.path.join(work, "root", "**", "visml.pc"), recursive=True)
        check("visml.pc is installed", len(package) == 1, package)
        self.libdir = os.path.dirname(os.path.dirname(package[0]))
        self.prefix = os.path.realpath(self.pkg_config("--variable=prefix")[0])
        header = open(os.path.join(source, "include", "visml", "base.h")).read()
        self.version = ".".join(re.findall(r"#define VISML_VERSION_\w+ (\d+)", header))
        self.expected = "visml %s, 2 parameter arrays" % self.version

    def program(self):
        said = run([os.path.join(self.prefix, "bin", "visml"), "--version"], env=dict(os.environ, LD_LIBRARY_PATH=self.libdir))
        check("the program is installed and runs", said == "visml %s (libvisml %s)" % (self.version, self.version), said)
        page = glob.glob(os.path.join(self.prefix, "share", "man", "man1", "visml.1*"))
        check("its manual page is installed", len(page) == 1, page)

    def pkg_config(self, *arguments, libdir=None):
        environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(libdir or self.libdir, "pkgconfig"))
        return run(["pkg-config", *arguments, "visml"], env=environment).split()

    def runs(self, what, program, shared):
        path = dict(os.environ, LD_LIBRARY_PATH=self.libdir if shared else "")
        said = run([program], env=path)
        check("%s: runs" % what, said == self.expected, said)
        needed = run(["ldd", program], env=path)
        check("%s: %s libvisml.so.0" % (what, "needs" if shared else "does not need"), ("libvisml.so.0" in needed) == shared, needed)

    def build(self, what, compiler, standard, source, flags, shared):
        program = os.path.join(self.work, what.replace(" ", "_"))
        run([*compiler, "-std=" + standard, *STRICT, os.path.join(self.source, "tests", "consumer", source), "-o", program, *flags])
        self.runs(what, program, shared)

    def through_pkg_config(self):
        check("pkg-config knows the version", self.pkg_config("--modversion") == [self.version], self.pkg_config("--modversion"))
        shared = self.pkg_config("--cflags", "--libs")
        check("shared link names only visml", [f for f in shared if f.startswith("-l")] == ["-lvisml"], shared)
        # A tree with the static library alone, as a user would have it who wants one file to ship.
        alone = os.path.join(self.work, "static")
        lonely = os.path.join(alone, os.path.relpath(self.libdir, self.prefix))
        shutil.copytree(os.path.join(self.prefix, "include"), os.path.join(alone, "include"))
        shutil.copytree(os.path.join(self.libdir, "pkgconfig"), os.path.join(lonely, "pkgconfig"))
        shutil.copy(os.path.join(self.libdir, "libvisml.a"), lonely)
        static = self.pkg_config("--static", "--cflags", "--libs", libdir=lonely)
        c, cxx = os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")
        for cc, standard, source in ((c, "c99", "consumer.c"), (cxx, "c++11", "consumer.cpp")):
            self.build("pkg-config shared " + standard, cc.split(), standard, source, shared, True)
            self.build("pkg-config static " + standard, cc.split(), standard, source, static, False)

    def through_cmake(self):
        build = os.path.join(self.work, "cmake")
        where = ["-DCMAKE_PREFIX_PATH=" + self.prefix]
        if os.path.basename(self.libdir) == "lib64":  # where Debian's CMake does not look, and meson installs without dpkg-dev
            where = ["-Dvisml_DIR=" + os.path.join(self.libdir, "cmake", "visml")]
        run(["cmake", "-G", "Ninja", "-S", os.path.join(self.source, "tests", "consumer"), "-B", build, *where])
        run(["cmake", "--build", build])
        for name in ("shared", "static", "shared_cxx", "static_cxx"):
            self.runs("cmake " + name, os.path.join(build, name), name.startswith("shared"))
        wanted = os.path.join(self.work, "too_new")
        os.makedirs(wanted)
        with open(os.path.join(wanted, "CMakeLists.txt"), "w") as f:
            f.write("cmake_minimum_required(VERSION 3.16)\nproject(x C)\nfind_package(visml)\nmessage(STATUS \"any:${visml_FOUND}\")\n"
                    "find_package(visml 99 CONFIG)\nmessage(STATUS \"99:${visml_FOUND}\")\n")
        said = run(["cmake", "-G", "Ninja", "-S", wanted, "-B", wanted + "/b", *where])
        check("cmake takes it when no version is asked for, refuses another one", "any:1" in said and "99:0" in said, said)


def main():
    build, source = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as work:
        consumer = Consumer(build, source, work)
        consumer.program()
        consumer.through_pkg_config()
        if shutil.which("cmake"):
            consumer.through_cmake()
        else:
            print("skipped: no cmake here")


main()
