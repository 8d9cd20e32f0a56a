/* Warps and tones beside plain loops in double. */
#include "levels.h"

/* ---- the picture beyond its edges, by the definition of each mode ---- */

static int64_t modulo(int64_t a, int64_t n) {
    return (a % n + n) % n;
}

static double pixel(const visml_warp *w, const float *x, int64_t row, int64_t column, int64_t c) {
    int64_t side[2] = {w->height, w->width}, at[2] = {row, column};
    for (int i = 0; i < 2; i++) {
        int64_t n = side[i], p = at[i];
        if (w->fill == VISML_WARP_CONSTANT && (p < 0 || p >= n))
            return (double)w->value;
        if (w->fill == VISML_WARP_WRAP)
            p = modulo(p, n);
        if (w->fill == VISML_WARP_REFLECT)
            p = modulo(p, 2 * n) < n ? modulo(p, 2 * n) : 2 * n - 1 - modulo(p, 2 * n);
        at[i] = p < 0 ? 0 : p >= n ? n - 1 : p;
    }
    return (double)x[(at[0] * w->width + at[1]) * w->channels + c];
}

static double sample(const visml_warp *w, const float *x, double row, double column, int64_t c) {
    if (w->nearest)
        return pixel(w, x, (int64_t)floor(row + 0.5), (int64_t)floor(column + 0.5), c);
    int64_t r = (int64_t)floor(row), q = (int64_t)floor(column);
    double down = row - (double)r, across = column - (double)q;
    return (1 - down) * ((1 - across) * pixel(w, x, r, q, c) + across * pixel(w, x, r, q + 1, c)) +
           down * ((1 - across) * pixel(w, x, r + 1, q, c) + across * pixel(w, x, r + 1, q + 1, c));
}

/* How far a place may be from where two pixels are as near: a warp without interpolation may choose either there. */
static int undecided(double place) {
    return fabs(place - floor(place) - 0.5) < 1e-3;
}

static void compare(const level *l, const visml_warp *w, const float *x, int64_t height, int64_t width) {
    float *row = filled_array((size_t)(width * w->channels), 0);
    for (int64_t y = 0; y < height; y++) {
        l->kernels.warp_row(w, y, width, x, row);
        for (int64_t i = 0; i < width * w->channels; i++) {
            double column = w->m[0] * (double)(i / w->channels) + w->m[1] * (double)y + w->m[2];
            double line = w->m[3] * (double)(i / w->channels) + w->m[4] * (double)y + w->m[5];
            if (w->nearest && (undecided(column) || undecided(line)))
                continue;
            double want = sample(w, x, line, column, i % w->channels);
            /* A place of up to 2^9 is off by 2^-15 as a float, and neighbours by up to 2. */
            if (!(fabs((double)row[i] - want) <= 4 * 0x1p-15))
                fail_msg("%s, fill %d, nearest %d: row %d, number %d is %g, must be %g", l->name, w->fill, w->nearest, (int)y, (int)i,
                         (double)row[i], want);
        }
    }
    free(row);
}

static const double maps[][6] = {
    {1, 0, 0, 0, 1, 0},           {0.8, -0.6, 4.25, 0.6, 0.8, -3.5},  {-1, 0, 11, 0, -1, 7},      {3.7, 0, -40.3, 0, 2.9, -31.7},
    {0.01, 0, 5.5, 0, 0.02, 2.5}, {1, 0.35, -17.4, -0.21, 1, 100.25}, {0, 0, 3, 0, 0, 1},         {7, -7, 100, -5, 6, -200},
};

static void warps_are_what_their_definition_says(void **state) {
    static const int64_t sizes[][2] = {{9, 13}, {1, 1}, {1, 6}, {17, 1}, {2, 2}};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    (void)state;
    for (size_t l = 0; l < n; l++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int64_t c = 1; c <= 4; c++) {
                float *x = random_array((size_t)(sizes[s][0] * sizes[s][1] * c), 17 + s);
                for (size_t m = 0; m < sizeof maps / sizeof *maps; m++)
                    for (int32_t kind = 0; kind < 8; kind++) {
                        visml_warp w = {sizes[s][0], sizes[s][1], c, {0}, kind / 2, kind % 2, -0.3f};
                        memcpy(w.m, maps[m], sizeof w.m);
                        compare(&levels[l], &w, x, 11, 19);
                    }
                free(x);
            }
}

/* The same pixel, wherever it is taken from. */
static void the_identity_changes_no_bit(void **state) {
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *x = random_array(300 * 3, 5), *y = filled_array(300 * 3, 0);
    (void)state;
    for (size_t l = 0; l < n; l++) {
        visml_warp w = {1, 300, 3, {1, 0, 0, 0, 1, 0}, VISML_WARP_REFLECT, 0, 0};
        levels[l].kernels.warp_row(&w, 0, 300, x, y);
        assert_memory_equal(x, y, 300 * 3 * sizeof *x);
    }
    free(x);
    free(y);
}

static void tones_are_what_their_definition_says(void **state) {
    static const float from[3] = {0.1f, -0.2f, 0.3f}, gain[3] = {2, -1, 0.5f}, to[3] = {0, 0.4f, -0.1f};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    (void)state;
    for (size_t l = 0; l < n; l++) {
        float *x = random_array(3 * 101, 9), *y = random_array(3 * 101, 9);
        levels[l].kernels.tone(101, 3, &(visml_tone){from, gain, to, -0.5f, 0.75f}, y);
        for (size_t i = 0; i < 3 * 101; i++) {
            double v = ((double)x[i] - (double)from[i % 3]) * (double)gain[i % 3] + (double)to[i % 3];
            assert_near(y[i], fmin(fmax(v, -0.5), 0.75), 4, 2, levels[l].name, i);
        }
        free(x);
        free(y);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warps_are_what_their_definition_says),
        cmocka_unit_test(the_identity_changes_no_bit),
        cmocka_unit_test(tones_are_what_their_definition_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
