/* One time step of an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000): the products with the gates right
 * behind them, while the sums are in the first cache. Every sum goes along k in blocks of VISML_KC, each a chain of fused multiply-adds. */
#include "kernel/kernels.h"
#include "kernel/vec_math.h"

/* The register block: ROWS rows, NV vectors. INLINE: the usual activations are compiled into the loops; slow levels do without. */
#if defined(VISML_LEVEL_AVX512)
#define ROWS 6
#define NV 4
#define INLINE 1
#elif defined(VISML_LEVEL_AVX2) || defined(VISML_LEVEL_NEON)
#define ROWS 6
#define NV 1
#define INLINE 1
#else
#define ROWS 2
#define NV 1
#define INLINE 0
#endif
#define WIDTH VISML_LSTM_WIDTH /* of a panel and of the block of sums */
#define VECTORS (WIDTH / LANES)
#define LEAK ((real)0.2)       /* slope of VISML_LEAKY_RELU */

/* out (+)= a b of `rows` rows and `vectors` vectors, both constants; the rows of b and out are WIDTH apart. */
VEC void block(const int rows, const int vectors, int64_t k, const real *a, int64_t lda, const real *b, int add, real *out) {
    v16 sum[ROWS][NV];
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < vectors; j++)
            sum[i][j] = v_zero();
    for (int64_t p = 0; p < k; p++, b += WIDTH) {
        v16 right[NV];
        UNROLL for (int j = 0; j < vectors; j++)
            right[j] = v_load(b + j * LANES);
        UNROLL for (int i = 0; i < rows; i++) {
            v16 left = v_set1(a[i * lda + p]);
            UNROLL for (int j = 0; j < vectors; j++)
                sum[i][j] = v_fma(left, right[j], sum[i][j]);
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < vectors; j++) {
            real *to = out + i * WIDTH + j * LANES;
            v_store(to, add ? v_add(v_load(to), sum[i][j]) : sum[i][j]);
        }
}

#define CASE(rows, vectors)                            \
    case rows:                                         \
        block(rows, vectors, k, a, lda, b, add, out);  \
        break
#if ROWS == 6
#define CASES(vectors) CASE(6, vectors); CASE(5, vectors); CASE(4, vectors); CASE(3, vectors); CASE(2, vectors); CASE(1, vectors)
#else
#define CASES(vectors) CASE(2, vectors); CASE(1, vectors)
#endif

static void rows_by_one(int rows, int64_t k, const real *a, int64_t lda, const real *b, int add, real *out) {
    switch (rows) {
        CASES(1);
    }
}

static void multiply(int rows, int vectors, int64_t k, const real *a, int64_t lda, const real *b, int add, real *out) {
#if NV == VECTORS
    if (vectors == NV) {
        switch (rows) {
            CASES(NV);
        }
        return;
    }
#endif
    for (int j = 0; j < vectors; j++)
        rows_by_one(rows, k, a, lda, b + j * LANES, add, out + j * LANES);
}

/* All of k, in blocks. */
static void product(int rows, int vectors, int64_t k, const real *a, int64_t lda, const real *b, int add, real *out) {
    for (int64_t p = 0; p < k || (p == 0 && !add); p += VISML_KC)
        multiply(rows, vectors, k - p < VISML_KC ? k - p : VISML_KC, a + p, lda, b + p * WIDTH, add || p > 0, out);
}

VEC int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* x W + bias of a panel's units from u on; z: WIDTH apart. */
VEC void project(const visml_lstm_step *s, int64_t u, int64_t row, int rows, real *z) {
    int n = (int)least(LANES, s->units - u);
    product(rows, VECTORS, s->kx, s->x + row * s->ldx, s->ldx, s->b + u / LANES * s->panel, 0, z);
    if (!s->bias)
        return;
    for (int g = 0; g < 4; g++) {
        v16 bias = v_get(s->bias + g * s->units + u, n);
        for (int i = 0; i < rows; i++)
            v_store(z + i * WIDTH + g * LANES, v_add(v_load(z + i * WIDTH + g * LANES), bias));
    }
}

void LEAF(lstm_project)(const visml_lstm_step *s, real *z) {
    real sums[ROWS * WIDTH] __attribute__((aligned(64)));
    for (int64_t u = s->first; u < s->end; u += LANES)
        for (int64_t row = 0; row < s->rows; row += ROWS) {
            int rows = (int)least(ROWS, s->rows - row);
            project(s, u, row, rows, sums);
            for (int i = 0; i < rows; i++)
                v_copy(z + (row + i) * s->ldz + u * 4, sums + i * WIDTH, WIDTH);
        }
}

/* ---- activations: `usual` is a constant, 1 for tanh and sigmoid ---- */

static __attribute__((noinline)) void any_act(int32_t activation, const real *x, real *y) {
    v_store(y, v_activate(activation, v_set1(LEAK), v_load(x)));
}

static __attribute__((noinline)) void any_slope(int32_t activation, const real *y, real *dx) {
    v_store(dx, v_activate_backward(activation, v_set1(LEAK), v_load(y), v_load(dx)));
}

VEC v16 act(int usual, int32_t fixed, int32_t activation, v16 x) {
    real t[LANES];
    if (usual)
        return v_activate(fixed, v_zero(), x);
    v_store(t, x);
    any_act(activation, t, t);
    return v_load(t);
}

/* dy act'(x), from y = act(x). */
VEC v16 slope(int usual, int32_t fixed, int32_t activation, v16 y, v16 dy) {
    real t[LANES], d[LANES];
    if (usual)
        return v_activate_backward(fixed, v_zero(), y, dy);
    v_store(t, y);
    v_store(d, dy);
    any_slope(activation, t, d);
    return v_load(d);
}

#define GATE(x) act(usual, VISML_SIGMOID, s->recurrent_activation, (x))
#define CELL(x) act(usual, VISML_TANH, s->activation, (x))
#define GATE_SLOPE(y, dy) slope(usual, VISML_SIGMOID, s->recurrent_activation, (y), (dy))
#define CELL_SLOPE(y, dy) slope(usual, VISML_TANH, s->activation, (y), (dy))

VEC int is_usual(int32_t activation, int32_t recurrent) {
    return INLINE && activation == VISML_TANH && recurrent == VISML_SIGMOID;
}

/* ---- forward ---- */

/* The gates of some samples and 16 units, and c = f c + i g; o stays in z. */
VEC void gates(const visml_lstm_step *s, int usual, int64_t row, int rows, int64_t u, real *z) {
    for (int64_t end = row + rows; row < end; row++, z += WIDTH) {
        v16 i = GATE(v_load(z)), f = GATE(v_load(z + LANES)), g = CELL(v_load(z + 2 * LANES)), o = GATE(v_load(z + 3 * LANES));
        v16 c = v_mul(i, g);
        if (s->c_before)
            c = v_fma(f, v_load(s->c_before + row * s->ldc + u), c);
        v_store(s->c + row * s->ldc + u, c);
        v_store(z + 3 * LANES, o);
        if (!s->gates)
            continue;
        real *kept = s->gates + row * s->ldg + u * 4;
        v_store(kept, i);
        v_store(kept + LANES, f);
        v_store(kept + 2 * LANES, g);
        v_store(kept + 3 * LANES, o);
    }
}

/* h = o act(c). In a loop of its own, so that the CPU has several samples at hand: one is a long chain of operations. */
VEC void outputs(const visml_lstm_step *s, int usual, int64_t row, int rows, int64_t u, const real *z) {
    int n = (int)least(LANES, s->units - u);
    for (int64_t end = row + rows; row < end; row++, z += WIDTH) {
        v16 y = CELL(v_load(s->c + row * s->ldc + u));
        v16 h = v_mul(v_load(z + 3 * LANES), y);
        for (int i = 0; i < 2; i++)
            if (s->h[i])
                v_put(s->h[i] + row * s->ldh[i] + u, n, h);
    }
}

static void cells(const visml_lstm_step *s, int64_t row, int rows, int64_t u, real *z) {
    if (is_usual(s->activation, s->recurrent_activation)) {
        gates(s, 1, row, rows, u, z);
        outputs(s, 1, row, rows, u, z);
    } else {
        gates(s, 0, row, rows, u, z);
        outputs(s, 0, row, rows, u, z);
    }
}

/* Brings what is going to be written into the first cache while the product is worked on: rows are far apart in memory. */
static void fetch_kept(const visml_lstm_step *s, int64_t row, int rows, int64_t u) {
    for (int64_t end = row + rows; row < end; row++) {
        for (int g = 0; g < 4; g++)
            __builtin_prefetch(s->gates + row * s->ldg + u * 4 + g * LANES, 1);
        __builtin_prefetch(s->c + row * s->ldc + u, 1);
        for (int i = 0; i < 2; i++)
            if (s->h[i])
                __builtin_prefetch(s->h[i] + row * s->ldh[i] + u, 1);
    }
}

void LEAF(lstm_step)(const visml_lstm_step *s) {
    real z[ROWS * WIDTH] __attribute__((aligned(64)));
    for (int64_t u = s->first; u < s->end; u += LANES) {
        const real *b = s->b + u / LANES * s->panel + s->kx * WIDTH;
        for (int64_t row = 0; row < s->rows; row += ROWS) {
            int rows = (int)least(ROWS, s->rows - row);
            if (s->z)
                for (int i = 0; i < rows; i++)
                    v_copy(z + i * WIDTH, s->z + (row + i) * s->ldz + u * 4, WIDTH);
            else
                project(s, u, row, rows, z);
            if (s->gates)
                fetch_kept(s, row, rows, u);
            product(rows, VECTORS, s->kh, s->h_before + row * s->ldb, s->ldb, b, 1, z);
            cells(s, row, rows, u, z);
        }
    }
}

/* ---- backward ---- */

/* Brings what cells_backward reads and writes into the first cache while the product is worked on: rows are far apart in memory. */
static void fetch(const visml_lstm_back *s, int64_t row, int rows, int64_t u, int64_t units) {
    for (int64_t end = row + rows; row < end; row++)
        for (int64_t j = u; j < u + units; j += LANES) {
            for (int g = 0; g < 4; g++)
                __builtin_prefetch(s->gates + row * s->ldg + j * 4 + g * LANES, 1);
            __builtin_prefetch(s->c + row * s->ldc + j);
            if (s->c_before)
                __builtin_prefetch(s->c_before + row * s->ldc + j);
            if (s->dy)
                __builtin_prefetch(s->dy + row * s->ldy + j);
        }
}

/* act(c) of some samples and 16 units, to y, WIDTH apart. */
VEC void outputs_again(const visml_lstm_back *s, int usual, int64_t row, int rows, int64_t u, real *y) {
    for (int64_t end = row + rows; row < end; row++, y += WIDTH)
        v_store(y, CELL(v_load(s->c + row * s->ldc + u)));
}

/* Through a block of the first cache: rows of `from` are often a power of two apart, and 16 of them would push each other out. */
void LEAF(lstm_turn)(int64_t rows, int64_t k, const real *from, int64_t ld, real *to) {
    real part[LANES * (LANES + 1)];
    for (int64_t i = 0; i < rows; i += LANES)
        for (int64_t p = 0; p < k; p += LANES) {
            int across = (int)least(LANES, rows - i), n = (int)least(LANES, k - p);
            for (int r = 0; r < across; r++)
                v_store(part + r * (LANES + 1), v_get(from + (i + r) * ld + p, n));
            for (int c = 0; c < n; c++)
                for (int r = 0; r < across; r++)
                    to[(p + c) * WIDTH + i + r] = part[r * (LANES + 1) + c];
        }
}

VEC void put_gradient(real *to, int n, v16 dz) {
    v_store(to, n == LANES ? dz : v_select(m_first(n), dz, v_zero()));
}

/* dz of one sample and 16 units, from dh: the gradient of h by way of the step after. */
VEC void cell_backward(const visml_lstm_back *s, int usual, int64_t row, int64_t u, v16 dh, v16 y) {
    real *kept = s->gates + row * s->ldg + u * 4;
    int n = (int)least(LANES, s->units - u);
    v16 i = v_load(kept), f = v_load(kept + LANES), g = v_load(kept + 2 * LANES), o = v_load(kept + 3 * LANES);
    v16 before = s->c_before ? v_load(s->c_before + row * s->ldc + u) : v_zero();
    if (s->dy)
        dh = v_add(v_get(s->dy + row * s->ldy + u, n), dh);
    v16 dc = CELL_SLOPE(y, v_mul(dh, o));
    if (s->after)
        dc = v_add(v_load(s->dc + row * s->ldd + u), dc);
    v_store(s->dc + row * s->ldd + u, v_mul(dc, f));
    put_gradient(kept, n, GATE_SLOPE(i, v_mul(dc, g)));
    put_gradient(kept + LANES, n, GATE_SLOPE(f, v_mul(dc, before)));
    put_gradient(kept + 2 * LANES, n, CELL_SLOPE(g, v_mul(dc, i)));
    put_gradient(kept + 3 * LANES, n, GATE_SLOPE(o, v_mul(dh, y)));
}

VEC void cells_backward_with(const visml_lstm_back *s, int usual, int64_t row, int rows, int64_t u, const real *dh) {
    real y[ROWS * WIDTH] __attribute__((aligned(64)));
    outputs_again(s, usual, row, rows, u, y);
    for (int i = 0; i < rows; i++)
        cell_backward(s, usual, row + i, u, v_load(dh + i * WIDTH), v_load(y + i * WIDTH));
}

static void cells_backward(const visml_lstm_back *s, int64_t row, int rows, int64_t u, const real *dh) {
    if (is_usual(s->activation, s->recurrent_activation))
        cells_backward_with(s, 1, row, rows, u, dh);
    else
        cells_backward_with(s, 0, row, rows, u, dh);
}

void LEAF(lstm_step_backward)(const visml_lstm_back *s) {
    real dh[ROWS * WIDTH] __attribute__((aligned(64)));
    int64_t depth = (s->units + LANES - 1) / LANES * WIDTH;
    for (int64_t u = s->first; u < s->end; u += WIDTH) {
        int64_t units = least(WIDTH, s->end - u);
        int vectors = (int)((units + LANES - 1) / LANES);
        for (int64_t row = 0; row < s->rows; row += ROWS) {
            int rows = (int)least(ROWS, s->rows - row);
            fetch(s, row, rows, u, units);
            if (s->after)
                product(rows, vectors, depth, s->after + row * s->ldg, s->ldg, s->b + u / WIDTH * s->panel, 0, dh);
            else
                for (int j = 0; j < rows * WIDTH; j += LANES)
                    v_store(dh + j, v_zero());
            for (int64_t j = 0; j < units; j += LANES)
                cells_backward(s, row, rows, u + j, dh + j);
        }
    }
}
