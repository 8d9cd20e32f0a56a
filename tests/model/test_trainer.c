/* Loss and gradients of a batch, against Keras; what they depend on and what not. */
#include <math.h>

#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static int setup(void **state) {
    (void)state;
    ctx = test_context(2);
    memset(&err, 0, sizeof err);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

/* ---- Keras ---- */

static void close_to(const float *got, const float **want, size_t n, float tolerance) {
    for (size_t i = 0; i < n; i++)
        if (fabsf(got[i] - (*want)[i]) > tolerance * fmaxf(1, fabsf((*want)[i])))
            fail_msg("element %zu of %zu is %g, must be %g", i, n, (double)got[i], (double)(*want)[i]);
    *want += n;
}

static void agrees_with_keras(void **state) {
    (void)state;
    size_t bytes;
    char *path = test_source("tests/golden/model/residual.f32");
    const float *golden = test_read_file(path, &bytes), *next = golden;
    visml_model *m = built(residual(ctx, 0, &err), &err);
    for (size_t i = 0; i < m->param_count; next += m->params[i++].count)
        memcpy(m->values + m->params[i].offset, next, m->params[i].count * sizeof(float));
    const float *x = next, *targets = x + 5 * 192 + 15;
    visml_loss *loss = visml_categorical_crossentropy(ctx, NULL, &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, 8, 1, &err), &err);
    visml_train_batch batch = {.rows = 5, .x = x, .x_dtype = VISML_F32, .targets = targets, .divisor = 5};
    float mean = (float)(visml_trainer_gradients(t, &batch) / 5);
    next = targets + 15;
    close_to(&mean, &next, 1, 1e-6f);
    for (size_t i = 0; i < m->param_count; i++)
        if (m->params[i].spec->trainable)
            close_to(visml_trainer_grads(t) + m->params[i].offset, &next, m->params[i].count, 3e-6f);
    close_to(visml_trainer_output(t), &next, 15, 2e-6f);
    close_to(m->values + m->params[4].offset, &next, 4, 2e-6f); /* n/moving_mean */
    close_to(m->values + m->params[5].offset, &next, 4, 2e-6f);
    assert_int_equal((const char *)next - (const char *)golden, bytes);
    visml_trainer_free(t);
    visml_loss_free(loss);
    visml_model_free(m);
    free((void *)(uintptr_t)golden);
    free(path);
}

/* ---- a batch of bytes for the network with labels ---- */

typedef struct fixture {
    visml_model *model;
    visml_loss *loss;
    visml_tensor *x;
    int32_t labels[6];
    visml_train_batch batch;
} fixture;

static fixture make(visml_context *c, visml_loss *loss) {
    fixture f = {built(residual(c, 0.4, &err), &err), loss, random_input(c, VISML_SHAPE(8, 8, 3), 6, VISML_U8, 9), {0, 1, 2, 2, 1, 0}, {0}};
    f.batch = (visml_train_batch){.rows = 6, .x = f.x->data, .x_dtype = VISML_U8, .divisor = 6, .step = 3};
    return f;
}

static void clear(fixture *f) {
    visml_model_free(f->model);
    visml_loss_free(f->loss);
    visml_tensor_release(f->x);
}

static visml_trainer *trainer(const fixture *f, int64_t max_batch, uint64_t seed) {
    return assert_made(visml_trainer_new(f->model, f->loss, max_batch, seed, &err), &err);
}

static void threads_do_not_show(void **state) {
    (void)state;
    float *first = NULL;
    double first_loss = 0;
    const int32_t threads[] = {1, 2, 3, 8};
    for (int i = 0; i < 4; i++) {
        visml_context *c = test_context(threads[i]);
        fixture f = make(c, visml_sparse_categorical_crossentropy(c, NULL, &err));
        visml_trainer *t = trainer(&f, 6 + i, 5); /* nor does room for more */
        f.batch.labels = f.labels;
        double loss = visml_trainer_gradients(t, &f.batch);
        size_t bytes = f.model->trainable_count * sizeof(float);
        if (!first) {
            first = malloc(bytes);
            memcpy(first, visml_trainer_grads(t), bytes);
            first_loss = loss;
        }
        assert_true(loss == first_loss);
        assert_memory_equal(first, visml_trainer_grads(t), bytes);
        visml_trainer_free(t);
        clear(&f);
        visml_context_free(c);
    }
    free(first);
}

static void random_numbers_follow_seed_and_step(void **state) {
    (void)state;
    fixture f = make(ctx, visml_sparse_categorical_crossentropy(ctx, NULL, &err));
    visml_trainer *a = trainer(&f, 6, 5), *b = trainer(&f, 6, 5), *c = trainer(&f, 6, 6);
    f.batch.labels = f.labels;
    double at_3 = visml_trainer_gradients(a, &f.batch), other_seed = visml_trainer_gradients(c, &f.batch);
    f.batch.step = 4;
    double at_4 = visml_trainer_gradients(a, &f.batch);
    f.batch.step = 3;
    assert_true(visml_trainer_gradients(b, &f.batch) == at_3); /* whatever went before */
    assert_true(visml_trainer_gradients(a, &f.batch) == at_3);
    assert_true(at_3 != at_4 && at_3 != other_seed);
    visml_trainer_free(a);
    visml_trainer_free(b);
    visml_trainer_free(c);
    clear(&f);
}

static void inputs_and_targets_of_either_kind_agree(void **state) {
    (void)state;
    float one_hot[18] = {0};
    fixture f = make(ctx, visml_categorical_crossentropy(ctx, NULL, &err));
    visml_tensor *floats = assert_made(visml_tensor_convert(f.x, VISML_F32, &err), &err);
    visml_trainer *a = trainer(&f, 6, 5), *b = trainer(&f, 6, 5);
    for (int i = 0; i < 6; i++)
        one_hot[i * 3 + f.labels[i]] = 1;
    f.batch.labels = f.labels;
    double by_labels = visml_trainer_gradients(a, &f.batch);
    f.batch.labels = NULL;
    f.batch.targets = one_hot;
    f.batch.x = floats->data;
    f.batch.x_dtype = VISML_F32;
    assert_true(fabs(visml_trainer_gradients(b, &f.batch) - by_labels) < 1e-6);
    for (size_t i = 0; i < f.model->trainable_count; i++)
        assert_true(fabsf(visml_trainer_grads(a)[i] - visml_trainer_grads(b)[i]) < 1e-6f);
    visml_trainer_free(a);
    visml_trainer_free(b);
    visml_tensor_release(floats);
    clear(&f);
}

static void weights_and_divisor_scale(void **state) {
    (void)state;
    const float weights[6] = {2, 2, 2, 2, 2, 2}, none[6] = {0};
    fixture f = make(ctx, visml_sparse_categorical_crossentropy(ctx, NULL, &err));
    visml_trainer *a = trainer(&f, 6, 5), *b = trainer(&f, 6, 5);
    f.batch.labels = f.labels;
    double plain = visml_trainer_gradients(a, &f.batch);
    f.batch.weights = weights;
    f.batch.divisor = 3;
    assert_true(fabs(visml_trainer_gradients(b, &f.batch) - 2 * plain) < 1e-5);
    for (size_t i = 0; i < f.model->trainable_count; i++)
        assert_true(fabsf(4 * visml_trainer_grads(a)[i] - visml_trainer_grads(b)[i]) < 1e-5f);
    f.batch.weights = none;
    assert_true(visml_trainer_gradients(b, &f.batch) == 0);
    for (size_t i = 0; i < f.model->trainable_count; i++)
        assert_true(visml_trainer_grads(b)[i] == 0);
    visml_trainer_free(a);
    visml_trainer_free(b);
    clear(&f);
}

/* Computed on logits, a loss stays finite where the probability has long been 0; the output is the probabilities all the same. */
static void the_softmax_at_the_end_joins_the_loss(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(2), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 2, .activation = VISML_SOFTMAX), &err), &err);
    built(m, &err);
    const float w[] = {0, 0, 0, 0}, x[] = {1, 1}, bias[] = {300, 0};
    memcpy(m->values, w, sizeof w);
    memcpy(m->values + m->params[1].offset, bias, sizeof bias);
    const int32_t label = 1;
    visml_loss *loss = visml_sparse_categorical_crossentropy(ctx, NULL, &err);
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, 1, 0, &err), &err);
    visml_session *s = assert_made(visml_session_new(m, NULL, &err), &err);
    visml_train_batch batch = {.rows = 1, .x = x, .x_dtype = VISML_F32, .labels = &label, .divisor = 1};
    const real *y;
    assert_true(visml_trainer_gradients(t, &batch) == 300);
    assert_true(visml_trainer_output(t)[0] == 1 && visml_trainer_output(t)[1] == 0);
    assert_true(visml_trainer_grads(t)[m->params[1].offset] == 1 && visml_trainer_grads(t)[m->params[1].offset + 1] == -1);
    assert_true(visml_session_losses(s, loss, &batch, &y) == 300);
    assert_true(y[0] == 1 && y[1] == 0);
    assert_true(visml_session_losses(s, NULL, &batch, &y) == 0);
    assert_true(y[0] == 1 && y[1] == 0);
    visml_session_free(s);
    visml_trainer_free(t);
    visml_loss_free(loss);
    visml_model_free(m);
}

/* Losses of a session are those of inference: moving averages, no dropout; nothing in the model changes. */
static void losses_of_a_session(void **state) {
    (void)state;
    fixture f = make(ctx, visml_sparse_categorical_crossentropy(ctx, NULL, &err));
    size_t bytes = f.model->value_count * sizeof(real);
    float *before = malloc(bytes);
    memcpy(before, f.model->values, bytes);
    visml_tensor *y = predict(f.model, f.x, 6);
    visml_session *s = assert_made(visml_session_new(f.model, NULL, &err), &err);
    const real *got;
    double want = 0;
    f.batch.labels = f.labels;
    double sum = visml_session_losses(s, f.loss, &f.batch, &got);
    for (int i = 0; i < 6; i++)
        want -= log((double)((float *)y->data)[i * 3 + f.labels[i]]);
    assert_true(fabs(sum - want) < 1e-5);
    assert_memory_equal(got, y->data, 18 * sizeof(real));
    assert_memory_equal(f.model->values, before, bytes);
    free(before);
    visml_session_free(s);
    visml_tensor_release(y);
    clear(&f);
}

static void the_trainer_keeps_the_model_and_allocates_nothing(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 2), &err), &err);
    fixture f = make(c, visml_sparse_categorical_crossentropy(c, NULL, &err));
    visml_trainer *t = trainer(&f, 6, 5);
    f.batch.labels = f.labels;
    double first = visml_trainer_gradients(t, &f.batch); /* starts the threads */
    visml_model_free(f.model);
    f.model = NULL;
    visml_context_free(c);
    int64_t calls = a.calls;
    assert_true(visml_trainer_gradients(t, &f.batch) == first);
    assert_int_equal(a.calls, calls);
    visml_trainer_free(t);
    clear(&f);
    assert_int_equal(a.live, 0);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = assert_made(visml_context_new(OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    fixture f = make(c, visml_sparse_categorical_crossentropy(c, NULL, &err));
    int64_t n = 0, live = a.live;
    for (visml_trainer *t = NULL; !t; visml_trainer_free(t)) {
        assert_int_equal(a.live, live);
        assert_true(++n < 100);
        a.countdown = n;
        t = visml_trainer_new(f.model, f.loss, 6, 1, &err);
        a.countdown = -1;
        assert_true(t || err.code == VISML_ENOMEM);
    }
    clear(&f);
    visml_context_free(c);
    assert_int_equal(a.live, 0);
}

static void bad_arguments_are_named(void **state) {
    (void)state;
    visml_model *open = small_cnn(ctx, &err);
    visml_loss *loss = visml_mean_squared_error(ctx, NULL, &err);
    assert_null(visml_trainer_new(open, loss, 1, 0, &err));
    assert_int_equal(err.code, VISML_ESTATE);
    built(open, &err);
    assert_null(visml_trainer_new(open, loss, 0, 0, &err));
    assert_string_equal(err.message, "max_batch is 0, must be at least 1");
    assert_null(visml_trainer_new(open, NULL, 1, 0, &err));
    assert_string_equal(err.message, "trainer: loss is NULL");
    assert_null(visml_trainer_new(NULL, loss, 1, 0, &err));
    assert_string_equal(err.message, "trainer: model is NULL");
    visml_trainer_free(NULL);
    visml_loss_free(loss);
    visml_model_free(open);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(agrees_with_keras), TEST(threads_do_not_show), TEST(random_numbers_follow_seed_and_step),
        TEST(inputs_and_targets_of_either_kind_agree), TEST(weights_and_divisor_scale), TEST(the_softmax_at_the_end_joins_the_loss),
        TEST(losses_of_a_session), TEST(the_trainer_keeps_the_model_and_allocates_nothing), TEST(every_allocation_may_fail),
        TEST(bad_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
