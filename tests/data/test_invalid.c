#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/invalid.h"

#define SAMPLES 1000

static visml_memory memory;
static visml_invalid list;

static int setup(void **state) {
    (void)state;
    visml_memory_init(&memory, NULL, 0, NULL);
    visml_invalid_init(&list, &memory);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_invalid_free(&list);
    return memory.used != 0;
}

static void *add_many(void *argument) {
    int64_t first = *(int64_t *)argument;
    for (int64_t i = first; i < SAMPLES; i += 3) {
        char reason[32];
        visml_invalid_entry e;
        snprintf(reason, sizeof reason, "reason %d", (int)i);
        visml_invalid_add(&list, SAMPLES, i, reason, NULL);
        visml_invalid_add(&list, SAMPLES, i / 2, "again", NULL); /* mostly there already */
        visml_invalid_get(&list, 0, &e);
    }
    return NULL;
}

static void lists_each_once_in_order(void **state) {
    (void)state;
    pthread_t ids[4];
    int64_t first[4] = {0, 1, 2, 0};
    visml_invalid_entry e;
    assert_int_equal(visml_invalid_count(&list), 0);
    assert_int_equal(visml_invalid_get(&list, 0, &e), 0);
    for (int k = 0; k < 4; k++)
        assert_int_equal(pthread_create(&ids[k], NULL, add_many, &first[k]), 0);
    for (int k = 0; k < 4; k++)
        pthread_join(ids[k], NULL);
    assert_int_equal(visml_invalid_count(&list), SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++) {
        assert_int_equal(visml_invalid_get(&list, i, &e), 1);
        assert_int_equal(e.index, i);
    }
}

/* A thread of the parent held the lock at the moment of fork(); the child has no such thread. */
static void is_not_locked_for_ever_after_fork(void **state) {
    (void)state;
    atomic_store(&list.holder, (int64_t)getpid());
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        _exit(visml_invalid_add(&list, SAMPLES, 5, "bad", NULL) == VISML_OK && visml_invalid_count(&list) == 1 ? 0 : 1);
    }
    atomic_store(&list.holder, 0);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_each_once_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(is_not_locked_for_ever_after_fork, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
