#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/table.h"
#include "plot/chart.h"
#include "plot/font.h"
#include "plot/ticks.h"

#define LEGEND 24  /* classes that are told by name, at most */
#define NAME 24    /* characters of a name */
#define MARGIN 0.05 /* of the range, around the points */

typedef struct scatter {
    const visml_tensor *points, *labels;
    const char *const *names;
    int32_t shown[LEGEND]; /* classes that there are, in their order */
    int32_t count, more;   /* how many; 1: there are others */
} scatter;

/* ---- the legend ---- */

/* The smallest label above `after` that there is; INT32_MAX: none. */
static int32_t next_label(const scatter *s, int64_t after) {
    int32_t least = INT32_MAX;
    for (int64_t i = 0; i < s->points->shape.dims[0]; i++) {
        int32_t label = visml_label_of(s->labels, i);
        if (label > after && label < least)
            least = label;
    }
    return least;
}

/* As many as there are lines for. */
static void find_classes(scatter *s, const visml_plot_chart_opts *o) {
    int32_t lines = o->height / ((VISML_FONT_ROWS + 2) * visml_chart_scale(o)) - 4, most = lines < LEGEND ? lines : LEGEND;
    int64_t label = -2;
    while (s->labels && (label = next_label(s, label)) != INT32_MAX && s->count < most)
        s->shown[s->count++] = (int32_t)label;
    s->more = s->count == most && label != INT32_MAX;
}

static double legend_width(const scatter *s, int32_t scale) {
    visml_number room;
    int64_t most = 0;
    for (int32_t i = 0; i < s->count; i++) {
        int64_t n = visml_text_characters(visml_label_name(s->shown[i], s->names, &room));
        most = n > most ? n : most;
    }
    return most ? (double)((most < NAME ? most : NAME) + 3) * VISML_FONT_STEP * scale : 0;
}

static void draw_legend(const scatter *s, const visml_chart *c) {
    double scale = c->scale, left = c->inside.left + c->inside.width + 2 * VISML_FONT_STEP * scale, line = (VISML_FONT_ROWS + 2) * scale;
    visml_number room;
    for (int32_t i = 0; i < s->count; i++) {
        double base = c->inside.top + i * line + VISML_FONT_ASCENT * scale;
        visml_draw_class(c->plot, s->shown[i], left, base - VISML_FONT_ASCENT * scale / 2, 2.5 * scale, 1);
        visml_draw_text(c->plot, left + VISML_FONT_STEP * scale, base, (visml_style){c->scale, NAME, VISML_ANCHOR_START, 0},
                        visml_label_name(s->shown[i], s->names, &room));
    }
    if (s->more)
        visml_draw_text(c->plot, left + VISML_FONT_STEP * scale, c->inside.top + s->count * line + VISML_FONT_ASCENT * scale,
                        (visml_style){c->scale, 0, VISML_ANCHOR_START, 0}, "...");
}

/* ---- the points ---- */

static visml_axis axis_of(const visml_tensor *points, int column, const char *label) {
    const float *v = (const float *)(const void *)points->data + column;
    double low = (double)v[0], high = low;
    for (int64_t i = 1; i < points->shape.dims[0]; i++) {
        low = fmin(low, (double)v[2 * i]);
        high = fmax(high, (double)v[2 * i]);
    }
    visml_ticks_widen(&low, &high);
    double room = (high - low) * MARGIN;
    return (visml_axis){low - room, high + room, label};
}

/* Smaller and lighter the more there are, so that a crowd shows where it is densest. */
static void draw_points(const scatter *s, const visml_chart *c) {
    int64_t n = s->points->shape.dims[0];
    const float *v = (const float *)(const void *)s->points->data;
    double radius = (n <= 300 ? 2.5 : n <= 3000 ? 1.75 : 1) * c->scale, opacity = n <= 300 ? 0.85 : n <= 3000 ? 0.7 : 0.5;
    for (int64_t i = 0; i < n && c->plot->status == VISML_OK; i++)
        visml_draw_class(c->plot, s->labels ? visml_label_of(s->labels, i) : 0, visml_chart_x(c, (double)v[2 * i]),
                         visml_chart_y(c, (double)v[2 * i + 1]), radius, opacity);
}

static visml_status check(const visml_tensor *points, visml_error *err) {
    VISML_TRY(visml_tensor_check("scatter: points", points, VISML_F32, err));
    if (points->shape.rank != 2 || points->shape.dims[0] < 1 || points->shape.dims[1] != 2)
        return visml_fail(err, VISML_EINVAL, "scatter: points are %s, must be [N, 2] with N of 1 or more",
                          visml_shape_format(&points->shape).s);
    return visml_chart_check_finite("scatter: points", points, err);
}

visml_plot *visml_plot_scatter(const visml_tensor *points, const visml_tensor *labels, const char *const *class_names, size_t classes,
                               const visml_plot_chart_opts *opts, visml_error *err) {
    scatter s = {.points = points, .labels = labels, .names = class_names};
    visml_plot_chart_opts o;
    if (visml_chart_options("scatter", opts, &o, err) < 0 || check(points, err) < 0 ||
        visml_labels_check("scatter", labels, points->shape.dims[0], class_names, classes, err) < 0)
        return NULL;
    find_classes(&s, &o);
    visml_chart c = visml_chart_begin(points->context, &o, axis_of(points, 0, o.x_label), axis_of(points, 1, o.y_label),
                                      legend_width(&s, visml_chart_scale(&o)), err);
    if (!c.plot)
        return NULL;
    draw_points(&s, &c);
    draw_legend(&s, &c);
    visml_draw_outline(c.plot, c.inside, VISML_GRAY);
    return visml_plot_end(c.plot, VISML_OK);
}

/* ---- tables ---- */

static visml_status check_table(const visml_table *t, visml_error *err) {
    if (!t)
        return visml_fail(err, VISML_EINVAL, "plot: table is NULL");
    if (t->count < 2 || t->length < 2)
        return visml_fail(err, VISML_EINVAL, "plot: the table is [%lld, %lld], must have two rows and two columns at least",
                          (long long)t->count, (long long)t->length);
    return VISML_OK;
}

static visml_tensor *project(const visml_tensor *x, visml_error *err) {
    visml_transform *pca = visml_transform_pca(x->context, VISML_OPTS(visml_pca_opts, .components = 2), err);
    visml_tensor *y = pca && visml_transform_fit(pca, x, NULL, err) == VISML_OK ? visml_transform_run(pca, x, err) : NULL;
    visml_transform_free(pca);
    return y;
}

visml_plot *visml_plot_table(const visml_table *table, const visml_plot_chart_opts *opts, visml_error *err) {
    visml_plot_chart_opts o;
    if (visml_chart_options("plot", opts, &o, err) < 0 || check_table(table, err) < 0)
        return NULL;
    o.x_label = o.x_label ? o.x_label : "first principal component";
    o.y_label = o.y_label ? o.y_label : "second principal component";
    visml_tensor *points = project(table->values, err);
    const char *const *names = table->classes ? table->class_names : NULL;
    visml_plot *p = points ? visml_plot_scatter(points, table->labels, names, table->classes, &o, err) : NULL;
    visml_tensor_release(points);
    return p;
}
