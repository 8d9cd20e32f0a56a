/* How a product is cut into tiles for threads. Without influence on results: every element is added up within one tile. */
#ifndef KERNEL_TILING_H
#define KERNEL_TILING_H

#include <stddef.h>
#include <stdint.h>

typedef struct visml_cut {
    int64_t row_blocks, row_block; /* rows are cut into so many blocks of that size (the last may be smaller), ... */
    int64_t col_blocks, col_block; /* ... panels of columns, too */
} visml_cut;

/* m rows in blocks of at most mc, in multiples of mr; `panels` of nr columns. */
visml_cut visml_cut_product(int64_t m, int64_t mr, int64_t mc, int64_t panels, int64_t nr, size_t workers);

#endif
