#include "support/support.h"

#include <string.h>

#include "base/checked.h"
#include "base/memory.h"

static void blocks_are_aligned_and_counted(void **state) {
    (void)state;
    test_allocator a;
    visml_memory m;
    visml_error err = {0};
    test_allocator_init(&a);
    assert_ok(visml_memory_init(&m, &a.table, 0, &err), &err);
    void *p = visml_mem_alloc(&m, 1, &err), *q = visml_mem_zalloc(&m, 10, 10, &err), *empty = visml_mem_alloc(&m, 0, &err);
    assert_non_null(empty);
    assert_int_equal((uintptr_t)p % VISML_ALIGN, 0);
    assert_int_equal((uintptr_t)q % VISML_ALIGN, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(((char *)q)[i], 0);
    uint64_t peak = m.used;
    visml_mem_free(&m, p);
    visml_mem_free(&m, q);
    visml_mem_free(&m, empty);
    visml_mem_free(&m, NULL);
    assert_int_equal(m.used, 0);
    assert_int_equal(m.peak, peak);
    assert_int_equal(a.live, 0);
}

static void the_budget_is_kept(void **state) {
    (void)state;
    visml_memory m;
    visml_error err = {0};
    assert_ok(visml_memory_init(&m, NULL, 1000, &err), &err);
    void *p = visml_mem_alloc(&m, 500, &err);
    assert_non_null(p);
    assert_null(visml_mem_alloc(&m, 500, &err));
    assert_int_equal(err.code, VISML_ENOMEM);
    assert_non_null(strstr(err.message, "memory_limit of 1000"));
    visml_mem_free(&m, p);
    p = visml_mem_alloc(&m, 900, &err);
    assert_non_null(p);
    visml_mem_free(&m, p);
    assert_true(m.peak <= 1000);
}

static void sizes_that_do_not_fit_are_refused(void **state) {
    (void)state;
    visml_memory m;
    visml_error err = {0};
    assert_ok(visml_memory_init(&m, NULL, 0, &err), &err);
    assert_null(visml_mem_alloc(&m, SIZE_MAX, &err));
    assert_null(visml_mem_alloc(&m, SIZE_MAX - 8, NULL));
    assert_null(visml_mem_zalloc(&m, SIZE_MAX / 2, 3, &err));
    assert_int_equal(err.code, VISML_ENOMEM);
    assert_int_equal(m.used, 0);
}

static void a_table_needs_both_functions(void **state) {
    (void)state;
    visml_memory m;
    visml_error err = {0};
    test_allocator a;
    test_allocator_init(&a);
    a.table.free = NULL;
    assert_status(visml_memory_init(&m, &a.table, 0, &err), VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "free is NULL"));
}

static void a_table_says_its_size_and_no_more(void **state) {
    (void)state;
    visml_memory m;
    visml_error err = {0};
    test_allocator a;
    test_allocator_init(&a);
    a.table.reserved = 9;
    assert_status(visml_memory_init(&m, &a.table, 0, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "allocator: reserved is 9, must be 0: it has no meaning in this version");
    a.table.reserved = 0;
    a.table.size = 0;
    assert_status(visml_memory_init(&m, &a.table, 0, &err), VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "allocator: size"));
}

static void arrays_grow_and_keep_what_they_hold(void **state) {
    (void)state;
    test_allocator a;
    visml_memory m;
    visml_error err = {0};
    test_allocator_init(&a);
    assert_ok(visml_memory_init(&m, &a.table, 0, &err), &err);
    int *p = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        void *v = p;
        assert_ok(visml_mem_grow(&m, &v, &capacity, i + 1, sizeof *p, &err), &err);
        p = v;
        p[i] = (int)i;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], i);
    assert_true(a.calls < 12); /* doubles */
    void *before = p, *v = p;
    size_t held = capacity;
    a.countdown = 1;
    assert_status(visml_mem_grow(&m, &v, &capacity, 5000, sizeof *p, &err), VISML_ENOMEM, &err);
    assert_ptr_equal(v, before);
    assert_int_equal(capacity, held);
    assert_status(visml_mem_grow(&m, &v, &capacity, SIZE_MAX / 2, sizeof *p, &err), VISML_ENOMEM, &err);
    visml_mem_free(&m, p);
    assert_int_equal(a.live, 0);
}

static void checked_arithmetic_knows_the_edges(void **state) {
    (void)state;
    size_t s = 7;
    int64_t i = 7;
    assert_true(visml_size_mul(SIZE_MAX / 3, 3, &s) && s == SIZE_MAX / 3 * 3);
    s = 7;
    assert_false(visml_size_mul(SIZE_MAX / 3 + 1, 3, &s));
    assert_false(visml_size_add(SIZE_MAX, 1, &s));
    assert_false(visml_size_align(SIZE_MAX - 3, 64, &s));
    assert_false(visml_i64_mul(INT64_MIN, -1, &i));
    assert_false(visml_i64_add(INT64_MAX, 1, &i));
    assert_true(s == 7 && i == 7);
    assert_true(visml_size_align(65, 64, &s) && s == 128);
    assert_true(visml_size_align(0, 64, &s) && s == 0);
}

/* What is given back is lost, its neighbours are not. */
static void discarding_keeps_the_rest(void **state) {
    (void)state;
    visml_memory m;
    visml_error err = {0};
    size_t n = 300000, first = 5000, count = 200001;
    assert_ok(visml_memory_init(&m, NULL, 0, &err), &err);
    unsigned char *p = assert_made(visml_mem_alloc(&m, n, &err), &err);
    memset(p, 7, n);
    visml_mem_discard(p + first, count);
    visml_mem_discard(p + 3, 0);
    for (size_t i = 0; i < n; i++)
        if (p[i] != 7 && (i < first || i >= first + count))
            fail_msg("byte %zu is gone", i);
    memset(p, 8, n); /* the memory is there still */
    visml_mem_free(&m, p);
    assert_int_equal(m.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_counted),
        cmocka_unit_test(the_budget_is_kept),
        cmocka_unit_test(discarding_keeps_the_rest),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(a_table_needs_both_functions),
        cmocka_unit_test(a_table_says_its_size_and_no_more),
        cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
        cmocka_unit_test(checked_arithmetic_knows_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
