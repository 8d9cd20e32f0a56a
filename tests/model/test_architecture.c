/* JSON out and in. */
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static char *json_of(const visml_model *m) {
    size_t n = visml_model_to_json(m, NULL, 0);
    char *text = malloc(n + 1);
    assert_true(n > 0);
    assert_int_equal(visml_model_to_json(m, text, n + 1), n);
    return text;
}

static visml_model *read_text(const char *text, const visml_shape *input, int32_t classes) {
    memset(&err, 0, sizeof err);
    return visml_model_from_json(ctx, text, strlen(text), input, classes, &err);
}

static void round_trip(visml_model *m) {
    char *text = json_of(built(m, &err));
    visml_model *again = built(assert_made(read_text(text, NULL, 0), &err), &err);
    char *twice = json_of(again);
    assert_string_equal(text, twice);
    assert_int_equal(again->value_count, m->value_count);
    assert_memory_equal(again->values, m->values, m->value_count * sizeof(real)); /* the same seed, the same layout */
    for (size_t i = 1; i < m->node_count; i++) {
        assert_int_equal(again->nodes[i].input_count, m->nodes[i].input_count);
        assert_memory_equal(again->nodes[i].inputs, m->nodes[i].inputs, m->nodes[i].input_count * sizeof(int32_t));
    }
    free(text);
    free(twice);
    visml_model_free(m);
    visml_model_free(again);
}

static void what_goes_out_comes_back(void **state) {
    (void)state;
    round_trip(small_cnn(ctx, &err));
    round_trip(seed_cnn(ctx, &err));
    round_trip(residual(ctx, 0.3, &err));
}

static void written_by_hand(void **state) {
    (void)state;
    const char *text = "{\"comment\": 1, \"input_shape\": null, \"layers\": ["
                       " {\"class\": \"conv2d\", \"filters\": 4, \"kernel_size\": 3, \"padding\": \"same\", \"activation\": \"relu\"},"
                       " {\"class\": \"conv2d\", \"filters\": 4, \"kernel_size\": [3, 3], \"padding\": \"same\","
                       "  \"inputs\": \"input_layer\"},"
                       " {\"class\": \"add\", \"inputs\": [\"conv2d\", \"conv2d_1\"]},"
                       " {\"class\": \"flatten\", \"inputs\": null},"
                       " {\"class\": \"dense\", \"units\": null, \"activation\": \"softmax\"}]}";
    visml_model *m = built(assert_made(read_text(text, VISML_SHAPE(5, 6, 2), 7), &err), &err);
    assert_string_equal(visml_shape_format(visml_model_output_shape(m)).s, "[7]");
    assert_int_equal(m->nodes[2].inputs[0], 0);
    char *out = json_of(m);
    assert_string_equal(out, "{\"input_shape\":[5,6,2],\"layers\":["
                             "{\"class\":\"conv2d\",\"name\":\"conv2d\",\"filters\":4,\"kernel_size\":[3,3],\"padding\":\"same\","
                             "\"activation\":\"relu\"},"
                             "{\"class\":\"conv2d\",\"name\":\"conv2d_1\",\"filters\":4,\"kernel_size\":[3,3],\"padding\":\"same\","
                             "\"inputs\":[\"input_layer\"]},"
                             "{\"class\":\"add\",\"name\":\"add\",\"inputs\":[\"conv2d\",\"conv2d_1\"]},"
                             "{\"class\":\"flatten\",\"name\":\"flatten\"},"
                             "{\"class\":\"dense\",\"name\":\"dense\",\"units\":7,\"activation\":\"softmax\"}]}");
    free(out);
    visml_model_free(m);
}

static void a_given_input_shape_wins(void **state) {
    (void)state;
    const char *text = "{\"input_shape\": [4], \"layers\": [{\"class\": \"dense\", \"units\": 0}]}";
    visml_model *m = built(assert_made(read_text(text, VISML_SHAPE(9), 2), &err), &err);
    assert_int_equal(visml_model_input_shape(m)->dims[0], 9);
    assert_int_equal(visml_model_output_shape(m)->dims[0], 2);
    visml_model_free(m);
}

static void refuses(const char *text, visml_status code, const char *message) {
    assert_null(read_text(text, NULL, 0));
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, code);
}

/* The same for the text of one layer behind a dense layer of 3 units on [4]. */
static void refuses_layer(const char *layer, visml_status code, const char *message) {
    char text[1000];
    snprintf(text, sizeof text, "{\"input_shape\": [4], \"layers\": [{\"class\": \"dense\", \"name\": \"d\", \"units\": 3}, %s]}", layer);
    refuses(text, code, message);
}

static void errors_name_layer_and_key(void **state) {
    (void)state;
    refuses("{\"layers\": [,]}", VISML_EFORMAT, "model: not valid JSON at line 1, column 13: unexpected token near ','");
    refuses("[]", VISML_EFORMAT, "model: must be a JSON object with \"input_shape\" and \"layers\"");
    refuses("{\"layers\": []}", VISML_EFORMAT, "model: \"input_shape\" is missing, and no input shape is given beside it");
    refuses("{\"input_shape\": 3}", VISML_EFORMAT,
            "model: \"input_shape\" must be an array of 1 to 7 whole numbers, or null where any size goes");
    refuses("{\"input_shape\": [3, 0]}", VISML_EFORMAT,
            "model: \"input_shape\"[1] must be a whole number of at least 1, or null where any size goes");
    refuses("{\"input_shape\": [3.5]}", VISML_EFORMAT,
            "model: \"input_shape\"[0] must be a whole number of at least 1, or null where any size goes");
    refuses("{\"input_shape\": [3]}", VISML_EFORMAT, "model: \"layers\" is missing");
    refuses("{\"input_shape\": [3], \"layers\": {}}", VISML_EFORMAT, "model: \"layers\" must be an array");
    refuses("{\"input_shape\": [3], \"layers\": []}", VISML_EFORMAT, "model: \"layers\" holds 0 layers, must hold 1 to 4096");
    refuses("{\"input_shape\": [4611686018427387904, 4], \"layers\": []}", VISML_EINVAL,
            "model: input: [4611686018427387904, 4] has more elements than can be addressed");
    refuses_layer("7", VISML_EFORMAT, "layer 2: must be a JSON object");
    refuses_layer("{\"units\": 3}", VISML_EFORMAT, "layer 2: layer: \"class\" is missing");
    refuses_layer("{\"class\": \"dense\", \"unit\": 3}", VISML_EFORMAT, "layer 2: dense: unknown key \"unit\"; the options are units, "
                  "activation, no_bias, kernel_initializer, bias_initializer, name");
    refuses_layer("{\"class\": \"dense\", \"units\": -2}", VISML_EINVAL, "layer 2: dense: units is -2, must be at least 1");
    refuses_layer("{\"class\": \"dense\", \"units\": 0}", VISML_EFORMAT, "layer 2: dense: \"units\" is 0, which stands for the number of "
                  "classes, and that is not known here; must be at least 1");
    refuses_layer("{\"class\": \"dense\", \"units\": null}", VISML_EFORMAT, "layer 2: dense: \"units\" is null, which stands for the "
                  "number of classes, and that is not known here; must be at least 1");
    refuses_layer("{\"class\": \"add\", \"name\": \"s\", \"inputs\": [\"d\", 4]}", VISML_EFORMAT,
                  "layer 2 (add \"s\"): \"inputs\"[1] must be the name of a layer");
    refuses_layer("{\"class\": \"add\", \"name\": \"s\", \"inputs\": [\"s\", \"d\"]}", VISML_EFORMAT,
                  "layer 2 (add \"s\"): \"inputs\"[0] is \"s\", must be the name of an earlier layer, or \"input_layer\"");
    refuses_layer("{\"class\": \"add\", \"inputs\": []}", VISML_EFORMAT, "layer 2 (add): \"inputs\" must be an array of 1 to 64 names");
    refuses_layer("{\"class\": \"add\", \"inputs\": {}}", VISML_EFORMAT, "layer 2 (add): \"inputs\" must be an array of 1 to 64 names");
    refuses_layer("{\"class\": \"dense\", \"name\": \"d\", \"units\": 3}", VISML_EINVAL,
                  "layer 2 (dense \"d\"): the name is taken by layer 1; names must be unique in a model");
}

static void bad_arguments_are_named(void **state) {
    (void)state;
    assert_null(visml_model_from_json(NULL, "{}", 2, NULL, 0, &err));
    assert_string_equal(err.message, "model: ctx is NULL");
    assert_null(visml_model_from_json(ctx, NULL, 2, NULL, 0, &err));
    assert_string_equal(err.message, "model: text is NULL");
    assert_null(visml_model_from_json(ctx, "{}", 2, NULL, -1, &err));
    assert_string_equal(err.message, "model: classes is -1, must be at least 0");
    assert_null(visml_model_from_json(ctx, "{}", 2, NULL, 0, NULL));
    assert_null(visml_model_from_json(ctx, "{\"layers\":[7]}", 14, VISML_SHAPE(1), 0, NULL));
    visml_model *open = small_cnn(ctx, &err);
    char text[] = "x";
    assert_int_equal(visml_model_to_json(open, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(visml_model_to_json(NULL, NULL, 0), 0);
    visml_model_free(open);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    visml_model *m = built(residual(ctx, 0.3, &err), &err);
    char *text = json_of(m);
    int64_t n = 0;
    for (visml_model *again = NULL; !again; visml_model_free(again)) {
        assert_true(++n < 500);
        a.countdown = n;
        again = visml_model_from_json(c, text, strlen(text), NULL, 0, &err);
        a.countdown = -1;
        assert_true(again || err.code == VISML_ENOMEM);
    }
    assert_true(n > 50);
    free(text);
    visml_model_free(m);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_out_comes_back), cmocka_unit_test(written_by_hand), cmocka_unit_test(a_given_input_shape_wins),
        cmocka_unit_test(errors_name_layer_and_key), cmocka_unit_test(bad_arguments_are_named), cmocka_unit_test(every_allocation_may_fail),
    };
    ctx = test_context(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
