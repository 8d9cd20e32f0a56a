#include "data/fixtures.h"

#include <stdatomic.h>
#include <unistd.h>

static visml_context *ctx;

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

static void has_a_class_for_each_folder(void **state) {
    (void)state;
    char *root = class_folders(3, 2);
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err);
    assert_int_equal(visml_dataset_class_count(ds), 3);
    assert_string_equal(visml_dataset_class_name(ds, 0), "cat");
    assert_string_equal(visml_dataset_class_name(ds, 2), "emu");
    assert_null(visml_dataset_class_name(ds, 3));
    assert_int_equal(visml_dataset_count(ds), 6);
    for (int64_t i = 0; i < 6; i++) {
        assert_int_equal(visml_dataset_label(ds, i), i / 2);
        if (i)
            assert_true(strcmp(visml_dataset_path(ds, i - 1), visml_dataset_path(ds, i)) < 0);
    }
    assert_in(visml_dataset_path(ds, 3), "/dog/001.pgm");
    assert_int_equal(visml_dataset_label(ds, 6), -1);
    assert_int_equal(visml_dataset_label(ds, -1), -1);
    assert_null(visml_dataset_path(ds, 6));
    visml_shape shape;
    assert_ok(visml_dataset_sample_shape(ds, &shape, &err), &err);
    assert_int_equal(shape.rank, 3);
    assert_int_equal(shape.dims[0], 4);
    assert_int_equal(shape.dims[1], 3);
    assert_int_equal(shape.dims[2], 3);
    visml_tensor *t = assert_made(visml_dataset_read(ds, 3, &err), &err);
    for (int i = 0; i < 36; i++)
        assert_int_equal(((unsigned char *)visml_tensor_data(t))[i], 11);
    visml_tensor_release(t);
    visml_dataset_free(ds);
    test_folder_remove(root);
}

static void finds_images_by_content_wherever_they_are(void **state) {
    (void)state;
    char *root = class_folders(1, 1);
    char *cat = test_path(root, "cat"), *more = make_folder(cat, "more"), *hidden = make_folder(cat, ".hidden"),
         *odd = make_folder(root, "caf\xE9"); /* Latin-1: no UTF-8 */
    write_image(more, "a.JPEG", 4, 3, 1);
    write_image(more, "no-suffix", 4, 3, 2);
    write_image(more, ".b.pgm", 4, 3, 3);
    write_image(hidden, "c.pgm", 4, 3, 4);
    write_image(odd, "\xE9.pgm", 4, 3, 5);
    write_image(root, "loose.pgm", 4, 3, 6);
    write_text(cat, "README", "no image");
    write_text(cat, "empty", "");
    write_text(more, "page.jpg", "<html>not found</html>"); /* meant to be an image */
    write_text(more, "nothing.PNG", "");
    char *fifo = test_path(cat, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err);
    static const char *const want[] = {"caf\xE9/\xE9.pgm", "cat/000.pgm", "cat/more/a.JPEG", "cat/more/no-suffix", "cat/more/nothing.PNG",
                                       "cat/more/page.jpg"};
    assert_int_equal(visml_dataset_count(ds), 6);
    for (int64_t i = 0; i < 6; i++)
        assert_string_equal(visml_dataset_path(ds, i) + strlen(root) + 1, want[i]);
    assert_string_equal(visml_dataset_class_name(ds, 0), "caf\xE9");
    visml_tensor *t = assert_made(visml_dataset_read(ds, 0, &err), &err);
    visml_tensor_release(t);
    visml_loader *l = assert_made(visml_loader_new(ds, NULL, &err), &err);
    visml_batch *b = NULL;
    assert_ok(visml_loader_next(l, &b, &err), &err);
    assert_int_equal(visml_batch_count(b), 4);
    visml_batch_free(b);
    visml_loader_free(l);
    char path[400], reason[400];
    assert_int_equal(visml_dataset_dropped_count(ds), 2);
    assert_ok(visml_dataset_dropped(ds, 0, path, sizeof path, reason, sizeof reason, &err), &err);
    assert_in(path, "nothing.PNG");
    assert_in(reason, "empty");
    assert_ok(visml_dataset_dropped(ds, 1, path, sizeof path, reason, sizeof reason, &err), &err);
    assert_in(path, "page.jpg");
    visml_dataset_free(ds);
    free(fifo);
    free(odd);
    free(hidden);
    free(more);
    free(cat);
    test_folder_remove(root);
}

static int64_t count_with_links(const char *root, int32_t follow) {
    visml_error err = {0};
    visml_dataset *ds =
        assert_made(visml_dataset_from_folder(ctx, root, VISML_OPTS(visml_source_opts, .follow_links = follow), &err), &err);
    int64_t n = visml_dataset_count(ds);
    visml_dataset_free(ds);
    return n;
}

static void is_safe_from_loops_of_links(void **state) {
    (void)state;
    char *root = class_folders(2, 3), *other = class_folders(1, 4);
    char *cat = test_path(root, "cat"), *up = test_path(cat, "up"), *self = test_path(cat, "self"), *far = test_path(cat, "far"),
         *file = test_path(cat, "file.pgm"), *gone = test_path(cat, "gone.pgm"), *again = test_path(cat, "again"),
         *target = test_path(other, "cat"), *image = test_path(other, "cat/000.pgm");
    assert_int_equal(symlink("..", up), 0);
    assert_int_equal(symlink(".", self), 0);
    assert_int_equal(symlink(target, far), 0);
    assert_int_equal(symlink(target, again), 0); /* the same images twice would end up on both sides of a split */
    assert_int_equal(symlink(image, file), 0);
    assert_int_equal(symlink("nowhere", gone), 0); /* counts; will be reported */
    assert_int_equal(count_with_links(root, 0), 6 + 2);
    assert_int_equal(count_with_links(root, 1), 6 + 2 + 4);
    free(image);
    free(target);
    free(again);
    free(gone);
    free(file);
    free(far);
    free(self);
    free(up);
    free(cat);
    test_folder_remove(other);
    test_folder_remove(root);
}

static void says_what_was_found_instead(void **state) {
    (void)state;
    char *root = test_folder(), *file = test_path(root, "x"), *missing = test_path(root, "missing");
    assert_refused(visml_dataset_from_folder(NULL, root, NULL, ERR), VISML_EINVAL, "ctx");
    assert_refused(visml_dataset_from_folder(ctx, NULL, NULL, ERR), VISML_EINVAL, "dir");
    assert_refused(visml_dataset_from_folder(ctx, "", NULL, ERR), VISML_EINVAL, "dir");
    assert_refused(visml_dataset_from_folder(ctx, missing, NULL, ERR), VISML_EINVAL, "No such file");
    assert_refused(visml_dataset_from_folder(ctx, root, NULL, ERR), VISML_EINVAL, "holds no folders");
    write_image(root, "x", 2, 2, 0);
    assert_refused(visml_dataset_from_folder(ctx, file, NULL, ERR), VISML_EINVAL, "is no folder");
    assert_refused(visml_dataset_from_folder(ctx, root, NULL, ERR), VISML_EINVAL, "holds 1 images, but no folders");
    char *cat = make_folder(root, "cat");
    write_text(cat, "notes", "nothing");
    assert_refused(visml_dataset_from_folder(ctx, root, NULL, ERR), VISML_EINVAL, "1 class folders hold no images (1 other files)");
    write_image(cat, "1.pgm", 2, 2, 0); /* one class is enough for a dataset */
    visml_dataset *ds = visml_dataset_from_folder(ctx, root, NULL, NULL);
    assert_int_equal(visml_dataset_class_count(ds), 1);
    visml_dataset_free(ds);
    if (geteuid() != 0) {
        chmod(cat, 0);
        assert_refused(visml_dataset_from_folder(ctx, root, NULL, ERR), VISML_EIO, "cat: cannot read");
    }
    free(cat);
    free(missing);
    free(file);
    test_folder_remove(root);
}

static void refuses_wrong_options(void **state) {
    (void)state;
    char *root = class_folders(1, 1);
    const struct {
        visml_source_opts o;
        const char *word;
    } cases[] = {
        {{.on_invalid = 3}, "on_invalid"},  {{.on_invalid = -1}, "on_invalid"}, {{.height = -1, .width = 2}, "height"},
        {{.height = 5}, "both or neither"}, {{.width = 5}, "both or neither"},  {{.height = 70000, .width = 2}, "height"},
        {{.color = 2}, "color"},            {{.color = 5}, "color"},            {{.color = -1}, "color"},
        {{.fit = 3}, "fit"},                {{.filter = 9}, "filter"},          {{.follow_links = 2}, "follow_links"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        visml_source_opts o = cases[i].o;
        o.size = sizeof o;
        assert_refused(visml_dataset_from_folder(ctx, root, &o, ERR), VISML_EINVAL, cases[i].word);
    }
    test_folder_remove(root);
}

/* ---- reading ---- */

static void brings_images_to_size_and_colour(void **state) {
    (void)state;
    char *root = class_folders(1, 1), *cat = test_path(root, "cat");
    write_image(cat, "big.pgm", 40, 20, 99);
    visml_error err = {0};
    const visml_color colors[] = {VISML_COLOR_GRAY, VISML_COLOR_RGB, VISML_COLOR_RGBA};
    for (int k = 0; k < 3; k++)
        for (visml_fit_mode fit = VISML_FIT_STRETCH; fit <= VISML_FIT_PAD; fit++) {
            visml_dataset *ds = assert_made(
                visml_dataset_from_folder(ctx, root, VISML_OPTS(visml_source_opts, .height = 8, .width = 8, .color = colors[k], .fit = fit),
                                          &err),
                &err);
            visml_tensor *t = assert_made(visml_dataset_read(ds, 1, &err), &err);
            const unsigned char *p = visml_tensor_data(t);
            assert_int_equal(visml_tensor_shape(t)->dims[0], 8);
            assert_int_equal(visml_tensor_shape(t)->dims[1], 8);
            assert_int_equal(visml_tensor_shape(t)->dims[2], colors[k]);
            assert_int_equal(p[4 * 8 * colors[k] + 4 * colors[k]], 99);  /* the middle */
            assert_int_equal(p[0], fit == VISML_FIT_PAD ? 0 : 99);       /* 8 x 4 within 8 x 8 */
            visml_tensor_release(t);
            visml_dataset_free(ds);
        }
    free(cat);
    test_folder_remove(root);
}

static void wants_one_size_when_none_is_given(void **state) {
    (void)state;
    char *root = class_folders(2, 3), *cat = test_path(root, "cat");
    write_text(cat, "000.pgm", "P5\n4 4\n255\n--"); /* the first is damaged: the second decides */
    write_image(cat, "zzz.pgm", 5, 3, 1);
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err);
    assert_int_equal(visml_dataset_count(ds), 7);
    visml_loader *l = assert_made(visml_loader_new(ds, NULL, &err), &err);
    visml_batch *b = NULL;
    assert_ok(visml_loader_next(l, &b, &err), &err);
    assert_int_equal(visml_batch_count(b), 5);
    visml_batch_free(b);
    visml_loader_free(l);
    char reason[400];
    assert_int_equal(visml_dataset_dropped_count(ds), 2);
    assert_ok(visml_dataset_dropped(ds, 1, NULL, 0, reason, sizeof reason, &err), &err);
    assert_string_equal(reason, "is 5 x 3 (height x width), the first image is 4 x 3; give height and width");
    assert_null(visml_dataset_read(ds, 3, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    assert_in(err.message, "zzz.pgm: is 5 x 3");
    assert_null(visml_dataset_read(ds, 0, &err));
    assert_in(err.message, "000.pgm: ");
    visml_dataset_free(ds);
    free(cat);
    test_folder_remove(root);
}

static void says_so_when_no_image_is_valid(void **state) {
    (void)state;
    char *root = test_folder(), *cat = make_folder(root, "cat");
    write_text(cat, "a.jpg", "no");
    write_text(cat, "b.png", "nor this");
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err);
    visml_shape shape = {.rank = 77};
    assert_status(visml_dataset_sample_shape(ds, &shape, &err), VISML_EFORMAT, &err);
    assert_int_equal(shape.rank, 77);
    assert_in(err.message, "none of the 2 images is valid");
    assert_in(err.message, "b.png");
    assert_refused(visml_loader_new(ds, NULL, ERR), VISML_EFORMAT, "none of the 2 images is valid");
    visml_dataset_free(ds);
    free(cat);
    test_folder_remove(root);
}

/* 300 images, three of them bad in three ways. */
static void lists_one_percent_of_bad_images(void **state) {
    (void)state;
    char *root = class_folders(3, 100);
    char *cut = test_path(root, "cat/042.pgm"), *page = test_path(root, "dog/007.pgm"), *gone = test_path(root, "emu/099.pgm");
    test_write_file(cut, "P5\n3 4\n255\n1234567", 17);
    test_write_file(page, "<html>", 6);
    visml_error err = {0};
    visml_dataset *ds =
        assert_made(visml_dataset_from_folder(ctx, root, VISML_OPTS(visml_source_opts, .height = 4, .width = 3), &err), &err);
    unlink(gone); /* after the scan */
    for (int32_t workers = -1; workers <= 3; workers += 2) {
        visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .workers = workers, .shuffle = 1), &err), &err);
        int64_t rows = 0;
        for (visml_batch *b = NULL;;) {
            assert_ok(visml_loader_next(l, &b, &err), &err);
            if (!b)
                break;
            for (int64_t r = 0; r < visml_batch_count(b); r++) {
                int64_t i = visml_batch_indices(b)[r];
                int32_t label = ((int32_t *)visml_tensor_data(visml_batch_targets(b)))[r];
                assert_int_equal(label, i / 100);
                assert_int_equal(((unsigned char *)visml_tensor_data(visml_batch_images(b)))[36 * r + 35], 10 * label + i % 10);
            }
            rows += visml_batch_count(b);
            visml_batch_free(b);
        }
        assert_int_equal(rows, 297);
        visml_loader_free(l);
    }
    const char *const paths[] = {cut, page, gone};
    const char *const words[] = {"", "", "No such file"};
    assert_int_equal(visml_dataset_dropped_count(ds), 3);
    for (size_t i = 0; i < 3; i++) {
        char path[400], reason[400];
        assert_ok(visml_dataset_dropped(ds, i, path, sizeof path, reason, sizeof reason, &err), &err);
        assert_string_equal(path, paths[i]);
        assert_in(reason, words[i]);
        assert_null(strstr(reason, root)); /* the path is not said twice */
        assert_true(strlen(reason) > 5);
    }
    visml_dataset_free(ds);
    ds = assert_made(visml_dataset_from_folder(
                         ctx, root, VISML_OPTS(visml_source_opts, .height = 4, .width = 3, .on_invalid = VISML_INVALID_ERROR), &err),
                     &err);
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 64), &err), &err);
    visml_batch *b = NULL;
    assert_true(visml_loader_next(l, &b, &err) < 0);
    assert_memory_equal(err.message, cut, strlen(cut));
    visml_loader_free(l);
    visml_dataset_free(ds);
    free(gone);
    free(page);
    free(cut);
    test_folder_remove(root);
}

/* ---- memory ---- */

static int use(visml_context *c, const char *root) {
    visml_error err;
    visml_dataset *ds = visml_dataset_from_folder(c, root, VISML_OPTS(visml_source_opts, .follow_links = 1), &err);
    visml_loader *l = ds ? visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .workers = -1), &err) : NULL;
    visml_batch *b = NULL;
    int ok = l && visml_loader_next(l, &b, &err) == VISML_OK && b && visml_batch_count(b) == 6;
    if (!ok)
        assert_int_equal(err.code, VISML_ENOMEM);
    visml_batch_free(b);
    visml_loader_free(l);
    visml_dataset_free(ds);
    return ok;
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    char *root = class_folders(2, 3);
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), NULL);
    int64_t before = atomic_load(&a.live);
    for (int sticky = 0; sticky < 2; sticky++)
        for (int64_t n = 1, done = 0; !done; n++) {
            atomic_store(&a.sticky, sticky);
            atomic_store(&a.countdown, n);
            int ok = use(c, root);
            done = ok && atomic_load(&a.countdown) > 0;
            atomic_store(&a.countdown, -1);
            assert_int_equal(atomic_load(&a.live), before);
            assert_true(n < 2000);
        }
    visml_context_free(c);
    test_folder_remove(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_class_for_each_folder),
        cmocka_unit_test(finds_images_by_content_wherever_they_are),
        cmocka_unit_test(is_safe_from_loops_of_links),
        cmocka_unit_test(says_what_was_found_instead),
        cmocka_unit_test(refuses_wrong_options),
        cmocka_unit_test(brings_images_to_size_and_colour),
        cmocka_unit_test(wants_one_size_when_none_is_given),
        cmocka_unit_test(says_so_when_no_image_is_valid),
        cmocka_unit_test(lists_one_percent_of_bad_images),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
