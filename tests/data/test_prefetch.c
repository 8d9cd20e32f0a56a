#include "support/support.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include "visml/data.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

static int threads_left = -1;
#ifndef __SANITIZE_THREAD__ /* it must see threads begin */
/* Stands before the C library's, so that threads can be refused. */
int pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *), void *arg) {
    int (*real_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real_create = dlsym(RTLD_NEXT, "pthread_create");
    if (threads_left == 0)
        return EAGAIN;
    threads_left -= threads_left > 0;
    return real_create(id, attr, start, arg);
}
#endif

static int32_t sample(void *user, int64_t i, void *pixels, int32_t *label, char *reason) {
    (void)user;
    (void)reason;
    *(unsigned char *)pixels = (unsigned char)i;
    *label = 0;
    return 0;
}

/* With all threads, one of them, none: the same batches. */
static void does_without_threads_that_cannot_be_had(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ctx = test_context(1);
    visml_dataset *ds =
        assert_made(visml_dataset_from_callback(ctx, 50, VISML_U8, VISML_SHAPE(1), NULL, 1, sample, NULL, NULL, &err), &err);
    for (int left = -1; left <= 1; left++) {
        threads_left = left;
        visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .workers = 3, .batch_size = 7), &err), &err);
        threads_left = -1;
        int64_t seen = 0;
        for (visml_batch *b = NULL;;) {
            assert_ok(visml_loader_next(l, &b, &err), &err);
            if (!b)
                break;
            for (int64_t r = 0; r < visml_batch_count(b); r++, seen++)
                assert_int_equal(((unsigned char *)visml_tensor_data(visml_batch_images(b)))[r], seen);
            visml_batch_free(b);
        }
        assert_int_equal(seen, 50);
        visml_loader_free(l);
    }
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_without_threads_that_cannot_be_had)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
