/* The table against what Keras prints for the same networks (tests/golden/make_model_goldens.py). */
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static char *summary_of(const visml_model *m) {
    size_t n = visml_model_summary(m, NULL, 0);
    char *text = malloc(n + 1);
    assert_int_equal(visml_model_summary(m, text, n + 1), n);
    assert_int_equal(strlen(text), n);
    return text;
}

static void compare(visml_model *m, const char *golden) {
    size_t n;
    char *path = test_source(golden), *want = test_read_file(path, &n), *text = summary_of(built(m, &err));
    assert_string_equal(text, want);
    free(path);
    free(want);
    free(text);
    visml_model_free(m);
}

static visml_model *graph(void) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    const char *const names[] = {"left", "right"};
    for (int i = 0; i < 2; i++)
        visml_model_apply(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3}, .padding = VISML_SAME,
                                                    .name = names[i]), &err), AFTER(0), &err);
    visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(1, 2), &err);
    visml_model_apply(m, visml_concatenate(ctx, NULL, &err), AFTER(3, 1, 2), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3), &err), &err);
    return m;
}

static visml_model *lstm(void) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(28, 28), &err);
    visml_model_add(m, visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 64, .return_sequences = 1), &err), &err);
    visml_model_add(m, visml_lstm(ctx, OPTS(visml_lstm_opts, .units = 32, .no_bias = 1), &err), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 10, .activation = VISML_SOFTMAX), &err), &err);
    return m;
}

static void looks_as_in_keras(void **state) {
    (void)state;
    compare(small_cnn(ctx, &err), "tests/golden/model/summary_small_cnn.txt");
    compare(seed_cnn(ctx, &err), "tests/golden/model/summary_seed_cnn.txt");
    compare(graph(), "tests/golden/model/summary_graph.txt");
    compare(lstm(), "tests/golden/model/summary_lstm.txt");
}

static void long_names_make_wider_columns(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(4), &err);
    const char *name = "ein_äußerst_langer_Name_für_eine_Schicht";
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .name = name), &err), &err);
    char *text = summary_of(built(m, &err));
    assert_non_null(strstr(text, "│ ein_äußerst_langer_Name_für_eine_Schicht │ (None, 3) "));
    assert_non_null(strstr(text, "│ (Dense)                                  │           "));
    assert_non_null(strstr(text, " Total params: 15 (60.00 B)\n"));
    free(text);
    visml_model_free(m);
}

static void the_text_is_cut_at_a_character(void **state) {
    (void)state;
    visml_model *m = built(small_cnn(ctx, &err), &err);
    char *text = summary_of(m), cut[64];
    for (size_t n = 1; n < sizeof cut; n++) {
        memset(cut, 'x', sizeof cut);
        assert_int_equal(visml_model_summary(m, cut, n), strlen(text));
        assert_true(strlen(cut) < n && strlen(cut) + 3 >= n);
        assert_memory_equal(cut, text, strlen(cut));
        assert_true(n == sizeof cut - 1 || cut[n] == 'x');
    }
    free(text);
    visml_model_free(m);
}

static void nothing_to_summarise(void **state) {
    (void)state;
    visml_model *m = small_cnn(ctx, &err);
    char text[4] = "abc";
    assert_int_equal(visml_model_summary(m, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(visml_model_summary(NULL, NULL, 0), 0);
    visml_model_free(m);
}

static void no_memory_gives_no_text(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    visml_model *m = built(residual(c, 0.5, &err), &err);
    size_t whole = visml_model_summary(m, NULL, 0);
    int64_t calls = a.calls;
    visml_model_summary(m, NULL, 0);
    calls = a.calls - calls;
    for (int64_t n = 1; n <= calls; n++) {
        int64_t live = a.live;
        a.countdown = n;
        assert_int_equal(visml_model_summary(m, NULL, 0), 0);
        a.countdown = -1;
        assert_int_equal(a.live, live);
    }
    assert_int_equal(visml_model_summary(m, NULL, 0), whole);
    visml_model_free(m);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_as_in_keras), cmocka_unit_test(long_names_make_wider_columns),
        cmocka_unit_test(the_text_is_cut_at_a_character), cmocka_unit_test(nothing_to_summarise),
        cmocka_unit_test(no_memory_gives_no_text),
    };
    ctx = test_context(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
