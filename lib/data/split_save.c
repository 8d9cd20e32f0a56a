/* Writes the manifest of a split. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/files.h"
#include "data/manifest.h"

static const char *const part_names[3] = {"train", "val", "test"};

static visml_status no_memory(visml_error *err) {
    return visml_fail(err, VISML_ENOMEM, "out of memory while writing JSON");
}

/* ---- texts ---- */

/* A text that is no UTF-8, with %XX for all that is not plain. */
static json_t *encode(visml_memory *m, const char *s) {
    visml_text t;
    visml_text_init(&t, m);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c >= 0x7F || c == '%')
            visml_text_add(&t, "%%%02X", c);
        else
            visml_text_add_bytes(&t, s, 1);
    }
    json_t *object = t.status < 0 ? NULL : json_pack("{s:s}", VISML_MANIFEST_ENCODED, t.data);
    visml_text_free(&t);
    return object;
}

static json_t *text_of(visml_memory *m, const char *s) {
    size_t n = strlen(s);
    return visml_utf8_valid(s, n) ? json_stringn(s, n) : encode(m, s);
}

/* ---- paths ---- */

/* Where paths are relative to, and the last folder that was looked up: most files lie in the folder of the one before. */
typedef struct namer {
    char base[PATH_MAX];   /* the manifest's folder, no links in it */
    char folder[PATH_MAX]; /* as it stands in the dataset */
    char real[PATH_MAX];   /* the same without links */
} namer;

static visml_status resolve(const char *folder, size_t n, char given[PATH_MAX], char full[PATH_MAX], visml_error *err) {
    char text[128];
    if (n >= PATH_MAX)
        return visml_fail(err, VISML_EIO, "%s: the path is too long", folder);
    memcpy(given, n ? folder : ".", n ? n : 1);
    given[n ? n : 1] = '\0';
    if (!realpath(given, full))
        return visml_fail(err, VISML_EIO, "%s: cannot find the folder: %s", given, visml_errno_text(errno, text, sizeof text));
    return VISML_OK;
}

/* The part of a real path below the base, or NULL. */
static const char *below(const char *base, const char *path) {
    size_t n = strlen(base);
    if (n == 1) /* "/" */
        return path + 1;
    return strncmp(base, path, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* The name of a file as the manifest has it. The file itself may be a link and stays one. */
static json_t *name_file(namer *names, visml_memory *m, const char *path, visml_error *err) {
    size_t n = visml_path_folder(path);
    const char *file = path + n + (path[n] == '/');
    if (strncmp(names->folder, n ? path : ".", n ? n : 1) != 0 || names->folder[n ? n : 1]) {
        names->folder[0] = '\0'; /* until it is known */
        char given[PATH_MAX];
        if (resolve(path, n, given, names->real, err) < 0)
            return NULL;
        memcpy(names->folder, given, strlen(given) + 1);
    }
    visml_text t;
    visml_text_init(&t, m);
    visml_text_add(&t, "%s%s%s", names->real, names->real[1] ? "/" : "", file);
    const char *relative = t.data ? below(names->base, t.data) : NULL;
    json_t *name = t.status < 0 ? NULL : text_of(m, relative ? relative : t.data);
    visml_text_free(&t);
    if (!name)
        no_memory(err);
    return name;
}

/* ---- parts ---- */

/* Adds to an array; consumes the value, which may be NULL when memory ran out. */
static visml_status append(json_t *array, json_t *value, visml_error *err) {
    return json_array_append_new(array, value) == 0 ? VISML_OK : no_memory(err);
}

/* A new array under a key of the object. */
static json_t *add_array(json_t *object, const char *key, visml_error *err) {
    json_t *array = json_array();
    if (json_object_set_new(object, key, array) == 0)
        return array;
    no_memory(err);
    return NULL;
}

static visml_status add_name(json_t *array, namer *names, visml_memory *m, const char *path, visml_error *err) {
    json_t *name = name_file(names, m, path, err);
    return name ? append(array, name, err) : err && err->code == VISML_EIO ? VISML_EIO : VISML_ENOMEM;
}

static visml_status fill_files(json_t *part, const visml_dataset *ds, namer *names, visml_error *err) {
    visml_memory *m = &ds->source->context->memory;
    json_t *paths = add_array(part, "paths", err);
    for (int64_t i = 0; i < ds->count; i++)
        VISML_TRY(paths ? add_name(paths, names, m, visml_dataset_path(ds, i), err) : VISML_ENOMEM);
    return paths ? VISML_OK : VISML_ENOMEM;
}

/* What CSV files have beside path and label, which are UTF-8: so that the parts can be divided by groups again. */
static visml_status fill_groups(json_t *part, const visml_dataset *ds, visml_error *err) {
    const visml_files_source *f = (const visml_files_source *)ds->source;
    json_t *groups = f->column_count ? json_object() : NULL;
    if (f->column_count && json_object_set_new(part, "groups", groups) != 0)
        return no_memory(err);
    for (size_t c = 0; c < f->column_count; c++) {
        const visml_group_column *column = &f->columns[c];
        json_t *values = add_array(groups, column->name, err);
        if (!values)
            return VISML_ENOMEM;
        for (int64_t i = 0; i < ds->count; i++)
            VISML_TRY(append(values, json_string(column->values.strings[column->ids[visml_dataset_source_index(ds, i)]]), err));
    }
    return VISML_OK;
}

static visml_status fill_idx(json_t *part, const visml_dataset *ds, namer *names, visml_error *err) {
    visml_memory *m = &ds->source->context->memory;
    json_t *idx = add_array(part, "idx", err), *indices = idx ? add_array(part, "indices", err) : NULL;
    if (!indices)
        return VISML_ENOMEM;
    for (int k = 0; k < 2; k++)
        VISML_TRY(add_name(idx, names, m, ds->source->origin[k], err));
    for (int64_t i = 0; i < ds->count; i++)
        VISML_TRY(append(indices, json_integer(visml_dataset_source_index(ds, i)), err));
    return VISML_OK;
}

static visml_status fill_part(json_t *part, const visml_dataset *ds, namer *names, visml_error *err) {
    VISML_TRY(ds->source->class->path ? fill_files(part, ds, names, err) : fill_idx(part, ds, names, err));
    json_t *labels = add_array(part, "labels", err);
    if (!labels)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < ds->count; i++)
        VISML_TRY(append(labels, json_integer(visml_dataset_label(ds, i)), err));
    return ds->source->class->path ? fill_groups(part, ds, err) : VISML_OK;
}

static visml_status fill_parts(json_t *root, visml_dataset *const parts[3], namer *names, visml_error *err) {
    json_t *all = json_object();
    if (json_object_set_new(root, "parts", all) != 0)
        return no_memory(err);
    for (int p = 0; p < 3; p++) {
        if (!parts[p])
            continue;
        json_t *part = json_object();
        if (json_object_set_new(all, part_names[p], part) != 0)
            return no_memory(err);
        VISML_TRY(fill_part(part, parts[p], names, err));
    }
    return VISML_OK;
}

/* ---- the whole ---- */

static visml_status fill_classes(json_t *root, const visml_dataset *ds, visml_error *err) {
    json_t *classes = add_array(root, "classes", err);
    for (size_t c = 0; c < visml_dataset_class_count(ds); c++)
        VISML_TRY(classes ? append(classes, text_of(&ds->source->context->memory, visml_dataset_class_name(ds, c)), err) : VISML_ENOMEM);
    return classes ? VISML_OK : VISML_ENOMEM;
}

static visml_status set(json_t *root, const char *key, json_t *value, visml_error *err) {
    return json_object_set_new(root, key, value) == 0 ? VISML_OK : no_memory(err);
}

/* A folder's name is looked up whole: it need not have a folder above it that it is relative to. */
static json_t *name_origin(namer *names, visml_memory *m, const visml_source *s, const char *origin, visml_error *err) {
    char given[PATH_MAX], full[PATH_MAX];
    if (strcmp(s->kind, "folder") != 0)
        return name_file(names, m, origin, err);
    if (resolve(origin, strlen(origin), given, full, err) < 0)
        return NULL;
    const char *relative = strcmp(names->base, full) == 0 ? "." : below(names->base, full);
    return text_of(m, relative ? relative : full);
}

static visml_status fill_source(json_t *root, const visml_dataset *ds, namer *names, visml_error *err) {
    const visml_source *s = ds->source;
    json_t *origin = add_array(root, "source", err);
    for (int k = 0; origin && k < 2 && s->origin[k]; k++) {
        visml_error why = {0};
        json_t *name = name_origin(names, &s->context->memory, s, s->origin[k], &why);
        if (!name && why.code == VISML_EIO)
            name = text_of(&s->context->memory, s->origin[k]); /* it may be gone by now; this is for people only */
        VISML_TRY(append(origin, name, err));
    }
    return origin ? set(root, "kind", json_string(s->kind), err) : VISML_ENOMEM;
}

static visml_status fill_record(json_t *root, const visml_split_record *r, visml_memory *m, visml_error *err) {
    static const char *const modes[] = {"stratified", "random", "grouped"};
    char seed[24];
    if (!r)
        return VISML_OK;
    VISML_TRY(set(root, "mode", json_string(modes[r->mode]), err));
    json_t *ratio = add_array(root, "ratio", err);
    for (int p = 0; p < 3; p++)
        VISML_TRY(ratio ? append(ratio, json_real(r->ratio[p]), err) : VISML_ENOMEM);
    if (*r->group)
        VISML_TRY(set(root, "group", text_of(m, r->group), err));
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->seed); /* JSON's whole numbers end at 2^63 - 1 here */
    return set(root, "seed", r->seed <= INT64_MAX ? json_integer((json_int_t)r->seed) : json_string(seed), err);
}

static visml_status fill_root(json_t *root, visml_dataset *const parts[3], const visml_dataset *first, namer *names, visml_error *err) {
    VISML_TRY(set(root, "format", json_string(VISML_MANIFEST_FORMAT), err));
    VISML_TRY(set(root, "version", json_integer(VISML_MANIFEST_VERSION), err));
    VISML_TRY(fill_source(root, first, names, err));
    VISML_TRY(fill_record(root, first->record, &first->source->context->memory, err));
    VISML_TRY(fill_classes(root, first, err));
    return fill_parts(root, parts, names, err);
}

static visml_status write_root(visml_memory *m, const json_t *root, const char *path, visml_error *err) {
    size_t n;
    char *text = visml_json_text(m, root, &n, err);
    if (!text)
        return VISML_ENOMEM;
    text[n] = '\n'; /* in the place of the end zero, which a file does not need */
    visml_status status = visml_file_replace(m, path, text, n + 1, err);
    visml_mem_free(m, text);
    return status;
}

/* ---- arguments ---- */

static visml_status check_classes(const visml_dataset *a, const visml_dataset *b, const char *part, visml_error *err) {
    size_t n = visml_dataset_class_count(a);
    if (visml_dataset_class_count(b) != n)
        return visml_fail(err, VISML_EINVAL, "split_save: %s has %zu classes, the part before it %zu; all must have the same", part,
                          visml_dataset_class_count(b), n);
    for (size_t c = 0; c < n; c++)
        if (strcmp(visml_dataset_class_name(a, c), visml_dataset_class_name(b, c)) != 0)
            return visml_fail(err, VISML_EINVAL,
                              "split_save: class %zu of %s is \"%s\", of the part before it \"%s\"; all must have the same", c, part,
                              visml_dataset_class_name(b, c), visml_dataset_class_name(a, c));
    return VISML_OK;
}

static visml_status check_parts(visml_dataset *const parts[3], const visml_dataset **first, visml_error *err) {
    *first = NULL;
    for (int p = 0; p < 3; p++) {
        const visml_dataset *ds = parts[p];
        if (!ds)
            continue;
        if (!ds->source->class->path && strcmp(ds->source->kind, "idx") != 0)
            return visml_fail(err, VISML_EINVAL, "split_save: the samples of %s are neither files nor IDX (source: %s)", part_names[p],
                              ds->source->kind);
        if (*first)
            VISML_TRY(check_classes(*first, ds, part_names[p], err));
        else
            *first = ds;
    }
    return *first ? VISML_OK : visml_fail(err, VISML_EINVAL, "split_save: all parts are NULL, one at least must be a dataset");
}

static visml_status save(visml_dataset *const parts[3], const visml_dataset *first, namer *names, const char *path, visml_error *err) {
    char given[PATH_MAX];
    visml_memory *m = &first->source->context->memory;
    visml_error local = {0};
    err = err ? err : &local; /* it also tells what went wrong inside */
    VISML_TRY(resolve(path, visml_path_folder(path), given, names->base, err));
    json_t *root = json_object();
    visml_status status = root ? fill_root(root, parts, first, names, err) : no_memory(err);
    if (status == VISML_OK)
        status = write_root(m, root, path, err);
    json_decref(root);
    return status;
}

visml_status visml_split_save(visml_dataset *const parts[3], const char *path, visml_error *err) {
    const visml_dataset *first;
    if (!parts || !path || !*path)
        return visml_fail(err, VISML_EINVAL, "split_save: %s", !parts ? "parts is NULL" : "path is NULL or empty, must name a file");
    VISML_TRY(check_parts(parts, &first, err));
    namer *names = visml_mem_zalloc(&first->source->context->memory, 1, sizeof *names, err);
    if (!names)
        return VISML_ENOMEM;
    visml_status status = save(parts, first, names, path, err);
    visml_mem_free(&first->source->context->memory, names);
    return status;
}
