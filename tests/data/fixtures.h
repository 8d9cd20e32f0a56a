/* Small image files for the tests of this room. */
#ifndef DATA_FIXTURES_H
#define DATA_FIXTURES_H

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "visml/data.h"

/* A gray PNM image of one value; height x width. */
static inline void write_image(const char *folder, const char *name, int height, int width, int value) {
    char *path = test_path(folder, name);
    size_t pixels = (size_t)height * (size_t)width;
    char *bytes = malloc(pixels + 32);
    int n = sprintf(bytes, "P5\n%d %d\n255\n", width, height);
    memset(bytes + n, value, pixels);
    test_write_file(path, bytes, (size_t)n + pixels);
    free(bytes);
    free(path);
}

static inline void write_text(const char *folder, const char *name, const char *text) {
    char *path = test_path(folder, name);
    test_write_file(path, text, strlen(text));
    free(path);
}

/* Makes "folder/name" and returns it. */
static inline char *make_folder(const char *folder, const char *name) {
    char *path = test_path(folder, name);
    if (mkdir(path, 0777) != 0)
        fail_msg("cannot make %s", path);
    return path;
}

/* DIR/cat, DIR/dog, ... with so many images of 4 x 3 each; image i of class c has the value 10 * c + i % 10. */
static inline char *class_folders(int classes, int images) {
    static const char *const names[] = {"cat", "dog", "emu", "fox", "gnu"};
    char *root = test_folder(), name[32];
    for (int c = 0; c < classes; c++) {
        char *folder = make_folder(root, names[c]);
        for (int i = 0; i < images; i++) {
            snprintf(name, sizeof name, "%03d.pgm", i);
            write_image(folder, name, 4, 3, 10 * c + i % 10);
        }
        free(folder);
    }
    return root;
}

/* An IDX file of the dimensions; element i is i * 7 % 251. */
static inline size_t idx_bytes(unsigned char *out, int rank, const int *dims, int modulo) {
    size_t n = 4, total = 1;
    out[0] = out[1] = 0;
    out[2] = 8;
    out[3] = (unsigned char)rank;
    for (int i = 0; i < rank; i++) {
        out[n++] = (unsigned char)(dims[i] >> 24);
        out[n++] = (unsigned char)(dims[i] >> 16);
        out[n++] = (unsigned char)(dims[i] >> 8);
        out[n++] = (unsigned char)dims[i];
        total *= (size_t)dims[i];
    }
    for (size_t i = 0; i < total; i++)
        out[n++] = (unsigned char)(i * 7 % (size_t)modulo);
    return n;
}

/* Two IDX files in a folder: images [n, 3, 2], labels i * 7 % 4. */
static inline void write_idx(const char *folder, int n) {
    unsigned char *bytes = malloc(64 + 6 * (size_t)n);
    char *path = test_path(folder, "images.idx");
    test_write_file(path, bytes, idx_bytes(bytes, 3, (int[]){n, 3, 2}, 251));
    free(path);
    path = test_path(folder, "labels.idx");
    test_write_file(path, bytes, idx_bytes(bytes, 1, (int[]){n}, 4));
    free(path);
    free(bytes);
}

#define assert_in(text, part)                                                    \
    do {                                                                         \
        if (!strstr((text), (part)))                                             \
            fail_msg("\"%s\" does not contain \"%s\"", (text), (part));          \
    } while (0)

/* A call that must fail with a code and a message that contains a text. */
#define assert_refused(call, want, part)            \
    do {                                            \
        visml_error refused = {0};                  \
        visml_error *err_of_call = &refused;        \
        assert_null(call);                          \
        if (refused.code != (want))                 \
            fail_msg("code %d: %s", refused.code, refused.message); \
        assert_in(refused.message, (part));         \
    } while (0)
#define ERR err_of_call

#endif
