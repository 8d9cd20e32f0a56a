/* What one side of a comparison offers: ours (bench_kernels.c) and oneDNN (peer_onednn.c). worker.py loads either through ctypes. */
#ifndef BENCH_SIDE_H
#define BENCH_SIDE_H

#include <stdint.h>

#define BENCH_EXPORT __attribute__((visibility("default")))

/* Threads, one prepared operation and its memory. */
typedef struct bench_side bench_side;

/* cpu_mask: VISML_CPU_* levels, 0 for all (oneDNN takes its own). NULL when that is not to be had. */
BENCH_EXPORT bench_side *bench_new(int32_t threads, uint32_t cpu_mask);
BENCH_EXPORT void bench_free(bench_side *s);
BENCH_EXPORT const char *bench_version(void);

/* Prepare an operation; it takes the place of the one before. The arrays are borrowed until then. 0, or -1 when it cannot be done.
 * gemm: C[m, n] = op(A) op(B), row-major, A stored [m, k] or [k, m], B [k, n] or [n, k]. */
BENCH_EXPORT int32_t bench_gemm(bench_side *s, int64_t m, int64_t n, int64_t k, int32_t trans_a, int32_t trans_b, const float *a,
                                const float *b);

enum { BENCH_FORWARD, BENCH_BACKWARD_DATA, BENCH_BACKWARD_WEIGHTS };

/* The numbers of a visml_conv2d_geometry, in its order. */
enum { BENCH_N, BENCH_H, BENCH_W, BENCH_C, BENCH_OH, BENCH_OW, BENCH_F, BENCH_KH, BENCH_KW, BENCH_SH, BENCH_SW, BENCH_DH, BENCH_DW,
       BENCH_TOP, BENCH_LEFT, BENCH_GROUPS, BENCH_GEOMETRY };

/* x [n, h, w, c], w [kh, kw, c / groups, f], dy [n, oh, ow, f]. All three are always given; `what` says which two are read. */
BENCH_EXPORT int32_t bench_conv2d(bench_side *s, const int64_t geometry[BENCH_GEOMETRY], int32_t what, const float *x, const float *w,
                                  const float *dy);

/* The kernel that the prepared operation runs, for people. Borrowed until the next one. */
BENCH_EXPORT const char *bench_kernel(const bench_side *s);
/* Runs it so many times: seconds for all of them together. */
BENCH_EXPORT double bench_run(bench_side *s, int64_t times);
/* The result of the last run, laid out as said above (y, dx or dw). */
BENCH_EXPORT void bench_result(bench_side *s, float *to);

/* Ours only. FLOP/s of multiply-adds on registers alone, with the widest vectors among these levels, on so many threads at once. */
BENCH_EXPORT double bench_peak(int32_t threads, uint32_t levels, double seconds);

#endif
