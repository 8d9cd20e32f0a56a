/* Calls of the kernels for recurrent cells, one function a row of kernels.def: a part of test_kernels.c. */
#ifndef KERNEL_TEST_RUNS_RECURRENT_H
#define KERNEL_TEST_RUNS_RECURRENT_H

#include "trial.h"

/* So small that sums over many of them stay near 1. */
static float *in_small(trial *t, size_t n) {
    float *x = take(t, n, 0);
    for (size_t i = 0; i < n; i++)
        x[i] *= 1.0f / 32;
    return x;
}

static size_t whole(size_t n) {
    return (n + 15) / 16 * 16;
}

static void run_lstm_project(const visml_kernels *k, trial *t) {
    visml_lstm_step s = {.rows = (int64_t)t->rows, .end = (int64_t)t->n, .units = (int64_t)t->n, .kx = 3, .ldx = 3, .panel = 3 * 64};
    s.x = in(t, t->rows * 3);
    s.b = in(t, whole(t->n) * 4 * 3);
    s.bias = in(t, 4 * t->n);
    s.ldz = 4 * (int64_t)whole(t->n);
    k->lstm_project(&s, out(t, t->rows * 4 * whole(t->n)));
    s.bias = NULL;
    s.kx = 0;
    k->lstm_project(&s, out(t, t->rows * 4 * whole(t->n)));
}

/* With x and everything kept; then with z and other activations, from the second panel on. */
static void run_lstm_step(const visml_kernels *k, trial *t) {
    size_t n = t->n, w = whole(n), depth = n < 300 ? n : 300;
    visml_lstm_step s = {.rows = (int64_t)t->rows, .end = (int64_t)n, .units = (int64_t)n, .activation = VISML_TANH,
                         .recurrent_activation = VISML_SIGMOID, .kx = 3, .kh = (int64_t)depth, .ldx = 3, .ldb = (int64_t)depth,
                         .panel = (3 + (int64_t)depth) * 64, .ldg = 4 * (int64_t)w, .ldc = (int64_t)w, .ldz = 4 * (int64_t)w};
    s.ldh[0] = s.ldh[1] = (int64_t)n;
    s.x = in(t, t->rows * 3);
    s.h_before = in(t, t->rows * depth);
    s.b = in_small(t, w * 4 * (3 + depth));
    s.bias = in(t, 4 * n);
    s.c_before = in(t, t->rows * w);
    s.c = out(t, t->rows * w);
    s.gates = out(t, t->rows * 4 * w);
    s.h[0] = out(t, t->rows * n);
    k->lstm_step(&s);
    s.first = n > 16 ? 16 : 0;
    s.kx = 0;
    s.z = in(t, t->rows * 4 * w);
    s.activation = VISML_LEAKY_RELU;
    s.recurrent_activation = VISML_IDENTITY;
    s.gates = s.h[0] = NULL;
    s.c_before = NULL;
    s.c = out(t, t->rows * w);
    s.h[1] = out(t, t->rows * n);
    k->lstm_step(&s);
}

static void run_lstm_turn(const visml_kernels *k, trial *t) {
    size_t rows = t->n < 64 ? t->n : 64, depth = t->rows < 70 ? 7 * t->rows : t->rows;
    const float *from = in(t, rows * depth);
    float *to = out(t, depth * 64);
    k->lstm_turn((int64_t)rows, (int64_t)depth, from, (int64_t)depth, to);
    for (size_t p = 0; p < depth; p++)
        for (size_t i = 0; i < rows; i++)
            assert_true(same_float(to[p * 64 + i], from[i * depth + p]));
}

static void run_lstm_step_backward(const visml_kernels *k, trial *t) {
    size_t n = t->n, w = whole(n);
    visml_lstm_back s = {.rows = (int64_t)t->rows, .end = (int64_t)n, .units = (int64_t)n, .activation = VISML_TANH,
                         .recurrent_activation = VISML_SIGMOID, .panel = 4 * (int64_t)w * 64, .ldy = (int64_t)n,
                         .ldg = 4 * (int64_t)w, .ldc = (int64_t)w, .ldd = (int64_t)w};
    s.after = in(t, t->rows * 4 * w);
    s.b = in_small(t, (n + 63) / 64 * 64 * 4 * w);
    s.dy = in(t, t->rows * n);
    s.gates = out(t, t->rows * 4 * w);
    s.c = in(t, t->rows * w);
    s.c_before = in(t, t->rows * w);
    s.dc = out(t, t->rows * w);
    k->lstm_step_backward(&s);
    s.after = s.c_before = NULL;
    s.activation = VISML_RELU;
    s.gates = out(t, t->rows * 4 * w);
    s.dc = out(t, t->rows * w);
    k->lstm_step_backward(&s);
}

/* With every row taken and, given a mask, without some. */
static visml_rnn_step recurrent_step(trial *t, int32_t cell) {
    size_t n = t->n, gates = cell == VISML_CELL_SIMPLE ? 1 : 4;
    visml_rnn_step s = {.rows = (int64_t)t->rows, .units = (int64_t)n, .cell = cell, .activation = VISML_TANH,
                        .recurrent_activation = VISML_SIGMOID, .ldx = (int64_t)(gates * n), .ldz = (int64_t)(gates * n),
                        .ldi = (int64_t)n, .ldb = (int64_t)n, .ldg = (int64_t)(gates * n), .ldc = (int64_t)n, .ldm = 1};
    s.ldh[0] = s.ldh[1] = (int64_t)n;
    s.zx = in(t, t->rows * gates * n);
    s.zh = in(t, t->rows * gates * n);
    s.h_in = in(t, t->rows * n);
    s.h_before = in(t, t->rows * n);
    s.c_before = in(t, t->rows * n);
    s.gates = out(t, t->rows * gates * n);
    return s;
}

static void run_rnn_gates(const visml_kernels *k, trial *t) {
    for (int32_t cell = VISML_CELL_GRU; cell <= VISML_CELL_GRU_FIRST; cell++) {
        visml_rnn_step s = recurrent_step(t, cell);
        k->rnn_gates(&s);
    }
}

static void run_rnn_step(const visml_kernels *k, trial *t) {
    uint8_t mask[MAX_ROWS];
    for (size_t i = 0; i < MAX_ROWS; i++)
        mask[i] = i % 3 != 0;
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        visml_rnn_step s = recurrent_step(t, cell);
        s.mask = cell % 2 ? mask : NULL;
        s.c = out(t, t->rows * t->n);
        s.h[cell % 2] = out(t, t->rows * t->n);
        k->rnn_step(&s);
    }
}

static visml_rnn_back recurrent_back(trial *t, int32_t cell) {
    size_t n = t->n, all = t->rows * n, gates = cell == VISML_CELL_SIMPLE ? 1 : 4;
    visml_rnn_back s = {.rows = (int64_t)t->rows, .units = (int64_t)n, .cell = cell, .activation = VISML_TANH,
                        .recurrent_activation = VISML_SIGMOID, .ldm = 1, .ldy = (int64_t)n, .ldi = (int64_t)n, .ldb = (int64_t)n,
                        .ldc = (int64_t)n, .ldg = (int64_t)(gates * n)};
    s.dy = in(t, all);
    s.h_in = in(t, all);
    s.h_before = in(t, all);
    s.c = in(t, all);
    s.c_before = in(t, all);
    s.dreset = in(t, all);
    s.gates = out(t, gates * all);
    return s;
}

static void run_rnn_step_backward(const visml_kernels *k, trial *t) {
    uint8_t mask[MAX_ROWS];
    for (size_t i = 0; i < MAX_ROWS; i++)
        mask[i] = i % 3 != 0;
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        visml_rnn_back s = recurrent_back(t, cell);
        s.mask = cell % 2 ? mask : NULL;
        s.dh_in = in(t, t->rows * t->n);
        s.dropped = cell % 2 ? s.dreset : NULL;
        s.dh = out(t, t->rows * t->n);
        s.dc = out(t, t->rows * t->n);
        k->rnn_step_backward(&s);
    }
}

static void run_rnn_reset_backward(const visml_kernels *k, trial *t) {
    visml_rnn_back s = recurrent_back(t, VISML_CELL_GRU_FIRST);
    s.dh_out = out(t, t->rows * t->n);
    k->rnn_reset_backward(&s);
}

#endif
