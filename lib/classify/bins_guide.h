/* Where a number is among cuts: its cell of an equal grid says between which of them (a guide table, Chen and Asau 1974). */
#ifndef CLASSIFY_BINS_GUIDE_H
#define CLASSIFY_BINS_GUIDE_H

#include <stdint.h>

#define VISML_GUIDE_CELLS 256

/* Cells ascend with the numbers, so that only cuts of the same cell are to be looked at. */
typedef struct visml_cut_guide {
    const float *cuts; /* [count + 1], ascending; the last one is greater than all numbers */
    float low, scale;
    int32_t sparse;                          /* no cell has more than one cut */
    uint16_t first[VISML_GUIDE_CELLS + 1]; /* cuts in the cells before */
} visml_cut_guide;

/* count: 0 ... 65535. The cuts must outlive the guide. */
void visml_cut_guide_make(visml_cut_guide *g, int32_t count, const float *cuts);

static inline int32_t visml_cut_cell(const visml_cut_guide *g, float v) {
    float cell = (v - g->low) * g->scale, least = cell > 0 ? cell : 0;
    return (int32_t)(least < VISML_GUIDE_CELLS - 1 ? least : VISML_GUIDE_CELLS - 1); /* without branches: half of an image may be dark */
}

/* How many cuts are at most v, which is no NaN. */
static inline int32_t visml_cut_place(const visml_cut_guide *g, float v) {
    int32_t cell = visml_cut_cell(g, v), low = g->first[cell], high = g->first[cell + 1];
    if (g->sparse)
        return low + (v >= g->cuts[low]);
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (v >= g->cuts[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
