/* Homogeneous kernel maps (Vedaldi and Zisserman 2012): each number x becomes 2 order + 1 numbers whose products with those of y are about
 * k(x, y), which is sqrt(x y) times a function of log(y / x) alone. That function's spectrum s is sampled at multiples of the period L:
 * sqrt(x L s(0)), and sqrt(2 x L s(j L)) times cosine and sine of j L log(x), j = 1 ... order. */
#include <math.h>

#include "feature/transform.h"
#include "kernel/span.h"

#define MOST_ORDER 8

static const char *const kernel_names[] = {"chi2", "intersection", "jensen_shannon", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_kernel_map_opts, kernel, VISML_KERNEL_MAP_CHI2, kernel_names),
    VISML_FIELD(visml_kernel_map_opts, order, I32, 0, 1, 1, MOST_ORDER, 1),
    VISML_FIELD_OF_RESERVED(visml_kernel_map_opts),
    VISML_FIELD(visml_kernel_map_opts, period, F64, VISML_FIELD_OPEN_MIN, 1, 0, 10, 0),
    {0},
};

/* For each kernel and order the period whose mean squared error is least where x and y are uniform between 0 and 1: that is the integral of
 * exp(-2 w) times the squared error at log ratio w (tests/golden/make_classifier_svm_goldens.py finds them). */
static const double best_periods[3][MOST_ORDER] = {
    {0.6565, 0.5351, 0.4642, 0.4163, 0.3811, 0.3538, 0.3317, 0.3135},
    {0.9380, 0.8137, 0.7437, 0.6974, 0.6637, 0.6378, 0.6169, 0.5997},
    {0.4731, 0.3904, 0.3424, 0.3100, 0.2861, 0.2676, 0.2526, 0.2401},
};

static double spectrum(visml_kernel_map_kernel kernel, double l) {
    static const double pi = 3.14159265358979323846;
    double hyperbolic = 1 / cosh(pi * l), rational = 1 / (1 + 4 * l * l);
    if (kernel == VISML_KERNEL_MAP_INTERSECTION)
        return 2 / pi * rational;
    return kernel == VISML_KERNEL_MAP_CHI2 ? hyperbolic : 2 / log(4) * hyperbolic * rational;
}

static int32_t order_of(const visml_transform *t) {
    return ((const visml_kernel_map_opts *)t->object.opts)->order;
}

static int64_t length(const visml_transform *t, int64_t d) {
    return d * (2 * order_of(t) + 1);
}

typedef struct job {
    int64_t n, d;
    int32_t order;
    double period;
    double factors[MOST_ORDER + 1];
    const float *x;
    float *y;
} job;

/* Blocks of d numbers, as scikit-learn has them: the roots, then cosines and sines of each multiple. Of a number below 0 it is the map of
 * its magnitude, turned around. */
static void map_row(const job *w, const float *x, float *y) {
    for (int64_t i = 0; i < w->d; i++) {
        double size = fabs((double)x[i]), root = copysign(sqrt(size), (double)x[i]);
        double angle = size > 0 ? w->period * log(size) : 0, c = cos(angle), s = sin(angle), cosine = c, sine = s;
        y[i] = (float)(root * w->factors[0]);
        for (int32_t j = 1; j <= w->order; j++) {
            y[(2 * j - 1) * w->d + i] = (float)(root * w->factors[j] * cosine);
            y[2 * j * w->d + i] = (float)(root * w->factors[j] * sine);
            double next = cosine * c - sine * s;
            sine = sine * c + cosine * s;
            cosine = next;
        }
    }
}

static void map_block(void *arg, size_t block, size_t worker) {
    const job *w = arg;
    int64_t rows = visml_span_rows(w->d), first = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = first; i < first + rows && i < w->n; i++)
        map_row(w, w->x + i * w->d, w->y + i * w->d * (2 * w->order + 1));
}

static void apply(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    const visml_kernel_map_opts *o = t->object.opts;
    job w = {.n = n, .d = d, .order = o->order, .x = x, .y = y};
    (void)scratch;
    w.period = o->period > 0 ? o->period : best_periods[o->kernel][o->order - 1];
    for (int32_t j = 0; j <= o->order; j++)
        w.factors[j] = sqrt((j ? 2 : 1) * w.period * spectrum(o->kernel, j * w.period));
    visml_parallel_run(c->parallel, (size_t)visml_blocks(n, visml_span_rows(d)), map_block, &w);
}

const visml_transform_class visml_transform_kernel_map_class = {
    .kind = {.name = "kernel_map", .opts_size = sizeof(visml_kernel_map_opts), .fields = fields},
    .length = length,
    .apply = apply,
};

visml_transform *visml_transform_kernel_map(visml_context *ctx, const visml_kernel_map_opts *opts, visml_error *err) {
    return visml_transform_make(ctx, &visml_transform_kernel_map_class, opts, err);
}
