#include "classify/bins_guide.h"

#include <float.h>
#include <math.h>

void visml_cut_guide_make(visml_cut_guide *g, int32_t count, const float *cuts) {
    int32_t next = 0;
    float span = count > 1 ? cuts[count - 1] - cuts[0] : 0;
    *g = (visml_cut_guide){.cuts = cuts, .sparse = 1, .low = count > 0 ? cuts[0] : 0};
    g->scale = span > FLT_MIN && span <= FLT_MAX ? (VISML_GUIDE_CELLS - 1) / span : 0;
    if (!isfinite(g->scale))
        g->scale = 0;
    for (int32_t cell = 0; cell < VISML_GUIDE_CELLS; cell++) {
        g->first[cell] = (uint16_t)next;
        while (next < count && visml_cut_cell(g, cuts[next]) == cell)
            next++;
        g->sparse &= next - g->first[cell] <= 1;
    }
    g->first[VISML_GUIDE_CELLS] = (uint16_t)next;
}
