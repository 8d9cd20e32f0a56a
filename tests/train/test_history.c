#include "support/support.h"

#include <math.h>

#include "train/train.h"

static visml_progress row(double loss, double val_loss) {
    return (visml_progress){.size = sizeof(visml_progress), .loss = loss, .accuracy = 0.5, .val_loss = val_loss, .val_accuracy = NAN,
                            .seconds = 2, .images_per_second = 30, .learning_rate = 0.1};
}

static void rows_are_found_by_name(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ctx = test_context(1);
    visml_history *h = assert_made(visml_history_new(ctx, &err), &err);
    assert_int_equal(visml_history_epochs(h), 0);
    for (int i = 0; i < 20; i++) {
        visml_progress p = row(1.0 / (i + 1), i % 2 ? NAN : i);
        assert_ok(visml_history_add(h, &p, &err), &err);
    }
    assert_int_equal(visml_history_epochs(h), 20);
    assert_true(visml_history_get(h, "loss", 19) == 1.0 / 20);
    assert_true(visml_history_get(h, "accuracy", 3) == 0.5);
    assert_true(visml_history_get(h, "val_loss", 18) == 18);
    assert_true(isnan(visml_history_get(h, "val_loss", 19)));
    assert_true(isnan(visml_history_get(h, "val_accuracy", 0)));
    assert_true(visml_history_get(h, "seconds", 0) == 2);
    assert_true(visml_history_get(h, "images_per_second", 0) == 30);
    assert_true(visml_history_get(h, "learning_rate", 0) == 0.1);
    visml_history_free(h);
    visml_context_free(ctx);
}

static void what_is_not_there_is_nan(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ctx = test_context(1);
    visml_history *h = assert_made(visml_history_new(ctx, &err), &err);
    visml_progress p = row(1, 1);
    assert_ok(visml_history_add(h, &p, &err), &err);
    assert_true(isnan(visml_history_get(h, "loss", 1)));
    assert_true(isnan(visml_history_get(h, "Loss", 0)));
    assert_true(isnan(visml_history_get(h, NULL, 0)));
    assert_true(isnan(visml_history_get(NULL, "loss", 0)));
    assert_int_equal(visml_history_epochs(NULL), 0);
    visml_history_free(NULL);
    visml_history_free(h);
    visml_context_free(ctx);
}

static void json_keeps_every_bit(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ctx = test_context(1);
    visml_history *h = assert_made(visml_history_new(ctx, &err), &err), *again = assert_made(visml_history_new(ctx, &err), &err);
    for (int i = 0; i < 3; i++) {
        visml_progress p = row(1.0 / 3 / (i + 1), NAN);
        assert_ok(visml_history_add(h, &p, &err), &err);
    }
    json_t *object = visml_history_to_json(h);
    char *text = json_dumps(object, 0);
    json_decref(object);
    object = json_loads(text, 0, NULL);
    free(text);
    assert_ok(visml_history_from_json(again, "file", object, 3, &err), &err);
    for (size_t i = 0; i < 3; i++)
        for (size_t c = 0; c < VISML_HISTORY_COLUMNS; c++) {
            double a = visml_history_get(h, visml_history_names[c], i), b = visml_history_get(again, visml_history_names[c], i);
            assert_true(a == b || (isnan(a) && isnan(b)));
        }
    json_decref(object);
    visml_history_free(h);
    visml_history_free(again);
    visml_context_free(ctx);
}

static void wrong_json(visml_context *ctx, const char *text, int64_t epochs, const char *message) {
    visml_error err = {0};
    visml_history *h = assert_made(visml_history_new(ctx, &err), &err);
    json_t *object = json_loads(text, 0, NULL);
    assert_status(visml_history_from_json(h, "file", object, epochs, &err), VISML_EFORMAT, &err);
    assert_string_equal(err.message, message);
    json_decref(object);
    visml_history_free(h);
}

static void wrong_json_is_refused(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    wrong_json(ctx, "{}", 1, "file: \"loss\" is missing");
    wrong_json(ctx, "{\"loss\": [1, 2]}", 1, "file: history: 2 rows, but 1 epochs are done");
    wrong_json(ctx, "{\"loss\": [1]}", 2000000000, "file: history: 1 rows, but 2000000000 epochs are done");
    wrong_json(ctx, "{\"loss\": [1]}", 1, "file: \"accuracy\" is missing");
    wrong_json(ctx, "{\"loss\": [1], \"accuracy\": []}", 1, "file: history: \"accuracy\" has 0 numbers, must have 1, one for each epoch");
    wrong_json(ctx, "{\"loss\": [1], \"accuracy\": [\"x\"]}", 1, "file: history: \"accuracy\"[0] must be a number or null");
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_by_name),
        cmocka_unit_test(what_is_not_there_is_nan),
        cmocka_unit_test(json_keeps_every_bit),
        cmocka_unit_test(wrong_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
