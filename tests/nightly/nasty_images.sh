#!/bin/sh
# Decodes a folder of odd, broken and hostile images under ASan and UBSan in both builds and compares with Pillow.
#   nasty_images.sh FOLDER [PYTHON]     FOLDER has a MANIFEST.tsv; PYTHON has Pillow and NumPy, default python3
set -eu
folder=$(realpath "$1") python=${2:-python3}
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# name, options of meson, options of the script
run() {
    # shellcheck disable=SC2086
    { meson setup "$work/$1" "$root" -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false $2 &&
        ninja -C "$work/$1" tests/conformance/decode_images; } >"$work/log" || { cat "$work/log"; exit 2; }
    echo "== $1"
    decoder=$work/$1/tests/conformance/decode_images
    # shellcheck disable=SC2086
    UBSAN_OPTIONS=halt_on_error=1 "$python" "$root/tests/conformance/nasty_images.py" "$decoder" "$folder" $3 || status=1
}

run full '' ''
run stb '-Djpeg=disabled -Dpng=disabled' --stb
exit $status
