/* Decisions: kernel values of some rows with a block of support vectors at a time, multiplied with their coefficients in floats, added up
 * over the blocks in double. */
#include "classify/svm_machine.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "classify/svm_options.h"
#include "context/context.h"
#include "kernel/gemm.h"
#include "kernel/span.h"

#define ROWS 64 /* that are decided together */
#define NUMBERS ((int64_t)1 << 21) /* of support vectors between two ticks: packed in some 15 ms */

/* ---- keeping ---- */

typedef struct arrays {
    int32_t *support, *counts;
    float *vectors; /* NULL: with a kernel that looks up numbers there are none */
    double *dual, *rho, *gamma;
} arrays;

static int decides(const visml_svm_found *f, int64_t at) {
    for (int64_t j = 0; j < f->columns; j++)
        if (f->dual[at * f->columns + j] != 0)
            return 1;
    return 0;
}

static visml_status make_arrays(visml_classifier *c, const visml_svm_found *f, int64_t count, arrays *a, visml_error *err) {
    visml_object *o = &c->object;
    int vectors = f->function->kind != VISML_SVM_PRECOMPUTED;
    a->support = visml_object_array_new(o, "support", VISML_I32, VISML_SHAPE(count), err);
    a->counts = a->support ? visml_object_array_new(o, "support_counts", VISML_I32, VISML_SHAPE(f->groups), err) : NULL;
    a->dual = a->counts ? visml_object_array_new(o, "dual_coefficients", VISML_F64, VISML_SHAPE(f->columns, count), err) : NULL;
    a->rho = a->dual ? visml_object_array_new(o, "rho", VISML_F64, VISML_SHAPE(visml_svm_pairs(c)), err) : NULL;
    a->gamma = a->rho ? visml_object_array_new(o, "gamma", VISML_F64, VISML_SHAPE(1), err) : NULL;
    a->vectors = a->gamma && vectors ? visml_object_array_unset(o, "support_vectors", VISML_F32, VISML_SHAPE(count, c->dims), err) : NULL;
    return a->gamma && (a->vectors || !vectors) ? VISML_OK : VISML_ENOMEM;
}

static void keep_row(const visml_svm_found *f, const arrays *a, int64_t at, int64_t to, int64_t count) {
    const visml_samples *s = f->samples;
    a->support[to] = f->rows[at];
    for (int64_t j = 0; j < f->columns; j++)
        a->dual[j * count + to] = f->dual[at * f->columns + j];
    for (int64_t j = 0; a->vectors && j < s->d; j++)
        a->vectors[to * s->d + j] = visml_samples_at(s, f->rows[at], j);
}

/* run NULL: of a file. */
static visml_status tick(const visml_fit_run *run, visml_error *err) {
    return run ? visml_fit_tick(run, 0, -1, NAN, NAN, err) : VISML_OK;
}

/* ---- files ---- */

static visml_status check_finite(const visml_classifier *c, const char *name, visml_error *err) {
    const visml_tensor *t = visml_object_array_get(&c->object, name);
    for (int64_t i = 0; i < t->count; i++) {
        double v = t->dtype == VISML_F64 ? ((const double *)(const void *)t->data)[i] : (double)((const float *)(const void *)t->data)[i];
        if (!isfinite(v))
            return visml_fail(err, VISML_EFORMAT, "%s: %s[%lld] is not finite", visml_classifier_what(c), name, (long long)i);
    }
    return VISML_OK;
}

static visml_status check_real(const visml_classifier *c, const char *name, int32_t rank, int64_t *dims, visml_error *err) {
    visml_dtype type = strcmp(name, "support_vectors") == 0 ? VISML_F32 : VISML_F64;
    VISML_TRY(visml_object_array_expect(&c->object, name, type, rank, dims, err));
    return check_finite(c, name, err);
}

/* Rows that decide, ascending within each class. With a kernel that looks up numbers they are columns. */
static visml_status check_support(const visml_classifier *c, int64_t count, visml_error *err) {
    const int32_t *support = visml_object_array_data(&c->object, "support");
    const int32_t *counts = visml_object_array_data(&c->object, "support_counts");
    int looks_up = ((const visml_svm_common *)c->object.opts)->kernel == VISML_SVM_PRECOMPUTED;
    int64_t at = 0;
    for (int64_t g = 0; g < visml_svm_groups(c); g++) {
        if (counts[g] < 0 || counts[g] > count - at)
            return visml_fail(err, VISML_EFORMAT, "%s: support_counts[%lld] is %d, must be between 0 and %lld", visml_classifier_what(c),
                              (long long)g, (int)counts[g], (long long)(count - at));
        for (int64_t i = at; i < at + counts[g]; i++)
            if (support[i] < 0 || (looks_up && support[i] >= c->dims) || (i > at && support[i] <= support[i - 1]))
                return visml_fail(err, VISML_EFORMAT, "%s: support[%lld] is %d, must be a row, and ascending", visml_classifier_what(c),
                                  (long long)i, (int)support[i]);
        at += counts[g];
    }
    if (at != count)
        return visml_fail(err, VISML_EFORMAT, "%s: support_counts make %lld, must make %lld", visml_classifier_what(c), (long long)at,
                          (long long)count);
    return VISML_OK;
}

visml_status visml_svm_restore(visml_classifier *c, const char *const *names, visml_error *err) {
    const visml_svm_common *o = c->object.opts;
    int64_t count = -1, groups = visml_svm_groups(c), pairs = visml_svm_pairs(c), one = 1;
    size_t arrays_count = 5;
    VISML_TRY(visml_object_array_expect(&c->object, "support", VISML_I32, 1, &count, err));
    VISML_TRY(visml_object_array_expect(&c->object, "support_counts", VISML_I32, 1, &groups, err));
    int64_t dual[2] = {groups > 1 ? groups - 1 : 1, count}, vectors[2] = {count, c->dims};
    VISML_TRY(check_real(c, "dual_coefficients", 2, dual, err));
    VISML_TRY(check_real(c, "rho", 1, &pairs, err));
    VISML_TRY(check_real(c, "gamma", 1, &one, err));
    double gamma = *(const double *)visml_object_array_data(&c->object, "gamma");
    if (gamma <= 0)
        return visml_fail(err, VISML_EFORMAT, "%s: gamma is %g, must be above 0", visml_classifier_what(c), gamma);
    if (o->kernel != VISML_SVM_PRECOMPUTED) {
        VISML_TRY(check_real(c, "support_vectors", 2, vectors, err));
        arrays_count++;
    }
    for (; *names; names++, arrays_count++)
        VISML_TRY(check_real(c, *names, 1, &pairs, err));
    if (c->object.array_count != arrays_count)
        return visml_fail(err, VISML_EFORMAT, "%s: there are %zu arrays, must be %zu", visml_classifier_what(c), c->object.array_count,
                          arrays_count);
    return check_support(c, count, err);
}

/* ---- ready ---- */

/* One piece of memory: this, then columns of each group, blocks, squares, coefficients [S, columns]. */
typedef struct machine {
    visml_svm_function function;
    visml_samples vectors;
    int64_t groups, columns;
    visml_svm_columns *of;
    const float *dual;
} machine;

static size_t rounded(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static int64_t blocks_of(const visml_classifier *c) {
    const int32_t *counts = visml_object_array_data(&c->object, "support_counts");
    int64_t blocks = 0;
    for (int64_t g = 0; g < visml_svm_groups(c); g++)
        blocks += visml_svm_blocks(counts[g]);
    return blocks;
}

/* Places of the parts; the last one is where all ends. 0: too large. */
static int place_parts(const visml_classifier *c, const visml_compute *alone, const visml_svm_function *f, size_t at[5]) {
    const visml_tensor *dual = visml_object_array_get(&c->object, "dual_coefficients");
    size_t blocks, count = (size_t)dual->shape.dims[1];
    at[0] = rounded(sizeof(machine));
    at[1] = at[0] + rounded((size_t)visml_svm_groups(c) * sizeof(visml_svm_columns));
    if (!visml_size_mul((size_t)blocks_of(c), visml_svm_block_bytes(f, alone, c->dims), &blocks) || !visml_size_add(at[1], blocks, &at[2]))
        return 0;
    at[3] = at[2] + rounded(count * sizeof(float));
    at[4] = at[3] + (size_t)dual->count * sizeof(float);
    return 1;
}

static void describe(const visml_classifier *c, const visml_compute *alone, const visml_svm_function *f, const size_t at[5], machine *m) {
    const int32_t *counts = visml_object_array_data(&c->object, "support_counts");
    const int32_t *support = visml_object_array_data(&c->object, "support");
    char *p = (char *)m, *blocks = p + at[1];
    float *squares = (float *)(void *)(p + at[2]);
    int64_t first = 0;
    *m = (machine){.function = *f, .groups = visml_svm_groups(c), .of = (visml_svm_columns *)(void *)(p + at[0])};
    m->columns = m->groups > 1 ? m->groups - 1 : 1;
    m->vectors = (visml_samples){.d = c->dims, .x = visml_object_array_data(&c->object, "support_vectors"), .row_stride = c->dims,
                                 .column_stride = 1};
    for (int64_t g = 0; g < m->groups; g++) {
        m->of[g] = (visml_svm_columns){.function = &m->function, .samples = &m->vectors, .first = first, .n = counts[g], .blocks = blocks,
                                       .block_bytes = visml_svm_block_bytes(f, alone, c->dims), .squares = squares + first};
        if (f->kind == VISML_SVM_PRECOMPUTED)
            m->of[g].rows = support + first;
        blocks += m->of[g].block_bytes * (size_t)visml_svm_blocks(counts[g]);
        first += counts[g];
    }
}

static void turn_dual(const visml_classifier *c, float *to) {
    const visml_tensor *t = visml_object_array_get(&c->object, "dual_coefficients");
    const double *dual = (const double *)(const void *)t->data;
    int64_t columns = t->shape.dims[0], count = t->shape.dims[1];
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < columns; j++)
            to[i * columns + j] = (float)dual[j * count + i];
}

static visml_status fill_groups(const machine *m, const visml_compute *alone, const visml_fit_run *run, void *room, visml_error *err) {
    int64_t some = 1 + NUMBERS / m->vectors.d / VISML_SVM_BLOCK;
    for (int64_t g = 0, filled = 0; g < m->groups; g++)
        for (int64_t block = 0; block < visml_svm_blocks(m->of[g].n); block++) {
            visml_svm_fill(&m->of[g], alone, block, room);
            if (++filled % some == 0)
                VISML_TRY(tick(run, err));
        }
    return VISML_OK;
}

static visml_status make_ready(visml_classifier *c, const visml_fit_run *run, visml_error *err) {
    const visml_svm_common *o = c->object.opts;
    visml_compute alone = visml_context_alone(c->object.context);
    visml_svm_function f = {.kind = o->kernel, .degree = o->degree, .coef0 = o->coef0,
                            .gamma = *(const double *)visml_object_array_data(&c->object, "gamma")};
    size_t at[5] = {0};
    machine *m = visml_mem_alloc(visml_classifier_memory(c), place_parts(c, &alone, &f, at) ? at[4] : SIZE_MAX, err);
    void *room = m ? visml_mem_alloc(visml_classifier_memory(c), visml_svm_room(&alone, c->dims), err) : NULL;
    c->ready = m;
    if (!room)
        return VISML_ENOMEM;
    describe(c, &alone, &f, at, m);
    turn_dual(c, (float *)(void *)((char *)m + at[3]));
    m->dual = (const float *)(const void *)((char *)m + at[3]);
    visml_status status = fill_groups(m, &alone, run, room, err);
    visml_mem_free(visml_classifier_memory(c), room);
    return status;
}

/* What a fit has made is there already. */
visml_status visml_svm_prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    (void)k;
    return c->ready ? VISML_OK : make_ready(c, NULL, err);
}

visml_status visml_svm_keep(visml_classifier *c, const visml_svm_found *f, const visml_fit_run *run, visml_error *err) {
    arrays a;
    int64_t count = 0, to = 0, some = 1 + NUMBERS / c->dims;
    for (int64_t at = 0; at < f->begin[f->groups]; at++)
        count += decides(f, at);
    VISML_TRY(make_arrays(c, f, count, &a, err));
    a.gamma[0] = f->function->gamma;
    memcpy(a.rho, f->rho, (size_t)visml_svm_pairs(c) * sizeof *a.rho);
    for (int64_t g = 0; g < f->groups; g++)
        for (int64_t at = f->begin[g]; at < f->begin[g + 1]; at++)
            if (decides(f, at)) {
                a.counts[g]++;
                keep_row(f, &a, at, to++, count);
                if (to % some == 0)
                    VISML_TRY(tick(run, err));
            }
    return make_ready(c, run, err);
}

/* ---- running ---- */

/* What a thread works with. */
typedef struct desk {
    float *rows, *squares, *tile, *part; /* [ROWS, d], [ROWS], [ROWS, VISML_SVM_BLOCK], [ROWS, columns] */
    double *sums, *decisions, *room;     /* [ROWS, groups, columns], [pairs], as wanted */
    void *kernel, *product;
    size_t bytes;
} desk;

static visml_gemm product_of(const machine *m, int64_t rows, int64_t count) {
    return (visml_gemm){.m = rows, .n = m->columns, .k = count, .lda = VISML_SVM_BLOCK, .ldb = m->columns, .ldc = m->columns};
}

static void *take(char *base, size_t *used, size_t bytes) {
    void *p = base ? base + *used : NULL;
    *used += rounded(bytes);
    return p;
}

/* base NULL: only how many bytes it takes. */
static desk desk_of(const visml_classifier *c, const visml_compute *alone, int64_t room, char *base) {
    const machine *m = c->ready;
    visml_gemm g = product_of(m, ROWS, VISML_SVM_BLOCK);
    desk d = {0};
    d.rows = take(base, &d.bytes, ROWS * (size_t)c->dims * sizeof(float));
    d.squares = take(base, &d.bytes, ROWS * sizeof(float));
    d.tile = take(base, &d.bytes, ROWS * VISML_SVM_BLOCK * sizeof(float));
    d.part = take(base, &d.bytes, ROWS * (size_t)m->columns * sizeof(float));
    d.sums = take(base, &d.bytes, ROWS * (size_t)(m->groups * m->columns) * sizeof(double));
    d.decisions = take(base, &d.bytes, (size_t)visml_svm_pairs(c) * sizeof(double));
    d.room = take(base, &d.bytes, (size_t)room * sizeof(double));
    d.kernel = take(base, &d.bytes, visml_svm_room(alone, c->dims));
    d.product = take(base, &d.bytes, visml_gemm_scratch(alone, &g));
    return d;
}

size_t visml_svm_scratch(const visml_classifier *c, const visml_compute *k, int64_t room) {
    visml_compute alone = visml_context_alone(c->object.context);
    size_t bytes;
    return visml_size_mul(k->parallel->workers, desk_of(c, &alone, room, NULL).bytes, &bytes) ? bytes : SIZE_MAX;
}

typedef struct run_job {
    const visml_classifier *c;
    visml_compute alone;
    const visml_samples *s;
    int64_t room;
    visml_svm_say *say;
    void *out;
    char *scratch;
    size_t bytes; /* of a desk */
} run_job;

/* sums[r, g, ] += kernel values with the support vectors of group g times their coefficients. */
static void add_group(const machine *m, const visml_compute *alone, const visml_svm_rows *r, int64_t g, const desk *d) {
    const visml_svm_columns *of = &m->of[g];
    for (int64_t block = 0; block < visml_svm_blocks(of->n); block++) {
        visml_svm_compare(of, alone, r, block, d->tile, VISML_SVM_BLOCK, d->kernel);
        visml_gemm p = product_of(m, r->n, visml_block_length(block, VISML_SVM_BLOCK, of->n));
        p.a = d->tile, p.c = d->part;
        p.b = m->dual + (of->first + block * VISML_SVM_BLOCK) * m->columns;
        visml_gemm_run(alone, &p, d->product);
        for (int64_t i = 0; i < r->n; i++)
            for (int64_t j = 0; j < m->columns; j++)
                d->sums[(i * m->groups + g) * m->columns + j] += (double)d->part[i * m->columns + j];
    }
}

/* A pair's decision comes from the support vectors of both. sums: [groups, columns]. */
static void join(const visml_classifier *c, const machine *m, const double *sums, double *decisions) {
    const double *rho = visml_object_array_data(&c->object, "rho");
    if (m->groups == 1)
        decisions[0] = sums[0] - rho[0];
    for (int64_t a = 0; a < m->groups; a++)
        for (int64_t b = a + 1; b < m->groups; b++, rho++, decisions++)
            *decisions = sums[a * m->columns + b - 1] + sums[b * m->columns + a] - *rho;
}

static void run_block(void *arg, size_t block, size_t worker) {
    const run_job *j = arg;
    const machine *m = j->c->ready;
    desk d = desk_of(j->c, &j->alone, j->room, j->scratch + worker * j->bytes);
    visml_svm_rows r = {.samples = j->s, .first = (int64_t)block * ROWS, .n = visml_block_length((int64_t)block, ROWS, j->s->n)};
    visml_svm_take_rows(&m->function, &j->alone, &r, d.rows, d.squares, d.kernel);
    memset(d.sums, 0, (size_t)(r.n * m->groups * m->columns) * sizeof *d.sums);
    for (int64_t g = 0; g < m->groups; g++)
        add_group(m, &j->alone, &r, g, &d);
    for (int64_t i = 0; i < r.n; i++) {
        join(j->c, m, d.sums + i * m->groups * m->columns, d.decisions);
        j->say(j->c, d.decisions, r.first + i, j->out, d.room);
    }
}

void visml_svm_run(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int64_t room, visml_svm_say *say, void *out,
                   void *scratch) {
    run_job j = {.c = c, .alone = visml_context_alone(c->object.context), .s = s, .room = room, .say = say, .out = out, .scratch = scratch};
    j.bytes = desk_of(c, &j.alone, room, NULL).bytes;
    visml_parallel_run(k->parallel, (size_t)visml_blocks(s->n, ROWS), run_block, &j);
}

void visml_svm_say_value(const visml_classifier *c, const double *decisions, int64_t row, void *out, double *room) {
    (void)c, (void)room;
    ((float *)out)[row] = (float)decisions[0];
}
