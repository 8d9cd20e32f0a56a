#include "feature/nearest.h"

#include "base/checked.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define ELEMENTS ((int64_t)131072) /* of products that are there at a time: half a megabyte */
#define MOST_ROWS 1024

static size_t align(size_t bytes) {
    return bytes == SIZE_MAX ? bytes : (bytes + 63) / 64 * 64;
}

size_t visml_nearest_bytes(const visml_compute *c, int64_t d, int64_t k) {
    size_t bytes;
    return visml_size_add(2 * align((size_t)k * sizeof(float)), visml_gemm_packed_bytes(c, k, d), &bytes) ? bytes : SIZE_MAX;
}

/* |x|^2 is the same for all centers: the least of |c|^2 - 2 x c is the nearest. */
static visml_gemm product_of(const visml_nearest_plan *p, const float *x, int64_t ldx) {
    return (visml_gemm){.n = p->k, .k = p->d, .a = x, .b = p->centers, .lda = ldx, .ldb = p->d, .ldc = p->k, .trans_b = 1,
                        .packed_b = p->packed};
}

visml_nearest_plan visml_nearest_prepare(const visml_compute *c, int64_t d, int64_t k, const float *centers, void *memory) {
    size_t numbers = align((size_t)k * sizeof(float));
    char *at = memory;
    visml_nearest_plan p = {.d = d, .k = k, .centers = centers, .gain = memory, .bias = (float *)(void *)(at + numbers)};
    visml_gemm g = product_of(&p, NULL, d);
    for (int64_t i = 0; i < k; i++) {
        p.gain[i] = -2;
        p.bias[i] = c->kernels->reduce_squares((size_t)d, centers + i * d);
    }
    p.packed = at + 2 * numbers;
    visml_gemm_pack(c, &g, p.packed);
    return p;
}

static int64_t rows_of(int64_t k) {
    int64_t rows = ELEMENTS / k;
    return rows < 16 ? 16 : rows > MOST_ROWS ? MOST_ROWS : rows;
}

static size_t products_bytes(int64_t k) {
    return align((size_t)rows_of(k) * (size_t)k * sizeof(float));
}

size_t visml_nearest_scratch(const visml_compute *c, int64_t d, int64_t k) {
    visml_gemm g = {.n = k, .k = d};
    size_t bytes;
    return visml_size_add(products_bytes(k), visml_gemm_scratch(c, &g), &bytes) ? bytes : SIZE_MAX;
}

static void multiply(const visml_compute *c, const visml_nearest_plan *p, int64_t n, const float *x, int64_t ldx, float *out,
                     void *scratch) {
    visml_epilogue e = {.gain = p->gain, .bias = p->bias};
    visml_gemm g = product_of(p, x, ldx);
    g.m = n;
    g.c = out;
    g.epilogue = &e;
    visml_gemm_run(c, &g, scratch);
}

/* ---- the least ---- */

typedef struct choice {
    const visml_compute *c;
    int64_t n, d, k, ldx;
    const float *x, *lengths, *products;
    int32_t *labels;
    float *squares;
} choice;

#define FEW 16

/* The same of so few that it costs less to look through them in order than to guess where it will be found. */
static int32_t least_of_few(int64_t k, const float *x) {
    float least = x[0];
    int32_t at = 0;
    for (int32_t j = 1; j < k; j++) {
        at = x[j] < least ? j : at;
        least = x[j] < least ? x[j] : least;
    }
    return at;
}

/* The first of the least; four at a time are looked for, so that none waits for the one before it. */
static int32_t least_of(int64_t k, const float *x) {
    if (k <= FEW)
        return least_of_few(k, x);
    float least[4] = {x[0], x[0], x[0], x[0]};
    int64_t j = 0;
    for (; j + 4 <= k; j += 4)
        for (int l = 0; l < 4; l++)
            least[l] = x[j + l] < least[l] ? x[j + l] : least[l];
    for (; j < k; j++)
        least[0] = x[j] < least[0] ? x[j] : least[0];
    least[0] = least[1] < least[0] ? least[1] : least[0];
    least[2] = least[3] < least[2] ? least[3] : least[2];
    least[0] = least[2] < least[0] ? least[2] : least[0];
    for (j = 0; j < k; j++)
        if (x[j] == least[0])
            return (int32_t)j;
    return 0; /* distances of numbers too large for a float */
}

static float length_of(const choice *h, int64_t i) {
    return h->lengths ? h->lengths[i] : h->c->kernels->reduce_squares((size_t)h->d, h->x + i * h->ldx);
}

static void choose_block(void *arg, size_t block, size_t worker) {
    const choice *h = arg;
    int64_t rows = visml_span_rows(h->k), first = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = first; i < first + rows && i < h->n; i++) {
        const float *at = h->products + i * h->k;
        h->labels[i] = least_of(h->k, at);
        if (h->squares) {
            float square = at[h->labels[i]] + length_of(h, i);
            h->squares[i] = square > 0 ? square : 0;
        }
    }
}

void visml_nearest_run(const visml_compute *c, const visml_nearest_plan *plan, int64_t n, const float *x, int64_t ldx,
                       const float *lengths, int32_t *labels, float *squares, void *scratch) {
    int64_t rows = rows_of(plan->k);
    for (int64_t i = 0; i < n; i += rows) {
        choice h = {.c = c, .n = n - i < rows ? n - i : rows, .d = plan->d, .k = plan->k, .ldx = ldx, .x = x + i * ldx,
                    .lengths = lengths ? lengths + i : NULL, .products = scratch, .labels = labels + i,
                    .squares = squares ? squares + i : NULL};
        multiply(c, plan, h.n, h.x, ldx, scratch, (char *)scratch + products_bytes(plan->k));
        visml_parallel_run(c->parallel, (size_t)visml_blocks(h.n, visml_span_rows(plan->k)), choose_block, &h);
    }
}

void visml_nearest_squares(const visml_compute *c, const visml_nearest_plan *plan, int64_t n, const float *x, int64_t ldx, float *out,
                           void *scratch) {
    int64_t k = plan->k;
    multiply(c, plan, n, x, ldx, out, (char *)scratch + products_bytes(k));
    for (int64_t i = 0; i < n; i++) {
        float length = c->kernels->reduce_squares((size_t)plan->d, x + i * ldx);
        for (int64_t j = 0; j < k; j++)
            out[i * k + j] = out[i * k + j] + length > 0 ? out[i * k + j] + length : 0;
    }
}
