#!/bin/sh
# Instructions of one training step of seed-cnn (batch 32, one thread), counted by valgrind: a figure that no other process disturbs.
#
#     tests/bench/instructions.sh BUILD [LEVEL]     LEVEL: avx2 (default; valgrind knows no AVX-512), sse4 or ref
#
# The difference between runs of two steps and of one is one step, without what comes before and after. It takes some minutes, for
# valgrind computes multiply-adds by hand. Prints the count, a line about the run, and the functions that most of the instructions are in.
set -eu
build=$1
level=${2:-avx2}
program=$build/tests/bench/training_step
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

count() { # STEPS
  valgrind --tool=callgrind --callgrind-out-file="$folder/$1" "$program" "$1" "$level" >"$folder/$1.out" 2>"$folder/$1.log" ||
    { cat "$folder/$1.out" "$folder/$1.log" >&2; exit 1; }
  sed -n 's/^\(summary\|totals\): \([0-9]*\).*/\2/p' "$folder/$1" | head -n 1
}

one=$(count 1)
two=$(count 2)
echo "instructions of one step: $((two - one))"
echo "level $level, $(valgrind --version), $one for the run of one step"
echo "functions with most of the instructions in the run of two steps:"
callgrind_annotate "$folder/2" 2>/dev/null | sed -n '/file:function/,$p' | sed -n '3,12p' | sed 's/\[[^]]*\]$//; s/???://'
