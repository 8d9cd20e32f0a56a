/* Round numbers along an axis: Heckbert, Nice numbers for graph labels, in Graphics Gems (1990). */
#ifndef PLOT_TICKS_H
#define PLOT_TICKS_H

#include <stdint.h>

#include "base/text.h"

/* Multiples first, first + 1, ..., of the step, all of which are between the ends. */
typedef struct visml_ticks {
    double first, step;
    int32_t count;
} visml_ticks;

/* Some `about` ticks (2 or more) for low < high, both finite: the step is 1, 2 or 5 times a power of ten. */
visml_ticks visml_ticks_make(double low, double high, int32_t about);
double visml_tick_value(const visml_ticks *t, int32_t i);
/* All of them with as many decimals as the step has, or with exponents where numbers are very large or small. */
visml_number visml_tick_text(const visml_ticks *t, int32_t i);
/* Ends for values that do not vary, or the ends as they are. */
void visml_ticks_widen(double *low, double *high);

#endif
