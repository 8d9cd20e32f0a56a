/* A frame with two axes. */
#ifndef PLOT_CHART_H
#define PLOT_CHART_H

#include "plot/plot.h"

typedef struct visml_axis {
    double low, high; /* finite, low < high */
    const char *label; /* NULL: none */
} visml_axis;

typedef struct visml_chart {
    visml_plot *plot;
    visml_axis x, y;
    visml_frame inside; /* of the frame */
    int32_t scale;      /* of texts */
} visml_chart;

/* `what` starts messages. Errors: VISML_EINVAL. */
visml_status visml_chart_options(const char *what, const visml_plot_chart_opts *opts, visml_plot_chart_opts *o, visml_error *err);
/* Of texts in a chart of this size. */
int32_t visml_chart_scale(const visml_plot_chart_opts *o);
/* A chart with axes, ticks, labels and title, and `room` pixels to the right of it. chart->plot is NULL on failure. */
visml_chart visml_chart_begin(visml_context *ctx, const visml_plot_chart_opts *o, visml_axis x, visml_axis y, double room,
                              visml_error *err);
/* Places in the drawing. */
double visml_chart_x(const visml_chart *chart, double value);
double visml_chart_y(const visml_chart *chart, double value);
/* The first number that is NaN or infinite is an error that names it. */
visml_status visml_chart_check_finite(const char *what, const visml_tensor *t, visml_error *err);

#endif
