/* Histograms and points. */
#include <math.h>

#include "plot/marks.h"

static visml_context *ctx;
static visml_error err;

static visml_tensor *floats(int32_t rank, int64_t n, int64_t d, const float *v) {
    visml_shape shape = visml_shape_make(rank, (int64_t[]){n, d});
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, &shape, &err), &err);
    if (v)
        memcpy(t->data, v, (size_t)t->count * sizeof *v);
    return t;
}

static visml_tensor *labels_of(int64_t n, const int32_t *v) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), &err), &err);
    memcpy(t->data, v, (size_t)n * sizeof *v);
    return t;
}

/* ---- histograms ---- */

/* Heights of bars are as the counts; the largest value is in the last bin. */
static void bars_are_as_high_as_their_counts(void **state) {
    visml_tensor *t = floats(1, 7, 0, (float[]){0, 0.1f, 0.2f, 0.3f, 0.6f, 0.9f, 1});
    (void)state;
    visml_plot *p = assert_made(
        visml_plot_histogram(t, VISML_OPTS(visml_plot_chart_opts, .bins = 4, .title = "T", .x_label = "x"), &err), &err);
    const double counts[] = {3, 1, 1, 2}; /* [0, 0.25), [0.25, 0.5), [0.5, 0.75), [0.75, 1] */
    double unit = 0;
    assert_int_equal(count_marks(p, VISML_MARK_RECTANGLE, VISML_BARS), 4);
    for (size_t i = 0; i < 4; i++) {
        const visml_mark *m = find_mark(p, VISML_MARK_RECTANGLE, VISML_BARS, i);
        unit = i ? unit : (m->to_y - m->y) / counts[0];
        assert_true(fabs((m->to_y - m->y) - unit * counts[i]) < 1e-9);
    }
    assert_true(has_text(p, "T") && has_text(p, "x") && has_text(p, "count") && has_text(p, "0.2") && has_text(p, "2.0"));
    visml_tensor *image = assert_made(visml_plot_image(p, &err), &err);
    const visml_mark *first = find_mark(p, VISML_MARK_RECTANGLE, VISML_BARS, 0);
    assert_int_equal(image->shape.dims[0], 600);
    assert_int_equal(image->shape.dims[1], 800);
    assert_int_equal(pixel_at(image, (int64_t)first->x + 5, (int64_t)first->to_y - 5), VISML_BARS);
    assert_int_equal(pixel_at(image, (int64_t)first->x + 5, (int64_t)first->y - 3), VISML_WHITE);
    visml_tensor_release(image);
    visml_plot_free(p);
    visml_tensor_release(t);
}

static void values_that_do_not_vary_have_a_bar(void **state) {
    visml_tensor *t = floats(2, 3, 2, NULL);
    (void)state;
    visml_plot *p = assert_made(visml_plot_histogram(t, NULL, &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_RECTANGLE, VISML_BARS), 1);
    visml_plot_free(p);
    visml_tensor_release(t);
}

static void histograms_refuse(void **state) {
    visml_tensor *none = floats(1, 0, 0, NULL), *odd = floats(1, 3, 0, (float[]){1, NAN, 2});
    visml_tensor *far = floats(1, 2, 0, (float[]){1, -INFINITY});
    visml_tensor *labels = labels_of(1, (int32_t[]){1}), *fine = floats(1, 1, 0, (float[]){1});
    (void)state;
    assert_refused(visml_plot_histogram(NULL, NULL, &err), VISML_EINVAL, "histogram: values is NULL, must be a tensor", &err);
    assert_refused(visml_plot_histogram(none, NULL, &err), VISML_EINVAL, "histogram: there are no values, must be one at least", &err);
    assert_refused(visml_plot_histogram(odd, NULL, &err), VISML_EINVAL, "histogram: values: number 1 is nan, must be finite", &err);
    assert_refused(visml_plot_histogram(far, NULL, &err), VISML_EINVAL, "histogram: values: number 1 is -inf, must be finite", &err);
    assert_refused(visml_plot_histogram(labels, NULL, &err), VISML_EINVAL, "histogram: values is int32, must be float32", &err);
    assert_refused(visml_plot_histogram(fine, VISML_OPTS(visml_plot_chart_opts, .bins = 4097), &err), VISML_EINVAL,
                   "histogram: bins is 4097, must be 1 to 4096", &err);
    assert_refused(visml_plot_histogram(fine, VISML_OPTS(visml_plot_chart_opts, .width = 319), &err), VISML_EINVAL,
                   "histogram: width is 319, must be 320 to 8192", &err);
    visml_tensor *all[] = {none, odd, far, labels, fine};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        visml_tensor_release(all[i]);
}

/* ---- points ---- */

static const float square[] = {0, 0, 1, 0, 1, 2, 0, 2};

static void points_are_where_they_belong(void **state) {
    static const char *const names[] = {"a<b", "caf\xC3\xA9"};
    visml_tensor *points = floats(2, 4, 2, square), *labels = labels_of(4, (int32_t[]){0, 1, -3, 1});
    (void)state;
    visml_plot *p = assert_made(visml_plot_scatter(points, labels, names, 2, NULL, &err), &err);
    const visml_mark *first = find_mark(p, VISML_MARK_DISC, 0x0072B2, 0), *second = find_mark(p, VISML_MARK_DISC, 0xD55E00, 0);
    const visml_mark *fourth = find_mark(p, VISML_MARK_DISC, 0xD55E00, 1), *third = find_mark(p, VISML_MARK_DISC, VISML_GRAY, 0);
    assert_true(first->y == second->y && third->y == fourth->y && first->y > third->y); /* upwards */
    assert_true(first->x == fourth->x && second->x == third->x && first->x < second->x);
    assert_int_equal(count_marks(p, VISML_MARK_DISC, 0xD55E00), 3); /* one of the legend */
    assert_true(has_text(p, "a<b") && has_text(p, "caf\xC3\xA9") && has_text(p, "no class"));
    visml_plot_free(p);
    p = assert_made(visml_plot_scatter(points, NULL, NULL, 0, NULL, &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_DISC, 0x0072B2), 4); /* and no legend */
    visml_plot_free(p);
    p = assert_made(visml_plot_scatter(points, labels, NULL, 0, NULL, &err), &err);
    assert_true(has_text(p, "0") && has_text(p, "1"));
    visml_plot_free(p);
    visml_tensor_release(labels);
    visml_tensor_release(points);
}

/* 30 classes: colors come again with other marks, the legend ends with dots where there are no more lines. */
static void many_classes_have_marks(void **state) {
    float v[60];
    int32_t label[30];
    (void)state;
    for (int i = 0; i < 30; i++) {
        v[2 * i] = (float)i;
        v[2 * i + 1] = (float)(i * i);
        label[i] = i;
    }
    visml_tensor *points = floats(2, 30, 2, v), *labels = labels_of(30, label);
    visml_plot *p = assert_made(visml_plot_scatter(points, labels, NULL, 0, NULL, &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_DISC, 0x0072B2), 2 + 1);      /* classes 0 and 24; 0 in the legend */
    assert_int_equal(count_marks(p, VISML_MARK_RECTANGLE, 0x009E73), 1 + 1); /* class 10, with the legend */
    assert_int_equal(count_marks(p, VISML_MARK_LINE, 0xF0E442), 2);          /* class 23 */
    assert_true(has_text(p, "22") && !has_text(p, "23") && has_text(p, "...")); /* lines of 22 pixels in 600, without those around */
    visml_plot_free(p);
    visml_tensor_release(labels);
    visml_tensor_release(points);
}

static void points_that_are_refused(void **state) {
    static const char *const names[] = {"a", NULL};
    visml_tensor *points = floats(2, 4, 2, square), *none = floats(2, 0, 2, NULL), *flat = floats(1, 4, 0, NULL);
    visml_tensor *odd = floats(2, 2, 2, (float[]){0, 1, 2, NAN}), *few = labels_of(3, (int32_t[]){0, 0, 0});
    visml_tensor *labels = labels_of(4, (int32_t[]){0, 0, 1, 0});
    (void)state;
    assert_refused(visml_plot_scatter(none, NULL, NULL, 0, NULL, &err), VISML_EINVAL,
                   "scatter: points are [0, 2], must be [N, 2] with N of 1 or more", &err);
    assert_refused(visml_plot_scatter(flat, NULL, NULL, 0, NULL, &err), VISML_EINVAL,
                   "scatter: points are [4], must be [N, 2] with N of 1 or more", &err);
    assert_refused(visml_plot_scatter(odd, NULL, NULL, 0, NULL, &err), VISML_EINVAL, "scatter: points: number 3 is nan, must be finite",
                   &err);
    assert_refused(visml_plot_scatter(points, few, NULL, 0, NULL, &err), VISML_EINVAL,
                   "scatter: labels are [3], must be [4], one for each", &err);
    assert_refused(visml_plot_scatter(points, labels, names, 1, NULL, &err), VISML_EINVAL,
                   "scatter: labels[2] is 1, must be below classes: 1", &err);
    assert_refused(visml_plot_scatter(points, labels, names, 2, NULL, &err), VISML_EINVAL, "scatter: class_names[1] is NULL", &err);
    assert_refused(visml_plot_scatter(points, points, NULL, 0, NULL, &err), VISML_EINVAL, "scatter: labels is float32, must be int32",
                   &err);
    visml_tensor *all[] = {points, none, flat, odd, few, labels};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        visml_tensor_release(all[i]);
}

/* ---- tables, allocations ---- */

/* A table of pictures of one gray value each, halves of two classes: [n, 3], on one line. */
static visml_table *gray_table(visml_context *c, int64_t n, visml_error *e) {
    static const char *const names[] = {"dark", "light"};
    visml_tensor *x = visml_tensor_new(c, VISML_U8, VISML_SHAPE(n, 4, 4, 3), e), *y = visml_tensor_new(c, VISML_I32, VISML_SHAPE(n), e);
    visml_dataset *ds = NULL;
    for (int64_t i = 0; x && y && i < n; i++) {
        memset(x->data + 48 * i, (int)(i * 255 / n), 48);
        ((int32_t *)(void *)y->data)[i] = i >= n / 2;
    }
    if (x && y)
        ds = visml_dataset_from_arrays(c, x, y, names, 2, e);
    visml_features *f = ds ? visml_features_from_json(c, "[\"average\"]", 11, e) : NULL;
    visml_table *t = f ? visml_features_extract(f, ds, NULL, e) : NULL;
    visml_features_free(f);
    visml_dataset_free(ds);
    visml_tensor_release(y);
    visml_tensor_release(x);
    return t;
}

static void a_table_is_shown_by_its_components(void **state) {
    visml_table *t = assert_made(gray_table(ctx, 20, &err), &err), *one = assert_made(gray_table(ctx, 1, &err), &err);
    (void)state;
    visml_plot *p = assert_made(visml_plot_table(t, VISML_OPTS(visml_plot_chart_opts, .y_label = "mine"), &err), &err);
    assert_true(has_text(p, "dark") && has_text(p, "light") && has_text(p, "first principal component") && has_text(p, "mine"));
    double before = find_mark(p, VISML_MARK_DISC, 0x0072B2, 0)->x; /* in order along the line, from either end */
    int up = find_mark(p, VISML_MARK_DISC, 0x0072B2, 1)->x > before;
    for (size_t i = 1; i < 10; i++) {
        double x = find_mark(p, VISML_MARK_DISC, 0x0072B2, i)->x;
        assert_true(up ? x > before : x < before);
        before = x;
    }
    visml_plot_free(p);
    assert_refused(visml_plot_table(one, NULL, &err), VISML_EINVAL,
                   "plot: the table is [1, 3], must have two rows and two columns at least", &err);
    visml_table_free(one);
    visml_table_free(t);
}

static visml_status use_histogram(visml_context *c, visml_error *e) {
    visml_tensor *t = visml_tensor_new(c, VISML_F32, VISML_SHAPE(5), e);
    visml_status status = t ? write_all(visml_plot_histogram(t, VISML_OPTS(visml_plot_chart_opts, .title = "t"), e), e) : e->code;
    visml_tensor_release(t);
    return status;
}

static visml_status use_table(visml_context *c, visml_error *e) {
    visml_table *t = gray_table(c, 4, e);
    visml_status status = t ? write_all(visml_plot_table(t, NULL, e), e) : e->code;
    visml_table_free(t);
    return status;
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    survive_allocations(use_histogram);
    survive_allocations(use_table);
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
        cmocka_unit_test(bars_are_as_high_as_their_counts),
        cmocka_unit_test(values_that_do_not_vary_have_a_bar),
        cmocka_unit_test(histograms_refuse),
        cmocka_unit_test(points_are_where_they_belong),
        cmocka_unit_test(many_classes_have_marks),
        cmocka_unit_test(points_that_are_refused),
        cmocka_unit_test(a_table_is_shown_by_its_components),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
