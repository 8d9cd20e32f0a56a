#!/bin/sh
# The kernel tests on AArch64: built with a cross compiler, run by qemu. Needs gcc-aarch64-linux-gnu and qemu-user, nothing else.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cc="${CC_AARCH64:-aarch64-linux-gnu-gcc}"
flags="-std=c11 -O3 -Wall -Wextra -D_GNU_SOURCE -ffp-contract=off -fno-math-errno -fno-strict-aliasing -ffunction-sections
       -DVISML_HAVE_NEON -I$here -I$root/lib -I$root/include -I$root/tests -I$root/tests/kernel"
export VISML_TEST_SOURCE="$root"
cd "$out"
for f in "$root"/lib/kernel/*.c "$root"/lib/base/rng.c "$root"/lib/base/cpu.c "$root"/lib/base/checksum.c; do
    $cc $flags -c "$f" -o "ref_$(basename "$f" .c).o"
done
for f in "$root"/lib/kernel/leaf_*.c; do
    $cc $flags -DVISML_LEVEL=neon -DVISML_LEVEL_NEON -c "$f" -o "neon_$(basename "$f" .c).o"
done
# -O1: gcc 12 breaks down in its vectoriser on test_softmax.c and golden.c at -O3.
for f in "$root"/tests/support/support.c "$root"/tests/support/golden.c; do
    $cc $flags -O1 -c "$f" -o "$(basename "$f" .c).o"
done
for t in "$root"/tests/kernel/test_*.c; do
    name=$(basename "$t" .c)
    echo "$name"
    $cc $flags -O1 -static "$t" ./*.o -Wl,--gc-sections -lm -lpthread -o "$name"
    qemu-aarch64 "./$name"
done
