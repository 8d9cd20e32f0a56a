#include "support/support.h"

#include <dirent.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- allocator ---- */

static int fails_now(test_allocator *a) {
    atomic_fetch_add(&a->calls, 1);
    if (atomic_load(&a->countdown) < 0)
        return 0;
    if (atomic_load(&a->countdown) == 0)
        return atomic_load(&a->sticky) != 0;
    return atomic_fetch_sub(&a->countdown, 1) == 1;
}

static void *test_alloc(void *user, size_t bytes, size_t align) {
    test_allocator *a = user;
    void *p = NULL;
    if (fails_now(a) || posix_memalign(&p, align, bytes) != 0)
        return NULL;
    memset(p, 0xA5, bytes); /* nobody may rely on zeros */
    atomic_fetch_add(&a->live, 1);
    return p;
}

static void test_release(void *user, void *ptr, size_t bytes) {
    test_allocator *a = user;
    memset(ptr, 0x5A, bytes); /* nor read what is gone; also proves that `bytes` is right, under ASan */
    atomic_fetch_sub(&a->live, 1);
    free(ptr);
}

void test_allocator_init(test_allocator *a) {
    memset(a, 0, sizeof *a);
    a->countdown = -1;
    a->table = (visml_allocator){sizeof a->table, 0, a, test_alloc, test_release};
}

/* 1 when it went well. */
static int use_once(const char *name, test_allocator *a, visml_context *c, int64_t n, test_use *use, const void *what) {
    int64_t before = a->live;
    visml_error e = {0};
    a->countdown = n;
    visml_status status = use(c, what, &e);
    a->countdown = -1;
    if (a->live != before)
        fail_msg("%s: %lld blocks are left after allocation %lld failed", name, (long long)(a->live - before), (long long)n);
    if (status != VISML_OK && (status != VISML_ENOMEM || !*e.message))
        fail_msg("%s: allocation %lld failed, and the error is %d: %s", name, (long long)n, (int)status, e.message);
    return status == VISML_OK;
}

void test_failing_allocations(const char *name, int64_t each, test_use *use, const void *what) {
    test_allocator a;
    visml_error e = {0};
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &e), &e);
    for (int64_t n = 1; !use_once(name, &a, c, n, use, what); n += n < each ? 1 : n / 7)
        ;
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

visml_context *test_context(int32_t threads) {
    visml_error err = {0};
    visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
    o.threads = threads;
    return assert_made(visml_context_new(&o, &err), &err);
}

/* ---- guarded memory ---- */

static size_t guarded_bytes(size_t n, size_t page) {
    return (n + page - 1) / page * page + page;
}

void *test_guarded(size_t n) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), total = guarded_bytes(n, page);
    char *p = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + total - page, page, PROT_NONE) != 0)
        fail_msg("no guarded memory");
    return p + total - page - n;
}

void test_guarded_free(void *p, size_t n) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), total = guarded_bytes(n, page);
    munmap((char *)p + n + page - total, total);
}

/* ---- files ---- */

char *test_folder(void) {
    char name[] = "/tmp/visml-test-XXXXXX";
    if (!mkdtemp(name))
        fail_msg("no temporary folder");
    return strdup(name);
}

static void remove_tree(const char *path) {
    struct stat st;
    if (lstat(path, &st) != 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        chmod(path, 0700);
        DIR *d = opendir(path);
        for (struct dirent *e; d && (e = readdir(d));) {
            if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
                continue;
            char *child = test_path(path, e->d_name);
            remove_tree(child);
            free(child);
        }
        if (d)
            closedir(d);
        rmdir(path);
    } else {
        unlink(path);
    }
}

void test_folder_remove(char *path) {
    remove_tree(path);
    free(path);
}

char *test_path(const char *folder, const char *name) {
    size_t n = strlen(folder) + strlen(name) + 2;
    char *p = malloc(n);
    snprintf(p, n, "%s/%s", folder, name);
    return p;
}

void test_write_file(const char *path, const void *bytes, size_t n) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        fail_msg("cannot write %s", path);
}

void *test_read_file(const char *path, size_t *n) {
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &st) != 0)
        fail_msg("cannot read %s", path);
    char *p = malloc((size_t)st.st_size + 1);
    *n = fread(p, 1, (size_t)st.st_size, f);
    p[*n] = '\0';
    fclose(f);
    return p;
}

char *test_source(const char *relative) {
    const char *root = getenv("VISML_TEST_SOURCE");
    return test_path(root ? root : ".", relative);
}

/* ---- locales ---- */

static char *locales; /* a folder with those that were made, or NULL */

int test_locale(const char *name) {
    char full[64], command[256];
    snprintf(full, sizeof full, "%s.UTF-8", name);
    if (strcmp(name, "C") == 0 || setlocale(LC_ALL, full))
        return 1;
    locales = test_folder();
    snprintf(command, sizeof command, "localedef -i %s -f UTF-8 %s/%s >%s/log 2>&1", name, locales, full, locales);
    if (system(command) == 0 && setenv("LOCPATH", locales, 1) == 0 && setlocale(LC_ALL, full))
        return 1;
    print_message("the locale %s cannot be had: not tested\n", full);
    return 0;
}

void test_locale_end(void) {
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    if (locales)
        test_folder_remove(locales);
    locales = NULL;
}

/* ---- numbers ---- */

uint32_t test_random(uint64_t *state) { /* splitmix64 (Steele et al. 2014) */
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

float test_random_float(uint64_t *state) {
    return (float)(test_random(state) >> 8) * 0x1p-23f - 1.0f;
}

/* ---- failing ---- */

void test_assert_status(visml_status got, visml_status want, const visml_error *err, const char *text, const char *file, int line) {
    if (got == want)
        return;
    print_error("%s\n  is %d, expected %d: %s\n", text, got, want, err && got < 0 ? err->message : "");
    _fail(file, line);
}

void *test_assert_made(void *p, const visml_error *err, const char *text, const char *file, int line) {
    if (!p) {
        print_error("%s\n  is NULL: %s\n", text, err ? err->message : "");
        _fail(file, line);
    }
    return p;
}
