/* Where a number is among cuts: its cell of an equal grid says between which of them (a guide table, Chen and Asau 1974). */
#ifndef CLASSIFY_BINS_GUIDE_H
#define CLASSIFY_BINS_GUIDE_H

#include <stdint.h>

#define VISML_GUIDE_CELLS 256

/* Cells ascend with the numbers, so that only cuts of the same cell are to be looked at. */
typedef struct visml_cut_guide {
    const float *cuts; /* [count + 1], ascending; the last one is greater than all numbers */
    float low, scale;
    int32_t sparse;                       /* no cell has more than one cut */
    uint8_t first[VISML_GUIDE_CELLS + 1]; /* cuts in the cells before */
} visml_cut_guide;

/* count: 0 ... 255. The cuts must outlive the guide. */
void visml_cut_guide_make(visml_cut_guide *g, int32_t count, const float *cuts);

/* To places[n]: how many cuts are at most each of the numbers, of which none is missing. */
void visml_cut_places(const visml_cut_guide *g, int64_t n, const float *numbers, uint8_t *places);

#endif
