#!/bin/sh
# Compares the library with the ABI that the last release promised.
#   check_abi.sh LIBRARY            fails when anything was removed or has changed; new functions are fine
#   check_abi.sh LIBRARY --write    writes the dump anew (docs/abi.md says when)
# Needs abidw and abidiff (package abigail-tools) and a library with debugging information. Exit code 77: skipped.
set -eu

library=$1
here=$(cd "$(dirname "$0")" && pwd)
dump=$here/libvisml.abi

for tool in abidw abidiff; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "skipped: $tool is not installed (package abigail-tools)"
        exit 77
    fi
done
if ! readelf -S "$library" | grep -q '\.debug_info'; then
    echo "skipped: $library has no debugging information; configure with --buildtype=debugoptimized"
    exit 77
fi
if [ "$(uname -m)" != x86_64 ]; then
    echo "skipped: the dump is that of x86_64"
    exit 77
fi

# Only the transparent structs; no paths and lines, which change with every edit.
write() {
    abidw --suppressions "$here/public.abignore" --exported-interfaces-only --drop-undefined-syms \
        --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$1" "$library"
}

if [ "${2:-}" = --write ]; then
    write "$dump"
    exit 0
fi

# Two dumps made in the same way: abidiff's own options for headers hide changes of structs that were moved.
now=$(mktemp)
trap 'rm -f "$now"' EXIT
write "$now"
if ! abidiff --no-added-syms --suppressions "$here/growth.abignore" "$dump" "$now"; then
    echo "the ABI differs from $dump; see docs/abi.md"
    exit 1
fi
