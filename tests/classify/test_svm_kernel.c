/* Kernels of blocks of rows beside one pair after the other in double. */
#include "classify/svm_kernel.h"

#include "classify/solver_insides.h"

/* Two blocks, the second in part; gathered rows are every other one from the end on. */
enum { N = 300, LISTED = 150, D = 21, ROWS = 5 };
static made_rows rows;
static int32_t listed[LISTED];

static int set_up(void **state) {
    (void)state;
    rows = made_rows_new(N, D, 6);
    for (int32_t i = 0; i < LISTED; i++)
        listed[i] = N - 1 - 2 * i;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_rows_free(&rows);
    return 0;
}

static double naive(const visml_svm_function *f, int64_t a, int64_t b) {
    const float *x = rows.x + a * (D + 3), *y = rows.x + b * (D + 3);
    double dot = 0, squares = 0, chi = 0, least = 0;
    for (int j = 0; j < D; j++) {
        double p = (double)x[j], q = (double)y[j];
        dot += p * q;
        squares += (p - q) * (p - q);
        chi += p + q > 0 ? (p - q) * (p - q) / (p + q) : 0;
        least += p < q ? p : q;
    }
    switch (f->kind) {
    case VISML_SVM_RBF: return exp(-f->gamma * squares);
    case VISML_SVM_POLYNOMIAL: return pow(f->gamma * dot + f->coef0, f->degree);
    case VISML_SVM_SIGMOID: return tanh(f->gamma * dot + f->coef0);
    case VISML_SVM_CHI2: return exp(-f->gamma * chi);
    case VISML_SVM_INTERSECTION: return least;
    default: return dot;
    }
}

/* Kernel values of `count` rows from `first` on with all columns. */
typedef struct values {
    float of[ROWS * LISTED], own[LISTED];
} values;

static void find(const visml_svm_function *f, const visml_samples *s, const int32_t *which, int64_t first, int64_t at_a_time, values *v) {
    visml_context *ctx = test_context(1);
    visml_compute alone = visml_context_alone(ctx);
    visml_svm_columns c = {.function = f, .samples = s, .rows = which, .first = first, .n = LISTED,
                           .block_bytes = visml_svm_block_bytes(f, &alone, D)};
    float squares[LISTED], buffer[ROWS * D], of_rows[ROWS];
    c.squares = squares;
    c.blocks = visml_mem_alloc(&ctx->memory, 2 * c.block_bytes, &err);
    void *room = visml_mem_alloc(&ctx->memory, visml_svm_room(&alone, D), &err);
    for (int64_t block = 0; block < visml_svm_blocks(LISTED); block++)
        visml_svm_fill(&c, &alone, block, room);
    for (int64_t i = 0; i < ROWS; i += at_a_time) {
        visml_svm_rows r = {.samples = s, .rows = which ? which + i : NULL, .first = first + i,
                            .n = i + at_a_time > ROWS ? ROWS - i : at_a_time};
        visml_svm_take_rows(f, &alone, &r, buffer, of_rows, room);
        for (int64_t block = 0; block < visml_svm_blocks(LISTED); block++)
            visml_svm_compare(&c, &alone, &r, block, v->of + i * LISTED + block * VISML_SVM_BLOCK, LISTED, room);
    }
    visml_svm_own(&c, &alone, v->own);
    visml_mem_free(&ctx->memory, c.blocks);
    visml_mem_free(&ctx->memory, room);
    visml_context_free(ctx);
}

static const visml_svm_function functions[] = {
    {VISML_SVM_RBF, 0, 0.3, 0},          {VISML_SVM_LINEAR, 0, 1, 0},  {VISML_SVM_POLYNOMIAL, 5, 0.2, 0.5},
    {VISML_SVM_POLYNOMIAL, 1, 1, -1},    {VISML_SVM_SIGMOID, 0, 0.1, -0.2}, {VISML_SVM_CHI2, 0, 0.7, 0},
    {VISML_SVM_INTERSECTION, 0, 1, 0},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* Products of D floats are off by D 2^-24 of their size, and a fifth power by five times that. */
static void assert_near(double got, double want) {
    assert_true(fabs(got - want) <= 5 * (D + 8) * 0x1p-24 * (1 + fabs(want)));
}

static void kernels_are_those_of_pairs(void **state) {
    static values v;
    (void)state;
    for (int f = 0; f < FUNCTIONS; f++)
        for (int gathers = 0; gathers < 2; gathers++) {
            find(&functions[f], &rows.by_rows, gathers ? listed : NULL, 70, ROWS, &v);
            for (int64_t j = 0; j < LISTED; j++) {
                int64_t b = gathers ? listed[j] : 70 + j;
                for (int64_t i = 0; i < ROWS; i++)
                    assert_near((double)v.of[i * LISTED + j], naive(&functions[f], gathers ? listed[i] : 70 + i, b));
                assert_near((double)v.own[j], naive(&functions[f], b, b));
            }
        }
}

/* Neither by how rows are cut nor by how they lie; a row is at no distance from itself. */
static void a_number_depends_on_two_rows_alone(void **state) {
    static values whole, other;
    (void)state;
    for (int f = 0; f < FUNCTIONS; f++)
        for (int gathers = 0; gathers < 2; gathers++) {
            find(&functions[f], &rows.by_rows, gathers ? listed : NULL, 70, ROWS, &whole);
            for (int64_t at_a_time = 1; at_a_time < 3; at_a_time++) {
                find(&functions[f], &rows.by_columns, gathers ? listed : NULL, 70, at_a_time, &other);
                assert_memory_equal(&whole, &other, sizeof whole);
            }
            for (int64_t i = 0; i < ROWS; i++)
                assert_true(whole.of[i * LISTED + i] == whole.own[i]);
        }
}

static void numbers_may_be_looked_up(void **state) {
    float table[6 * 6], out[2 * 3], own[3];
    static const int32_t columns[] = {5, 0, 2}, of[] = {1, 5};
    visml_svm_function f = {.kind = VISML_SVM_PRECOMPUTED};
    visml_samples s = {.n = 6, .d = 6, .x = table, .row_stride = 6, .column_stride = 1};
    visml_svm_columns c = {.function = &f, .samples = &s, .rows = columns, .n = 3};
    visml_svm_rows r = {.samples = &s, .rows = of, .n = 2};
    (void)state;
    for (int i = 0; i < 36; i++)
        table[i] = (float)i;
    visml_context *ctx = test_context(1);
    visml_compute alone = visml_context_alone(ctx);
    visml_svm_fill(&c, &alone, 0, NULL);
    visml_svm_take_rows(&f, &alone, &r, NULL, NULL, NULL);
    visml_svm_compare(&c, &alone, &r, 0, out, 3, NULL);
    visml_svm_own(&c, &alone, own);
    visml_context_free(ctx);
    for (int j = 0; j < 3; j++) {
        assert_true(out[j] == (float)(6 + columns[j]) && out[3 + j] == (float)(30 + columns[j]));
        assert_true(own[j] == (float)(7 * columns[j]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_are_those_of_pairs),
        cmocka_unit_test(a_number_depends_on_two_rows_alone),
        cmocka_unit_test(numbers_may_be_looked_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
