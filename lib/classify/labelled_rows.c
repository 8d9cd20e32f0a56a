#include "classify/labelled_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernel/elementwise.h"

visml_status visml_samples_of(const char *what, const visml_tensor *x, visml_samples *s, visml_error *err) {
    if (!x)
        return visml_fail(err, VISML_EINVAL, "%s: x is NULL", what);
    if (x->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "%s: x is %s, must be float32", what, visml_dtype_name(x->dtype));
    if (x->shape.rank != 2 || x->shape.dims[0] < 1 || x->shape.dims[1] < 1)
        return visml_fail(err, VISML_EINVAL, "%s: x is %s, must be [N, D] with at least one row and one column", what,
                          visml_shape_format(&x->shape).s);
    *s = (visml_samples){.n = x->shape.dims[0], .d = x->shape.dims[1], .x = (const float *)(const void *)x->data};
    s->row_stride = x->strides[0], s->column_stride = s->d == 1 ? 1 : x->strides[1];
    if (s->n == 1 && s->column_stride != 1)
        s->row_stride = 1;
    if (s->row_stride != 1 && s->column_stride != 1)
        return visml_fail(err, VISML_EINVAL, "%s: x has strides [%lld, %lld], one of them must be 1; visml_tensor_convert makes a copy",
                          what, (long long)s->row_stride, (long long)s->column_stride);
    return VISML_OK;
}

/* ---- numbers ---- */

static visml_status name_bad(const char *what, int64_t i, int64_t j, float v, int missing, visml_error *err) {
    return visml_fail(err, VISML_EINVAL, "%s: x[%lld, %lld] is %s, must be finite%s", what, (long long)i, (long long)j,
                      isnan(v) ? "NaN" : v > 0 ? "infinite" : "-infinite", missing ? " or NaN" : "");
}

/* Lines of numbers side by side: rows, or columns. */
static visml_status check_line(const char *what, const visml_samples *s, int64_t line, int missing, visml_error *err) {
    int by_rows = s->column_stride == 1;
    int64_t length = by_rows ? s->d : s->n;
    for (int64_t k = 0; k < length; k++) {
        int64_t i = by_rows ? line : k, j = by_rows ? k : line;
        float v = visml_samples_at(s, i, j);
        if (isinf(v) || (isnan(v) && !missing))
            return name_bad(what, i, j, v, missing, err);
    }
    return VISML_OK;
}

visml_status visml_samples_check(const visml_compute *c, const char *what, const visml_samples *s, int missing, visml_error *err) {
    int by_rows = s->column_stride == 1;
    int64_t lines = by_rows ? s->n : s->d, length = by_rows ? s->d : s->n, stride = by_rows ? s->row_stride : s->column_stride;
    if (stride == length && visml_all_finite(c, (size_t)(lines * length), s->x))
        return VISML_OK;
    for (int64_t l = 0; l < lines; l++)
        if (!visml_all_finite(c, (size_t)length, s->x + l * stride))
            VISML_TRY(check_line(what, s, l, missing, err));
    return VISML_OK;
}

const float *visml_samples_rows(const visml_samples *s, int64_t begin, int64_t n, float *buffer, int64_t *ld) {
    visml_row_view v = visml_samples_view(s);
    return visml_row_view_block(&v, begin, n, buffer, ld);
}

/* ---- labels ---- */

static int ascending(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

visml_tensor *visml_labels_unique(visml_context *ctx, const int32_t *labels, int64_t n, visml_error *err) {
    int32_t *sorted = visml_mem_alloc(&ctx->memory, (size_t)n * sizeof *sorted, err);
    if (!sorted)
        return NULL;
    memcpy(sorted, labels, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || sorted[i] != sorted[k - 1])
            sorted[k++] = sorted[i];
    visml_tensor *classes = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(k), err);
    if (classes)
        memcpy(classes->data, sorted, (size_t)k * sizeof *sorted);
    visml_mem_free(&ctx->memory, sorted);
    return classes;
}

visml_status visml_labels_places(const char *what, const visml_tensor *classes, const int32_t *labels, int64_t n, int32_t *places,
                                 visml_error *err) {
    const int32_t *all = (const int32_t *)(const void *)classes->data;
    for (int64_t i = 0; i < n; i++) {
        const int32_t *found = bsearch(&labels[i], all, (size_t)classes->count, sizeof *all, ascending);
        if (!found)
            return visml_fail(err, VISML_EINVAL, "%s: label %d of row %lld is none of the %lld classes (%d ... %d)", what, (int)labels[i],
                              (long long)i, (long long)classes->count, (int)all[0], (int)all[classes->count - 1]);
        places[i] = (int32_t)(found - all);
    }
    return VISML_OK;
}
