/* Losses, optimizers and schedules as JSON text. */
#include <stdlib.h>
#include <string.h>

#include "nn/loss.h"
#include "nn/optimizer.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static char text[2048];

static visml_optimizer *optimizer(const char *json) {
    return visml_optimizer_from_json(ctx, json, strlen(json), &err);
}

static void optimizers_go_round(void **state) {
    (void)state;
    static const char *const json[] = {
        "{\"class\":\"adam\"}",
        "{\"class\":\"sgd\",\"nesterov\":true,\"momentum\":0.9}",
        "{\"class\":\"adamw\",\"learning_rate\":0.01,\"weight_decay\":0.1,\"use_ema\":true,\"clipnorm\":1.0,"
        "\"exclude_from_weight_decay\":\"bias,gamma\","
        "\"schedule\":{\"class\":\"warmup\",\"warmup_steps\":10,"
        "\"then\":{\"class\":\"cosine_decay\",\"initial_learning_rate\":0.1,\"decay_steps\":100}}}",
        "{\"class\":\"adamw\",\"weight_decay\":0.0}",
    };
    for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
        visml_optimizer *o = assert_made(optimizer(json[i]), &err);
        assert_int_equal(visml_optimizer_to_json(o, text, sizeof text), strlen(json[i]));
        assert_string_equal(text, json[i]);
        visml_optimizer_free(o);
    }
}

static void a_name_alone_will_do(void **state) {
    (void)state;
    visml_optimizer *o = assert_made(optimizer("rmsprop"), &err);
    assert_ptr_equal(o->cls, &visml_rmsprop_class);
    visml_optimizer_free(o);
    visml_loss *loss = assert_made(visml_loss_from_json(ctx, "huber", 5, &err), &err);
    assert_ptr_equal(loss->cls, &visml_huber_class);
    assert_int_equal(visml_loss_to_json(loss, text, 5), strlen("{\"class\":\"huber\"}"));
    assert_string_equal(text, "{\"cl");
    visml_loss_free(loss);
    assert_null(visml_schedule_from_json(ctx, "cosine_decay", 12, &err)); /* it has options that are required */
    assert_string_equal(err.message, "cosine_decay: initial_learning_rate is not set; it is required, at least 0");
}

static void a_schedule_counts_steps_from_json(void **state) {
    (void)state;
    visml_optimizer *o = assert_made(optimizer("{\"class\": \"sgd\", \"schedule\": {\"class\": \"piecewise_constant_decay\", "
                                               "\"boundaries\": [5, 10], \"values\": [3, 2, 1]}}"), &err);
    assert_true(visml_optimizer_learning_rate(o, 5) == 3 && visml_optimizer_learning_rate(o, 6) == 2);
    assert_true(visml_optimizer_learning_rate(o, 11) == 1);
    visml_optimizer_free(o);
}

static void refused(const char *json, visml_status code, const char *message) {
    assert_null(optimizer(json));
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
}

static void mistakes_are_named(void **state) {
    (void)state;
    refused("adamv", VISML_EFORMAT, "optimizer: \"class\" is \"adamv\", must be one of sgd, adam, rmsprop, adamw, nadam, adamax, adagrad, "
            "adadelta, lion");
    refused("{\"class\": \"adam\", \"beta_1\": 1}", VISML_EINVAL, "adam: beta_1 is 1, must be 0 to below 1");
    refused("{\"class\": \"adam\", \"beta\": 1}", VISML_EFORMAT,
            "adam: unknown key \"beta\"; the options are amsgrad, learning_rate, beta_1, beta_2, epsilon, weight_decay, use_ema, clipnorm, "
            "clipvalue, global_clipnorm, ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps, exclude_from_weight_decay");
    refused("{\"class\": \"adam\", \"schedule\": 3}", VISML_EFORMAT, "schedule: must be a JSON object with the key \"class\"");
    refused("{\"learning_rate\": 1}", VISML_EFORMAT, "optimizer: \"class\" is missing");
    assert_null(optimizer("{\"class\": \"adam\""));
    assert_int_equal(err.code, VISML_EFORMAT);
    const char *smooth = "{\"class\": \"sparse_categorical_crossentropy\", \"label_smoothing\": 0.1}";
    assert_null(visml_loss_from_json(ctx, smooth, strlen(smooth), &err));
    assert_string_equal(err.message, "sparse_categorical_crossentropy: label_smoothing is 0.1, must be 0; categorical_crossentropy has it");
    const char *balanced = "{\"class\": \"categorical_focal_crossentropy\", \"apply_class_balancing\": true}";
    assert_null(visml_loss_from_json(ctx, balanced, strlen(balanced), &err));
    assert_int_equal(err.code, VISML_EINVAL);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers_go_round),
        cmocka_unit_test(a_name_alone_will_do),
        cmocka_unit_test(a_schedule_counts_steps_from_json),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
