/* A call of a kernel that can be made again: its arrays, what is around them and in them. A part of test_kernels.c. */
#ifndef KERNEL_TEST_TRIAL_H
#define KERNEL_TEST_TRIAL_H

#include "levels.h"

#include "visml/nn.h"

#define ARRAYS 48
#define CANARY 0x1.badp+7f
#define MAX_ROWS 401 /* of a trial */

/* One call's arrays. The same trial run again gives the same numbers at other places. */
typedef struct trial {
    size_t n, rows; /* n: elements, or channels */
    int offset;     /* elements behind a multiple of 64 bytes; -1: the arrays end at an unreadable page */
    int special;    /* NaN, infinities, zeros, subnormal numbers among the values */
    uint64_t seed;
    size_t arrays;
    struct {
        float *p;
        size_t n;
        char *base;
        int output;
    } array[ARRAYS];
} trial;

static float special_value(uint64_t *seed) {
    static const float values[] = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 1e-42f, -1e-40f, 3e38f, -3e38f, 90.0f, -104.5f, 1.0f};
    return values[test_random(seed) % (sizeof values / sizeof *values)];
}

static float *take(trial *t, size_t n, int output) {
    assert_true(t->arrays < ARRAYS);
    size_t i = t->arrays++;
    float *p;
    if (t->offset < 0) {
        p = test_guarded(n * sizeof *p);
        t->array[i].base = (char *)p;
    } else {
        t->array[i].base = aligned_alloc(64, ((n + 48) * sizeof *p + 63) / 64 * 64);
        assert_non_null(t->array[i].base);
        p = (float *)(void *)t->array[i].base + 16 + t->offset;
        for (int j = 0; j < 16; j++)
            p[-1 - j] = p[n + (size_t)j % (size_t)(16 - t->offset)] = CANARY;
    }
    t->array[i].p = p;
    t->array[i].n = n;
    t->array[i].output = output;
    for (size_t j = 0; j < n; j++)
        p[j] = t->special && test_random(&t->seed) % 4 == 0 ? special_value(&t->seed) : test_random_float(&t->seed);
    return p;
}

/* (Two of these in one call would be made in any order.) */
static float *in(trial *t, size_t n) {
    return take(t, n, 0);
}

/* Holds numbers too: what a kernel adds to, and what it must not use. */
static float *out(trial *t, size_t n) {
    return take(t, n, 1);
}

static void release(trial *t) {
    for (size_t i = 0; i < t->arrays; i++) {
        float *p = t->array[i].p;
        if (t->offset < 0) {
            test_guarded_free(p, t->array[i].n * sizeof *p);
            continue;
        }
        for (int j = 0; j < 16 - t->offset; j++)
            assert_true(p[-1 - j] == CANARY && p[t->array[i].n + (size_t)j] == CANARY);
        free(t->array[i].base);
    }
}

/* Those that epilogues know. */
#define ELEMENTWISE_ACTIVATIONS(a) for (int32_t a = VISML_LINEAR; a <= VISML_RELU6; a += a == VISML_TANH ? 2 : 1)

#endif
