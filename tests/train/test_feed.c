/* Whether data, model and loss fit together: every message that a user can meet before the first step. */
#include "train/toy.h"

#include "train/train.h"

static visml_error err;

static void expect(visml_status status, visml_status want, const char *message) {
    assert_status(status, want, &err);
    assert_string_equal(err.message, message);
}

/* A fit that fails must leave the model as it is. */
static void fit_fails(visml_model *m, visml_dataset *ds, const visml_fit_opts *opts, visml_status want, const char *message) {
    uint32_t before = toy_hash(m);
    visml_history *h = (visml_history *)&before; /* not to be touched */
    memset(&err, 0, sizeof err);
    expect(visml_fit(m, ds, opts, &h, &err), want, message);
    assert_int_equal(toy_hash(m), before);
    assert_ptr_equal(h, &before);
    assert_int_equal(visml_fit(m, ds, opts, NULL, NULL), want);
}

static void arguments_are_checked(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX), *open = visml_model_new(ctx, VISML_SHAPE(2), &err);
    visml_dataset *ds = toy_blobs(ctx, 10, 1);
    expect(visml_fit(NULL, ds, NULL, NULL, &err), VISML_EINVAL, "fit: model is NULL, must be a model");
    fit_fails(m, NULL, NULL, VISML_EINVAL, "fit: data is NULL, must be a dataset");
    expect(visml_fit(open, ds, NULL, NULL, &err), VISML_ESTATE, "fit: the model is not built; call visml_model_build first");
#define BAD(field, value, text) fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .field = value), VISML_EINVAL, text)
    BAD(epochs, -1, "fit: epochs is -1, must be at least 1");
    BAD(batch_size, -1, "fit: batch_size is -1, must be at least 1");
    BAD(no_shuffle, 2, "fit: no_shuffle is 2, must be 0 or 1");
    BAD(workers, -2, "fit: workers is -2, must be -1 to 1024");
    BAD(resume, 1, "fit: resume is set, but checkpoint_dir is not");
    BAD(checkpoint_steps, 5, "fit: checkpoint_steps is set, but checkpoint_dir is not");
    BAD(checkpoint_dir, "", "fit: checkpoint_dir is empty, must be the name of a folder");
    BAD(callback_count, 1, "fit: callbacks is NULL, callback_count is 1");
#undef BAD
    fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .checkpoint_dir = "x", .checkpoint_steps = -1), VISML_EINVAL,
              "fit: checkpoint_steps is -1, must be at least 0");
    const visml_callback none = {0};
    fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .callbacks = &none, .callback_count = 1), VISML_EINVAL,
              "fit: callbacks: size of the options is 0, must be sizeof the struct (use VISML_OPTS)");
    expect(visml_evaluate(NULL, ds, NULL, NULL, NULL, &err), VISML_EINVAL, "evaluate: model is NULL, must be a model");
    expect(visml_evaluate(m, NULL, NULL, NULL, NULL, &err), VISML_EINVAL, "evaluate: data is NULL, must be a dataset");
    expect(visml_evaluate(m, ds, VISML_OPTS(visml_evaluate_opts, .batch_size = -3), NULL, NULL, &err), VISML_EINVAL,
           "evaluate: batch_size is -3, must be at least 1");
    assert_null(visml_predict(m, NULL, NULL, &err));
    assert_string_equal(err.message, "predict: data is NULL, must be a dataset");
    assert_null(visml_predict(open, ds, NULL, NULL));
    visml_model_free(m);
    visml_model_free(open);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void images_must_fit_the_input(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_model *points = toy_dense(ctx, 3, 2, VISML_SOFTMAX), *cnn = toy_cnn(ctx);
    visml_dataset *blobs = toy_blobs(ctx, 10, 1), *lines = toy_lines(ctx, 10, 1);
    fit_fails(points, blobs, NULL, VISML_EINVAL, "fit: the images are [2], the model's input is [3]: build the model for their shape");
    visml_model *rgb = visml_model_new(ctx, VISML_SHAPE(32, 16, 3), &err);
    visml_model_add(rgb, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(rgb, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 3), &err), &err);
    assert_ok(visml_model_build(rgb, 0, &err), &err);
    fit_fails(rgb, lines, NULL, VISML_EINVAL, "fit: the images are [8, 8, 1], the model's input is [32, 16, 3]: load them with height 32, "
              "width 16 and 3 channels, or build the model for their shape");
    assert_null(visml_predict(cnn, blobs, NULL, &err));
    assert_string_equal(err.message, "predict: the images are [2], the model's input is [8, 8, 1]: build the model for their shape");
    visml_model_free(points);
    visml_model_free(cnn);
    visml_model_free(rgb);
    visml_dataset_free(blobs);
    visml_dataset_free(lines);
    visml_context_free(ctx);
}

static void classes_must_fit_the_output(void **state) {
    (void)state;
    static const float x[] = {0, 1, 2, 3};
    visml_context *ctx = test_context(1);
    visml_model *m = toy_dense(ctx, 1, 2, VISML_SOFTMAX);
    visml_dataset *three = toy_rows(ctx, 4, 1, x, 0, (int32_t[]){0, 1, 2, 0});
    fit_fails(m, three, NULL, VISML_EINVAL, "fit: the data has 3 classes, the model's output is [2]: its last layer must have 3 units");
    visml_dataset *one = toy_rows(ctx, 4, 1, x, 0, (int32_t[]){0, 0, 0, 0});
    fit_fails(m, one, NULL, VISML_EINVAL, "fit: all 4 samples are of one class, \"0\": a classifier needs at least two");
    visml_dataset *second = visml_dataset_subset(three, (int64_t[]){1, 1}, 2, &err);
    visml_model *wide = toy_dense(ctx, 1, 3, VISML_SOFTMAX);
    fit_fails(wide, second, NULL, VISML_EINVAL, "fit: all 2 samples are of one class, \"1\": a classifier needs at least two");
    assert_ok(visml_evaluate(wide, second, NULL, NULL, NULL, &err), &err); /* one class is enough to be measured */
    visml_dataset *empty = visml_dataset_subset(three, NULL, 0, &err);
    fit_fails(wide, empty, NULL, VISML_EINVAL, "fit: the dataset has no samples");
    expect(visml_evaluate(wide, empty, NULL, NULL, NULL, &err), VISML_EINVAL, "evaluate: the dataset has no samples");
    visml_dataset_free(three);
    visml_dataset_free(one);
    visml_dataset_free(second);
    visml_dataset_free(empty);
    visml_model_free(m);
    visml_model_free(wide);
    visml_context_free(ctx);
}

static void targets_must_fit_the_loss(void **state) {
    (void)state;
    static const float x[] = {0, 1, 2, 3};
    visml_context *ctx = test_context(1);
    visml_model *m = toy_dense(ctx, 1, 2, VISML_LINEAR);
    visml_dataset *arrays = toy_rows(ctx, 4, 1, x, 1, (float[]){0, 1, 2, 3});
    fit_fails(m, arrays, NULL, VISML_EINVAL, "fit: mean_squared_error: targets [1] must have the shape of the model's output, [2]");
    visml_loss *loss = visml_sparse_categorical_crossentropy(ctx, NULL, &err);
    fit_fails(m, arrays, VISML_OPTS(visml_fit_opts, .loss = loss), VISML_EINVAL, "fit: sparse_categorical_crossentropy: targets [1] must "
              "be class numbers; for arrays use categorical_crossentropy");
    visml_model *single = toy_dense(ctx, 1, 1, VISML_LINEAR);
    fit_fails(single, arrays, VISML_OPTS(visml_fit_opts, .class_weight = (double[]){1}), VISML_EINVAL,
              "fit: class_weight needs targets that are class numbers; use sample_weight");
    visml_report *report = NULL;
    expect(visml_evaluate(single, arrays, NULL, NULL, &report, &err), VISML_EINVAL,
           "evaluate: a report needs targets that are class numbers; pass NULL as report");
    assert_null(report);
    visml_loss_free(loss);
    visml_dataset_free(arrays);
    visml_model_free(m);
    visml_model_free(single);
    visml_context_free(ctx);
}

static void weights_are_checked(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_model *m = toy_dense(ctx, 2, 2, VISML_SOFTMAX);
    visml_dataset *ds = toy_blobs(ctx, 4, 1);
    fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .class_weight = (double[]){1, -2}), VISML_EINVAL,
              "fit: class_weight[1] is -2, must be a finite number of at least 0");
    fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .class_weight = (double[]){NAN, 1}), VISML_EINVAL,
              "fit: class_weight[0] is nan, must be a finite number of at least 0");
    visml_tensor *w = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(5), &err), *d = visml_tensor_new(ctx, VISML_F64, VISML_SHAPE(4), &err);
    fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .sample_weight = w), VISML_EINVAL, "fit: sample_weight is [5], must be [4], one for each "
              "sample");
    memset(&err, 0, sizeof err);
    assert_status(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .sample_weight = d), NULL, &err), VISML_EINVAL, &err);
    assert_non_null(strstr(err.message, "fit: sample_weight"));
    visml_tensor *four = visml_tensor_slice(w, 0, 4, &err);
    ((float *)visml_tensor_data(four))[2] = INFINITY;
    fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .sample_weight = four), VISML_EINVAL,
              "fit: sample_weight[2] is inf, must be a finite number of at least 0");
    visml_tensor_release(w);
    visml_tensor_release(d);
    visml_tensor_release(four);
    visml_model_free(m);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

static void names_of_classes_must_agree(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_model *m = toy_cnn(ctx);
    visml_dataset *ds = toy_lines(ctx, 9, 1), *turned = visml_dataset_with_classes(ds, (const char *[]){"column", "row", "diagonal"}, 3,
                                                                                   &err);
    assert_made(turned, &err);
    fit_fails(m, ds, VISML_OPTS(visml_fit_opts, .validation = turned), VISML_EINVAL, "fit: validation: class 0 is \"column\", in the "
              "training data \"row\": give both the same order with visml_dataset_with_classes");
    assert_ok(visml_model_set_classes(m, (const char *[]){"row", "line", "diagonal"}, 3, &err), &err);
    fit_fails(m, ds, NULL, VISML_EINVAL, "fit: class 1 is \"column\" in the data, \"line\" in the model: give the data the model's order "
              "with visml_dataset_with_classes, or the model the data's names with visml_model_set_classes");
    expect(visml_evaluate(m, ds, NULL, NULL, NULL, &err), VISML_EINVAL, "evaluate: class 1 is \"column\" in the data, \"line\" in the "
              "model: give the data the model's order with visml_dataset_with_classes, or the model the data's names with "
           "visml_model_set_classes");
    assert_ok(visml_model_set_classes(m, (const char *[]){"0", "1", "2"}, 3, &err), &err); /* names that nobody gave */
    assert_ok(visml_evaluate(m, ds, NULL, NULL, NULL, &err), &err);
    visml_dataset_free(ds);
    visml_dataset_free(turned);
    visml_model_free(m);
    visml_context_free(ctx);
}

typedef struct strange {
    int64_t at;
    int32_t label;
} strange;

static int32_t strange_sample(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    const strange *s = user;
    (void)reason;
    *(float *)pixels = (float)index;
    *label = index == s->at ? s->label : (int32_t)(index % 2);
    return 0;
}

/* Labels that are known only once they are read. */
static void labels_of_a_callback_are_checked_too(void **state) {
    (void)state;
    strange s = {5, 3};
    visml_context *ctx = test_context(1);
    visml_dataset *ds = visml_dataset_from_callback(ctx, 8, VISML_F32, VISML_SHAPE(1), NULL, 0, strange_sample, &s, NULL, &err);
    assert_made(ds, &err);
    visml_model *m = toy_dense(ctx, 1, 3, VISML_SOFTMAX);
    expect(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .class_weight = (double[]){1, 2, 3}), NULL, &err), VISML_EINVAL,
           "fit: sample 5 has the label 3, must be 0 to 2: the model's output is [3]");
    expect(visml_evaluate(m, ds, NULL, NULL, NULL, &err), VISML_EINVAL,
           "evaluate: sample 5 has the label 3, must be 0 to 2: the model's output is [3]");
    s.label = 2;
    assert_ok(visml_evaluate(m, ds, NULL, NULL, NULL, &err), &err);
    visml_dataset_free(ds);
    visml_model_free(m);
    visml_context_free(ctx);
}

/* ---- inputs of open size ---- */

static visml_model *pooled(visml_context *ctx, int64_t height, int64_t width) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(height, width, 1), &err);
    visml_model_add(m, visml_rescaling(ctx, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), &err), &err);
    visml_model_add(m, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 16, .kernel_size = {3}, .activation = VISML_RELU), &err),
                    &err);
    visml_model_add(m, visml_batchnorm(ctx, NULL, &err), &err);
    visml_model_add(m, visml_maxpool2d(ctx, NULL, &err), &err);
    visml_model_add(m, visml_conv2d(ctx, VISML_OPTS(visml_conv2d_opts, .filters = 16, .kernel_size = {3}, .activation = VISML_RELU), &err),
                    &err);
    visml_model_add(m, visml_global_avgpool2d(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 2, .activation = VISML_SOFTMAX), &err), &err);
    assert_ok(visml_model_build(m, 5, &err), &err);
    return m;
}

/* n pictures of stripes along or across. */
static visml_dataset *stripes(visml_context *ctx, int64_t n, int64_t height, int64_t width) {
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(n, height, width, 1), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), &err), &err);
    unsigned char *pixel = visml_tensor_data(x);
    uint64_t seed = (uint64_t)height;
    for (int64_t i = 0; i < n * height * width; i++) {
        int64_t image = i / (height * width), at = image % 2 ? i % width : i / width % height;
        ((int32_t *)visml_tensor_data(y))[image] = (int32_t)(image % 2);
        *pixel++ = (unsigned char)((at + image / 2) % 4 < 2 ? 200 : test_random(&seed) % 60);
    }
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 2, &err), &err);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

/* Fitted, evaluated and asked at one size and then at another: what the networks of these sizes do with the same weights. */
static void an_open_input_takes_the_size_of_the_data(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{12, 16}, {20, 11}};
    visml_context *ctx = test_context(2);
    visml_model *open = pooled(ctx, VISML_ANY, VISML_ANY);
    for (int i = 0; i < 2; i++) {
        visml_dataset *ds = stripes(ctx, 40, sizes[i][0], sizes[i][1]), *val = stripes(ctx, 10, sizes[!i][0], sizes[!i][1]);
        visml_model *m = pooled(ctx, sizes[i][0], sizes[i][1]);
        double want, got;
        memcpy(m->values, open->values, m->value_count * sizeof(real));
        assert_ok(visml_fit(m, ds, VISML_OPTS(visml_fit_opts, .epochs = 3, .batch_size = 16), NULL, &err), &err);
        assert_ok(visml_fit(open, ds, VISML_OPTS(visml_fit_opts, .epochs = 3, .batch_size = 16, .validation = val), NULL, &err), &err);
        assert_int_equal(toy_hash(m), toy_hash(open));
        assert_ok(visml_evaluate(m, ds, NULL, &want, NULL, &err), &err);
        assert_ok(visml_evaluate(open, ds, NULL, &got, NULL, &err), &err);
        assert_true(want == got);
        visml_tensor *p = assert_made(visml_predict(m, ds, NULL, &err), &err), *q = assert_made(visml_predict(open, ds, NULL, &err), &err);
        assert_memory_equal(visml_tensor_data(p), visml_tensor_data(q), (size_t)visml_tensor_count(p) * sizeof(float));
        visml_tensor_release(p);
        visml_tensor_release(q);
        visml_model_free(m);
        visml_dataset_free(ds);
        visml_dataset_free(val);
    }
    visml_dataset *small = stripes(ctx, 4, 5, 12);
    fit_fails(open, small, NULL, VISML_EINVAL, "fit: layer 5 (conv2d \"conv2d_1\"): kernel 3x3 does not fit input [1, 5, 16]; use "
              "padding=same or a smaller kernel (the model's input is [None, None, 1], and this is what becomes of [5, 12, 1])");
    visml_dataset_free(small);
    visml_model_free(open);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_input_takes_the_size_of_the_data),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(images_must_fit_the_input),
        cmocka_unit_test(classes_must_fit_the_output),
        cmocka_unit_test(targets_must_fit_the_loss),
        cmocka_unit_test(weights_are_checked),
        cmocka_unit_test(names_of_classes_must_agree),
        cmocka_unit_test(labels_of_a_callback_are_checked_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
