#include "feature/colors.h"

#include "base/error.h"

const char *const visml_color_space_names[] = {"as_is", "gray", "rgb", "hsv", "lab", NULL};

/* ---- spaces ---- */

int64_t visml_space_channels(visml_color_space space, int64_t channels, visml_error *err) {
    if (space == VISML_SPACE_AS_IS)
        return channels;
    if (space == VISML_SPACE_GRAY && (channels == 1 || channels == 3 || channels == 4))
        return 1;
    if (space != VISML_SPACE_GRAY && channels == 3)
        return 3;
    visml_fail(err, VISML_EINVAL, "needs a picture of %s channels for \"%s\", this one has %lld",
               space == VISML_SPACE_GRAY ? "1, 3 or 4" : "3", visml_color_space_names[space], (long long)channels);
    return 0;
}

void visml_space_range(visml_color_space space, int64_t channel, float *low, float *high) {
    int lab = space == VISML_SPACE_LAB;
    *low = lab && channel ? -128 : 0;
    *high = !lab ? 1 : channel ? 128 : 100;
}

/* ---- pixels ---- */

visml_runs visml_runs_of(const visml_view *v) {
    if (v->stride == v->width * v->channels)
        return (visml_runs){v, 1, v->height * v->width, 0, 0};
    return (visml_runs){v, v->height, v->width, 0, 0};
}

const uint8_t *visml_runs_next(visml_runs *r, size_t most, size_t *n) {
    if (r->at == r->width) {
        r->row++;
        r->at = 0;
    }
    if (r->row >= r->rows)
        return NULL;
    int64_t left = r->width - r->at;
    const uint8_t *x = r->v->bytes + r->row * r->v->stride + r->at * r->v->channels;
    *n = (size_t)left < most ? (size_t)left : most;
    r->at += (int64_t)*n;
    return x;
}

void visml_planes_begin(visml_planes *p, const visml_compute *c, visml_color_space space) {
    p->space = space;
    if (space != VISML_SPACE_LAB)
        return;
    for (int i = 0; i < 256; i++)
        p->planes[i] = (float)i / 255;
    c->kernels->srgb_linear(256, p->planes, p->linear);
}

void visml_planes_of(visml_planes *p, const visml_compute *c, size_t n, const uint8_t *x) {
    if (p->space == VISML_SPACE_LAB)
        c->kernels->lab_planes(n, x, p->linear, p->planes, VISML_RUN);
    else
        c->kernels->hsv_planes(n, x, p->planes, VISML_RUN);
}

/* ---- moments ---- */

/* About a whole number next to the mean first, which is exact; then about the mean. */
visml_moments visml_moments_of_sums(int64_t n, const uint64_t *sums, int64_t step) {
    int64_t one = (int64_t)sums[0], two = (int64_t)sums[step], three = (int64_t)sums[2 * step], a = (one + n / 2) / n;
    double count = (double)n, off = (double)(one - a * n) / count;
    double second = (double)(two - 2 * a * one + a * a * n), third = (double)(three - 3 * a * two + 3 * a * a * one - a * a * a * n);
    return (visml_moments){count, (double)a + off, second - count * off * off, third - 3 * off * second + 2 * count * off * off * off};
}

visml_moments visml_moments_join(visml_moments a, visml_moments b) {
    double n = a.n + b.n, d = b.mean - a.mean;
    if (!(n > 0))
        return a;
    return (visml_moments){n, a.mean + d * b.n / n, a.two + b.two + d * d * a.n * b.n / n,
                           a.three + b.three + d * d * d * a.n * b.n * (a.n - b.n) / (n * n) + 3 * d * (a.n * b.two - b.n * a.two) / n};
}

visml_moments visml_moments_of_run(const visml_compute *c, size_t n, const float *x) {
    float sums[3], center = c->kernels->reduce_sum(n, x) / (float)n;
    c->kernels->moments_f32(n, x, center, sums);
    double count = (double)n, off = (double)sums[0] / count, two = (double)sums[1], three = (double)sums[2];
    return (visml_moments){count, (double)center + off, two - count * off * off, three - 3 * off * two + 2 * count * off * off * off};
}
