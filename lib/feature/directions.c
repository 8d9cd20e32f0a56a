#include "feature/directions.h"

#include <math.h>

/* (cos, sin) of n pi / (2 d), by an angle of at most pi / 4. */
static void direction(int64_t n, int64_t d, float *cosine, float *sine) {
    double sign = 1;
    if (n < 0) { /* down: (x, -y) */
        n = -n;
        *sine = -1;
    } else {
        *sine = 1;
    }
    if (n > d) { /* to the left: (-x, y) */
        n = 2 * d - n;
        sign = -1;
    }
    int steep = 2 * n > d; /* beyond pi / 4 */
    double angle = 1.57079632679489661923 * (double)(steep ? d - n : n) / (double)d, big = cos(angle), small = sin(angle);
    if (2 * n == d)
        small = big;
    *cosine = (float)(sign * (steep ? small : big));
    *sine *= (float)(steep ? big : small);
}

void visml_directions_make(visml_directions *d, int32_t bins, int32_t half) {
    for (int32_t k = 0; k < bins; k++)
        direction(2 * k - (half ? 1 : 0), bins, &d->cosines[k], &d->sines[k]);
}
