#include "classify/row_pass.h"

#include <math.h>

#include "base/error.h"
#include "base/rng.h"

#define FLOATS ((int64_t)1 << 17) /* of rows that are turned around between two meetings of threads */
#define WORK ((int64_t)1 << 26)   /* multiplications between them: some 20 ms on one thread */
#define LEAST_OUTPUTS 4 /* what fewer outputs wait for is the rows, which come from anywhere in memory */
#define TOGETHER ((int64_t)1 << 14) /* floats of the rows that outputs take one after the other: they stay in the cache */

static int64_t at_least_1(int64_t rows) {
    return rows < 1 ? 1 : rows;
}

static int64_t rows_at_once(const visml_row_pass *p) {
    const visml_samples *s = p->samples;
    int64_t outputs = p->outputs < LEAST_OUTPUTS ? LEAST_OUTPUTS : p->outputs;
    return at_least_1(s->column_stride == 1 ? WORK / s->d / outputs : FLOATS / s->d);
}

visml_status visml_row_pass_begin(visml_row_pass *p, visml_memory *m, visml_error *err) {
    const visml_samples *s = p->samples;
    int64_t workers = (int64_t)p->compute->parallel->workers;
    p->groups = p->outputs < workers ? p->outputs : workers;
    p->order = visml_mem_alloc(m, (size_t)s->n * sizeof *p->order, err);
    if (!p->order)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < s->n; i++)
        p->order[i] = i;
    p->passing = (visml_passing_rows){.d = s->d, .x = s->x, .ld = s->row_stride};
    if (s->column_stride == 1)
        return VISML_OK;
    p->turned = visml_mem_alloc(m, (size_t)(rows_at_once(p) * s->d) * sizeof *p->turned, err);
    p->passing.x = p->turned, p->passing.ld = s->d, p->passing.turned = 1;
    return p->turned ? VISML_OK : VISML_ENOMEM;
}

void visml_row_pass_end(visml_row_pass *p, visml_memory *m) {
    visml_mem_free(m, p->order);
    visml_mem_free(m, p->turned);
}

static void turn_row(void *arg, size_t i, size_t worker) {
    const visml_row_pass *p = arg;
    int64_t ld;
    (void)worker;
    visml_samples_rows(p->samples, p->passing.rows[i], 1, p->turned + (int64_t)i * p->samples->d, &ld);
}

/* A group of outputs. How they are grouped is of no account to them. */
static void learn_group(void *arg, size_t group, size_t worker) {
    const visml_row_pass *p = arg;
    int64_t g = (int64_t)group, from = p->outputs * g / p->groups, to = p->outputs * (g + 1) / p->groups;
    int64_t step = at_least_1(TOGETHER / p->samples->d);
    visml_passing_rows some = p->passing;
    (void)worker;
    for (int64_t at = 0; at < p->passing.n; at += step) {
        some.rows = p->passing.rows + at;
        some.x = p->passing.x + (some.turned ? at * some.ld : 0);
        some.n = p->passing.n - at < step ? p->passing.n - at : step;
        for (int64_t o = from; o < to; o++)
            p->learn(p->solver, o, &some);
    }
}

visml_status visml_row_pass_run(visml_row_pass *p, int64_t pass, visml_error *err) {
    int64_t n = p->samples->n, step = rows_at_once(p);
    visml_rng rng;
    visml_rng_init(&rng, visml_key(p->run->seed, (uint64_t)pass));
    if (!p->in_order)
        visml_rng_shuffle(&rng, p->order, (size_t)n);
    for (int64_t at = 0; at < n; at += step) {
        p->passing.rows = p->order + at;
        p->passing.n = n - at < step ? n - at : step;
        if (p->turned)
            visml_parallel_run(p->compute->parallel, (size_t)p->passing.n, turn_row, p);
        visml_parallel_run(p->compute->parallel, (size_t)p->groups, learn_group, p);
        VISML_TRY(visml_fit_tick(p->run, p->done, p->total, NAN, NAN, err));
    }
    return VISML_OK;
}
