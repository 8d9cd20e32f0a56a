#include "context/context.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/cpu.h"
#include "base/error.h"
#include "base/options.h"
#include "context/pool.h"

#define DEFAULT_MAX_PIXELS 89478485         /* Pillow's bound for decompression bombs */
#define DEFAULT_DECODE_BYTES 536870912.0    /* 512 MiB */
#define DEFAULT_FILE_BYTES 4294967296.0     /* 4 GiB */
#define LARGEST 9007199254740992.0          /* 2^53: no more than a double can count */

static const visml_field fields[] = {
    VISML_FIELD(visml_context_opts, threads, I32, 0, 1, 1, 1024, 0),
    VISML_FIELD(visml_context_opts, max_scans, I32, 0, 1, 1, 1000000, 100),
    VISML_FIELD(visml_context_opts, memory_limit, U64, 0, 1, 0, 18446744073709551615.0, 0),
    VISML_FIELD(visml_context_opts, max_pixels, I64, 0, 1, 1, 268435456, DEFAULT_MAX_PIXELS),
    VISML_FIELD(visml_context_opts, max_decode_bytes, U64, 0, 1, 1, LARGEST, DEFAULT_DECODE_BYTES),
    VISML_FIELD(visml_context_opts, max_file_bytes, U64, 0, 1, 1, LARGEST, DEFAULT_FILE_BYTES),
    {0},
};

static visml_status check(const visml_context_opts *o, visml_error *err) {
    const uint32_t known = VISML_CPU_SSE4 | VISML_CPU_AVX2 | VISML_CPU_AVX512 | VISML_CPU_NEON | VISML_CPU_VNNI | VISML_CPU_REF;
    if (o->cpu_mask & ~known)
        return visml_fail(err, VISML_EINVAL, "context: cpu_mask is 0x%x, must be a sum of VISML_CPU_* (0x%x at most)", o->cpu_mask, known);
    return VISML_OK;
}

/* The embedder's pool behind our interface. */
static void run_foreign(const visml_parallel *self, size_t n, visml_block *fn, void *arg) {
    const visml_context *ctx = self->self;
    ctx->foreign(ctx->foreign_user, n, fn, arg);
}

static visml_status choose_parallel(visml_context *ctx, const visml_context_opts *o, visml_error *err) {
    ctx->threads = o->threads ? o->threads : visml_cpu_count();
    ctx->foreign = o->parallel;
    ctx->foreign_user = o->parallel_user;
    ctx->parallel = (visml_parallel){visml_run_alone, ctx, (size_t)ctx->threads};
    if (ctx->foreign) {
        ctx->parallel.run = run_foreign;
    } else if (ctx->threads > 1) {
        ctx->pool = visml_pool_new(&ctx->memory, ctx->threads, err);
        if (!ctx->pool)
            return VISML_ENOMEM;
        ctx->parallel = (visml_parallel){visml_pool_run, ctx->pool, (size_t)ctx->threads};
    }
    return VISML_OK;
}

static void copy_options(visml_context *ctx, const visml_context_opts *o) {
    ctx->max_scans = o->max_scans;
    ctx->max_pixels = o->max_pixels;
    ctx->max_decode_bytes = o->max_decode_bytes;
    ctx->max_file_bytes = o->max_file_bytes;
    ctx->seed = o->seed;
    ctx->log = o->log;
    ctx->log_user = o->log_user;
    uint32_t wanted = o->cpu_mask ? o->cpu_mask : ~0u;
    visml_kernels_init(&ctx->kernels, visml_cpu_levels() & wanted);
    ctx->cpu = ctx->kernels.levels;
}

visml_context *visml_context_new(const visml_context_opts *opts, visml_error *err) {
    visml_context_opts o;
    visml_memory memory;
    if (visml_options_read("context", fields, opts, &o, sizeof o, err) < 0 || check(&o, err) < 0 ||
        visml_memory_init(&memory, o.allocator, o.memory_limit, err) < 0)
        return NULL;
    visml_context *ctx = visml_mem_zalloc(&memory, 1, sizeof *ctx, err);
    if (!ctx)
        return NULL;
    ctx->memory.allocator = memory.allocator;
    ctx->memory.limit = memory.limit;
    ctx->memory.used = memory.used;
    ctx->memory.peak = memory.peak;
    ctx->references = 1;
    copy_options(ctx, &o);
    if (choose_parallel(ctx, &o, err) < 0) {
        visml_context_release(ctx);
        return NULL;
    }
    return ctx;
}

visml_context *visml_context_retain(visml_context *ctx) {
    atomic_fetch_add_explicit(&ctx->references, 1, memory_order_relaxed);
    return ctx;
}

void visml_context_release(visml_context *ctx) {
    if (!ctx || atomic_fetch_sub_explicit(&ctx->references, 1, memory_order_acq_rel) != 1)
        return;
    visml_pool_free(ctx->pool);
    /* The block that holds the context is given back through a copy of the table inside it. */
    visml_memory memory = {.allocator = ctx->memory.allocator};
    visml_mem_free(&memory, ctx);
}

void visml_context_free(visml_context *ctx) {
    visml_context_release(ctx);
}

int32_t visml_context_threads(const visml_context *ctx) {
    return ctx ? ctx->threads : 0;
}

uint32_t visml_context_cpu(const visml_context *ctx) {
    return ctx ? ctx->cpu : 0;
}

uint64_t visml_context_memory_used(const visml_context *ctx) {
    return ctx ? atomic_load_explicit(&((visml_context *)ctx)->memory.used, memory_order_relaxed) : 0;
}

uint64_t visml_context_memory_peak(const visml_context *ctx) {
    return ctx ? atomic_load_explicit(&((visml_context *)ctx)->memory.peak, memory_order_relaxed) : 0;
}

visml_compute visml_context_compute(const visml_context *ctx) {
    return (visml_compute){&ctx->kernels, &ctx->parallel};
}

visml_compute visml_context_alone(const visml_context *ctx) {
    static const visml_parallel alone = {visml_run_alone, NULL, 1};
    return (visml_compute){&ctx->kernels, &alone};
}

void visml_log(const visml_context *ctx, int32_t level, const char *format, ...) {
    char text[1024];
    va_list args;
    if (!ctx->log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ctx->log(ctx->log_user, level, text);
}
