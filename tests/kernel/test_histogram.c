#include "levels.h"

#include "kernel/histogram.h"
#include "support/golden.h"

static void expect_counts(const char *what, const uint32_t *got, const test_array *want, int64_t n) {
    assert_int_equal(want->count, n);
    for (int64_t i = 0; i < n; i++)
        if (got[i] != (uint32_t)want->values[i])
            fail_msg("%s: bin %lld has %u, not %g", what, (long long)i, got[i], (double)want->values[i]);
}

/* OpenCV's calcHist and NumPy's histogram. */
static void as_others_count(void **state) {
    (void)state;
    static const int32_t bins[] = {8, 4, 6};
    test_golden g = test_golden_open("kernels.bin");
    test_array bytes = test_golden_find(&g, "bytes"), all = test_golden_find(&g, "bytes-256"), ten = test_golden_find(&g, "bytes-10");
    test_array joint = test_golden_find(&g, "joint"), numbers = test_golden_find(&g, "numbers");
    test_array sixteen = test_golden_find(&g, "numbers-16");
    uint8_t *x = malloc((size_t)bytes.count);
    size_t pixels = (size_t)bytes.count / 3;
    for (int64_t i = 0; i < bytes.count; i++)
        x[i] = (uint8_t)bytes.values[i];
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++) {
        visml_parallel p = workers(2);
        visml_compute c = {&levels[l].kernels, &p};
        uint32_t counts[768], fewer[30];
        size_t room = visml_histogram_u8_scratch(&c, 3);
        void *scratch = scratch_of(room);
        visml_histogram_u8(&c, pixels, 3, x, counts, scratch);
        expect_counts("bytes", counts, &all, 768);
        visml_histogram_fewer(3, counts, 10, fewer);
        expect_counts("ten bins", fewer, &ten, 30);
        scratch_free(scratch, room);
        room = visml_histogram_joint_scratch(&c, 3, bins);
        scratch = scratch_of(room);
        visml_histogram_joint(&c, pixels, 3, bins, x, counts, scratch);
        expect_counts("joint", counts, &joint, 192);
        scratch_free(scratch, room);
        room = visml_histogram_f32_scratch(&c, 16);
        scratch = scratch_of(room);
        visml_histogram_f32(&c, (size_t)numbers.count, numbers.values, -2, 2, 16, counts, scratch);
        expect_counts("numbers", counts, &sixteen, 16);
        scratch_free(scratch, room);
    }
    free(x);
    test_array *arrays[] = {&bytes, &all, &ten, &joint, &numbers, &sixteen};
    for (size_t i = 0; i < 6; i++)
        free(arrays[i]->values);
    test_golden_close(&g);
}

/* Several pieces of work and workers; every channel against plain counting. */
static void many_pieces(void **state) {
    (void)state;
    enum { PIXELS = 200003 };
    static const int32_t bins[] = {3, 256};
    uint8_t *x = malloc(2 * PIXELS);
    uint32_t *want = calloc(512 + 768, sizeof *want), *got = malloc(1280 * sizeof *got);
    uint64_t seed = 3;
    for (size_t i = 0; i < 2 * PIXELS; i++)
        x[i] = i % 5 ? (uint8_t)test_random(&seed) : 9;
    for (size_t i = 0; i < PIXELS; i++) {
        want[x[2 * i]]++;
        want[256 + x[2 * i + 1]]++;
        want[512 + x[2 * i] * 3 / 256 * 256 + x[2 * i + 1]]++;
    }
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (size_t threads = 1; threads < 5; threads++) {
            visml_parallel p = workers(threads);
            visml_compute c = {&levels[l].kernels, &p};
            size_t room = visml_histogram_joint_scratch(&c, 2, bins); /* the larger one */
            void *scratch = scratch_of(room);
            memset(got, 255, 1280 * sizeof *got);
            visml_histogram_u8(&c, PIXELS, 2, x, got, scratch);
            visml_histogram_joint(&c, PIXELS, 2, bins, x, got + 512, scratch);
            assert_memory_equal(got, want, 1280 * sizeof *got);
            visml_histogram_u8(&c, 0, 2, NULL, got, scratch);
            for (size_t i = 0; i < 512; i++)
                assert_int_equal(got[i], 0);
            scratch_free(scratch, room);
        }
    free(x);
    free(want);
    free(got);
}

static void edges_of_bins(void **state) {
    (void)state;
    static const float x[] = {0, 0.25f, 0.24999999f, 1, 1.0000001f, -1e-30f, -0.0f, NAN, INFINITY, -INFINITY, 0.99999994f, 0.75f, 0.5f};
    static const uint32_t want[4] = {3, 1, 1, 3};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++) {
        visml_parallel p = workers(1);
        visml_compute c = {&levels[l].kernels, &p};
        uint32_t got[4];
        size_t room = visml_histogram_f32_scratch(&c, 4);
        void *scratch = scratch_of(room);
        visml_histogram_f32(&c, sizeof x / sizeof *x, x, 0, 1, 4, got, scratch);
        assert_memory_equal(got, want, sizeof want);
        scratch_free(scratch, room);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_others_count),
        cmocka_unit_test(many_pieces),
        cmocka_unit_test(edges_of_bins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
