/* One time step of a recurrent cell, behind the products: Elman 1990; LSTM: Hochreiter and Schmidhuber 1997, Gers et al. 2000; GRU: Cho et
 * al. 2014. Element by element, so that no order of additions has to be kept. */
#include "kernel/kernels.h"
#include "kernel/vec_math.h"

#define LEAK ((real)0.2) /* slope of VISML_LEAKY_RELU */

/* Not in line: there are many of them. */
static __attribute__((noinline)) void any_act(int32_t activation, const real *x, real *y) {
    v_store(y, v_activate(activation, v_set1(LEAK), v_load(x)));
}

static __attribute__((noinline)) void any_slope(int32_t activation, const real *y, real *dx) {
    v_store(dx, v_activate_backward(activation, v_set1(LEAK), v_load(y), v_load(dx)));
}

VEC v16 act(int32_t activation, v16 x) {
    real t[LANES];
    v_store(t, x);
    any_act(activation, t, t);
    return v_load(t);
}

/* dy act'(x), from y = act(x). */
VEC v16 slope(int32_t activation, v16 y, v16 dy) {
    real t[LANES], d[LANES];
    v_store(t, y);
    v_store(d, dy);
    any_slope(activation, t, d);
    return v_load(d);
}

VEC int lanes_at(int64_t units, int64_t u) {
    return units - u < LANES ? (int)(units - u) : LANES;
}

/* Gate g of the units from u on. */
VEC v16 sum_of(const visml_rnn_step *s, int64_t row, int g, int64_t u, int n) {
    int64_t at = g * s->units + u;
    return v_add(v_get(s->zx + row * s->ldx + at, n), v_get(s->zh + row * s->ldz + at, n));
}

VEC real *gate_of(real *gates, int64_t row, int64_t ld, int64_t units, int g, int64_t u) {
    return gates + row * ld + g * units + u;
}

/* ---- forward ---- */

void LEAF(rnn_gates)(const visml_rnn_step *s) {
    for (int64_t row = 0; row < s->rows; row++)
        for (int64_t u = 0; u < s->units; u += LANES) {
            int n = lanes_at(s->units, u);
            v16 r = act(s->recurrent_activation, sum_of(s, row, 1, u, n));
            v_put(gate_of(s->gates, row, s->ldg, s->units, 0, u), n, act(s->recurrent_activation, sum_of(s, row, 0, u, n)));
            v_put(gate_of(s->gates, row, s->ldg, s->units, 1, u), n, r);
            v_put(gate_of(s->gates, row, s->ldg, s->units, 3, u), n,
                  s->cell == VISML_CELL_GRU ? v_get(s->zh + row * s->ldz + 2 * s->units + u, n)
                                            : v_mul(r, v_get(s->h_in + row * s->ldi + u, n)));
        }
}

VEC v16 simple(const visml_rnn_step *s, int64_t row, int64_t u, int n) {
    v16 h = act(s->activation, sum_of(s, row, 0, u, n));
    v_put(gate_of(s->gates, row, s->ldg, s->units, 0, u), n, h);
    return h;
}

VEC v16 lstm(const visml_rnn_step *s, int64_t row, int64_t u, int n) {
    v16 i = act(s->recurrent_activation, sum_of(s, row, 0, u, n)), f = act(s->recurrent_activation, sum_of(s, row, 1, u, n));
    v16 g = act(s->activation, sum_of(s, row, 2, u, n)), o = act(s->recurrent_activation, sum_of(s, row, 3, u, n));
    v16 c = v_fma(f, v_get(s->c_before + row * s->ldc + u, n), v_mul(i, g));
    v_put(s->c + row * s->ldc + u, n, c);
    v_put(gate_of(s->gates, row, s->ldg, s->units, 0, u), n, i);
    v_put(gate_of(s->gates, row, s->ldg, s->units, 1, u), n, f);
    v_put(gate_of(s->gates, row, s->ldg, s->units, 2, u), n, g);
    v_put(gate_of(s->gates, row, s->ldg, s->units, 3, u), n, o);
    return v_mul(o, act(s->activation, c));
}

/* h = z h + (1 - z) c, as c + z (h - c). */
VEC v16 gru(const visml_rnn_step *s, int64_t row, int64_t u, int n) {
    v16 z = v_get(gate_of(s->gates, row, s->ldg, s->units, 0, u), n), sum = sum_of(s, row, 2, u, n), c;
    if (s->cell == VISML_CELL_GRU)
        sum = v_fma(v_get(gate_of(s->gates, row, s->ldg, s->units, 1, u), n), v_get(gate_of(s->gates, row, s->ldg, s->units, 3, u), n),
                    v_get(s->zx + row * s->ldx + 2 * s->units + u, n));
    c = act(s->activation, sum);
    v_put(gate_of(s->gates, row, s->ldg, s->units, 2, u), n, c);
    return v_fma(z, v_sub(v_get(s->h_before + row * s->ldb + u, n), c), c);
}

/* What a masked step does: nothing. */
VEC v16 kept(const visml_rnn_step *s, int64_t row, int64_t u, int n) {
    if (s->cell == VISML_CELL_LSTM)
        v_put(s->c + row * s->ldc + u, n, v_get(s->c_before + row * s->ldc + u, n));
    return v_get(s->h_before + row * s->ldb + u, n);
}

VEC v16 output_of(const visml_rnn_step *s, int64_t row, int64_t u, int n) {
    if (s->mask && !s->mask[row * s->ldm])
        return kept(s, row, u, n);
    if (s->cell == VISML_CELL_SIMPLE)
        return simple(s, row, u, n);
    return s->cell == VISML_CELL_LSTM ? lstm(s, row, u, n) : gru(s, row, u, n);
}

void LEAF(rnn_step)(const visml_rnn_step *s) {
    for (int64_t row = 0; row < s->rows; row++)
        for (int64_t u = 0; u < s->units; u += LANES) {
            int n = lanes_at(s->units, u);
            v16 h = output_of(s, row, u, n);
            for (int i = 0; i < 2; i++)
                if (s->h[i])
                    v_put(s->h[i] + row * s->ldh[i] + u, n, h);
        }
}

/* ---- backward ---- */

VEC v16 simple_back(const visml_rnn_back *s, int64_t row, int64_t u, int n, v16 dh) {
    real *h = gate_of(s->gates, row, s->ldg, s->units, 0, u);
    v_put(h, n, slope(s->activation, v_get(h, n), dh));
    return v_zero();
}

VEC v16 lstm_back(const visml_rnn_back *s, int64_t row, int64_t u, int n, v16 dh) {
    real *gi = gate_of(s->gates, row, s->ldg, s->units, 0, u), *gf = gi + s->units, *gg = gf + s->units, *go = gg + s->units;
    real *carry = s->dc + row * s->units + u;
    v16 i = v_get(gi, n), f = v_get(gf, n), g = v_get(gg, n), o = v_get(go, n);
    v16 y = act(s->activation, v_get(s->c + row * s->ldc + u, n));
    v16 dc = v_add(v_get(carry, n), slope(s->activation, y, v_mul(dh, o)));
    v_put(gi, n, slope(s->recurrent_activation, i, v_mul(dc, g)));
    v_put(gf, n, slope(s->recurrent_activation, f, v_mul(dc, v_get(s->c_before + row * s->ldc + u, n))));
    v_put(gg, n, slope(s->activation, g, v_mul(dc, i)));
    v_put(go, n, slope(s->recurrent_activation, o, v_mul(dh, y)));
    v_put(carry, n, v_mul(dc, f));
    return v_zero();
}

VEC v16 gru_back(const visml_rnn_back *s, int64_t row, int64_t u, int n, v16 dh) {
    real *gz = gate_of(s->gates, row, s->ldg, s->units, 0, u), *gr = gz + s->units, *gc = gr + s->units, *inner = gc + s->units;
    v16 z = v_get(gz, n), r = v_get(gr, n), c = v_get(gc, n), before = v_get(s->h_before + row * s->ldb + u, n);
    v16 dc = slope(s->activation, c, v_mul(dh, v_sub(v_set1(1), z)));
    v_put(gz, n, slope(s->recurrent_activation, z, v_mul(dh, v_sub(before, c))));
    v_put(gc, n, dc);
    if (s->cell == VISML_CELL_GRU) {
        v_put(gr, n, slope(s->recurrent_activation, r, v_mul(dc, v_get(inner, n))));
        v_put(inner, n, v_mul(dc, r));
    }
    return v_mul(dh, z);
}

/* No gate has a gradient. (The fourth of VISML_CELL_GRU_FIRST is no gate.) */
VEC v16 kept_back(const visml_rnn_back *s, int64_t row, int64_t u, int n, v16 dh) {
    int gates = s->cell == VISML_CELL_SIMPLE ? 1 : s->cell == VISML_CELL_GRU_FIRST ? 3 : 4;
    for (int g = 0; g < gates; g++)
        v_put(gate_of(s->gates, row, s->ldg, s->units, g, u), n, v_zero());
    return dh;
}

VEC v16 gates_back(const visml_rnn_back *s, int64_t row, int64_t u, int n, v16 dh) {
    if (s->mask && !s->mask[row * s->ldm])
        return kept_back(s, row, u, n, dh);
    if (s->cell == VISML_CELL_SIMPLE)
        return simple_back(s, row, u, n, dh);
    return s->cell == VISML_CELL_LSTM ? lstm_back(s, row, u, n, dh) : gru_back(s, row, u, n, dh);
}

void LEAF(rnn_step_backward)(const visml_rnn_back *s) {
    for (int64_t row = 0; row < s->rows; row++)
        for (int64_t u = 0; u < s->units; u += LANES) {
            int n = lanes_at(s->units, u);
            int64_t at = row * s->units + u;
            v16 dh = v_get(s->dh + at, n), in = v_get(s->dh_in + at, n);
            dh = v_add(dh, s->dropped ? v_mul(in, v_get(s->dropped + at, n)) : in);
            if (s->dy)
                dh = v_add(dh, v_get(s->dy + row * s->ldy + u, n));
            v_put(s->dh + at, n, gates_back(s, row, u, n, dh));
        }
}

void LEAF(rnn_reset_backward)(const visml_rnn_back *s) {
    for (int64_t row = 0; row < s->rows; row++)
        for (int64_t u = 0; u < s->units; u += LANES) {
            int n = lanes_at(s->units, u), takes = !s->mask || s->mask[row * s->ldm];
            real *gate = gate_of(s->gates, row, s->ldg, s->units, 1, u);
            v16 r = v_get(gate, n), d = v_get(s->dreset + row * s->units + u, n);
            v_put(s->dh_out + row * s->units + u, n, takes ? v_mul(r, d) : v_zero());
            if (takes)
                v_put(gate, n, slope(s->recurrent_activation, r, v_mul(d, v_get(s->h_in + row * s->ldi + u, n))));
        }
}

void LEAF(multiply_rows)(int64_t rows, int64_t n, const real *a, int64_t ld_a, const real *b, int64_t ld_b, real *to, int64_t ld_to) {
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < n; i += LANES) {
            int lanes = lanes_at(n, i);
            v_put(to + row * ld_to + i, lanes, v_mul(v_get(a + row * ld_a + i, lanes), v_get(b + row * ld_b + i, lanes)));
        }
}
