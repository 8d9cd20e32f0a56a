#include "kernel/qproduct.h"

#ifndef VISML_REAL_DOUBLE

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/span.h"
#include "visml/base.h"

#define DEPTHWISE_BLOCK 64 /* channels */
#define SMALLEST 1e-30     /* a range of nothing but zeros gets this scale */

visml_qform visml_qform_of(float lo, float hi) {
    double from = lo < 0 ? (double)lo : 0, to = hi > 0 ? (double)hi : 0, scale = (to - from) / 255;
    if (scale < SMALLEST)
        scale = SMALLEST;
    double zero = nearbyint(-from / scale);
    return (visml_qform){(float)scale, (int32_t)(zero > 255 ? 255 : zero)};
}

static int is_depthwise(const visml_conv2d_geometry *g) {
    return g->groups == g->c && g->f == g->c && g->c > 1;
}

/* ---- the layout: weights, then start, scale, bias, after and shift of every column, all at multiples of 64 bytes ---- */

typedef struct layout {
    int64_t columns; /* of all groups, with those that fill the last panel or block */
    int64_t weights; /* bytes */
} layout;

/* 0 when the sizes cannot be addressed. */
static int layout_of(const visml_conv2d_geometry *g, layout *l) {
    int64_t k = g->kh * g->kw * (g->c / g->groups), f = g->f / g->groups;
    size_t columns, bytes;
    if (is_depthwise(g)) {
        columns = (size_t)visml_blocks(g->c, DEPTHWISE_BLOCK) * DEPTHWISE_BLOCK;
        if (!visml_size_mul(columns, (size_t)(g->kw * visml_blocks(g->kh, 4) * 4), &bytes))
            return 0;
    } else if (!visml_size_mul((size_t)(visml_blocks(f, VISML_QPANEL) * VISML_QPANEL), (size_t)g->groups, &columns) ||
               !visml_size_mul(columns, (size_t)(visml_blocks(k, 4) * 4), &bytes)) {
        return 0;
    }
    *l = (layout){(int64_t)columns, (int64_t)bytes};
    return columns < SIZE_MAX / 64 && bytes < SIZE_MAX / 4;
}

size_t visml_qconv2d_bytes(const visml_conv2d_geometry *g) {
    layout l;
    return layout_of(g, &l) ? (size_t)l.weights + (size_t)l.columns * 20 : SIZE_MAX;
}

/* ---- one filter ---- */

typedef struct filter {
    const float *w; /* its first weight; the others follow `ld` apart */
    int64_t count, ld;
    double gain, scale; /* a weight is w gain / scale, to the nearest whole number */
} filter;

static filter filter_of(const visml_conv2d_geometry *g, const visml_qconv2d_terms *t, int64_t f) {
    filter x = {t->w + f, g->kh * g->kw * (g->c / g->groups), g->f, t->gain ? (double)t->gain[f] : 1, 0};
    double top = 0;
    for (int64_t i = 0; i < x.count; i++)
        top = fmax(top, fabs((double)x.w[i * x.ld] * x.gain));
    x.scale = top > 0 ? top / 127 : 1;
    return x;
}

static int8_t weight_of(const filter *x, int64_t i) {
    return (int8_t)nearbyint((double)x->w[i * x->ld] * x->gain / x->scale);
}

/* ---- where a filter's weights and terms stand ---- */

typedef struct place {
    int64_t column;  /* of start, scale and bias */
    int64_t weights; /* of its first byte */
} place;

static place place_of(const visml_conv2d_geometry *g, int64_t f) {
    int64_t steps = visml_blocks(g->kh * g->kw * (g->c / g->groups), 4), per_group = g->f / g->groups;
    if (is_depthwise(g)) {
        int64_t block = f / 64, c = f % 64, lane = c / 16 * 4 + c % 4, q = c / 4 % 4;
        return (place){block * 64 + q * 16 + lane, block * g->kw * visml_blocks(g->kh, 4) * 256 + q * 64 + lane * 4};
    }
    int64_t column = f / per_group * (visml_blocks(per_group, VISML_QPANEL) * VISML_QPANEL) + f % per_group;
    return (place){column, column / VISML_QPANEL * steps * 64 + column % VISML_QPANEL * 4};
}

/* From the filter's first byte to that of its weight number i. */
static int64_t distance(const visml_conv2d_geometry *g, int64_t i) {
    if (!is_depthwise(g))
        return i / 4 * 64 + i % 4;
    int64_t row = i / g->kw, column = i % g->kw;
    return (column * visml_blocks(g->kh, 4) + row / 4) * 256 + row % 4;
}

/* ---- all of them ---- */

/* Whether the result's scale may be divided by before the activation. */
static int divides_early(const visml_qconv2d_terms *t) {
    int32_t a = t->activation;
    return !t->to_float && !t->after && (a == VISML_LINEAR || a == VISML_RELU || a == VISML_RELU6 || a == VISML_LEAKY_RELU);
}

/* ReLU and ReLU6 become bounds: what is below 0 is the byte `zero`. */
static void describe(const visml_qconv2d_terms *t, double divisor, visml_requantize *r) {
    int bound = (t->activation == VISML_RELU || t->activation == VISML_RELU6) && divides_early(t);
    r->activation = bound ? VISML_LINEAR : t->activation;
    r->alpha = t->alpha;
    r->zero = t->to_float ? 0 : t->y.zero;
    r->lo = bound ? 0 : (float)-r->zero;
    r->hi = (float)(255 - r->zero);
    if (bound && t->activation == VISML_RELU6)
        r->hi = fminf(r->hi, (float)(6 / (double)t->y.scale));
    r->residual_zero = t->residual.zero;
    r->residual_scale = (float)((double)t->residual.scale / divisor);
}

typedef struct columns {
    int32_t *start;
    float *scale, *bias, *after, *shift;
} columns;

static void put_terms(const visml_qconv2d_terms *t, int64_t f, double weight_scale, double divisor, int64_t column, const columns *to) {
    double late = t->to_float ? 1 : (double)t->y.scale;
    to->scale[column] = (float)((double)t->x.scale * weight_scale / divisor);
    to->bias[column] = t->bias ? (float)((double)t->bias[f] / divisor) : 0;
    to->after[column] = (float)((t->after ? (double)t->after[f] : 1) / late);
    to->shift[column] = t->after ? (float)((double)t->shift[f] / late) : 0;
}

static void put_filter(const visml_conv2d_geometry *g, const visml_qconv2d_terms *t, int64_t f, double divisor, int8_t *weights,
                       const columns *to) {
    filter x = filter_of(g, t, f);
    place p = place_of(g, f);
    int32_t sum = 0;
    for (int64_t i = 0; i < x.count; i++) {
        int8_t w = weight_of(&x, i);
        weights[p.weights + distance(g, i)] = w;
        sum += w;
    }
    to->start[p.column] = -t->x.zero * sum;
    put_terms(t, f, x.scale, divisor, p.column, to);
}

void visml_qconv2d_prepare(visml_qconv2d *q, const visml_conv2d_geometry *g, const visml_qconv2d_terms *terms, void *memory) {
    layout l = {0, 0};
    double divisor = divides_early(terms) ? (double)terms->y.scale : 1;
    layout_of(g, &l);
    memset(memory, 0, visml_qconv2d_bytes(g));
    columns to = {.start = (int32_t *)(void *)((char *)memory + l.weights)};
    to.scale = (float *)(to.start + l.columns);
    to.bias = to.scale + l.columns;
    to.after = to.bias + l.columns;
    to.shift = to.after + l.columns;
    *q = (visml_qconv2d){.g = *g, .x = terms->x, .weights = memory, .to_float = terms->to_float, .depthwise = is_depthwise(g)};
    describe(terms, divisor, &q->r);
    for (int64_t f = 0; f < g->f; f++)
        put_filter(g, terms, f, divisor, memory, &to);
    int late = terms->after || (!terms->to_float && !divides_early(terms));
    q->r.start = to.start;
    q->r.scale = to.scale;
    q->r.bias = to.bias;
    q->r.after = late ? to.after : NULL;
    q->r.shift = late ? to.shift : NULL;
}

#endif
