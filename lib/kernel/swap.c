#include "kernel/swap.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

#define LEAST 16 /* rows of a piece of work, so that what is written lies side by side */

typedef struct swap_job {
    const visml_kernels *k;
    int64_t rows, cols, block, blocks; /* block: rows of one piece of work; blocks: of one matrix */
    const real *from;
    real *to;
} swap_job;

static void swap_block(void *arg, size_t number, size_t worker) {
    const swap_job *j = arg;
    int64_t block = (int64_t)number % j->blocks, matrix = (int64_t)number / j->blocks * j->rows * j->cols, row = block * j->block;
    (void)worker;
    j->k->transpose(visml_block_length(block, j->block, j->rows), j->cols, j->from + matrix + row * j->cols, j->cols,
                    j->to + matrix + row, j->rows);
}

void visml_swap(const visml_compute *c, int64_t n, int64_t rows, int64_t cols, const real *from, real *to) {
    swap_job j = {.k = c->kernels, .rows = rows, .cols = cols, .block = visml_span_rows(cols), .from = from, .to = to};
    j.block = j.block < LEAST ? LEAST : j.block;
    j.blocks = visml_blocks(rows, j.block);
    visml_parallel_run(c->parallel, (size_t)(n * j.blocks), swap_block, &j);
}
