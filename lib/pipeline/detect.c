/* Things of any size in a picture: a window over a pyramid of copies (Dalal and Triggs 2005). */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "pipeline/pipeline.h"
#include "pipeline/suppression.h"

#define BATCH 256 /* windows that are looked at together */

static const visml_field fields[] = {
    VISML_FIELD(visml_detect_opts, height, I32, 0, 1, 1, 65535, 0),
    VISML_FIELD(visml_detect_opts, width, I32, 0, 1, 1, 65535, 0),
    VISML_FIELD(visml_detect_opts, stride, I32, 0, 1, 1, 65535, 8),
    VISML_FIELD(visml_detect_opts, scale, F64, VISML_FIELD_OPEN_MIN, 1, 1, 1000, 1.2),
    VISML_FIELD(visml_detect_opts, scales, I32, 0, 1, 1, 1000, 1000),
    VISML_FIELD(visml_detect_opts, most, I32, 0, 1, 1, 2147483647, 1000),
    VISML_FIELD(visml_detect_opts, threshold, F64, 0, 1, -1e30, 1e30, NAN), /* that of the pipeline's kind of scores */
    VISML_FIELD(visml_detect_opts, overlap, F64, 0, 1, 0, 1, 0.3),
    {0},
};

/* Windows that count. */
typedef struct found {
    float *boxes; /* [count, 4] */
    float *scores;
    int32_t *labels;
    size_t count, box_room, score_room, label_room;
} found;

typedef struct detection {
    const visml_pipeline *p;
    const visml_tensor *image;
    visml_detect_opts opts;
    int64_t height, width; /* of a window in a copy: as pictures that were learned from */
    int64_t background;    /* number of that class; -1: there is none */
    double down, across;   /* pixels of the picture for one of the present copy */
    int64_t done, total;   /* windows */
    found found;
} detection;

/* ---- options ---- */

static visml_status find_background(detection *d, visml_error *err) {
    d->background = -1;
    if (!d->opts.background)
        return VISML_OK;
    for (size_t i = 0; d->p->names && i < d->p->width; i++)
        if (strcmp(d->p->names[i], d->opts.background) == 0)
            d->background = (int64_t)i;
    return d->background >= 0 ? VISML_OK
                              : visml_fail(err, VISML_EINVAL, "detect: background is \"%.64s\", must be the name of a class",
                                           d->opts.background);
}

/* What is looked at has the size that the pipeline knows; a window of another size is brought to it with all of the picture. */
static visml_status find_window(detection *d, visml_error *err) {
    visml_detect_opts *o = &d->opts;
    const visml_shape *in = &d->p->input;
    if (!o->height != !o->width)
        return visml_fail(err, VISML_EINVAL, "detect: height is %d and width %d; give both, or neither", (int)o->height, (int)o->width);
    int known = in->rank == 3 && in->dims[0] > 0 && in->dims[1] > 0;
    if (!known && !o->height)
        return visml_fail(err, VISML_EINVAL, "detect: the size of the pictures that were learned from is not known; give height and width");
    d->height = known ? in->dims[0] : o->height;
    d->width = known ? in->dims[1] : o->width;
    if (!o->height)
        o->height = (int32_t)d->height, o->width = (int32_t)d->width;
    return VISML_OK;
}

static visml_status begin(detection *d, const visml_detect_opts *opts, visml_error *err) {
    VISML_TRY(visml_pipeline_check_fitted(d->p, err));
    VISML_TRY(visml_options_read("detect", fields, opts, &d->opts, sizeof d->opts, err));
    VISML_TRY(visml_tensor_check("detect: image", d->image, 0, err));
    if (d->image->shape.rank != 3 || (d->image->dtype != VISML_U8 && d->image->dtype != VISML_F32))
        return visml_fail(err, VISML_EINVAL, "detect: image is %s %s, must be uint8 or float32 [height, width, channels]",
                          visml_dtype_name(d->image->dtype), visml_shape_format(&d->image->shape).s);
    if (isnan(d->opts.threshold))
        d->opts.threshold = visml_pipeline_has_probabilities(d->p) ? 0.5 : 0;
    VISML_TRY(find_background(d, err));
    return find_window(d, err);
}

/* ---- windows ---- */

static visml_status keep(detection *d, int64_t top, int64_t left, float score, int32_t label, visml_error *err) {
    found *f = &d->found;
    visml_memory *m = &d->p->context->memory;
    void *boxes = f->boxes, *scores = f->scores, *labels = f->labels;
    visml_status status = visml_mem_grow(m, &boxes, &f->box_room, 4 * (f->count + 1), sizeof(float), err);
    f->boxes = boxes;
    if (status == VISML_OK)
        status = visml_mem_grow(m, &scores, &f->score_room, f->count + 1, sizeof(float), err);
    f->scores = scores;
    if (status == VISML_OK)
        status = visml_mem_grow(m, &labels, &f->label_room, f->count + 1, sizeof(int32_t), err);
    f->labels = labels;
    VISML_TRY(status);
    float *box = f->boxes + 4 * f->count;
    box[0] = (float)((double)top * d->down), box[1] = (float)((double)left * d->across);
    box[2] = (float)((double)d->height * d->down), box[3] = (float)((double)d->width * d->across);
    f->scores[f->count] = score;
    f->labels[f->count++] = label;
    return VISML_OK;
}

/* Window number `first + i` of a copy with `columns` of them in a row. */
static void place_of(const detection *d, int64_t number, int64_t columns, int64_t *top, int64_t *left) {
    *top = number / columns * d->opts.stride;
    *left = number % columns * d->opts.stride;
}

static visml_status take_scores(detection *d, int64_t first, int64_t columns, const visml_tensor *scores, visml_error *err) {
    const float *y = (const float *)(const void *)scores->data;
    for (int64_t i = 0; i < scores->shape.dims[0]; i++, y += d->p->width) {
        int64_t best = 0, top, left;
        for (int64_t k = 1; (size_t)k < d->p->width; k++)
            best = y[k] > y[best] ? k : best;
        place_of(d, first + i, columns, &top, &left);
        if (best != d->background && (double)y[best] > d->opts.threshold)
            VISML_TRY(keep(d, top, left, y[best], (int32_t)best, err));
    }
    return VISML_OK;
}

/* Windows first ... first + n - 1 of a copy, cut out. */
static void cut_out(const detection *d, const visml_tensor *copy, int64_t first, int64_t columns, visml_tensor *windows) {
    size_t pixel = (size_t)copy->shape.dims[2] * visml_dtype_bytes(copy->dtype), row = (size_t)copy->shape.dims[1] * pixel;
    char *to = windows->data;
    for (int64_t i = 0; i < windows->shape.dims[0]; i++) {
        int64_t top, left;
        place_of(d, first + i, columns, &top, &left);
        for (int64_t y = 0; y < d->height; y++, to += (size_t)d->width * pixel)
            memcpy(to, copy->data + (size_t)(top + y) * row + (size_t)left * pixel, (size_t)d->width * pixel);
    }
}

static visml_status look_at(detection *d, const visml_tensor *copy, int64_t first, int64_t n, int64_t columns, visml_error *err) {
    visml_tensor *windows = visml_tensor_new(d->p->context, copy->dtype, VISML_SHAPE(n, d->height, d->width, copy->shape.dims[2]), err);
    visml_error why = {0};
    if (!windows)
        return VISML_ENOMEM;
    cut_out(d, copy, first, columns, windows);
    visml_tensor *scores = visml_pipeline_scores(d->p, windows, &why);
    visml_tensor_release(windows);
    if (!scores)
        return visml_fail(err, why.code, "detect: %.900s", why.message);
    visml_status status = take_scores(d, first, columns, scores, err);
    visml_tensor_release(scores);
    return status;
}

static visml_status walk(detection *d, const visml_tensor *copy, visml_error *err) {
    int64_t rows = (copy->shape.dims[0] - d->height) / d->opts.stride + 1, columns = (copy->shape.dims[1] - d->width) / d->opts.stride + 1;
    for (int64_t first = 0; first < rows * columns; first += BATCH) {
        int64_t n = rows * columns - first < BATCH ? rows * columns - first : BATCH;
        VISML_TRY(look_at(d, copy, first, n, columns, err));
        d->done += n;
        const visml_pipeline_progress p = {.size = sizeof p, .stage = VISML_PIPELINE_VECTORS, .done = d->done, .total = d->total,
                                           .loss = NAN, .validation = NAN};
        VISML_TRY(visml_pipeline_tell(d->opts.progress, d->opts.user, &p, err));
    }
    return VISML_OK;
}

/* ---- the pyramid ---- */

/* The sides of copy number i; 0 when the window does not fit into it. */
static int sides_of(const detection *d, int32_t i, int64_t *height, int64_t *width) {
    const int64_t *own = d->image->shape.dims;
    double scale = pow(d->opts.scale, i);
    *height = llround((double)own[0] * (double)d->height / ((double)d->opts.height * scale));
    *width = llround((double)own[1] * (double)d->width / ((double)d->opts.width * scale));
    return *height >= d->height && *width >= d->width;
}

static void count_windows(detection *d) {
    int64_t height, width;
    for (int32_t i = 0; i < d->opts.scales && sides_of(d, i, &height, &width); i++)
        d->total += ((height - d->height) / d->opts.stride + 1) * ((width - d->width) / d->opts.stride + 1);
}

static visml_status walk_pyramid(detection *d, visml_error *err) {
    int64_t height, width;
    count_windows(d);
    for (int32_t i = 0; i < d->opts.scales && sides_of(d, i, &height, &width); i++) {
        visml_tensor *copy = visml_image_resize(d->image, height, width, VISML_FILTER_BILINEAR, err);
        if (!copy)
            return err ? err->code : VISML_ENOMEM;
        d->down = (double)d->image->shape.dims[0] / (double)height;
        d->across = (double)d->image->shape.dims[1] / (double)width;
        visml_status status = walk(d, copy, err);
        visml_tensor_release(copy);
        VISML_TRY(status);
    }
    return VISML_OK;
}

/* ---- what is given back ---- */

typedef struct results {
    visml_tensor *boxes, *scores, *labels;
} results;

static void copy_kept(const found *f, const int32_t *places, int64_t n, results *r) {
    for (int64_t i = 0; i < n; i++) {
        memcpy((float *)(void *)r->boxes->data + 4 * i, f->boxes + 4 * places[i], 4 * sizeof(float));
        ((float *)(void *)r->scores->data)[i] = f->scores[places[i]];
        ((int32_t *)(void *)r->labels->data)[i] = f->labels[places[i]];
    }
}

static visml_status make_results(const detection *d, const int32_t *places, int64_t n, results *r, visml_error *err) {
    visml_context *ctx = d->p->context;
    r->boxes = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, 4), err);
    r->scores = r->boxes ? visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n), err) : NULL;
    r->labels = r->scores ? visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), err) : NULL;
    if (r->labels) {
        copy_kept(&d->found, places, n, r);
        return VISML_OK;
    }
    visml_tensor_release(r->boxes);
    visml_tensor_release(r->scores);
    return VISML_ENOMEM;
}

static visml_status finish(const detection *d, results *r, visml_error *err) {
    const found *f = &d->found;
    visml_memory *m = &d->p->context->memory;
    int32_t *places = visml_mem_zalloc(m, f->count, sizeof *places, err);
    int64_t n = 0;
    visml_status status = places ? visml_suppress(m, (int64_t)f->count, f->boxes, f->scores, f->labels, d->opts.overlap, d->opts.most,
                                                  places, &n, err)
                                 : VISML_ENOMEM;
    if (status == VISML_OK)
        status = make_results(d, places, n, r, err);
    visml_mem_free(m, places);
    return status;
}

visml_status visml_pipeline_detect(const visml_pipeline *pipeline, const visml_tensor *image, const visml_detect_opts *opts,
                                   visml_tensor **boxes, visml_tensor **scores, visml_tensor **labels, visml_error *err) {
    detection d = {.p = pipeline, .image = image};
    results r = {0};
    if (!boxes || !scores || !labels)
        return visml_fail(err, VISML_EINVAL, "detect: %s is NULL", !boxes ? "boxes" : !scores ? "scores" : "labels");
    VISML_TRY(begin(&d, opts, err));
    visml_memory *m = &pipeline->context->memory;
    visml_status status = walk_pyramid(&d, err);
    if (status == VISML_OK)
        status = finish(&d, &r, err);
    visml_mem_free(m, d.found.boxes);
    visml_mem_free(m, d.found.scores);
    visml_mem_free(m, d.found.labels);
    if (status == VISML_OK)
        *boxes = r.boxes, *scores = r.scores, *labels = r.labels;
    return status;
}
