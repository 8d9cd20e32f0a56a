#include "classify/cart_columns.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "classify/tree_columns.h"

typedef struct code_job {
    visml_code_columns *c;
    _Atomic int32_t failed;
} code_job;

/* ---- few different numbers ---- */

static visml_status code_small(visml_code_column *c, const visml_code_columns *all, const float *different, int64_t count,
                               const float *x) {
    visml_memory *m = all->memory;
    visml_cut_guide own, *guide = &own;
    c->values = visml_mem_alloc(m, (size_t)(count + 1) * sizeof *c->values, NULL);
    if (all->kept)
        c->small = visml_mem_alloc(m, (size_t)all->n, NULL);
    else
        guide = c->guide = visml_mem_alloc(m, sizeof *c->guide, NULL);
    if (!c->values || !visml_code_is_small(c))
        return VISML_ENOMEM;
    c->count = count;
    memcpy(c->values, different, (size_t)count * sizeof *different);
    c->values[count] = INFINITY;
    visml_cut_guide_make(guide, (int32_t)count - 1, c->values + 1);
    if (c->small)
        visml_cut_places(guide, all->n, x, c->small);
    return VISML_OK;
}

#define READ 64 /* numbers at a time */

void visml_code_column_read(const visml_code_columns *all, int64_t column, const visml_samples *s, int64_t n, const int32_t *rows,
                            uint8_t *codes) {
    const visml_code_column *c = all->columns + column;
    const float *from = s->x + column * s->column_stride;
    for (int64_t p = 0; c->small && p < n; p++)
        codes[p] = c->small[rows[p]];
    for (int64_t i = 0; !c->small && i < n; i += READ) {
        int64_t some = n - i < READ ? n - i : READ;
        float numbers[READ];
        for (int64_t p = 0; p < some; p++)
            numbers[p] = from[rows[i + p] * s->row_stride];
        visml_cut_places(c->guide, some, numbers, codes + i);
    }
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

static void code_work(void *user, int64_t column, float *x, size_t worker) {
    code_job *j = user;
    visml_code_column *to = j->c->columns + column;
    float different[VISML_FEW_VALUES];
    int64_t n = j->c->n, count = visml_few_values(n, x, VISML_FEW_VALUES, different);
    visml_status status = VISML_OK;
    (void)worker;
    if (count > 0)
        status = code_small(to, j->c, different, count, x);
    else if (j->c->kept)
        status = code_large(to, j->c->memory, n, x);
    if (status < 0)
        j->failed = 1;
}

visml_status visml_code_columns_new(visml_code_columns *c, visml_memory *m, const visml_compute *k, const visml_samples *s, int keep,
                                    const struct visml_fit_run *run, int64_t total, visml_error *err) {
    *c = (visml_code_columns){.memory = m, .n = s->n, .d = s->d, .kept = keep};
    code_job j = {.c = c};
    visml_column_walk w = {.s = s, .rows = s->n, .step = 1, .work = code_work, .user = &j, .run = run, .total = total};
    c->columns = visml_mem_zalloc(m, (size_t)s->d, sizeof *c->columns, err);
    visml_status status = c->columns ? visml_column_walk_run(&w, m, k->parallel, err) : VISML_ENOMEM;
    if (status == VISML_OK && j.failed)
        status = visml_fail(err, VISML_ENOMEM, "classifier: out of memory for codes of %lld x %lld numbers", (long long)s->n,
                            (long long)s->d);
    if (status < 0)
        visml_code_columns_clear(c);
    return status;
}

void visml_code_columns_clear(visml_code_columns *c) {
    for (int64_t i = 0; c->columns && i < c->d; i++) {
        visml_mem_free(c->memory, c->columns[i].values);
        visml_mem_free(c->memory, c->columns[i].small);
        visml_mem_free(c->memory, c->columns[i].guide);
        visml_mem_free(c->memory, c->columns[i].large);
    }
    visml_mem_free(c->memory, c->columns);
    *c = (visml_code_columns){.memory = c->memory};
}
