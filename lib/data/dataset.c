#include "data/dataset.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* ---- life ---- */

static visml_dataset *make(visml_source *source, visml_error *err) {
    visml_dataset *ds = visml_mem_zalloc(&source->context->memory, 1, sizeof *ds, err);
    if (ds) {
        ds->source = visml_source_retain(source);
        ds->references = 1;
        ds->count = source->count;
    }
    return ds;
}

visml_dataset *visml_dataset_over(visml_source *source, visml_error *err) {
    visml_dataset *ds = source ? make(source, err) : NULL;
    visml_source_release(source);
    return ds;
}

visml_dataset *visml_dataset_view(visml_source *source, int64_t *indices, int64_t n, visml_error *err) {
    visml_dataset *ds = make(source, err);
    if (!ds) {
        visml_mem_free(&source->context->memory, indices);
        return NULL;
    }
    ds->indices = indices;
    ds->count = n;
    return ds;
}

static visml_status check_indices(const visml_dataset *ds, const int64_t *indices, size_t n, visml_error *err) {
    if (!ds)
        return visml_fail(err, VISML_EINVAL, "subset: ds is NULL, must be a dataset");
    if (!indices && n)
        return visml_fail(err, VISML_EINVAL, "subset: indices is NULL, must hold %zu numbers", n);
    for (size_t i = 0; i < n; i++)
        if (indices[i] < 0 || indices[i] >= ds->count)
            return visml_fail(err, VISML_EINVAL, "subset: indices[%zu] is %lld, must be 0 to %lld", i, (long long)indices[i],
                              (long long)ds->count - 1);
    return VISML_OK;
}

visml_dataset *visml_dataset_subset(const visml_dataset *ds, const int64_t *indices, size_t n, visml_error *err) {
    if (check_indices(ds, indices, n, err) < 0)
        return NULL;
    int64_t *mine = visml_mem_zalloc(&ds->source->context->memory, n, sizeof *mine, err);
    if (!mine)
        return NULL;
    for (size_t i = 0; i < n; i++)
        mine[i] = visml_dataset_source_index(ds, indices[i]);
    return visml_dataset_view(ds->source, mine, (int64_t)n, err);
}

visml_dataset *visml_dataset_retain(visml_dataset *ds) {
    atomic_fetch_add_explicit(&ds->references, 1, memory_order_relaxed);
    return ds;
}

void visml_dataset_free(visml_dataset *ds) {
    if (!ds || atomic_fetch_sub_explicit(&ds->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_source *source = ds->source;
    visml_mem_free(&source->context->memory, ds->indices);
    visml_mem_free(&source->context->memory, ds->record);
    visml_mem_free(&source->context->memory, ds);
    visml_source_release(source);
}

/* ---- looking ---- */

int64_t visml_dataset_count(const visml_dataset *ds) {
    return ds ? ds->count : 0;
}

size_t visml_dataset_class_count(const visml_dataset *ds) {
    return ds ? ds->source->classes : 0;
}

const char *visml_dataset_class_name(const visml_dataset *ds, size_t i) {
    return ds && i < ds->source->classes ? ds->source->class_names[i] : NULL;
}

int32_t visml_dataset_label(const visml_dataset *ds, int64_t i) {
    if (!ds || i < 0 || i >= ds->count || !ds->source->labels)
        return -1;
    return ds->source->labels[visml_dataset_source_index(ds, i)];
}

const char *visml_dataset_path(const visml_dataset *ds, int64_t i) {
    if (!ds || i < 0 || i >= ds->count || !ds->source->class->path)
        return NULL;
    return ds->source->class->path(ds->source, visml_dataset_source_index(ds, i));
}

visml_status visml_dataset_sample_shape(visml_dataset *ds, visml_shape *shape, visml_error *err) {
    if (!ds || !shape)
        return visml_fail(err, VISML_EINVAL, "sample_shape: %s is NULL", ds ? "shape" : "ds");
    visml_read_buffer buffer = {0};
    visml_status status = visml_source_find_shape(ds->source, &buffer, err);
    visml_read_buffer_free(ds->source, &buffer);
    if (status == VISML_OK)
        *shape = ds->source->shape;
    return status;
}

static visml_tensor *read_sample(visml_source *s, int64_t i, visml_read_buffer *buffer, visml_error *err) {
    visml_error why = {0};
    int32_t label;
    if (visml_source_find_shape(s, buffer, err) < 0)
        return NULL;
    visml_tensor *t = visml_tensor_new(s->context, s->dtype, &s->shape, err);
    if (!t)
        return NULL;
    visml_status status = s->class->read(s, i, buffer, t->data, &label, &why);
    if (status == VISML_OK)
        return t;
    visml_sample_name name = visml_source_sample_name(s, i);
    visml_fail(err, status, "%s: %s", visml_sample_name_text(&name), why.message);
    visml_tensor_release(t);
    return NULL;
}

visml_tensor *visml_dataset_read(visml_dataset *ds, int64_t i, visml_error *err) {
    if (!ds) {
        visml_fail(err, VISML_EINVAL, "read: ds is NULL, must be a dataset");
        return NULL;
    }
    if (i < 0 || i >= ds->count) {
        visml_fail(err, VISML_EINVAL, "read: sample %lld, must be 0 to %lld", (long long)i, (long long)ds->count - 1);
        return NULL;
    }
    visml_read_buffer buffer = {0};
    visml_tensor *t = read_sample(ds->source, visml_dataset_source_index(ds, i), &buffer, err);
    visml_read_buffer_free(ds->source, &buffer);
    return t;
}

/* ---- invalid samples ---- */

size_t visml_dataset_dropped_count(const visml_dataset *ds) {
    return ds ? visml_invalid_count(&ds->source->invalid) : 0;
}

/* As much of a text as fits, cut at a whole UTF-8 character. */
static void copy_text(const char *s, char *out, size_t capacity) {
    size_t n = strlen(s);
    if (!out || !capacity)
        return;
    if (n >= capacity)
        for (n = capacity - 1; n && ((unsigned char)s[n] & 0xC0) == 0x80;)
            n--;
    memcpy(out, s, n);
    out[n] = '\0';
}

visml_status visml_dataset_dropped(const visml_dataset *ds, size_t i, char *path, size_t path_capacity, char *reason,
                                   size_t reason_capacity, visml_error *err) {
    visml_invalid_entry entry;
    if (!ds)
        return visml_fail(err, VISML_EINVAL, "dropped: ds is NULL, must be a dataset");
    if (!visml_invalid_get(&ds->source->invalid, i, &entry))
        return visml_fail(err, VISML_EINVAL, "dropped: i is %zu, must be below %zu (visml_dataset_dropped_count)", i,
                          visml_dataset_dropped_count(ds));
    visml_sample_name name = visml_source_sample_name(ds->source, entry.index);
    copy_text(visml_sample_name_text(&name), path, path_capacity);
    copy_text(entry.reason, reason, reason_capacity);
    return VISML_OK;
}
