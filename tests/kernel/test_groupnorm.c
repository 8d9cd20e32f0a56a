#include "levels.h"

#include "kernel/groupnorm.h"

static const struct {
    int64_t n, rows, c, groups;
} shapes[] = {{0, 4, 6, 2}, {1, 1, 1, 1}, {2, 5, 6, 3}, {3, 7, 17, 17}, {2, 600, 33, 1}, {1, 257, 20, 4}, {4, 256, 64, 2}, {2, 1, 96, 8}};
#define SHAPES (sizeof shapes / sizeof *shapes)
#define EPSILON 1e-3

/* y, dx, mean, 1 / sqrt(var + epsilon), dgamma, dbeta, one behind the other. */
typedef struct results {
    size_t n, rows, c, all, size; /* all: elements of x; size: of v */
    float *v;
} results;

static float *mean_of(const results *r) {
    return r->v + 2 * r->all;
}

static float *sums_of(const results *r) {
    return mean_of(r) + 2 * r->n * r->c;
}

typedef struct arrays {
    float *x, *dy, *gamma, *beta;
} arrays;

static arrays make(size_t s) {
    size_t n = (size_t)(shapes[s].n * shapes[s].rows * shapes[s].c), c = (size_t)shapes[s].c;
    return (arrays){random_array(n, 1), random_array(n, 2), random_array(c, 3), random_array(c, 4)};
}

static void drop(arrays *a) {
    free(a->x);
    free(a->dy);
    free(a->gamma);
    free(a->beta);
}

static visml_group_normalisation described(size_t s, const arrays *a, int scaled) {
    return (visml_group_normalisation){.n = shapes[s].n, .rows = shapes[s].rows, .c = shapes[s].c, .groups = shapes[s].groups, .x = a->x,
                                       .gamma = scaled ? a->gamma : NULL, .beta = scaled ? a->beta : NULL, .epsilon = EPSILON};
}

static void forward(const visml_compute *c, const visml_group_normalisation *g, float *y, float *mean) {
    size_t bytes = visml_groupnorm_forward_scratch(c, g->n, g->rows, g->c);
    void *scratch = scratch_of(bytes);
    visml_groupnorm_forward(c, g, y, mean, mean + g->n * g->c, scratch);
    scratch_free(scratch, bytes);
}

static void backward(const visml_compute *c, const visml_group_normalisation *g, const float *mean, const float *dy, float *dx,
                     float *dgamma, float *dbeta) {
    size_t bytes = visml_groupnorm_backward_scratch(c, g->n, g->rows, g->c);
    void *scratch = scratch_of(bytes);
    visml_groupnorm_backward(c, g, mean, mean + g->n * g->c, dy, dx, dgamma, dbeta, scratch);
    scratch_free(scratch, bytes);
}

static results compute(const level *l, size_t threads, size_t s, const arrays *a, int scaled) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    visml_group_normalisation g = described(s, a, scaled);
    results r = {.n = (size_t)g.n, .rows = (size_t)g.rows, .c = (size_t)g.c};
    r.all = r.n * r.rows * r.c;
    r.size = 2 * (r.all + r.n * r.c + r.c);
    r.v = filled_array(r.size, NAN);
    forward(&c, &g, r.v, mean_of(&r));
    backward(&c, &g, mean_of(&r), a->dy, r.v + r.all, sums_of(&r), sums_of(&r) + r.c);
    return r;
}

/* Elements of a group: rows times `count` channels from `first` on. */
typedef struct group {
    const results *r;
    size_t sample, first, count;
} group;

#define EACH_OF(g, at, j)                                                                 \
    for (size_t i_ = 0; i_ < (g)->r->rows; i_++)                                          \
        for (size_t j = (g)->first, at = ((g)->sample * (g)->r->rows + i_) * (g)->r->c + j; j < (g)->first + (g)->count; j++, at++)

/* One group in double; adds its parts to dgamma and dbeta. */
static void check_group(const group *g, const arrays *a, int scaled, double *dgamma, double *dbeta) {
    const results *r = g->r;
    double n = (double)(r->rows * g->count), m = 0, var = 0, t = 0, product = 0;
    EACH_OF(g, at, j) m += (double)a->x[at] / n;
    EACH_OF(g, at, j) var += pow((double)a->x[at] - m, 2) / n;
    double u = 1 / sqrt(var + EPSILON);
    EACH_OF(g, at, j) {
        double gamma = scaled ? (double)a->gamma[j] : 1, beta = scaled ? (double)a->beta[j] : 0, hat = ((double)a->x[at] - m) * u;
        assert_near(r->v[at], hat * gamma + beta, u * 2 + 1, 32, "y", at);
        t += (double)a->dy[at] * gamma / n;
        product += (double)a->dy[at] * gamma * hat / n;
        dgamma[j] += (double)a->dy[at] * hat;
        dbeta[j] += (double)a->dy[at];
    }
    EACH_OF(g, at, j) {
        double gamma = scaled ? (double)a->gamma[j] : 1, hat = ((double)a->x[at] - m) * u;
        assert_near(r->v[r->all + at], u * ((double)a->dy[at] * gamma - t - hat * product), u * 4 * (1 + u), 32, "dx", at);
    }
    for (size_t j = g->first; j < g->first + g->count; j++) {
        assert_near(mean_of(r)[g->sample * r->c + j], m, 1, 8, "mean", j);
        assert_near(mean_of(r)[(r->n + g->sample) * r->c + j], u, u * u, 32, "1 / sqrt(var + epsilon)", j);
    }
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t l = 0; l < n; l++) {
            arrays a = make(s);
            results r = compute(&levels[l], 2, s, &a, s % 2 == 1);
            double *sums = calloc(2 * r.c, sizeof *sums);
            size_t count = r.c / (size_t)shapes[s].groups;
            for (size_t i = 0; i < r.n; i++)
                for (size_t j = 0; j < r.c; j += count)
                    check_group(&(group){&r, i, j, count}, &a, s % 2 == 1, sums, sums + r.c);
            for (size_t j = 0; j < r.c; j++) {
                assert_near(sums_of(&r)[j], sums[j], (double)(r.n * r.rows) * 40 + 1, 4, "dgamma", j);
                assert_near(sums_of(&r)[r.c + j], sums[r.c + j], (double)(r.n * r.rows) + 1, 16, "dbeta", j);
            }
            free(sums);
            free(r.v);
            drop(&a);
        }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < SHAPES; s++) {
        arrays a = make(s);
        for (size_t l = 0; l < n; l++) {
            results want = compute(&levels[levels[l].fused ? 0 : l], 1, s, &a, 1);
            for (size_t t = 0; t < 4; t++) {
                results got = compute(&levels[l], threads[t], s, &a, 1);
                assert_same(got.v, want.v, want.size, "groupnorm", levels[l].name);
                free(got.v);
            }
            free(want.v);
        }
        drop(&a);
    }
}

/* What is not wanted is left out and the rest is the same; y may be x. */
static void parts_are_as_the_whole(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    const size_t s = 5;
    arrays a = make(s);
    results r = compute(&levels[0], 2, s, &a, 1);
    visml_group_normalisation g = described(s, &a, 1);
    float *got = filled_array(r.all, NAN), *mean = filled_array(2 * r.n * r.c, NAN);
    backward(&c, &g, mean_of(&r), a.dy, got, NULL, NULL);
    assert_same(got, r.v + r.all, r.all, "dx", "alone");
    backward(&c, &g, mean_of(&r), a.dy, NULL, got, NULL);
    assert_same(got, sums_of(&r), r.c, "dgamma", "alone");
    backward(&c, &g, mean_of(&r), a.dy, NULL, NULL, got);
    assert_same(got, sums_of(&r) + r.c, r.c, "dbeta", "alone");
    forward(&c, &g, a.x, mean);
    assert_same(a.x, r.v, r.all, "y", "in place");
    free(got);
    free(mean);
    free(r.v);
    drop(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(parts_are_as_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
