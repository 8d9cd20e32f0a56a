#!/bin/sh
# Runs tests on CPUs that are not at hand, emulated by qemu: x86-64 before AVX, where the reference and sse4 are all there is, and AArch64,
# for which everything is cross-built. Not AVX2: qemu 7.2's masked loads read what is masked out, and fault at the end of a page.
#
#     sh tests/nightly/other_cpus.sh [BUILDS [CPUS [PATTERN]]]
#
#   BUILDS   a folder for the build trees and logs, where a later run finds them; default: a new one, removed if all went well
#   CPUS     aarch64 and names of qemu's; default 'aarch64 Nehalem'. Conroe has no SSE4.1 either: the reference alone
#   PATTERN  which tests, an extended regular expression; default '^(kernel|contract)/'. AArch64 takes minutes; Nehalem an hour and more:
#            the reference's fused multiply-adds are made by libm, and libm's changes of rounding are emulated
#
# Needs, on a Debian 12 of x86-64: what tests/run.sh installs; qemu-user; for AArch64 gcc-aarch64-linux-gnu, and apt's lists of its packages
# (dpkg --add-architecture arm64; apt-get update), which are unpacked into BUILDS and not installed. What is missing is named, and what it
# was needed for counts as failed. The last line is "N programs with N tests passed, N failed"; the exit status is 0 only when none failed.
set -u
cd "$(dirname "$0")/../.." || exit 1
given=${1:-} cpus=${2:-aarch64 Nehalem} pattern=${3:-^(kernel|contract)/}
builds=${given:-$(mktemp -d)}
mkdir -p "$builds" && builds=$(realpath "$builds") || exit 1
PATH=/usr/bin:/bin:$PATH # Debian's meson and python3
export PATH
programs=0 tests=0 failed=0

fail() { # TEXT
  echo "$1"
  failed=$((failed + 1))
}

has() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null && return
  fail "missing: $1 (apt-get install $2)"
  return 1
}

# Builds the tests that the pattern takes; their names are in $names then. At -O3 gcc 12 for AArch64 breaks down in its vectoriser, on
# tests; the kernels have -O2 in any case.
build() { # TREE OPTIONS-OF-MESON...
  tree=$builds/$1
  shift
  [ -f "$tree/build.ninja" ] || meson setup "$tree" . -Dbuildtype=release -Doptimization=2 "$@" >"$tree.log" 2>&1 ||
    { tail -n 20 "$tree.log"; return 1; }
  names=$(meson test -C "$tree" --list 2>/dev/null | sed -n 's/.* \/ //p' | grep -E "$pattern")
  [ -n "$names" ] || { echo "no test is named like $pattern"; return 1; }
  programs_of=$(echo "$names" | tr / _ | sed 's/.*/^tests\/([a-z]*\/)?test_&:/')
  # shellcheck disable=SC2046  # names without spaces
  ninja -C "$tree" $(ninja -C "$tree" -t targets all | grep -oE "$programs_of" | tr -d :) >"$tree.log" 2>&1 ||
    { grep -A 20 -E '^FAILED|error:' "$tree.log" | head -n 60; return 1; }
}

# Runs them and adds up what meson wrote down: one JSON object a program, with what cmocka printed.
run() { # TREE CPU OPTIONS-OF-MESON...
  tree=$builds/$1 cpu=$2
  shift 2
  rm -f "$tree/meson-logs/$cpu"*.json
  # shellcheck disable=SC2086  # names without spaces
  meson test -C "$tree" --no-rebuild --timeout-multiplier 0 --logbase "$cpu" --print-errorlogs "$@" $names >"$tree-$cpu.log" 2>&1 ||
    sed -n '/Summary of Failures/,$p; /\[  FAILED\|\[  ERROR/p' "$tree-$cpu.log" | head -n 60
  counts=$(python3 - "$tree/meson-logs/$cpu"*.json <<'PYTHON'
import json, re, sys
programs = tests = failed = 0
for line in open(sys.argv[1]):
    run = json.loads(line)
    good = run["result"] == "OK"
    programs, failed = programs + good, failed + (not good)
    tests += good and sum(map(int, re.findall(r"(\d+) test\(s\) run", run.get("stdout", "") + run.get("stderr", ""))))
print(programs, tests, failed)
PYTHON
) || counts='0 0 1'
  # shellcheck disable=SC2086  # three numbers
  set -- $counts
  echo "$cpu: $1 programs with $2 tests passed, $3 failed"
  programs=$((programs + $1)) tests=$((tests + $2)) failed=$((failed + $3))
}

# qemu must run, and refuse what the CPU has not, or nothing is shown.
honest() { # CPU
  echo 'int main(int n, char **v) { (void)v; if (n > 1) __asm__ volatile("vxorps %ymm0, %ymm0, %ymm0"); return 0; }' >"$builds/cannot.c"
  cc -mavx "$builds/cannot.c" -o "$builds/cannot" || return 1
  qemu-x86_64 -cpu "$1" "$builds/cannot" && ! qemu-x86_64 -cpu "$1" "$builds/cannot" now 2>/dev/null
}

x86() { # CPU
  has qemu-x86_64 qemu-user || return
  honest "$1" || { fail "qemu-x86_64 has no $1, or one with AVX"; return; }
  build x86 || { fail 'x86: not built'; return; }
  run x86 "$1" --wrapper "qemu-x86_64 -cpu $1"
}

# The libraries, to where the cross file looks.
unpack() {
  [ -f "$builds/arm64/done" ] && return
  mkdir -p "$builds/arm64" "$builds/deb"
  for p in libjansson4 libjansson-dev libcmocka0 libcmocka-dev libspng0 libspng-dev zlib1g zlib1g-dev libturbojpeg0 libturbojpeg0-dev \
           libstb-dev; do
    (cd "$builds/deb" && apt-get download -qq "$p:arm64" 2>log) ||
      { fail "missing: $p:arm64 (dpkg --add-architecture arm64; apt-get update)"; return 1; }
  done
  for d in "$builds"/deb/*.deb; do dpkg -x "$d" "$builds/arm64" || return 1; done
  touch "$builds/arm64/done"
}

aarch64() {
  has aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu || return
  has qemu-aarch64 qemu-user || return
  unpack || return
  root=$builds/arm64 libs=$builds/arm64/usr/lib/aarch64-linux-gnu
  cat >"$builds/aarch64.txt" <<FILE
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', '-E', 'LD_LIBRARY_PATH=$libs:$root/lib/aarch64-linux-gnu']
[properties]
sys_root = '$root'
pkg_config_libdir = '$libs/pkgconfig'
needs_exe_wrapper = true
[built-in options]
c_link_args = ['-Wl,-rpath-link,$libs:$root/lib/aarch64-linux-gnu']
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'armv8-a'
endian = 'little'
FILE
  build aarch64 --cross-file "$builds/aarch64.txt" || { fail 'aarch64: not built'; return; }
  run aarch64 aarch64
}

for tool in meson ninja pkg-config cc; do
  has $tool "$tool, or run tests/run.sh" || exit 1
done
for cpu in $cpus; do
  if [ "$cpu" = aarch64 ]; then aarch64; else x86 "$cpu"; fi
done
echo "$programs programs with $tests tests passed, $failed failed"
[ "$failed" -eq 0 ] || { echo "logs: $builds"; exit 1; }
[ -n "$given" ] || rm -rf "$builds"
