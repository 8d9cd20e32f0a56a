#include <stdlib.h>
#include <string.h>

#include "context/context.h"
#include "image/deflate.h"
#include "image/inflate.h"
#include "support/support.h"

/* Comes back as it was, within the bound. Returns the compressed length. */
static size_t round_trip(const uint8_t *in, size_t n) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    size_t bound = visml_deflate_bound(n), made = 0, used = 0;
    uint8_t *packed = test_guarded(bound), *back = test_guarded(n);
    assert_ok(visml_deflate(&ctx->memory, in, n, packed, &made, &err), &err);
    assert_true(made <= bound);
    visml_inflate_out out = {.data = back, .capacity = n};
    assert_ok(visml_inflate("x", packed, made, &out, &used, &err), &err);
    assert_int_equal(used, made);
    assert_int_equal(out.made, n);
    assert_memory_equal(back, in, n);
    test_guarded_free(packed, bound);
    test_guarded_free(back, n);
    visml_context_free(ctx);
    return made;
}

static void test_lengths(void **state) {
    (void)state;
    uint8_t same[1000], noise[1000];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        same[i] = 200;
        noise[i] = (uint8_t)test_random(&seed);
    }
    for (size_t n = 0; n <= sizeof same; n += n < 300 ? 1 : 47) { /* all match lengths, 258 and around it */
        round_trip(same, n);
        round_trip(noise, n);
    }
}

/* Matches at every distance up to the window and beyond it. */
static void test_distances(void **state) {
    (void)state;
    size_t n = 70000;
    uint8_t *p = malloc(n);
    uint64_t seed = 2;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)test_random(&seed);
    for (size_t d = 1; d < 34000; d = d * 3 / 2 + 1) {
        memmove(p + n - 300, p + n - 300 - d, 300);
        round_trip(p + (d < 30000 ? 30000 : 0), n - (d < 30000 ? 30000 : 0));
    }
    memmove(p + 32768, p, 300);
    round_trip(p, 33100);
    memmove(p + 32769, p, 300);
    round_trip(p, 33100);
    free(p);
}

static void test_compresses(void **state) {
    (void)state;
    uint8_t *p = calloc(1, 100000);
    assert_true(round_trip(p, 100000) < 1000);
    for (int i = 0; i < 100000; i++)
        p[i] = (uint8_t)(i % 100);
    assert_true(round_trip(p, 100000) < 1000);
    free(p);
}

static void test_bound(void **state) {
    (void)state;
    assert_int_equal(visml_deflate_bound((size_t)-1), 0);
    assert_true(visml_deflate_bound(0) >= 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_distances), cmocka_unit_test(test_compresses), cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
