/* What every row of augmentations.def promises; the values are in tests/data/test_augment.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "contract/option_contract.h"
#include "data/augment.h"

static visml_context *ctx;
static visml_error err;

/* ---- options that are accepted, a row each, all fields set somewhere ---- */

#define CONSTANT 1 /* a picture of one value in all channels stays one */
#define SHIFTS 2   /* its value may change */

typedef struct row_case {
    const char *name, *json; /* fields behind the class */
    int32_t properties;
} row_case;

static const row_case rows[] = {
    {"random_flip", "\"mode\": \"vertical\"", CONSTANT},
    {"random_flip", "", CONSTANT},
    {"random_rotation", "\"factor\": 0.4, \"fill_mode\": \"wrap\", \"interpolation\": \"nearest\", \"fill_value\": 3", CONSTANT},
    {"random_rotation", "\"factor\": 0.4", CONSTANT},
    {"random_zoom", "\"height_factor\": 0.9, \"width_factor\": [-0.5, 1], \"fill_mode\": \"nearest\", \"interpolation\": \"nearest\", "
                    "\"fill_value\": 3", CONSTANT},
    {"random_zoom", "\"height_factor\": 1", CONSTANT},
    {"random_translation", "\"height_factor\": 1, \"width_factor\": 1, \"fill_mode\": \"wrap\", \"interpolation\": \"nearest\", "
                           "\"fill_value\": 3", CONSTANT},
    {"random_translation", "\"height_factor\": 1, \"width_factor\": [0.2, 0.3], \"fill_mode\": \"constant\"", 0},
    {"random_shear", "\"x_factor\": 1, \"y_factor\": 1, \"fill_mode\": \"wrap\", \"interpolation\": \"nearest\", \"fill_value\": 3",
     CONSTANT},
    {"random_shear", "\"x_factor\": [0.2, 0.9]", CONSTANT},
    {"random_crop", "\"height\": 3, \"width\": 7", CONSTANT},
    {"random_brightness", "\"factor\": 1, \"value_range\": [1, 200]", CONSTANT | SHIFTS},
    {"random_contrast", "\"factor\": 1, \"value_range\": [-10, 300]", CONSTANT},
    {"random_hue", "\"factor\": 1, \"value_range\": [-10, 300]", CONSTANT},
    {"random_saturation", "\"factor\": 0.9, \"value_range\": [0, 300]", CONSTANT},
    {"random_grayscale", "\"factor\": 0.7", CONSTANT},
    {"random_erasing", "\"factor\": [1, 1], \"scale\": [0.1, 0.9], \"fill_value\": 20, \"value_range\": [0, 200]", 0},
    {"random_erasing", "\"scale\": 0.5", 0},
    {"random_gaussian_blur", "\"kernel_size\": [5, 63], \"factor\": [1, 1], \"sigma\": [0.1, 9], \"value_range\": [0, 200]", CONSTANT},
    {"random_color_degeneration", "\"factor\": 1, \"value_range\": [-10, 300]", CONSTANT},
    {"random_sharpness", "\"factor\": 1, \"value_range\": [-10, 300]", CONSTANT},
    {"random_posterization", "\"factor\": [1, 8], \"value_range\": [0, 510]", CONSTANT | SHIFTS},
    {"solarization", "\"addition_factor\": 0.5, \"threshold_factor\": 0.9, \"value_range\": [-10, 300]", CONSTANT | SHIFTS},
    {"auto_contrast", "\"value_range\": [-10, 300]", CONSTANT},
    {"equalization", "\"bins\": 16, \"value_range\": [-10, 300]", CONSTANT},
    {"rand_augment", "\"num_ops\": 5, \"factor\": 1, \"value_range\": [0, 300], \"fill_mode\": \"wrap\", \"interpolation\": \"nearest\"",
     CONSTANT | SHIFTS},
    {"mix_up", "\"alpha\": 0.4", 0},
    {"cut_mix", "\"factor\": 0.4", 0},
};
#define ROWS (sizeof rows / sizeof *rows)

static visml_augmentation *make_row(visml_context *c, const row_case *r) {
    char text[400];
    int n = snprintf(text, sizeof text, "[{\"class\": \"%s\"%s%s}]", r->name, *r->json ? ", " : "", r->json);
    return assert_made(visml_augmentation_from_json(c, text, (size_t)n, &err), &err);
}

static const row_case *row_of(const visml_augmentation_class *cls) {
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, cls->name) == 0)
            return &rows[i];
    fail_msg("%s has no row in this test", cls->name);
    return NULL;
}

/* ---- options ---- */

static void *make(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    return visml_augmentation_make(c, t->cls, opts, e);
}

static const void *options_of(const void *object) {
    return ((const visml_augmentation *)object)->steps[0]->opts;
}

static void free_augmentation(void *object) {
    visml_augmentation_free(object);
}

static void options_keep_the_contract(void **state) {
    (void)state;
    for (size_t i = 0; visml_augmentation_classes[i]; i++) {
        const visml_augmentation_class *c = visml_augmentation_classes[i];
        visml_augmentation *a = make_row(ctx, row_of(c));
        void *valid = malloc(c->opts_size); /* what was read may be given once more, but for 0 */
        memcpy(valid, options_of(a), c->opts_size);
        for (const visml_field *f = c->fields; f->name; f++)
            for (size_t k = 0; f->kind == VISML_FIELD_F64 && k < f->count; k++) {
                double *p = (double *)(void *)((char *)valid + f->offset) + k;
                *p = *p == f->fallback && *p > f->max ? 0 : *p == 0 ? VISML_ZERO : *p;
            }
        test_options t = {c->name, c->fields, c->opts_size, valid, make, options_of, free_augmentation, c, ctx};
        test_options_sizes(&t);
        test_options_ranges(&t);
        test_options_allocations(&t);
        free(valid);
        visml_augmentation_free(a);
    }
}

static json_t *to_json(const void *object) {
    return visml_augmentation_json(object);
}

static void json_goes_round(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        visml_augmentation *a = make_row(ctx, &rows[i]);
        char text[600];
        size_t n = visml_augmentation_to_json(a, text, sizeof text);
        assert_true(n > 0 && n < sizeof text && strlen(text) == n);
        visml_augmentation *again = assert_made(visml_augmentation_from_json(ctx, text, n, &err), &err);
        assert_ptr_equal(again->steps[0]->cls, a->steps[0]->cls);
        assert_memory_equal(again->steps[0]->opts, a->steps[0]->opts, a->steps[0]->cls->opts_size);
        test_json_allocations(to_json, a);
        visml_augmentation_free(again);
        visml_augmentation_free(a);
    }
}

static void names_are_found(void **state) {
    (void)state;
    for (size_t i = 0; visml_augmentation_classes[i]; i++) {
        const visml_augmentation_class *c = visml_augmentation_classes[i];
        assert_ptr_equal(visml_augmentation_class_find(c->name), c);
        assert_true(!c->draw_pair == !(c->pair_u8 && c->pair_f32) && !c->draw_pair == !!c->apply);
    }
    assert_null(visml_augmentation_class_find("random_flop"));
    assert_null(visml_augmentation_class_find(NULL));
}

/* Each field of each class is set to something else than its default by some row. */
static void rows_use_every_option(void **state) {
    (void)state;
    for (size_t i = 0; visml_augmentation_classes[i]; i++)
        for (const visml_field *f = visml_augmentation_classes[i]->fields; f->name; f++) {
            int used = f->kind == VISML_FIELD_RESERVED;
            char key[80];
            snprintf(key, sizeof key, "\"%s\"", f->name);
            for (size_t k = 0; k < ROWS; k++)
                used |= strcmp(rows[k].name, visml_augmentation_classes[i]->name) == 0 && strstr(rows[k].json, key);
            if (!used)
                fail_msg("%s: no row sets %s", visml_augmentation_classes[i]->name, f->name);
        }
}

/* ---- pictures ---- */

static const int64_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {13, 40}, {33, 17}};
#define SIZES (sizeof sizes / sizeof *sizes)

/* Bytes, 0 ... 240, or the same as floats. constant: all alike. */
static visml_tensor *picture(visml_context *c, int64_t height, int64_t width, int64_t channels, visml_dtype dtype, int constant) {
    visml_tensor *t = assert_made(visml_tensor_new(c, dtype, VISML_SHAPE(height, width, channels), &err), &err);
    uint64_t seed = 5;
    for (int64_t i = 0; i < visml_tensor_count(t); i++) {
        uint8_t v = constant ? 100 : (uint8_t)(test_random(&seed) % 241);
        if (dtype == VISML_U8)
            ((uint8_t *)visml_tensor_data(t))[i] = v;
        else
            ((float *)visml_tensor_data(t))[i] = v;
    }
    return t;
}

static int can_do(const visml_augmentation *a, int64_t channels) {
    const visml_augmentation_class *cls = a->steps[0]->cls;
    return cls->apply && (!(cls->properties & VISML_AUGMENT_RGB) || channels == 3);
}

/* Calls a check for every row, size and number of channels that the row can do. */
static void for_all(void (*check)(const row_case *r, const visml_augmentation *a, int64_t height, int64_t width, int64_t channels)) {
    for (size_t i = 0; i < ROWS; i++) {
        visml_augmentation *a = make_row(ctx, &rows[i]);
        for (size_t s = 0; s < SIZES; s++)
            for (int64_t channels = 1; channels <= 4; channels++)
                if (can_do(a, channels))
                    check(&rows[i], a, sizes[s][0], sizes[s][1], channels);
        visml_augmentation_free(a);
    }
}

/* The shape that was promised; what went in is untouched; bytes are the floats, rounded. */
static void check_shapes(const row_case *r, const visml_augmentation *a, int64_t height, int64_t width, int64_t channels) {
    visml_tensor *bytes = picture(ctx, height, width, channels, VISML_U8, 0), *copy = picture(ctx, height, width, channels, VISML_U8, 0);
    visml_tensor *floats = picture(ctx, height, width, channels, VISML_F32, 0);
    visml_shape want;
    assert_ok(visml_augmentation_infer(a, visml_tensor_shape(bytes), &want, &err), &err);
    for (int64_t n = 0; n < 6; n++) {
        visml_tensor *x = assert_made(visml_augment_image(a, bytes, 9, 0, n, &err), &err);
        visml_tensor *y = assert_made(visml_augment_image(a, floats, 9, 0, n, &err), &err);
        assert_true(visml_shape_equal(&x->shape, &want) && visml_shape_equal(&y->shape, &want));
        for (int64_t i = 0; i < visml_tensor_count(x); i++) {
            double v = (double)((float *)visml_tensor_data(y))[i], byte = ((uint8_t *)visml_tensor_data(x))[i];
            if (!(fabs(fmin(fmax(v, 0), 255) - byte) <= 0.5))
                fail_msg("%s: number %d is %g as a byte, %g as a float", r->name, (int)i, byte, v);
        }
        visml_tensor_release(x);
        visml_tensor_release(y);
    }
    assert_memory_equal(visml_tensor_data(bytes), visml_tensor_data(copy), (size_t)visml_tensor_count(copy));
    visml_tensor_release(bytes);
    visml_tensor_release(copy);
    visml_tensor_release(floats);
}

static void shapes_and_types_are_kept(void **state) {
    (void)state;
    for_all(check_shapes);
}

static void check_constant(const row_case *r, const visml_augmentation *a, int64_t height, int64_t width, int64_t channels) {
    if (!(r->properties & CONSTANT))
        return;
    visml_tensor *in = picture(ctx, height, width, channels, VISML_U8, 1);
    for (int64_t n = 0; n < 6; n++) {
        visml_tensor *out = assert_made(visml_augment_image(a, in, 4, 0, n, &err), &err);
        const uint8_t *p = visml_tensor_data(out);
        for (int64_t i = 0; i < visml_tensor_count(out); i++)
            if (p[i] != (r->properties & SHIFTS ? p[0] : 100))
                fail_msg("%s: a constant picture is %d at first and %d at %d", r->name, p[0], p[i], (int)i);
        visml_tensor_release(out);
    }
    visml_tensor_release(in);
}

static void constant_pictures_stay_so(void **state) {
    (void)state;
    for_all(check_constant);
}

static void wrong_channels_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        visml_augmentation *a = make_row(ctx, &rows[i]);
        for (int64_t channels = 1; channels <= 4; channels++)
            if (a->steps[0]->cls->apply && !can_do(a, channels)) {
                visml_tensor *in = picture(ctx, 4, 5, channels, VISML_U8, 0);
                assert_null(visml_augment_image(a, in, 1, 0, 0, &err));
                assert_int_equal(err.code, VISML_EINVAL);
                assert_non_null(strstr(err.message, rows[i].name));
                assert_non_null(strstr(err.message, "3 channels"));
                visml_tensor_release(in);
            }
        visml_augmentation_free(a);
    }
}

/* Every level gives the bits of the reference; a blur adds up in double, so sse4 does too. */
static void levels_change_nothing(void **state) {
    (void)state;
    visml_context *ref = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .cpu_mask = VISML_CPU_REF), &err), &err);
    for (uint32_t level = VISML_CPU_AVX2; level <= VISML_CPU_NEON; level *= 2) {
        if (!(visml_cpu_levels() & level))
            continue;
        visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .cpu_mask = level), &err), &err);
        for (size_t i = 0; i < ROWS; i++) {
            visml_augmentation *a = make_row(ref, &rows[i]), *b = make_row(c, &rows[i]);
            visml_tensor *in = picture(ref, 21, 37, 3, VISML_F32, 0);
            for (int64_t n = 0; n < 4 && can_do(a, 3); n++) {
                visml_tensor *x = assert_made(visml_augment_image(a, in, 2, 1, n, &err), &err);
                visml_tensor *y = assert_made(visml_augment_image(b, in, 2, 1, n, &err), &err);
                if (memcmp(visml_tensor_data(x), visml_tensor_data(y), (size_t)visml_tensor_count(x) * sizeof(float)) != 0)
                    fail_msg("%s: level %u gives other bits", rows[i].name, level);
                visml_tensor_release(x);
                visml_tensor_release(y);
            }
            visml_tensor_release(in);
            visml_augmentation_free(a);
            visml_augmentation_free(b);
        }
        visml_context_free(c);
    }
    visml_context_free(ref);
}

/* NaN and infinities in, no crash. */
static void check_special(const row_case *r, const visml_augmentation *a, int64_t height, int64_t width, int64_t channels) {
    static const float special[] = {NAN, INFINITY, -INFINITY, 1e38f, -0.0f, 1e-42f};
    visml_tensor *in = picture(ctx, height, width, channels, VISML_F32, 0);
    (void)r;
    for (int64_t i = 0; i < visml_tensor_count(in); i += 2)
        ((float *)visml_tensor_data(in))[i] = special[i / 2 % 6];
    for (int64_t n = 0; n < 3; n++)
        visml_tensor_release(assert_made(visml_augment_image(a, in, 2, 0, n, &err), &err));
    visml_tensor_release(in);
}

static void special_values_do_no_harm(void **state) {
    (void)state;
    for_all(check_special);
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
        cmocka_unit_test(options_keep_the_contract),
        cmocka_unit_test(json_goes_round),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(rows_use_every_option),
        cmocka_unit_test(shapes_and_types_are_kept),
        cmocka_unit_test(constant_pictures_stay_so),
        cmocka_unit_test(wrong_channels_are_refused),
        cmocka_unit_test(levels_change_nothing),
        cmocka_unit_test(special_values_do_no_harm),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
