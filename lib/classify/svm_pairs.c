#include "classify/svm_pairs.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "classify/svm_machine.h"
#include "classify/svm_probability.h"

#define FOLDS 5
#define STREAM_FOLDS 0x7376U /* "sv": what a key is for */

/* Rows that count, class after class. Tables have a row for each of them, and a column for each other class: that of the pair. */
typedef struct pairs {
    const visml_classifier *c;
    const visml_samples *s;
    const visml_svm_opts *o;
    int64_t classes, columns, jobs_per_pair;
    int64_t *begin;  /* [classes + 1] */
    int32_t *rows;
    double *dual;    /* [rows, columns] */
    double *rho;     /* [pairs] */
    double *held;    /* [rows, columns]: decisions where a row was left out; NULL: no probabilities */
    uint8_t *folds;  /* [rows, columns]: with which part it was left out */
    int64_t *drawn;  /* [rows of a pair] */
} pairs;

typedef struct pair {
    int64_t number, a, b;
    int32_t fold; /* that is left out; -1: none */
} pair;

static pair pair_of(const pairs *p, int64_t job) {
    pair of = {.number = job / p->jobs_per_pair, .fold = (int32_t)(job % p->jobs_per_pair) - 1};
    int64_t before = 0;
    while (of.number >= before + p->classes - 1 - of.a)
        before += p->classes - 1 - of.a++;
    of.b = of.a + 1 + of.number - before;
    return of;
}

/* The place in tables of row `at`, which is of class a or b. */
static int64_t cell(const pairs *p, const pair *of, int64_t at) {
    int64_t is_a = at < p->begin[of->a + 1];
    return at * p->columns + (is_a ? of->b - 1 : of->a);
}

static double weight_at(const pairs *p, int64_t at) {
    return visml_samples_weight(p->s, p->rows[at]);
}

static int64_t first_row(const pairs *p, const pair *of) {
    return p->begin[of->a] < p->begin[of->a + 1] ? p->begin[of->a] : p->begin[of->b];
}

static int64_t next_row(const pairs *p, const pair *of, int64_t at) {
    return at + 1 == p->begin[of->a + 1] ? p->begin[of->b] : at + 1;
}

/* The rows of one class, then those of the other. */
#define EACH_ROW(p, of, at) for (int64_t at = first_row(p, of); at < (p)->begin[(of)->b + 1]; at = next_row(p, of, at))

/* ---- rows ---- */

static void sort_rows(pairs *p) {
    const visml_samples *s = p->s;
    memset(p->begin, 0, (size_t)(p->classes + 1) * sizeof *p->begin);
    for (int64_t i = 0; i < s->n; i++)
        p->begin[s->places[i] + 1] += visml_samples_weight(s, i) > 0;
    for (int64_t k = 0; k < p->classes; k++)
        p->begin[k + 1] += p->begin[k];
    for (int64_t i = 0; i < s->n; i++)
        if (visml_samples_weight(s, i) > 0)
            p->rows[p->begin[s->places[i]]++] = (int32_t)i;
    for (int64_t k = p->classes; k > 0; k--)
        p->begin[k] = p->begin[k - 1];
    p->begin[0] = 0;
}

static void draw_folds(pairs *p, uint64_t seed) {
    for (int64_t number = 0; number < visml_svm_pairs(p->c); number++) {
        pair of = pair_of(p, number * p->jobs_per_pair);
        visml_rng rng;
        int64_t n = 0;
        visml_rng_init(&rng, visml_key(visml_key(seed, STREAM_FOLDS), (uint64_t)number));
        EACH_ROW(p, &of, at) {
            p->drawn[n++] = cell(p, &of, at);
        }
        visml_rng_shuffle(&rng, p->drawn, (size_t)n);
        for (int64_t i = 0; i < n; i++)
            p->folds[p->drawn[i]] = (uint8_t)(i * FOLDS / n);
    }
}

/* ---- problems ---- */

static void add_row(const pairs *p, int64_t at, int first, visml_smo *s) {
    double most = weight_at(p, at) * (p->o->nu > 0 ? 1 : p->o->C);
    int64_t t = s->n++;
    s->cache.rows[t] = p->rows[at];
    s->b[t] = 0;
    s->p[t] = p->o->nu > 0 ? 0 : first ? 1 : -1;
    s->low[t] = first ? 0 : -most;
    s->high[t] = first ? most : 0;
}

/* With nu the sum of each class is given: the first rows take as much as they may. */
static void fill_sums(const pairs *p, visml_smo *s) {
    double sum = 0;
    for (int64_t t = 0; t < s->n; t++)
        sum += s->high[t] - s->low[t];
    double left[2] = {p->o->nu * sum / 2, p->o->nu * sum / 2};
    for (int64_t t = 0; t < s->n; t++) {
        int second = t >= s->group;
        double most = s->high[t] - s->low[t], part = left[second] < most ? left[second] : most;
        s->b[t] = second ? -part : part;
        left[second] -= part;
    }
}

static void begin_pair(void *arg, int64_t job, visml_smo *s) {
    const pairs *p = arg;
    pair of = pair_of(p, job);
    EACH_ROW(p, &of, at) {
        int first = at < p->begin[of.a + 1];
        if (of.fold < 0 || p->folds[cell(p, &of, at)] != of.fold)
            add_row(p, at, first, s);
        s->group = first ? s->n : s->group;
    }
    if (p->o->nu > 0)
        fill_sums(p, s);
    else
        s->group = s->n;
}

/* rho, and what coefficients are to be multiplied by: with nu the margins are scaled to 1. */
static double find_rho(const pairs *p, const visml_smo *s, double *scale) {
    *scale = 1;
    if (p->o->nu <= 0)
        return -visml_smo_level(s, 0, s->n);
    double first = visml_smo_level(s, 0, s->group), second = visml_smo_level(s, s->group, s->n), margin = (second - first) / 2;
    *scale = margin != 0 ? 1 / margin : 1;
    return -(first + second) / 2 * *scale;
}

static void keep_dual(pairs *p, const pair *of, const visml_smo *s, double scale) {
    int64_t t = 0;
    EACH_ROW(p, of, at) {
        p->dual[cell(p, of, at)] = s->b[t++] * scale;
    }
}

static double decide(const visml_smo *s, const float *row) {
    double sum = 0;
    for (int64_t t = 0; t < s->n; t++)
        sum += s->b[t] * (double)row[t];
    return sum;
}

/* Decisions of rows at[count] that were left out. The kernel values of this problem are not wanted any more: theirs take their place. */
static void decide_some(pairs *p, const pair *of, visml_smo *s, const visml_svm_threads *t, const int64_t *at, int64_t count, double scale,
                        double rho) {
    int32_t rows[VISML_SVM_BATCH] = {0};
    for (int64_t i = 0; i < count; i++)
        rows[i] = p->rows[at[i]];
    if (s->n && count)
        visml_svm_cache_compare(&s->cache, t, rows, count, s->cache.data);
    for (int64_t i = 0; i < count; i++)
        p->held[cell(p, of, at[i])] = decide(s, s->cache.data + i * s->n) * scale - rho;
}

static void decide_held(pairs *p, const pair *of, visml_smo *s, const visml_svm_threads *t, double scale, double rho) {
    int64_t at[VISML_SVM_BATCH], count = 0;
    EACH_ROW(p, of, row) {
        if (p->folds[cell(p, of, row)] == of->fold)
            at[count++] = row;
        if (count == VISML_SVM_BATCH) {
            decide_some(p, of, s, t, at, count, scale, rho);
            count = 0;
        }
    }
    decide_some(p, of, s, t, at, count, scale, rho);
}

static void end_pair(void *arg, int64_t job, visml_smo *s, const visml_svm_threads *t) {
    pairs *p = arg;
    pair of = pair_of(p, job);
    double scale, rho = find_rho(p, s, &scale);
    if (of.fold >= 0) {
        decide_held(p, &of, s, t, scale, rho);
        return;
    }
    p->rho[of.number] = rho;
    keep_dual(p, &of, s, scale);
}

/* ---- probabilities ---- */

static void fit_sigmoid(const pairs *p, const pair *of, double *f, uint8_t *first, double *a, double *b) {
    int64_t n = 0;
    EACH_ROW(p, of, at) {
        f[n] = p->held[cell(p, of, at)];
        first[n++] = at < p->begin[of->a + 1];
    }
    visml_sigmoid_fit(n, f, first, a, b);
}

static visml_status keep_sigmoids(visml_classifier *c, const pairs *p, int64_t most, visml_error *err) {
    int64_t count = visml_svm_pairs(c);
    visml_memory *m = visml_classifier_memory(c);
    double *a = visml_object_array_new(&c->object, "prob_a", VISML_F64, VISML_SHAPE(count), err);
    double *b = a ? visml_object_array_new(&c->object, "prob_b", VISML_F64, VISML_SHAPE(count), err) : NULL;
    double *f = b ? visml_mem_alloc(m, (size_t)most * (sizeof *f + 1), err) : NULL;
    if (!f)
        return VISML_ENOMEM;
    for (int64_t number = 0; number < count; number++) {
        pair of = pair_of(p, number * p->jobs_per_pair);
        fit_sigmoid(p, &of, f, (uint8_t *)(f + most), &a[number], &b[number]);
    }
    visml_mem_free(m, f);
    return VISML_OK;
}

/* ---- all of it ---- */

static void pairs_free(pairs *p, visml_memory *m) {
    visml_mem_free(m, p->begin);
    visml_mem_free(m, p->rows);
    visml_mem_free(m, p->dual);
    visml_mem_free(m, p->rho);
    visml_mem_free(m, p->held);
    visml_mem_free(m, p->folds);
    visml_mem_free(m, p->drawn);
}

static visml_status pairs_new(pairs *p, visml_memory *m, visml_error *err) {
    size_t n = (size_t)p->s->n, cells = n * (size_t)p->columns;
    p->begin = visml_mem_alloc(m, (size_t)(p->classes + 1) * sizeof *p->begin, err);
    p->rows = p->begin ? visml_mem_alloc(m, n * sizeof *p->rows, err) : NULL;
    p->dual = p->rows ? visml_mem_zalloc(m, cells, sizeof *p->dual, err) : NULL;
    p->rho = p->dual ? visml_mem_zalloc(m, (size_t)visml_svm_pairs(p->c), sizeof *p->rho, err) : NULL;
    if (!p->rho)
        return VISML_ENOMEM;
    if (!p->o->probability)
        return VISML_OK;
    p->held = visml_mem_zalloc(m, cells, sizeof *p->held, err);
    p->folds = p->held ? visml_mem_alloc(m, cells, err) : NULL;
    p->drawn = p->folds ? visml_mem_alloc(m, n * sizeof *p->drawn, err) : NULL;
    return p->drawn ? VISML_OK : VISML_ENOMEM;
}

static double weight_of_class(const pairs *p, int64_t k) {
    double sum = 0;
    for (int64_t at = p->begin[k]; at < p->begin[k + 1]; at++)
        sum += weight_at(p, at);
    return sum;
}

/* A share nu of errors must be possible in each pair: not more than all of the smaller class. */
static visml_status check_nu(const pairs *p, visml_error *err) {
    const int32_t *labels = (const int32_t *)(const void *)p->c->classes->data;
    for (int64_t a = 0; a < p->classes; a++)
        for (int64_t b = a + 1; b < p->classes; b++) {
            double of_a = weight_of_class(p, a), of_b = weight_of_class(p, b), least = of_a < of_b ? of_a : of_b;
            if (p->o->nu * (of_a + of_b) / 2 > least)
                return visml_fail(err, VISML_EINVAL, "svm: nu is %g, must be at most %.3g: classes %d and %d weigh %g and %g", p->o->nu,
                                  2 * least / (of_a + of_b), (int)labels[a], (int)labels[b], of_a, of_b);
        }
    return VISML_OK;
}

static int64_t largest_pair(const pairs *p) {
    int64_t most[2] = {0, 0};
    for (int64_t k = 0; k < p->classes; k++) {
        int64_t n = p->begin[k + 1] - p->begin[k];
        most[1] = n > most[0] ? most[0] : n > most[1] ? n : most[1];
        most[0] = n > most[0] ? n : most[0];
    }
    return most[0] + most[1];
}

static visml_status solve(visml_classifier *c, const visml_compute *k, pairs *p, const visml_fit_run *run, visml_error *err) {
    visml_svm_function f;
    VISML_TRY(visml_svm_function_of(c, k, p->s, run, &f, err));
    visml_svm_work w = visml_svm_work_of(c, p->s, &f);
    w.jobs = visml_svm_pairs(c) * p->jobs_per_pair, w.most = largest_pair(p);
    w.begin = begin_pair, w.end = end_pair, w.arg = p;
    VISML_TRY(visml_svm_solve(c->object.context, k, &w, run, err));
    visml_svm_found found = {.samples = p->s, .function = &f, .rows = p->rows, .begin = p->begin, .groups = p->classes,
                             .columns = p->columns, .dual = p->dual, .rho = p->rho};
    VISML_TRY(visml_svm_keep(c, &found, run, err));
    return p->held ? keep_sigmoids(c, p, w.most, err) : VISML_OK;
}

static visml_status fit_sorted(visml_classifier *c, const visml_compute *k, pairs *p, const visml_fit_run *run, visml_error *err) {
    VISML_TRY(pairs_new(p, visml_classifier_memory(c), err));
    sort_rows(p);
    if (p->o->nu > 0)
        VISML_TRY(check_nu(p, err));
    if (p->held)
        draw_folds(p, run->seed);
    return solve(c, k, p, run, err);
}

visml_status visml_svm_fit_pairs(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                                 visml_error *err) {
    pairs p = {.c = c, .s = s, .o = c->object.opts, .classes = c->class_count, .columns = c->class_count - 1};
    p.jobs_per_pair = p.o->probability ? 1 + FOLDS : 1;
    VISML_TRY(visml_svm_check(c, s, run, err));
    visml_status status = fit_sorted(c, k, &p, run, err);
    pairs_free(&p, visml_classifier_memory(c));
    return status;
}
