#include "classify/calibrate.h"

#include <math.h>
#include <stdlib.h>

/* ---- sigmoid ---- */

#define STEPS 100
#define ENOUGH 1e-10 /* of a gradient for each row */

/* Scores are taken relative to their mean and deviation, so that one step fits slope and intercept alike. */
typedef struct sigmoid {
    int64_t n;
    const visml_scored *rows;
    double mean, deviation, high, low; /* targets of right and wrong */
    double a, b, loss;
} sigmoid;

static void set_up(sigmoid *g) {
    double right = 0, all = 0, spread = 0;
    for (int64_t i = 0; i < g->n; i++) {
        all += g->rows[i].weight;
        right += g->rows[i].right ? g->rows[i].weight : 0;
        g->mean += g->rows[i].weight * g->rows[i].score;
    }
    g->mean /= all;
    for (int64_t i = 0; i < g->n; i++)
        spread += g->rows[i].weight * (g->rows[i].score - g->mean) * (g->rows[i].score - g->mean);
    g->deviation = spread > 0 ? sqrt(spread / all) : 1;
    g->high = (right + 1) / (right + 2);
    g->low = 1 / (all - right + 2);
    g->b = log((all - right + 1) / (right + 1));
}

static double target(const sigmoid *g, int64_t i) {
    return g->rows[i].right ? g->high : g->low;
}

static double place(const sigmoid *g, int64_t i) {
    return (g->rows[i].score - g->mean) / g->deviation;
}

static double loss_at(const sigmoid *g, double a, double b) {
    double loss = 0;
    for (int64_t i = 0; i < g->n; i++) {
        double f = a * place(g, i) + b, t = target(g, i);
        loss += g->rows[i].weight * (f >= 0 ? t * f + log1p(exp(-f)) : (t - 1) * f + log1p(exp(f)));
    }
    return loss;
}

/* One step downhill; 0 when there is nothing to be gained. */
static int step(sigmoid *g) {
    double aa = 1e-12, ab = 0, bb = 1e-12, da = 0, db = 0;
    for (int64_t i = 0; i < g->n; i++) {
        double z = place(g, i), w = g->rows[i].weight;
        double p = visml_sigmoid_at(g->a, g->b, z), e = w * (target(g, i) - p), h = w * p * (1 - p);
        aa += h * z * z, ab += h * z, bb += h;
        da += e * z, db += e;
    }
    if (fabs(da) < ENOUGH * (double)g->n && fabs(db) < ENOUGH * (double)g->n)
        return 0;
    double det = aa * bb - ab * ab, to_a = -(bb * da - ab * db) / det, to_b = -(aa * db - ab * da) / det, slope = da * to_a + db * to_b;
    for (double size = 1; size >= 1e-10; size /= 2) {
        double loss = loss_at(g, g->a + size * to_a, g->b + size * to_b);
        if (!(loss < g->loss + 1e-4 * size * slope))
            continue;
        g->a += size * to_a, g->b += size * to_b, g->loss = loss;
        return 1;
    }
    return 0;
}

void visml_calibrate_sigmoid(int64_t n, const visml_scored *rows, double *slope, double *intercept) {
    sigmoid g = {.n = n, .rows = rows};
    set_up(&g);
    g.loss = loss_at(&g, g.a, g.b);
    for (int i = 0; i < STEPS && step(&g); i++)
        ;
    *slope = g.a / g.deviation;
    *intercept = g.b - g.a * g.mean / g.deviation;
}

double visml_sigmoid_at(double slope, double intercept, double score) {
    double f = slope * score + intercept;
    return f >= 0 ? exp(-f) / (1 + exp(-f)) : 1 / (1 + exp(f));
}

/* ---- isotonic ---- */

static int by_score(const void *a, const void *b) {
    double x = ((const visml_scored *)a)->score, y = ((const visml_scored *)b)->score;
    return (x > y) - (x < y);
}

/* Rows of equal scores become one: points, their mean answers, and in weight of the rows their weights. Rows without a weight are left
 * out. */
static int64_t merge(int64_t n, visml_scored *rows, double *points, double *values) {
    int64_t m = 0;
    for (int64_t i = 0; i < n;) {
        double score = rows[i].score, right = 0, weight = 0;
        for (; i < n && rows[i].score == score; i++) {
            right += rows[i].right ? rows[i].weight : 0;
            weight += rows[i].weight;
        }
        if (weight <= 0)
            continue;
        points[m] = score;
        values[m] = right / weight;
        rows[m++].weight = weight;
    }
    return m;
}

/* Blocks that fall are put together with the one before, until none does (Best and Chakravarti 1990). rows[b].right: the first point behind
 * block b. */
static void pool(int64_t m, visml_scored *rows, double *values) {
    int64_t blocks = 0;
    for (int64_t i = 0; i < m; i++) {
        double value = values[i], weight = rows[i].weight;
        while (blocks && rows[blocks - 1].score >= value) {
            blocks--;
            value = (value * weight + rows[blocks].score * rows[blocks].weight) / (weight + rows[blocks].weight);
            weight += rows[blocks].weight;
        }
        rows[blocks++] = (visml_scored){value, weight, i + 1};
    }
    for (int64_t b = 0, i = 0; b < blocks; b++)
        for (; i < rows[b].right; i++)
            values[i] = rows[b].score;
}

/* Of equal values the first and the last point are kept. */
static int64_t trim(int64_t m, double *points, double *values) {
    int64_t kept = 0;
    for (int64_t i = 0; i < m; i++) {
        if (i && i + 1 < m && values[i] == values[kept - 1] && values[i] == values[i + 1])
            continue;
        points[kept] = points[i];
        values[kept++] = values[i];
    }
    return kept;
}

int64_t visml_calibrate_isotonic(int64_t n, visml_scored *rows, double *points, double *values) {
    qsort(rows, (size_t)n, sizeof *rows, by_score);
    int64_t m = merge(n, rows, points, values);
    pool(m, rows, values);
    return trim(m, points, values);
}

double visml_isotonic_at(int64_t n, const double *points, const double *values, double score) {
    int64_t low = 0, high = n - 1;
    if (!(score > points[0]))
        return values[0];
    if (score >= points[high])
        return values[high];
    while (high - low > 1) {
        int64_t middle = (low + high) / 2;
        if (points[middle] <= score)
            low = middle;
        else
            high = middle;
    }
    return values[low] + (values[high] - values[low]) * ((score - points[low]) / (points[high] - points[low]));
}
