/* Resampling as Pillow does it: a horizontal and a vertical pass, the filter's support growing with the reduction. */
#include "image/resize.h"

#include <math.h>

#include "base/checked.h"
#include "base/error.h"
#include "image/image.h"
#include "kernel/resample.h"
#include "tensor/tensor.h"

/* ---- weights ---- */

static double triangle(double x) {
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double box(double x) {
    return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

/* For each output place the inputs that it is made of and their weights. */
typedef struct taps {
    int64_t size; /* weights of each place */
    int32_t *first, *count;
    double *real;
    int32_t *fixed; /* the same in units of 2^-VISML_TAP_BITS */
} taps;

static void free_taps(visml_memory *m, taps *t) {
    visml_mem_free(m, t->first);
    visml_mem_free(m, t->count);
    visml_mem_free(m, t->real);
    visml_mem_free(m, t->fixed);
}

static visml_status alloc_taps(visml_memory *m, int64_t places, taps *t, visml_error *err) {
    size_t total;
    if (!visml_size_mul((size_t)places, (size_t)t->size, &total))
        return visml_fail(err, VISML_ENOMEM, "resize: %lld weights are more than can be addressed", (long long)places);
    t->first = visml_mem_zalloc(m, (size_t)places, sizeof *t->first, err);
    t->count = t->first ? visml_mem_zalloc(m, (size_t)places, sizeof *t->count, err) : NULL;
    t->real = t->count ? visml_mem_zalloc(m, total, sizeof *t->real, err) : NULL;
    t->fixed = t->real ? visml_mem_zalloc(m, total, sizeof *t->fixed, err) : NULL;
    if (t->fixed)
        return VISML_OK;
    free_taps(m, t);
    return VISML_ENOMEM;
}

/* Weights of one place around `center`, in inputs; `stretch` is how much wider than 1 the filter is. */
static void fill_place(taps *t, int64_t place, double center, double stretch, double support, int64_t in, double (*filter)(double)) {
    double *w = t->real + place * t->size, sum = 0.0, inverse = 1.0 / stretch;
    int64_t first = (int64_t)(center - support + 0.5), end = (int64_t)(center + support + 0.5);
    first = first < 0 ? 0 : first;
    end = end > in ? in : end;
    for (int64_t i = first; i < end; i++) {
        w[i - first] = filter(((double)i - center + 0.5) * inverse);
        sum += w[i - first];
    }
    for (int64_t i = 0; i < end - first; i++) {
        if (sum != 0.0)
            w[i] /= sum;
        t->fixed[place * t->size + i] = (int32_t)(0.5 + w[i] * (1 << VISML_TAP_BITS)); /* these filters are never negative */
    }
    t->first[place] = (int32_t)first;
    t->count[place] = (int32_t)(end - first);
}

static visml_status make_taps(visml_memory *m, int64_t in, int64_t out, visml_filter filter, taps *t, visml_error *err) {
    double scale = (double)in / (double)out, stretch = scale < 1.0 ? 1.0 : scale;
    double support = (filter == VISML_FILTER_AREA ? 0.5 : 1.0) * stretch;
    *t = (taps){.size = (int64_t)ceil(support) * 2 + 1};
    VISML_TRY(alloc_taps(m, out, t, err));
    for (int64_t i = 0; i < out; i++)
        fill_place(t, i, ((double)i + 0.5) * scale, stretch, support, in, filter == VISML_FILTER_AREA ? box : triangle);
    return VISML_OK;
}

/* ---- passes ---- */

static visml_sample sample_of(visml_dtype dtype) {
    return dtype == VISML_U8 ? VISML_SAMPLE_U8 : dtype == VISML_U16 ? VISML_SAMPLE_U16 : VISML_SAMPLE_F32;
}

static visml_taps view_of(const taps *t) {
    return (visml_taps){t->size, t->first, t->count, t->real, t->fixed};
}

/* A pass along a side that does not change would change nothing: it is left out. */
static visml_tensor *resize_width(const visml_tensor *image, int64_t width, visml_filter filter, visml_error *err) {
    const int64_t *d = image->shape.dims;
    visml_memory *m = &image->context->memory;
    visml_compute c = visml_context_compute(image->context);
    visml_columns s = {d[1], width, d[2], {0}};
    void *scratch = visml_mem_alloc(m, visml_resample_width_scratch(&c, sample_of(image->dtype), &s), err);
    visml_tensor *out = scratch ? visml_image_like(image, d[0], width, d[2], err) : NULL;
    taps t;
    if (!out || make_taps(m, d[1], width, filter, &t, err) < 0) {
        visml_tensor_release(out);
        visml_mem_free(m, scratch);
        return NULL;
    }
    s.taps = view_of(&t);
    visml_resample_width(&c, sample_of(image->dtype), &s, d[0], image->data, out->data, scratch);
    free_taps(m, &t);
    visml_mem_free(m, scratch);
    return out;
}

static visml_tensor *resize_height(const visml_tensor *image, int64_t height, visml_filter filter, visml_error *err) {
    const int64_t *d = image->shape.dims;
    visml_compute c = visml_context_compute(image->context);
    visml_tensor *out = visml_image_like(image, height, d[1], d[2], err);
    taps t;
    if (!out || make_taps(&image->context->memory, d[0], height, filter, &t, err) < 0) {
        visml_tensor_release(out);
        return NULL;
    }
    visml_taps v = view_of(&t);
    visml_resample_height(&c, sample_of(image->dtype), &v, d[1] * d[2], height, image->data, out->data);
    free_taps(&image->context->memory, &t);
    return out;
}

/* ---- nearest ---- */

/* Source of each output place. The position is added up, not multiplied, because Pillow does so and the last bit can decide. */
static void nearest_places(int64_t in, int64_t out, int64_t *places) {
    double scale = (double)in / (double)out, position = scale * 0.5;
    for (int64_t i = 0; i < out; i++, position += scale) {
        int64_t place = (int64_t)position;
        places[i] = place < in ? place : in - 1;
    }
}

static visml_tensor *nearest(const visml_tensor *image, int64_t height, int64_t width, visml_error *err) {
    const int64_t *d = image->shape.dims;
    visml_memory *m = &image->context->memory;
    int64_t pixel = d[2] * (int64_t)visml_dtype_bytes(image->dtype);
    int64_t *columns = visml_mem_zalloc(m, (size_t)width, sizeof *columns, err);
    int64_t *rows = columns ? visml_mem_zalloc(m, (size_t)height, sizeof *rows, err) : NULL;
    visml_tensor *out = rows ? visml_image_like(image, height, width, d[2], err) : NULL;
    if (out) {
        visml_compute c = visml_context_compute(image->context);
        nearest_places(d[1], width, columns);
        nearest_places(d[0], height, rows);
        visml_resample_nearest(&c, pixel, d[1], height, width, rows, columns, image->data, out->data);
    }
    visml_mem_free(m, rows);
    visml_mem_free(m, columns);
    return out;
}

/* ---- the public call ---- */

/* Which pass comes first decides how much work the second has, and rounds differently. The rule is that of Pillow 13, found by trial. */
static int vertical_first(const int64_t *d, int64_t height, int64_t width) {
    return height < d[0] && d[0] - height > 2 * (d[1] - width);
}

static visml_tensor *two_passes(const visml_tensor *image, int64_t height, int64_t width, visml_filter filter, visml_error *err) {
    const int64_t *d = image->shape.dims;
    if (width == d[1])
        return resize_height(image, height, filter, err);
    if (height == d[0])
        return resize_width(image, width, filter, err);
    int vertical = vertical_first(d, height, width);
    visml_tensor *half = vertical ? resize_height(image, height, filter, err) : resize_width(image, width, filter, err);
    if (!half)
        return NULL;
    visml_tensor *out = vertical ? resize_width(half, width, filter, err) : resize_height(half, height, filter, err);
    visml_tensor_release(half);
    return out;
}

visml_status visml_resize_check(const char *what, int64_t height, int64_t width, visml_filter filter, visml_error *err) {
    if (height < 1 || width < 1 || height > INT32_MAX || width > INT32_MAX)
        return visml_fail(err, VISML_EINVAL, "%s: height is %lld and width %lld, both must be 1 to %d", what, (long long)height,
                          (long long)width, INT32_MAX);
    if (filter != VISML_FILTER_BILINEAR && filter != VISML_FILTER_NEAREST && filter != VISML_FILTER_AREA)
        return visml_fail(err, VISML_EINVAL, "%s: filter is %d, must be VISML_FILTER_BILINEAR (0), _NEAREST (1) or _AREA (2)", what,
                          filter);
    return VISML_OK;
}

visml_tensor *visml_image_resize(const visml_tensor *image, int64_t height, int64_t width, visml_filter filter, visml_error *err) {
    if (visml_image_check("resize: image", image, err) < 0 || visml_resize_check("resize", height, width, filter, err) < 0)
        return NULL;
    const int64_t *d = image->shape.dims;
    if (d[0] > INT32_MAX || d[1] > INT32_MAX) {
        visml_fail(err, VISML_EINVAL, "resize: image has shape %s, a side can have %d pixels at most", visml_shape_format(&image->shape).s,
                   INT32_MAX);
        return NULL;
    }
    if (height == d[0] && width == d[1])
        return visml_image_convert(image, VISML_COLOR_AS_IS, err); /* a copy */
    if (filter == VISML_FILTER_NEAREST)
        return nearest(image, height, width, err);
    return two_passes(image, height, width, filter, err);
}
