#include "classify/bins_guide.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Without branches, which half of an image that is dark would make slow. */
static int32_t cell_of(const visml_cut_guide *g, float v) {
    float cell = (v - g->low) * g->scale, least = cell > 0 ? cell : 0;
    return (int32_t)(least < VISML_GUIDE_CELLS - 1 ? least : VISML_GUIDE_CELLS - 1);
}

void visml_cut_guide_make(visml_cut_guide *g, int32_t count, const float *cuts) {
    int32_t next = 0;
    float span = count > 1 ? cuts[count - 1] - cuts[0] : 0;
    *g = (visml_cut_guide){.cuts = cuts, .sparse = 1, .low = count > 0 ? cuts[0] : 0};
    g->scale = span > FLT_MIN && span <= FLT_MAX ? (VISML_GUIDE_CELLS - 1) / span : 0;
    if (!isfinite(g->scale))
        g->scale = 0;
    for (int32_t cell = 0; cell < VISML_GUIDE_CELLS; cell++) {
        g->first[cell] = (uint8_t)next;
        while (next < count && cell_of(g, cuts[next]) == cell)
            next++;
        g->sparse &= next - g->first[cell] <= 1;
    }
    g->first[VISML_GUIDE_CELLS] = (uint8_t)next;
}

/* Halves what is left, without branches too. */
static uint8_t place_of(const visml_cut_guide *g, int32_t cell, float v) {
    int32_t low = g->first[cell], left = g->first[cell + 1] - low;
    if (g->sparse)
        return (uint8_t)(low + (v >= g->cuts[low]));
    while (left > 0) {
        int32_t half = (left + 1) / 2;
        low += (v >= g->cuts[low + half - 1]) * half;
        left -= half;
    }
    return (uint8_t)low;
}

#define LANES 16 /* at a time: cells are found in vectors */

void visml_cut_places(const visml_cut_guide *g, int64_t n, const float *numbers, uint8_t *places) {
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t some = n - i < LANES ? n - i : LANES;
        float v[LANES] = {0};
        int32_t cells[LANES];
        memcpy(v, numbers + i, (size_t)some * sizeof *v);
        for (int l = 0; l < LANES; l++)
            cells[l] = cell_of(g, v[l]);
        for (int64_t l = 0; l < some; l++)
            places[i + l] = place_of(g, cells[l], v[l]);
    }
}
