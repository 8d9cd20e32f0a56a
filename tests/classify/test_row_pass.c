/* Passes over rows: every output meets every row once, in an order of the seed and the pass alone, whatever the layout and the threads. */
#include "classify/row_pass.h"

#include "classify/solver_insides.h"

enum { N = 300, D = 1024, OUTPUTS = 3 };
static made_rows rows;

/* What each output has met. */
typedef struct notes {
    int64_t met[OUTPUTS][N], count[OUTPUTS];
} notes;

static int set_up(void **state) {
    (void)state;
    rows = made_rows_new(N, D, 2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_rows_free(&rows);
    return 0;
}

static void note(void *solver, int64_t output, const visml_passing_rows *p) {
    notes *w = solver;
    for (int64_t i = 0; i < p->n; i++) {
        const float *x = visml_passing_row(p, i);
        assert_true(x[0] == rows.x[p->rows[i] * (D + 3)] && x[D - 1] == rows.x[p->rows[i] * (D + 3) + D - 1]);
        w->met[output][w->count[output]++] = p->rows[i];
    }
}

/* Two passes. */
static visml_status pass_twice(const visml_context *ctx, const visml_samples *s, const visml_fit_run *run, int in_order, notes *w) {
    visml_compute compute = visml_context_compute(ctx);
    visml_row_pass p = {.compute = &compute, .samples = s, .run = run, .outputs = OUTPUTS, .learn = note, .solver = w,
                        .in_order = in_order};
    visml_memory *m = (visml_memory *)(uintptr_t)&ctx->memory;
    visml_status status = visml_row_pass_begin(&p, m, &err);
    for (int pass = 0; status == VISML_OK && pass < 2; pass++) {
        memset(w, 0, sizeof *w);
        status = visml_row_pass_run(&p, pass, &err);
    }
    visml_row_pass_end(&p, m);
    return status;
}

static void outputs_meet_all_rows_in_one_order(void **state) {
    static notes first, other;
    static const int32_t threads[] = {1, 2, 5};
    counted_fit f;
    char seen[N] = {0};
    (void)state;
    for (int k = 0; k < 3; k++)
        for (int turned = 0; turned < 2; turned++) {
            visml_context *ctx = test_context(threads[k]);
            assert_ok(pass_twice(ctx, turned ? &rows.by_columns : &rows.by_rows, counted(&f, 0), 0, &other), &err);
            first = k + turned ? first : other;
            assert_memory_equal(&first, &other, sizeof first);
            visml_context_free(ctx);
        }
    for (int i = 0; i < N; i++)
        seen[first.met[0][i]]++;
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    for (int o = 0; o < OUTPUTS; o++) {
        assert_int_equal(first.count[o], N);
        assert_memory_equal(first.met[o], first.met[0], sizeof first.met[0]);
    }
}

static void rows_may_come_as_they_lie(void **state) {
    static notes w;
    counted_fit f;
    visml_context *ctx = test_context(1);
    (void)state;
    assert_ok(pass_twice(ctx, &rows.by_columns, counted(&f, 0), 1, &w), &err);
    for (int i = 0; i < N; i++)
        assert_int_equal(w.met[OUTPUTS - 1][i], i);
    visml_context_free(ctx);
}

static void another_seed_is_another_order(void **state) {
    static notes a, b;
    counted_fit f;
    visml_context *ctx = test_context(1);
    (void)state;
    assert_ok(pass_twice(ctx, &rows.by_rows, counted(&f, 0), 0, &a), &err);
    counted(&f, 0), f.run.seed = 8;
    assert_ok(pass_twice(ctx, &rows.by_rows, &f.run, 0, &b), &err);
    assert_memory_not_equal(a.met, b.met, sizeof a.met);
    visml_context_free(ctx);
}

static void pass_by(void *solver, int64_t output, const visml_passing_rows *p) {
    (void)solver, (void)output, (void)p;
}

/* Looks by the multiplications between them, 2^26 (as if there were four outputs where there are fewer), or by the numbers that are
 * turned around, 2^17. */
static void looks_come_by_the_work(void **state) {
    static const struct {
        int64_t n, d, outputs;
        int turned, looks;
    } cases[] = {{N, D, 1, 0, 1}, {N, D, 1000, 0, 5}, {N, D, 1, 1, 3}, {N, D, 1000, 1, 3}, {N, 1, 5, 1, 1}};
    static const float number = 0;
    visml_context *ctx = test_context(1);
    visml_compute compute = visml_context_compute(ctx);
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        counted_fit f;
        visml_samples s = cases[k].turned ? rows.by_columns : rows.by_rows;
        s.n = cases[k].n, s.d = cases[k].d;
        visml_row_pass p = {.compute = &compute, .samples = &s, .run = counted(&f, 0), .outputs = cases[k].outputs, .learn = pass_by};
        assert_ok(visml_row_pass_begin(&p, &ctx->memory, &err), &err);
        assert_ok(visml_row_pass_run(&p, 0, &err), &err);
        visml_row_pass_end(&p, &ctx->memory);
        assert_int_equal(f.looks, cases[k].looks);
    }
    /* 50,000 rows of 784, of which none is read: those of a single output take as long to come from memory as four outputs' work. */
    counted_fit f;
    visml_samples s = {.n = 50000, .d = 784, .x = &number, .row_stride = 0, .column_stride = 1};
    visml_row_pass p = {.compute = &compute, .samples = &s, .run = counted(&f, 0), .outputs = 1, .learn = pass_by};
    assert_ok(visml_row_pass_begin(&p, &ctx->memory, &err), &err);
    assert_ok(visml_row_pass_run(&p, 0, &err), &err);
    visml_row_pass_end(&p, &ctx->memory);
    assert_int_equal(f.looks, 3);
    visml_context_free(ctx);
}

static void what_follows_a_stop_is_not_met(void **state) {
    static notes w;
    counted_fit f;
    visml_context *ctx = test_context(1);
    uint64_t used = ctx->memory.used;
    (void)state;
    assert_status(pass_twice(ctx, &rows.by_columns, counted(&f, 2), 0, &w), VISML_ECANCELLED, &err);
    assert_int_equal(f.looks, 2);
    for (int o = 0; o < OUTPUTS; o++)
        assert_int_equal(w.count[o], 2 * 128); /* 2^17 numbers a time */
    assert_int_equal(ctx->memory.used, used);
    visml_context_free(ctx);
}

static visml_status use(visml_context *ctx, const void *what, visml_error *e) {
    static notes w;
    counted_fit f;
    visml_status status = pass_twice(ctx, what, counted(&f, 0), 0, &w);
    *e = err;
    return status;
}

static void memory_may_run_out(void **state) {
    (void)state;
    test_failing_allocations("by rows", 10, use, &rows.by_rows);
    test_failing_allocations("by columns", 10, use, &rows.by_columns);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_meet_all_rows_in_one_order), cmocka_unit_test(rows_may_come_as_they_lie),
        cmocka_unit_test(another_seed_is_another_order),      cmocka_unit_test(looks_come_by_the_work),
        cmocka_unit_test(what_follows_a_stop_is_not_met),     cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
