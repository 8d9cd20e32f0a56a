#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "train/train.h"

struct visml_history {
    visml_context *context;
    double (*rows)[VISML_HISTORY_COLUMNS];
    size_t count, capacity;
    const char *stopped_by;
};

const char *const visml_history_names[VISML_HISTORY_COLUMNS + 1] = {
    "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "images_per_second", "learning_rate", NULL,
};

visml_history *visml_history_new(visml_context *ctx, visml_error *err) {
    visml_history *h = visml_mem_zalloc(&ctx->memory, 1, sizeof *h, err);
    if (h)
        h->context = visml_context_retain(ctx);
    return h;
}

void visml_history_free(visml_history *h) {
    if (!h)
        return;
    visml_context *ctx = h->context;
    visml_mem_free(&ctx->memory, h->rows);
    visml_mem_free(&ctx->memory, h);
    visml_context_release(ctx);
}

static visml_status add_row(visml_history *h, const double row[VISML_HISTORY_COLUMNS], visml_error *err) {
    void *rows = h->rows;
    VISML_TRY(visml_mem_grow(&h->context->memory, &rows, &h->capacity, h->count + 1, sizeof *h->rows, err));
    h->rows = rows;
    memcpy(h->rows[h->count++], row, sizeof *h->rows);
    return VISML_OK;
}

visml_status visml_history_add(visml_history *h, const visml_progress *p, visml_error *err) {
    const double row[VISML_HISTORY_COLUMNS] = {
        p->loss, p->accuracy, p->val_loss, p->val_accuracy, p->seconds, p->images_per_second, p->learning_rate,
    };
    return add_row(h, row, err);
}

/* ---- JSON ---- */

static json_t *column_to_json(const visml_history *h, size_t column) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < h->count; i++) {
        double v = h->rows[i][column];
        if (json_array_append_new(array, isfinite(v) ? json_real(v) : json_null()) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

json_t *visml_history_to_json(const visml_history *h) {
    json_t *object = json_object();
    for (size_t c = 0; object && c < VISML_HISTORY_COLUMNS; c++)
        if (json_object_set_new(object, visml_history_names[c], column_to_json(h, c)) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static visml_status column_from_json(visml_history *h, const char *what, const json_t *object, size_t column, visml_error *err) {
    const json_t *array;
    VISML_TRY(visml_json_array(what, object, visml_history_names[column], &array, err));
    if (json_array_size(array) != h->count)
        return visml_fail(err, VISML_EFORMAT, "%s: history: \"%s\" has %zu numbers, must have %zu, one for each epoch", what,
                          visml_history_names[column], json_array_size(array), h->count);
    for (size_t i = 0; i < h->count; i++) {
        const json_t *v = json_array_get(array, i);
        if (!json_is_number(v) && !json_is_null(v))
            return visml_fail(err, VISML_EFORMAT, "%s: history: \"%s\"[%zu] must be a number or null", what, visml_history_names[column],
                              i);
        h->rows[i][column] = json_is_null(v) ? NAN : json_number_value(v);
    }
    return VISML_OK;
}

visml_status visml_history_from_json(visml_history *h, const char *what, const json_t *object, int64_t epochs, visml_error *err) {
    const double zeros[VISML_HISTORY_COLUMNS] = {0};
    const json_t *loss;
    VISML_TRY(visml_json_array(what, object, visml_history_names[0], &loss, err));
    if (json_array_size(loss) != (uint64_t)epochs) /* before memory is taken for as many rows as a number in a file says */
        return visml_fail(err, VISML_EFORMAT, "%s: history: %zu rows, but %lld epochs are done", what, json_array_size(loss),
                          (long long)epochs);
    for (int64_t i = 0; i < epochs; i++)
        VISML_TRY(add_row(h, zeros, err));
    for (size_t c = 0; c < VISML_HISTORY_COLUMNS; c++)
        VISML_TRY(column_from_json(h, what, object, c, err));
    return VISML_OK;
}

/* ---- asking ---- */

size_t visml_history_epochs(const visml_history *h) {
    return h ? h->count : 0;
}

double visml_history_get(const visml_history *h, const char *name, size_t epoch) {
    for (size_t c = 0; h && name && epoch < h->count && c < VISML_HISTORY_COLUMNS; c++)
        if (strcmp(visml_history_names[c], name) == 0)
            return h->rows[epoch][c];
    return NAN;
}

void visml_history_set_stopped(visml_history *h, const char *by) {
    h->stopped_by = by;
}

const char *visml_history_stopped_by(const visml_history *h) {
    return h ? h->stopped_by : NULL;
}
