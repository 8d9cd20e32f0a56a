#include "data/fixtures.h"

#include <stdatomic.h>

static visml_context *ctx;
static char *root, *images, *labels;

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    root = test_folder();
    images = test_path(root, "images.idx");
    labels = test_path(root, "labels.idx");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    free(labels);
    free(images);
    test_folder_remove(root);
    visml_context_free(ctx);
    return 0;
}

static void put(const char *path, int rank, const int *dims, int modulo) {
    unsigned char bytes[4096];
    test_write_file(path, bytes, idx_bytes(bytes, rank, dims, modulo));
}

static void reads_images_and_labels(void **state) {
    (void)state;
    visml_error err = {0};
    write_idx(root, 20);
    visml_dataset *ds = assert_made(visml_dataset_from_idx(ctx, images, labels, NULL, &err), &err);
    assert_int_equal(visml_dataset_count(ds), 20);
    assert_int_equal(visml_dataset_class_count(ds), 4);
    assert_string_equal(visml_dataset_class_name(ds, 3), "3");
    assert_int_equal(visml_dataset_label(ds, 5), 5 * 7 % 4);
    assert_null(visml_dataset_path(ds, 5));
    visml_tensor *t = assert_made(visml_dataset_read(ds, 19, &err), &err);
    assert_int_equal(visml_tensor_dtype(t), VISML_U8);
    assert_int_equal(visml_tensor_shape(t)->rank, 3);
    assert_int_equal(visml_tensor_shape(t)->dims[0], 3);
    assert_int_equal(visml_tensor_shape(t)->dims[1], 2);
    assert_int_equal(visml_tensor_shape(t)->dims[2], 1);
    for (int i = 0; i < 6; i++)
        assert_int_equal(((unsigned char *)visml_tensor_data(t))[i], (19 * 6 + i) * 7 % 251);
    visml_tensor_release(t);
    visml_dataset_free(ds);
    put(images, 4, (int[]){20, 3, 2, 3}, 251);
    ds = assert_made(visml_dataset_from_idx(ctx, images, labels, NULL, &err), &err);
    t = assert_made(visml_dataset_read(ds, 1, &err), &err);
    assert_int_equal(visml_tensor_shape(t)->dims[2], 3);
    assert_int_equal(((unsigned char *)visml_tensor_data(t))[0], 18 * 7);
    visml_tensor_release(t);
    visml_dataset_free(ds);
}

static void reads_gzip(void **state) {
    (void)state;
    /* idx of [2, 1, 2] = 9 8 7 6 and [2] = 1 0, by Python's gzip.compress(..., mtime=0) */
    static const unsigned char x[] = {
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 102, 96, 96, 96, 2, 98, 70, 16, 205, 201, 193, 206, 6, 0,
        173, 177, 192, 147, 20, 0, 0, 0};
    static const unsigned char y[] = {
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 100, 96, 96, 96, 98, 100, 0, 0, 88, 157, 135, 140, 10, 0, 0,
        0};
    visml_error err = {0};
    test_write_file(images, x, sizeof x);
    test_write_file(labels, y, sizeof y);
    visml_dataset *ds = assert_made(visml_dataset_from_idx(ctx, images, labels, NULL, &err), &err);
    assert_int_equal(visml_dataset_count(ds), 2);
    assert_int_equal(visml_dataset_label(ds, 0), 1);
    visml_tensor *t = assert_made(visml_dataset_read(ds, 1, &err), &err);
    assert_memory_equal(visml_tensor_data(t), "\7\6", 2);
    visml_tensor_release(t);
    visml_dataset_free(ds);
    for (size_t n = 0; n < sizeof x; n++) { /* cut anywhere */
        test_write_file(images, x, n);
        assert_null(visml_dataset_from_idx(ctx, images, labels, NULL, &err));
        assert_int_equal(err.code, VISML_EFORMAT);
        assert_in(err.message, images);
    }
}

static void changes_size_and_colour_on_request(void **state) {
    (void)state;
    visml_error err = {0};
    write_idx(root, 5);
    visml_dataset *ds = assert_made(
        visml_dataset_from_idx(ctx, images, labels,
                               VISML_OPTS(visml_source_opts, .height = 6, .width = 4, .color = VISML_COLOR_RGB,
                                          .filter = VISML_FILTER_NEAREST),
                               &err),
        &err);
    visml_tensor *t = assert_made(visml_dataset_read(ds, 4, &err), &err);
    const unsigned char *p = visml_tensor_data(t);
    assert_int_equal(visml_tensor_count(t), 6 * 4 * 3);
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 12; x++)
            assert_int_equal(p[12 * y + x], (24 + y / 2 * 2 + x / 6) * 7 % 251);
    visml_tensor_release(t);
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .workers = 2), &err), &err);
    visml_batch *b = NULL;
    assert_ok(visml_loader_next(l, &b, &err), &err);
    assert_int_equal(visml_batch_count(b), 5);
    visml_batch_free(b);
    visml_loader_free(l);
    visml_dataset_free(ds);
    put(images, 4, (int[]){5, 3, 2, 7}, 251); /* 7 channels: fine as they are, no pictures */
    ds = assert_made(visml_dataset_from_idx(ctx, images, labels, NULL, &err), &err);
    visml_dataset_free(ds);
    assert_refused(visml_dataset_from_idx(ctx, images, labels, VISML_OPTS(visml_source_opts, .color = VISML_COLOR_RGB), ERR),
                   VISML_EUNSUPPORTED, "[3, 2, 7]");
}

static void refuse(const unsigned char *x, size_t n, const char *part) {
    test_write_file(images, x, n);
    assert_refused(visml_dataset_from_idx(ctx, images, labels, NULL, ERR), VISML_EFORMAT, part);
}

static void says_what_is_wrong(void **state) {
    (void)state;
    unsigned char bytes[4096];
    write_idx(root, 20);
    size_t n = idx_bytes(bytes, 3, (int[]){20, 3, 2}, 251);
    for (size_t k = 0; k < n; k++)
        refuse(bytes, k, images);
    refuse(bytes, 3, "ends after 3 bytes");
    refuse(bytes, 9, "within its header of 16");
    refuse(bytes, n - 1, "119 bytes follow the header, must be 120 (the file is truncated)");
    refuse(bytes, n + 1, "there is something behind the data");
    bytes[0] = 'P';
    refuse(bytes, n, "starts with 50 00 08 03");
    bytes[0] = 0;
    bytes[3] = 2;
    refuse(bytes, n, "has 2 dimensions, must have 3 or 4 (images)");
    bytes[3] = 3;
    bytes[11] = 0;
    refuse(bytes, n, "dimension 1 is 0");
    memset(bytes + 4, 0xFF, 12);
    refuse(bytes, n, "more elements than can be addressed");
    bytes[2] = 0x0D;
    test_write_file(images, bytes, n);
    assert_refused(visml_dataset_from_idx(ctx, images, labels, NULL, ERR), VISML_EUNSUPPORTED, "0x0d");
    put(images, 3, (int[]){19, 3, 2}, 251);
    assert_refused(visml_dataset_from_idx(ctx, images, labels, NULL, ERR), VISML_EFORMAT, "holds 20 labels");
    assert_refused(visml_dataset_from_idx(ctx, images, images, NULL, ERR), VISML_EFORMAT, "has 3 dimensions, must have 1 (labels)");
    assert_refused(visml_dataset_from_idx(ctx, images, root, NULL, ERR), VISML_EIO, root);
    assert_refused(visml_dataset_from_idx(ctx, NULL, labels, NULL, ERR), VISML_EINVAL, "images");
    assert_refused(visml_dataset_from_idx(ctx, images, NULL, NULL, ERR), VISML_EINVAL, "labels");
    assert_refused(visml_dataset_from_idx(NULL, images, labels, NULL, ERR), VISML_EINVAL, "ctx");
    assert_refused(visml_dataset_from_idx(ctx, images, labels, VISML_OPTS(visml_source_opts, .height = 3), ERR), VISML_EINVAL, "both");
    visml_context *small = visml_context_new(VISML_OPTS(visml_context_opts, .max_file_bytes = 100, .threads = 1), NULL);
    assert_refused(visml_dataset_from_idx(small, images, labels, NULL, ERR), VISML_ELIMIT, "images.idx");
    visml_context_free(small);
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    write_idx(root, 20);
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), NULL);
    int64_t before = atomic_load(&a.live);
    for (int64_t n = 1, done = 0; !done; n++) {
        visml_error err = {0};
        atomic_store(&a.countdown, n);
        visml_dataset *ds = visml_dataset_from_idx(c, images, labels, VISML_OPTS(visml_source_opts, .height = 6, .width = 6), &err);
        visml_tensor *t = ds ? visml_dataset_read(ds, 3, &err) : NULL;
        done = atomic_load(&a.countdown) > 0;
        atomic_store(&a.countdown, -1);
        assert_true(t ? done : err.code == VISML_ENOMEM);
        visml_tensor_release(t);
        visml_dataset_free(ds);
        assert_int_equal(atomic_load(&a.live), before);
    }
    visml_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_images_and_labels),
        cmocka_unit_test(reads_gzip),
        cmocka_unit_test(changes_size_and_colour_on_request),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
