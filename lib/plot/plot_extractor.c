/* What extractors see, for people. */
#include <math.h>

#include "base/error.h"
#include "base/options.h"
#include "feature/features.h"
#include "plot/font.h"
#include "plot/thumbnail.h"

#define GAP 8       /* pixels between panels */
#define PANELS 4    /* side by side */
#define DARKEST 0.004 /* opacity of strokes that would not be seen */
#define PI 3.14159265358979323846

static const visml_field fields[] = {
    VISML_FIELD(visml_plot_extractor_opts, scale, I32, 0, 1, 1, 64, 0),
    VISML_FIELD(visml_plot_extractor_opts, title, NAME, 0, 1, 0, 0, 0),
    {0},
};

/* ---- hog ---- */

/* The strokes of a cell with these sums, around its middle. Bins of Dalal and Triggs begin at 0, those of Felzenszwalb et al. have their
 * middle there. An edge is across the gradient. */
static void draw_cell(visml_plot *p, const visml_hog_opts *o, double x, double y, double radius, const float *sums, double most) {
    double begin = o->variant == VISML_HOG_UOCTTI ? 0 : 0.5;
    for (int32_t k = 0; k < o->orientations; k++) {
        double angle = PI * (k + begin) / o->orientations, across = -sin(angle) * radius, down = cos(angle) * radius;
        double opacity = (double)sums[k] / most;
        if (opacity > DARKEST)
            visml_draw_line(p, x - across, y - down, x + across, y + down, fmax(1, radius / 6), VISML_WHITE, opacity);
    }
}

static void draw_hog(visml_plot *p, visml_frame at, const visml_extractor *e, const visml_tensor *image, const visml_tensor *map) {
    const visml_hog_opts *o = e->object.opts;
    const int64_t *d = map->shape.dims;
    const float *sums = (const float *)(const void *)map->data;
    double down = o->pixels_per_cell[0] * at.height / (double)image->shape.dims[0];
    double across = o->pixels_per_cell[1] * at.width / (double)image->shape.dims[1], most = 0;
    for (int64_t i = 0; i < map->count; i++)
        most = fmax(most, (double)sums[i]);
    visml_draw_rectangle(p, at, VISML_BLACK, 1);
    for (int64_t i = 0; most > 0 && i < d[0] * d[1] && p->status == VISML_OK; i++)
        draw_cell(p, o, at.left + ((double)(i % d[1]) + 0.5) * across, at.top + ((double)(i / d[1]) + 0.5) * down,
                  0.45 * fmin(down, across), sums + i * d[2], most);
}

/* ---- lbp ---- */

static void draw_lbp(visml_plot *p, visml_frame at, const visml_extractor *e, const visml_tensor *image, const visml_tensor *map) {
    const int64_t *d = map->shape.dims;
    const float *values = (const float *)(const void *)map->data;
    float most = 0;
    (void)e, (void)image;
    for (int64_t i = 0; i < map->count; i++)
        most = values[i] > most ? values[i] : most;
    visml_tensor *gray = visml_tensor_new(p->context, VISML_U8, VISML_SHAPE(d[0], d[1], 1), p->err), *rgb = NULL;
    for (int64_t i = 0; gray && most > 0 && i < map->count; i++)
        gray->data[i] = (char)(int)(values[i] / most * 255 + 0.5f);
    if (gray)
        rgb = visml_image_convert(gray, VISML_COLOR_RGB, p->err);
    visml_tensor_release(gray);
    visml_draw_picture(p, at, rgb);
}

/* ---- dominant colours, and numbers ---- */

static uint32_t byte_of(float v) {
    return (uint32_t)(v <= 0 ? 0 : v >= 1 ? 255 : v * 255 + 0.5f);
}

static void draw_colors(visml_plot *p, visml_frame at, const visml_tensor *vectors) {
    double left = at.left;
    for (int64_t i = 0; i < vectors->shape.dims[0]; i++) {
        const float *c = (const float *)(const void *)vectors->data + 4 * i; /* red, green, blue, share */
        uint32_t color = byte_of(c[0]) << 16 | byte_of(c[1]) << 8 | byte_of(c[2]);
        double width = (double)c[3] * at.width;
        if (width > 0)
            visml_draw_rectangle(p, (visml_frame){left, at.top, width, at.height}, color, 1);
        left += width;
    }
}

/* From the least to the largest of numbers begin ... end - 1, and 0. */
static void ends_of(const float *v, int64_t begin, int64_t end, double *low, double *high) {
    *low = *high = 0;
    for (int64_t i = begin; i < end; i++) {
        *low = fmin(*low, (double)v[i]);
        *high = fmax(*high, (double)v[i]);
    }
}

/* Where there are more numbers than pixels, some of them share a bar. */
static void draw_bars(visml_plot *p, visml_frame at, const visml_tensor *vectors) {
    const float *v = (const float *)(const void *)vectors->data;
    int64_t n = vectors->count, bars = n < (int64_t)at.width ? n : (int64_t)at.width;
    double low, high, least, most, width = at.width / (double)bars, gap = width >= 4 ? 1 : 0;
    ends_of(v, 0, n, &least, &most);
    visml_draw_outline(p, at, VISML_GRAY);
    for (int64_t i = 0; most > least && i < bars; i++) {
        ends_of(v, i * n / bars, (i + 1) * n / bars, &low, &high);
        double top = at.top + (most - high) / (most - least) * at.height, bottom = at.top + (most - low) / (most - least) * at.height;
        if (bottom > top)
            visml_draw_rectangle(p, (visml_frame){at.left + (double)i * width, top, width - gap, bottom - top}, VISML_BARS, 1);
    }
}

/* ---- a panel ---- */

typedef struct drawing {
    const visml_extractor_class *cls;
    void (*with_map)(visml_plot *p, visml_frame at, const visml_extractor *e, const visml_tensor *image, const visml_tensor *map);
    void (*with_vectors)(visml_plot *p, visml_frame at, const visml_tensor *vectors);
} drawing;

static const drawing drawings[] = {
    {&visml_extractor_hog_class, draw_hog, NULL},
    {&visml_extractor_lbp_class, draw_lbp, NULL},
    {&visml_extractor_dominant_colors_class, NULL, draw_colors},
    {NULL, NULL, draw_bars}, /* any other */
};

static visml_status draw_panel(visml_plot *p, visml_frame at, const visml_extractor *e, const visml_tensor *image, visml_error *err) {
    const drawing *d = drawings;
    while (d->cls && d->cls != visml_extractor_class_of(e))
        d++;
    visml_tensor *seen = d->with_map ? visml_extractor_map(e, image, err) : visml_extractor_run(e, image, err);
    if (!seen)
        return VISML_EINVAL;
    if (d->with_map)
        d->with_map(p, at, e, image, seen);
    else
        d->with_vectors(p, at, seen);
    visml_tensor_release(seen);
    return VISML_OK;
}

/* ---- one extractor ---- */

/* What is left of the options is the scale, which is no longer 0. */
static visml_status read_options(const visml_plot_extractor_opts *opts, const visml_tensor *image, int32_t longest,
                                 visml_plot_extractor_opts *o, visml_error *err) {
    VISML_TRY(visml_options_read("plot", fields, opts, o, sizeof *o, err));
    int64_t h = image->shape.dims[0], w = image->shape.dims[1], fits = longest / (h > w ? h : w);
    if (!o->scale)
        o->scale = (int32_t)(fits < 1 ? 1 : fits > 64 ? 64 : fits);
    return VISML_OK;
}

/* Room above for a title, which is drawn there. */
static double title_height(const visml_plot_extractor_opts *o) {
    return o->title ? 2 * (VISML_FONT_ROWS + 4) : 0;
}

static void draw_title(visml_plot *p, const visml_plot_extractor_opts *o) {
    visml_style style = {2, (int32_t)fmax(p->width / (2 * VISML_FONT_STEP), 3), VISML_ANCHOR_MIDDLE, 0};
    visml_draw_text(p, floor(p->width / 2), 2 * (VISML_FONT_ASCENT + 2), style, o->title);
}

visml_plot *visml_plot_extractor(const visml_extractor *extractor, const visml_tensor *image, const visml_plot_extractor_opts *opts,
                                 visml_error *err) {
    visml_plot_extractor_opts o;
    visml_compute c;
    if (!extractor) {
        visml_fail(err, VISML_EINVAL, "plot: extractor is NULL");
        return NULL;
    }
    c = visml_context_compute(extractor->object.context);
    if (visml_features_check_image(&c, image, err) < 0 || read_options(opts, image, 512, &o, err) < 0)
        return NULL;
    double width = (double)image->shape.dims[1] * o.scale, height = (double)image->shape.dims[0] * o.scale;
    visml_plot *p = visml_plot_begin(extractor->object.context, width, height + title_height(&o), err);
    if (!p)
        return NULL;
    draw_title(p, &o);
    return visml_plot_end(p, draw_panel(p, (visml_frame){0, title_height(&o), width, height}, extractor, image, err));
}

/* ---- features ---- */

typedef struct panels {
    double width, height; /* of a panel */
    double across, down;  /* from one to the next */
    int32_t scale;        /* of texts */
    int64_t columns, rows;
    double top;
} panels;

static panels panels_of(const visml_features *f, const visml_tensor *image, const visml_plot_extractor_opts *o) {
    panels n = {.width = (double)image->shape.dims[1] * o->scale, .height = (double)image->shape.dims[0] * o->scale};
    int64_t count = (int64_t)f->branch_count + 1;
    n.scale = n.width >= 192 ? 2 : 1; /* so that most names of classes fit */
    n.across = fmax(n.width, 96) + GAP;
    n.down = n.height + (VISML_FONT_ROWS + 2) * n.scale + GAP;
    n.columns = count < PANELS ? count : PANELS;
    n.rows = (count + PANELS - 1) / PANELS;
    n.top = title_height(o) + GAP;
    return n;
}

/* Of panel number i, with its name below it. */
static visml_frame place(visml_plot *p, const panels *n, int64_t i, const char *name) {
    visml_frame at = {GAP + (double)(i % n->columns) * n->across, n->top + (double)(i / n->columns) * n->down, n->width, n->height};
    visml_style style = {.scale = n->scale, .most = (int32_t)(n->across / (VISML_FONT_STEP * n->scale))};
    visml_draw_text(p, at.left, at.top + at.height + (VISML_FONT_ASCENT + 3) * n->scale, style, name);
    return at;
}

static visml_status draw_all(visml_plot *p, const panels *n, const visml_features *f, const visml_tensor *image, visml_error *err) {
    visml_tensor *rgb = visml_thumbnail_rgb("plot: image", image, err);
    if (!rgb)
        return VISML_EINVAL;
    visml_draw_picture(p, place(p, n, 0, "picture"), rgb);
    for (size_t i = 0; i < f->branch_count; i++) {
        const visml_extractor *e = f->branches[i].extractor;
        VISML_TRY(draw_panel(p, place(p, n, (int64_t)i + 1, e->object.kind->name), e, image, err));
    }
    return VISML_OK;
}

static visml_plot *draw_features(const visml_features *f, const visml_tensor *image, const visml_plot_extractor_opts *opts,
                                 visml_error *err) {
    visml_plot_extractor_opts o;
    if (read_options(opts, image, 256, &o, err) < 0)
        return NULL;
    panels n = panels_of(f, image, &o);
    visml_plot *p = visml_plot_begin(f->context, (double)n.columns * n.across + GAP, n.top + (double)n.rows * n.down, err);
    if (!p)
        return NULL;
    draw_title(p, &o);
    return visml_plot_end(p, draw_all(p, &n, f, image, err));
}

visml_plot *visml_plot_features(const visml_features *features, const visml_tensor *image, const visml_plot_extractor_opts *opts,
                                visml_error *err) {
    if (!features || !features->branch_count) {
        visml_fail(err, VISML_EINVAL, features ? "plot: features has no extractor; call visml_features_add first"
                                               : "plot: features is NULL");
        return NULL;
    }
    visml_compute c = visml_context_compute(features->context);
    if (visml_features_check_image(&c, image, err) < 0)
        return NULL;
    visml_tensor *sized = visml_features_sized(features, image, err);
    visml_plot *p = sized ? draw_features(features, sized, opts, err) : NULL;
    visml_tensor_release(sized);
    return p;
}
