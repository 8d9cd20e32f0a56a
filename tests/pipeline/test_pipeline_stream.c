/* Vectors that are too many for memory. */
#include "pipeline/fixture.h"

#include <math.h>

#define SMALL 32768 /* bytes: less than the vectors of 150 pictures */
#define BAYES "{\"features\": " LINES_FEATURES ", \"classifier\": \"gaussian_naive_bayes\"}"
#define RIDGE "{\"features\": " LINES_FEATURES ", \"classifier\": \"ridge\"}"

static visml_pipeline *pipeline_of(visml_context *own, const char *json) {
    return assert_made(visml_pipeline_from_json(own, json, strlen(json), &err), &err);
}

/* ---- memory ---- */

typedef struct counter {
    visml_allocator table;
    size_t now, most;
} counter;

static void *take(void *user, size_t bytes, size_t align) {
    counter *c = user;
    c->now += bytes;
    c->most = c->now > c->most ? c->now : c->most;
    return aligned_alloc(align, (bytes + align - 1) / align * align);
}

static void give(void *user, void *p, size_t bytes) {
    counter *c = user;
    c->now -= bytes;
    free(p);
}

/* The most bytes that a pipeline has while it is fitted to n pictures, which are somebody else's. */
static size_t peak_of(const char *json, int64_t n, uint64_t memory) {
    counter c = {.table = {.size = sizeof c.table, .alloc = take, .free = give}};
    c.table.user = &c;
    visml_context *own = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .allocator = &c.table), &err), &err);
    visml_pipeline *p = pipeline_of(own, json);
    visml_dataset *ds = toy_lines(ctx, n, 1);
    c.most = c.now;
    assert_ok(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = memory), &err), &err);
    visml_pipeline_free(p);
    visml_dataset_free(ds);
    visml_context_free(own);
    return c.most;
}

static void memory_does_not_grow_with_the_pictures(void **state) {
    static const char *const both[] = {BAYES, RIDGE};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(peak_of(both[i], 2400, SMALL), peak_of(both[i], 600, SMALL));
        assert_true(peak_of(both[i], 2400, 0) > peak_of(both[i], 600, 0) + 1800 * 64 * sizeof(float)); /* else all are there */
    }
}

/* ---- what is learned ---- */

/* Fits p to 300 pictures with all vectors in memory and block by block. Sums in another order: scores within 10^-4. Frees p. */
static void check_scores(visml_pipeline *p) {
    visml_dataset *ds = toy_lines(ctx, 300, 1), *test = toy_lines(ctx, 60, 2);
    visml_tensor *x = pictures_of(test), *scores[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = i ? SMALL : 0), &err), &err);
        assert_string_equal(visml_pipeline_class_name(p, 2), "diagonal");
        scores[i] = assert_made(visml_pipeline_scores(p, x, &err), &err);
    }
    for (int64_t i = 0; i < scores[0]->count; i++)
        assert_true(fabsf(((float *)(void *)scores[0]->data)[i] - ((float *)(void *)scores[1]->data)[i]) < 1e-4f);
    visml_tensor_release(scores[0]), visml_tensor_release(scores[1]), visml_tensor_release(x);
    visml_dataset_free(ds), visml_dataset_free(test);
    visml_pipeline_free(p);
}

static void what_is_learned_is_the_same(void **state) {
    (void)state;
    check_scores(pipeline_of(ctx, RIDGE));
    check_scores(pipeline_of(ctx, BAYES));
}

static void layers_of_a_network_serve_as_well(void **state) {
    visml_model *m = lines_network(ctx, 3, VISML_SOFTMAX);
    visml_classifier *c = assert_made(visml_classifier_ridge(ctx, NULL, &err), &err);
    (void)state;
    check_scores(assert_made(visml_pipeline_from_network(m, VISML_OPTS(visml_pipeline_network_opts, .layer = "flatten"), c, &err), &err));
    visml_model_free(m);
}

static void any_number_of_threads(void **state) {
    visml_tensor *scores[2];
    visml_dataset *ds = toy_lines(ctx, 300, 1);
    visml_tensor *x = pictures_of(ds);
    (void)state;
    for (int i = 0; i < 2; i++) {
        visml_context *own = test_context(i ? 4 : 1);
        visml_pipeline *p = pipeline_of(own, RIDGE);
        assert_ok(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = SMALL), &err), &err);
        scores[i] = visml_pipeline_scores(p, x, &err);
        visml_pipeline_free(p);
        visml_context_free(own);
    }
    assert_same_tensors(scores[0], scores[1]);
    visml_tensor_release(x);
    visml_dataset_free(ds);
}

/* Classifiers that need all rows have them. */
static void those_that_cannot_have_all_in_memory(void **state) {
    visml_dataset *ds = toy_lines(ctx, 300, 1);
    visml_pipeline *p = lines_pipeline(ctx);
    (void)state;
    assert_ok(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = SMALL), &err), &err);
    assert_int_equal(visml_pipeline_class_count(p), 3);
    visml_pipeline_free(p);
    visml_dataset_free(ds);
}

/* ---- what goes wrong ---- */

typedef struct count {
    int64_t last, calls, stop_at;
    int wrong;
} count;

static int32_t on_progress(void *user, const visml_pipeline_progress *progress) {
    count *c = user;
    if (progress->stage != VISML_PIPELINE_VECTORS)
        return 0;
    c->wrong += progress->total != 300 || progress->done < 1 || progress->done > 300;
    c->last = progress->done;
    return ++c->calls == c->stop_at;
}

static void progress_is_told_and_stops(void **state) {
    visml_dataset *ds = toy_lines(ctx, 300, 1);
    visml_pipeline *p = pipeline_of(ctx, BAYES);
    (void)state;
    for (int64_t stop = 1; stop < 8; stop += 6) { /* in the first walk, in the second */
        count c = {.stop_at = stop};
        assert_status(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = SMALL, .progress = on_progress, .user = &c),
                                         &err), VISML_ECANCELLED, &err);
        assert_int_equal(c.calls, stop);
        assert_int_equal(visml_pipeline_is_fitted(p), 0);
    }
    count c = {0};
    assert_ok(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = SMALL, .progress = on_progress, .user = &c), &err),
              &err);
    assert_int_equal(c.wrong, 0);
    assert_int_equal(c.last, 300);
    assert_int_equal(c.calls, 10); /* two walks of five blocks of 64 */
    visml_pipeline_free(p);
    visml_dataset_free(ds);
}

/* Samples of a function have no labels before they are read. */
static int32_t paint(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    uint64_t seed = (uint64_t)index + 1;
    (void)user, (void)reason;
    toy_paint(pixels, (int)(index % TOY_CLASSES), &seed);
    *label = (int32_t)(index % TOY_CLASSES);
    return 0;
}

static void samples_without_labels_are_named(void **state) {
    static const char *const names[] = {"row", "column", "diagonal"};
    visml_dataset *ds = assert_made(visml_dataset_from_callback(ctx, 300, VISML_U8, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), names, 3, paint,
                                                                NULL, NULL, &err), &err);
    visml_pipeline *p = pipeline_of(ctx, RIDGE);
    (void)state;
    assert_status(visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = SMALL), &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "pipeline: sample 0 has no label");
    visml_pipeline_free(p);
    visml_dataset_free(ds);
}

/* Every allocation fails once: an error, nothing is learned, nothing is lost. */
static void without_memory(void **state) {
    test_allocator a;
    (void)state;
    test_allocator_init(&a);
    visml_context *own = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .allocator = &a.table), &err), &err);
    visml_pipeline *p = pipeline_of(own, BAYES);
    visml_dataset *ds = toy_lines(own, 140, 3);
    visml_status status = VISML_ENOMEM;
    for (int64_t n = 1; status == VISML_ENOMEM; n += n < 100 ? 1 : 1 + n / 32) {
        a.countdown = n;
        status = visml_pipeline_fit(p, ds, VISML_OPTS(visml_pipeline_fit_opts, .memory = SMALL), &err);
        a.countdown = -1;
        assert_int_equal(visml_pipeline_is_fitted(p), status == VISML_OK);
    }
    assert_ok(status, &err);
    visml_pipeline_free(p);
    visml_dataset_free(ds);
    visml_context_free(own);
    assert_int_equal(a.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_does_not_grow_with_the_pictures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_learned_is_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_number_of_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(layers_of_a_network_serve_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(those_that_cannot_have_all_in_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(progress_is_told_and_stops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(samples_without_labels_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
