#include "feature/column_sums.h"

visml_status visml_column_sums_begin(visml_transform *t, const visml_compute *c, int64_t d, uint64_t seed, visml_error *err) {
    visml_memory *m = &t->object.context->memory;
    (void)c, (void)seed;
    visml_mem_free(m, t->work);
    visml_column_sums *s = t->work = visml_mem_zalloc(m, 1, sizeof *s + 2 * (size_t)d * sizeof(double), err);
    if (!s)
        return VISML_ENOMEM;
    s->d = d;
    return VISML_OK;
}

visml_status visml_column_sums_add(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, visml_error *err) {
    visml_column_sums *s = t->work;
    const double *mean = s->at;
    (void)c, (void)err;
    if (t->pass == 0)
        s->n += rows->n;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t j = 0; j < s->d; j++) {
            double x = (double)rows->x[i * s->d + j], off = x - mean[j] / (double)s->n;
            if (t->pass == 0)
                s->at[j] += x;
            else
                s->at[s->d + j] += off * off;
        }
    return VISML_OK;
}
