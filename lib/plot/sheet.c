#include "plot/sheet.h"

#include <math.h>

#include "base/error.h"
#include "base/options.h"
#include "plot/font.h"
#include "plot/thumbnail.h"

#define GAP 4        /* pixels around pictures */
#define NARROWEST 400 /* so that there is room for headings */

static const visml_field fields[] = {
    VISML_FIELD(visml_plot_sheet_opts, side, I32, 0, 1, 8, 1024, 64),
    VISML_FIELD(visml_plot_sheet_opts, columns, I32, 0, 1, 1, 1000, 12),
    VISML_FIELD(visml_plot_sheet_opts, clusters, I32, 0, 1, 1, 1000, 8),
    VISML_FIELD(visml_plot_sheet_opts, seed, U64, 0, 1, 0, 1.8446744073709552e19, 0),
    VISML_FIELD(visml_plot_sheet_opts, title, NAME, 0, 1, 0, 0, 0),
    {0},
};

visml_status visml_sheet_options(const char *what, const visml_plot_sheet_opts *opts, visml_plot_sheet_opts *o, visml_error *err) {
    return visml_options_read(what, fields, opts, o, sizeof *o, err);
}

static double width_of(const visml_sheet *s) {
    return fmax(s->columns * (double)(s->opts->side + GAP) + GAP, NARROWEST);
}

static void end_row(visml_sheet *s) {
    if (s->filled)
        s->top += s->opts->side + GAP;
    s->filled = 0;
}

void visml_sheet_heading(visml_sheet *s, const char *text) {
    end_row(s);
    s->top += s->top > GAP ? GAP : 0; /* apart from what is above */
    visml_style style = {.scale = s->scale, .most = (int32_t)((width_of(s) - GAP) / (VISML_FONT_STEP * s->scale))};
    if (s->plot)
        visml_draw_text(s->plot, GAP, s->top + (VISML_FONT_ASCENT + 1) * s->scale, style, text);
    s->top += (VISML_FONT_ROWS + 2) * s->scale;
}

visml_status visml_sheet_picture(visml_sheet *s, const char *what, const visml_tensor *image, visml_error *err) {
    if (s->filled == s->columns)
        end_row(s);
    int32_t column = s->filled++, side = s->opts->side;
    if (!s->plot)
        return VISML_OK;
    visml_tensor *t = visml_thumbnail(what, image, side, err);
    if (!t)
        return VISML_EINVAL;
    double h = (double)t->shape.dims[0], w = (double)t->shape.dims[1];
    visml_frame at = {GAP + column * (double)(side + GAP) + floor((side - w) / 2), s->top + floor((side - h) / 2), w, h};
    visml_draw_picture(s->plot, at, t);
    return s->plot->status;
}

static visml_status walk_once(visml_sheet *s, visml_sheet_walk walk, const void *user, visml_error *err) {
    s->top = GAP;
    if (s->opts->title)
        visml_sheet_heading(s, s->opts->title);
    VISML_TRY(walk(s, user, err));
    end_row(s);
    return VISML_OK;
}

visml_plot *visml_sheet_plot(visml_context *ctx, const visml_plot_sheet_opts *o, int64_t most, visml_sheet_walk walk, const void *user,
                             visml_error *err) {
    visml_sheet s = {.opts = o, .columns = most < o->columns ? (int32_t)most : o->columns, .scale = o->side >= 48 ? 2 : 1};
    if (walk_once(&s, walk, user, err) < 0)
        return NULL;
    s.plot = visml_plot_begin(ctx, width_of(&s), s.top, err);
    return s.plot ? visml_plot_end(s.plot, walk_once(&s, walk, user, err)) : NULL;
}
