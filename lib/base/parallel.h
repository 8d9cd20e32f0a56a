/* How work is handed to threads, without saying whose they are. The context fills the table; kernels and layers use it. */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

typedef void visml_block(void *arg, size_t block, size_t worker);

typedef struct visml_parallel {
    /* Calls fn(arg, b, w) once for every b < n, w < workers; returns when all are done. No two calls at one time have the same w.
     * May be called from several threads at once and from inside fn (it then runs on the caller's thread alone). */
    void (*run)(const struct visml_parallel *self, size_t n, visml_block *fn, void *arg);
    void *self;
    size_t workers; /* scratch for so many */
} visml_parallel;

/* All of it on the caller's thread: the run function where there is but one. */
static inline void visml_run_alone(const visml_parallel *self, size_t n, visml_block *fn, void *arg) {
    (void)self;
    for (size_t b = 0; b < n; b++)
        fn(arg, b, 0);
}

/* Results must be a function of shapes alone: callers cut work into blocks by size, never by `workers`. */
static inline void visml_parallel_run(const visml_parallel *p, size_t n, visml_block *fn, void *arg) {
    if (n == 1)
        fn(arg, 0, 0);
    else if (n)
        p->run(p, n, fn, arg);
}

#endif
