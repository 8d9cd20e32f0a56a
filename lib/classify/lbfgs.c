#include "classify/lbfgs.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define MEMORY 10 /* pairs of steps and changes of the gradient */
#define SLOTS (MEMORY + 1) /* for pairs, the one that may come included */
#define TRIALS 20 /* along one line */
#define DECREASE 1e-4
#define CURVATURE 0.9

typedef struct state {
    const visml_lbfgs *l;
    double *x, *g;                     /* [n]: where it is; the gradient of the smooth part */
    double *pseudo;                    /* [n]: the gradient with magnitudes, towards where the sum gets smaller */
    double *d;                         /* [n]: the direction */
    double *x_trial, *g_trial;         /* [n] */
    double *steps, *changes;           /* [SLOTS, n] */
    double curvature[SLOTS];          /* step times change */
    int64_t pairs;                     /* so many were stored since the beginning */
    double value;                      /* with magnitudes */
} state;

/* A place on a line. */
typedef struct point {
    double step, value, slope;
} point;

/* ---- vectors; four sums side by side, which need not wait for each other ---- */

static double dot(int64_t n, const double *a, const double *b) {
    double sum[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int l = 0; l < 4; l++)
            sum[l] += a[i + l] * b[i + l];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

static void add_scaled(int64_t n, double scale, const double *from, double *to) {
    for (int64_t i = 0; i < n; i++)
        to[i] += scale * from[i];
}

static double largest(int64_t n, const double *a) {
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fabs(a[i]) > most ? fabs(a[i]) : most;
    return most;
}

static double magnitudes(const visml_lbfgs *l, const double *x) {
    double sum = 0;
    for (int64_t i = 0; i < l->l1_count; i++)
        sum += fabs(x[i]);
    return l->l1 * sum;
}

static double sign(double a) {
    return (a > 0) - (a < 0);
}

/* ---- directions ---- */

static void find_pseudo_gradient(state *s) {
    const visml_lbfgs *l = s->l;
    memcpy(s->pseudo, s->g, (size_t)l->n * sizeof *s->g);
    for (int64_t i = 0; i < l->l1_count; i++) {
        double below = s->g[i] - l->l1, above = s->g[i] + l->l1;
        s->pseudo[i] = s->x[i] > 0 ? above : s->x[i] < 0 ? below : above < 0 ? above : below > 0 ? below : 0;
    }
}

/* d = -H pseudo by two loops over the pairs (Nocedal and Wright 2006, algorithm 7.4). */
static void find_direction(state *s) {
    int64_t n = s->l->n, first = s->pairs > MEMORY ? s->pairs - MEMORY : 0;
    double share[SLOTS], *d = s->d;
    for (int64_t i = 0; i < n; i++)
        d[i] = -s->pseudo[i];
    for (int64_t p = s->pairs - 1; p >= first; p--) {
        int64_t at = p % SLOTS;
        share[at] = dot(n, s->steps + at * n, d) / s->curvature[at];
        add_scaled(n, -share[at], s->changes + at * n, d);
    }
    if (s->pairs) {
        int64_t last = (s->pairs - 1) % SLOTS;
        double scale = s->curvature[last] / dot(n, s->changes + last * n, s->changes + last * n);
        for (int64_t i = 0; i < n; i++)
            d[i] *= scale;
    }
    for (int64_t p = first; p < s->pairs; p++) {
        int64_t at = p % SLOTS;
        add_scaled(n, share[at] - dot(n, s->changes + at * n, d) / s->curvature[at], s->steps + at * n, d);
    }
    for (int64_t i = 0; s->l->l1 > 0 && i < s->l->l1_count; i++)
        if (d[i] * s->pseudo[i] >= 0)
            d[i] = 0;
}

static void keep_pair(state *s) {
    int64_t n = s->l->n, at = s->pairs % SLOTS;
    double *step = s->steps + at * n, *change = s->changes + at * n;
    for (int64_t i = 0; i < n; i++) {
        step[i] = s->x_trial[i] - s->x[i];
        change[i] = s->g_trial[i] - s->g[i];
    }
    s->curvature[at] = dot(n, step, change);
    if (s->curvature[at] > 1e-16 * dot(n, change, change))
        s->pairs++;
}

/* ---- along a line ---- */

/* A variable does not go through 0 with magnitudes: it stays in its orthant, which for one that is 0 is where it shall go. */
static void stay_in_orthant(state *s) {
    for (int64_t i = 0; i < s->l->l1_count; i++) {
        double side = s->x[i] != 0 ? sign(s->x[i]) : -sign(s->pseudo[i]);
        if (sign(s->x_trial[i]) != side)
            s->x_trial[i] = 0;
    }
}

static visml_status try_step(state *s, double step, point *p, visml_error *err) {
    const visml_lbfgs *l = s->l;
    for (int64_t i = 0; i < l->n; i++)
        s->x_trial[i] = s->x[i] + step * s->d[i];
    if (l->l1 > 0)
        stay_in_orthant(s);
    p->step = step;
    VISML_TRY(l->evaluate(l->user, s->x_trial, &p->value, s->g_trial, err));
    p->value += magnitudes(l, s->x_trial);
    p->slope = dot(l->n, s->g_trial, s->d);
    return VISML_OK;
}

/* Where the cubic through two points with their slopes is least, not too near either. */
static double between(const point *a, const point *b) {
    double h = b->step - a->step, c = a->slope + b->slope - 3 * (a->value - b->value) / -h;
    double root = sqrt(c * c - a->slope * b->slope) * sign(h), t = 1 - (b->slope + root - c) / (b->slope - a->slope + 2 * root);
    t = isfinite(t) ? t : 0.5;
    return a->step + h * (t < 0.1 ? 0.1 : t > 0.9 ? 0.9 : t);
}

/* *found: x_trial fulfils the strong conditions of Wolfe, its value being at[0]. */
static visml_status search_smooth(state *s, double step, double slope, double *value, int *found, visml_error *err) {
    double noise = s->l->noise * fabs(s->value);
    point low = {0, s->value, slope}, high = {0}, p;
    int has_high = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        VISML_TRY(try_step(s, step, &p, err));
        if (!(p.value <= s->value + DECREASE * step * slope + noise) || p.value > low.value + noise) {
            high = p, has_high = 1;
        } else if (fabs(p.slope) <= CURVATURE * fabs(slope)) {
            *value = p.value, *found = 1;
            return VISML_OK;
        } else {
            if (has_high ? p.slope * (high.step - low.step) >= 0 : p.slope > 0)
                high = low, has_high = 1;
            low = p;
        }
        step = has_high ? between(&low, &high) : 4 * step;
    }
    return VISML_OK;
}

/* With magnitudes: smaller and smaller steps. */
static visml_status search_orthant(state *s, double step, double *value, int *found, visml_error *err) {
    double noise = s->l->noise * fabs(s->value);
    for (int trial = 0; trial < TRIALS; trial++, step /= 2) {
        point p;
        double gain = 0;
        VISML_TRY(try_step(s, step, &p, err));
        for (int64_t i = 0; i < s->l->n; i++)
            gain += s->pseudo[i] * (s->x_trial[i] - s->x[i]);
        if (p.value <= s->value + DECREASE * gain + noise) {
            *value = p.value, *found = 1;
            return VISML_OK;
        }
    }
    return VISML_OK;
}

static visml_status search(state *s, int *found, visml_error *err) {
    double slope = dot(s->l->n, s->pseudo, s->d), step = s->pairs ? 1 : 1 / sqrt(dot(s->l->n, s->d, s->d)), value = 0;
    *found = 0;
    if (!(slope < 0))
        return VISML_OK;
    if (s->l->l1 > 0)
        VISML_TRY(search_orthant(s, step, &value, found, err));
    else
        VISML_TRY(search_smooth(s, step, slope, &value, found, err));
    if (*found) {
        keep_pair(s);
        memcpy(s->x, s->x_trial, (size_t)s->l->n * sizeof *s->x);
        memcpy(s->g, s->g_trial, (size_t)s->l->n * sizeof *s->g);
        s->value = value;
    }
    return VISML_OK;
}

/* ---- the whole ---- */

static int is_small(state *s) {
    const visml_lbfgs *l = s->l;
    find_pseudo_gradient(s);
    if (l->size)
        return l->size(l->user) <= l->tol;
    return largest(l->n, s->pseudo) <= l->tol;
}

static visml_status begin(state *s, visml_error *err) {
    VISML_TRY(s->l->evaluate(s->l->user, s->x, &s->value, s->g, err));
    s->value += magnitudes(s->l, s->x);
    if (isfinite(s->value))
        return VISML_OK;
    return visml_fail(err, VISML_ENONFINITE, "%s: the loss is %g before the first step", s->l->what, s->value);
}

/* Where a line leads nowhere, what was remembered is forgotten; with nothing remembered, values are as small as their rounding allows. */
static visml_status iterate(state *s, int *converged, visml_error *err) {
    VISML_TRY(begin(s, err));
    *converged = is_small(s);
    for (int32_t i = 0; i < s->l->max_iter && !*converged; i++) {
        int found;
        find_direction(s);
        VISML_TRY(search(s, &found, err));
        if (!found && !s->pairs)
            return VISML_OK;
        if (found)
            *converged = is_small(s);
        else
            s->pairs = 0;
        if (s->l->after)
            VISML_TRY(s->l->after(s->l->user, i + 1, s->value, err));
    }
    return VISML_OK;
}

visml_status visml_lbfgs_run(visml_memory *m, const visml_lbfgs *l, double *x, int *converged, visml_error *err) {
    state s = {.l = l, .x = x};
    double *room = visml_mem_zalloc(m, (size_t)l->n, (5 + 2 * SLOTS) * sizeof *room, err);
    if (!room)
        return VISML_ENOMEM;
    double **const arrays[] = {&s.g, &s.pseudo, &s.d, &s.x_trial, &s.g_trial, &s.steps};
    for (int i = 0; i < 6; i++)
        *arrays[i] = room + i * l->n;
    s.changes = s.steps + SLOTS * l->n;
    *converged = 0;
    visml_status status = iterate(&s, converged, err);
    visml_mem_free(m, room);
    return status;
}
