/* oneDNN's side, of version 2 or 3: dnnl_sgemm, and convolutions in the layout that it chooses itself. What it takes to bring arrays into
 * that layout and back is not timed.
 *
 * Threads are those of the library, as many as worker.py lets it have. For a oneDNN that is not the system's, such as the one that
 * `pip install onednn onednn-devel` puts into a virtual environment PREFIX:
 *
 *     cc -O2 -shared -fPIC -IPREFIX/include -o peer_onednn_3.so tests/bench/peer_onednn.c -LPREFIX/lib \
 *         -Wl,--disable-new-dtags,-rpath,PREFIX/lib -ldnnl
 *     tests/bench/bench.py --onednn build/tests/bench/peer_onednn.so,peer_onednn_3.so ...
 *
 * That one runs on SYCL and finds the CPU with OCL_ICD_FILENAMES=PREFIX/lib/libintelocl.so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <dnnl.h>

#include "bench_side.h"

#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *const_dnnl_memory_desc_t;
#endif

enum { X, W, Y, ARRAYS };

struct bench_side {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    char kernel[128];
    int64_t m, n, k;
    int trans_a, trans_b;
    const float *a, *b;
    float *c;
    /* a convolution */
    dnnl_primitive_t primitive;
    dnnl_memory_t own[ARRAYS];          /* in oneDNN's layout */
    const_dnnl_memory_desc_t plain[ARRAYS]; /* ours */
    int out;                            /* which of them is the result */
    dnnl_exec_arg_t args[ARRAYS];
};

const char *bench_version(void) {
    static char text[64];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

static const char *isa_name(void) {
    switch ((int)dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41:
        return "sse41";
    case dnnl_cpu_isa_avx:
        return "avx";
    case dnnl_cpu_isa_avx2:
        return "avx2";
    case dnnl_cpu_isa_avx512_core:
        return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni:
        return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16:
        return "avx512_core_bf16";
    default:
        return "another instruction set";
    }
}

bench_side *bench_new(int32_t threads, uint32_t cpu_mask) {
    (void)threads;
    (void)cpu_mask;
    bench_side *s = calloc(1, sizeof *s);
    if (s && dnnl_engine_create(&s->engine, dnnl_cpu, 0) == dnnl_success &&
        dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags) == dnnl_success)
        return s;
    free(s);
    return NULL;
}

/* Descriptions are never freed: there are few. */
static const_dnnl_memory_desc_t describe(int dims, const dnnl_dims_t sizes, dnnl_format_tag_t tag) {
#if DNNL_VERSION_MAJOR < 3
    dnnl_memory_desc_t *md = calloc(1, sizeof *md);
    return md && dnnl_memory_desc_init_by_tag(md, dims, sizes, dnnl_f32, tag) == dnnl_success ? md : NULL;
#else
    dnnl_memory_desc_t md = NULL;
    return dnnl_memory_desc_create_with_tag(&md, dims, sizes, dnnl_f32, tag) == dnnl_success ? md : NULL;
#endif
}

static void forget(bench_side *s) {
    dnnl_primitive_destroy(s->primitive);
    s->primitive = NULL;
    for (int i = 0; i < ARRAYS; i++) {
        dnnl_memory_destroy(s->own[i]);
        s->own[i] = NULL;
    }
    free(s->c);
    s->c = NULL;
}

void bench_free(bench_side *s) {
    if (!s)
        return;
    forget(s);
    dnnl_stream_destroy(s->stream);
    dnnl_engine_destroy(s->engine);
    free(s);
}

const char *bench_kernel(const bench_side *s) {
    return s->kernel;
}

int32_t bench_gemm(bench_side *s, int64_t m, int64_t n, int64_t k, int32_t trans_a, int32_t trans_b, const float *a, const float *b) {
    forget(s);
    s->m = m;
    s->n = n;
    s->k = k;
    s->trans_a = trans_a;
    s->trans_b = trans_b;
    s->a = a;
    s->b = b;
    s->c = aligned_alloc(64, ((size_t)(m * n) * sizeof *s->c + 127) & ~(size_t)63);
    snprintf(s->kernel, sizeof s->kernel, "dnnl_sgemm, %s", isa_name());
    return s->c ? 0 : -1;
}

/* ---- convolution ---- */

static int copy_between(bench_side *s, dnnl_memory_t from, const_dnnl_memory_desc_t from_md, dnnl_memory_t to,
                        const_dnnl_memory_desc_t to_md) {
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t reorder = NULL;
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    int ok = dnnl_reorder_primitive_desc_create(&pd, from_md, s->engine, to_md, s->engine, NULL) == dnnl_success &&
             dnnl_primitive_create(&reorder, pd) == dnnl_success && dnnl_primitive_execute(reorder, s->stream, 2, args) == dnnl_success &&
             dnnl_stream_wait(s->stream) == dnnl_success;
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(pd);
    return ok ? 0 : -1;
}

typedef struct conv {
    const_dnnl_memory_desc_t any[ARRAYS];
    dnnl_dims_t strides, dilates, before, after;
} conv;

/* The primitive's description for one algorithm. `kind` is of forward, `hint`, the description of forward in training, of the others. */
static dnnl_primitive_desc_t conv_desc(bench_side *s, const conv *v, int what, dnnl_alg_kind_t alg, dnnl_prop_kind_t kind,
                                       dnnl_primitive_desc_t hint) {
    dnnl_primitive_desc_t pd = NULL;
    const const_dnnl_memory_desc_t *md = v->any;
    dnnl_status_t status;
#if DNNL_VERSION_MAJOR < 3
    dnnl_convolution_desc_t d;
    if (what == BENCH_FORWARD)
        status = dnnl_dilated_convolution_forward_desc_init(&d, kind, alg, md[X], md[W], NULL, md[Y], v->strides, v->dilates, v->before,
                                                            v->after);
    else if (what == BENCH_BACKWARD_DATA)
        status = dnnl_dilated_convolution_backward_data_desc_init(&d, alg, md[X], md[W], md[Y], v->strides, v->dilates, v->before,
                                                                  v->after);
    else
        status = dnnl_dilated_convolution_backward_weights_desc_init(&d, alg, md[X], md[W], NULL, md[Y], v->strides, v->dilates,
                                                                     v->before, v->after);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(&pd, &d, NULL, s->engine, hint);
#else
    if (what == BENCH_FORWARD)
        status = dnnl_convolution_forward_primitive_desc_create(&pd, s->engine, kind, alg, md[X], md[W], NULL, md[Y], v->strides,
                                                                v->dilates, v->before, v->after, NULL);
    else if (what == BENCH_BACKWARD_DATA)
        status = dnnl_convolution_backward_data_primitive_desc_create(&pd, s->engine, alg, md[X], md[W], md[Y], v->strides, v->dilates,
                                                                      v->before, v->after, hint, NULL);
    else
        status = dnnl_convolution_backward_weights_primitive_desc_create(&pd, s->engine, alg, md[X], md[W], NULL, md[Y], v->strides,
                                                                         v->dilates, v->before, v->after, hint, NULL);
#endif
    return status == dnnl_success ? pd : NULL;
}

/* oneDNN's choice of algorithm where it has one (version 2 may take Winograd), else the direct one. */
static dnnl_primitive_desc_t best_desc(bench_side *s, const conv *v, int what) {
    static const dnnl_alg_kind_t algs[] = {dnnl_convolution_auto, dnnl_convolution_direct};
    dnnl_primitive_desc_t pd = NULL;
    for (int i = 0; i < 2 && !pd; i++) {
        dnnl_primitive_desc_t hint = NULL;
        if (what != BENCH_FORWARD && !(hint = conv_desc(s, v, BENCH_FORWARD, algs[i], dnnl_forward_training, NULL)))
            continue;
        pd = conv_desc(s, v, what, algs[i], dnnl_forward_inference, hint);
        dnnl_primitive_desc_destroy(hint);
    }
    return pd;
}

/* Array i in the layout that the primitive wants, filled from ours where it is an input. */
static int place(bench_side *s, dnnl_primitive_desc_t pd, int i, dnnl_query_t query, int arg, const float *from) {
    const_dnnl_memory_desc_t md = dnnl_primitive_desc_query_md(pd, query, 0);
    dnnl_memory_t plain = NULL;
    s->args[i].arg = arg;
    if (dnnl_memory_create(&s->own[i], md, s->engine, DNNL_MEMORY_ALLOCATE) != dnnl_success)
        return -1;
    s->args[i].memory = s->own[i];
    if (i == s->out)
        return 0;
    union {
        const float *from;
        void *to;
    } handle = {from};
    int status = dnnl_memory_create(&plain, s->plain[i], s->engine, handle.to) == dnnl_success
                     ? copy_between(s, plain, s->plain[i], s->own[i], md) : -1;
    dnnl_memory_destroy(plain);
    return status;
}

static int make(bench_side *s, const conv *v, int what, const float *x, const float *w, const float *dy) {
    static const struct {
        dnnl_query_t query[ARRAYS];
        int arg[ARRAYS];
    } kinds[] = {{{dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md}, {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST}},
                 {{dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md},
                  {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST}},
                 {{dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md},
                  {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}}};
    const float *arrays[ARRAYS] = {x, w, dy};
    const char *name = "?";
    dnnl_primitive_desc_t pd = best_desc(s, v, what);
    if (!pd)
        return -1;
    dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
    snprintf(s->kernel, sizeof s->kernel, "%s", name);
    int status = dnnl_primitive_create(&s->primitive, pd) == dnnl_success ? 0 : -1;
    for (int i = 0; i < ARRAYS && status == 0; i++)
        status = place(s, pd, i, kinds[what].query[i], kinds[what].arg[i], arrays[i]);
    dnnl_primitive_desc_destroy(pd);
    return status;
}

int32_t bench_conv2d(bench_side *s, const int64_t geometry[BENCH_GEOMETRY], int32_t what, const float *x, const float *w,
                     const float *dy) {
    const int64_t *g = geometry;
    int64_t groups = g[BENCH_GROUPS], c = g[BENCH_C] / groups, f = g[BENCH_F] / groups;
    conv v = {.strides = {g[BENCH_SH], g[BENCH_SW]}, .dilates = {g[BENCH_DH] - 1, g[BENCH_DW] - 1},
              .before = {g[BENCH_TOP], g[BENCH_LEFT]}};
    v.after[0] = (g[BENCH_OH] - 1) * g[BENCH_SH] + (g[BENCH_KH] - 1) * g[BENCH_DH] + 1 - g[BENCH_H] - g[BENCH_TOP];
    v.after[1] = (g[BENCH_OW] - 1) * g[BENCH_SW] + (g[BENCH_KW] - 1) * g[BENCH_DW] + 1 - g[BENCH_W] - g[BENCH_LEFT];
    dnnl_dims_t xd = {g[BENCH_N], g[BENCH_C], g[BENCH_H], g[BENCH_W]}, yd = {g[BENCH_N], g[BENCH_F], g[BENCH_OH], g[BENCH_OW]};
    dnnl_dims_t wd = {f, c, g[BENCH_KH], g[BENCH_KW]}, wg = {groups, f, c, g[BENCH_KH], g[BENCH_KW]};
    forget(s);
    s->out = what == BENCH_FORWARD ? Y : what == BENCH_BACKWARD_DATA ? X : W;
    v.any[X] = describe(4, xd, dnnl_format_tag_any);
    v.any[Y] = describe(4, yd, dnnl_format_tag_any);
    v.any[W] = groups > 1 ? describe(5, wg, dnnl_format_tag_any) : describe(4, wd, dnnl_format_tag_any);
    s->plain[X] = describe(4, xd, dnnl_nhwc);
    s->plain[Y] = describe(4, yd, dnnl_nhwc);
    s->plain[W] = groups > 1 ? describe(5, wg, dnnl_hwigo) : describe(4, wd, dnnl_hwio);
    for (int i = 0; i < ARRAYS; i++)
        if (!v.any[i] || !s->plain[i])
            return -1;
    return make(s, &v, what, x, w, dy);
}

/* ---- running ---- */

static void run_once(bench_side *s) {
    if (s->c) {
        dnnl_sgemm(s->trans_a ? 'T' : 'N', s->trans_b ? 'T' : 'N', s->m, s->n, s->k, 1, s->a, s->trans_a ? s->m : s->k, s->b,
                   s->trans_b ? s->k : s->n, 0, s->c, s->n);
        return;
    }
    dnnl_primitive_execute(s->primitive, s->stream, ARRAYS, s->args);
}

double bench_run(bench_side *s, int64_t times) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int64_t i = 0; i < times; i++)
        run_once(s);
    dnnl_stream_wait(s->stream);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

void bench_result(bench_side *s, float *to) {
    dnnl_memory_t plain = NULL;
    const_dnnl_memory_desc_t md = NULL;
    if (s->c) {
        memcpy(to, s->c, (size_t)(s->m * s->n) * sizeof *to);
        return;
    }
    dnnl_memory_get_memory_desc(s->own[s->out], &md);
    if (dnnl_memory_create(&plain, s->plain[s->out], s->engine, to) == dnnl_success)
        copy_between(s, s->own[s->out], md, plain, s->plain[s->out]);
    dnnl_memory_destroy(plain);
}
