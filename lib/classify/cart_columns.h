/* Columns as exact splits read them: each number has a code, a whole number, and codes are in the order of the numbers. */
#ifndef CLASSIFY_CART_COLUMNS_H
#define CLASSIFY_CART_COLUMNS_H

#include "base/memory.h"
#include "classify/bins_guide.h"
#include "classify/column_values.h"
#include "classify/labelled_rows.h"

struct visml_fit_run; /* classify/classifier.h */

/* Codes are places among the different numbers of the column; of a column that is not counted they are keys (visml_float_key). */
typedef struct visml_code_column {
    int64_t count;   /* different numbers; 0: not counted, they are more than 256 */
    float *values;   /* [count], ascending, and one more that is greater */
    uint8_t *small;  /* [n], where count <= 256 */
    uint32_t *large; /* [n], else */
    visml_cut_guide *guide; /* by which numbers are coded whenever they are read, where no codes are kept and count <= 256 */
} visml_code_column;

typedef struct visml_code_columns {
    visml_memory *memory;
    int64_t n, d;
    int32_t kept, reserved; /* 1: codes of all numbers */
    visml_code_column *columns; /* [d] */
} visml_code_columns;

/* No NaN. keep: codes of all numbers, for those who look at all columns of all nodes; else they are made whenever they
 * are read. total: of the run's progress. Errors: VISML_ENOMEM, VISML_ECANCELLED. */
visml_status visml_code_columns_new(visml_code_columns *c, visml_memory *m, const visml_compute *k, const visml_samples *s, int keep,
                                    const struct visml_fit_run *run, int64_t total, visml_error *err);
void visml_code_columns_clear(visml_code_columns *c);

static inline int visml_code_is_small(const visml_code_column *c) {
    return c->small || c->guide;
}
/* Codes of some rows of a small column. s: the samples, or others with numbers of the same rows where no codes are kept. */
void visml_code_column_read(const visml_code_columns *all, int64_t column, const visml_samples *s, int64_t n, const int32_t *rows,
                            uint8_t *codes);
/* A code of another one. */
static inline uint32_t visml_code_large(const visml_code_columns *all, int64_t column, const visml_samples *s, int64_t row) {
    const uint32_t *large = all->columns[column].large;
    return large ? large[row] : visml_float_key(visml_samples_at(s, row, column));
}
static inline float visml_code_value(const visml_code_column *c, uint32_t code) {
    return c->values ? c->values[code] : visml_key_float(code);
}

#endif
