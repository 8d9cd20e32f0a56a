#include "classify/tree_columns.h"

#include "base/error.h"
#include "base/memory.h"
#include "kernel/span.h"

typedef struct column_job {
    const visml_column_walk *walk;
    int64_t from, columns; /* that are read */
    float *numbers;        /* [columns, rows] */
} column_job;

#define ROWS 1024 /* of one piece of work */

static void read_block(void *arg, size_t block, size_t worker) {
    const column_job *j = arg;
    int64_t rows = j->walk->rows, begin = (int64_t)block * ROWS, end = begin + visml_block_length((int64_t)block, ROWS, rows);
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        for (int64_t c = 0; c < j->columns; c++)
            j->numbers[c * rows + i] = visml_samples_at(j->walk->s, i * j->walk->step, j->from + c);
}

static void work_block(void *arg, size_t block, size_t worker) {
    const column_job *j = arg;
    j->walk->work(j->walk->user, j->from + (int64_t)block, j->numbers + (int64_t)block * j->walk->rows, worker);
}

static visml_status run_blocks(column_job *j, visml_block *fn, const visml_parallel *p, int64_t n, int64_t numbers, visml_error *err) {
    visml_ticked_blocks blocks = {.fn = fn, .job = j, .run = j->walk->run, .total = j->walk->total};
    return visml_tick_blocks(&blocks, p, (size_t)n, numbers, err);
}

static visml_status run_columns(column_job *j, const visml_parallel *p, visml_error *err) {
    int64_t rows = j->walk->rows;
    VISML_TRY(run_blocks(j, read_block, p, visml_blocks(rows, ROWS), ROWS * j->columns, err));
    return run_blocks(j, work_block, p, j->columns, VISML_TICK_SORTING * rows, err);
}

visml_status visml_column_walk_run(const visml_column_walk *w, visml_memory *m, const visml_parallel *p, visml_error *err) {
    int64_t d = w->s->d, most = d < VISML_COLUMNS_READ ? d : VISML_COLUMNS_READ;
    column_job j = {.walk = w};
    visml_status status = VISML_OK;
    j.numbers = visml_mem_alloc(m, (size_t)most * (size_t)w->rows * sizeof *j.numbers, err);
    if (!j.numbers)
        return VISML_ENOMEM;
    for (; status == VISML_OK && j.from < d; j.from += most) {
        j.columns = d - j.from < most ? d - j.from : most;
        status = run_columns(&j, p, err);
    }
    visml_mem_free(m, j.numbers);
    return status;
}
