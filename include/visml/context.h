/* visml/context.h - the context: allocator, limits, threads, CPU level, log, seed. Everything is made from one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VISML_CONTEXT_H
#define VISML_CONTEXT_H

#include "base.h"

VISML_BEGIN_DECLS

/* Holds what would otherwise be global. Objects made from a context keep it alive: it may be freed before them.
 * Thread-safety: a context is immutable once made and may be shared by any number of threads; compute calls from several threads at once
 * are correct (one of them gets the thread pool, the others run on their own thread). It survives fork(): the child has its own pool. */
typedef struct visml_context visml_context;

/* Called with one line of text for people, without a newline. level: 0 debug, 1 info, 2 warning. May be called from any thread.
 * Told are damaged checkpoints that visml_train_and_evaluate has passed over; what goes wrong is in the error of the call. */
typedef void (*visml_log_fn)(void *user, int32_t level, const char *text);

/* One piece of a parallel job: block is 0 ... n - 1, worker is 0 ... threads - 1, and no two calls at one time have the same worker. */
typedef void (*visml_block_fn)(void *arg, size_t block, size_t worker);
/* The embedder's own thread pool: must call fn(arg, b, w) once for each b < n, w < threads, and return when all are done. */
typedef void (*visml_parallel_fn)(void *user, size_t n, visml_block_fn fn, void *arg);

typedef struct visml_context_opts {
    uint32_t size;
    int32_t threads;        /* 1 ... 1024; default: the CPUs that this process may use (affinity and cgroup quota). 1 starts none. The
                               results are the same bits for any number */
    uint32_t cpu_mask;      /* the VISML_CPU_* levels that may be used, or VISML_CPU_REF; default: all that this CPU has */
    int32_t max_scans;      /* scans of a progressive JPEG; default 100 */
    uint64_t memory_limit;  /* bytes that this context may have allocated at one time; default: no limit */
    int64_t max_pixels;     /* width * height of an image; 1 ... 268,435,456, default 89,478,485 */
    uint64_t max_decode_bytes; /* memory that one image may take while it is decoded; default 512 MiB */
    uint64_t max_file_bytes;   /* length of an image, manifest or model file; default 4 GiB */
    uint64_t seed;          /* of everything random that is not given a seed of its own; default 0 */
    const visml_allocator *allocator; /* borrowed during the call, copied; default: the C library's */
    visml_log_fn log;       /* default: none */
    void *log_user;
    visml_parallel_fn parallel; /* default: the library's own pool of POSIX threads, started on first use. On Linux they are kept off the
                                   CPU of the thread that calls, whose own affinity stays as it is */
    void *parallel_user;
} visml_context_opts;

/* A new context, owned by the caller. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_context *visml_context_new(const visml_context_opts *opts, visml_error *err);
/* Ends the caller's ownership. The threads stop when the last object made from the context is gone. */
VISML_API void visml_context_free(visml_context *ctx);

/* The number of threads that compute calls use, the calling thread included. 0 for NULL. */
VISML_API int32_t visml_context_threads(const visml_context *ctx);
/* The VISML_CPU_* levels in use. 0 means portable C. */
VISML_API uint32_t visml_context_cpu(const visml_context *ctx);
/* Bytes allocated through this context now, and the most there ever were. 0 for NULL. */
VISML_API uint64_t visml_context_memory_used(const visml_context *ctx);
VISML_API uint64_t visml_context_memory_peak(const visml_context *ctx);

VISML_END_DECLS

#endif /* VISML_CONTEXT_H */
