#include "classify/cart_columns.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "classify/column_values.h"

#define COLUMNS 32  /* read at a time: two lines of the cache, of one page of memory */
#define ROWS 1024   /* whose codes are written at a time: their lines stay in the cache */
#define WHOLE 1024  /* whole numbers below are looked up in a table */

typedef struct code_job {
    visml_code_columns *c;
    const visml_samples *s;
    float *buffers; /* [workers, columns, n] */
    int64_t columns; /* at a time */
    _Atomic int32_t failed;
} code_job;

/* ---- few different numbers ---- */

static int are_whole(const float *values, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (!(values[i] >= 0 && values[i] < WHOLE && floorf(values[i]) == values[i]))
            return 0;
    return 1;
}

static uint8_t place_of(const visml_code_column *c, float v) {
    int64_t low = 0, high = c->count - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (v >= c->values[middle])
            low = middle;
        else
            high = middle - 1;
    }
    return (uint8_t)low;
}

static void fill_small(const visml_code_column *c, int64_t n, const float *x, uint8_t *codes) {
    uint8_t table[WHOLE] = {0};
    int whole = are_whole(c->values, c->count);
    for (int64_t i = 0; whole && i < c->count; i++)
        table[(int32_t)c->values[i]] = (uint8_t)i;
    for (int64_t i = 0; i < n; i++)
        codes[i * c->step] = whole ? table[(int32_t)x[i]] : place_of(c, x[i]);
}

static visml_status begin_small(visml_code_column *c, const visml_code_columns *all, const float *different, int64_t count) {
    int64_t number = c - all->columns;
    c->count = count;
    c->step = all->rows ? all->d : 1;
    c->values = visml_mem_alloc(all->memory, (size_t)count * sizeof *c->values, NULL);
    c->small = all->rows ? all->rows + number : visml_mem_alloc(all->memory, (size_t)all->n, NULL);
    if (!c->values || !c->small)
        return VISML_ENOMEM;
    memcpy(c->values, different, (size_t)count * sizeof *different);
    return VISML_OK;
}

/* x [columns, n] */
static void fill_rows(const visml_code_column *columns, int64_t count, int64_t n, const float *x) {
    for (int64_t i = 0; i < n; i += ROWS)
        for (int64_t c = 0; c < count; c++)
            if (columns[c].small)
                fill_small(&columns[c], n - i < ROWS ? n - i : ROWS, x + c * n + i, columns[c].small + i * columns[c].step);
}

/* ---- many ---- */

static void fill_large(visml_code_column *c, int64_t n, const uint64_t *keys) {
    c->count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || keys[i] >> 32 != keys[i - 1] >> 32)
            c->values[c->count++] = visml_key_float((uint32_t)(keys[i] >> 32));
        c->large[keys[i] & 0xffffffffU] = (uint32_t)(c->count - 1);
    }
}

static visml_status code_large(visml_code_column *c, visml_memory *m, int64_t n, const float *x) {
    uint64_t *keys = visml_mem_alloc(m, (size_t)n * 2 * sizeof *keys, NULL);
    c->values = visml_mem_alloc(m, (size_t)n * sizeof *c->values, NULL);
    c->large = visml_mem_alloc(m, (size_t)n * sizeof *c->large, NULL);
    if (keys && c->values && c->large) {
        for (int64_t i = 0; i < n; i++)
            keys[i] = (uint64_t)visml_float_key(x[i]) << 32 | (uint64_t)i;
        visml_sort_keys(n, keys, keys + n);
        fill_large(c, n, keys);
    }
    visml_mem_free(m, keys);
    return keys && c->values && c->large ? VISML_OK : VISML_ENOMEM;
}

static void code_block(void *arg, size_t block, size_t worker) {
    code_job *j = arg;
    float different[VISML_FEW_VALUES];
    int64_t n = j->s->n, from = (int64_t)block * j->columns, columns = from + j->columns < j->s->d ? j->columns : j->s->d - from;
    float *x = j->buffers + (int64_t)worker * j->columns * n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < columns; c++)
            x[c * n + i] = visml_samples_at(j->s, i, from + c);
    for (int64_t c = 0; c < columns; c++) {
        visml_code_column *to = j->c->columns + from + c;
        int64_t count = visml_few_values(n, x + c * n, VISML_FEW_VALUES, different);
        if ((count > 0 ? begin_small(to, j->c, different, count) : code_large(to, j->c->memory, n, x + c * n)) < 0) {
            j->failed = 1;
            return;
        }
    }
    fill_rows(j->c->columns + from, columns, n, x);
}

visml_status visml_code_columns_new(visml_code_columns *c, visml_memory *m, const visml_compute *k, const visml_samples *s, int by_rows,
                                    visml_error *err) {
    *c = (visml_code_columns){.memory = m, .n = s->n, .d = s->d};
    code_job j = {.c = c, .s = s, .columns = s->d < COLUMNS ? s->d : COLUMNS};
    c->columns = visml_mem_zalloc(m, (size_t)s->d, sizeof *c->columns, err);
    c->rows = c->columns && by_rows ? visml_mem_alloc(m, (size_t)s->n * (size_t)s->d, err) : NULL;
    if (c->columns && (c->rows || !by_rows))
        j.buffers = visml_mem_alloc(m, k->parallel->workers * (size_t)(j.columns * s->n) * sizeof(float), err);
    if (j.buffers)
        visml_parallel_run(k->parallel, (size_t)((s->d + j.columns - 1) / j.columns), code_block, &j);
    visml_mem_free(m, j.buffers);
    if (j.buffers && !j.failed)
        return VISML_OK;
    visml_code_columns_clear(c);
    return visml_fail(err, VISML_ENOMEM, "classifier: out of memory for codes of %lld x %lld numbers", (long long)s->n, (long long)s->d);
}

void visml_code_columns_clear(visml_code_columns *c) {
    for (int64_t i = 0; c->columns && i < c->d; i++) {
        visml_mem_free(c->memory, c->columns[i].values);
        visml_mem_free(c->memory, c->rows ? NULL : c->columns[i].small);
        visml_mem_free(c->memory, c->columns[i].large);
    }
    visml_mem_free(c->memory, c->columns);
    visml_mem_free(c->memory, c->rows);
    *c = (visml_code_columns){.memory = c->memory};
}
