#include "data/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/files.h"
#include "data/idx.h"

/* What is being read. */
typedef struct manifest {
    visml_context *context;
    const char *path;
    const visml_source_opts *opts; /* the caller's */
    const json_t *classes, *parts;
    visml_intern names; /* the classes, by number */
} manifest;

/* "parts.train.labels[3]" */
typedef struct place {
    char s[200];
} place;

static place place_of(const char *part, const char *key, size_t i) {
    place p;
    if (part)
        snprintf(p.s, sizeof p.s, "parts.%.100s.%s[%zu]", part, key, i);
    else
        snprintf(p.s, sizeof p.s, "%s[%zu]", key, i);
    return p;
}

/* ---- texts ---- */

static int hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 0 when a % is not followed by two hexadecimal digits, or by those of a zero byte. */
static int decode(visml_text *out, const char *s) {
    for (; *s; s++) {
        char c = *s;
        if (c == '%') {
            int hi = hex(s[1]), lo = hi < 0 ? -1 : hex(s[2]);
            if (lo < 0 || (hi | lo) == 0)
                return 0;
            c = (char)(hi * 16 + lo);
            s += 2;
        }
        visml_text_add_bytes(out, &c, 1);
    }
    return 1;
}

/* A string, or one that was no UTF-8, appended to `out` (empty before). */
static visml_status read_text(const manifest *f, const place *where, const json_t *value, visml_text *out, visml_error *err) {
    const json_t *encoded = json_object_get(value, VISML_MANIFEST_ENCODED);
    const char *s = json_string_value(encoded ? encoded : value);
    int right = s && *s;
    if (right && encoded)
        right = decode(out, s);
    else if (right)
        visml_text_add_bytes(out, s, strlen(s));
    if (!right)
        return visml_fail(err, VISML_EFORMAT, "%s: %s must be a string that is not empty, or {\"" VISML_MANIFEST_ENCODED "\": \"...\"}",
                          f->path, where->s);
    return out->status < 0 ? visml_fail(err, VISML_ENOMEM, "%s: out of memory", f->path) : VISML_OK;
}

/* ---- the head ---- */

static visml_status read_classes(manifest *f, visml_error *err) {
    visml_text name;
    for (size_t i = 0; i < json_array_size(f->classes); i++) {
        place where = place_of(NULL, "classes", i);
        size_t id = i;
        visml_text_init(&name, &f->context->memory);
        visml_status status = read_text(f, &where, json_array_get(f->classes, i), &name, err);
        if (status == VISML_OK)
            status = visml_intern_add(&f->names, name.data, name.length, &id, err);
        visml_text_free(&name);
        VISML_TRY(status);
        if (id != i)
            return visml_fail(err, VISML_EFORMAT, "%s: classes[%zu] and classes[%zu] are both \"%s\"", f->path, id, i,
                              f->names.strings[id]);
    }
    return f->names.count ? VISML_OK : visml_fail(err, VISML_EFORMAT, "%s: \"classes\" is empty", f->path);
}

static visml_status read_head(manifest *f, const json_t *root, visml_error *err) {
    const char *format;
    int64_t version;
    VISML_TRY(visml_json_string(f->path, root, "format", &format, err));
    if (strcmp(format, VISML_MANIFEST_FORMAT) != 0)
        return visml_fail(err, VISML_EFORMAT, "%s: \"format\" is \"%s\", must be \"" VISML_MANIFEST_FORMAT "\"", f->path, format);
    VISML_TRY(visml_json_int(f->path, root, "version", 1, INT64_MAX, &version, err));
    if (version > VISML_MANIFEST_VERSION)
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: is of version %lld, this library reads up to %d", f->path, (long long)version,
                          VISML_MANIFEST_VERSION);
    VISML_TRY(visml_json_array(f->path, root, "classes", &f->classes, err));
    VISML_TRY(visml_json_object(f->path, root, "parts", &f->parts, err));
    return read_classes(f, err);
}

/* ---- parts ---- */

/* The parts that were asked for: all, or one. */
static int is_wanted(const char *wanted, const char *name) {
    return !wanted || strcmp(wanted, name) == 0;
}

static visml_status no_such_part(const manifest *f, const char *wanted, visml_error *err) {
    visml_text known;
    const char *name;
    json_t *part;
    visml_text_init(&known, &f->context->memory);
    json_object_foreach((json_t *)(uintptr_t)f->parts, name, part)
        visml_text_add(&known, "%s\"%s\"", known.length ? ", " : "", name);
    visml_fail(err, VISML_EINVAL, "%s: has no part \"%s\"; there %s: %s", f->path, wanted ? wanted : "",
               json_object_size(f->parts) == 1 ? "is" : "are", known.data ? known.data : "none");
    visml_text_free(&known);
    return VISML_EINVAL;
}

/* An array of a part, with as many elements as `labels`. */
static visml_status part_array(const manifest *f, const char *name, const json_t *part, const char *key, size_t n, const json_t **array,
                               visml_error *err) {
    char what[400];
    snprintf(what, sizeof what, "%.200s: parts.%.100s", f->path, name);
    VISML_TRY(visml_json_array(what, part, key, array, err));
    if (json_array_size(*array) != n)
        return visml_fail(err, VISML_EFORMAT, "%s: \"%s\" has %zu elements, \"labels\" has %zu", what, key, json_array_size(*array), n);
    return VISML_OK;
}

static visml_status read_int(const manifest *f, const char *part, const char *key, const json_t *array, size_t i, int64_t end,
                             int64_t *out, visml_error *err) {
    const json_t *v = json_array_get(array, i);
    if (!json_is_integer(v))
        return visml_fail(err, VISML_EFORMAT, "%s: %s must be a whole number", f->path, place_of(part, key, i).s);
    *out = json_integer_value(v);
    if (*out < 0 || *out >= end)
        return visml_fail(err, VISML_EFORMAT, "%s: %s is %lld, must be 0 to %lld", f->path, place_of(part, key, i).s, (long long)*out,
                          (long long)end - 1);
    return VISML_OK;
}

static visml_status part_labels(const manifest *f, const char *name, const json_t *part, const json_t **labels, visml_error *err) {
    char what[400];
    snprintf(what, sizeof what, "%.200s: parts.%.100s", f->path, name);
    return visml_json_array(what, part, "labels", labels, err);
}

/* ---- parts of files ---- */

static visml_status add_file(const manifest *f, visml_files_source *files, const char *part, size_t i, const json_t *path,
                             const json_t *labels, visml_error *err) {
    visml_text text;
    place where = place_of(part, "paths", i);
    int64_t label;
    VISML_TRY(read_int(f, part, "labels", labels, i, (int64_t)f->names.count, &label, err));
    visml_text_init(&text, &f->context->memory);
    visml_status status = read_text(f, &where, path, &text, err);
    if (status == VISML_OK)
        status = visml_files_source_add(files, f->path, visml_path_folder(f->path), text.data, text.length, (int32_t)label, err);
    visml_text_free(&text);
    return status;
}

/* "groups" may be missing: samples that come from no CSV file have none, and manifests of older releases neither. */
static visml_status part_groups(const manifest *f, const char *name, const json_t *part, const json_t **groups, visml_error *err) {
    *groups = json_object_get(part, "groups");
    if (*groups && !json_is_object(*groups))
        return visml_fail(err, VISML_EFORMAT, "%s: parts.%s: \"groups\" must be an object", f->path, name);
    return VISML_OK;
}

static int all_have_column(const manifest *f, const char *wanted, const char *column) {
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)(uintptr_t)f->parts, name, part)
        if (is_wanted(wanted, name) && !json_object_get(json_object_get(part, "groups"), column))
            return 0;
    return 1;
}

/* The columns of one part that all the wanted ones have, so that they are known for all samples. */
static visml_status find_columns(const manifest *f, visml_files_source *files, const char *name, const json_t *part, const char *wanted,
                                 visml_error *err) {
    const json_t *groups;
    const char *column;
    json_t *values;
    VISML_TRY(part_groups(f, name, part, &groups, err));
    json_object_foreach((json_t *)(uintptr_t)groups, column, values)
        if (all_have_column(f, wanted, column))
            VISML_TRY(visml_files_source_add_column(files, column, err));
    return VISML_OK;
}

static visml_status add_column(const manifest *f, visml_files_source *files, size_t c, const char *part, const json_t *values, size_t first,
                               visml_error *err) {
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *v = json_array_get(values, i);
        if (!json_is_string(v))
            return visml_fail(err, VISML_EFORMAT, "%s: %s must be a string", f->path, place_of(part, files->columns[c].name, i).s);
        VISML_TRY(visml_files_source_set_group(files, c, first + i, json_string_value(v), json_string_length(v), err));
    }
    return VISML_OK;
}

/* Of n samples of which the first has this number. */
static visml_status add_groups(const manifest *f, visml_files_source *files, const char *name, const json_t *part, size_t first, size_t n,
                               visml_error *err) {
    const json_t *groups, *values;
    char inside[128]; /* "train.groups" */
    VISML_TRY(part_groups(f, name, part, &groups, err));
    snprintf(inside, sizeof inside, "%.90s.groups", name);
    for (size_t c = 0; c < files->column_count; c++) {
        VISML_TRY(part_array(f, inside, groups, files->columns[c].name, n, &values, err));
        VISML_TRY(add_column(f, files, c, inside, values, first, err));
    }
    return VISML_OK;
}

static visml_status add_files(const manifest *f, visml_files_source *files, const char *name, const json_t *part, visml_error *err) {
    const json_t *paths, *labels;
    VISML_TRY(part_labels(f, name, part, &labels, err));
    VISML_TRY(part_array(f, name, part, "paths", json_array_size(labels), &paths, err));
    size_t first = (size_t)files->base.count, n = json_array_size(paths);
    for (size_t i = 0; i < n; i++)
        VISML_TRY(add_file(f, files, name, i, json_array_get(paths, i), labels, err));
    return add_groups(f, files, name, part, first, n, err);
}

/* first: of the wanted parts. */
static visml_status fill_files(const manifest *f, visml_files_source *files, const char *first_name, const json_t *first,
                               const char *wanted, visml_error *err) {
    const char *name;
    json_t *part;
    VISML_TRY(find_columns(f, files, first_name, first, wanted, err));
    json_object_foreach((json_t *)(uintptr_t)f->parts, name, part)
        if (is_wanted(wanted, name))
            VISML_TRY(add_files(f, files, name, part, err));
    return visml_source_name_classes(&files->base, "manifest", f->names.strings, f->names.count, err);
}

static visml_dataset *open_files(const manifest *f, const char *first_name, const json_t *first, const char *wanted, visml_error *err) {
    visml_files_source *files = visml_files_source_new(f->context, "manifest", f->path, f->opts, err);
    if (files && fill_files(f, files, first_name, first, wanted, err) < 0) {
        visml_source_release(&files->base);
        return NULL;
    }
    return files ? visml_dataset_over(&files->base, err) : NULL;
}

/* ---- parts of IDX files ---- */

/* Path k of a part's two files, as a path that can be opened. */
static visml_status idx_path(const manifest *f, const char *name, const json_t *part, size_t k, visml_text *out, visml_error *err) {
    const json_t *idx = json_object_get(part, "idx");
    visml_text text;
    if (json_array_size(idx) != 2)
        return visml_fail(err, VISML_EFORMAT, "%s: parts.%s: \"idx\" must be an array of two paths (or \"paths\" be there)", f->path, name);
    visml_text_init(&text, &f->context->memory);
    place where = place_of(name, "idx", k);
    visml_status status = read_text(f, &where, json_array_get(idx, k), &text, err);
    size_t folder = visml_path_folder(f->path);
    if (status == VISML_OK && folder && text.data[0] != '/') {
        visml_text_add_bytes(out, f->path, folder);
        visml_text_add_bytes(out, "/", 1);
    }
    if (status == VISML_OK)
        visml_text_add_bytes(out, text.data, text.length);
    if (status == VISML_OK && out->status < 0)
        status = visml_fail(err, VISML_ENOMEM, "%s: out of memory", f->path);
    visml_text_free(&text);
    return status;
}

static visml_source *open_source(const manifest *f, const char *name, const json_t *part, visml_error *err) {
    visml_text images, labels;
    visml_source *s = NULL;
    visml_text_init(&images, &f->context->memory);
    visml_text_init(&labels, &f->context->memory);
    if (idx_path(f, name, part, 0, &images, err) == VISML_OK && idx_path(f, name, part, 1, &labels, err) == VISML_OK)
        s = visml_idx_source_new(f->context, "manifest", images.data, labels.data, f->opts, err);
    visml_text_free(&labels);
    visml_text_free(&images);
    return s;
}

static visml_status add_indices(const manifest *f, const visml_dataset *whole, const char *name, const json_t *part, int64_t *out,
                                visml_error *err) {
    const json_t *indices, *labels;
    VISML_TRY(part_labels(f, name, part, &labels, err));
    VISML_TRY(part_array(f, name, part, "indices", json_array_size(labels), &indices, err));
    for (size_t i = 0; i < json_array_size(indices); i++) {
        int64_t label;
        VISML_TRY(read_int(f, name, "indices", indices, i, whole->count, &out[i], err));
        VISML_TRY(read_int(f, name, "labels", labels, i, (int64_t)f->names.count, &label, err));
        if (label != visml_dataset_label(whole, out[i]))
            return visml_fail(err, VISML_EFORMAT, "%s: %s is %lld, but sample %lld of %s has %d: these are not the files of the split",
                              f->path, place_of(name, "labels", i).s, (long long)label, (long long)out[i], whole->source->origin[1],
                              visml_dataset_label(whole, out[i]));
    }
    return VISML_OK;
}

/* All parts that are wanted must come from the same two files, those of `first`. */
static visml_status fill_indices(const manifest *f, const visml_dataset *whole, const json_t *first, const char *wanted, int64_t *out,
                                 visml_error *err) {
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)(uintptr_t)f->parts, name, part) {
        if (!is_wanted(wanted, name))
            continue;
        if (!json_equal(json_object_get(part, "idx"), json_object_get(first, "idx")))
            return visml_fail(err, VISML_EUNSUPPORTED, "%s: parts.%s is of other files than the part before it; ask for one of the parts",
                              f->path, name);
        VISML_TRY(add_indices(f, whole, name, part, out, err));
        out += json_array_size(json_object_get(part, "indices"));
    }
    return VISML_OK;
}

static size_t count_indices(const manifest *f, const char *wanted) {
    size_t n = 0;
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)(uintptr_t)f->parts, name, part)
        if (is_wanted(wanted, name))
            n += json_array_size(json_object_get(part, "indices"));
    return n;
}

static visml_dataset *open_part(const manifest *f, const visml_dataset *whole, const json_t *first, const char *wanted, visml_error *err) {
    size_t n = count_indices(f, wanted);
    int64_t *indices = visml_mem_zalloc(&f->context->memory, n, sizeof *indices, err);
    if (!indices)
        return NULL;
    if (fill_indices(f, whole, first, wanted, indices, err) < 0) {
        visml_mem_free(&f->context->memory, indices);
        return NULL;
    }
    return visml_dataset_view(whole, indices, (int64_t)n, err);
}

static visml_dataset *open_idx(const manifest *f, const char *first_name, const json_t *first, const char *wanted, visml_error *err) {
    visml_dataset *whole = visml_dataset_over(open_source(f, first_name, first, err), err);
    visml_dataset *named = whole ? visml_dataset_with_classes(whole, f->names.strings, f->names.count, err) : NULL;
    visml_dataset *part = named ? open_part(f, named, first, wanted, err) : NULL;
    visml_dataset_free(named);
    visml_dataset_free(whole);
    return part;
}

/* ---- the whole ---- */

/* What the first wanted part is decides for all of them. */
static visml_dataset *open_parts(const manifest *f, const char *wanted, visml_error *err) {
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)(uintptr_t)f->parts, name, part) {
        if (!is_wanted(wanted, name))
            continue;
        return json_object_get(part, "idx") ? open_idx(f, name, part, wanted, err) : open_files(f, name, part, wanted, err);
    }
    no_such_part(f, wanted, err);
    return NULL;
}

static json_t *read_json(visml_context *ctx, const char *path, visml_error *err) {
    unsigned char *bytes;
    size_t n;
    if (visml_file_read(&ctx->memory, path, ctx->max_file_bytes, &bytes, &n, err) < 0)
        return NULL;
    json_t *root = visml_json_parse(path, (const char *)bytes, n, err);
    visml_mem_free(&ctx->memory, bytes);
    return root;
}

visml_dataset *visml_dataset_from_manifest(visml_context *ctx, const char *path, const char *part, const visml_source_opts *opts,
                                           visml_error *err) {
    visml_source_opts checked;
    if (!ctx || !path) {
        visml_fail(err, VISML_EINVAL, "manifest: %s is NULL", ctx ? "path" : "ctx");
        return NULL;
    }
    if (visml_source_options("manifest", opts, VISML_COLOR_AS_IS, &checked, err) < 0)
        return NULL;
    json_t *root = read_json(ctx, path, err);
    if (!root)
        return NULL;
    manifest f = {.context = ctx, .path = path, .opts = opts};
    visml_intern_init(&f.names, &ctx->memory);
    visml_dataset *ds = read_head(&f, root, err) == VISML_OK ? open_parts(&f, part, err) : NULL;
    visml_intern_free(&f.names);
    json_decref(root);
    return ds;
}
