#include "feature/eigen.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"

/* Two numbers at a time, which every machine of 64 bits can do. */
typedef double pair __attribute__((vector_size(16), aligned(8), may_alias));
#define PAIR(p) (*(pair *)(p))
#define CONST_PAIR(p) (*(const pair *)(p))

static double sum_of(const pair s[4]) {
    pair all = (s[0] + s[1]) + (s[2] + s[3]);
    return all[0] + all[1];
}

/* In eight lanes, whatever the machine. */
static double dot(int64_t n, const double *a, const double *b) {
    pair s[4] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    double rest = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        s[0] += CONST_PAIR(a + i) * CONST_PAIR(b + i);
        s[1] += CONST_PAIR(a + i + 2) * CONST_PAIR(b + i + 2);
        s[2] += CONST_PAIR(a + i + 4) * CONST_PAIR(b + i + 4);
        s[3] += CONST_PAIR(a + i + 6) * CONST_PAIR(b + i + 6);
    }
    for (; i < n; i++)
        rest += a[i] * b[i];
    return sum_of(s) + rest;
}

static void add_times(int64_t n, double factor, const double *x, double *y) {
    pair f = {factor, factor};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        PAIR(y + i) += f * CONST_PAIR(x + i);
        PAIR(y + i + 2) += f * CONST_PAIR(x + i + 2);
    }
    for (; i < n; i++)
        y[i] += factor * x[i];
}

/* ---- to three diagonals ---- */

/* Reflects row[0 ... n - 1] onto its last place: v takes its place, with row <- row - 2 v (v row) / (v v) = (0, ..., 0, *e).
 * Returns v v / 2; 0: nothing to do. */
static double reflect(int64_t n, double *row, double *e) {
    double scale = 0;
    for (int64_t j = 0; j + 1 < n; j++)
        scale = fabs(row[j]) > scale ? fabs(row[j]) : scale;
    *e = row[n - 1];
    if (scale == 0)
        return 0;
    scale = fabs(row[n - 1]) > scale ? fabs(row[n - 1]) : scale;
    for (int64_t j = 0; j < n; j++)
        row[j] /= scale;
    double length = sqrt(dot(n, row, row)), last = row[n - 1], to = last > 0 ? -length : length;
    *e = to * scale;
    row[n - 1] = last - to;
    return to * to - last * to;
}

/* row r of a -= v[r] q + q[r] v, as far as its diagonal. */
static void update_row(int64_t r, double *row, const double *v, const double *q) {
    double vr = v[r], qr = q[r];
    for (int64_t j = 0; j <= r; j++)
        row[j] -= vr * q[j] + qr * v[j];
}

/* Row r brought up to date, its product with v[0 ... r] returned, and its part of p[0 ... r - 1] added: in one walk. */
static double sweep_row(int64_t r, double *row, const double *v, double *p, const double *old_v, const double *old_q) {
    pair vr = {old_v[r], old_v[r]}, qr = {old_q[r], old_q[r]}, here = {v[r], v[r]}, s[4] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    double rest = 0;
    int64_t j = 0;
    for (; j + 4 <= r; j += 4) {
        pair a = CONST_PAIR(row + j) - (vr * CONST_PAIR(old_q + j) + qr * CONST_PAIR(old_v + j));
        pair b = CONST_PAIR(row + j + 2) - (vr * CONST_PAIR(old_q + j + 2) + qr * CONST_PAIR(old_v + j + 2));
        PAIR(row + j) = a;
        PAIR(row + j + 2) = b;
        s[0] += a * CONST_PAIR(v + j);
        s[1] += b * CONST_PAIR(v + j + 2);
        PAIR(p + j) += here * a;
        PAIR(p + j + 2) += here * b;
    }
    for (; j <= r; j++) {
        row[j] -= old_v[r] * old_q[j] + old_q[r] * old_v[j];
        rest += row[j] * v[j];
        if (j < r)
            p[j] += v[r] * row[j];
    }
    return sum_of(s) + rest;
}

/* p = a v over rows below n, from the lower triangle; where there is an older v and q, a is brought up to date on the way. */
static void sweep(int64_t n, int64_t ld, double *a, const double *v, double *p, const double *old_v, const double *old_q) {
    memset(p, 0, (size_t)n * sizeof *p);
    for (int64_t r = 0; r < n; r++) {
        double *row = a + r * ld;
        if (old_v) {
            p[r] += sweep_row(r, row, v, p, old_v, old_q);
            continue;
        }
        p[r] += dot(r + 1, row, v);
        add_times(r, v[r], row, p);
    }
}

/* The rows of a become the reflections (h: half their squares), d and e (e[i] between i - 1 and i) the diagonals. q: [2, n]. */
static void reduce(int64_t n, double *a, double *d, double *e, double *h, double *q) {
    const double *old_v = NULL, *old_q = NULL;
    e[0] = h[0] = 0;
    for (int64_t i = n - 1; i >= 1; i--) {
        double *v = a + i * n, *p = q + i % 2 * n;
        if (old_v)
            update_row(i, v, old_v, old_q);
        d[i] = v[i];
        h[i] = reflect(i, v, &e[i]);
        if (h[i] == 0) {
            memset(v, 0, (size_t)i * sizeof *v);
            if (old_v)
                for (int64_t r = 0; r < i; r++)
                    update_row(r, a + r * n, old_v, old_q);
            old_v = old_q = NULL;
            continue;
        }
        sweep(i, n, a, v, p, old_v, old_q);
        for (int64_t j = 0; j < i; j++)
            p[j] /= h[i];
        add_times(i, -dot(i, v, p) / (2 * h[i]), v, p);
        old_v = v;
        old_q = p;
    }
    if (old_v)
        update_row(0, a, old_v, old_q);
    d[0] = a[0];
}

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
    double factor = 1 / sqrt(dot(n, x, x));
    for (int64_t i = 0; i < n; i++)
        x[i] *= factor;
}

/* Vectors whose values are close come out of the elimination alike: each is made orthogonal to those before it. */
static void separate(int64_t n, int64_t first, int64_t j, double *vectors) {
    double *x = vectors + j * n;
    for (int64_t i = first; i < j; i++)
        add_times(n, -dot(n, vectors + i * n, x), vectors + i * n, x);
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

/* Back through the reflections, the smallest first. */
static void transform_back(int64_t n, const double *a, const double *h, int64_t k, double *vectors) {
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 1; i < n; i++)
            if (h[i] != 0)
                add_times(i, -dot(i, a + i * n, vectors + j * n) / h[i], a + i * n, vectors + j * n);
}

static visml_status decompose(int64_t n, double *a, int64_t k, double *values, double *vectors, double *room, visml_error *err) {
    double *d = room, *e = d + n, *h = e + n, *q = h + n, norm = 1e-100;
    factors f = {.u0 = q, .u1 = q + n, .u2 = q + 2 * n, .l = q + 3 * n, .swapped = (unsigned char *)(q + 4 * n)};
    reduce(n, a, d, e, h, q);
    memcpy(values, d, (size_t)n * sizeof *d);
    memcpy(q, e + 1, (size_t)(n - 1) * sizeof *e);
    q[n - 1] = 0;
    if (!ql(n, values, q))
        return visml_fail(err, VISML_ENONFINITE, "eigenvalues: the matrix has a number that is NaN or infinite");
    sort_down(n, values);
    norm = fabs(values[0]) > norm ? fabs(values[0]) : norm;
    norm = fabs(values[n - 1]) > norm ? fabs(values[n - 1]) : norm;
    vectors_of(n, d, e, k, values, norm, &f, vectors);
    transform_back(n, a, h, k, vectors);
    return VISML_OK;
}

visml_status visml_eigen_symmetric(visml_memory *m, int64_t n, double *a, int64_t k, double *values, double *vectors, visml_error *err) {
    double *room = visml_mem_zalloc(m, (size_t)n, 8 * sizeof *room, err);
    visml_status status = room ? decompose(n, a, k, values, vectors, room, err) : VISML_ENOMEM;
    visml_mem_free(m, room);
    return status;
}
