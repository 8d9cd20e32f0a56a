/* Columns as places of their numbers among all different numbers of the column: what exact splits need, without sorting again. */
#ifndef CLASSIFY_CART_COLUMNS_H
#define CLASSIFY_CART_COLUMNS_H

#include "base/memory.h"
#include "classify/labelled_rows.h"

typedef struct visml_code_column {
    int64_t count;   /* different numbers */
    float *values;   /* [count], ascending */
    uint8_t *small;  /* row i's at i * step, where count <= 256 */
    int64_t step;
    uint32_t *large; /* [n], else */
} visml_code_column;

typedef struct visml_code_columns {
    visml_memory *memory;
    int64_t n, d;
    visml_code_column *columns; /* [d] */
    uint8_t *rows;              /* [n, d], what `small` points into; NULL: each column has its own */
} visml_code_columns;

/* No NaN. by_rows: small codes of a row lie side by side, for those who look at many columns of few rows. Errors: VISML_ENOMEM. */
visml_status visml_code_columns_new(visml_code_columns *c, visml_memory *m, const visml_compute *k, const visml_samples *s, int by_rows,
                                    visml_error *err);
void visml_code_columns_clear(visml_code_columns *c);

static inline uint32_t visml_code_at(const visml_code_column *c, int64_t row) {
    return c->small ? c->small[row * c->step] : c->large[row];
}

#endif
