#include "levels.h"

#include "kernel/pool2d.h"

/* n h w c, window, strides, padding top left bottom right */
static const struct {
    int64_t n, h, w, c, ph, pw, sh, sw, top, left, bottom, right;
} shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},   {2, 6, 8, 3, 2, 2, 2, 2, 0, 0, 0, 0},  {2, 7, 9, 17, 2, 2, 2, 2, 0, 0, 1, 1},
    {1, 8, 7, 33, 3, 3, 2, 2, 1, 1, 1, 1},  {3, 9, 9, 4, 3, 2, 1, 3, 1, 0, 1, 1},  {2, 5, 5, 16, 5, 5, 1, 1, 2, 2, 2, 2},
    {1, 10, 11, 2, 2, 3, 3, 4, 0, 0, 0, 0}, {2, 4, 4, 5, 4, 4, 4, 4, 0, 0, 0, 0},  {0, 4, 4, 5, 2, 2, 2, 2, 0, 0, 0, 0},
    {1, 3, 3, 2, 3, 3, 1, 1, 2, 2, 2, 2},    {3, 9, 8, 5, 3, 3, 3, 3, 0, 0, 0, 0},  {2, 8, 11, 6, 3, 4, 3, 4, 1, 2, 0, 0},
    {1, 9, 7, 20, 2, 2, 3, 4, 0, 0, 0, 0},   {1, 7, 7, 150, 2, 2, 2, 2, 0, 0, 0, 0}, {2, 12, 11, 40, 3, 3, 2, 2, 1, 1, 1, 1},
    {1, 5, 5, 3, 3, 2, 3, 1, 1, 0, 0, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static visml_pool2d_geometry geometry(size_t s) {
    visml_pool2d_geometry g = {.n = shapes[s].n, .h = shapes[s].h, .w = shapes[s].w, .c = shapes[s].c, .ph = shapes[s].ph,
                               .pw = shapes[s].pw, .sh = shapes[s].sh, .sw = shapes[s].sw, .top = shapes[s].top, .left = shapes[s].left};
    g.oh = (g.h + g.top + shapes[s].bottom - g.ph) / g.sh + 1;
    g.ow = (g.w + g.left + shapes[s].right - g.pw) / g.sw + 1;
    return g;
}

/* max y, max dx, average y, average dx, row mean, its gradient */
typedef struct results {
    size_t at[7];
    float *v;
} results;

static results places(const visml_pool2d_geometry *g) {
    size_t nx = (size_t)(g->n * g->h * g->w * g->c), ny = (size_t)(g->n * g->oh * g->ow * g->c), nm = (size_t)(g->n * g->c);
    const size_t sizes[] = {ny, nx, ny, nx, nm, nx};
    results r = {0};
    for (int i = 0; i < 6; i++)
        r.at[i + 1] = r.at[i] + sizes[i];
    return r;
}

static results compute(const level *l, size_t threads, const visml_pool2d_geometry *g, const float *x, const float *dy) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    results r = places(g);
    r.v = filled_array(r.at[6], NAN);
    visml_maxpool2d_forward(&c, g, x, r.v);
    visml_maxpool2d_backward(&c, g, x, r.v, dy, r.v + r.at[1]);
    visml_avgpool2d_forward(&c, g, x, r.v + r.at[2]);
    visml_avgpool2d_backward(&c, g, dy, r.v + r.at[3]);
    visml_rowmean_forward(&c, g->n, g->h * g->w, g->c, x, r.v + r.at[4]);
    visml_rowmean_backward(&c, g->n, g->h * g->w, g->c, dy, r.v + r.at[5]);
    return r;
}

/* One window of one channel: the maximum (first place of it) and the sum. */
static void naive_window(const visml_pool2d_geometry *g, const results *at, double *v, const float *x, const float *dy, int64_t out) {
    int64_t c = out % g->c, ox = out / g->c % g->ow, oy = out / g->c / g->ow % g->oh, n = out / g->c / g->ow / g->oh, count = 0;
    size_t best = 0;
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < g->ph; i++)
            for (int64_t j = 0; j < g->pw; j++) {
                int64_t py = oy * g->sh - g->top + i, px = ox * g->sw - g->left + j;
                if (py < 0 || py >= g->h || px < 0 || px >= g->w)
                    continue;
                size_t p = (size_t)(((n * g->h + py) * g->w + px) * g->c + c);
                if (pass) {
                    v[at->at[3] + p] += (double)dy[out] / (double)count;
                    continue;
                }
                best = !count || x[p] > x[best] ? p : best;
                sum += (double)x[p];
                count++;
            }
    v[out] = (double)x[best];
    v[at->at[1] + best] += (double)dy[out];
    v[at->at[2] + (size_t)out] = sum / (double)count;
}

static double *naive(const visml_pool2d_geometry *g, const float *x, const float *dy) {
    results r = places(g);
    double *v = calloc(r.at[6] + 1, sizeof *v);
    int64_t rows = g->h * g->w;
    assert_non_null(v);
    for (int64_t out = 0; out < (int64_t)r.at[1]; out++)
        naive_window(g, &r, v, x, dy, out);
    for (int64_t i = 0; i < g->n * rows * g->c; i++) {
        int64_t sample = i / (rows * g->c), mean = sample * g->c + i % g->c;
        v[(int64_t)r.at[4] + mean] += (double)x[i] / (double)rows;
        v[(int64_t)r.at[5] + i] = (double)dy[mean] / (double)rows;
    }
    return v;
}

static void agrees_and_repeats(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        visml_pool2d_geometry g = geometry(s);
        results at = places(&g);
        size_t nx = at.at[2] - at.at[1], ny = at.at[1] + (size_t)(g.n * g.c);
        float *x = random_array(nx, 1), *dy = random_array(ny, 2);
        for (size_t i = 0; i < nx; i++) /* equal values in a window */
            x[i] = rintf(x[i] * 3);
        double *want = naive(&g, x, dy);
        results first = compute(&levels[0], 1, &g, x, dy);
        for (size_t i = 0; i < at.at[6]; i++)
            assert_near(first.v[i], want[i], 10, 4, "pooling", i);
        for (size_t l = 0; l < n; l++)
            for (size_t t = 0; t < 4; t++) {
                results got = compute(&levels[l], threads[t], &g, x, dy); /* no fused operation: sse4 too */
                assert_same(got.v, first.v, at.at[6], "pooling", levels[l].name);
                free(got.v);
            }
        free(first.v);
        free(want);
        free(x);
        free(dy);
    }
}

static void nan_wins_the_maximum(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(1);
    visml_pool2d_geometry g = {.n = 1, .h = 2, .w = 2, .c = 2, .oh = 1, .ow = 1, .ph = 2, .pw = 2, .sh = 2, .sw = 2};
    for (size_t l = 0; l < n; l++)
        for (int at = 0; at < 4; at++) {
            visml_compute c = {&levels[l].kernels, &p};
            float x[8] = {1, -INFINITY, 2, -INFINITY, INFINITY, -INFINITY, 3, -INFINITY}, y[2], dy[2] = {5, 7}, dx[8];
            x[2 * at] = NAN;
            visml_maxpool2d_forward(&c, &g, x, y);
            visml_maxpool2d_backward(&c, &g, x, y, dy, dx);
            assert_true(isnan(y[0]) && y[1] == -INFINITY);
            for (int i = 0; i < 4; i++)
                assert_true(dx[2 * i] == (i == at ? 5 : 0) && dx[2 * i + 1] == (i == 0 ? 7 : 0));
        }
}

/* The maximum over rows is that of one window. */
static void rows_are_one_window(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{0, 4, 3}, {1, 1, 1}, {3, 12, 5}, {2, 50, 33}, {40, 7, 16}};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t l = 0; l < n; l++) {
            int64_t rows = sizes[s][1], channels = sizes[s][2];
            visml_pool2d_geometry g = {.n = sizes[s][0], .h = rows, .w = 1, .c = channels, .oh = 1, .ow = 1, .ph = rows, .pw = 1,
                                       .sh = rows, .sw = 1};
            visml_parallel p = workers(1 + l % 3);
            visml_compute c = {&levels[l].kernels, &p};
            size_t ny = (size_t)(g.n * channels), nx = ny * (size_t)rows;
            float *x = random_array(nx, 1), *dy = random_array(ny, 2), *want = filled_array(nx + ny, NAN);
            float *got = filled_array(nx + ny, NAN);
            for (size_t i = 0; i < nx; i++) /* equal values */
                x[i] = rintf(x[i] * 3);
            visml_maxpool2d_forward(&c, &g, x, want);
            visml_maxpool2d_backward(&c, &g, x, want, dy, want + ny);
            visml_rowmax_forward(&c, g.n, rows, channels, x, got);
            visml_rowmax_backward(&c, g.n, rows, channels, x, got, dy, got + ny);
            assert_same(got, want, nx + ny, "maximum over rows", levels[l].name);
            free(x);
            free(dy);
            free(want);
            free(got);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_and_repeats),
        cmocka_unit_test(nan_wins_the_maximum),
        cmocka_unit_test(rows_are_one_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
