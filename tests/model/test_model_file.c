/* Models in files: the same bits back; damage of any kind is noticed; released files load for ever. */
#include <math.h>
#include <stdio.h>

#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

/* A model that is small, yet has every part: a graph, moving averages, classes, attributes. */
static visml_model *tiny(visml_context *c) {
    const char *const names[] = {"cat", "dög \"x\""};
    visml_model *m = visml_model_new(c, VISML_SHAPE(4, 4, 1), &err);
    int32_t a = visml_model_apply(m, visml_conv2d(c, OPTS(visml_conv2d_opts, .filters = 2, .kernel_size = {3}), &err), AFTER(0), &err);
    int32_t b = visml_model_apply(m, visml_batchnorm(c, NULL, &err), AFTER(a), &err);
    visml_model_apply(m, visml_add(c, NULL, &err), AFTER(a, b), &err);
    visml_model_add(m, visml_flatten(c, NULL, &err), &err);
    visml_model_add(m, visml_dense(c, OPTS(visml_dense_opts, .units = 2, .activation = VISML_SOFTMAX), &err), &err);
    assert_ok(visml_model_set_classes(m, names, 2, &err), &err);
    assert_ok(visml_model_set_attribute(m, "resize", "4x4", &err), &err);
    return built(m, &err);
}

static void assert_same_model(const visml_model *a, const visml_model *b) {
    json_t *x = visml_model_describe(a), *y = visml_model_describe(b);
    assert_true(json_equal(x, y));
    json_decref(x);
    json_decref(y);
    assert_int_equal(a->value_count, b->value_count);
    assert_int_equal(a->trainable_count, b->trainable_count);
    assert_memory_equal(a->values, b->values, a->value_count * sizeof(real));
    assert_int_equal(a->class_count, b->class_count);
    for (size_t i = 0; i < a->class_count; i++)
        assert_string_equal(a->classes[i], b->classes[i]);
    assert_true(json_equal(a->attributes, b->attributes));
}

static void round_trip(visml_model *m) {
    uint64_t state = 3;
    for (size_t i = 0; i < m->param_count; i++) /* NaN and infinity are weights as any other */
        for (size_t k = 0; k < m->params[i].count; k++)
            m->values[m->params[i].offset + k] = k == 1 ? NAN : k == 2 ? -INFINITY : test_random_float(&state);
    char *folder = test_folder(), *path = test_path(folder, "m.visml");
    assert_ok(visml_model_save(m, path, &err), &err);
    assert_ok(visml_model_save(m, path, &err), &err); /* over the old one */
    visml_tensor *memory = assert_made(visml_model_save_memory(m, &err), &err);
    visml_model *a = assert_made(visml_model_load(ctx, path, &err), &err);
    visml_model *b = assert_made(visml_model_load_memory(ctx, memory->data, (size_t)memory->count, &err), &err);
    visml_tensor_release(memory);
    assert_same_model(m, a);
    assert_same_model(m, b);
    visml_model_free(m);
    visml_model_free(a);
    visml_model_free(b);
    free(path);
    test_folder_remove(folder);
}

static void the_same_bits_come_back(void **state) {
    (void)state;
    round_trip(tiny(ctx));
    round_trip(built(small_cnn(ctx, &err), &err));
    round_trip(built(seed_cnn(ctx, &err), &err));
    round_trip(built(residual(ctx, 0.25, &err), &err));
}

static void any_alignment_will_do(void **state) {
    (void)state;
    visml_model *m = tiny(ctx);
    visml_tensor *t = assert_made(visml_model_save_memory(m, &err), &err);
    for (size_t shift = 0; shift < 8; shift++) {
        char *copy = malloc((size_t)t->count + shift);
        memcpy(copy + shift, t->data, (size_t)t->count);
        visml_model *again = assert_made(visml_model_load_memory(ctx, copy + shift, (size_t)t->count, &err), &err);
        free(copy); /* nothing is borrowed */
        assert_same_model(m, again);
        visml_model_free(again);
    }
    visml_tensor_release(t);
    visml_model_free(m);
}

/* ---- damage ---- */

static void every_truncation_is_noticed(void **state) {
    (void)state;
    visml_model *m = tiny(ctx);
    visml_tensor *t = assert_made(visml_model_save_memory(m, &err), &err);
    for (int64_t n = 0; n < t->count; n++) {
        char *copy = test_guarded((size_t)n); /* ends at an unreadable page */
        memcpy(copy, t->data, (size_t)n);
        assert_null(visml_model_load_memory(ctx, copy, (size_t)n, &err));
        assert_int_equal(err.code, VISML_EFORMAT);
        test_guarded_free(copy, (size_t)n);
    }
    visml_tensor_release(t);
    visml_model_free(m);
}

static void every_single_byte_is_guarded(void **state) {
    (void)state;
    visml_model *m = tiny(ctx);
    visml_tensor *t = assert_made(visml_model_save_memory(m, &err), &err);
    uint8_t *file = (uint8_t *)t->data;
    for (int64_t i = 0; i < t->count; i++) {
        uint8_t kept = file[i];
        for (int bit = 0; bit < 10; bit++) { /* each bit, all of them, and a blank */
            file[i] = (uint8_t)(bit < 8 ? kept ^ (1 << bit) : bit == 8 ? ~kept : '\t');
            visml_model *again = file[i] == kept ? NULL : visml_model_load_memory(ctx, file, (size_t)t->count, &err);
            if (again)
                fail_msg("byte %lld: 0x%02x instead of 0x%02x is not noticed", (long long)i, file[i], kept);
            assert_true(file[i] == kept || err.code == VISML_EFORMAT || err.code == VISML_EUNSUPPORTED);
        }
        file[i] = kept;
    }
    assert_non_null(m);
    visml_tensor_release(t);
    visml_model_free(m);
}

/* Well-formed bundles that are no models. */
static void refuses(const char *description, const visml_bundle_tensor *tensors, size_t n, const char *message) {
    json_t *d = json_loads(description, 0, NULL);
    assert_non_null(d);
    visml_tensor *t = assert_made(visml_bundle_write_memory(ctx, "model", d, tensors, n, &err), &err);
    assert_null(visml_model_load_memory(ctx, t->data, (size_t)t->count, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, VISML_EFORMAT);
    visml_tensor_release(t);
    json_decref(d);
}

#define DENSE(units) "{\"class\":\"dense\",\"units\":" #units ",\"no_bias\":true}"
#define MODEL(input, layers, rest) "{\"model\":{\"architecture\":{\"input_shape\":[" #input "],\"layers\":[" layers "]}" rest "}}"
#define REST ",\"classes\":[],\"attributes\":{}"

static void descriptions_are_checked(void **state) {
    (void)state;
    const float w[4] = {0};
    const visml_bundle_tensor good = {"dense/kernel", VISML_F32, *VISML_SHAPE(2, 2), w};
    const visml_bundle_tensor two[] = {good, {"x", VISML_F32, *VISML_SHAPE(1), w}};
    visml_bundle_tensor other = good, wide = good;
    other.dtype = VISML_I32;
    wide.shape = *VISML_SHAPE(4, 1);
    refuses("{}", &good, 1, "description: \"model\" is missing");
    refuses("[]", &good, 1, "description: must be a JSON object with the key \"model\"");
    refuses("{\"model\":{}}", &good, 1, "model: \"architecture\" is missing");
    refuses("{\"model\":{\"architecture\":[]}}", &good, 1, "model: \"architecture\" must be an object");
    refuses(MODEL(2, DENSE(-1), REST), &good, 1, "layer 1: dense: units is -1, must be at least 1");
    refuses(MODEL(2, DENSE(2), REST), NULL, 0, "the tensor \"dense/kernel\" is missing");
    refuses(MODEL(2, DENSE(2), REST), &other, 1, "the tensor \"dense/kernel\" is int32 [2, 2], must be float32 [2, 2]");
    refuses(MODEL(2, DENSE(2), REST), &wide, 1, "the tensor \"dense/kernel\" is float32 [4, 1], must be float32 [2, 2]");
    refuses(MODEL(2, DENSE(2), REST), two, 2, "holds 2 tensors, the layers have 1");
    refuses(MODEL(2, DENSE(2), ",\"attributes\":{}"), &good, 1, "model: \"classes\" is missing");
    refuses(MODEL(2, DENSE(2), ",\"classes\":[7],\"attributes\":{}"), &good, 1, "model: \"classes\"[0] must be a string");
    refuses(MODEL(2, DENSE(2), ",\"classes\":[]"), &good, 1, "model: \"attributes\" is missing");
    refuses(MODEL(2, DENSE(2), ",\"classes\":[],\"attributes\":{\"a\":1}"), &good, 1, "model: \"attributes\": \"a\" must be a string");
    /* Terabytes in a small file are refused before they are asked for. */
    refuses(MODEL(1000000, DENSE(1000000), REST), &good, 1,
            "the tensor \"dense/kernel\" is float32 [2, 2], must be float32 [1000000, 1000000]");
    refuses(MODEL(4000000000, DENSE(2000000000), REST), &good, 1,
            "layer 1 (dense \"dense\"): kernel: [4000000000, 2000000000] has more elements than can be addressed");
    refuses(MODEL(2, "{\"class\":\"flatten\",\"name\":\"f\"},{\"class\":\"dense\",\"units\":2,\"inputs\":\"input_layer\"}", REST), &good, 1,
            "layer 1 (flatten \"f\") leads nowhere: every node must lead to the output, which is layer 2 (dense \"dense\")");
}

/* ---- models inside of other bundles ---- */

static void a_checkpoint_restores_its_model_only(void **state) {
    (void)state;
    visml_model *m = tiny(ctx), *same = tiny(ctx), *other = built(small_cnn(ctx, &err), &err);
    json_t *d = json_pack("{s:i}", "epoch", 3);
    visml_bundle_tensor tensors[9] = {{"momentum", VISML_F32, *VISML_SHAPE(2), m->values}};
    visml_bundle b;
    size_t n = 1;
    for (size_t i = 0; i < m->value_count; i++)
        m->values[i] += 1;
    assert_ok(visml_model_to_bundle(m, d, tensors, &n, &err), &err);
    assert_int_equal(n, 1 + m->param_count);
    visml_tensor *t = assert_made(visml_bundle_write_memory(ctx, "checkpoint", d, tensors, n, &err), &err);
    assert_ok(visml_bundle_read_memory(ctx, t->data, (size_t)t->count, "checkpoint", &b, &err), &err);
    assert_ok(visml_model_restore(same, &b, &err), &err);
    for (size_t i = 0; i < m->param_count; i++)
        assert_memory_equal(same->values + m->params[i].offset, m->values + m->params[i].offset, m->params[i].count * sizeof(real));
    assert_int_equal(visml_model_restore(other, &b, &err), VISML_EFORMAT);
    assert_string_equal(err.message, "holds a model of another architecture");
    visml_model *again = assert_made(visml_model_from_bundle(ctx, &b, &err), &err);
    assert_int_equal(again->class_count, 2);
    visml_model_free(again);
    visml_bundle_clear(&b);
    assert_null(visml_model_load_memory(ctx, t->data, (size_t)t->count, &err));
    assert_string_equal(err.message, "holds a checkpoint, must hold a model");
    visml_tensor_release(t);
    json_decref(d);
    visml_model_free(m);
    visml_model_free(same);
    visml_model_free(other);
}

/* ---- released files ---- */

static void version_1_loads(void **state) {
    (void)state;
    size_t n;
    char *path = test_source("tests/golden/model/v1.visml"), *golden_path = test_source("tests/golden/model/residual.f32");
    float *golden = test_read_file(golden_path, &n), *next = golden;
    visml_model *m = assert_made(visml_model_load(ctx, path, &err), &err);
    assert_int_equal(visml_model_param_count(m), 15);
    for (size_t i = 0; i < m->param_count; next += m->params[i++].count)
        assert_memory_equal(m->values + m->params[i].offset, next, m->params[i].count * sizeof(float));
    assert_string_equal(visml_model_class_name(m, 2), "three");
    assert_string_equal(visml_model_attribute(m, "color"), "rgb");
    visml_tensor *x = visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(5, 8, 8, 3), NULL, next, NULL, NULL, &err), *y = predict(m, x, 5);
    for (int i = 0; i < 15; i++)
        assert_true(fabsf(((float *)y->data)[i] - next[5 * 192 + i]) < 2e-6f);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_model_free(m);
    free(golden);
    free(path);
    free(golden_path);
}

/* ---- arguments, memory ---- */

static void bad_arguments_are_named(void **state) {
    (void)state;
    visml_model *open = small_cnn(ctx, &err);
    assert_int_equal(visml_model_save(open, "/tmp/x", &err), VISML_ESTATE);
    assert_string_equal(err.message, "save: the model is not built: call visml_model_build first");
    assert_null(visml_model_save_memory(open, &err));
    assert_int_equal(visml_model_save(NULL, "/tmp/x", &err), VISML_EINVAL);
    assert_null(visml_model_save_memory(NULL, &err));
    assert_string_equal(err.message, "save: model is NULL, must be a model");
    built(open, &err);
    assert_int_equal(visml_model_save(open, NULL, &err), VISML_EINVAL);
    assert_string_equal(err.message, "save: path is NULL, must be the path of a file");
    assert_int_equal(visml_model_save(open, "/nonexistent/m", &err), VISML_EIO);
    assert_null(visml_model_load(NULL, "x", &err));
    assert_string_equal(err.message, "load: ctx is NULL");
    assert_null(visml_model_load(ctx, NULL, &err));
    assert_string_equal(err.message, "load: path is NULL");
    assert_null(visml_model_load(ctx, "/nonexistent/m", NULL));
    assert_null(visml_model_load_memory(ctx, NULL, 3, &err));
    assert_string_equal(err.message, "load: bytes is NULL");
    visml_model_free(open);
    visml_context *small = visml_context_new(OPTS(visml_context_opts, .max_file_bytes = 1000), &err);
    char *path = test_source("tests/golden/model/v1.visml");
    assert_null(visml_model_load(small, path, &err));
    assert_int_equal(err.code, VISML_ELIMIT);
    visml_context_free(small);
    free(path);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    char *folder = test_folder(), *path = test_path(folder, "m.visml");
    visml_model *m = tiny(c);
    int64_t n = 0, live = a.live;
    for (int failed = 1; failed;) {
        a.countdown = ++n;
        visml_status status = visml_model_save(m, path, &err);
        visml_tensor *t = status < 0 ? NULL : visml_model_save_memory(m, &err);
        visml_model *again = t ? visml_model_load(c, path, &err) : NULL;
        failed = a.countdown == 0;
        a.countdown = -1;
        assert_true(again || err.code == VISML_ENOMEM);
        if (again)
            assert_same_model(m, again); /* what failed was not needed, or nothing failed */
        visml_tensor_release(t);
        visml_model_free(again);
        assert_int_equal(a.live, live);
    }
    assert_true(n > 40);
    visml_model_free(m);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
    free(path);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bits_come_back), cmocka_unit_test(any_alignment_will_do), cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(every_single_byte_is_guarded), cmocka_unit_test(descriptions_are_checked),
        cmocka_unit_test(a_checkpoint_restores_its_model_only), cmocka_unit_test(version_1_loads),
        cmocka_unit_test(bad_arguments_are_named), cmocka_unit_test(every_allocation_may_fail),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
