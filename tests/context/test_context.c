#include "support/support.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "context/context.h"

static void defaults(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ctx = assert_made(visml_context_new(NULL, &err), &err);
    assert_int_equal(visml_context_threads(ctx), visml_cpu_count());
    assert_int_equal(visml_context_cpu(ctx) & ~visml_cpu_levels(), 0);
    assert_int_equal(ctx->max_pixels, 89478485);
    assert_int_equal(ctx->max_decode_bytes, 512 << 20);
    assert_int_equal(ctx->max_file_bytes, 4294967296);
    assert_int_equal(ctx->max_scans, 100);
    assert_true(visml_context_memory_used(ctx) > 0);
    assert_true(visml_context_memory_peak(ctx) >= visml_context_memory_used(ctx));
    visml_context_free(ctx);
    visml_context_free(NULL);
    assert_int_equal(visml_context_threads(NULL), 0);
    assert_int_equal(visml_context_cpu(NULL), 0);
    assert_int_equal(visml_context_memory_used(NULL), 0);
}

static void refused(visml_context_opts o, const char *message) {
    visml_error err = {0};
    o.size = sizeof o;
    assert_null(visml_context_new(&o, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_string_equal(err.message, message);
}

static void options_are_checked(void **state) {
    (void)state;
    visml_allocator none = {.size = sizeof none}, odd = {.size = sizeof odd, .reserved = 3};
    refused((visml_context_opts){.threads = -1}, "context: threads is -1, must be 1 to 1024");
    refused((visml_context_opts){.threads = 1025}, "context: threads is 1025, must be 1 to 1024");
    refused((visml_context_opts){.max_pixels = -5}, "context: max_pixels is -5, must be 1 to 268435456");
    refused((visml_context_opts){.cpu_mask = 0x100}, "context: cpu_mask is 0x100, must be a sum of VISML_CPU_* (0x8000001f at most)");
    refused((visml_context_opts){.allocator = &none}, "allocator: alloc is NULL; both functions are needed");
    refused((visml_context_opts){.allocator = &odd}, "allocator: reserved is 3, must be 0: it has no meaning in this version");
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    test_allocator a;
    visml_error err;
    for (int64_t n = 1;; n++) {
        memset(&err, 0, sizeof err);
        test_allocator_init(&a);
        a.countdown = n;
        visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 3), &err);
        visml_context_free(ctx);
        assert_int_equal(a.live, 0);
        if (ctx)
            break;
        assert_int_equal(err.code, VISML_ENOMEM);
    }
    assert_true(a.calls >= 3);
}

static void the_cpu_mask_narrows(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ref = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .cpu_mask = VISML_CPU_REF), &err), &err);
    visml_context *avx2 = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .cpu_mask = VISML_CPU_AVX2), &err), &err);
    assert_int_equal(visml_context_cpu(ref), 0);
    assert_int_equal(visml_context_cpu(avx2) & ~VISML_CPU_AVX2, 0);
    visml_context_free(ref);
    visml_context_free(avx2);
}

static int32_t lines;
static void count_lines(void *user, int32_t level, const char *text) {
    assert_ptr_equal(user, &lines);
    assert_int_equal(level, 1);
    assert_string_equal(text, "epoch 3");
    lines++;
}

static void the_log_is_called(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ctx = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .log = count_lines, .log_user = &lines), &err), &err);
    visml_log(ctx, 1, "epoch %d", 3);
    assert_int_equal(lines, 1);
    visml_context_free(ctx);
}

static void foreign_run(void *user, size_t n, visml_block_fn fn, void *arg) {
    (*(int *)user)++;
    for (size_t b = n; b--;)
        fn(arg, b, b % 2);
}

static void mark(void *arg, size_t block, size_t worker) {
    assert_true(worker < 2);
    ((int *)arg)[block]++;
}

static void the_embedders_threads_are_used(void **state) {
    (void)state;
    visml_error err = {0};
    int calls = 0, marks[9] = {0};
    visml_context *ctx = assert_made(
        visml_context_new(VISML_OPTS(visml_context_opts, .threads = 2, .parallel = foreign_run, .parallel_user = &calls), &err), &err);
    visml_compute c = visml_context_compute(ctx);
    visml_parallel_run(c.parallel, 9, mark, marks);
    visml_parallel_run(c.parallel, 0, mark, marks);
    assert_int_equal(calls, 1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(marks[i], 1);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(the_cpu_mask_narrows),
        cmocka_unit_test(the_log_is_called),
        cmocka_unit_test(the_embedders_threads_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
