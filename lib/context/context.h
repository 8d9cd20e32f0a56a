/* The inside of a context. */
#ifndef CONTEXT_CONTEXT_H
#define CONTEXT_CONTEXT_H

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/compute.h"
#include "kernel/kernels.h"
#include "visml/context.h"

struct visml_context {
    visml_memory memory;
    _Atomic int64_t references; /* the caller's and one for each object */
    int32_t threads;
    int32_t max_scans;
    int64_t max_pixels;
    uint64_t max_decode_bytes, max_file_bytes, seed;
    uint32_t cpu; /* levels in use */
    visml_log_fn log;
    void *log_user;
    visml_kernels kernels;
    visml_parallel parallel;
    struct visml_pool *pool; /* NULL with threads == 1 or the embedder's parallel */
    visml_parallel_fn foreign; /* the embedder's parallel, or NULL */
    void *foreign_user;
};

/* Every object made from a context holds one reference. Returns its argument. */
visml_context *visml_context_retain(visml_context *ctx);
void visml_context_release(visml_context *ctx);

/* The kernel table and the threads, as operations want them. */
visml_compute visml_context_compute(const visml_context *ctx);
/* The same for one thread by itself: inside a piece of work. */
visml_compute visml_context_alone(const visml_context *ctx);

/* A line for people, when the context has a log. */
void visml_log(const visml_context *ctx, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
