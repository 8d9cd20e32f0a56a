#include "support/support.h"

#include <string.h>

#include "base/arena.h"

static void arenas_hold_small_and_large(void **state) {
    (void)state;
    test_allocator a;
    visml_memory m;
    visml_arena arena;
    visml_error err = {0};
    test_allocator_init(&a);
    assert_ok(visml_memory_init(&m, &a.table, 0, &err), &err);
    visml_arena_init(&arena, &m);
    char *first = visml_arena_strndup(&arena, "hello, world", 5, &err);
    for (size_t i = 0; i < 5000; i++) {
        unsigned char *p = visml_arena_take(&arena, i % 97, &err);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t j = 0; j < i % 97; j++)
            assert_int_equal(p[j], 0);
        memset(p, 0xFF, i % 97);
    }
    assert_non_null(visml_arena_take(&arena, 1 << 20, &err));
    assert_null(visml_arena_take(&arena, SIZE_MAX - 3, &err));
    assert_int_equal(err.code, VISML_ENOMEM);
    assert_string_equal(first, "hello");
    visml_arena_clear(&arena);
    assert_int_equal(a.live, 0);
    a.countdown = 1;
    assert_null(visml_arena_take(&arena, 8, &err));
    visml_arena_clear(&arena);
}

static void a_cleared_arena_can_be_used_again(void **state) {
    (void)state;
    test_allocator a;
    visml_memory m;
    visml_arena arena;
    visml_error err = {0};
    test_allocator_init(&a);
    assert_ok(visml_memory_init(&m, &a.table, 0, &err), &err);
    visml_arena_init(&arena, &m);
    for (int round = 0; round < 3; round++) {
        memset(assert_made(visml_arena_take(&arena, 40, &err), &err), 0xFF, 40);
        char *s = assert_made(visml_arena_strndup(&arena, "", 0, &err), &err);
        assert_string_equal(s, "");
        assert_int_equal(a.live, 1); /* one block for both */
        visml_arena_clear(&arena);
        assert_int_equal(a.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_hold_small_and_large),
        cmocka_unit_test(a_cleared_arena_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
