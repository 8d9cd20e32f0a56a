/* What tests share: contexts that count, allocators that fail on purpose, guarded buffers, temporary folders. */
#ifndef SUPPORT_SUPPORT_H
#define SUPPORT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "visml/context.h"

/* An allocator over malloc that fails when `countdown` reaches 0: the n-th allocation from now (1: the next), once or from then on.
 * countdown < 0: never. `live` counts what was not freed. Thread-safe. */
typedef struct test_allocator {
    visml_allocator table;
    _Atomic int64_t countdown;
    _Atomic int32_t sticky;
    _Atomic int64_t live, calls;
} test_allocator;
void test_allocator_init(test_allocator *a);
/* Calls use(context, what, e) with a context of one thread, whose n-th allocation fails, for n = 1 ... `each` and then further and further
 * apart, until it is VISML_OK: till then it must give VISML_ENOMEM with a message, and never leave a block. `name` is for messages. */
typedef visml_status test_use(visml_context *ctx, const void *what, visml_error *e);
void test_failing_allocations(const char *name, int64_t each, test_use *use, const void *what);

/* A context with default options and so many threads; fails the test when there is none. */
visml_context *test_context(int32_t threads);

/* n bytes that end directly at an unreadable page (and start `offset` bytes after a multiple of 64 only as far as that allows). */
void *test_guarded(size_t n);
void test_guarded_free(void *p, size_t n);

/* A new folder below the system's temporary one; removed with all that it holds by test_folder_remove. Returns a static-free copy. */
char *test_folder(void);
void test_folder_remove(char *path);
/* "folder/name" in memory of malloc. */
char *test_path(const char *folder, const char *name);
void test_write_file(const char *path, const void *bytes, size_t n);
void *test_read_file(const char *path, size_t *n);
/* A file of the source tree: test_source("tests/golden/x.bin"); memory of malloc. */
char *test_source(const char *relative);

/* Lets the process use a locale, "de_DE", in UTF-8; where the host has not got it, it is made with localedef. 0 when it cannot be had. */
int test_locale(const char *name);
/* Back to "C"; whatever test_locale said. */
void test_locale_end(void);

/* Deterministic numbers. */
uint32_t test_random(uint64_t *state);
float test_random_float(uint64_t *state); /* [-1, 1) */

/* Fails the test, saying the message, when a status is not as wanted. */
#define assert_status(got, want, err) test_assert_status((got), (want), (err), #got, __FILE__, __LINE__)
void test_assert_status(visml_status got, visml_status want, const visml_error *err, const char *text, const char *file, int line);
/* ok, or fails with the message. */
#define assert_ok(call, err) assert_status((call), VISML_OK, (err))
/* A pointer that is not NULL, or fails with the message; returns it. */
#define assert_made(pointer, err) test_assert_made((pointer), (err), #pointer, __FILE__, __LINE__)
void *test_assert_made(void *p, const visml_error *err, const char *text, const char *file, int line);

#endif
