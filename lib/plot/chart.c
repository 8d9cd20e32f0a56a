#include "plot/chart.h"

#include <math.h>

#include "base/error.h"
#include "base/options.h"
#include "plot/font.h"
#include "plot/ticks.h"

#define GRID 0xE5E5E5u
#define GAP 6 /* pixels of the font between texts and what they belong to */

static const visml_field fields[] = {
    VISML_FIELD(visml_plot_chart_opts, width, I32, 0, 1, 320, 8192, 800),
    VISML_FIELD(visml_plot_chart_opts, height, I32, 0, 1, 240, 8192, 600),
    VISML_FIELD(visml_plot_chart_opts, bins, I32, 0, 1, 1, 4096, 32),
    VISML_FIELD(visml_plot_chart_opts, title, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD(visml_plot_chart_opts, x_label, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD(visml_plot_chart_opts, y_label, NAME, 0, 1, 0, 0, 0),
    {0},
};

visml_status visml_chart_options(const char *what, const visml_plot_chart_opts *opts, visml_plot_chart_opts *o, visml_error *err) {
    return visml_options_read(what, fields, opts, o, sizeof *o, err);
}

int32_t visml_chart_scale(const visml_plot_chart_opts *o) {
    int32_t across = o->width / 400, down = o->height / 300, least = across < down ? across : down;
    return least < 1 ? 1 : least;
}

double visml_chart_x(const visml_chart *chart, double value) {
    return chart->inside.left + (value - chart->x.low) / (chart->x.high - chart->x.low) * chart->inside.width;
}

double visml_chart_y(const visml_chart *chart, double value) {
    return chart->inside.top + (chart->y.high - value) / (chart->y.high - chart->y.low) * chart->inside.height;
}

visml_status visml_chart_check_finite(const char *what, const visml_tensor *t, visml_error *err) {
    const float *v = (const float *)(const void *)t->data;
    for (int64_t i = 0; i < t->count; i++)
        if (!isfinite(v[i]))
            return visml_fail(err, VISML_EINVAL, "%s: number %lld is %s, must be finite", what, (long long)i,
                              visml_shortest((double)v[i]).s);
    return VISML_OK;
}

static int64_t widest(const visml_ticks *ticks) {
    int64_t most = 0;
    for (int32_t i = 0; i < ticks->count; i++) {
        int64_t n = visml_text_characters(visml_tick_text(ticks, i).s);
        most = n > most ? n : most;
    }
    return most;
}

/* What is left for the frame by texts above, below and to the left of it. */
static visml_frame inside_of(const visml_plot_chart_opts *o, const visml_chart *c, const visml_ticks *y, double room) {
    double s = c->scale, line = (VISML_FONT_ROWS + GAP) * s, step = VISML_FONT_STEP * s;
    double top = (o->title ? line : 0) + 2 * GAP * s, left = (double)widest(y) * step + 2 * GAP * s + (c->y.label ? line : 0);
    double bottom = line + GAP * s + (c->x.label ? line : 0), right = room + 2 * GAP * s;
    return (visml_frame){left, top, fmax(o->width - left - right, 16), fmax(o->height - top - bottom, 16)};
}

static void draw_x_ticks(const visml_chart *c, const visml_ticks *ticks) {
    double bottom = c->inside.top + c->inside.height, s = c->scale;
    for (int32_t i = 0; i < ticks->count; i++) {
        double x = floor(visml_chart_x(c, visml_tick_value(ticks, i)));
        visml_draw_rectangle(c->plot, (visml_frame){x, c->inside.top, 1, c->inside.height + 2 * s}, GRID, 1);
        visml_draw_text(c->plot, x, bottom + (GAP + VISML_FONT_ASCENT) * s, (visml_style){c->scale, 0, VISML_ANCHOR_MIDDLE, 0},
                        visml_tick_text(ticks, i).s);
    }
}

static void draw_y_ticks(const visml_chart *c, const visml_ticks *ticks) {
    double s = c->scale;
    for (int32_t i = 0; i < ticks->count; i++) {
        double y = floor(visml_chart_y(c, visml_tick_value(ticks, i)));
        visml_draw_rectangle(c->plot, (visml_frame){c->inside.left - 2 * s, y, c->inside.width + 2 * s, 1}, GRID, 1);
        visml_draw_text(c->plot, c->inside.left - GAP * s, floor(y + VISML_FONT_ASCENT * s / 2),
                        (visml_style){c->scale, 0, VISML_ANCHOR_END, 0}, visml_tick_text(ticks, i).s);
    }
}

static int32_t fitting(double length, int32_t scale) {
    int32_t n = (int32_t)(length / (VISML_FONT_STEP * scale));
    return n < 3 ? 3 : n;
}

static void draw_labels(const visml_chart *c, const char *title) {
    const visml_frame *f = &c->inside;
    double s = c->scale, middle = floor(f->left + f->width / 2);
    visml_style across = {c->scale, fitting(c->plot->width, c->scale), VISML_ANCHOR_MIDDLE, 0};
    visml_style up = {c->scale, fitting(c->plot->height, c->scale), VISML_ANCHOR_MIDDLE, 1};
    visml_draw_text(c->plot, floor(c->plot->width / 2), (GAP + VISML_FONT_ASCENT) * s, across, title);
    visml_draw_text(c->plot, middle, c->plot->height - GAP * s, across, c->x.label);
    visml_draw_text(c->plot, (GAP + VISML_FONT_ASCENT) * s, floor(f->top + f->height / 2), up, c->y.label);
}

visml_chart visml_chart_begin(visml_context *ctx, const visml_plot_chart_opts *o, visml_axis x, visml_axis y, double room,
                              visml_error *err) {
    visml_chart c = {.x = x, .y = y, .scale = visml_chart_scale(o)};
    visml_ticks down = visml_ticks_make(y.low, y.high, 6);
    c.plot = visml_plot_begin(ctx, o->width, o->height, err);
    if (!c.plot)
        return c;
    c.inside = inside_of(o, &c, &down, room);
    visml_ticks across = visml_ticks_make(x.low, x.high, 6);
    draw_x_ticks(&c, &across);
    draw_y_ticks(&c, &down);
    draw_labels(&c, o->title);
    return c;
}
