/* Tables: what is in them, and what files and Arrow make of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "feature/table.h"
#include "support/arrow.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static char *folder;

/* ---- what they are made from ---- */

static visml_features *features(visml_context *c, const char *text) {
    return assert_made(visml_features_from_json(c, text, strlen(text), &err), &err);
}

/* n pictures of 4 x 4 x 3; number i is of one value, i % 256. */
static visml_dataset *numbers(visml_context *c, int64_t n) {
    visml_tensor *x = assert_made(visml_tensor_new(c, VISML_U8, VISML_SHAPE(n, 4, 4, 3), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(c, VISML_I32, VISML_SHAPE(n), &err), &err);
    for (int64_t i = 0; i < x->count; i++)
        ((uint8_t *)x->data)[i] = (uint8_t)(i / 48);
    for (int64_t i = 0; i < n; i++)
        ((int32_t *)(void *)y->data)[i] = (int32_t)(i % 2);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(c, x, y, NULL, 0, &err), &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

/* A folder with two classes, names that CSV must quote, and a file that is damaged. */
static visml_dataset *files(void) {
    static const char *const names[] = {"a, \"b\"/1.png", "a, \"b\"/2.png", "c/1.png", "c/2,3.png"};
    char path[600];
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(2, 2, 1), &err), &err);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/pictures/%s", folder, names[i]);
        *strrchr(path, '/') = 0;
        char command[700];
        snprintf(command, sizeof command, "mkdir -p '%s'", path);
        assert_int_equal(system(command), 0);
        snprintf(path, sizeof path, "%s/pictures/%s", folder, names[i]);
        memset(x->data, 51 * i, 4);
        assert_ok(visml_image_write_png(x, path, &err), &err);
        if (i == 1)
            assert_int_equal(truncate(path, 20), 0);
    }
    visml_tensor_release(x);
    snprintf(path, sizeof path, "%s/pictures", folder);
    return assert_made(visml_dataset_from_folder(ctx, path, NULL, &err), &err);
}

static visml_table *extract(const visml_features *f, visml_dataset *ds) {
    return assert_made(visml_features_extract(f, ds, NULL, &err), &err);
}

/* ---- contents ---- */

static void rows_are_those_of_the_pictures(void **state) {
    visml_dataset *ds = files();
    visml_features *f = features(ctx, "[\"average\"]");
    visml_table *t = extract(f, ds);
    (void)state;
    assert_int_equal(visml_table_count(t), 3);
    assert_int_equal(visml_table_length(t), 3);
    assert_int_equal(visml_dataset_dropped_count(ds), 1);
    static const int64_t samples[] = {0, 2, 3};
    static const int32_t labels[] = {0, 1, 1};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(visml_table_sample(t, i), samples[i]);
        assert_string_equal(visml_table_path(t, i), visml_dataset_path(ds, samples[i]));
        assert_int_equal(((int32_t *)(void *)visml_table_labels(t)->data)[i], labels[i]);
        for (int j = 0; j < 3; j++)
            assert_true(fabsf(((float *)(void *)visml_table_values(t)->data)[i * 3 + j] - (float)samples[i] / 5) < 1e-6f);
    }
    assert_string_equal(visml_table_class_name(t, 0), "a, \"b\"");
    visml_dataset_free(ds);
    visml_features_free(f);
    assert_string_equal(visml_table_class_name(t, 1), "c"); /* the table stands by itself */
    visml_table_free(t);
}

/* In blocks and all at once, with any number of threads, as one picture at a time. */
static void memory_and_threads_change_nothing(void **state) {
    visml_tensor *first = NULL;
    (void)state;
    for (int how = 0; how < 6; how++) {
        visml_context *c = test_context((const int32_t[]){1, 2, 8}[how % 3]);
        visml_dataset *ds = numbers(c, 200);
        visml_features *f = features(c, "{\"extract\": [\"average\", \"pixels\"], \"then\": [\"standardization\"]}");
        assert_ok(visml_features_fit(f, ds, NULL, &err), &err);
        const visml_feature_run_opts opts = {.size = (uint32_t)sizeof opts, .memory = how < 3 ? 0 : 100};
        visml_table *t = assert_made(visml_features_extract(f, ds, &opts, &err), &err);
        assert_int_equal(visml_table_count(t), 200);
        if (!first)
            first = assert_made(visml_tensor_convert(visml_table_values(t), VISML_F32, &err), &err); /* keeps its context */
        else
            assert_memory_equal(visml_table_values(t)->data, first->data, (size_t)first->count * sizeof(float));
        visml_table_free(t);
        visml_features_free(f);
        visml_dataset_free(ds);
        visml_context_free(c);
    }
    visml_tensor_release(first);
}

/* Long vectors of few pictures: what is taken grows with the table, not with the pictures that there might be. */
static void vectors_stand_once(void **state) {
    (void)state;
    for (int then = 0; then < 2; then++) {
        visml_context *c = test_context(2);
        visml_tensor *x = assert_made(visml_tensor_new(c, VISML_U8, VISML_SHAPE(2, 200, 200, 3), &err), &err);
        visml_tensor *y = assert_made(visml_tensor_new(c, VISML_I32, VISML_SHAPE(2), &err), &err);
        visml_dataset *ds = assert_made(visml_dataset_from_arrays(c, x, y, NULL, 0, &err), &err);
        visml_features *f = features(c, then ? "{\"extract\": [\"pixels\"], \"then\": [{\"class\": \"normalization\"}]}" : "[\"pixels\"]");
        uint64_t before = visml_context_memory_peak(c), table = 2 * 200 * 200 * 3 * sizeof(float);
        visml_table *t = assert_made(visml_features_extract(f, ds, NULL, &err), &err);
        /* beside the table, and vectors before transforms, each thread has a picture as bytes, as floats, and room for what it makes */
        assert_in_range(visml_context_memory_peak(c) - before, table, (then ? 6 : 5) * table);
        visml_table_free(t);
        visml_features_free(f);
        visml_dataset_free(ds);
        visml_tensor_release(x);
        visml_tensor_release(y);
        visml_context_free(c);
    }
}

static int32_t stop(void *user, const visml_feature_progress *p) {
    *(int64_t *)user = p->done;
    return p->done >= 64;
}

static void a_caller_can_stop_it(void **state) {
    visml_dataset *ds = numbers(ctx, 100);
    visml_features *f = features(ctx, "[\"average\"]");
    visml_features *open = features(ctx, "{\"extract\": [\"average\"], \"then\": [\"standardization\"]}");
    int64_t done = 0;
    (void)state;
    assert_null(visml_features_extract(f, ds, VISML_OPTS(visml_feature_run_opts, .progress = stop, .user = &done), &err));
    assert_int_equal(err.code, VISML_ECANCELLED);
    assert_int_equal(done, 64);
    assert_null(visml_features_extract(open, ds, NULL, &err));
    assert_int_equal(err.code, VISML_ESTATE);
    visml_features_free(open);
    visml_features_free(f);
    visml_dataset_free(ds);
}

/* ---- files ---- */

static void assert_same_head(const char *bytes, const char *head) {
    assert_memory_equal(bytes + 10, head, strlen(head));
}

static void npy_is_as_numpy_has_it(void **state) {
    visml_dataset *ds = numbers(ctx, 3);
    visml_features *f = features(ctx, "[\"average\"]");
    visml_table *t = extract(f, ds);
    char *path = test_path(folder, "x.npy"), *labels = test_path(folder, "y.npy");
    size_t n;
    (void)state;
    assert_ok(visml_table_save_npy(t, path, labels, &err), &err);
    char *bytes = test_read_file(path, &n);
    assert_int_equal(n, 128 + 9 * 4);
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    assert_same_head(bytes, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), } ");
    assert_int_equal(bytes[127], '\n');
    assert_memory_equal(bytes + 128, visml_table_values(t)->data, 36);
    free(bytes);
    bytes = test_read_file(labels, &n);
    assert_int_equal(n, 128 + 3 * 4);
    assert_same_head(bytes, "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), } ");
    assert_memory_equal(bytes + 128, ((const int32_t[]){0, 1, 0}), 12);
    free(bytes);
    free(path);
    free(labels);
    visml_table_free(t);
    visml_features_free(f);
    visml_dataset_free(ds);
}

static visml_number number(const visml_table *t, int64_t i) {
    return visml_shortest_float(((const float *)(const void *)t->values->data)[i]);
}

static void csv_is_that_of_rfc_4180(void **state) {
    visml_dataset *ds = files();
    visml_features *f = features(ctx, "[{\"class\": \"average\"}]");
    visml_table *t = extract(f, ds);
    char *path = test_path(folder, "x.csv"), want[3000];
    size_t n;
    (void)state;
    assert_ok(visml_table_save_csv(t, path, &err), &err);
    char *text = test_read_file(path, &n);
    int length = snprintf(want, sizeof want,
                          "sample,path,label,f0,f1,f2\r\n0,\"%s/pictures/a, \"\"b\"\"/1.png\",\"a, \"\"b\"\"\",0,0,0\r\n"
                          "2,%s/pictures/c/1.png,c,%s,%s,%s\r\n3,\"%s/pictures/c/2,3.png\",c,%s,%s,%s\r\n", folder, folder,
                          number(t, 3).s, number(t, 4).s, number(t, 5).s, folder, number(t, 6).s, number(t, 7).s, number(t, 8).s);
    assert_int_equal(n, length);
    assert_memory_equal(text, want, n);
    free(text);
    free(path);
    visml_table_free(t);
    visml_features_free(f);
    visml_dataset_free(ds);
}

/* A target that cannot be written: an error, and what was there stays. */
static void failures_leave_the_old_file(void **state) {
    visml_dataset *ds = numbers(ctx, 3);
    visml_features *f = features(ctx, "[\"average\"]");
    visml_table *t = extract(f, ds);
    char *path = test_path(folder, "none/x");
    (void)state;
    assert_int_equal(visml_table_save_csv(t, path, &err), VISML_EIO);
    assert_int_equal(visml_table_save_npy(t, path, NULL, &err), VISML_EIO);
    assert_int_equal(visml_table_save_npy(NULL, path, NULL, &err), VISML_EINVAL);
    free(path);
    visml_table_free(t);
    visml_features_free(f);
    visml_dataset_free(ds);
}

/* ---- Arrow ---- */

/* Rules that hold for every node: buffers as many as the format has, children on both sides, a callback. */
static void check_node(const struct ArrowSchema *s, const struct ArrowArray *a) {
    static const char *const formats[] = {"+s", "l", "i", "u", "z", "f", "+w"};
    static const int buffers[] = {1, 2, 2, 3, 3, 2, 1};
    int found = 0;
    for (int i = 0; i < 7; i++)
        if (strncmp(s->format, formats[i], strlen(formats[i])) == 0) {
            assert_int_equal(a->n_buffers, buffers[i]);
            found = 1;
        }
    assert_true(found);
    assert_non_null(s->name);
    assert_true(s->release && a->release);
    assert_int_equal(a->offset, 0);
    assert_true(a->null_count == 0 || (s->flags & 2 && a->buffers[0]));
    assert_int_equal(s->n_children, a->n_children);
    assert_int_equal(!s->dictionary, !a->dictionary);
    if (s->dictionary)
        check_node(s->dictionary, a->dictionary);
    for (int64_t i = 0; i < s->n_children; i++)
        check_node(s->children[i], a->children[i]);
}

static const char *text_at(const struct ArrowArray *a, int64_t i, size_t *n) {
    const int32_t *offsets = a->buffers[1];
    *n = (size_t)(offsets[i + 1] - offsets[i]);
    return (const char *)a->buffers[2] + offsets[i];
}

static void arrow_has_the_same_rows(void **state) {
    visml_dataset *ds = files();
    visml_features *f = features(ctx, "[{\"class\": \"average\"}]");
    visml_table *t = extract(f, ds);
    struct ArrowSchema s;
    struct ArrowArray a;
    size_t n;
    (void)state;
    assert_ok(visml_table_export_arrow(t, &s, &a, &err), &err);
    check_node(&s, &a);
    assert_int_equal(s.n_children, 4);
    static const char *const names[] = {"sample", "path", "label", "features"}, *const formats[] = {"l", "u", "i", "+w:3"};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(s.children[i]->name, names[i]);
        assert_string_equal(s.children[i]->format, formats[i]);
        assert_int_equal(a.children[i]->length, 3);
    }
    assert_int_equal(((const int64_t *)a.children[0]->buffers[1])[2], 3);
    const char *path = text_at(a.children[1], 1, &n);
    assert_int_equal(n, strlen(visml_table_path(t, 1)));
    assert_memory_equal(path, visml_table_path(t, 1), n);
    assert_memory_equal(text_at(a.children[2]->dictionary, 1, &n), "c", 1);
    assert_int_equal(((const int32_t *)a.children[2]->buffers[1])[1], 1);
    assert_int_equal(a.children[3]->children[0]->length, 9);
    assert_ptr_equal(a.children[3]->children[0]->buffers[1], visml_table_values(t)->data); /* without a copy */
    /* A consumer takes a child for itself; then everything else goes. */
    struct ArrowArray moved = *a.children[3];
    a.children[3]->release = NULL;
    s.release(&s);
    a.release(&a);
    assert_true(!s.release && !a.release);
    visml_table_free(t);
    visml_features_free(f);
    visml_dataset_free(ds);
    assert_true(fabsf(((const float *)moved.children[0]->buffers[1])[8] - 0.6f) < 1e-6f);
    moved.release(&moved);
}

/* Without files there is no path; without classes labels are numbers; one that is not known is null. */
static void arrow_without_files_and_labels(void **state) {
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(9, 2, 2, 1), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(9, 2), &err), &err);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 0, &err), &err);
    visml_features *f = features(ctx, "[\"pixels\"]");
    visml_table *t = extract(f, ds);
    struct ArrowSchema s;
    struct ArrowArray a;
    (void)state;
    assert_ok(visml_table_export_arrow(t, &s, &a, &err), &err);
    check_node(&s, &a);
    assert_int_equal(s.n_children, 3);
    assert_string_equal(s.children[1]->name, "label");
    assert_int_equal(a.children[1]->null_count, 9);
    assert_memory_equal(a.children[1]->buffers[0], "\0\0", 2);
    a.release(&a);
    s.release(&s);
    visml_table_free(t);
    visml_features_free(f);
    visml_dataset_free(ds);
    visml_tensor_release(x);
    visml_tensor_release(y);
}

/* The n-th allocation fails: nothing is left, nothing is filled in. */
static void failing_allocations(void **state) {
    test_allocator m;
    test_allocator_init(&m);
    (void)state;
    visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &m.table, .threads = 1), &err), &err);
    visml_dataset *ds = numbers(c, 70);
    visml_features *f = features(c, "{\"extract\": [\"average\"], \"then\": [\"standardization\"]}");
    assert_ok(visml_features_fit(f, ds, NULL, &err), &err);
    char *path = test_path(folder, "z");
    int64_t before = m.live;
    for (int64_t n = 1, ended = 0; !ended; n++) {
        struct ArrowSchema s;
        struct ArrowArray a;
        m.countdown = n;
        visml_table *t = visml_features_extract(f, ds, NULL, &err);
        int ok = t && visml_table_save_npy(t, path, path, &err) == VISML_OK && visml_table_save_csv(t, path, &err) == VISML_OK;
        ended = ok && visml_table_export_arrow(t, &s, &a, &err) == VISML_OK;
        m.countdown = -1;
        if (ended) {
            s.release(&s);
            a.release(&a);
        } else {
            assert_int_equal(err.code, VISML_ENOMEM);
        }
        visml_table_free(t);
        assert_int_equal(m.live, before);
    }
    free(path);
    visml_features_free(f);
    visml_dataset_free(ds);
    visml_context_free(c);
    assert_int_equal(m.live, 0);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    folder = test_folder();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    test_folder_remove(folder);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_pictures),
        cmocka_unit_test(memory_and_threads_change_nothing),
        cmocka_unit_test(vectors_stand_once),
        cmocka_unit_test(a_caller_can_stop_it),
        cmocka_unit_test(npy_is_as_numpy_has_it),
        cmocka_unit_test(csv_is_that_of_rfc_4180),
        cmocka_unit_test(failures_leave_the_old_file),
        cmocka_unit_test(arrow_has_the_same_rows),
        cmocka_unit_test(arrow_without_files_and_labels),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
