#include "support/support.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static visml_memory memory;

static int setup(void **state) {
    visml_error err = {0};
    *state = test_folder();
    return visml_memory_init(&memory, NULL, 0, &err);
}

static int teardown(void **state) {
    assert_int_equal(memory.used, 0);
    test_folder_remove(*state);
    return 0;
}

static size_t count_entries(const char *folder) {
    size_t n = 0;
    DIR *d = opendir(folder);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void holds(const char *path, const char *text) {
    visml_error err = {0};
    unsigned char *bytes;
    size_t n;
    assert_ok(visml_file_read(&memory, path, 1 << 20, &bytes, &n, &err), &err);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(bytes, text, n);
    visml_mem_free(&memory, bytes);
}

static void replaces_whole_files(void **state) {
    visml_error err = {0};
    char *path = test_path(*state, "a");
    assert_ok(visml_file_replace(&memory, path, "one", 3, &err), &err);
    holds(path, "one");
    chmod(path, 0640);
    assert_ok(visml_file_replace(&memory, path, "second", 6, &err), &err);
    holds(path, "second");
    struct stat st;
    stat(path, &st);
    assert_int_equal(st.st_mode & 0777, 0640); /* as the old file */
    assert_ok(visml_file_replace(&memory, path, "", 0, &err), &err);
    holds(path, "");
    assert_int_equal(count_entries(*state), 1);
    free(path);
}

static void abandoned_leaves_the_old(void **state) {
    visml_error err = {0};
    visml_file_writer w;
    char *path = test_path(*state, "a");
    assert_ok(visml_file_replace(&memory, path, "old", 3, &err), &err);
    assert_ok(visml_file_begin(&w, &memory, path, &err), &err);
    assert_ok(visml_file_write(&w, "new", 3, &err), &err);
    holds(path, "old");
    visml_file_abandon(&w);
    holds(path, "old");
    assert_int_equal(count_entries(*state), 1);
    free(path);
}

static void follows_a_link_to_its_file(void **state) {
    visml_error err = {0};
    char *path = test_path(*state, "target"), *link = test_path(*state, "link");
    assert_ok(visml_file_replace(&memory, path, "old", 3, &err), &err);
    assert_int_equal(symlink("target", link), 0);
    assert_ok(visml_file_replace(&memory, link, "new", 3, &err), &err);
    struct stat st;
    lstat(link, &st);
    assert_true(S_ISLNK(st.st_mode));
    holds(path, "new");
    free(path);
    free(link);
}

static void refused(visml_status status, visml_status want, const visml_error *err, const char *text) {
    assert_status(status, want, err);
    if (!strstr(err->message, text))
        fail_msg("\"%s\" does not say \"%s\"", err->message, text);
}

static void bad_targets_are_named(void **state) {
    visml_error err = {0};
    unsigned char *bytes = NULL;
    size_t n = 77;
    char *missing = test_path(*state, "no/such/file"), *fifo = test_path(*state, "fifo");
    refused(visml_file_replace(&memory, missing, "x", 1, &err), VISML_EIO, &err, "no/such/file: cannot write: No such file");
    refused(visml_file_replace(&memory, *state, "x", 1, &err), VISML_EIO, &err, "it is a folder");
    refused(visml_file_read(&memory, missing, 10, &bytes, &n, &err), VISML_EIO, &err, "cannot open: No such file");
    refused(visml_file_read(&memory, *state, 10, &bytes, &n, &err), VISML_EIO, &err, "not a regular file");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refused(visml_file_read(&memory, fifo, 10, &bytes, &n, &err), VISML_EIO, &err, "not a regular file");
    refused(visml_file_replace(&memory, fifo, "x", 1, &err), VISML_EIO, &err, "not a regular file");
    assert_true(bytes == NULL && n == 77);
    free(missing);
    free(fifo);
}

static void the_limit_holds(void **state) {
    visml_error err = {0};
    unsigned char *bytes;
    size_t n;
    char *path = test_path(*state, "a");
    test_write_file(path, "12345", 5);
    assert_ok(visml_file_read(&memory, path, 5, &bytes, &n, &err), &err);
    visml_mem_free(&memory, bytes);
    refused(visml_file_read(&memory, path, 4, &bytes, &n, &err), VISML_ELIMIT, &err, "5 bytes, the limit is 4");
    free(path);
}

/* A file may not grow past a size, as on a full disk: the old one stands, nothing is left behind. */
static void a_full_disk_loses_nothing(void **state) {
    visml_error err = {0};
    char *path = test_path(*state, "a"), *big = calloc(1, 100000);
    assert_ok(visml_file_replace(&memory, path, "old", 3, &err), &err);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {50000, 50000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        visml_status status = visml_file_replace(&memory, path, big, 100000, &err);
        _exit(status == VISML_EIO && strstr(err.message, "cannot write") ? 0 : 1);
    }
    int result;
    waitpid(child, &result, 0);
    assert_int_equal(result, 0);
    holds(path, "old");
    assert_int_equal(count_entries(*state), 1);
    free(big);
    free(path);
}

static void makes_folders(void **state) {
    visml_error err = {0};
    char *deep = test_path(*state, "a/b//c/"), *file = test_path(*state, "f"), *below = test_path(*state, "f/x");
    struct stat st;
    assert_ok(visml_folder_make(&memory, deep, &err), &err);
    assert_ok(visml_folder_make(&memory, deep, &err), &err);
    assert_true(stat(deep, &st) == 0 && S_ISDIR(st.st_mode));
    test_write_file(file, "", 0);
    refused(visml_folder_make(&memory, below, &err), VISML_EIO, &err, "exists and is not a folder");
    free(deep);
    free(file);
    free(below);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replaces_whole_files, setup, teardown),
        cmocka_unit_test_setup_teardown(abandoned_leaves_the_old, setup, teardown),
        cmocka_unit_test_setup_teardown(follows_a_link_to_its_file, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_targets_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(the_limit_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(makes_folders, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
