#include "feature/planes.h"

#include <math.h>

static int64_t stride_of(int64_t width) {
    return (width + 2 + 15) / 16 * 16;
}

size_t visml_planes_bytes(int64_t width, int64_t channels) {
    return (size_t)stride_of(width) * (VISML_PLANES_ROWS + 2) * (size_t)channels * sizeof(float);
}

visml_planes visml_planes_make(const visml_view *v, int32_t roots, void *room) {
    visml_planes p = {.stride = stride_of(v->width), .roots = roots, .unit = v->bytes ? 1.0f / 255 : 1};
    p.plane = p.stride * (VISML_PLANES_ROWS + 2);
    p.unit = roots ? sqrtf(p.unit) : p.unit;
    p.x = (float *)room + p.stride + 1;
    return p;
}

static int64_t reflected(int64_t i, int64_t n) {
    i = i < 0 ? -i : i < n ? i : 2 * (n - 1) - i;
    return i < 0 ? 0 : i < n ? i : n - 1;
}

static void split(const visml_planes *p, const visml_view *v, const float *from, float *to) {
    for (int64_t c = 0; c < v->channels; c++)
        for (int64_t i = 0; i < v->width; i++)
            to[c * p->plane + i] = from[i * v->channels + c];
}

/* The pixels beside the row, and roots. */
static void finish(const visml_planes *p, const visml_view *v, float *row) {
    for (int64_t c = 0; c < v->channels; c++, row += p->plane) {
        for (int64_t i = 0; p->roots && i < v->width; i++)
            row[i] = sqrtf(row[i] > 0 ? row[i] : 0);
        row[-1] = row[reflected(-1, v->width)];
        row[v->width] = row[reflected(v->width, v->width)];
    }
}

void visml_planes_fill(const visml_planes *p, const visml_compute *c, const visml_view *v, int64_t top, int64_t rows) {
    float ones[VISML_PLANES_CHANNELS], zeros[VISML_PLANES_CHANNELS];
    for (int i = 0; i < VISML_PLANES_CHANNELS; i++) {
        ones[i] = 1;
        zeros[i] = 0;
    }
    for (int64_t i = -1; i <= rows; i++) {
        int64_t y = reflected(top + i, v->height);
        float *to = p->x + i * p->stride;
        if (v->bytes)
            c->kernels->u8_to_nchw(v->width, v->channels, v->bytes + y * v->stride, ones, zeros, to, p->plane);
        else
            split(p, v, v->floats + y * v->stride, to);
        finish(p, v, to);
    }
}
