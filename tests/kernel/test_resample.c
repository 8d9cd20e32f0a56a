/* The passes against plain loops. That they make the pictures of Pillow is tested in tests/image/test_resize.c. */
#include "levels.h"

#include "kernel/resample.h"

enum { PLACES = 29, SIZE = 9, IN = 41 };

typedef struct some_taps {
    int32_t first[PLACES], count[PLACES], fixed[PLACES * SIZE];
    double real[PLACES * SIZE];
    visml_taps view;
} some_taps;

/* Weights of any sign and sum, so that results also stop at both ends. */
static void make(some_taps *s) {
    uint64_t seed = 9;
    for (int i = 0; i < PLACES; i++) {
        s->count[i] = 1 + (int32_t)(test_random(&seed) % SIZE);
        s->first[i] = (int32_t)(test_random(&seed) % (uint32_t)(IN - s->count[i] + 1));
        for (int k = 0; k < SIZE; k++) {
            s->real[i * SIZE + k] = (double)test_random_float(&seed) * 0.5 + 0.1;
            s->fixed[i * SIZE + k] = (int32_t)(s->real[i * SIZE + k] * (1 << VISML_TAP_BITS));
        }
    }
    s->view = (visml_taps){SIZE, s->first, s->count, s->real, s->fixed};
}

static double sample(visml_sample type, const void *x, int64_t i) {
    return type == VISML_SAMPLE_U8    ? ((const uint8_t *)x)[i]
           : type == VISML_SAMPLE_U16 ? ((const uint16_t *)x)[i]
                                      : (double)((const float *)x)[i];
}

/* One result: the samples at `at`, `step` apart. */
static double by_hand(visml_sample type, const some_taps *s, int64_t place, const void *x, int64_t at, int64_t step) {
    int64_t whole = 1 << (VISML_TAP_BITS - 1);
    double sum = 0;
    for (int64_t k = 0; k < s->count[place]; k++) {
        double v = sample(type, x, at + (s->first[place] + k) * step);
        whole += (int64_t)v * s->fixed[place * SIZE + k];
        sum += v * s->real[place * SIZE + k];
    }
    if (type == VISML_SAMPLE_F32)
        return (double)(float)sum;
    double most = type == VISML_SAMPLE_U8 ? 255 : 65535;
    double r = type == VISML_SAMPLE_U8 ? floor((double)whole / (1 << VISML_TAP_BITS)) : floor(sum + 0.5);
    return r < 0 ? 0 : r > most ? most : r;
}

static void *picture(visml_sample type, size_t n) {
    uint64_t seed = 4;
    void *x = malloc(n * type + 1);
    for (size_t i = 0; i < n; i++)
        if (type == VISML_SAMPLE_F32)
            ((float *)x)[i] = test_random_float(&seed);
        else if (type == VISML_SAMPLE_U16)
            ((uint16_t *)x)[i] = (uint16_t)test_random(&seed);
        else
            ((uint8_t *)x)[i] = (uint8_t)test_random(&seed);
    return x;
}

static const visml_sample types[] = {VISML_SAMPLE_U8, VISML_SAMPLE_U16, VISML_SAMPLE_F32};

static void widths(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    some_taps s;
    make(&s);
    for (size_t l = 0; l < n; l++)
        for (int64_t c = 1; c <= 4; c++)
            for (int64_t rows = 1; rows < 40; rows += 6)
                for (size_t t = 0; t < 3; t++) {
                    visml_parallel p = workers(3);
                    visml_compute compute = {&levels[l].kernels, &p};
                    visml_columns columns = {IN, PLACES, c, s.view};
                    size_t to = (size_t)(rows * PLACES * c), room = visml_resample_width_scratch(&compute, types[t], &columns);
                    void *x = picture(types[t], (size_t)(rows * IN * c)), *y = test_guarded(to * types[t]), *scratch = scratch_of(room);
                    visml_resample_width(&compute, types[t], &columns, rows, x, y, scratch);
                    for (int64_t i = 0; i < (int64_t)to; i++) {
                        int64_t ch = i % c, place = i / c % PLACES, row = i / c / PLACES;
                        if (sample(types[t], y, i) != by_hand(types[t], &s, place, x, row * IN * c + ch, c))
                            fail_msg("%s, %d bytes: sample %lld", levels[l].name, (int)types[t], (long long)i);
                    }
                    scratch_free(scratch, room);
                    test_guarded_free(y, to * types[t]);
                    free(x);
                }
}

static void heights(void **state) {
    (void)state;
    static const int64_t lengths[] = {0, 1, 15, 16, 17, 63, 64, 65, 200, 2503};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    some_taps s;
    make(&s);
    for (size_t l = 0; l < n; l++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
            for (size_t t = 0; t < 3; t++) {
                visml_parallel p = workers(3);
                visml_compute compute = {&levels[l].kernels, &p};
                int64_t width = lengths[k];
                size_t to = (size_t)(PLACES * width) * types[t];
                void *x = picture(types[t], (size_t)(IN * width)), *y = test_guarded(to);
                visml_resample_height(&compute, types[t], &s.view, width, PLACES, x, y);
                for (int64_t i = 0; i < PLACES * width; i++)
                    if (sample(types[t], y, i) != by_hand(types[t], &s, i / width, x, i % width, width))
                        fail_msg("%s, %d bytes, %lld samples: sample %lld", levels[l].name, (int)types[t], (long long)width, (long long)i);
                test_guarded_free(y, to);
                free(x);
            }
}

static void nearest(void **state) {
    (void)state;
    enum { H = 30, W = 700 };
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    int64_t rows[H], columns[W];
    for (int64_t i = 0; i < H; i++)
        rows[i] = i * 7 % 11;
    for (int64_t i = 0; i < W; i++)
        columns[i] = i * 13 % 17;
    for (size_t l = 0; l < n; l++)
        for (int64_t bytes = 1; bytes <= 16; bytes++) {
            visml_parallel p = workers(3);
            visml_compute c = {&levels[l].kernels, &p};
            uint8_t *x = picture(VISML_SAMPLE_U8, (size_t)(11 * 17 * bytes)), *y = test_guarded((size_t)(H * W * bytes));
            visml_resample_nearest(&c, bytes, 17, H, W, rows, columns, x, y);
            for (int64_t i = 0; i < H * W; i++)
                assert_memory_equal(y + i * bytes, x + (rows[i / W] * 17 + columns[i % W]) * bytes, (size_t)bytes);
            test_guarded_free(y, (size_t)(H * W * bytes));
            free(x);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths),
        cmocka_unit_test(heights),
        cmocka_unit_test(nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
