#include "data/files.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/file.h"

/* ---- reading ---- */

static const char *path_of(const visml_source *s, int64_t i) {
    return ((const visml_files_source *)s)->paths[i];
}

/* The picture of a file in the colour and size of the options. */
static visml_tensor *read_picture(const visml_source *s, int64_t i, visml_read_buffer *buffer, visml_status *status, visml_error *err) {
    visml_context *ctx = s->context;
    visml_decode_opts o = VISML_OPTS_INIT(visml_decode_opts);
    visml_error why;
    size_t n;
    o.color = s->opts.color;
    why.code = VISML_OK;
    *status = visml_file_read_into(&ctx->memory, path_of(s, i), ctx->max_file_bytes, &buffer->bytes, &buffer->capacity, &n, err);
    if (*status < 0)
        return NULL;
    visml_tensor *t = visml_picture_fit(s, visml_image_decode(ctx, buffer->bytes, n, &o, &why), &why);
    if (!t) {
        *status = why.code;
        if (err)
            *err = why;
    }
    return t;
}

static visml_tensor *picture_of_file(const visml_source *s, int64_t i, visml_read_buffer *buffer, visml_error *err) {
    visml_status status;
    return read_picture(s, i, buffer, &status, err);
}

static visml_status read_file(const visml_source *s, int64_t i, visml_read_buffer *buffer, void *pixels, int32_t *label, visml_error *err) {
    visml_status status;
    visml_tensor *t = read_picture(s, i, buffer, &status, err);
    if (!t)
        return status;
    status = visml_picture_store(s, t, pixels, err);
    visml_tensor_release(t);
    *label = s->labels[i];
    return status;
}

static visml_status measure_file(const visml_source *s, int64_t i, visml_read_buffer *buffer, visml_shape *shape, visml_error *err) {
    visml_status status;
    visml_tensor *t = read_picture(s, i, buffer, &status, err);
    if (t)
        *shape = t->shape;
    visml_tensor_release(t);
    return status;
}

static void free_files(visml_source *s) {
    visml_files_source *f = (visml_files_source *)s;
    visml_memory *m = &s->context->memory;
    for (size_t c = 0; c < f->column_count; c++) {
        visml_intern_free(&f->columns[c].values);
        visml_mem_free(m, f->columns[c].ids);
    }
    visml_mem_free(m, f->columns);
    visml_mem_free(m, f->paths);
}

static const visml_source_class class = {.read = read_file, .picture = picture_of_file, .measure = measure_file, .path = path_of,
                                         .free = free_files, .slow = 1};

/* ---- making ---- */

visml_files_source *visml_files_source_new(visml_context *ctx, const char *kind, const char *origin, const visml_source_opts *opts,
                                           visml_error *err) {
    visml_source_opts o;
    if (visml_source_options(kind, opts, VISML_COLOR_RGB, &o, err) < 0)
        return NULL;
    visml_files_source *f = visml_source_make(ctx, sizeof *f, &class, kind, &o, err);
    if (!f)
        return NULL;
    f->base.dtype = VISML_U8;
    f->base.origin[0] = visml_arena_strndup(&f->base.arena, origin, strlen(origin), err);
    if (o.height) {
        f->base.shape = visml_shape_make(3, (int64_t[]){o.height, o.width, o.color});
        f->base.shape_known = 1;
    }
    if (!f->base.origin[0]) {
        visml_source_release(&f->base);
        return NULL;
    }
    return f;
}

static char *join(visml_arena *a, const char *folder, size_t n, const char *path, size_t path_n, visml_error *err) {
    if (n == 0 || (path_n && path[0] == '/'))
        return visml_arena_strndup(a, path, path_n, err);
    char *s = visml_arena_take(a, n + path_n + 2, err);
    if (!s)
        return NULL;
    memcpy(s, folder, n);
    if (s[n - 1] != '/')
        s[n++] = '/';
    memcpy(s + n, path, path_n);
    return s;
}

visml_status visml_files_source_add(visml_files_source *f, const char *folder, size_t n, const char *path, size_t path_n, int32_t label,
                                    visml_error *err) {
    visml_memory *m = &f->base.context->memory;
    size_t count = (size_t)f->base.count;
    void *paths = f->paths, *labels = f->base.labels;
    visml_status status = visml_mem_grow(m, &paths, &f->path_capacity, count + 1, sizeof *f->paths, err);
    f->paths = paths;
    if (status == VISML_OK)
        status = visml_mem_grow(m, &labels, &f->label_capacity, count + 1, sizeof *f->base.labels, err);
    f->base.labels = labels;
    if (status < 0)
        return status;
    f->paths[count] = join(&f->base.arena, folder, n, path, path_n, err);
    if (!f->paths[count])
        return VISML_ENOMEM;
    f->base.labels[count] = label;
    f->base.count++;
    return VISML_OK;
}

visml_status visml_files_source_add_column(visml_files_source *f, const char *name, visml_error *err) {
    visml_memory *m = &f->base.context->memory;
    void *columns = f->columns;
    visml_status status = visml_mem_grow(m, &columns, &f->column_capacity, f->column_count + 1, sizeof *f->columns, err);
    f->columns = columns;
    char *copy = status == VISML_OK ? visml_arena_strndup(&f->base.arena, name, strlen(name), err) : NULL;
    if (!copy)
        return VISML_ENOMEM;
    visml_group_column *g = &f->columns[f->column_count++];
    *g = (visml_group_column){.name = copy};
    visml_intern_init(&g->values, m);
    return VISML_OK;
}

visml_status visml_files_source_set_group(visml_files_source *f, size_t column, size_t sample, const char *value, size_t n,
                                          visml_error *err) {
    visml_group_column *g = &f->columns[column];
    void *ids = g->ids;
    visml_status status = visml_mem_grow(&f->base.context->memory, &ids, &g->capacity, sample + 1, sizeof *g->ids, err);
    g->ids = ids;
    VISML_TRY(status);
    return visml_intern_add(&g->values, value, n, &g->ids[sample], err);
}

static visml_status rename_classes(visml_files_source *f, const visml_intern *names, size_t *rank, const char **sorted, visml_error *err) {
    VISML_TRY(visml_intern_rank(names, rank, err));
    for (size_t id = 0; id < names->count; id++)
        sorted[rank[id]] = names->strings[id];
    VISML_TRY(visml_source_name_classes(&f->base, f->base.kind, sorted, names->count, err));
    for (int64_t i = 0; i < f->base.count; i++)
        f->base.labels[i] = (int32_t)rank[f->base.labels[i]];
    return VISML_OK;
}

visml_status visml_files_source_sort_classes(visml_files_source *f, const visml_intern *names, visml_error *err) {
    visml_memory *m = &f->base.context->memory;
    size_t *rank = visml_mem_zalloc(m, names->count, sizeof *rank, err);
    const char **sorted = rank ? visml_mem_zalloc(m, names->count, sizeof *sorted, err) : NULL;
    visml_status status = sorted ? rename_classes(f, names, rank, sorted, err) : VISML_ENOMEM;
    visml_mem_free(m, sorted);
    visml_mem_free(m, rank);
    return status;
}

size_t visml_path_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return 0;
    return slash == path ? 1 : (size_t)(slash - path);
}
