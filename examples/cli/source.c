/* The DATA argument: what it may be, and which labels it has.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

const char cli_data_help[] = "DATA is one of\n"
                             "  DIR                   a folder that holds one folder of images for each class\n"
                             "  FILE.json[:PART]      a manifest written by `visml split`; PART is train, val or test\n"
                             "  FILE.csv              a table with the columns path and label\n"
                             "  idx:IMAGES,LABELS     two IDX files (MNIST's format), plain or .gz\n";

static visml_dataset *fail(visml_error *err, visml_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));
static visml_dataset *fail(visml_error *err, visml_status code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->code = code;
    return NULL;
}

static visml_dataset *open_idx(visml_context *ctx, const char *pair, const visml_source_opts *opts, visml_error *err) {
    const char *comma = strchr(pair, ',');
    if (!comma || comma == pair || !comma[1])
        return fail(err, VISML_EINVAL, "idx:%s: must be idx:IMAGES,LABELS", pair);
    char *images = strndup(pair, (size_t)(comma - pair));
    if (!images)
        return fail(err, VISML_ENOMEM, "out of memory");
    visml_dataset *ds = visml_dataset_from_idx(ctx, images, comma + 1, opts, err);
    free(images);
    return ds;
}

/* A manifest starts with '{'; anything else is taken for a CSV file. */
static int is_manifest(const char *path) {
    FILE *f = fopen(path, "rb");
    int c = f ? getc(f) : EOF;
    while (f && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
        c = getc(f);
    if (f)
        fclose(f);
    return c == '{';
}

static visml_dataset *open_file(visml_context *ctx, const char *path, const visml_source_opts *opts, visml_error *err) {
    if (is_manifest(path))
        return visml_dataset_from_manifest(ctx, path, NULL, opts, err);
    return visml_dataset_from_csv(ctx, path, opts, err);
}

/* FILE:PART */
static visml_dataset *open_part(visml_context *ctx, const char *data, const visml_source_opts *opts, visml_error *err) {
    struct stat st;
    const char *colon = strrchr(data, ':');
    char *path = colon && colon > data && colon[1] ? strndup(data, (size_t)(colon - data)) : NULL;
    visml_dataset *ds;
    if (!path || stat(path, &st) != 0)
        ds = fail(err, VISML_EIO, "%s: %s", data, strerror(ENOENT));
    else if (S_ISDIR(st.st_mode) || !is_manifest(path))
        ds = fail(err, VISML_EINVAL, "%s: only a manifest written by `visml split` has parts", data);
    else
        ds = visml_dataset_from_manifest(ctx, path, colon + 1, opts, err);
    free(path);
    return ds;
}

visml_dataset *cli_open(visml_context *ctx, const char *data, const visml_source_opts *opts, visml_error *err) {
    struct stat st;
    if (strncmp(data, "idx:", 4) == 0)
        return open_idx(ctx, data + 4, opts, err);
    if (stat(data, &st) == 0)
        return S_ISDIR(st.st_mode) ? visml_dataset_from_folder(ctx, data, opts, err) : open_file(ctx, data, opts, err);
    if (errno != ENOENT && errno != ENOTDIR)
        return fail(err, VISML_EIO, "%s: %s", data, strerror(errno));
    return open_part(ctx, data, opts, err);
}

/* ---- sizes --------------------------------------------------------------------------------------------------------------------- */

/* The first `limit` bytes of a file at most; memory of malloc. *whole: that was all of it. */
static void *read_head(const char *path, size_t limit, size_t *n, int *whole) {
    FILE *f = fopen(path, "rb");
    void *bytes = f ? malloc(limit) : NULL;
    *n = bytes ? fread(bytes, 1, limit, f) : 0;
    *whole = *n < limit;
    if (f)
        fclose(f);
    return bytes;
}

int cli_probe(visml_context *ctx, const char *path, visml_image_info *info) {
    static const size_t limits[] = {1 << 16, 1 << 26}; /* a header behind a large EXIF block or profile needs more */
    visml_status status = VISML_EFORMAT;
    int whole = 0;
    for (int i = 0; i < 2 && status < 0 && !whole; i++) {
        size_t n;
        void *bytes = read_head(path, limits[i], &n, &whole);
        info->size = (uint32_t)sizeof *info;
        status = bytes ? visml_image_probe(ctx, bytes, n, info, NULL) : VISML_EIO;
        free(bytes);
    }
    return status == VISML_OK;
}

/* By content; and by name, for a page of text called cat.jpg was meant to be an image, and its failure should be told. */
int cli_looks_like_image(const char *path) {
    static const char suffixes[] = "jpg|jpeg|png|bmp|gif|pgm|ppm|pnm|tga";
    const char *dot = strrchr(path, '.');
    char suffix[8] = "";
    for (size_t i = 0; dot && dot[i + 1] && i + 1 < sizeof suffix; i++)
        suffix[i] = (char)tolower((unsigned char)dot[i + 1]);
    if (options_number(suffixes, suffix) >= 0)
        return 1;
    size_t n;
    int whole;
    void *bytes = read_head(path, 64, &n, &whole);
    int known = bytes && visml_image_format_of(bytes, n) != VISML_FORMAT_UNKNOWN;
    free(bytes);
    return known;
}

int cli_common_size(visml_context *ctx, const char *data, visml_dataset *ds, int32_t *height, int32_t *width) {
    visml_image_info info = {0}, first = {0};
    visml_shape shape = {0};
    visml_error err;
    int64_t first_index = -1, n = visml_dataset_count(ds);
    for (int64_t i = 0; i < n; i++) {
        const char *path = visml_dataset_path(ds, i);
        if (!path || !cli_probe(ctx, path, &info))
            continue;
        if (first_index < 0) {
            first = info;
            first_index = i;
        } else if (info.height != first.height || info.width != first.width) {
            return cli_fail("%s: the images differ in size (%s is %dx%d, %s is %dx%d); --size HEIGHTxWIDTH brings all to one", data,
                            visml_dataset_path(ds, first_index), (int)first.height, (int)first.width, path, (int)info.height,
                            (int)info.width);
        }
    }
    if (visml_dataset_sample_shape(ds, &shape, &err) < 0)
        return cli_fail("%s", err.message);
    *height = (int32_t)shape.dims[0];
    *width = (int32_t)shape.dims[1];
    return CLI_OK;
}

/* ---- classes ------------------------------------------------------------------------------------------------------------------- */

/* Whether class i of the data is the one of that name; a list may be longer than that of the data. */
static int same_classes(const visml_dataset *ds, const char *const *names, size_t count) {
    size_t n = visml_dataset_class_count(ds);
    for (size_t i = 0; i < n && i < count; i++) {
        if (strcmp(visml_dataset_class_name(ds, i), names[i]) != 0)
            return 0;
    }
    return n <= count;
}

visml_dataset *cli_open_with_classes(visml_context *ctx, const char *data, const visml_source_opts *opts, const char *const *names,
                                     size_t n, visml_error *err) {
    visml_dataset *ds = cli_open(ctx, data, opts, err);
    if (!ds || !n || same_classes(ds, names, n))
        return ds;
    visml_dataset *renumbered = visml_dataset_with_classes(ds, names, n, err);
    if (!renumbered) {
        visml_error inner = *err;
        fail(err, inner.code, "%s: %s", data, inner.message);
    }
    visml_dataset_free(ds);
    return renumbered;
}

visml_dataset *cli_open_for(visml_context *ctx, const char *data, const cli_subject *subject, visml_source_opts *opts, visml_error *err) {
    size_t n = cli_subject_class_count(subject);
    if (cli_subject_preparation(subject, opts, err) < 0)
        return NULL;
    const char **names = cli_subject_names(subject);
    if (n && !names)
        return fail(err, VISML_ENOMEM, "out of memory");
    visml_dataset *ds = cli_open_with_classes(ctx, data, opts, names, n, err);
    free(names);
    return ds;
}
