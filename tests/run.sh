#!/bin/sh
# Runs all tests on a Debian 12 machine: installs what is missing (as root), builds with gcc and with clang, and runs the suite plain,
# under the address and undefined-behaviour sanitizers, and what has threads under the thread sanitizer.
#
#     sh tests/run.sh [BUILDS]      BUILDS: a folder for the build trees and their logs; default: a new one, removed if all went well
#
# The last line is "N passed, N failed"; the exit status is 0 only when none failed.
set -u
cd "$(dirname "$0")/.." || exit 1

packages='gcc g++ dpkg-dev clang libclang-rt-14-dev meson ninja-build pkg-config cmake python3 python3-numpy abigail-tools binutils git
          libjansson-dev libstb-dev libturbojpeg0-dev libspng-dev libcmocka-dev'
missing=''
for p in $packages; do
  case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in *' installed') ;; *) missing="$missing $p" ;; esac
done
if [ -n "$missing" ]; then
  echo "installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086  # a list of words
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; } || { echo '0 passed, 1 failed'; exit 1; }
fi

# Debian's own: another meson or python3 in the PATH need not know the packages above.
meson=/usr/bin/meson
PATH=/usr/bin:/bin:$PATH
export PATH
given=${1:-}
builds=${given:-$(mktemp -d)}
mkdir -p "$builds"
passed=0 failed=0 skipped=0

# Adds up what meson wrote down about its last run: one JSON object a line.
count() { # BUILD
  counts=$(python3 - "$1/meson-logs/testlog.json" <<'PYTHON'
import collections, json, sys
results = collections.Counter()
try:
    for line in open(sys.argv[1]):
        results[json.loads(line)["result"]] += 1
except OSError:
    pass
good = results.pop("OK", 0) + results.pop("EXPECTEDFAIL", 0)
skipped = results.pop("SKIP", 0) + results.pop("IGNORED", 0)
print(good, sum(results.values()), skipped)
PYTHON
)
  # shellcheck disable=SC2086  # three numbers
  set -- $counts
  [ "$1$2" = 00 ] && set -- 0 1 0 # nothing ran: that is a failure
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# What is in a build: its tests whose names fit a pattern but not another, in a line, and the files that these need, in the next one.
choose() { # BUILD PATTERN LEFT-OUT
  python3 - "$@" <<'PYTHON'
import json, os, re, sys
build, pattern, left_out = sys.argv[1:]
read = lambda what: json.load(open(f"{build}/meson-info/intro-{what}.json"))
files = {t["id"]: t["filename"] for t in read("targets")}
tests = [t for t in read("tests") if re.search(pattern, t["name"]) and not (left_out and re.search(left_out, t["name"]))]
print(*(t["name"] for t in tests))
print(*sorted({os.path.relpath(f, build) for t in tests for d in t["depends"] for f in files[d]}))
PYTHON
}

# Sets up, builds what is needed ('.' without anything left out: everything), tests. PATTERN, LEFT-OUT: regular expressions over names.
# Sanitizers make gcc see dangers that are not there: warnings are errors without them only.
run() { # NAME CC CXX PATTERN LEFT-OUT MESON-OPTIONS...
  name=$1 cc=$2 cxx=$3 pattern=$4 left_out=$5
  shift 5
  dir=$builds/$name
  echo "== $name: $cc $*"
  files='' chosen=''
  if CC=$cc CXX=$cxx $meson setup "$dir" "$@" >"$dir.log" 2>&1; then
    chosen=$(choose "$dir" "$pattern" "$left_out")
    [ "$pattern$left_out" = . ] || files=$(echo "$chosen" | sed -n 2p)
  fi
  # shellcheck disable=SC2086  # names have no spaces
  if [ -z "$chosen" ] || ! ninja -C "$dir" $files >>"$dir.log" 2>&1; then
    tail -n 40 "$dir.log"
    echo "== $name: does not build"
    failed=$((failed + 1))
    return
  fi
  # shellcheck disable=SC2046
  CC=$cc CXX=$cxx $meson test -C "$dir" --no-rebuild --print-errorlogs --timeout-multiplier 4 $(echo "$chosen" | sed -n 1p)
  count "$dir"
}

# Not detect_stack_use_after_return: gcc 12 lays variables of 64 bytes, as AVX-512 has them, at too small an alignment then (its bug
# 110027).
export ASAN_OPTIONS=strict_string_checks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:allocator_may_return_null=1

# Left out with sanitizers: what takes the longest and differs from other tests in its numbers alone.
run gcc gcc g++ . '' -Dwerror=true -Dbuildtype=release -Ddebug=true
run clang clang clang++ . '' -Dwerror=true -Dbuildtype=release
run sanitize gcc g++ . '^(contract/gradients|train/trajectory.*|lint/.*|headers/.*|abi/.*)$' -Dbuildtype=debugoptimized \
  -Db_sanitize=address,undefined
run threads gcc g++ '^(context|tensor|kernel|data|model|feature|plot|classify|train|cli/train$|cli/interrupt$)' \
  '^(kernel/kernels|train/trajectory.*)$' -Dbuildtype=debugoptimized -Db_sanitize=thread

[ -n "$given" ] || [ "$failed" -gt 0 ] || rm -rf "$builds"
[ "$failed" -eq 0 ] || echo "logs: $builds"
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
