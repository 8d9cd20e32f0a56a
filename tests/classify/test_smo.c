/* Sequential minimal optimization: what it ends with is optimal, by the conditions of Karush, Kuhn and Tucker in double; how it is cut
 * into steps, and how much of the kernel is kept, is of no account. */
#include "classify/smo.h"

#include "classify/solver_insides.h"

enum { N = 90, D = 3 };
#define TOLERANCE 1e-3
#define GAMMA 2.0

typedef struct problem {
    const char *name;
    int64_t group;
    double epsilon, C;
} problem;

static const problem problems[] = {{"classification", N, 0, 3}, {"regression", N, 0.05, 2}, {"one class", N, 0, 1},
                                   {"two groups", 40, 0, 1}};
enum { PROBLEMS = sizeof problems / sizeof *problems };

static made_rows rows;
static visml_context *ctx;
static visml_svm_threads threads;
static const visml_svm_function function = {.kind = VISML_SVM_RBF, .gamma = GAMMA};

static int set_up(void **state) {
    (void)state;
    rows = made_rows_new(N, D, 12);
    ctx = test_context(1);
    threads.compute = visml_context_compute(ctx), threads.alone = visml_context_alone(ctx);
    threads.room = visml_svm_cache_room(&threads.alone, D);
    threads.rooms = assert_made(visml_mem_alloc(&ctx->memory, threads.room, &err), &err);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_mem_free(&ctx->memory, threads.rooms);
    visml_context_release(ctx);
    made_rows_free(&rows);
    return 0;
}

static double kernel(int64_t a, int64_t b) {
    double squares = 0;
    for (int j = 0; j < D; j++) {
        double e = (double)rows.x[a * (D + 3) + j] - (double)rows.x[b * (D + 3) + j];
        squares += e * e;
    }
    return exp(-GAMMA * squares);
}

/* What a regression asks for: a curve of the first column. */
static double target(int64_t i) {
    return sin(9 * (double)rows.x[i * (D + 3)]);
}

static void describe(const problem *p, visml_smo *s) {
    int number = (int)(p - problems);
    s->n = N, s->group = p->group, s->epsilon = p->epsilon, s->tolerance = TOLERANCE, s->max_iterations = 0;
    for (int32_t i = 0; i < N; i++) {
        double y = target(i) + 0.3 * (double)rows.x[i * (D + 3) + 1] > 0.2 ? 1 : -1;
        s->cache.rows[i] = i;
        s->p[i] = number == 0 ? y : number == 1 ? target(i) : 0;
        s->low[i] = number == 1 || (number == 0 && y < 0) || (number == 3 && i >= p->group) ? -p->C : 0;
        s->high[i] = number == 1 || (number == 0 && y > 0) || number == 2 || (number == 3 && i < p->group) ? p->C : 0;
        s->b[i] = number < 2 ? 0 : number == 2 ? (i < 20 ? 1 : 0) : i < 8 ? 1 : i >= p->group && i < p->group + 8 ? -1 : 0;
    }
}

static void solve(const problem *p, int shrinks, size_t cache_bytes, int64_t enough, double *b) {
    visml_smo s;
    assert_ok(visml_smo_new(&s, &ctx->memory, &threads.alone, &function, &rows.by_rows, N, cache_bytes, &err), &err);
    describe(p, &s);
    s.shrinks = shrinks;
    visml_smo_begin(&s);
    while (!s.finished) {
        s.cache.work = 0;
        assert_ok(visml_smo_advance(&s, &threads, enough, &err), &err);
    }
    memcpy(b, s.b, N * sizeof *b);
    visml_smo_free(&s, &ctx->memory);
}

/* No two variables of a group can exchange anything so that it gains more than the tolerance. Kernel values are floats there: off by some
 * 2^-22, times the sum of all |b|, at most 90 C. */
static void assert_optimal(const problem *p, const double *b) {
    visml_smo s;
    assert_ok(visml_smo_new(&s, &ctx->memory, &threads.alone, &function, &rows.by_rows, N, 1, &err), &err);
    describe(p, &s);
    for (int64_t from = 0; from < N; from = from ? N : p->group) {
        double most = -HUGE_VAL, least = HUGE_VAL, sum = 0, begun = 0;
        for (int64_t i = from; i < (from ? N : p->group); i++) {
            double v = s.p[i];
            for (int64_t j = 0; j < N; j++)
                v -= kernel(i, j) * b[j];
            assert_true(b[i] >= s.low[i] && b[i] <= s.high[i]);
            double rise = v - (b[i] >= 0 ? p->epsilon : -p->epsilon), fall = v - (b[i] > 0 ? p->epsilon : -p->epsilon);
            most = b[i] < s.high[i] && rise > most ? rise : most;
            least = b[i] > s.low[i] && fall < least ? fall : least;
            sum += b[i], begun += s.b[i];
        }
        assert_true(fabs(sum - begun) <= 1e-9);
        if (most - least > TOLERANCE + 90 * p->C * 0x1p-22)
            fail_msg("%s: a pair is %g from optimal", p->name, most - least);
    }
    visml_smo_free(&s, &ctx->memory);
}

static void it_ends_where_nothing_is_gained(void **state) {
    double b[N];
    (void)state;
    for (int i = 0; i < PROBLEMS; i++)
        for (int shrinks = 0; shrinks < 2; shrinks++) {
            solve(&problems[i], shrinks, 1 << 20, INT64_MAX, b);
            assert_optimal(&problems[i], b);
        }
}

static void steps_and_room_are_of_no_account(void **state) {
    double whole[N], b[N];
    (void)state;
    for (int i = 0; i < PROBLEMS; i++) {
        solve(&problems[i], 1, 1 << 20, INT64_MAX, whole);
        solve(&problems[i], 1, 1 << 20, 1, b);
        assert_memory_equal(b, whole, sizeof b);
        solve(&problems[i], 1, 1, 1, b);
        assert_memory_equal(b, whole, sizeof b);
    }
}

/* Two rows: b and -b, b the difference of what is asked for over the curvature, within the bounds. */
static void two_rows_by_hand(void **state) {
    static const double limits[] = {100, 0.25};
    (void)state;
    for (int i = 0; i < 2; i++) {
        visml_smo s;
        assert_ok(visml_smo_new(&s, &ctx->memory, &threads.alone, &function, &rows.by_rows, 2, 1, &err), &err);
        s.n = s.group = 2, s.epsilon = 0, s.tolerance = 1e-9, s.max_iterations = 0, s.shrinks = 1;
        for (int32_t k = 0; k < 2; k++)
            s.cache.rows[k] = 5 + k, s.b[k] = 0, s.p[k] = 1 - 2 * k, s.low[k] = k ? -limits[i] : 0, s.high[k] = k ? 0 : limits[i];
        visml_smo_begin(&s);
        assert_ok(visml_smo_advance(&s, &threads, INT64_MAX, &err), &err);
        double want = 2 / (2 - 2 * kernel(5, 6));
        want = want < limits[i] ? want : limits[i];
        assert_true(s.finished && s.b[0] == -s.b[1] && fabs(s.b[0] - want) <= 1e-5 * want);
        assert_true(fabs(visml_smo_level(&s, 0, 2)) <= 1e-5);
        visml_smo_free(&s, &ctx->memory);
    }
}

static void values_beyond_floats_end_it(void **state) {
    static const visml_svm_function steep = {.kind = VISML_SVM_POLYNOMIAL, .degree = 100, .gamma = 1e9};
    visml_smo s;
    (void)state;
    assert_ok(visml_smo_new(&s, &ctx->memory, &threads.alone, &steep, &rows.by_rows, N, 1, &err), &err);
    describe(&problems[0], &s);
    visml_smo_begin(&s);
    assert_status(visml_smo_advance(&s, &threads, INT64_MAX, &err), VISML_ENONFINITE, &err);
    assert_string_equal(err.message, "a kernel value is not finite; scale the columns, or choose a smaller gamma or degree");
    visml_smo_free(&s, &ctx->memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_where_nothing_is_gained),
        cmocka_unit_test(steps_and_room_are_of_no_account),
        cmocka_unit_test(two_rows_by_hand),
        cmocka_unit_test(values_beyond_floats_end_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
