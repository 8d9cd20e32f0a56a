/* Runs a fuzz target without libFuzzer, as a test: each file given, then `count` mutations of them, always the same ones.
 *
 *     replay COUNT FILE... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static uint64_t state = 1;

/* A few bytes turned, put in, or taken out. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
    static const char digits[] = "0123456789-[]{}\",:e";
    for (uint32_t k = test_random(&state) % 4 + 1; k && size; k--) {
        size_t at = test_random(&state) % size;
        uint8_t byte =
            test_random(&state) % 2 ? (uint8_t)digits[test_random(&state) % (sizeof digits - 1)] : (uint8_t)(test_random(&state) >> 3);
        uint32_t kind = test_random(&state) % 4;
        if (kind == 0 && size < max_size)
            memmove(data + at + 1, data + at, size++ - at);
        if (kind == 1 && size > 1)
            memmove(data + at, data + at + 1, --size - at);
        else
            data[at] = byte;
    }
    return size;
}

static void mutate(const uint8_t *file, size_t n) {
    size_t room = n + 1000;
    uint8_t *copy = malloc(room);
    memcpy(copy, file, n);
    for (uint32_t k = test_random(&state) % 3 + 1; k; k--)
        n = LLVMFuzzerCustomMutator(copy, n, room, test_random(&state));
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

int main(int argc, char **argv) {
    for (int i = 2; i < argc; i++) {
        size_t n;
        uint8_t *file = test_read_file(argv[i], &n);
        LLVMFuzzerTestOneInput(file, n);
        for (int k = atoi(argv[1]); k > 0; k--)
            mutate(file, n);
        free(file);
    }
    return 0;
}
