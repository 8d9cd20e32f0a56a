#include "train/toy.h"

static void lines_are_learned(void **state) {
    (void)state;
    visml_error err = {0};
    visml_context *ctx = test_context(2);
    visml_dataset *train = toy_lines(ctx, 300, 1), *val = toy_lines(ctx, 90, 2);
    visml_model *m = toy_cnn(ctx);
    visml_history *h = NULL;
    assert_ok(visml_fit(m, train, VISML_OPTS(visml_fit_opts, .epochs = 12, .validation = val), &h, &err), &err);
    assert_int_equal(visml_history_epochs(h), 12);
    assert_true(visml_history_get(h, "loss", 11) < 0.5 * visml_history_get(h, "loss", 0));
    assert_true(visml_history_get(h, "val_accuracy", 11) > 0.97);
    visml_history_free(h);
    visml_model_free(m);
    visml_dataset_free(train);
    visml_dataset_free(val);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
