/* Contact sheets and clusters. */
#include "plot/marks.h"

static visml_context *ctx;
static visml_error err;

/* n pictures of one value each, which grows by 10. */
static visml_tensor *grays(visml_context *c, int64_t n, int64_t h, int64_t w, visml_error *e) {
    visml_tensor *t = visml_tensor_new(c, VISML_U8, VISML_SHAPE(n, h, w, 1), e);
    for (int64_t i = 0; t && i < n; i++)
        memset(t->data + i * h * w, (int)(10 * i), (size_t)(h * w));
    return t;
}

static visml_tensor *labels_of(visml_context *c, int64_t n, const int32_t *v, visml_error *e) {
    visml_tensor *t = visml_tensor_new(c, VISML_I32, VISML_SHAPE(n), e);
    if (t)
        memcpy(t->data, v, (size_t)n * sizeof *v);
    return t;
}

/* The gray value of picture number i of a plot. */
static int value_of(const visml_plot *p, size_t i) {
    const visml_mark *m = find_mark(p, VISML_MARK_PICTURE, 0, i);
    return m ? (uint8_t)m->as.picture->data[0] : -1;
}

static void pictures_stand_in_rows(void **state) {
    visml_tensor *t = assert_made(grays(ctx, 5, 4, 8, &err), &err);
    (void)state;
    visml_plot *p = assert_made(
        visml_plot_contact_sheet(t, NULL, NULL, 0, VISML_OPTS(visml_plot_sheet_opts, .side = 16, .columns = 3), &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_PICTURE, 0), 5);
    assert_int_equal(count_marks(p, VISML_MARK_TEXT, VISML_BLACK), 0);
    for (size_t i = 0; i < 5; i++) {
        const visml_mark *m = find_mark(p, VISML_MARK_PICTURE, 0, i);
        assert_int_equal(value_of(p, i), 10 * (int)i);
        assert_true(m->x == 4 + 20.0 * (double)(i % 3) && m->to_x == m->x + 16);         /* as wide as its place, */
        assert_true(m->y == 4 + 4 + 20.0 * (double)(i / 3) && m->to_y == m->y + 8);      /* half as high, in its middle */
    }
    assert_true(p->height == 4 + 2 * 20);
    visml_plot_free(p);
    visml_tensor_release(t);
}

/* Classes in the order of their numbers, those without at the end. */
static void classes_have_headings(void **state) {
    static const char *const names[] = {"cat", "d<g", "\xC3\xA4"};
    visml_tensor *t = assert_made(grays(ctx, 6, 2, 2, &err), &err);
    visml_tensor *labels = assert_made(labels_of(ctx, 6, (int32_t[]){2, -1, 0, 2, -7, 0}, &err), &err);
    (void)state;
    visml_plot *p = assert_made(
        visml_plot_contact_sheet(t, labels, names, 3, VISML_OPTS(visml_plot_sheet_opts, .title = "all"), &err), &err);
    const int want[] = {20, 50, 0, 30, 10, 40};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(value_of(p, i), want[i]);
    assert_int_equal(count_marks(p, VISML_MARK_TEXT, VISML_BLACK), 4);
    assert_true(has_text(p, "all") && has_text(p, "cat") && has_text(p, "\xC3\xA4") && has_text(p, "no class"));
    visml_plot_free(p);
    p = assert_made(visml_plot_contact_sheet(t, labels, NULL, 0, NULL, &err), &err);
    assert_true(has_text(p, "0") && has_text(p, "2"));
    visml_plot_free(p);
    visml_tensor_release(labels);
    visml_tensor_release(t);
}

static void floats_are_shown_as_bytes(void **state) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(1, 1, 4, 1), &err), &err);
    float *v = (float *)(void *)t->data;
    (void)state;
    v[0] = -1, v[1] = 0.5f, v[2] = 7, v[3] = 0.0f / (v[0] + 1);
    visml_plot *p = assert_made(visml_plot_contact_sheet(t, NULL, NULL, 0, VISML_OPTS(visml_plot_sheet_opts, .side = 8), &err), &err);
    const uint8_t *b = (const uint8_t *)find_mark(p, VISML_MARK_PICTURE, 0, 0)->as.picture->data;
    assert_int_equal(b[0], 0);
    assert_int_equal(b[2 * 3], 128);
    assert_int_equal(b[4 * 3], 255);
    assert_int_equal(b[6 * 3], 0); /* NaN */
    visml_plot_free(p);
    visml_tensor_release(t);
}

static void sheets_refuse(void **state) {
    visml_tensor *none = assert_made(grays(ctx, 0, 2, 2, &err), &err), *t = assert_made(grays(ctx, 2, 2, 2, &err), &err);
    visml_tensor *labels = assert_made(labels_of(ctx, 2, (int32_t[]){0, 5}, &err), &err);
    static const char *const names[] = {"a"};
    (void)state;
    assert_refused(visml_plot_contact_sheet(none, NULL, NULL, 0, NULL, &err), VISML_EINVAL,
                   "contact sheet: images are [0, 2, 2, 1], must be [N, height, width, channels], none of them 0, with 4 channels at most",
                   &err);
    assert_refused(visml_plot_contact_sheet(labels, NULL, NULL, 0, NULL, &err), VISML_EINVAL,
                   "contact sheet: images are [2], must be [N, height, width, channels], none of them 0, with 4 channels at most", &err);
    assert_refused(visml_plot_contact_sheet(t, labels, names, 1, NULL, &err), VISML_EINVAL,
                   "contact sheet: labels[1] is 5, must be below classes: 1", &err);
    assert_refused(visml_plot_contact_sheet(t, NULL, NULL, 0, VISML_OPTS(visml_plot_sheet_opts, .side = 7), &err), VISML_EINVAL,
                   "contact sheet: side is 7, must be 8 to 1024", &err);
    visml_tensor_release(labels);
    visml_tensor_release(t);
    visml_tensor_release(none);
}

/* ---- clusters ---- */

typedef struct set {
    visml_dataset *dataset;
    visml_table *table;
} set;

/* Ten dark pictures, 0, 1, 2, ..., and four bright ones: two clusters. */
static set make_set(visml_context *c, visml_error *e) {
    static const char *const names[] = {"odd", "even"};
    visml_tensor *x = visml_tensor_new(c, VISML_U8, VISML_SHAPE(14, 6, 6, 1), e), *y = visml_tensor_new(c, VISML_I32, VISML_SHAPE(14), e);
    set s = {0};
    for (int64_t i = 0; x && y && i < 14; i++) {
        memset(x->data + 36 * i, (int)(i < 10 ? i : 190 + i), 36);
        ((int32_t *)(void *)y->data)[i] = i < 10 ? i >= 3 : 0;
    }
    s.dataset = x && y ? visml_dataset_from_arrays(c, x, y, names, 2, e) : NULL;
    visml_features *f = s.dataset ? visml_features_from_json(c, "[\"average\"]", 11, e) : NULL;
    s.table = f ? visml_features_extract(f, s.dataset, NULL, e) : NULL;
    visml_features_free(f);
    visml_tensor_release(y);
    visml_tensor_release(x);
    return s;
}

static void free_set(set *s) {
    visml_table_free(s->table);
    visml_dataset_free(s->dataset);
}

/* The larger first, in each those in its middle. */
static void clusters_are_shown_by_their_middles(void **state) {
    set s = make_set(ctx, &err);
    (void)state;
    assert_made(s.table, &err);
    visml_plot *p = assert_made(
        visml_plot_clusters(s.table, s.dataset, VISML_OPTS(visml_plot_sheet_opts, .clusters = 2, .columns = 3, .seed = 5), &err), &err);
    assert_true(has_text(p, "cluster 1: 10 pictures, 7 even") && has_text(p, "cluster 2: 4 pictures, 4 odd"));
    assert_int_equal(count_marks(p, VISML_MARK_PICTURE, 0), 6);
    int first[] = {value_of(p, 0), value_of(p, 1), value_of(p, 2)};
    assert_int_equal(first[0] + first[1], 4 + 5); /* the middle is 4.5 */
    assert_true(first[2] == 3 || first[2] == 6);
    assert_int_equal(value_of(p, 3) + value_of(p, 4), 201 + 202);
    visml_plot_free(p);
    p = assert_made(visml_plot_clusters(s.table, s.dataset, VISML_OPTS(visml_plot_sheet_opts, .clusters = 2, .side = 40, .seed = 5), &err),
                    &err);
    assert_int_equal(count_marks(p, VISML_MARK_PICTURE, 0), 14);
    visml_plot_free(p);
    p = assert_made(visml_plot_clusters(s.table, s.dataset, VISML_OPTS(visml_plot_sheet_opts, .clusters = 1000), &err), &err);
    assert_int_equal(count_marks(p, VISML_MARK_PICTURE, 0), 14); /* as many as there are rows */
    visml_plot_free(p);
    free_set(&s);
}

static void clusters_refuse(void **state) {
    set s = make_set(ctx, &err);
    (void)state;
    assert_refused(visml_plot_clusters(s.table, NULL, NULL, &err), VISML_EINVAL, "clusters: dataset is NULL", &err);
    assert_refused(visml_plot_clusters(NULL, s.dataset, NULL, &err), VISML_EINVAL, "clusters: table is NULL", &err);
    visml_dataset *few = assert_made(visml_dataset_subset(s.dataset, (int64_t[]){0}, 1, &err), &err);
    assert_null(visml_plot_clusters(s.table, few, NULL, &err));
    assert_non_null(strstr(err.message, "clusters: picture "));
    visml_dataset_free(few);
    free_set(&s);
}

static visml_status use_clusters(visml_context *c, visml_error *e) {
    set s = make_set(c, e);
    visml_status status = s.table ? write_all(visml_plot_clusters(s.table, s.dataset, NULL, e), e) : e->code;
    free_set(&s);
    return status;
}

static visml_status use_sheet(visml_context *c, visml_error *e) {
    visml_tensor *t = grays(c, 3, 2, 2, e), *labels = t ? labels_of(c, 3, (int32_t[]){0, 1, 0}, e) : NULL;
    visml_status status = labels ? write_all(visml_plot_contact_sheet(t, labels, NULL, 0, NULL, e), e) : e->code;
    visml_tensor_release(labels);
    visml_tensor_release(t);
    return status;
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    survive_allocations(use_sheet);
    survive_allocations(use_clusters);
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
        cmocka_unit_test(pictures_stand_in_rows),
        cmocka_unit_test(classes_have_headings),
        cmocka_unit_test(floats_are_shown_as_bytes),
        cmocka_unit_test(sheets_refuse),
        cmocka_unit_test(clusters_are_shown_by_their_middles),
        cmocka_unit_test(clusters_refuse),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
