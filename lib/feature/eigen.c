#include "feature/eigen.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "feature/pairs.h"
#include "feature/tridiagonal.h"

typedef int64_t long_pair __attribute__((vector_size(16)));

/* ---- values ---- */

/* One step of implicit QL with Wilkinson's shift on places l ... m. */
static void ql_step(double *d, double *e, int64_t l, int64_t m) {
    double g = (d[l + 1] - d[l]) / (2 * e[l]), r = hypot(g, 1), s = 1, c = 1, p = 0;
    int64_t i;
    g = d[m] - d[l] + e[l] / (g + copysign(r, g));
    for (i = m - 1; i >= l; i--) {
        double f = s * e[i], b = c * e[i];
        r = sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0) {
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

/* d becomes the values; e[i] is between i and i + 1 here, and is lost. 0 when it does not end, which only NaN can make happen. */
static int ql(int64_t n, double *d, double *e) {
    for (int64_t l = 0; l < n; l++)
        for (int step = 0;; step++) {
            int64_t m = l;
            while (m + 1 < n && fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])))
                m++;
            if (m == l)
                break;
            if (step == 100)
                return 0;
            ql_step(d, e, l, m);
        }
    return 1;
}

/* Shell's sort, from large to small. */
static void sort_down(int64_t n, double *x) {
    for (int64_t gap = n / 2; gap; gap /= 2)
        for (int64_t i = gap; i < n; i++) {
            double v = x[i];
            int64_t j = i;
            for (; j >= gap && x[j - gap] < v; j -= gap)
                x[j] = x[j - gap];
            x[j] = v;
        }
}

/* ---- some values ---- */

#define FEW 4   /* at most a fourth of all values are found one by one */
#define TOGETHER 4 /* pairs of values: divisions that wait for nothing but one of their own */

/* How many values are below each x: negative pivots of T - x (Givens; Barth, Martin and Wilkinson 1967). squares[i]: of e, not 0, so that a
 * pivot of 0 is followed by an infinite one and that by an ordinary one. */
static void count_below(int64_t n, const double *d, const double *squares, const visml_pair x[TOGETHER], long_pair count[TOGETHER]) {
    const visml_pair zero = {0, 0};
    visml_pair pivot[TOGETHER];
    VISML_UNROLL for (int p = 0; p < TOGETHER; p++) {
        pivot[p] = (visml_pair){1, 1};
        count[p] = (long_pair){0, 0};
    }
    for (int64_t i = 0; i < n; i++) {
        visml_pair diagonal = {d[i], d[i]}, square = {squares[i], squares[i]};
        VISML_UNROLL for (int p = 0; p < TOGETHER; p++) {
            pivot[p] = (diagonal - x[p]) - square / pivot[p];
            count[p] -= (long_pair)(pivot[p] < zero);
        }
    }
}

/* Values first ... first + 8 from large to small, by halving where they may lie until it is as narrow as rounding. */
static void bisect_some(int64_t n, const double *d, const double *squares, double bound, int64_t first, double *low, double *high) {
    for (int i = 0; i < 2 * TOGETHER; i++)
        low[i] = -bound, high[i] = bound;
    for (int turn = 0; turn < DBL_MANT_DIG + 1; turn++) {
        visml_pair x[TOGETHER];
        long_pair count[TOGETHER];
        for (int i = 0; i < 2 * TOGETHER; i++)
            x[i / 2][i % 2] = 0.5 * low[i] + 0.5 * high[i];
        count_below(n, d, squares, x, count);
        for (int i = 0; i < 2 * TOGETHER; i++)
            *(count[i / 2][i % 2] >= n - first - i ? &high[i] : &low[i]) = x[i / 2][i % 2];
    }
}

static void bisect(int64_t n, const double *d, const double *e, double bound, int64_t k, double *values, double *squares) {
    for (int64_t i = 0; i < n; i++)
        squares[i] = e[i] * e[i] > DBL_MIN ? e[i] * e[i] : DBL_MIN;
    for (int64_t first = 0; first < k; first += 2 * TOGETHER) {
        double low[2 * TOGETHER], high[2 * TOGETHER];
        bisect_some(n, d, squares, bound, first, low, high);
        for (int64_t i = 0; i < 2 * TOGETHER && first + i < k; i++)
            values[first + i] = fabs(high[i]) <= 0.5 * DBL_EPSILON * bound ? 0 : high[i]; /* what rounding may make of 0 */
    }
}

/* ---- vectors ---- */

/* T - value, eliminated with exchange of rows. */
typedef struct factors {
    double *u0, *u1, *u2, *l; /* each [n] */
    unsigned char *swapped;
} factors;

static void eliminate(int64_t n, const double *d, const double *e, double value, double tiny, factors *f) {
    double a = d[0] - value, b = n > 1 ? e[1] : 0;
    for (int64_t i = 0; i + 1 < n; i++) {
        double below = e[i + 1], diagonal = d[i + 1] - value, right = i + 2 < n ? e[i + 2] : 0;
        f->swapped[i] = fabs(below) > fabs(a);
        if (f->swapped[i]) {
            f->l[i] = a / below;
            f->u0[i] = below, f->u1[i] = diagonal, f->u2[i] = right;
            a = b - f->l[i] * diagonal;
            b = -f->l[i] * right;
        } else {
            a = fabs(a) < tiny ? tiny : a;
            f->l[i] = below / a;
            f->u0[i] = a, f->u1[i] = b, f->u2[i] = 0;
            a = diagonal - f->l[i] * b;
            b = right;
        }
    }
    f->u0[n - 1] = a;
    f->u1[n - 1] = f->u2[n - 1] = 0;
    for (int64_t i = 0; i < n; i++)
        if (fabs(f->u0[i]) < tiny)
            f->u0[i] = tiny;
}

static void solve(int64_t n, const factors *f, double *x) {
    for (int64_t i = 0; i + 1 < n; i++) {
        double upper = f->swapped[i] ? x[i + 1] : x[i], lower = f->swapped[i] ? x[i] : x[i + 1];
        x[i] = upper;
        x[i + 1] = lower - f->l[i] * upper;
    }
    for (int64_t i = n - 1; i >= 0; i--) {
        double right = (i + 1 < n ? f->u1[i] * x[i + 1] : 0) + (i + 2 < n ? f->u2[i] * x[i + 2] : 0);
        x[i] = (x[i] - right) / f->u0[i];
    }
}

static void normalize(int64_t n, double *x) {
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabs(x[i]) > most ? fabs(x[i]) : most;
    for (int64_t i = 0; i < n; i++)
        x[i] /= most;
    double factor = 1 / sqrt(visml_pair_dot(n, x, x));
    for (int64_t i = 0; i < n; i++)
        x[i] *= factor;
}

/* Vectors whose values are close come out of the elimination alike: each is made orthogonal to those before it. */
static void separate(int64_t n, int64_t first, int64_t j, double *vectors) {
    double *x = vectors + j * n;
    for (int64_t i = first; i < j; i++)
        visml_pair_add_times(n, -visml_pair_dot(n, vectors + i * n, x), vectors + i * n, x);
}

static void vectors_of(int64_t n, const double *d, const double *e, int64_t k, const double *values, double norm, factors *f,
                       double *vectors) {
    visml_rng rng;
    int64_t first = 0;
    visml_rng_init(&rng, 1);
    for (int64_t j = 0; j < k; j++) {
        double *x = vectors + j * n;
        eliminate(n, d, e, values[j], DBL_EPSILON * norm, f);
        for (int64_t i = 0; i < n; i++)
            x[i] = visml_rng_uniform(&rng) - 0.5;
        while (first < j && values[first] - values[j] > 1e-3 * norm)
            first++;
        for (int round = 0; round < 3; round++) {
            solve(n, f, x);
            normalize(n, x);
            separate(n, first, j, vectors);
            normalize(n, x);
        }
        separate(n, first, j, vectors);
        normalize(n, x);
    }
}

/* The first k of n. */
static int find_values(int64_t n, const double *d, const double *e, double bound, int64_t k, double *values, double *room) {
    if (k <= n / FEW) {
        bisect(n, d, e, bound, k, values, room);
        return 1;
    }
    double *all = room, *beside = room + n;
    memcpy(all, d, (size_t)n * sizeof *d);
    memcpy(beside, e + 1, (size_t)(n - 1) * sizeof *e);
    beside[n - 1] = 0;
    if (!ql(n, all, beside))
        return 0;
    sort_down(n, all);
    memcpy(values, all, (size_t)k * sizeof *values);
    return 1;
}

/* The largest of all values is at most this: the rows' sums of magnitudes (Gershgorin). 0: there is a NaN or an infinity. */
static double bound_of(int64_t n, const double *d, const double *e) {
    double most = 1e-100;
    for (int64_t i = 0; i < n; i++) {
        double sum = fabs(d[i]) + fabs(e[i]) + (i + 1 < n ? fabs(e[i + 1]) : 0);
        if (!isfinite(sum))
            return 0;
        most = sum > most ? sum : most;
    }
    return most;
}

static visml_status decompose(const visml_compute *c, int64_t n, double *a, int64_t k, double *values, double *vectors, double *room,
                              visml_error *err) {
    double *d = room, *e = d + n, *h = e + n, *q = h + n;
    factors f = {.u0 = q, .u1 = q + n, .u2 = q + 2 * n, .l = q + 3 * n, .swapped = (unsigned char *)(q + 4 * n)};
    visml_tridiagonal_reduce(c, n, a, d, e, h, q);
    double norm = bound_of(n, d, e);
    if (norm == 0 || !find_values(n, d, e, norm, k, values, q))
        return visml_fail(err, VISML_ENONFINITE, "eigenvalues: the matrix has a number that is NaN or infinite");
    vectors_of(n, d, e, k, values, norm, &f, vectors);
    visml_tridiagonal_back(c, n, a, h, k, vectors);
    return VISML_OK;
}

visml_status visml_eigen_symmetric(const visml_compute *c, visml_memory *m, int64_t n, double *a, int64_t k, double *values,
                                   double *vectors, visml_error *err) {
    int64_t own = 5 * n, shared = visml_tridiagonal_room(n);
    double *room = visml_mem_zalloc(m, (size_t)(3 * n + (shared > own ? shared : own)), sizeof *room, err);
    visml_status status = room ? decompose(c, n, a, k, values, vectors, room, err) : VISML_ENOMEM;
    visml_mem_free(m, room);
    return status;
}
