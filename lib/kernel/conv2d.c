/* Which way of computing a convolution is taken: by its shape alone. */
#include "kernel/conv2d.h"

#include "base/checked.h"
#include "kernel/depthwise.h"
#include "kernel/direct.h"
#include "kernel/kernels.h"
#include "kernel/norm.h"
#include "kernel/pointwise.h"
#include "kernel/scatter.h"
#include "kernel/thin.h"
#include "kernel/winograd.h"
#include "visml/base.h"

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t bytes_of(size_t elements) {
    size_t bytes;
    return visml_size_mul(elements, sizeof(real), &bytes) && visml_size_align(bytes, 64, &bytes) ? bytes : SIZE_MAX;
}

static size_t bytes_sum(size_t a, size_t b) {
    size_t sum;
    return visml_size_add(a, b, &sum) ? sum : SIZE_MAX;
}

/* ---- packed weights ---- */

size_t visml_conv2d_packed_bytes(const visml_compute *c, const visml_conv2d_geometry *g) {
    int32_t m = visml_winograd_choice(g);
    if (visml_depthwise_fits(g)) /* read as they are */
        return bytes_of((size_t)(g->kh * g->kw * g->f));
    return m ? bytes_of(visml_winograd_packed_elements(c, g, m)) : visml_direct_packed_bytes(c, g);
}

int32_t visml_conv2d_packed_form(const visml_conv2d_geometry *g) {
    return visml_depthwise_fits(g) ? 0 : visml_winograd_choice(g) / 2;
}

void visml_conv2d_pack(const visml_compute *c, const visml_conv2d_geometry *g, const real *w, void *packed) {
    int32_t m = visml_winograd_choice(g);
    if (visml_depthwise_fits(g))
        c->kernels->copy_rows(1, g->kh * g->kw * g->f, w, 0, packed, 0);
    else if (m)
        visml_winograd_pack(c, g, m, w, packed);
    else
        visml_direct_pack(c, g, w, packed);
}

/* ---- forward ---- */

size_t visml_conv2d_forward_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    int32_t m = visml_winograd_choice(g);
    if (visml_depthwise_fits(g))
        return visml_depthwise_forward_scratch(c, g);
    if (visml_thin_applies(g))
        return bytes_sum(bytes_of(visml_direct_packed_bytes(c, g) / sizeof(real)), visml_thin_forward_scratch(c, g));
    if (visml_pointwise_applies(g))
        return visml_pointwise_forward_scratch(c, g);
    return m ? visml_winograd_forward_scratch(c, g, m) : visml_direct_forward_scratch(c, g);
}

/* The few weights are packed in front of the other scratch. */
static void thin_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed, real *y,
                         const visml_epilogue *epilogue, void *scratch) {
    if (!packed)
        visml_direct_pack(c, g, w, scratch);
    visml_thin_forward(c, g, x, packed ? packed : scratch, y, epilogue,
                       (char *)scratch + bytes_of(visml_direct_packed_bytes(c, g) / sizeof(real)));
}

void visml_conv2d_forward(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *w, const void *packed,
                          real *y, const visml_epilogue *epilogue, void *scratch) {
    int32_t m = visml_winograd_choice(g);
    if (visml_depthwise_fits(g))
        visml_depthwise_forward(c, g, x, packed ? packed : w, y, epilogue, scratch);
    else if (visml_thin_applies(g))
        thin_forward(c, g, x, w, packed, y, epilogue, scratch);
    else if (visml_pointwise_applies(g))
        visml_pointwise_forward(c, g, x, w, packed, y, epilogue, scratch);
    else if (m)
        visml_winograd_forward(c, g, m, x, w, packed, y, epilogue, scratch);
    else
        visml_direct_forward(c, g, x, w, packed, y, epilogue, scratch);
}

/* ---- backward: the way depends on the batch, and the scratch of a batch is to be enough for a smaller one: it is enough for all ---- */

size_t visml_conv2d_backward_data_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    size_t most = visml_direct_backward_data_scratch(c, g);
    if (visml_depthwise_fits(g))
        return visml_depthwise_backward_data_scratch(c, g);
    if (visml_thin_data_applies(g))
        return visml_thin_backward_data_scratch(c, g);
    if (visml_pointwise_applies(g))
        return visml_pointwise_backward_data_scratch(c, g);
    if (visml_scatter_is_possible(g))
        most = larger(most, visml_scatter_scratch(c, g));
    for (int32_t m = 2; visml_winograd_is_possible(g) && m <= 4; m += 2)
        most = larger(most, visml_winograd_backward_data_scratch(c, g, m));
    return most;
}

void visml_conv2d_backward_data(const visml_compute *c, const visml_conv2d_geometry *g, const real *dy, const real *w, real *dx,
                                void *scratch) {
    int32_t m = visml_winograd_data_choice(g);
    if (visml_depthwise_fits(g))
        visml_depthwise_backward_data(c, g, dy, w, dx, scratch);
    else if (visml_thin_data_applies(g))
        visml_thin_backward_data(c, g, dy, w, dx, scratch);
    else if (visml_pointwise_applies(g))
        visml_pointwise_backward_data(c, g, dy, w, dx, scratch);
    else if (visml_scatter_applies(g))
        visml_scatter_backward_data(c, g, dy, w, dx, scratch);
    else if (m)
        visml_winograd_backward_data(c, g, m, dy, w, dx, scratch);
    else
        visml_direct_backward_data(c, g, dy, w, dx, scratch);
}

size_t visml_conv2d_backward_weights_scratch(const visml_compute *c, const visml_conv2d_geometry *g) {
    size_t most = larger(visml_direct_backward_weights_scratch(c, g), visml_colsum_scratch(c, g->n * g->oh * g->ow, g->f));
    if (visml_depthwise_fits(g))
        return visml_depthwise_backward_weights_scratch(c, g);
    if (visml_thin_weights_applies(g))
        most = larger(most, visml_thin_backward_weights_scratch(c, g));
    for (int32_t m = 2; visml_winograd_is_possible(g) && m <= 4; m += 2)
        most = larger(most, visml_winograd_backward_weights_scratch(c, g, m));
    return most;
}

static void weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw, void *scratch) {
    int32_t m = visml_winograd_weights_choice(g);
    if (visml_thin_weights_applies(g))
        visml_thin_backward_weights(c, g, x, dy, dw, scratch);
    else if (m)
        visml_winograd_backward_weights(c, g, m, x, dy, dw, scratch);
    else
        visml_direct_backward_weights(c, g, x, dy, dw, scratch);
}

void visml_conv2d_backward_weights(const visml_compute *c, const visml_conv2d_geometry *g, const real *x, const real *dy, real *dw,
                                   real *db, void *scratch) {
    if (visml_depthwise_fits(g)) {
        visml_depthwise_backward_weights(c, g, x, dy, dw, db, scratch);
        return;
    }
    weights(c, g, x, dy, dw, scratch);
    if (db)
        visml_colsum(c, g->n * g->oh * g->ow, g->f, dy, db, scratch);
}
