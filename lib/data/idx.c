#include "data/idx.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/file.h"
#include "data/arrays.h"
#include "data/dataset.h"
#include "image/inflate.h"

/* The format: two zero bytes, the type of the elements, the number of dimensions; the dimensions as big-endian 32-bit numbers; the
 * elements in row-major order. http://yann.lecun.com/exdb/mnist, "The IDX file format". */

#define TYPE_U8 0x08

/* ---- the header ---- */

static int64_t big_endian(const unsigned char *p) {
    return (int64_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static visml_status check_magic(const char *path, const unsigned char *bytes, size_t n, visml_error *err) {
    if (n < 4)
        return visml_fail(err, VISML_EFORMAT, "%s: ends after %zu bytes, an IDX file starts with 4", path, n);
    if (bytes[0] || bytes[1])
        return visml_fail(err, VISML_EFORMAT, "%s: starts with %02x %02x %02x %02x, an IDX file starts with two zero bytes", path, bytes[0],
                          bytes[1], bytes[2], bytes[3]);
    if (bytes[2] != TYPE_U8)
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: the elements are of the type 0x%02x, must be 0x08 (unsigned bytes)", path,
                          bytes[2]);
    return VISML_OK;
}

/* The shape of the elements and where they begin. Ranks from min_rank to max_rank are right. */
static visml_status parse(const char *path, const unsigned char *bytes, size_t n, int32_t min_rank, int32_t max_rank, visml_shape *shape,
                          size_t *begin, visml_error *err) {
    VISML_TRY(check_magic(path, bytes, n, err));
    int32_t rank = bytes[3];
    if (rank < min_rank || rank > max_rank)
        return visml_fail(err, VISML_EFORMAT, "%s: has %d dimensions, must have %s", path, rank,
                          min_rank == 1 ? "1 (labels)" : "3 or 4 (images)");
    size_t header = 4 + 4 * (size_t)rank, total = 1;
    if (n < header)
        return visml_fail(err, VISML_EFORMAT, "%s: ends after %zu bytes, within its header of %zu", path, n, header);
    int64_t dims[4];
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = big_endian(bytes + 4 + 4 * i);
        if (dims[i] == 0)
            return visml_fail(err, VISML_EFORMAT, "%s: dimension %d is 0: the file holds nothing", path, i);
        if (!visml_size_mul(total, (size_t)dims[i], &total))
            return visml_fail(err, VISML_EFORMAT, "%s: more elements than can be addressed", path);
    }
    if (n - header != total)
        return visml_fail(err, VISML_EFORMAT, "%s: %zu bytes follow the header, must be %zu (%s)", path, n - header, total,
                          n - header < total ? "the file is truncated" : "there is something behind the data");
    *shape = visml_shape_make(rank, dims);
    *begin = header;
    return VISML_OK;
}

/* ---- files ---- */

/* What a file holds, unpacked. */
typedef struct contents {
    visml_memory *memory;
    unsigned char *bytes;
    size_t n;
} contents;

static void free_contents(void *user) {
    contents *c = user;
    visml_memory *m = c->memory;
    visml_mem_free(m, c->bytes);
    visml_mem_free(m, c);
}

static visml_status unpack(visml_context *ctx, const char *path, contents *c, visml_error *err) {
    unsigned char *bytes;
    size_t n;
    if (!visml_is_gzip(c->bytes, c->n))
        return VISML_OK;
    VISML_TRY(visml_gunzip(c->memory, path, c->bytes, c->n, ctx->max_file_bytes, &bytes, &n, err));
    visml_mem_free(c->memory, c->bytes);
    c->bytes = bytes;
    c->n = n;
    return VISML_OK;
}

static contents *read_contents(visml_context *ctx, const char *path, visml_error *err) {
    contents *c = visml_mem_zalloc(&ctx->memory, 1, sizeof *c, err);
    if (!c)
        return NULL;
    c->memory = &ctx->memory;
    if (visml_file_read(c->memory, path, ctx->max_file_bytes, &c->bytes, &c->n, err) < 0 || unpack(ctx, path, c, err) < 0) {
        free_contents(c);
        return NULL;
    }
    return c;
}

/* The elements of a file as a tensor that owns the file's bytes. */
static visml_tensor *read_elements(visml_context *ctx, const char *path, int32_t min_rank, int32_t max_rank, visml_error *err) {
    visml_shape shape;
    size_t begin = 0;
    contents *c = read_contents(ctx, path, err);
    if (!c)
        return NULL;
    visml_tensor *t = NULL;
    if (parse(path, c->bytes, c->n, min_rank, max_rank, &shape, &begin, err) == VISML_OK)
        t = visml_tensor_wrap(ctx, VISML_U8, &shape, NULL, c->bytes + begin, free_contents, c, err);
    if (!t)
        free_contents(c);
    return t;
}

/* ---- the source ---- */

static visml_status copy_labels(visml_source *s, const visml_tensor *labels, visml_error *err) {
    size_t classes = 0;
    s->labels = visml_mem_zalloc(&s->context->memory, (size_t)s->count, sizeof *s->labels, err);
    if (!s->labels)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < s->count; i++) {
        s->labels[i] = (unsigned char)labels->data[i];
        if ((size_t)s->labels[i] >= classes)
            classes = (size_t)s->labels[i] + 1;
    }
    return visml_source_name_classes(s, "idx", NULL, classes, err);
}

static visml_status keep_origin(visml_source *s, const char *images, const char *labels, visml_error *err) {
    s->origin[0] = visml_arena_strndup(&s->arena, images, strlen(images), err);
    s->origin[1] = s->origin[0] ? visml_arena_strndup(&s->arena, labels, strlen(labels), err) : NULL;
    return s->origin[1] ? VISML_OK : VISML_ENOMEM;
}

/* [H, W] is a gray picture. */
static visml_status sample_shape(const char *path, const visml_tensor *images, const visml_source_opts *o, visml_shape *shape,
                                 visml_error *err) {
    const int64_t *d = images->shape.dims;
    *shape = visml_shape_make(3, (int64_t[]){d[1], d[2], images->shape.rank == 4 ? d[3] : 1});
    if ((o->height || o->color) && (shape->dims[2] > 4 || d[1] > 65535 || d[2] > 65535))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: samples are %s; only pictures of at most 65535 x 65535 with 1 to 4 channels can be "
                          "brought to another size or colour", path, visml_shape_format(shape).s);
    return VISML_OK;
}

static visml_source *make(visml_context *ctx, const char *image_path, visml_tensor *images, const char *label_path,
                          const visml_tensor *labels, const visml_source_opts *opts, visml_error *err) {
    visml_shape sample;
    if (images->shape.dims[0] != labels->shape.dims[0]) {
        visml_fail(err, VISML_EFORMAT, "%s: holds %lld labels, but %s holds %lld images", label_path, (long long)labels->shape.dims[0],
                   image_path, (long long)images->shape.dims[0]);
        return NULL;
    }
    if (sample_shape(image_path, images, opts, &sample, err) < 0)
        return NULL;
    visml_arrays_source *a = visml_arrays_source_new(ctx, "idx", images, &sample, opts, err);
    if (!a)
        return NULL;
    if (copy_labels(&a->base, labels, err) < 0 || keep_origin(&a->base, image_path, label_path, err) < 0) {
        visml_source_release(&a->base);
        return NULL;
    }
    return &a->base;
}

visml_source *visml_idx_source_new(visml_context *ctx, const char *what, const char *images, const char *labels,
                                   const visml_source_opts *opts, visml_error *err) {
    visml_source_opts o;
    if (visml_source_options(what, opts, VISML_COLOR_AS_IS, &o, err) < 0)
        return NULL;
    visml_tensor *y = read_elements(ctx, labels, 1, 1, err);
    visml_tensor *x = y ? read_elements(ctx, images, 3, 4, err) : NULL;
    visml_source *s = x ? make(ctx, images, x, labels, y, &o, err) : NULL;
    visml_tensor_release(x);
    visml_tensor_release(y);
    return s;
}

visml_dataset *visml_dataset_from_idx(visml_context *ctx, const char *images, const char *labels, const visml_source_opts *opts,
                                      visml_error *err) {
    if (!ctx || !images || !labels) {
        visml_fail(err, VISML_EINVAL, "idx: %s is NULL", !ctx ? "ctx" : !images ? "images" : "labels");
        return NULL;
    }
    return visml_dataset_over(visml_idx_source_new(ctx, "idx", images, labels, opts, err), err);
}
