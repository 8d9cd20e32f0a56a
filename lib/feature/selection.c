#include "feature/selection.h"

#include "base/error.h"

visml_status visml_selection_keep(visml_transform *t, int64_t d, const uint8_t *keep, visml_error *err) {
    int64_t count = 0, at = 0;
    for (int64_t j = 0; j < d; j++)
        count += keep[j] != 0;
    int32_t *kept = visml_object_array_new(&t->object, "kept", VISML_I32, VISML_SHAPE(count), err);
    if (!kept)
        return VISML_ENOMEM;
    for (int64_t j = 0; j < d; j++)
        if (keep[j])
            kept[at++] = (int32_t)j;
    t->dims = d;
    return VISML_OK;
}

int64_t visml_selection_length(const visml_transform *t, int64_t d) {
    const visml_tensor *kept = visml_object_array_get(&t->object, "kept");
    (void)d;
    return kept ? kept->count : 0;
}

void visml_selection_apply(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y,
                           void *scratch) {
    const int32_t *kept = visml_object_array_data(&t->object, "kept");
    int64_t count = visml_selection_length(t, d);
    (void)c, (void)scratch;
    for (int64_t i = 0; i < n; i++, x += d, y += count)
        for (int64_t j = 0; j < count; j++)
            y[j] = x[kept[j]];
}

visml_status visml_selection_restore(visml_object *o, const char *values, visml_error *err) {
    int64_t d = -1, count = -1;
    VISML_TRY(visml_object_array_expect(o, values, VISML_F32, 1, &d, err));
    VISML_TRY(visml_object_array_expect(o, "kept", VISML_I32, 1, &count, err));
    const int32_t *kept = visml_object_array_data(o, "kept");
    for (int64_t j = 0; j < count; j++)
        if (kept[j] < 0 || kept[j] >= d || (j && kept[j] <= kept[j - 1]))
            return visml_fail(err, VISML_EFORMAT, "%s: array \"kept\" has %d in place %lld, must rise and be below %lld", o->kind->name,
                              (int)kept[j], (long long)j, (long long)d);
    if (!count)
        return visml_fail(err, VISML_EFORMAT, "%s: array \"kept\" is empty, must have a column at least", o->kind->name);
    ((visml_transform *)o)->dims = d;
    return VISML_OK;
}
