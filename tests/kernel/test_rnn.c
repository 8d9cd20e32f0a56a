/* Recurrent layers by what must be so: masked steps as if they were not there, a sequence in two parts, dropout as factors of the weights.
 * (Values: tests/nn against Keras; gradients, threads and levels: tests/contract.) */
#include "levels.h"

#include "kernel/rnn.h"
#include "visml/nn.h"

enum { BATCH = 5, STEPS = 6, CHANNELS = 3, UNITS = 18, GATES = 4 };

typedef struct arrays {
    float *x, *kernel, *recurrent, *bias, *dy;
} arrays;

typedef struct result {
    float y[BATCH * STEPS * UNITS], h[BATCH * UNITS], c[BATCH * UNITS], dx[BATCH * STEPS * CHANNELS], dkernel[CHANNELS * GATES * UNITS],
        drecurrent[UNITS * GATES * UNITS], dbias[2 * GATES * UNITS];
} result;

static arrays make(void) {
    return (arrays){random_array(BATCH * STEPS * CHANNELS, 1), random_array(CHANNELS * GATES * UNITS, 2),
                    random_array(UNITS * GATES * UNITS, 3), random_array(2 * GATES * UNITS, 4), random_array(BATCH * STEPS * UNITS, 5)};
}

static void drop(arrays *a) {
    free(a->x);
    free(a->kernel);
    free(a->recurrent);
    free(a->bias);
    free(a->dy);
}

static visml_rnn layer_of(const arrays *a, int32_t cell) {
    return (visml_rnn){.cell = cell, .batch = BATCH, .steps = STEPS, .channels = CHANNELS, .units = UNITS, .activation = VISML_TANH,
                       .recurrent_activation = VISML_SIGMOID, .sequences = 1, .ldy = STEPS * UNITS, .training = 1, .x = a->x,
                       .kernel = a->kernel, .recurrent = a->recurrent, .bias = a->bias,
                       .recurrent_bias = cell == VISML_CELL_GRU ? a->bias + 3 * UNITS : NULL, .dy = a->dy, .dropout_key = 7,
                       .recurrent_key = 8, .step = 9, .ld0 = UNITS, .ld_end = UNITS};
}

static void run(visml_rnn l, result *to) {
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    visml_parallel p = workers(3);
    visml_compute c = {&levels[n - 1].kernels, &p};
    size_t kept = visml_rnn_keep(&l), bytes = visml_rnn_scratch(&c, &l), back = visml_rnn_backward_scratch(&c, &l);
    void *scratch = scratch_of(bytes), *other = scratch_of(back);
    l.keep = scratch_of(kept);
    l.y = to->y;
    l.h_end = to->h;
    l.c_end = to->c;
    l.dx = to->dx;
    l.dkernel = to->dkernel;
    l.drecurrent = to->drecurrent;
    l.dbias = to->dbias;
    l.drecurrent_bias = l.cell == VISML_CELL_GRU ? to->dbias + 3 * UNITS : NULL;
    visml_rnn_forward(&c, &l, scratch);
    if (l.training)
        visml_rnn_backward(&c, &l, other);
    scratch_free(l.keep, kept);
    scratch_free(scratch, bytes);
    scratch_free(other, back);
}

static void close_to(const float *got, const float *want, size_t n, const char *what) {
    for (size_t i = 0; i < n; i++)
        assert_near(got[i], (double)want[i], 1 + fabs((double)want[i]), 64, what, i);
}

static void inference_has_the_same_bits(void **state) {
    (void)state;
    arrays a = make();
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        static result want, got;
        visml_rnn l = layer_of(&a, cell);
        run(l, &want);
        l.training = 0;
        run(l, &got);
        assert_same(got.y, want.y, BATCH * STEPS * UNITS, "y", "inference");
        assert_same(got.h, want.h, BATCH * UNITS, "h", "inference");
    }
    drop(&a);
}

/* The last steps are masked: outputs repeat, the rest is that of a shorter sequence, and no gradient comes from there. */
static void masked_steps_do_nothing(void **state) {
    (void)state;
    arrays a = make();
    uint8_t mask[BATCH * STEPS];
    for (int i = 0; i < BATCH * STEPS; i++)
        mask[i] = i % STEPS < STEPS - 2;
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        static result whole, masked;
        visml_rnn l = layer_of(&a, cell);
        run(l, &whole);
        l.mask = mask;
        run(l, &masked);
        for (int b = 0; b < BATCH; b++) {
            const float *w = whole.y + b * STEPS * UNITS, *m = masked.y + b * STEPS * UNITS;
            assert_same(m, w, (STEPS - 2) * UNITS, "y", "a mask");
            for (int s = STEPS - 2; s < STEPS; s++)
                assert_same(m + s * UNITS, w + (STEPS - 3) * UNITS, UNITS, "y", "a masked step");
            assert_same(masked.h + b * UNITS, w + (STEPS - 3) * UNITS, UNITS, "h", "a mask");
            for (int i = (STEPS - 2) * CHANNELS; i < STEPS * CHANNELS; i++)
                assert_true(masked.dx[b * STEPS * CHANNELS + i] == 0);
        }
    }
    drop(&a);
}

/* Where a step in the middle is masked, its input has no influence. */
static void what_is_masked_does_not_matter(void **state) {
    (void)state;
    arrays a = make();
    uint8_t mask[BATCH * STEPS];
    for (int i = 0; i < BATCH * STEPS; i++)
        mask[i] = i % 4 != 1;
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        static result one, other;
        visml_rnn l = layer_of(&a, cell);
        l.mask = mask;
        l.backwards = cell % 2;
        run(l, &one);
        for (int i = 0; i < BATCH * STEPS * CHANNELS; i++)
            a.x[i] += mask[i / CHANNELS] ? 0.0f : 1.0f;
        run(l, &other);
        assert_memory_equal(&one, &other, sizeof one.y);
        assert_same(other.dx, one.dx, BATCH * STEPS * CHANNELS, "dx", "a mask");
        assert_same(other.drecurrent, one.drecurrent, (size_t)(UNITS * visml_rnn_gates(cell) * UNITS), "drecurrent", "a mask");
    }
    drop(&a);
}

/* The second half starts where the first ended. */
static void state_goes_on(void **state) {
    (void)state;
    arrays a = make();
    float half[BATCH * STEPS * CHANNELS];
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        static result whole, first, second;
        visml_rnn l = layer_of(&a, cell);
        run(l, &whole);
        l.steps = STEPS / 2;
        l.ldy = l.steps * UNITS;
        l.x = half;
        for (int part = 0; part < 2; part++) {
            for (int b = 0; b < BATCH; b++)
                memcpy(half + b * STEPS / 2 * CHANNELS, a.x + (b * STEPS + part * STEPS / 2) * CHANNELS, STEPS / 2 * CHANNELS * 4);
            run(l, part ? &second : &first);
            l.h0 = first.h;
            l.c0 = first.c;
        }
        assert_same(second.h, whole.h, BATCH * UNITS, "h", "two parts");
        for (int b = 0; b < BATCH; b++)
            assert_same(second.y + b * STEPS / 2 * UNITS, whole.y + (b * STEPS + STEPS / 2) * UNITS, STEPS / 2 * UNITS, "y", "two parts");
    }
    drop(&a);
}

/* Before the first step that counts the output is 0, as in Keras; the state waits. */
static void a_state_behind_masked_steps(void **state) {
    (void)state;
    arrays a = make();
    uint8_t mask[BATCH * STEPS];
    for (int i = 0; i < BATCH * STEPS; i++)
        mask[i] = i % STEPS >= i / STEPS + 1; /* none of the last sample's */
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        static result first, second, last;
        visml_rnn l = layer_of(&a, cell);
        run(l, &first);
        l.h0 = first.h;
        l.c0 = first.c;
        l.mask = mask;
        run(l, &second);
        for (int b = 0; b < BATCH; b++)
            for (int s = 0; s < STEPS; s++)
                for (int u = 0; u < UNITS; u++)
                    assert_true((second.y[(b * STEPS + s) * UNITS + u] != 0) == (s >= b + 1));
        assert_same(second.h + (BATCH - 1) * UNITS, second.y + (BATCH * STEPS - 1) * UNITS, UNITS, "h", "a step that counts");
        l.sequences = 0;
        l.ldy = UNITS;
        for (int s = 0; s < STEPS; s++)
            mask[s] = 0;
        run(l, &last);
        for (int u = 0; u < UNITS; u++)
            assert_true(last.y[u] == 0);
        assert_same(last.h, first.h, UNITS, "h", "masked steps alone");
        mask[1] = mask[2] = mask[3] = mask[4] = mask[5] = 1;
    }
    drop(&a);
}

/* One channel and one unit that are dropped or doubled: as if the weights were. */
static void dropout_is_the_same_at_every_step(void **state) {
    (void)state;
    arrays a = make();
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        static result dropped, scaled;
        visml_rnn l = layer_of(&a, cell);
        l.batch = 1;
        l.dropout = l.recurrent_dropout = 0.5;
        run(l, &dropped);
        float factors[CHANNELS + UNITS], kernel[CHANNELS * GATES * UNITS], recurrent[UNITS * GATES * UNITS];
        level levels[MAX_LEVELS];
        all_levels(levels);
        visml_dropout_terms t = {.key = 7, .step = 9, .threshold = 1u << 31, .scale = 2};
        for (int i = 0; i < CHANNELS + UNITS; i++)
            factors[i] = 1;
        levels[0].kernels.dropout(&t, CHANNELS, factors, factors);
        t.key = 8;
        levels[0].kernels.dropout(&t, UNITS, factors + CHANNELS, factors + CHANNELS);
        int64_t columns = visml_rnn_gates(cell) * UNITS;
        for (int64_t i = 0; i < CHANNELS * columns; i++)
            kernel[i] = a.kernel[i] * factors[i / columns];
        for (int64_t i = 0; i < UNITS * columns; i++)
            recurrent[i] = a.recurrent[i] * factors[CHANNELS + i / columns];
        l.dropout = l.recurrent_dropout = 0;
        l.kernel = kernel;
        l.recurrent = recurrent;
        run(l, &scaled);
        close_to(dropped.y, scaled.y, STEPS * UNITS, "y");
        close_to(dropped.dx, scaled.dx, STEPS * CHANNELS, "dx");
        close_to(dropped.dbias, scaled.dbias, (size_t)columns, "dbias");
        for (int64_t i = 0; i < UNITS * columns; i++)
            scaled.drecurrent[i] *= factors[CHANNELS + i / columns];
        close_to(dropped.drecurrent, scaled.drecurrent, (size_t)(UNITS * columns), "drecurrent");
    }
    drop(&a);
}

static void scratch_grows_with_the_batch(void **state) {
    (void)state;
    level levels[MAX_LEVELS];
    all_levels(levels);
    visml_parallel p = workers(3);
    visml_compute c = {&levels[0].kernels, &p};
    for (int32_t i = 0; i < 2 * 4; i++) {
        visml_rnn l = {.cell = VISML_CELL_SIMPLE + i / 2, .steps = 9, .channels = 5, .units = 20, .training = 1, .dropout = 0.5,
                       .recurrent_dropout = 0.5, .drops_by_gate = i % 2};
        size_t before[3] = {0};
        for (l.batch = 1; l.batch < 300; l.batch++) {
            size_t now[] = {visml_rnn_keep(&l), visml_rnn_scratch(&c, &l), visml_rnn_backward_scratch(&c, &l)};
            for (int k = 0; k < 3; k++) {
                assert_true(now[k] >= before[k]);
                before[k] = now[k];
            }
        }
    }
}

static void sizes_that_do_not_fit_cannot_be_allocated(void **state) {
    (void)state;
    level levels[MAX_LEVELS];
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    visml_rnn l = {.cell = VISML_CELL_GRU, .batch = (int64_t)1 << 30, .steps = (int64_t)1 << 20, .channels = 1, .units = 1 << 12};
    assert_true(visml_rnn_keep(&l) == SIZE_MAX);
    assert_true(visml_rnn_scratch(&c, &l) == SIZE_MAX);
    l.dropout = 0.5; /* what it leaves of x */
    l.channels = 1 << 14;
    assert_true(visml_rnn_backward_scratch(&c, &l) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inference_has_the_same_bits),
        cmocka_unit_test(masked_steps_do_nothing),
        cmocka_unit_test(what_is_masked_does_not_matter),
        cmocka_unit_test(state_goes_on),
        cmocka_unit_test(a_state_behind_masked_steps),
        cmocka_unit_test(dropout_is_the_same_at_every_step),
        cmocka_unit_test(scratch_grows_with_the_batch),
        cmocka_unit_test(sizes_that_do_not_fit_cannot_be_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
