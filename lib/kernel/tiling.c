#include "kernel/tiling.h"

#include "kernel/span.h"

#define TILES_EACH 3 /* for a worker: one that is held up leaves some to the others */
#define LEAST_PIECES 2 /* register blocks of rows in a tile */

static visml_cut cut_into(int64_t m, int64_t mr, int64_t panels, int64_t row_blocks, int64_t col_blocks) {
    visml_cut t = {.row_block = visml_blocks(visml_blocks(m, row_blocks), mr) * mr, .col_block = visml_blocks(panels, col_blocks)};
    t.row_blocks = visml_blocks(m, t.row_block);
    t.col_blocks = visml_blocks(panels, t.col_block);
    return t;
}

/* Each block of rows reads the right factor once more, each block of columns packs the left one once more. */
visml_cut visml_cut_product(int64_t m, int64_t mr, int64_t mc, int64_t panels, int64_t nr, size_t workers) {
    int64_t want = workers > 1 ? TILES_EACH * (int64_t)workers : 1, rows = visml_blocks(m, mc), most = visml_blocks(m, LEAST_PIECES * mr);
    visml_cut best = {0};
    int64_t least_cost = -1;
    if (m <= 0 || panels <= 0)
        return best;
    for (; rows <= most || least_cost < 0; rows++) {
        int64_t cols = visml_blocks(want, rows);
        visml_cut t = cut_into(m, mr, panels, rows, cols < panels ? cols : panels);
        int64_t tiles = t.row_blocks * t.col_blocks, cost = t.row_blocks * panels * nr + t.col_blocks * m;
        if (tiles < want) /* too few: each of those that are there takes longer */
            cost = cost / tiles * want + panels * nr + m;
        if (least_cost < 0 || cost < least_cost) {
            least_cost = cost;
            best = t;
        }
        if (rows >= want)
            break;
    }
    return best;
}
