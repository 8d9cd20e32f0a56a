#include "data/fixtures.h"

#include <stdatomic.h>

#define SAMPLES 12

static visml_context *ctx;
static const char *const names[] = {"ant", "bee", "cow"};

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

static int32_t sample(void *user, int64_t i, void *pixels, int32_t *label, char *reason) {
    (void)reason;
    *(float *)pixels = (float)i;
    *label = (int32_t)(i % 3);
    return user != NULL;
}

/* Twelve samples of three classes; sample i is the number i. */
static visml_dataset *make(visml_context *c) {
    visml_error err = {0};
    visml_tensor *x = visml_tensor_new(c, VISML_F32, VISML_SHAPE(SAMPLES, 1), &err),
                 *y = visml_tensor_new(c, VISML_I32, VISML_SHAPE(SAMPLES), &err);
    for (int i = 0; x && y && i < SAMPLES; i++) {
        ((float *)visml_tensor_data(x))[i] = (float)i;
        ((int32_t *)visml_tensor_data(y))[i] = i % 3;
    }
    visml_dataset *ds = x && y ? visml_dataset_from_arrays(c, x, y, names, 3, &err) : NULL;
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

static float value(visml_dataset *ds, int64_t i) {
    visml_error err = {0};
    visml_tensor *t = assert_made(visml_dataset_read(ds, i, &err), &err);
    float v = *(float *)visml_tensor_data(t);
    visml_tensor_release(t);
    return v;
}

static void subset_takes_samples_in_any_order(void **state) {
    (void)state;
    visml_error err = {0};
    visml_dataset *ds = make(ctx);
    const int64_t first[] = {11, 0, 5, 5}, second[] = {3, 0};
    visml_dataset *a = assert_made(visml_dataset_subset(ds, first, 4, &err), &err);
    visml_dataset *b = assert_made(visml_dataset_subset(a, second, 2, &err), &err);
    visml_dataset *none = assert_made(visml_dataset_subset(a, NULL, 0, &err), &err);
    visml_dataset_free(ds); /* each keeps what it needs */
    visml_dataset_free(a);
    assert_int_equal(visml_dataset_count(b), 2);
    assert_true(value(b, 0) == 5 && value(b, 1) == 11);
    assert_int_equal(visml_dataset_label(b, 1), 2);
    assert_string_equal(visml_dataset_class_name(b, 1), "bee");
    assert_int_equal(visml_dataset_count(none), 0);
    assert_int_equal(visml_dataset_class_count(none), 3);
    visml_loader *l = assert_made(visml_loader_new(none, VISML_OPTS(visml_loader_opts, .epochs = -1, .workers = 1), &err), &err);
    visml_batch *batch = (visml_batch *)ctx;
    assert_ok(visml_loader_next(l, &batch, &err), &err);
    assert_null(batch);
    visml_loader_free(l);
    visml_dataset_free(none);
    const int64_t wrong[] = {0, 2}, negative[] = {-1};
    assert_refused(visml_dataset_subset(b, wrong, 2, ERR), VISML_EINVAL, "indices[1] is 2, must be 0 to 1");
    assert_refused(visml_dataset_subset(b, negative, 1, ERR), VISML_EINVAL, "indices[0] is -1");
    assert_refused(visml_dataset_subset(b, NULL, 1, ERR), VISML_EINVAL, "indices");
    assert_refused(visml_dataset_subset(NULL, wrong, 1, ERR), VISML_EINVAL, "ds");
    visml_dataset_free(b);
}

static void renumbers_labels_as_a_model_has_them(void **state) {
    (void)state;
    visml_error err = {0};
    visml_dataset *ds = make(ctx);
    const char *const model[] = {"cow", "dog", "ant", "bee"}, *const back[] = {"bee", "cow", "dog", "ant", "eel"};
    const int64_t some[] = {4, 5, 6};
    visml_dataset *a = assert_made(visml_dataset_with_classes(ds, model, 4, &err), &err);
    visml_dataset *b = assert_made(visml_dataset_subset(a, some, 3, &err), &err);
    visml_dataset *c = assert_made(visml_dataset_with_classes(b, back, 5, &err), &err);
    visml_dataset_free(ds);
    visml_dataset_free(a);
    assert_int_equal(visml_dataset_class_count(b), 4);
    assert_string_equal(visml_dataset_class_name(b, 1), "dog");
    assert_null(visml_dataset_class_name(b, 4));
    const int32_t in_b[] = {3, 0, 2}, in_c[] = {0, 1, 3};
    visml_loader *l = assert_made(visml_loader_new(c, NULL, &err), &err);
    visml_batch *batch = NULL;
    assert_ok(visml_loader_next(l, &batch, &err), &err);
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(visml_dataset_label(b, i), in_b[i]);
        assert_int_equal(visml_dataset_label(c, i), in_c[i]);
        assert_int_equal(((int32_t *)visml_tensor_data(visml_batch_targets(batch)))[i], in_c[i]);
    }
    visml_batch_free(batch);
    visml_loader_free(l);
    visml_dataset *parts[3];
    assert_ok(visml_dataset_split(c, NULL, parts, &err), &err);
    for (int p = 0; p < 3; p++) {
        assert_string_equal(visml_dataset_class_name(parts[p], 4), "eel");
        visml_dataset_free(parts[p]);
    }
    visml_dataset_free(c);
    visml_dataset_free(b);
}

static void refuses_classes_that_do_not_match(void **state) {
    (void)state;
    visml_error err = {0};
    visml_dataset *ds = make(ctx),
                  *bare =
                      assert_made(visml_dataset_from_callback(ctx, 3, VISML_F32, VISML_SHAPE(1), NULL, 0, sample, NULL, NULL, &err), &err);
    const char *const lacks[] = {"ant", "cow", "elk"}, *const twice[] = {"ant", "bee", "cow", "bee"}, *const hole[] = {"ant", NULL};
    assert_refused(visml_dataset_with_classes(ds, lacks, 3, ERR), VISML_EINVAL, "\"bee\"");
    assert_refused(visml_dataset_with_classes(ds, twice, 4, ERR), VISML_EINVAL, "names[1] and names[3] are both \"bee\"");
    assert_refused(visml_dataset_with_classes(ds, hole, 2, ERR), VISML_EINVAL, "names[1] is NULL");
    assert_refused(visml_dataset_with_classes(ds, NULL, 2, ERR), VISML_EINVAL, "names");
    assert_refused(visml_dataset_with_classes(ds, names, 0, ERR), VISML_EINVAL, "n ");
    assert_refused(visml_dataset_with_classes(NULL, names, 3, ERR), VISML_EINVAL, "ds");
    assert_refused(visml_dataset_with_classes(bare, names, 3, ERR), VISML_EINVAL, "no classes");
    visml_dataset_free(bare);
    visml_dataset_free(ds);
    visml_tensor *x = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 1), &err),
                 *y = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 3), &err);
    ds = assert_made(visml_dataset_from_arrays(ctx, x, y, names, 3, &err), &err);
    const char *const turned[] = {"cow", "bee", "ant"};
    assert_refused(visml_dataset_with_classes(ds, turned, 3, ERR), VISML_EINVAL, "targets are arrays");
    visml_dataset *same = assert_made(visml_dataset_with_classes(ds, names, 3, &err), &err);
    visml_dataset_free(same);
    visml_dataset_free(ds);
    visml_tensor_release(x);
    visml_tensor_release(y);
}

static void bears_null_and_numbers_out_of_range(void **state) {
    (void)state;
    visml_error err = {0};
    visml_dataset *ds = make(ctx);
    visml_shape shape;
    assert_int_equal(visml_dataset_count(NULL), 0);
    assert_int_equal(visml_dataset_class_count(NULL), 0);
    assert_null(visml_dataset_class_name(NULL, 0));
    assert_int_equal(visml_dataset_label(NULL, 0), -1);
    assert_null(visml_dataset_path(NULL, 0));
    assert_null(visml_dataset_path(ds, 0));
    assert_int_equal(visml_dataset_dropped_count(NULL), 0);
    assert_status(visml_dataset_dropped(NULL, 0, NULL, 0, NULL, 0, &err), VISML_EINVAL, &err);
    assert_status(visml_dataset_sample_shape(NULL, &shape, &err), VISML_EINVAL, &err);
    assert_status(visml_dataset_sample_shape(ds, NULL, &err), VISML_EINVAL, &err);
    assert_status(visml_dataset_sample_shape(ds, NULL, NULL), VISML_EINVAL, NULL);
    assert_refused(visml_dataset_read(NULL, 0, ERR), VISML_EINVAL, "ds");
    assert_refused(visml_dataset_read(ds, SAMPLES, ERR), VISML_EINVAL, "sample 12, must be 0 to 11");
    assert_refused(visml_dataset_read(ds, -1, ERR), VISML_EINVAL, "sample -1");
    visml_dataset_free(NULL);
    visml_dataset_free(ds);
}

static void callback_says_what_is_wrong(void **state) {
    (void)state;
    visml_error err = {0};
    const visml_shape *one = VISML_SHAPE(1), *none = VISML_SHAPE(1, 0), *deep = VISML_SHAPE(1, 1, 1, 1, 1, 1, 1, 1);
    assert_refused(visml_dataset_from_callback(NULL, 1, VISML_F32, one, NULL, 1, sample, NULL, NULL, ERR), VISML_EINVAL, "ctx");
    assert_refused(visml_dataset_from_callback(ctx, 1, VISML_F32, one, NULL, 1, NULL, NULL, NULL, ERR), VISML_EINVAL, "fn");
    assert_refused(visml_dataset_from_callback(ctx, 0, VISML_F32, one, NULL, 1, sample, NULL, NULL, ERR), VISML_EINVAL, "count is 0");
    assert_refused(visml_dataset_from_callback(ctx, 1, VISML_I32, one, NULL, 1, sample, NULL, NULL, ERR), VISML_EINVAL, "dtype");
    assert_refused(visml_dataset_from_callback(ctx, 1, VISML_F32, NULL, NULL, 1, sample, NULL, NULL, ERR), VISML_EINVAL, "shape");
    assert_refused(visml_dataset_from_callback(ctx, 1, VISML_F32, none, NULL, 1, sample, NULL, NULL, ERR), VISML_EINVAL, "shape");
    assert_refused(visml_dataset_from_callback(ctx, 1, VISML_F32, deep, NULL, 1, sample, NULL, NULL, ERR), VISML_EINVAL, "shape");
    assert_refused(visml_dataset_from_callback(ctx, 1, VISML_F32, one, names, 0, sample, NULL, NULL, ERR), VISML_EINVAL, "classes");
    assert_refused(
        visml_dataset_from_callback(ctx, 1, VISML_F32, one, names, 3, sample, NULL, VISML_OPTS(visml_source_opts, .color = 3), ERR),
        VISML_EINVAL, "color");
    visml_dataset *ds = assert_made(visml_dataset_from_callback(ctx, 9, VISML_F32, one, names, 3, sample, ctx, NULL, &err), &err);
    assert_refused(visml_dataset_read(ds, 4, ERR), VISML_EFORMAT, "sample 4: the callback returned 1");
    assert_int_equal(visml_dataset_label(ds, 4), -1);
    visml_dataset_free(ds);
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), NULL);
    int64_t before = atomic_load(&a.live);
    const char *const model[] = {"cow", "dog", "ant", "bee"};
    const int64_t some[] = {4, 5, 6};
    for (int64_t n = 1, done = 0; !done; n++) {
        visml_error err = {0};
        atomic_store(&a.countdown, n);
        visml_dataset *ds = make(c), *named = ds ? visml_dataset_with_classes(ds, model, 4, &err) : NULL,
                      *sub = named ? visml_dataset_subset(named, some, 3, &err) : NULL;
        visml_dataset *again = sub ? visml_dataset_with_classes(sub, model, 4, &err) : NULL;
        done = atomic_load(&a.countdown) > 0;
        atomic_store(&a.countdown, -1);
        assert_int_equal(again != NULL, done);
        visml_dataset_free(ds);
        visml_dataset_free(named);
        visml_dataset_free(sub);
        visml_dataset_free(again);
        assert_int_equal(atomic_load(&a.live), before);
    }
    visml_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subset_takes_samples_in_any_order),
        cmocka_unit_test(renumbers_labels_as_a_model_has_them),
        cmocka_unit_test(refuses_classes_that_do_not_match),
        cmocka_unit_test(bears_null_and_numbers_out_of_range),
        cmocka_unit_test(callback_says_what_is_wrong),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
