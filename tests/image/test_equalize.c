#include <math.h>
#include <string.h>

#include "support/support.h"
#include "tensor/tensor.h"
#include "visml/image.h"

static visml_context *ctx;
static visml_error err;

static visml_tensor *picture(visml_dtype dtype, int64_t channels) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, dtype, VISML_SHAPE(9, 13, channels), &err), &err);
    uint64_t seed = 1;
    memset(t->data, 0, (size_t)t->count * visml_dtype_bytes(dtype));
    for (int64_t i = 0; i < t->count; i++) {
        int v = (int)(50 + test_random(&seed) % 50 * (uint64_t)(i % channels + 1));
        if (dtype == VISML_U8)
            ((uint8_t *)t->data)[i] = (uint8_t)v;
        else if (dtype == VISML_F32)
            ((float *)(void *)t->data)[i] = ((float)v + 0.25f) / 255; /* nothing is at the edge between two steps */
    }
    return t;
}

/* The share of values of the same channel that are not larger, of those larger than the smallest. */
static int definition(const uint8_t *x, int64_t n, int64_t channels, int64_t i) {
    uint8_t least = 255;
    int64_t below = 0, first = 0, all = 0;
    for (int64_t k = i % channels; k < n; k += channels)
        least = x[k] < least ? x[k] : least;
    for (int64_t k = i % channels; k < n; k += channels) {
        all++;
        first += x[k] == least;
        below += x[k] <= x[i];
    }
    return all == first ? x[i] : (int)nearbyint((double)(below - first) / (double)(all - first) * 255);
}

static void values_become_their_share(void **state) {
    (void)state;
    for (int64_t channels = 1; channels <= 4; channels++) {
        visml_tensor *bytes = picture(VISML_U8, channels), *floats = picture(VISML_F32, channels);
        visml_tensor *y = assert_made(visml_image_equalize(bytes, &err), &err), *z = assert_made(visml_image_equalize(floats, &err), &err);
        assert_int_equal(y->dtype, VISML_U8);
        assert_int_equal(z->dtype, VISML_F32);
        for (int64_t i = 0; i < bytes->count; i++) {
            int want = definition((const uint8_t *)bytes->data, bytes->count, channels, i);
            assert_int_equal(((const uint8_t *)y->data)[i], want);
            assert_true(fabsf(((const float *)(const void *)z->data)[i] - (float)want / 255) <= 6e-8f);
        }
        visml_tensor_release(z);
        visml_tensor_release(y);
        visml_tensor_release(floats);
        visml_tensor_release(bytes);
    }
}

static void constant_pictures_stay(void **state) {
    visml_tensor *p = picture(VISML_U8, 3);
    (void)state;
    memset(p->data, 77, (size_t)p->count);
    visml_tensor *y = assert_made(visml_image_equalize(p, &err), &err);
    assert_memory_equal(y->data, p->data, (size_t)p->count);
    visml_tensor_release(y);
    visml_tensor_release(p);
}

static void what_is_no_such_picture_is_refused(void **state) {
    visml_tensor *words = picture(VISML_U16, 1), *many = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(2, 2, 5), &err);
    (void)state;
    assert_null(visml_image_equalize(words, &err));
    assert_string_equal(err.message, "equalize: image is uint16, must be uint8 or float32");
    assert_null(visml_image_equalize(assert_made(many, &err), &err));
    assert_string_equal(err.message, "equalize: image has shape [2, 2, 5], must be [height, width, channels] with 1 to 4 channels");
    visml_tensor_release(many);
    visml_tensor_release(words);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_their_share),
        cmocka_unit_test(constant_pictures_stay),
        cmocka_unit_test(what_is_no_such_picture_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
