/* What fit tells while it runs: to callbacks, of images that are left out, and without taking memory. */
#include "train/listener.h"

static visml_error err;

/* ---- callbacks ---- */

static visml_status fit_listened(record *r, record *second, visml_history **h) {
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, 70, 1), *val = toy_lines(ctx, 40, 2);
    visml_model *m = toy_cnn(ctx);
    const visml_callback both[] = {listen(r), listen(second)};
    visml_status status = visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 2, .validation = val, .callbacks = both,
                                                            .callback_count = 2), h, &err);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_dataset_free(val);
    visml_context_free(ctx);
    return status;
}

static void callbacks_hear_all(void **state) {
    (void)state;
    record r = {0}, second = {0};
    assert_ok(fit_listened(&r, &second, NULL), &err);
    assert_string_equal(r.events, "BbbbvvEBbbbvvE"); /* 70 = 32 + 32 + 6, 40 = 32 + 8 */
    assert_string_equal(second.events, r.events);
    assert_int_equal(r.last.epoch, 1);
    assert_int_equal(r.last.epochs, 2);
    assert_int_equal(r.last.steps, 3);
    assert_true(r.last.val_loss > 0 && r.last.val_accuracy >= 0);
    assert_true(r.last.learning_rate == 0.001);
    assert_int_equal(r.last.dropped, 0);
}

static void any_callback_can_stop_at_any_event(void **state) {
    (void)state;
    for (size_t at = 1; at <= 14; at++) {
        record r = {0}, second = {0};
        visml_history *h = NULL;
        (at % 2 ? &r : &second)->stop_at = at;
        assert_status(fit_listened(&r, &second, &h), VISML_ECANCELLED, &err);
        assert_int_equal(r.count, at); /* within the same batch */
        assert_int_equal(second.count, at);
        assert_int_equal(visml_history_epochs(h), at == 14 ? 2 : at >= 7 ? 1 : 0);
        visml_history_free(h);
    }
    assert_string_equal(err.message, "fit: a callback asked to stop: 2 of 2 epochs and 0 of 3 steps are done");
}

/* An array of an older header's shorter structs. */
static void older_callbacks_are_read_at_their_distance(void **state) {
    (void)state;
    struct {
        uint32_t size;
        int32_t reserved;
        void *user;
        int32_t (*epoch_begin)(void *, visml_model *, const visml_progress *);
        int32_t (*batch_end)(void *, visml_model *, const visml_progress *);
    } older[2] = {{.size = 0}};
    record r[2] = {{{0}, 0, 0, {0}, 0, 0, NULL}};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = toy_lines(ctx, 32, 1);
    visml_model *m = toy_cnn(ctx);
    for (int i = 0; i < 2; i++) {
        older[i].size = sizeof older[i];
        older[i].user = &r[i];
        older[i].epoch_begin = on_begin;
        older[i].batch_end = on_batch;
    }
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .callbacks = (const visml_callback *)(const void *)older, .callback_count = 2),
                        NULL, &err), &err);
    assert_string_equal(r[0].events, "Bb");
    assert_string_equal(r[1].events, "Bb");
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- memory ---- */

static int32_t count_allocations(void *user, visml_model *m, const visml_progress *p) {
    record *r = user;
    (void)m;
    int64_t now = r->allocator->calls;
    if (p->epoch > 0 && p->step > 1)
        r->grown += now - r->allocations;
    r->allocations = now;
    return 0;
}

static void steps_allocate_nothing(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 2), &err);
    visml_dataset *ds = toy_lines(ctx, 200, 1);
    visml_model *m = toy_cnn(ctx);
    record r = {.allocator = &a};
    const visml_callback c = {.size = sizeof c, .user = &r, .batch_end = count_allocations};
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 3, .callbacks = &c, .callback_count = 1), NULL, &err), &err);
    assert_true(r.allocations > 0);
    assert_int_equal(r.grown, 0);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    assert_int_equal(a.live, 0);
}

/* ---- invalid images ---- */

typedef struct holes {
    int64_t from, to; /* these are invalid */
} holes;

static int32_t sample_with_holes(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    const holes *h = user;
    uint64_t random = (uint64_t)index * 7 + 1;
    if (index >= h->from && index < h->to) {
        snprintf(reason, 256, "a hole");
        return 1;
    }
    *label = (int32_t)(index % TOY_CLASSES);
    toy_paint(pixels, *label, &random);
    return 0;
}

static visml_dataset *with_holes(visml_context *ctx, int64_t count, holes *h, visml_on_invalid what) {
    return assert_made(visml_dataset_from_callback(ctx, count, VISML_U8, VISML_SHAPE(TOY_SIZE, TOY_SIZE, 1), NULL, TOY_CLASSES,
                                                   sample_with_holes, h, VISML_OPTS(visml_source_opts, .on_invalid = what), &err), &err);
}

static uint32_t fit_holes(visml_on_invalid what, int32_t batch, record *r) {
    holes h = {32, 70};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = with_holes(ctx, 100, &h, what);
    visml_model *m = toy_cnn(ctx);
    const visml_callback c = listen(r);
    visml_history *history = NULL;
    assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .no_shuffle = 1, .batch_size = batch, .callbacks = &c, .callback_count = 1),
                        &history, &err), &err);
    assert_int_equal(visml_dataset_dropped_count(ds), 38);
    uint32_t hash = toy_hash(m);
    visml_history_free(history);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    return hash;
}

/* With batches of 32: 32 rows, none, 26 and 4. An empty batch is no step, but is counted; kept rows change nothing either. */
static void invalid_images_take_no_part(void **state) {
    (void)state;
    record r[2] = {{.count = 0}, {.count = 0}};
    uint32_t dropped = fit_holes(VISML_INVALID_DROP, 32, &r[0]), kept = fit_holes(VISML_INVALID_KEEP, 32, &r[1]);
    assert_int_equal(dropped, kept);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(r[i].events, "BbbbbE");
        assert_int_equal(r[i].last.dropped, 38);
        assert_int_equal(r[i].last.steps, 4);
    }
    assert_true(r[0].last.loss == r[1].last.loss && r[0].last.accuracy == r[1].last.accuracy);
}

static void without_a_valid_image_nothing_is_learned(void **state) {
    (void)state;
    holes h = {0, 10};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = with_holes(ctx, 10, &h, VISML_INVALID_DROP);
    visml_model *m = toy_cnn(ctx);
    uint32_t before = toy_hash(m);
    assert_status(visml_fit(m, ds, NULL, NULL, &err), VISML_EFORMAT, &err);
    assert_string_equal(err.message, "fit: none of the 10 images is valid");
    assert_int_equal(toy_hash(m), before);
    assert_status(visml_evaluate(m, ds, NULL, NULL, NULL, &err), VISML_EFORMAT, &err);
    assert_string_equal(err.message, "evaluate: none of the 10 images is valid");
    visml_dataset_free(ds);
    ds = with_holes(ctx, 10, &h, VISML_INVALID_ERROR);
    assert_status(visml_fit(m, ds, NULL, NULL, &err), VISML_EFORMAT, &err);
    assert_non_null(strstr(err.message, "a hole"));
    visml_dataset_free(ds);
    visml_model_free(m);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callbacks_hear_all),
        cmocka_unit_test(any_callback_can_stop_at_any_event),
        cmocka_unit_test(older_callbacks_are_read_at_their_distance),
        cmocka_unit_test(steps_allocate_nothing),
        cmocka_unit_test(invalid_images_take_no_part),
        cmocka_unit_test(without_a_valid_image_nothing_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
