#include "classify/smo.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

#define SHRINK_EVERY 1000 /* iterations */
#define SHRINK_SHARE 8    /* variables leave when they are one in so many: everything is put in order anew */
#define CURVATURE 1e-12   /* where a direction has none */
#define STEP_WORK 128     /* multiplications that an iteration costs a variable, roughly */
#define LEAST_ACTIVE 200  /* few variables cost as much as so many more */
#define LANES 8
#define MOST_ITERATIONS 10000000 /* or a hundred for each variable: what is no kernel may never end */

visml_status visml_smo_new(visml_smo *s, visml_memory *m, const visml_compute *alone, const visml_svm_function *f, const visml_samples *x,
                           int64_t most, size_t cache_bytes, visml_error *err) {
    *s = (visml_smo){0};
    double *d = visml_mem_alloc(m, 10 * (size_t)most * sizeof *d, err);
    s->b = d;
    s->places = d ? visml_mem_alloc(m, 2 * (size_t)most * sizeof *s->places, err) : NULL;
    if (!s->places)
        return VISML_ENOMEM;
    double **parts[] = {&s->b, &s->p, &s->low, &s->high, &s->v, &s->up, &s->down, &s->own, &s->score, &s->spare};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = d + i * (size_t)most;
    s->order = s->places + most;
    return visml_svm_cache_new(&s->cache, m, alone, f, x, most, cache_bytes, err);
}

void visml_smo_free(visml_smo *s, visml_memory *m) {
    visml_mem_free(m, s->b);
    visml_mem_free(m, s->places);
    visml_svm_cache_free(&s->cache, m);
}

/* ---- variables ---- */

/* Where b cannot go there is no way. At 0 a rise and a fall cost epsilon; further off 0 one of the two earns it. */
static void set_ways(visml_smo *s, int64_t t) {
    double b = s->b[t], e = s->epsilon;
    s->up[t] = b >= s->high[t] ? -HUGE_VAL : b < 0 ? e : -e;
    s->down[t] = b <= s->low[t] ? HUGE_VAL : b > 0 ? -e : e;
}

/* How far b may rise, or fall, in one step. */
static double room_above(const visml_smo *s, int64_t t) {
    double b = s->b[t], most = b < 0 && s->high[t] > 0 ? 0 : s->high[t];
    return most - b;
}

static double room_below(const visml_smo *s, int64_t t) {
    double b = s->b[t], least = b > 0 && s->low[t] < 0 ? 0 : s->low[t];
    return b - least;
}

static int64_t groups_of(const visml_smo *s) {
    return s->group < s->n ? 2 : 1;
}

static int64_t group_begin(const visml_smo *s, int64_t group) {
    return group ? s->active_group : 0;
}

static int64_t group_end(const visml_smo *s, int64_t group) {
    return group || groups_of(s) == 1 ? s->active : s->active_group;
}

/* ---- searches, in lanes side by side so that they can be vectors; the first of equals is found ---- */

static double most_of(const double *lanes) {
    double most = lanes[0];
    for (int l = 1; l < LANES; l++)
        most = lanes[l] > most ? lanes[l] : most;
    return most;
}

/* The largest v + up; -1 where none can rise. */
static int64_t find_riser(const visml_smo *s, int64_t from, int64_t to, double *most) {
    const double *v = s->v, *up = s->up;
    double lanes[LANES];
    for (int l = 0; l < LANES; l++)
        lanes[l] = -HUGE_VAL;
    int64_t t = from;
    for (; t + LANES <= to; t += LANES)
        for (int l = 0; l < LANES; l++) {
            double x = v[t + l] + up[t + l];
            lanes[l] = x > lanes[l] ? x : lanes[l];
        }
    for (; t < to; t++) {
        double x = v[t] + up[t];
        lanes[0] = x > lanes[0] ? x : lanes[0];
    }
    *most = most_of(lanes);
    for (t = from; *most > -HUGE_VAL && t < to; t++)
        if (v[t] + up[t] == *most)
            return t;
    return -1;
}

/* What a step gains at most (Fan, Chen and Lin 2005): 0 where there is no way. */
static inline double gain_of(double gap, double own_i, double own_t, float row_t) {
    double curvature = own_i + own_t - 2 * (double)row_t;
    curvature = curvature > CURVATURE ? curvature : CURVATURE;
    gap = gap > 0 ? gap : 0;
    return gap * gap / curvature;
}

/* The partner of variable i, which gains most; -1: none. *least: the smallest v + down. */
static int64_t find_faller(const visml_smo *s, const float *row, int64_t i, int64_t from, int64_t to, double top, double *best,
                           double *least) {
    const double *v = s->v, *down = s->down, *own = s->own;
    double *restrict score = s->score, gains[LANES] = {0}, rises[LANES], own_i = own[i];
    for (int l = 0; l < LANES; l++)
        rises[l] = -HUGE_VAL;
    int64_t t = from;
    for (; t + LANES <= to; t += LANES)
        for (int l = 0; l < LANES; l++) {
            double low = v[t + l] + down[t + l], gain = gain_of(top - low, own_i, own[t + l], row[t + l]);
            rises[l] = -low > rises[l] ? -low : rises[l];
            gains[l] = gain > gains[l] ? gain : gains[l];
            score[t + l] = gain;
        }
    for (; t < to; t++) {
        double low = v[t] + down[t];
        rises[0] = -low > rises[0] ? -low : rises[0];
        score[t] = gain_of(top - low, own_i, own[t], row[t]);
        gains[0] = score[t] > gains[0] ? score[t] : gains[0];
    }
    *least = -most_of(rises);
    *best = most_of(gains);
    for (t = from; *best > 0 && t < to; t++)
        if (score[t] == *best)
            return t;
    return -1;
}

/* ---- rows ---- */

/* Puts column t among the first `most` of a list in descending order of `by`. */
static void insert(int32_t *list, double *by, int64_t *count, int64_t most, int64_t t, double value) {
    int64_t at = *count < most ? (*count)++ : most - 1;
    for (; at > 0 && by[at - 1] < value; at--)
        list[at] = list[at - 1], by[at] = by[at - 1];
    list[at] = (int32_t)t, by[at] = value;
}

/* Those that are likely to be wanted soon: the farthest above and below, whose rows are not there. Half of a batch each. */
static int64_t list_candidates(visml_smo *s, int64_t column, int32_t *list) {
    enum { HALF = VISML_SVM_BATCH / 2 };
    int32_t above[HALF], below[HALF];
    double by_above[HALF], by_below[HALF];
    int64_t risers = 0, fallers = 0, n = 0;
    const int32_t *slots = s->cache.slots;
    for (int64_t t = 0; t < s->active; t++) {
        double rise = s->v[t] + s->up[t], fall = -(s->v[t] + s->down[t]);
        if (slots[t] >= 0 || t == column)
            continue;
        if (rise > -HUGE_VAL && (risers < HALF || rise > by_above[HALF - 1]))
            insert(above, by_above, &risers, HALF, t, rise);
        if (fall > -HUGE_VAL && (fallers < HALF || fall > by_below[HALF - 1]))
            insert(below, by_below, &fallers, HALF, t, fall);
    }
    list[n++] = (int32_t)column;
    for (int64_t k = 0; k < HALF; k++) {
        if (k < risers && n < VISML_SVM_BATCH)
            list[n++] = above[k];
        if (k < fallers && n < VISML_SVM_BATCH && (k >= risers || below[k] != above[k]))
            list[n++] = below[k];
    }
    return n;
}

/* The row of an active variable; that of `keep` stays, too. */
static const float *row_of(visml_smo *s, const visml_svm_threads *t, int64_t variable, int64_t keep) {
    int64_t blocks = visml_svm_blocks(s->active);
    const float *row = visml_svm_cache_find(&s->cache, variable, blocks);
    if (row)
        return row;
    int32_t list[VISML_SVM_BATCH];
    visml_svm_cache_make(&s->cache, t, list, list_candidates(s, variable, list), blocks, keep);
    return visml_svm_cache_find(&s->cache, variable, blocks);
}

/* ---- iterations ---- */

typedef struct working_set {
    int64_t i, j;
    double gap; /* how far it is from optimal */
    double highest[2], lowest[2]; /* of each group: the largest v + up, the smallest v + down */
} working_set;

static void select_pair(visml_smo *s, const visml_svm_threads *t, working_set *w) {
    double best = 0;
    *w = (working_set){.i = -1, .j = -1, .gap = -HUGE_VAL};
    for (int64_t g = 0; g < groups_of(s); g++) {
        int64_t from = group_begin(s, g), to = group_end(s, g), i = find_riser(s, from, to, &w->highest[g]);
        w->lowest[g] = HUGE_VAL;
        if (i < 0)
            continue;
        double gain;
        int64_t j = find_faller(s, row_of(s, t, i, -1), i, from, to, w->highest[g], &gain, &w->lowest[g]);
        double gap = w->highest[g] - w->lowest[g];
        w->gap = gap > w->gap ? gap : w->gap;
        if (j >= 0 && gain > best)
            best = gain, w->i = i, w->j = j;
    }
}

/* b_i rises, b_j falls by as much. */
static void step(visml_smo *s, const visml_svm_threads *t, const working_set *w) {
    int64_t i = w->i, j = w->j;
    const float *of_i = row_of(s, t, i, -1), *of_j = row_of(s, t, j, i);
    double curvature = s->own[i] + s->own[j] - 2 * (double)of_i[j];
    double move = (s->v[i] + s->up[i] - s->v[j] - s->down[j]) / (curvature > CURVATURE ? curvature : CURVATURE);
    double above = room_above(s, i), below = room_below(s, j);
    move = move < above ? move : above;
    move = move < below ? move : below;
    s->b[i] = move < above ? s->b[i] + move : s->b[i] < 0 && s->high[i] > 0 ? 0 : s->high[i];
    s->b[j] = move < below ? s->b[j] - move : s->b[j] > 0 && s->low[j] < 0 ? 0 : s->low[j];
    double *restrict v = s->v;
    for (int64_t k = 0; k < s->active; k++)
        v[k] -= move * ((double)of_i[k] - (double)of_j[k]);
    set_ways(s, i);
    set_ways(s, j);
}

/* ---- shrinking ---- */

static void reorder_doubles(visml_smo *s, double *x, const int32_t *order, int64_t count) {
    for (int64_t p = 0; p < count; p++)
        s->spare[p] = x[order[p]];
    memcpy(x, s->spare, (size_t)count * sizeof *x);
}

/* Variable p of the first `count` becomes what order[p] was. */
static void reorder(visml_smo *s, int64_t count) {
    double *parts[] = {s->b, s->p, s->low, s->high, s->v, s->up, s->down, s->own};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        reorder_doubles(s, parts[i], s->order, count);
    int32_t *numbers = (int32_t *)(void *)s->spare;
    for (int64_t p = 0; p < count; p++)
        numbers[p] = s->places[s->order[p]];
    memcpy(s->places, numbers, (size_t)count * sizeof *numbers);
    visml_svm_cache_reorder(&s->cache, s->order, count);
    s->filling = 1;
}

/* At a bound, and far from leaving it. */
static int is_settled(const visml_smo *s, const working_set *w, int64_t t) {
    int group = groups_of(s) == 2 && t >= s->active_group;
    return s->v[t] + s->up[t] < w->lowest[group] && s->v[t] + s->down[t] > w->highest[group];
}

static void shrink(visml_smo *s, const working_set *w) {
    int64_t kept = 0, of_group = 0, left = 0, active = s->active;
    for (int64_t k = 0; k < active; k++)
        kept += !is_settled(s, w, k);
    if (kept == 0 || (active - kept) * SHRINK_SHARE < active)
        return;
    left = kept, kept = 0;
    for (int64_t k = 0; k < active; k++) {
        int settled = is_settled(s, w, k);
        of_group += !settled && k < s->active_group;
        s->order[settled ? left++ : kept++] = (int32_t)k;
    }
    reorder(s, active);
    s->active = kept;
    s->active_group = groups_of(s) == 2 ? of_group : kept;
}

/* ---- all variables again ---- */

/* The rows of some variables that are not 0 are taken off v of those from `from` on, in order. 1: there are more. */
static int take_off_some(visml_smo *s, const visml_svm_threads *t, int64_t from) {
    int32_t list[VISML_SVM_BATCH];
    int64_t count = 0, blocks = visml_svm_blocks(s->n);
    for (; s->cursor < s->n && count < VISML_SVM_BATCH; s->cursor++)
        if (s->b[s->cursor] != 0)
            list[count++] = (int32_t)s->cursor;
    visml_svm_cache_make(&s->cache, t, list, count, blocks, -1);
    for (int64_t i = 0; i < count; i++) {
        const float *row = visml_svm_cache_find(&s->cache, list[i], blocks);
        double b = s->b[list[i]];
        for (int64_t k = from; k < s->n; k++)
            s->v[k] -= b * (double)row[k];
    }
    s->cache.work += count * (s->n - from);
    return s->cursor < s->n;
}

static void begin_restore(visml_smo *s) {
    for (int64_t k = s->active; k < s->n; k++)
        s->v[k] = s->p[k];
    s->cursor = 0;
}

static void end_restore(visml_smo *s) {
    int moved = 0;
    s->cursor = -1;
    for (int64_t p = 0; p < s->n; p++) {
        moved |= s->places[p] != p;
        s->order[s->places[p]] = (int32_t)p;
    }
    if (moved)
        reorder(s, s->n);
    s->active = s->n;
    s->active_group = s->group;
}

static void restore_some(visml_smo *s, const visml_svm_threads *t) {
    if (!take_off_some(s, t, s->active))
        end_restore(s);
}

/* ---- solving ---- */

void visml_smo_begin(visml_smo *s) {
    visml_svm_cache_begin(&s->cache, s->n);
    s->filling = 1, s->own_found = 0;
    int starts_at_0 = 1;
    for (int64_t k = 0; k < s->n; k++) {
        s->v[k] = s->p[k];
        s->places[k] = (int32_t)k;
        set_ways(s, k);
        starts_at_0 &= s->b[k] == 0;
    }
    s->active = starts_at_0 ? s->n : 0;
    s->active_group = s->group;
    s->cursor = starts_at_0 ? -1 : 0;
    s->most_iterations = s->n > MOST_ITERATIONS / 100 ? 100 * s->n : MOST_ITERATIONS;
    s->most_iterations = s->max_iterations ? s->max_iterations : s->most_iterations;
    s->iterations = 0, s->unshrunk = 0, s->finished = 0, s->fetched = 0;
    s->until_shrink = s->n < SHRINK_EVERY ? s->n : SHRINK_EVERY;
}

static int wants_shrink(visml_smo *s) {
    if (!s->shrinks || --s->until_shrink > 0)
        return 0;
    s->until_shrink = s->n < SHRINK_EVERY ? s->n : SHRINK_EVERY;
    return 1;
}

/* An iteration may make two batches of rows, each of which takes long where there are many variables: after the second one it begins
 * anew, once, with the same pair. */
static int fetch(visml_smo *s, const visml_svm_threads *t, const working_set *w) {
    if (s->fetched || visml_svm_cache_find(&s->cache, w->j, visml_svm_blocks(s->active)))
        return 0;
    row_of(s, t, w->j, w->i);
    return s->fetched = 1;
}

static void iterate(visml_smo *s, const visml_svm_threads *t) {
    working_set w;
    select_pair(s, t, &w);
    if (s->iterations >= s->most_iterations || w.j < 0 || w.gap < s->tolerance) {
        s->finished = s->active == s->n;
        if (!s->finished)
            begin_restore(s);
        s->until_shrink = 1;
        return;
    }
    if (fetch(s, t, &w))
        return;
    s->fetched = 0;
    if (wants_shrink(s)) {
        /* Once, near the end: what left too early comes back while there is little to do. */
        if (!s->unshrunk && w.gap <= 10 * s->tolerance && s->active < s->n) {
            s->unshrunk = 1;
            begin_restore(s);
            s->until_shrink = 1;
            return;
        }
        shrink(s, &w);
        return;
    }
    step(s, t, &w);
    s->iterations++;
    s->cache.work += (s->active + LEAST_ACTIVE) * STEP_WORK;
}

/* Columns are there before anything else goes on. */
static void fill_some(visml_smo *s, const visml_svm_threads *t) {
    float *own = (float *)(void *)s->spare;
    s->filling = visml_svm_cache_fill(&s->cache, t);
    if (s->filling || s->own_found)
        return;
    s->own_found = 1;
    visml_svm_own(&s->cache.columns, &t->alone, own);
    for (int64_t k = 0; k < s->n; k++)
        s->own[k] = (double)own[k];
}

visml_status visml_smo_advance(visml_smo *s, const visml_svm_threads *t, int64_t enough, visml_error *err) {
    while (!s->finished && s->cache.work < enough && !s->cache.infinite) {
        if (s->filling)
            fill_some(s, t);
        else if (s->cursor >= 0)
            restore_some(s, t);
        else
            iterate(s, t);
    }
    if (s->cache.infinite)
        return visml_fail(err, VISML_ENONFINITE, "a kernel value is not finite; scale the columns, or choose a smaller gamma or degree");
    return VISML_OK;
}

double visml_smo_level(const visml_smo *s, int64_t from, int64_t to) {
    double sum = 0, inside = 0, highest = -HUGE_VAL, lowest = HUGE_VAL;
    for (int64_t t = from; t < to; t++) {
        double rise = s->v[t] + s->up[t], fall = s->v[t] + s->down[t];
        if (s->up[t] == s->down[t])
            sum += rise, inside++;
        highest = rise > highest ? rise : highest;
        lowest = fall < lowest ? fall : lowest;
    }
    if (inside > 0)
        return sum / inside;
    if (highest == -HUGE_VAL || lowest == HUGE_VAL)
        return highest > -HUGE_VAL ? highest : lowest < HUGE_VAL ? lowest : 0;
    return (highest + lowest) / 2;
}
