/* One that learns from the answers of several others (Wolpert 1992). So that it does not learn from what these know by heart, the answers
 * are those of parts that have learned from other folds; then all learn from all rows. `of` and the parts: the others, and the final
 * one. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "classify/parts.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_stacking_opts, cv, I32, 0, 1, 2, 1000, 5),
    VISML_FIELD(visml_stacking_opts, passthrough, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_stacking_opts),
    {0},
};

static const visml_stacking_opts *options_of(const visml_classifier *c) {
    return c->object.opts;
}

static visml_status check_of(const visml_classifier *c, visml_error *err) {
    if (c->of_count < 2)
        return visml_fail(err, VISML_EINVAL, "stacking: of: there are %zu classifiers, must be two at least: the last is the final one",
                          c->of_count);
    return visml_check_of(c, 1 << VISML_TASK_CLASSIFICATION | 1 << VISML_TASK_REGRESSION, err);
}

/* ---- answers, as columns ---- */

/* Probabilities, without those of the first of two classes; else what it decides by. */
static int64_t answers_of(const visml_classifier *part) {
    if (!part->classes || !visml_classifier_has_probabilities(part))
        return visml_classifier_outputs(part);
    return part->class_count == 2 ? 1 : part->class_count;
}

/* To columns of z [n, ldz]. y: [n, widest] and the room of the part. */
static void answer(const visml_classifier *part, const visml_compute *k, const visml_samples *s, const int64_t *rows, float *z, int64_t ldz,
                   float *y, void *room) {
    int probable = part->classes && visml_classifier_has_probabilities(part);
    int64_t columns = answers_of(part), width = probable ? part->class_count : columns;
    (probable ? visml_classifier_class_of(part)->probabilities : visml_classifier_class_of(part)->decide)(part, k, s, y, room);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t j = 0; j < columns; j++)
            z[(rows ? rows[i] : i) * ldz + j] = y[i * width + width - columns + j];
}

static size_t y_bytes(const visml_classifier *part, int64_t n) {
    int64_t outputs = visml_classifier_outputs(part), width = part->class_count > outputs ? part->class_count : outputs;
    return visml_align64((size_t)(n * width) * sizeof(float));
}

/* ---- learning ---- */

/* The table that the final one learns from. */
typedef struct table {
    float *z; /* [n, width] */
    int64_t width;
    int32_t *fold;
    int64_t *rows;
    visml_tensor *classes; /* 0 ... K - 1, or NULL */
} table;

typedef struct question {
    const visml_classifier *part;
    const visml_compute *compute;
    const table *t; /* its rows: those that are asked about */
    float *z;       /* the first column */
    float *y;
    void *room;
} question;

static void answer_some(void *arg, const visml_samples *some, int64_t begin) {
    const question *q = arg;
    answer(q->part, q->compute, some, q->t->rows + begin, q->z, q->t->width, q->y, q->room);
}

static visml_status ask_fold(visml_classifier *c, size_t part, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                             const table *t, float *z, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    const visml_classifier *p = c->parts[part];
    int64_t rows = visml_part_rows(p, s->n);
    size_t own = y_bytes(p, rows);
    float *y = visml_mem_alloc(m, own + visml_classifier_scratch(p, k, rows), err);
    question q = {.part = p, .compute = k, .t = t, .z = z, .y = y, .room = y ? (char *)y + own : NULL};
    visml_status status = y ? visml_part_ask(p, s, run, answer_some, &q, err) : VISML_ENOMEM;
    visml_mem_free(m, y);
    return status;
}

static void forget(visml_classifier *c, size_t part) {
    visml_classifier_free(c->parts[part]);
    c->parts[part] = NULL;
}

/* Learns from the other folds and answers for this one. */
static visml_status fill_fold(visml_classifier *c, size_t part, int32_t fold, const visml_compute *k, const visml_samples *s,
                              const visml_fit_run *run, const table *t, int64_t column, visml_error *err) {
    visml_context *ctx = c->object.context;
    visml_subset own;
    forget(c, part);
    VISML_TRY(visml_subset_take(ctx, run, s, t->rows, visml_fold_rows(s->n, t->fold, fold, 0, t->rows), NULL, 0, &own, err));
    visml_status status = visml_part_learn(c, part, c->of[part], k, &own.samples, own.classes, run, err);
    visml_subset_clear(ctx, &own);
    VISML_TRY(status);
    VISML_TRY(visml_subset_take(ctx, run, s, t->rows, visml_fold_rows(s->n, t->fold, fold, 1, t->rows), NULL, 0, &own, err));
    status = ask_fold(c, part, k, &own.samples, run, t, t->z + column, err);
    visml_subset_clear(ctx, &own);
    return status;
}

/* The parts learn from all rows first, which tells how many columns each answers with. */
static visml_status learn_all(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, table *t,
                              visml_error *err) {
    t->width = options_of(c)->passthrough ? s->d : 0;
    for (size_t p = 0; p + 1 < c->of_count; p++) {
        VISML_TRY(visml_part_learn(c, p, c->of[p], k, s, t->classes, run, err));
        t->width += answers_of(c->parts[p]);
    }
    return VISML_OK;
}

static visml_status fill_table(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, table *t,
                               visml_error *err) {
    int64_t column = 0;
    VISML_TRY(visml_folds(c, s, options_of(c)->cv, t->fold, err));
    for (size_t p = 0; p + 1 < c->of_count; p++) {
        visml_classifier *whole = c->parts[p];
        visml_status status = VISML_OK;
        c->parts[p] = NULL;
        for (int32_t f = 0; status == VISML_OK && f < options_of(c)->cv; f++)
            status = fill_fold(c, p, f, k, s, run, t, column, err);
        forget(c, p);
        c->parts[p] = whole;
        VISML_TRY(status);
        column += answers_of(whole);
    }
    return VISML_OK;
}

static void pass_through(const visml_samples *s, float *z, int64_t ldz) {
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t j = 0; j < s->d; j++)
            z[i * ldz + j] = visml_samples_at(s, i, j);
}

#define PASSED ((int64_t)1 << 20) /* numbers between two ticks */

static visml_status pass_all(const visml_samples *s, const visml_fit_run *run, float *z, int64_t ldz, visml_error *err) {
    int64_t rows = 1 + PASSED / s->d;
    for (int64_t begin = 0; begin < s->n; begin += rows) {
        visml_samples some = visml_samples_some(s, begin, s->n - begin < rows ? s->n - begin : rows);
        pass_through(&some, z + begin * ldz, ldz);
        VISML_TRY(visml_fit_tick(run, begin + some.n, s->n, NAN, NAN, err));
    }
    return VISML_OK;
}

static visml_status fit_final(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, table *t,
                              visml_error *err) {
    visml_samples own = *s;
    own.x = t->z;
    own.d = own.row_stride = t->width;
    own.column_stride = 1;
    VISML_TRY(fill_table(c, k, s, run, t, err));
    if (options_of(c)->passthrough)
        VISML_TRY(pass_all(s, run, t->z + t->width - s->d, t->width, err));
    return visml_part_learn(c, c->of_count - 1, c->of[c->of_count - 1], k, &own, t->classes, run, err);
}

static visml_status fit_with(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, table *t,
                             visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    size_t count;
    VISML_TRY(visml_classifier_parts_new(c, c->of_count, err));
    VISML_TRY(learn_all(c, k, s, run, t, err));
    if (!visml_size_mul((size_t)s->n, (size_t)t->width, &count))
        count = SIZE_MAX / sizeof *t->z;
    t->z = visml_mem_alloc(m, count * sizeof *t->z, err);
    t->rows = t->z ? visml_mem_alloc(m, (size_t)s->n * sizeof *t->rows, err) : NULL;
    t->fold = t->rows ? visml_mem_alloc(m, (size_t)s->n * sizeof *t->fold, err) : NULL;
    return t->fold ? fit_final(c, k, s, run, t, err) : VISML_ENOMEM;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    table t = {.classes = c->class_count ? visml_part_classes(c->object.context, c->class_count, err) : NULL};
    visml_status status = c->class_count && !t.classes ? VISML_ENOMEM : fit_with(c, k, s, run, &t, err);
    visml_tensor_release(t.classes);
    visml_mem_free(m, t.z);
    visml_mem_free(m, t.rows);
    visml_mem_free(m, t.fold);
    return status;
}

/* ---- running ---- */

static const visml_classifier *final_of(const visml_classifier *c) {
    return c->parts[c->part_count - 1];
}

static int64_t outputs(const visml_classifier *c) {
    return visml_classifier_outputs(final_of(c));
}

static size_t table_bytes(const visml_classifier *c, int64_t n) {
    return visml_align64((size_t)(n * final_of(c)->dims) * sizeof(float));
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    size_t y = 0, most = 0, bytes;
    for (size_t i = 0; i < c->part_count; i++) {
        size_t own = y_bytes(c->parts[i], n), rest = visml_classifier_scratch(c->parts[i], k, n);
        y = own > y ? own : y;
        most = rest > most ? rest : most;
    }
    return visml_size_add(table_bytes(c, n) + y, most, &bytes) ? bytes : SIZE_MAX;
}

/* The rows of answers, and what is left of the memory. */
static visml_samples ask_all(const visml_classifier *c, const visml_compute *k, const visml_samples *s, void *memory, void **rest) {
    int64_t width = final_of(c)->dims, column = 0;
    float *z = memory, *y = (float *)(void *)((char *)memory + table_bytes(c, s->n));
    size_t own = 0;
    for (size_t p = 0; p < c->part_count; p++)
        own = y_bytes(c->parts[p], s->n) > own ? y_bytes(c->parts[p], s->n) : own;
    *rest = (char *)y + own;
    for (size_t p = 0; p + 1 < c->part_count; p++) {
        answer(c->parts[p], k, s, NULL, z + column, width, y, *rest);
        column += answers_of(c->parts[p]);
    }
    if (options_of(c)->passthrough)
        pass_through(s, z + column, width);
    return (visml_samples){.n = s->n, .d = width, .x = z, .row_stride = width, .column_stride = 1};
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    void *rest;
    visml_samples own = ask_all(c, k, s, memory, &rest);
    visml_classifier_class_of(final_of(c))->decide(final_of(c), k, &own, y, rest);
}

static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *memory) {
    void *rest;
    visml_samples own = ask_all(c, k, s, memory, &rest);
    visml_classifier_class_of(final_of(c))->probabilities(final_of(c), k, &own, p, rest);
}

static int has_probabilities(const visml_classifier *c) {
    return visml_classifier_task(c) == VISML_TASK_CLASSIFICATION && visml_classifier_has_probabilities(c->of[c->of_count - 1]);
}

static void choose(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int32_t *places, void *memory) {
    void *rest;
    visml_samples own = ask_all(c, k, s, memory, &rest);
    float *y = (float *)(void *)((char *)memory + table_bytes(c, s->n));
    visml_classifier_choose(final_of(c), k, &own, places, y, rest);
}

/* ---- files ---- */

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    int64_t width = options_of(c)->passthrough ? c->dims : 0;
    VISML_TRY(visml_parts_expect(c, c->of_count, 0, err));
    for (size_t p = 0; p < c->part_count; p++) {
        VISML_TRY(visml_part_expect_classes(c, p, c->class_count, 1, err));
        int final = p + 1 == c->part_count;
        if (c->parts[p]->dims != (final ? width : c->dims))
            return visml_fail(err, VISML_EFORMAT, "stacking: part %zu has %lld columns, must have %lld", p, (long long)c->parts[p]->dims,
                              (long long)(final ? width : c->dims));
        width += answers_of(c->parts[p]);
    }
    return VISML_OK;
}

const visml_classifier_class visml_classifier_stacking_class = {
    .kind = {.name = "stacking", .opts_size = sizeof(visml_stacking_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_WEIGH,
    .check_of = check_of,
    .fit = fit,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = probabilities,
    .has_probabilities = has_probabilities,
    .choose = choose,
};

visml_classifier *visml_classifier_stacking(visml_context *ctx, visml_classifier *const *classifiers, size_t n,
                                            const visml_stacking_opts *opts, visml_error *err) {
    return visml_classifier_make_of(ctx, &visml_classifier_stacking_class, opts, classifiers, n, err);
}
