#!/bin/sh
# Fuzzes the image room with libFuzzer, ASan and UBSan, in both builds: with libjpeg-turbo and libspng, and without them.
#   fuzz_image.sh SEEDS [SECONDS]       SEEDS: a folder with images, searched through; SECONDS for each build, default 600
# Finds are left in ./fuzz-image-NAME/. Needs clang.
set -eu
seeds=$(realpath "$1") seconds=${2:-600}
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/seeds"
find "$seeds" -type f -size -40k -print | while read -r f; do cp "$f" "$work/seeds/$(sha256sum "$f" | cut -c1-32)"; done
libs=$(pkg-config --libs jansson libturbojpeg spng)

# name, files of the other build, flags of jpeg_stb.c (see lib/image/meson.build)
fuzz() {
    sources=$(for room in base context kernel tensor image; do ls "$root/lib/$room"/*.c; done | grep -vE "$2")
    # shellcheck disable=SC2086
    clang -std=c11 -D_GNU_SOURCE -O1 -g -ffp-contract=off -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $3 \
        -I"$root/lib" -I"$root/include" $(pkg-config --cflags stb) $sources "$root/tests/fuzz/fuzz_image.c" \
        -o "$work/fuzz_$1" $libs -lm -lpthread
    mkdir -p "fuzz-image-$1" "$work/corpus-$1"
    "$work/fuzz_$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1500 -max_len=40000 -print_final_stats=1 \
        -artifact_prefix="fuzz-image-$1/" "$work/corpus-$1" "$work/seeds" 2>"$work/log" || { tail -60 "$work/log"; exit 1; }
    grep -E 'stat::|cov:' "$work/log" | tail -9
}

fuzz full 'jpeg_stb|png_inflate' ''
fuzz stb 'jpeg_turbo|png_spng' '-fwrapv -Wno-unused-function'
