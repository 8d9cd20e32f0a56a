#include "data/dataset.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "data/intern.h"

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

static visml_class_map *retain_map(visml_class_map *map) {
    if (map)
        atomic_fetch_add_explicit(&map->references, 1, memory_order_relaxed);
    return map;
}

/* What views of a dataset have from it. */
static void inherit(visml_dataset *view, const visml_dataset *ds) {
    view->classes = retain_map(ds->classes);
    view->augmentation = ds->augmentation ? visml_augmentation_retain(ds->augmentation) : NULL;
}

visml_dataset *visml_dataset_view(const visml_dataset *ds, int64_t *indices, int64_t n, visml_error *err) {
    visml_dataset *view = make(ds->source, err);
    if (!view) {
        visml_mem_free(&ds->source->context->memory, indices);
        return NULL;
    }
    inherit(view, ds);
    view->indices = indices;
    view->count = n;
    return view;
}

static visml_status check_indices(const visml_dataset *ds, const int64_t *indices, size_t n, visml_error *err) {
    if (!ds)
        return visml_fail(err, VISML_EINVAL, "subset: ds is NULL, must be a dataset");
    if (!indices && n)
        return visml_fail(err, VISML_EINVAL, "subset: indices is NULL, must hold %zu numbers", n);
    if (n > PTRDIFF_MAX / sizeof *indices)
        return visml_fail(err, VISML_EINVAL, "subset: n is %zu, more than an array can have", n);
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
    return visml_dataset_view(ds, mine, (int64_t)n, err);
}

static void release_map(visml_memory *m, visml_class_map *map) {
    if (!map || atomic_fetch_sub_explicit(&map->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_arena_clear(&map->names_arena);
    visml_mem_free(m, map->names);
    visml_mem_free(m, map->labels);
    visml_mem_free(m, map);
}

visml_dataset *visml_dataset_retain(visml_dataset *ds) {
    atomic_fetch_add_explicit(&ds->references, 1, memory_order_relaxed);
    return ds;
}

void visml_dataset_free(visml_dataset *ds) {
    if (!ds || atomic_fetch_sub_explicit(&ds->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_source *source = ds->source;
    visml_augmentation_free(ds->augmentation);
    release_map(&source->context->memory, ds->classes);
    visml_mem_free(&source->context->memory, ds->indices);
    visml_mem_free(&source->context->memory, ds->record);
    visml_mem_free(&source->context->memory, ds);
    visml_source_release(source);
}

/* ---- classes ---- */

/* Numbers the names as they come, keeps copies; one that is there twice is an error. */
static visml_status intern_names(visml_class_map *map, const char *const *names, size_t n, visml_intern *numbers, visml_error *err) {
    for (size_t i = 0; i < n; i++) {
        size_t id;
        if (!names[i] || !*names[i])
            return visml_fail(err, VISML_EINVAL, "with_classes: names[%zu] is %s, must be a class name", i, names[i] ? "empty" : "NULL");
        VISML_TRY(visml_intern_add(numbers, names[i], strlen(names[i]), &id, err));
        if (id != i)
            return visml_fail(err, VISML_EINVAL, "with_classes: names[%zu] and names[%zu] are both \"%s\"", id, i, names[i]);
        map->names[i] = visml_arena_strndup(&map->names_arena, names[i], strlen(names[i]), err);
        if (!map->names[i])
            return VISML_ENOMEM;
    }
    map->count = n;
    return VISML_OK;
}

/* Where each class of the dataset (and through it, of the source) stands among the names. */
static visml_status match_classes(visml_class_map *map, const visml_dataset *ds, visml_intern *numbers, visml_error *err) {
    for (size_t c = 0; c < ds->source->classes; c++) {
        int32_t here = visml_dataset_map_label(ds, (int32_t)c);
        const char *name = visml_dataset_class_name(ds, (size_t)here);
        size_t id;
        VISML_TRY(visml_intern_add(numbers, name, strlen(name), &id, err));
        if (id >= map->count)
            return visml_fail(err, VISML_EINVAL, "with_classes: the dataset has the class \"%s\", which is not among the %zu names", name,
                              map->count);
        map->labels[c] = (int32_t)id;
    }
    return VISML_OK;
}

static visml_status fill_map(visml_class_map *map, const visml_dataset *ds, const char *const *names, size_t n, visml_error *err) {
    visml_memory *m = &ds->source->context->memory;
    visml_intern numbers;
    if (!(map->names = visml_mem_zalloc(m, n, sizeof *map->names, err)) ||
        !(map->labels = visml_mem_zalloc(m, ds->source->classes, sizeof *map->labels, err)))
        return VISML_ENOMEM;
    visml_intern_init(&numbers, m);
    visml_status status = intern_names(map, names, n, &numbers, err);
    if (status == VISML_OK)
        status = match_classes(map, ds, &numbers, err);
    visml_intern_free(&numbers);
    return status;
}

static visml_class_map *make_map(const visml_dataset *ds, const char *const *names, size_t n, visml_error *err) {
    visml_memory *m = &ds->source->context->memory;
    visml_class_map *map = visml_mem_zalloc(m, 1, sizeof *map, err);
    if (!map)
        return NULL;
    map->references = 1;
    visml_arena_init(&map->names_arena, m);
    if (fill_map(map, ds, names, n, err) < 0) {
        release_map(m, map);
        return NULL;
    }
    return map;
}

/* Columns of float targets stay where they are; only names in the same places will do. */
static int moves_columns(const visml_dataset *ds, const visml_class_map *map) {
    for (size_t c = 0; c < ds->source->classes; c++)
        if (map->labels[c] != (int32_t)c)
            return 1;
    return map->count != ds->source->classes;
}

/* All, or a copy of the numbers. */
visml_dataset *visml_dataset_same_samples(const visml_dataset *ds, visml_error *err) {
    visml_dataset *copy = make(ds->source, err);
    if (!copy)
        return NULL;
    inherit(copy, ds);
    if (!ds->indices)
        return copy;
    copy->indices = visml_mem_zalloc(&ds->source->context->memory, (size_t)ds->count, sizeof *ds->indices, err);
    if (!copy->indices) {
        visml_dataset_free(copy);
        return NULL;
    }
    memcpy(copy->indices, ds->indices, (size_t)ds->count * sizeof *ds->indices);
    copy->count = ds->count;
    return copy;
}

visml_dataset *visml_dataset_with_classes(const visml_dataset *ds, const char *const *names, size_t n, visml_error *err) {
    if (!ds || !names || n < 1 || n > INT32_MAX) {
        visml_fail(err, VISML_EINVAL, "with_classes: %s",
                   !ds      ? "ds is NULL, must be a dataset"
                   : !names ? "names is NULL, must be class names"
                            : "n must be 1 to 2147483647");
        return NULL;
    }
    if (!ds->source->classes) {
        visml_fail(err, VISML_EINVAL, "with_classes: the dataset has no classes");
        return NULL;
    }
    visml_class_map *map = make_map(ds, names, n, err);
    int wrong = map && ds->source->targets && moves_columns(ds, map);
    if (wrong)
        visml_fail(err, VISML_EINVAL, "with_classes: the targets are arrays, whose columns cannot be put in another order");
    visml_dataset *copy = map && !wrong ? visml_dataset_same_samples(ds, err) : NULL;
    if (copy) {
        visml_class_map *before = copy->classes;
        copy->classes = map;
        map = before;
    }
    release_map(&ds->source->context->memory, map);
    return copy;
}

/* ---- looking ---- */

int64_t visml_dataset_count(const visml_dataset *ds) {
    return ds ? ds->count : 0;
}

size_t visml_dataset_class_count(const visml_dataset *ds) {
    if (!ds)
        return 0;
    return ds->classes ? ds->classes->count : ds->source->classes;
}

const char *visml_dataset_class_name(const visml_dataset *ds, size_t i) {
    if (i >= visml_dataset_class_count(ds))
        return NULL;
    return ds->classes ? ds->classes->names[i] : ds->source->class_names[i];
}

int32_t visml_dataset_label(const visml_dataset *ds, int64_t i) {
    if (!ds || i < 0 || i >= ds->count || !ds->source->labels)
        return -1;
    return visml_dataset_map_label(ds, ds->source->labels[visml_dataset_source_index(ds, i)]);
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
    return status == VISML_OK ? visml_dataset_batch_shape(ds, shape, err) : status;
}

static visml_tensor *make_sample(const visml_source *s, int64_t i, visml_read_buffer *buffer, visml_error *err) {
    int32_t label;
    visml_tensor *t = s->class->picture ? s->class->picture(s, i, buffer, err) : visml_tensor_new(s->context, s->dtype, &s->shape, err);
    if (!t)
        return NULL;
    if ((s->class->picture ? visml_picture_check(s, t, err) : s->class->read(s, i, buffer, t->data, &label, err)) == VISML_OK)
        return t;
    visml_tensor_release(t);
    return NULL;
}

static visml_tensor *read_sample(visml_source *s, int64_t i, visml_read_buffer *buffer, visml_error *err) {
    visml_error why = {0};
    if (visml_source_find_shape(s, buffer, err) < 0)
        return NULL;
    visml_tensor *t = make_sample(s, i, buffer, &why);
    if (t)
        return t;
    visml_sample_name name = visml_source_sample_name(s, i);
    visml_fail(err, why.code, "%s: %s", visml_sample_name_text(&name), why.message);
    return NULL;
}

/* As epoch 0 with the context's seed has it. Consumes the sample. */
static visml_tensor *augment_sample(const visml_dataset *ds, int64_t i, visml_tensor *sample, visml_read_buffer *buffer, visml_error *err) {
    const visml_source *s = ds->source;
    visml_shape shape;
    visml_tensor *t = NULL;
    if (visml_dataset_batch_shape(ds, &shape, err) == VISML_OK &&
        visml_augment_room_take(&buffer->room, &s->context->memory, ds->augmentation, &s->shape, s->dtype, err) == VISML_OK)
        t = visml_tensor_new(s->context, s->dtype, &shape, err);
    if (t)
        visml_augmentation_run(ds->augmentation, &buffer->room, &s->shape, s->dtype, visml_augment_key(s->context->seed, 0, i),
                               sample->data, t->data);
    visml_tensor_release(sample);
    return t;
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
    if (t && ds->augmentation)
        t = augment_sample(ds, i, t, &buffer, err);
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
