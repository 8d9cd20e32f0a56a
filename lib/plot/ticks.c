#include "plot/ticks.h"

#include <math.h>

/* x > 0 is f times ten to the exponent, 1 <= f < 10. */
static int exponent_of(double x) {
    visml_number n = visml_scientific(x, 17); /* what is written is rounded well, where log10 may miss by one */
    int sign = 1, exponent = 0;
    const char *p = n.s;
    while (*p && *p != 'e')
        p++;
    for (p += *p == 'e'; *p; p++) {
        if (*p == '-')
            sign = -1;
        else if (*p >= '0' && *p <= '9')
            exponent = exponent * 10 + (*p - '0');
    }
    return sign * exponent;
}

static double nice(double x) {
    double power = pow(10, exponent_of(x)), f = x / power;
    return (f < 1.5 ? 1 : f < 3 ? 2 : f < 7 ? 5 : 10) * power;
}

visml_ticks visml_ticks_make(double low, double high, int32_t about) {
    visml_ticks t = {.step = nice((high - low) / (about - 1))};
    double slack = 1e-9; /* of a step: an end that is a tick but for rounding */
    t.first = ceil(low / t.step - slack);
    t.count = (int32_t)(floor(high / t.step + slack) - t.first) + 1;
    return t;
}

double visml_tick_value(const visml_ticks *t, int32_t i) {
    return (t->first + i) * t->step + 0.0; /* + 0.0: no -0 */
}

visml_number visml_tick_text(const visml_ticks *t, int32_t i) {
    double most = fmax(fabs(visml_tick_value(t, 0)), fabs(visml_tick_value(t, t->count - 1)));
    int step = exponent_of(t->step * 1.000001), digits = (most > 0 ? exponent_of(most * 1.000001) : step) - step;
    if (most < 1e6 && step >= -5)
        return visml_fixed(visml_tick_value(t, i), step < 0 ? -step : 0);
    return visml_scientific(visml_tick_value(t, i), digits < 0 ? 0 : digits > 15 ? 15 : digits);
}

void visml_ticks_widen(double *low, double *high) {
    double room = fmax(fabs(*low) * 1e-6, 1e-30);
    if (*high - *low > room)
        return;
    room = *low != 0 ? fabs(*low) / 2 : 0.5;
    *low -= room;
    *high += room;
}
