#include <string.h>

#include "base/error.h"
#include "plot/chart.h"
#include "plot/ticks.h"

static visml_status check(const visml_tensor *values, visml_error *err) {
    VISML_TRY(visml_tensor_check("histogram: values", values, VISML_F32, err));
    if (values->count < 1)
        return visml_fail(err, VISML_EINVAL, "histogram: there are no values, must be one at least");
    return visml_chart_check_finite("histogram: values", values, err);
}

static void find_ends(const visml_tensor *values, double *low, double *high) {
    const float *v = (const float *)(const void *)values->data;
    *low = *high = (double)v[0];
    for (int64_t i = 1; i < values->count; i++) {
        *low = (double)v[i] < *low ? (double)v[i] : *low;
        *high = (double)v[i] > *high ? (double)v[i] : *high;
    }
    visml_ticks_widen(low, high);
}

/* The number of values in the fullest bin. */
static int64_t count(const visml_tensor *values, double low, double high, int32_t bins, int64_t *counts) {
    const float *v = (const float *)(const void *)values->data;
    int64_t most = 0;
    for (int64_t i = 0; i < values->count; i++) {
        int32_t bin = (int32_t)(((double)v[i] - low) / (high - low) * bins);
        counts[bin < bins ? bin : bins - 1]++; /* the largest is in the last one */
    }
    for (int32_t i = 0; i < bins; i++)
        most = counts[i] > most ? counts[i] : most;
    return most;
}

static void draw_bars(const visml_chart *c, const int64_t *counts, int32_t bins) {
    double width = c->inside.width / bins, bottom = c->inside.top + c->inside.height, gap = width > 4 ? 1 : 0;
    for (int32_t i = 0; i < bins; i++) {
        double top = visml_chart_y(c, (double)counts[i]);
        if (counts[i])
            visml_draw_rectangle(c->plot, (visml_frame){c->inside.left + i * width, top, width - gap, bottom - top}, VISML_BARS, 1);
    }
    visml_draw_rectangle(c->plot, (visml_frame){c->inside.left, bottom, c->inside.width, 1}, VISML_BLACK, 1);
}

static visml_plot *draw(const visml_tensor *values, const visml_plot_chart_opts *o, int64_t *counts, visml_error *err) {
    double low, high;
    find_ends(values, &low, &high);
    int64_t most = count(values, low, high, o->bins, counts);
    visml_axis x = {low, high, o->x_label}, y = {0, (double)most * 1.05, o->y_label ? o->y_label : "count"};
    visml_chart c = visml_chart_begin(values->context, o, x, y, 0, err);
    if (!c.plot)
        return NULL;
    draw_bars(&c, counts, o->bins);
    return visml_plot_end(c.plot, VISML_OK);
}

visml_plot *visml_plot_histogram(const visml_tensor *values, const visml_plot_chart_opts *opts, visml_error *err) {
    visml_plot_chart_opts o;
    if (visml_chart_options("histogram", opts, &o, err) < 0 || check(values, err) < 0)
        return NULL;
    visml_memory *m = &values->context->memory;
    int64_t *counts = visml_mem_zalloc(m, (size_t)o.bins, sizeof *counts, err);
    visml_plot *p = counts ? draw(values, &o, counts, err) : NULL;
    visml_mem_free(m, counts);
    return p;
}
