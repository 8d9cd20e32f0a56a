/* Sources of rows: blocks as they come, the classes of all of them, and what is wrong with one. */
#include "classify/row_walk.h"

#include "classify/solver_insides.h"

enum { BLOCKS = 3, MOST = 5 };

/* Blocks of rows of d[k] columns; stop_at: the call that says no. */
typedef struct blocks {
    int64_t n[BLOCKS], d[BLOCKS];
    int32_t labels[BLOCKS][MOST];
    float weight;
    int at, calls, stop_at;
    visml_context *ctx;
    visml_tensor *x, *y, *weights;
} blocks;

static void let_go(blocks *b) {
    visml_tensor_release(b->x), visml_tensor_release(b->y), visml_tensor_release(b->weights);
    b->x = b->y = b->weights = NULL;
}

static int32_t next(void *user, const visml_tensor **x, const visml_tensor **y, const visml_tensor **weights) {
    blocks *b = user;
    let_go(b);
    if (++b->calls == b->stop_at)
        return 1;
    if (b->at == BLOCKS) {
        b->at = 0;
        return 0;
    }
    b->x = assert_made(visml_tensor_new(b->ctx, VISML_F32, VISML_SHAPE(b->n[b->at], b->d[b->at]), NULL), &err);
    b->y = assert_made(visml_tensor_new(b->ctx, VISML_I32, VISML_SHAPE(b->n[b->at]), NULL), &err);
    b->weights = assert_made(visml_tensor_new(b->ctx, VISML_F32, VISML_SHAPE(b->n[b->at]), NULL), &err);
    memcpy(b->y->data, b->labels[b->at], (size_t)b->n[b->at] * sizeof(int32_t));
    ((float *)(void *)b->x->data)[0] = (float)b->at;
    for (int64_t i = 0; i < b->n[b->at]; i++)
        ((float *)(void *)b->weights->data)[i] = b->weight;
    *x = b->x, *y = b->y, *weights = b->weight > 0 ? b->weights : NULL;
    b->at++;
    return 0;
}

static blocks good(visml_context *ctx) {
    return (blocks){.n = {5, 1, 2}, .d = {2, 2, 2}, .labels = {{7, 7, -3, 7, 7}, {40}, {-3, 0}}, .ctx = ctx};
}

static visml_row_walk walk_of(visml_context *ctx, visml_row_source *source, blocks *b) {
    *source = (visml_row_source){.size = sizeof *source, .next = next, .user = b};
    return (visml_row_walk){.context = ctx, .what = "it", .source = source, .labels = 1};
}

/* Places are only found once all classes are known. */
static void survey(visml_row_walk *w, const visml_compute *k) {
    visml_tensor *classes;
    assert_ok(visml_row_walk_survey(w, k, &classes, &err), &err);
    w->classes = classes;
}

static void blocks_come_with_their_places(void **state) {
    static const int32_t ascending[] = {-3, 0, 7, 40}, wanted[BLOCKS][MOST] = {{2, 2, 0, 2, 2}, {3}, {0, 1}};
    visml_context *ctx = test_context(1);
    visml_compute k = visml_context_compute(ctx);
    visml_row_source source;
    visml_samples s;
    blocks b = good(ctx);
    (void)state;
    visml_row_walk w = walk_of(ctx, &source, &b);
    survey(&w, &k);
    assert_int_equal(w.d, 2);
    assert_int_equal(w.classes->count, 4);
    assert_memory_equal(w.classes->data, ascending, sizeof ascending);
    for (int walk = 0; walk < 2; walk++) {
        b.weight = walk ? 0.5F : 0;
        for (int i = 0; i < BLOCKS; i++) {
            assert_ok(visml_row_walk_next(&w, &k, &s, &err), &err);
            assert_int_equal(s.n, b.n[i]);
            assert_int_equal(s.class_count, 4);
            assert_true(s.x[0] == (float)i && visml_samples_weight(&s, s.n - 1) == (walk ? 0.5 : 1));
            assert_memory_equal(s.places, wanted[i], (size_t)s.n * sizeof *s.places);
        }
        assert_ok(visml_row_walk_next(&w, &k, &s, &err), &err);
        assert_int_equal(s.n, 0);
    }
    let_go(&b);
    visml_tensor_release(w.classes);
    visml_row_walk_clear(&w);
    visml_context_free(ctx);
}

static void assert_survey_fails(blocks *b, visml_status status, const char *message) {
    visml_context *ctx = b->ctx;
    visml_compute k = visml_context_compute(ctx);
    visml_row_source source;
    visml_tensor *classes;
    uint64_t used = ctx->memory.used;
    visml_row_walk w = walk_of(ctx, &source, b);
    assert_status(visml_row_walk_survey(&w, &k, &classes, &err), status, &err);
    assert_string_equal(err.message, message);
    assert_null(classes);
    let_go(b);
    visml_row_walk_clear(&w);
    assert_int_equal(ctx->memory.used, used);
}

static void what_is_wrong_is_said(void **state) {
    visml_context *ctx = test_context(1);
    blocks b = good(ctx);
    (void)state;
    b.d[2] = 3;
    assert_survey_fails(&b, VISML_EINVAL, "it: a block of rows has 3 columns, those before it 2");
    for (int at = 1; at <= BLOCKS + 1; at++) {
        b = good(ctx), b.stop_at = at;
        assert_survey_fails(&b, VISML_ECANCELLED, "it: stopped by its source of rows");
    }
    b = good(ctx), b.at = BLOCKS;
    assert_survey_fails(&b, VISML_EINVAL, "it: its source has no rows");
    visml_context_free(ctx);
}

/* On the second walk the source says what it did not say on the first. */
static void a_label_that_the_survey_did_not_see(void **state) {
    visml_context *ctx = test_context(1);
    visml_compute k = visml_context_compute(ctx);
    visml_row_source source;
    visml_samples s;
    blocks b = good(ctx);
    (void)state;
    visml_row_walk w = walk_of(ctx, &source, &b);
    survey(&w, &k);
    b.labels[0][1] = 8;
    assert_status(visml_row_walk_next(&w, &k, &s, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "it: label 8 of row 1 is none of the 4 classes (-3 ... 40)");
    let_go(&b);
    visml_tensor_release(w.classes);
    visml_row_walk_clear(&w);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_with_their_places),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_label_that_the_survey_did_not_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
