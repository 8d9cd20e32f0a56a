#include "kernel/tiling.h"

#include "kernel/span.h"

#define MOST_EACH 4 /* tiles of a worker, ... */
#define FEW_EACH 2  /* ... of so few rows that all time goes into reading panels: wide ones are read faster */

/* What a tile costs beside its products, in those of one row and one panel (measured on Zen 4): ... */
#define ROW_COST 0.25  /* a row is packed, ... */
#define PANEL_COST 4.0 /* a panel comes from another cache, ... */
#define PIECE_COST 0.5 /* a register block is begun and ended, ... */
#define HELD_UP 0.2    /* and now and then whoever works at the last tile is held up by another process */

static double cost_of(const visml_cut *c, int64_t mr, size_t workers) {
    double rows = (double)visml_blocks(c->rows, c->row_blocks), panels = (double)visml_blocks(c->panels, c->col_blocks);
    double pieces = (double)visml_blocks((int64_t)rows, mr), rounds = (double)visml_blocks((int64_t)visml_cut_tiles(c), (int64_t)workers);
    return (rounds + HELD_UP) * (panels * (rows + PIECE_COST * pieces + PANEL_COST) + ROW_COST * rows);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

visml_cut visml_cut_product(int64_t m, int64_t mr, int64_t mc, int64_t panels, size_t workers) {
    visml_cut best = {.rows = most(m, 0), .panels = most(panels, 0)}, cut = best;
    int64_t each = (int64_t)workers, fewest = visml_blocks(m, mc), step = visml_blocks(each, 8);
    int64_t last = least(most(fewest + each, MOST_EACH * each), most(fewest, visml_blocks(m, mr)));
    int64_t most_each = 4 * m < mr ? FEW_EACH : MOST_EACH;
    double least_cost = 0;
    if (m <= 0 || panels <= 0)
        return best;
    best.row_blocks = fewest;
    best.col_blocks = 1;
    for (cut.row_blocks = fewest; workers > 1 && cut.row_blocks <= last; cut.row_blocks += step)
        for (int64_t i = 1, before = 0; i <= most_each; i++, before = cut.col_blocks) {
            cut.col_blocks = least(panels, visml_blocks(i * each, cut.row_blocks));
            double cost = cut.col_blocks > before ? cost_of(&cut, mr, workers) : least_cost;
            if (least_cost > 0 && cost >= least_cost)
                continue;
            least_cost = cost;
            best = cut;
        }
    return best;
}
