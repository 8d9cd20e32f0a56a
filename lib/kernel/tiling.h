/* How a product is cut into tiles for threads. Without influence on results: every element is added up within one tile. */
#ifndef KERNEL_TILING_H
#define KERNEL_TILING_H

#include <stddef.h>
#include <stdint.h>

typedef struct visml_cut {
    int64_t rows, panels;           /* what is cut */
    int64_t row_blocks, col_blocks; /* into blocks that differ by at most one row, one panel */
} visml_cut;

/* Rows row ... row_end, panels panel ... panel_end. */
typedef struct visml_tile {
    int64_t row, row_end, panel, panel_end;
} visml_tile;

/* m rows in blocks of at most mc, which are multiplied in pieces of at most mr (no more than mr rows are not cut); `panels` of columns. */
visml_cut visml_cut_product(int64_t m, int64_t mr, int64_t mc, int64_t panels, size_t workers);

static inline size_t visml_cut_tiles(const visml_cut *c) {
    return (size_t)(c->row_blocks * c->col_blocks);
}

/* Tiles of the same panels follow each other, so that a worker, whose share is a run of tiles, reads few panels. */
static inline visml_tile visml_tile_at(const visml_cut *c, size_t task) {
    int64_t i = (int64_t)task % c->row_blocks, j = (int64_t)task / c->row_blocks;
    return (visml_tile){i * c->rows / c->row_blocks, (i + 1) * c->rows / c->row_blocks, j * c->panels / c->col_blocks,
                        (j + 1) * c->panels / c->col_blocks};
}

#endif
