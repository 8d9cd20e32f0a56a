/* Files that are made of parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"
#include "tensor/draft.h"

static visml_context *ctx;
static visml_error err;
static char *folder, *path;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(1);
    folder = test_folder();
    path = test_path(folder, "whole");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_free(ctx);
    test_folder_remove(folder);
    free(path);
    return 0;
}

/* A part with so many tensors called a, b, ...: number i has the number `first` + i in it. */
static void make_part(visml_draft *part, int n, int first) {
    static int32_t values[16];
    static const char *const names[] = {"a", "b", "c", "d"};
    assert_ok(visml_draft_begin(part, ctx, json_pack("{s:i}", "first", first), (size_t)n, &err), &err);
    for (int i = 0; i < n; i++) {
        values[first + i] = first + i;
        part->tensors[part->count++] = (visml_bundle_tensor){names[i], VISML_I32, *VISML_SHAPE(1), &values[first + i]};
    }
}

static void write_whole(void) {
    visml_draft whole, part;
    assert_ok(visml_draft_begin(&whole, ctx, json_pack("{s:i}", "own", 7), 0, &err), &err);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"one", "on", "none"}; /* a name that starts another, and one without tensors */
        make_part(&part, i == 2 ? 0 : 4 - i, 4 * i);
        assert_ok(visml_draft_add_part(&whole, names[i], &part, &err), &err);
        visml_draft_clear(&part);
    }
    assert_ok(visml_draft_write(&whole, path, "test", &err), &err);
    visml_draft_clear(&whole);
    visml_draft_clear(&whole); /* twice is once */
}

static void expect_part(const visml_bundle *b, const char *name, size_t n, int first) {
    visml_bundle part;
    assert_ok(visml_bundle_part(b, name, &part, &err), &err);
    assert_int_equal(part.count, n);
    assert_int_equal(json_integer_value(json_object_get(part.description, "first")), first);
    for (size_t i = 0; i < n; i++) {
        const char own[] = {(char)('a' + i), 0};
        int32_t value;
        memcpy(&value, visml_bundle_find(&part, own)->data, sizeof value);
        assert_int_equal(value, first + (int)i);
    }
    visml_bundle_clear(&part);
}

static void parts_come_back(void **state) {
    visml_bundle b, part;
    (void)state;
    write_whole();
    assert_ok(visml_bundle_read(ctx, path, "test", &b, &err), &err);
    assert_int_equal(b.count, 7);
    assert_non_null(visml_bundle_find(&b, "one.a"));
    assert_int_equal(json_integer_value(json_object_get(b.description, "own")), 7);
    expect_part(&b, "one", 4, 0);
    expect_part(&b, "on", 3, 4);
    expect_part(&b, "none", 0, 8);
    assert_ok(visml_bundle_part(&b, "other", &part, &err), &err);
    assert_true(!part.count && !part.description);
    visml_bundle_clear(&part);
    visml_bundle_clear(&b);
}

/* What the reader of a file makes. */
static void *count_tensors(visml_context *c, const visml_bundle *b, visml_error *e) {
    static size_t n;
    (void)c, (void)e;
    n = b->count;
    return &n;
}

static void *refuse(visml_context *c, const visml_bundle *b, visml_error *e) {
    (void)c, (void)b;
    e->code = VISML_EINVAL;
    strcpy(e->message, "an option is wrong");
    return NULL;
}

static void files_are_blamed(void **state) {
    char says[256];
    (void)state;
    write_whole();
    const size_t *n = assert_made(visml_bundle_load(ctx, path, "test", "thing", count_tensors, &err), &err);
    assert_int_equal(*n, 7);
    assert_null(visml_bundle_load(ctx, path, "test", "thing", refuse, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    snprintf(says, sizeof says, "%.200s: an option is wrong", path);
    assert_string_equal(err.message, says);
    assert_null(visml_bundle_load(ctx, path, "model", "thing", count_tensors, &err));
    snprintf(says, sizeof says, "%.200s: holds a test, must hold a model", path);
    assert_string_equal(err.message, says);
    assert_null(visml_bundle_load(ctx, NULL, "test", "thing", count_tensors, &err));
    assert_string_equal(err.message, "thing: path is NULL");
}

/* Each allocation fails once; nothing is left. */
static void without_memory(void **state) {
    test_allocator a;
    (void)state;
    test_allocator_init(&a);
    visml_context *outer = ctx;
    write_whole();
    ctx = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .allocator = &a.table), &err), &err);
    visml_status status = VISML_ENOMEM;
    for (int64_t n = 1; status == VISML_ENOMEM; n++) {
        visml_draft whole, part = {0};
        a.countdown = n;
        status = visml_draft_begin(&whole, ctx, json_object(), 0, &err);
        if (status == VISML_OK)
            status = visml_draft_begin(&part, ctx, json_object(), 1, &err);
        if (status == VISML_OK) {
            part.tensors[part.count++] = (visml_bundle_tensor){"a", VISML_I32, *VISML_SHAPE(0), ""};
            status = visml_draft_add_part(&whole, "part", &part, &err);
        }
        a.countdown = -1;
        visml_draft_clear(&part);
        visml_draft_clear(&whole);
    }
    assert_ok(status, &err);
    visml_context_free(ctx);
    ctx = outer;
    assert_int_equal(a.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_are_blamed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
