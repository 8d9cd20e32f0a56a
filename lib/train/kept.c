#include "train/kept.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "train/monitor.h"

#define SUFFIX ".visml"

/* ---- names ---- */

char *visml_kept_path(visml_memory *m, const visml_kept_rule *rule, int64_t number, visml_error *err) {
    size_t room = strlen(rule->folder) + strlen(rule->prefix) + 40;
    char *path = visml_mem_alloc(m, room, err);
    if (path)
        snprintf(path, room, "%s/%s-%0*lld" SUFFIX, rule->folder, rule->prefix, rule->digits, (long long)number);
    return path;
}

/* The number in the name of a file, or -1 for a file of another kind: what has no other form of the number is taken only. */
static int64_t number_in(const visml_kept_rule *rule, const char *name) {
    size_t n = strlen(rule->prefix);
    char *end, again[64];
    if (strncmp(name, rule->prefix, n) != 0 || name[n] != '-' || strlen(name) >= sizeof again + n)
        return -1;
    errno = 0;
    long long number = strtoll(name + n + 1, &end, 10);
    if (errno || number < 0 || strcmp(end, SUFFIX) != 0)
        return -1;
    snprintf(again, sizeof again, "-%0*lld" SUFFIX, rule->digits, number);
    return strcmp(again, name + n) == 0 ? number : -1;
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static visml_status read_folder(visml_memory *m, const visml_kept_rule *rule, DIR *folder, int64_t **numbers, size_t *n, visml_error *err) {
    size_t capacity = 0;
    void *list = NULL;
    *n = 0;
    for (const struct dirent *e; (e = readdir(folder));) {
        int64_t number = number_in(rule, e->d_name);
        if (number < 0)
            continue;
        if (visml_mem_grow(m, &list, &capacity, *n + 1, sizeof(int64_t), err) < 0) {
            visml_mem_free(m, list);
            return VISML_ENOMEM;
        }
        ((int64_t *)list)[(*n)++] = number;
    }
    if (*n)
        qsort(list, *n, sizeof(int64_t), by_number);
    *numbers = list;
    return VISML_OK;
}

visml_status visml_kept_numbers(visml_memory *m, const visml_kept_rule *rule, int64_t **numbers, size_t *n, visml_error *err) {
    char text[128];
    *numbers = NULL;
    *n = 0;
    DIR *folder = opendir(rule->folder);
    if (!folder && errno == ENOENT)
        return VISML_OK;
    if (!folder)
        return visml_fail(err, VISML_EIO, "%s: %s: %s", rule->what, rule->folder, visml_errno_text(errno, text, sizeof text));
    visml_status status = read_folder(m, rule, folder, numbers, n, err);
    closedir(folder);
    return status;
}

/* ---- writing and removing ---- */

visml_status visml_kept_remove(visml_memory *m, const visml_kept_rule *rule, int64_t number, visml_error *err) {
    char *path = visml_kept_path(m, rule, number, err), text[128];
    if (!path)
        return VISML_ENOMEM;
    visml_status status = VISML_OK;
    if (unlink(path) < 0 && errno != ENOENT)
        status = visml_fail(err, VISML_EIO, "%s: %s: %s", rule->what, path, visml_errno_text(errno, text, sizeof text));
    visml_mem_free(m, path);
    return status;
}

static visml_status write_file(const visml_kept_rule *rule, const visml_model *model, int64_t number, visml_error *err) {
    char *path = visml_kept_path(&model->context->memory, rule, number, err);
    if (!path)
        return VISML_ENOMEM;
    visml_status status = visml_model_save(model, path, err);
    visml_mem_free(&model->context->memory, path);
    return status;
}

/* Where the new file belongs: at the end, or behind those that are not better. */
static size_t place_of(const visml_kept *k, const visml_kept_rule *rule, double value) {
    size_t i = k->n;
    while (rule->best && i > 0 && visml_watch_better(rule->monitor, rule->mode, k->files[i - 1].value, value, 0))
        i--;
    return i;
}

visml_status visml_kept_offer(visml_kept *k, const visml_kept_rule *rule, const visml_model *model, int64_t number, double value,
                              visml_error *err) {
    int full = k->n >= rule->keep;
    size_t at = place_of(k, rule, value);
    if (rule->best && (isnan(value) || (full && at == 0)))
        return VISML_OK;
    VISML_TRY(write_file(rule, model, number, err));
    if (full) {
        int64_t gone = k->files[0].number;
        memmove(k->files, k->files + 1, --k->n * sizeof *k->files);
        at--;
        if (gone != number)
            VISML_TRY(visml_kept_remove(&model->context->memory, rule, gone, err));
    }
    memmove(k->files + at + 1, k->files + at, (k->n++ - at) * sizeof *k->files);
    k->files[at].number = number;
    k->files[at].value = value;
    return VISML_OK;
}

/* ---- JSON ---- */

json_t *visml_kept_to_json(const visml_kept *k) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < k->n; i++) {
        json_t *value = isfinite(k->files[i].value) ? json_real(k->files[i].value) : json_null();
        if (json_array_append_new(array, json_pack("[I, o]", (json_int_t)k->files[i].number, value)) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

visml_status visml_kept_from_json(visml_kept *k, const visml_kept_rule *rule, const char *source, const json_t *array, visml_error *err) {
    size_t n = json_array_size(array);
    if (!json_is_array(array) || n > rule->keep)
        return visml_fail(err, VISML_EFORMAT, "%s: %s: holds %zu files, may hold %zu", source, rule->what, n, rule->keep);
    for (size_t i = 0; i < n; i++) {
        const json_t *number = json_array_get(json_array_get(array, i), 0), *value = json_array_get(json_array_get(array, i), 1);
        if (!json_is_integer(number) || (!json_is_number(value) && !json_is_null(value)))
            return visml_fail(err, VISML_EFORMAT, "%s: %s: file %zu must be a whole number and a number", source, rule->what, i);
        k->files[i].number = json_integer_value(number);
        k->files[i].value = json_is_null(value) ? NAN : json_number_value(value);
    }
    k->n = n;
    return VISML_OK;
}
