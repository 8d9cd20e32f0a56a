#include "data/fixtures.h"

#include <stdatomic.h>

static visml_context *ctx;
static char *root;

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    root = test_folder();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    test_folder_remove(root);
    visml_context_free(ctx);
    return 0;
}

static visml_dataset *parse(const char *text, size_t n, visml_error *err) {
    char *path = test_path(root, "list.csv");
    test_write_file(path, text, n);
    visml_dataset *ds = visml_dataset_from_csv(ctx, path, NULL, err);
    free(path);
    return ds;
}

static void refuse(const char *text, const char *part) {
    visml_error err = {0};
    assert_null(parse(text, strlen(text), &err));
    if (err.code != VISML_EFORMAT)
        fail_msg("code %d: %s", err.code, err.message);
    assert_in(err.message, "list.csv: ");
    assert_in(err.message, part);
}

/* Path, label name of each row: "a.png=cat;". */
static void accept(const char *text, const char *want) {
    visml_error err = {0};
    visml_dataset *ds = assert_made(parse(text, strlen(text), &err), &err);
    char got[400] = "";
    for (int64_t i = 0; i < visml_dataset_count(ds); i++) {
        const char *path = visml_dataset_path(ds, i);
        if (strncmp(path, root, strlen(root)) == 0)
            path += strlen(root) + 1;
        sprintf(got + strlen(got), "%s=%s;", path, visml_dataset_class_name(ds, (size_t)visml_dataset_label(ds, i)));
    }
    assert_string_equal(got, want);
    visml_dataset_free(ds);
}

static void reads_all_forms_of_rfc_4180(void **state) {
    (void)state;
    accept("path,label\na.png,cat\nb/c.png,dog\n", "a.png=cat;b/c.png=dog;");
    accept("path,label\na.png,cat\nb.png,dog", "a.png=cat;b.png=dog;"); /* no line end at the end */
    accept("\xEF\xBB\xBFpath,label\r\na.png,cat\r\nb.png,dog\r\n", "a.png=cat;b.png=dog;");
    accept("path,label\ra.png,cat\rb.png,dog\r", "a.png=cat;b.png=dog;");
    accept("label,note,path\ndog,x,a.png\ncat,,b.png\n", "a.png=dog;b.png=cat;");
    accept("\"path\",\"label\"\n\"a,b.png\",\"say \"\"cat\"\"\"\n", "a,b.png=say \"cat\";");
    accept("path,label,note\na.png,cat,\"two\r\nlines\"\nb.png,\"a\nb\",\n", "a.png=cat;b.png=a\nb;");
    accept("\n\npath,label\n\n\na.png,cat\n\n", "a.png=cat;");
    accept("path,label\n/abs/a.png,\xC3\xA9\n", "/abs/a.png=\xC3\xA9;");
    accept("path,label\n a.png , cat \n", " a.png = cat ;"); /* spaces belong to the field (RFC 4180, 2.4) */
}

static void numbers_classes_by_their_bytes(void **state) {
    (void)state;
    visml_error err = {0};
    const char *text = "path,label\n1,b\n2,B\n3,a\n4,10\n5,b\n6,9\n";
    visml_dataset *ds = assert_made(parse(text, strlen(text), &err), &err);
    const char *const want[] = {"10", "9", "B", "a", "b"};
    const int32_t labels[] = {4, 2, 3, 0, 4, 1};
    assert_int_equal(visml_dataset_class_count(ds), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(visml_dataset_class_name(ds, i), want[i]);
    for (int64_t i = 0; i < 6; i++)
        assert_int_equal(visml_dataset_label(ds, i), labels[i]);
    visml_dataset_free(ds);
}

static void names_line_and_column_of_what_is_wrong(void **state) {
    (void)state;
    refuse("", "is empty");
    refuse("\n\r\n", "is empty");
    refuse("path,label\n", "no rows");
    refuse("path,class\na,b\n", "line 1: there is no column \"label\"; found: path, class");
    refuse("Path,label\na,b\n", "there is no column \"path\"; found: Path, label");
    refuse("path,label,path\na,b,c\n", "columns 1 and 3 are both called \"path\"");
    refuse("path,label\na\n", "line 2 has 1 fields, the header has 2");
    refuse("path,label\n\"x\ny\",b\na,b,c\n", "line 4 has more than the 2 fields");
    refuse("path,label\na,b\n,c\n", "line 3, column 1: the path is empty");
    refuse("path,label\na,\n", "line 2, column 2: the label is empty");
    refuse("path,label\na,b\"c\n", "line 2, column 2: a quote within a field");
    refuse("path,label\na,\"b\"c\n", "line 2, column 2: there is text behind the closing quote");
    refuse("path,label\nx,y\na,\"b\n\nc", "line 3, column 2: the quote that begins here is never closed");
    refuse("path,label\na,\xE9\n", "line 2 is not UTF-8");
    refuse("\xFF\xFEp\n", "UTF-16");
    visml_error err = {0};
    assert_null(parse("path,label\na\0b,c\n", 17, &err));
    assert_in(err.message, "line 2 holds a zero byte");
    char *missing = test_path(root, "missing.csv");
    assert_refused(visml_dataset_from_csv(ctx, missing, NULL, ERR), VISML_EIO, "missing.csv");
    assert_refused(visml_dataset_from_csv(ctx, root, NULL, ERR), VISML_EIO, root);
    assert_refused(visml_dataset_from_csv(ctx, NULL, NULL, ERR), VISML_EINVAL, "path");
    assert_refused(visml_dataset_from_csv(NULL, missing, NULL, ERR), VISML_EINVAL, "ctx");
    free(missing);
}

/* Cut anywhere, a file is read as far as it goes or refused; nothing else. */
static void bears_every_truncation_and_flipped_byte(void **state) {
    (void)state;
    const char text[] = "\xEF\xBB\xBF" "path,label,\"who, when\"\r\n\"a \"\"1\"\".png\",cat,\"x\ny\"\r\nb.png,dog,\"\"\r\n";
    for (size_t n = 0; n < sizeof text; n++) {
        visml_error err = {0};
        visml_dataset *ds = parse(text, n, &err);
        assert_true(ds || err.code == VISML_EFORMAT);
        visml_dataset_free(ds);
    }
    for (size_t i = 0; i < sizeof text - 1; i++)
        for (int bit = 0; bit < 8; bit++) {
            char copy[sizeof text];
            visml_error err = {0};
            memcpy(copy, text, sizeof text);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            visml_dataset *ds = parse(copy, sizeof text - 1, &err);
            assert_true(ds || err.code == VISML_EFORMAT);
            visml_dataset_free(ds);
        }
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    const char text[] = "path,label,who\na,b,c\nd,e,f\ng,b,c\n";
    char *path = test_path(root, "oom.csv");
    test_write_file(path, text, sizeof text - 1);
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), NULL);
    int64_t before = atomic_load(&a.live);
    for (int64_t n = 1, done = 0; !done; n++) {
        visml_error err = {0};
        atomic_store(&a.countdown, n);
        visml_dataset *ds = visml_dataset_from_csv(c, path, NULL, &err);
        done = atomic_load(&a.countdown) > 0;
        atomic_store(&a.countdown, -1);
        assert_true(ds ? done : err.code == VISML_ENOMEM);
        visml_dataset_free(ds);
        assert_int_equal(atomic_load(&a.live), before);
    }
    visml_context_free(c);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_forms_of_rfc_4180),
        cmocka_unit_test(numbers_classes_by_their_bytes),
        cmocka_unit_test(names_line_and_column_of_what_is_wrong),
        cmocka_unit_test(bears_every_truncation_and_flipped_byte),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
