/* Boxes that overlap. */
#include <math.h>
#include <stdlib.h>

#include "pipeline/suppression.h"
#include "support/support.h"
#include "tensor/tensor.h"
#include "visml/pipeline.h"

static visml_context *ctx;
static visml_error err;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

static visml_tensor *tensor(float *values, int64_t n, int64_t columns) {
    const visml_shape shape = columns ? *VISML_SHAPE(n, columns) : *VISML_SHAPE(n);
    return assert_made(visml_tensor_wrap(ctx, VISML_F32, &shape, NULL, values, NULL, NULL, &err), &err);
}

static void expect(float *boxes, float *scores, int64_t n, double overlap, const int32_t *want, int64_t count) {
    visml_tensor *b = tensor(boxes, n, 4), *s = tensor(scores, n, 0);
    visml_tensor *got = assert_made(visml_nms(b, s, overlap, &err), &err);
    assert_int_equal(got->count, count);
    if (count)
        assert_memory_equal(got->data, want, (size_t)count * sizeof *want);
    visml_tensor_release(b), visml_tensor_release(s), visml_tensor_release(got);
}

/* 10 x 10 boxes. The second is 5 to the right of the first: 50 of 150 shared. The third is far off. */
static float three[] = {0, 0, 10, 10, 0, 5, 10, 10, 40, 40, 10, 10};

static void the_best_of_overlapping_is_kept(void **state) {
    float scores[] = {1, 2, 0.5f};
    (void)state;
    expect(three, scores, 3, 0.3, (const int32_t[]){1, 2}, 2);
    expect(three, scores, 3, 0.34, (const int32_t[]){1, 0, 2}, 3);
    expect(three, scores, 0, 0.3, NULL, 0);
}

/* A third is not more than a third: in double, 50 / 150 == 1.0 / 3. */
static void as_much_as_allowed_is_not_too_much(void **state) {
    float scores[] = {2, 1, 0};
    (void)state;
    expect(three, scores, 3, 1.0 / 3, (const int32_t[]){0, 1, 2}, 3);
    expect(three, scores, 3, 0, (const int32_t[]){0, 2}, 2);
}

/* A chain: the middle one goes because of the first, so that the last one stays. */
static void what_is_left_out_leaves_nothing_out(void **state) {
    float chain[] = {0, 0, 10, 10, 0, 4, 10, 10, 0, 8, 10, 10}, scores[] = {3, 2, 1};
    (void)state;
    expect(chain, scores, 3, 0.3, (const int32_t[]){0, 2}, 2);
}

static void of_equals_the_first(void **state) {
    float scores[] = {1, 1, 1}, same[] = {3, 3, 5, 5, 3, 3, 5, 5, 3, 3, 5, 5}, empty[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    (void)state;
    expect(same, scores, 3, 0.5, (const int32_t[]){0}, 1);
    expect(same, scores, 3, 1, (const int32_t[]){0, 1, 2}, 3);
    expect(empty, scores, 3, 0, (const int32_t[]){0, 1, 2}, 3); /* boxes without an area share nothing */
}

/* Against the rule as it is said: a box stays if none that stays and comes before it shares too much with it. Whole pixels are counted. */
static int64_t shared_pixels(const float *a, const float *b) {
    int64_t n = 0;
    for (int y = (int)a[0]; y < (int)(a[0] + a[2]); y++)
        for (int x = (int)a[1]; x < (int)(a[1] + a[3]); x++)
            n += y >= (int)b[0] && y < (int)(b[0] + b[2]) && x >= (int)b[1] && x < (int)(b[1] + b[3]);
    return n;
}

static void as_counted_pixel_by_pixel(void **state) {
    enum { N = 60 };
    float boxes[4 * N], scores[N];
    int32_t want[N];
    int64_t kept = 0;
    uint64_t random = 5;
    (void)state;
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < 4; k++)
            boxes[4 * i + k] = (float)(k < 2 ? test_random(&random) % 30 : 1 + test_random(&random) % 12);
        scores[i] = (float)(N - i); /* in order */
    }
    for (int i = 0; i < N; i++) {
        int stays = 1;
        for (int64_t k = 0; k < kept; k++) {
            const float *a = boxes + 4 * want[k], *b = boxes + 4 * i;
            int64_t both = shared_pixels(a, b), either = (int64_t)(a[2] * a[3] + b[2] * b[3]) - both;
            stays &= 10 * both <= 3 * either;
        }
        if (stays)
            want[kept++] = i;
    }
    assert_true(kept > 10 && kept < N);
    expect(boxes, scores, N, 0.3, want, kept);
}

static void labels_do_not_see_each_other(void **state) {
    const float same[] = {0, 0, 4, 4, 0, 0, 4, 4, 0, 0, 4, 4}, scores[] = {1, 3, 2};
    const int32_t labels[] = {7, 7, 8};
    int32_t keep[3];
    int64_t kept;
    (void)state;
    assert_ok(visml_suppress(&ctx->memory, 3, same, scores, labels, 0.5, 3, keep, &kept, &err), &err);
    assert_int_equal(kept, 2);
    assert_int_equal(keep[0], 1);
    assert_int_equal(keep[1], 2);
    assert_ok(visml_suppress(&ctx->memory, 3, same, scores, labels, 0.5, 1, keep, &kept, &err), &err);
    assert_int_equal(kept, 1);
}

static void assert_refused(float *boxes, int64_t n, int64_t columns, float *scores, int64_t m, double overlap, const char *message) {
    visml_tensor *b = tensor(boxes, n, columns), *s = tensor(scores, m, 0);
    assert_null(visml_nms(b, s, overlap, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_string_equal(err.message, message);
    visml_tensor_release(b), visml_tensor_release(s);
}

static void mistakes_are_named(void **state) {
    float scores[] = {1, NAN, 1}, good[] = {1, 2, 3}, negative[] = {0, 0, 1, -1}, infinite[] = {INFINITY, 0, 1, 1};
    (void)state;
    assert_refused(three, 4, 3, good, 3, 0.5, "nms: boxes are [4, 3], must be [N, 4]: top, left, height, width");
    assert_refused(three, 3, 4, good, 2, 0.5, "nms: scores are [2], must be [3]");
    assert_refused(three, 3, 4, scores, 3, 0.5, "nms: scores[1] is NaN");
    assert_refused(three, 3, 4, good, 3, 1.5, "nms: overlap is 1.5, must be 0 to 1");
    assert_refused(three, 3, 4, good, 3, NAN, "nms: overlap is nan, must be 0 to 1");
    assert_refused(negative, 1, 4, good, 1, 0.5, "nms: boxes[0, 3] is -1, must be finite and at least 0");
    assert_refused(infinite, 1, 4, good, 1, 0.5, "nms: boxes[0, 0] is inf, must be finite");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_of_overlapping_is_kept), cmocka_unit_test(as_much_as_allowed_is_not_too_much),
        cmocka_unit_test(what_is_left_out_leaves_nothing_out), cmocka_unit_test(of_equals_the_first),
        cmocka_unit_test(as_counted_pixel_by_pixel), cmocka_unit_test(labels_do_not_see_each_other), cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
