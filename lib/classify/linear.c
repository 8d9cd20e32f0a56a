#include "classify/linear.h"

#include <math.h>

#include "base/error.h"
#include "kernel/elementwise.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define WARNING 2 /* a level of visml_log_fn */
#define FEW 4 /* outputs: a product would compute 16 of them */

const visml_parallel visml_linear_alone = {.run = visml_run_alone, .workers = 1};

/* ---- products ---- */

static visml_gemm product_of(const visml_linear *l) {
    return (visml_gemm){.n = l->outputs, .k = l->dims, .b = l->coefficients, .ldb = l->dims, .trans_b = 1, .ldc = l->outputs,
                        .packed_b = l->packed};
}

size_t visml_linear_packed_bytes(const visml_compute *c, int64_t outputs, int64_t dims) {
    return outputs > FEW ? visml_gemm_packed_bytes(c, outputs, dims) : 0;
}

void visml_linear_pack(const visml_compute *c, const visml_linear *l, void *packed) {
    visml_gemm g = product_of(l);
    if (l->outputs > FEW)
        visml_gemm_pack(c, &g, packed);
}

size_t visml_linear_scratch(const visml_compute *c, int64_t outputs, int64_t dims) {
    visml_compute alone = visml_linear_one_thread(c);
    visml_linear l = {.outputs = outputs, .dims = dims};
    visml_gemm g = product_of(&l);
    return outputs > FEW ? visml_gemm_scratch(&alone, &g) : 0;
}

void visml_linear_products(const visml_compute *c, const visml_linear *l, int64_t n, const float *x, int64_t ld, float *y, void *scratch) {
    if (l->outputs > FEW) {
        visml_compute alone = visml_linear_one_thread(c);
        visml_epilogue e = {.bias = l->intercepts};
        visml_gemm g = product_of(l);
        g.m = n, g.a = x, g.lda = ld, g.c = y, g.epilogue = &e;
        visml_gemm_run(&alone, &g, scratch);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t o = 0; o < l->outputs; o++)
            y[i * l->outputs + o] = c->kernels->reduce_dot((size_t)l->dims, x + i * ld, l->coefficients + o * l->dims) + l->intercepts[o];
}

/* ---- classifiers ---- */

visml_status visml_linear_new(visml_classifier *c, float **coefficients, float **intercepts, visml_error *err) {
    int64_t outputs = visml_classifier_outputs(c);
    *coefficients = visml_object_array_new(&c->object, "coefficients", VISML_F32, VISML_SHAPE(outputs, c->dims), err);
    *intercepts = *coefficients ? visml_object_array_new(&c->object, "intercepts", VISML_F32, VISML_SHAPE(outputs), err) : NULL;
    return *intercepts ? VISML_OK : VISML_ENOMEM;
}

static int round_all(int64_t n, const double *from, float *to) {
    int finite = 1;
    for (int64_t i = 0; i < n; i++) {
        to[i] = (float)from[i];
        finite &= isfinite(to[i]) != 0;
    }
    return finite;
}

visml_status visml_linear_keep(visml_classifier *c, const double *w, const double *b, visml_error *err) {
    float *coefficients, *intercepts;
    int64_t outputs = visml_classifier_outputs(c);
    VISML_TRY(visml_linear_new(c, &coefficients, &intercepts, err));
    if (round_all(outputs * c->dims, w, coefficients) && round_all(outputs, b, intercepts))
        return VISML_OK;
    return visml_fail(err, VISML_ENONFINITE, "%s: coefficients are not finite; scale the columns of x, or penalize more",
                      visml_classifier_what(c));
}

void visml_linear_not_converged(const visml_classifier *c, int64_t iterations) {
    visml_log(c->object.context, WARNING, "%s: not converged after %lld iterations", visml_classifier_what(c), (long long)iterations);
}

static const float *array_of(const visml_classifier *c, const char *name) {
    return visml_object_array_data(&c->object, name);
}

void visml_linear_recall(const visml_classifier *c, double *w, double *b) {
    const float *coefficients = array_of(c, "coefficients"), *intercepts = array_of(c, "intercepts");
    int64_t outputs = visml_classifier_outputs(c);
    for (int64_t i = 0; i < outputs * c->dims; i++)
        w[i] = (double)coefficients[i];
    for (int64_t o = 0; o < outputs; o++)
        b[o] = (double)intercepts[o];
}

visml_status visml_linear_check_finite(const visml_classifier *c, const char *name, int64_t n, visml_error *err) {
    const float *v = array_of(c, name);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return visml_fail(err, VISML_EFORMAT, "%s: %s[%lld] is %g, must be finite", visml_classifier_what(c), name, (long long)i,
                              (double)v[i]);
    return VISML_OK;
}

visml_status visml_linear_restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    if (c->classes && c->class_count < 2)
        return visml_fail(err, VISML_EFORMAT, "%s: it has a single class, must have two at least", visml_classifier_what(c));
    int64_t outputs = visml_classifier_outputs(c), dims[2] = {outputs, c->dims};
    VISML_TRY(visml_object_array_expect(o, "coefficients", VISML_F32, 2, dims, err));
    VISML_TRY(visml_object_array_expect(o, "intercepts", VISML_F32, 1, dims, err));
    VISML_TRY(visml_linear_check_finite(c, "coefficients", outputs * c->dims, err));
    return visml_linear_check_finite(c, "intercepts", outputs, err);
}

static visml_linear linear_of(const visml_classifier *c) {
    return (visml_linear){.outputs = visml_classifier_outputs(c), .dims = c->dims, .coefficients = array_of(c, "coefficients"),
                          .intercepts = array_of(c, "intercepts"), .packed = c->ready};
}

/* Ready: the coefficients in the order of products, where they are packed. */
visml_status visml_linear_prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    visml_linear l = linear_of(c);
    size_t bytes = visml_linear_packed_bytes(k, l.outputs, l.dims);
    if (!bytes)
        return VISML_OK;
    if ((c->ready = visml_mem_alloc(visml_classifier_memory(c), bytes, err)) == NULL)
        return VISML_ENOMEM;
    visml_linear_pack(k, &l, c->ready);
    return VISML_OK;
}

/* ---- decisions ---- */

typedef struct decision {
    const visml_compute *compute;
    const visml_samples *s;
    visml_linear l;
    float *y;
    char *scratch;
    size_t room, turned; /* bytes of one thread, and of these for rows that are turned around */
} decision;

static size_t turned_bytes(const visml_samples *s, int64_t dims) {
    return !s || s->column_stride != 1 ? (size_t)(VISML_LINEAR_ROWS * dims) * sizeof(float) : 0;
}

static size_t align(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

static void decide_block(void *arg, size_t block, size_t worker) {
    const decision *d = arg;
    int64_t begin = (int64_t)block * VISML_LINEAR_ROWS, n = visml_block_length((int64_t)block, VISML_LINEAR_ROWS, d->s->n), ld;
    char *room = d->scratch + worker * d->room;
    const float *x = visml_samples_rows(d->s, begin, n, (float *)(void *)room, &ld);
    visml_linear_products(d->compute, &d->l, n, x, ld, d->y + begin * d->l.outputs, room + d->turned);
}

size_t visml_linear_decide_scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    (void)n;
    size_t room = align(turned_bytes(NULL, c->dims)) + align(visml_linear_scratch(k, visml_classifier_outputs(c), c->dims));
    return k->parallel->workers * room;
}

void visml_linear_decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *scratch) {
    decision d = {.compute = k, .s = s, .l = linear_of(c), .y = y, .scratch = scratch, .turned = align(turned_bytes(s, c->dims))};
    d.room = d.turned + align(visml_linear_scratch(k, d.l.outputs, c->dims));
    visml_parallel_run(k->parallel, (size_t)visml_blocks(s->n, VISML_LINEAR_ROWS), decide_block, &d);
}

void visml_linear_both_sides(int64_t n, const float *z, float *p) {
    for (int64_t i = 0; i < n; i++) {
        p[2 * i] = -z[i];
        p[2 * i + 1] = z[i];
    }
}
