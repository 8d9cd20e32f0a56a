/* The memory plan: blocks that are in use at one time lie apart, the others share; nothing reads a block before or after its time. */
#include "model/exec.h"
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

/* ---- the table ---- */

static int overlap(const visml_plan_block *a, const visml_plan_block *b) {
    return a->bytes && b->bytes && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static int together(const visml_plan_block *a, const visml_plan_block *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* Bytes that are in use at a time. */
static size_t live_at(const visml_plan *p, int32_t now) {
    size_t sum = 0;
    for (size_t i = 0; i < p->block_count; i++)
        sum += !p->blocks[i].local && p->blocks[i].first <= now && now <= p->blocks[i].last ? p->blocks[i].bytes : 0;
    return sum;
}

static void check_plan(const visml_model *m, visml_mode mode, int64_t batch) {
    visml_plan p;
    size_t sum = 0, most = 0;
    assert_ok(visml_plan_make(&p, m, NULL, mode, batch, 0, &err), &err);
    for (size_t i = 0; i < p.block_count; i++) {
        const visml_plan_block *a = &p.blocks[i];
        assert_int_equal(a->offset % 64, 0);
        assert_true(a->first <= a->last && a->last <= 2 * (int32_t)m->node_count);
        assert_true(a->offset + a->bytes <= p.arena_bytes);
        sum += a->bytes;
        for (size_t k = 0; k < i; k++)
            assert_false(together(a, &p.blocks[k]) && overlap(a, &p.blocks[k]));
    }
    for (int32_t now = 0; now <= 2 * (int32_t)m->node_count; now++)
        most = live_at(&p, now) > most ? live_at(&p, now) : most;
    assert_true((double)p.arena_bytes < 0.8 * (double)sum);
    assert_true(p.arena_bytes >= most && (double)p.arena_bytes <= 1.1 * (double)most); /* little is lost to gaps */
    visml_plan_clear(&p);
}

static void blocks_share_memory_but_not_at_one_time(void **state) {
    (void)state;
    visml_model *m[] = {built(small_cnn(ctx, &err), &err), built(seed_cnn(ctx, &err), &err), built(residual(ctx, 0.5, &err), &err)};
    for (int i = 0; i < 3; i++) {
        for (int64_t batch = 1; batch < 200; batch = batch * 5 + 2) {
            check_plan(m[i], VISML_INFERENCE, batch);
            check_plan(m[i], VISML_TRAINING, batch);
        }
        visml_model_free(m[i]);
    }
}

/* A batch that is not full runs in the scratch memory of a full one. */
static void smaller_batches_need_no_more_scratch(void **state) {
    (void)state;
    visml_model *m[] = {built(small_cnn(ctx, &err), &err), built(seed_cnn(ctx, &err), &err), built(residual(ctx, 0.5, &err), &err)};
    for (int k = 0; k < 3; k++) {
        visml_plan p;
        assert_ok(visml_plan_make(&p, m[k], NULL, VISML_TRAINING, 1, 0, &err), &err);
        for (size_t i = 1; i < m[k]->node_count; i++) {
            const visml_layer *layer = m[k]->nodes[i].layer;
            visml_pass pass = {.compute = visml_context_compute(ctx), .inputs = m[k]->nodes[i].input_count,
                               .in = p.in + p.nodes[i].first_input, .out = &m[k]->nodes[i].shape};
            for (pass.mode = VISML_INFERENCE; pass.mode <= VISML_TRAINING && layer->cls->scratch; pass.mode++) {
                size_t before = 0;
                for (pass.batch = 1; pass.batch < 300; pass.batch++) {
                    size_t now = layer->cls->scratch(layer, &pass);
                    if (now < before)
                        fail_msg("%s, mode %d: a batch of %lld wants %zu bytes, one less %zu", layer->name, pass.mode,
                                 (long long)pass.batch, now, before);
                    before = now;
                }
            }
        }
        visml_plan_clear(&p);
        visml_model_free(m[k]);
    }
}

static void what_is_not_needed_is_not_planned(void **state) {
    (void)state;
    visml_model *m = built(seed_cnn(ctx, &err), &err);
    visml_plan p;
    assert_ok(visml_plan_make(&p, m, NULL, VISML_TRAINING, 4, 0, &err), &err);
    assert_int_equal(p.gradients[p.nodes[1].first_input].dx, -1); /* nobody wants the gradient of the input */
    assert_int_equal(p.nodes[0].dy, -1);
    assert_true(p.gradients[p.nodes[2].first_input].dx >= 0);
    assert_int_equal(p.nodes[16].value, 15); /* flatten */
    assert_int_equal(p.nodes[5].value, 5);   /* dropout works in training */
    assert_true(p.nodes[1].derived && p.nodes[3].derived);      /* by the normalisation and the maximum behind them */
    assert_true(!p.nodes[17].derived && !p.nodes[2].derived); /* dense before dropout; nothing to derive */
    visml_plan_clear(&p);
    assert_ok(visml_plan_make(&p, m, NULL, VISML_INFERENCE, 4, 0, &err), &err);
    assert_int_equal(p.nodes[5].value, 4); /* and stands aside in inference */
    for (size_t i = 0; i < m->node_count; i++)
        assert_true(p.nodes[i].dy == -1 && p.nodes[i].keep == -1 && p.nodes[i].backward_scratch == -1);
    visml_plan_clear(&p);
    visml_plan_clear(&p);
    visml_model_free(m);
}

/* Without anything to train before it, a layer is not walked back through. */
static void frozen_beginnings_are_left_out(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(6, 6, 1), &err);
    visml_model_add(m, visml_rescaling(ctx, OPTS(visml_rescaling_opts, .scale = 2), &err), &err);
    visml_model_add(m, visml_maxpool2d(ctx, NULL, &err), &err);
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 2), &err), &err);
    visml_plan p;
    assert_ok(visml_plan_make(&p, built(m, &err), NULL, VISML_TRAINING, 4, 0, &err), &err);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(p.nodes[i].dy, -1);
    assert_int_equal(p.gradients[p.nodes[4].first_input].dx, -1);
    assert_true(p.nodes[4].dy >= 0);
    visml_plan_clear(&p);
    visml_model_free(m);
}

static void sizes_that_cannot_be_are_refused(void **state) {
    (void)state;
    visml_model *m = built(small_cnn(ctx, &err), &err);
    visml_plan p;
    assert_int_equal(visml_plan_make(&p, m, NULL, VISML_INFERENCE, INT64_MAX / 2, 0, &err), VISML_ENOMEM);
    assert_string_equal(err.message, "a batch of 4611686018427387903 times [28, 28, 1] is more than can be addressed");
    visml_model_free(m);
}

/* Activation and sum leave their gradient where it is, for one of their inputs. */
static void gradients_are_handed_on(void **state) {
    (void)state;
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(4), &err);
    visml_plan p;
    visml_model_apply(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 4), &err), AFTER(0), &err);
    visml_model_apply(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 4), &err), AFTER(1), &err);
    visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(1, 2), &err);
    visml_model_apply(m, visml_activation(ctx, OPTS(visml_activation_opts, .activation = VISML_RELU), &err), AFTER(3), &err);
    visml_model_apply(m, visml_add(ctx, NULL, &err), AFTER(4, 4), &err);
    visml_model_apply(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 2), &err), AFTER(5), &err);
    assert_ok(visml_plan_make(&p, built(m, &err), NULL, VISML_TRAINING, 4, 0, &err), &err);
    assert_int_equal(p.nodes[3].dy, p.nodes[4].dy);
    assert_int_equal(p.nodes[4].dy, p.nodes[5].dy);
    assert_true(p.gradients[p.nodes[5].first_input + 1].dx != p.nodes[5].dy); /* the second of equal inputs is added */
    assert_int_equal(p.nodes[1].dy, p.nodes[3].dy);
    assert_true(p.nodes[2].dy != p.nodes[3].dy); /* one only */
    visml_plan_clear(&p);
    visml_model_free(m);
}

/* ---- poison: a layer that fills every block which is not in use with NaNs ---- */

static const visml_exec *watched; /* NULL: it only copies */
static size_t probe_count, at; /* such layers; how many have run, forward less backward */

static int32_t time_of(const visml_layer *layer) {
    int32_t node = 1;
    while (watched->model->nodes[node].layer != layer)
        node++;
    return node;
}

static void poison(int32_t now) {
    const visml_plan *p = &watched->plan;
    for (size_t i = 0; i < p->block_count; i++) {
        const visml_plan_block *b = &p->blocks[i];
        int covered = 0; /* by one that is in use */
        for (size_t k = 0; k < p->block_count; k++)
            covered |= p->blocks[k].first <= now && now <= p->blocks[k].last && overlap(b, &p->blocks[k]);
        if (!covered)
            memset(watched->arena + b->offset, 0xFF, b->bytes);
    }
}

static visml_status probe_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *e) {
    (void)layer, (void)inputs, (void)e;
    *out = *in;
    return VISML_OK;
}

static void probe_forward(const visml_layer *layer, const visml_pass *pass) {
    if (watched) {
        poison(time_of(layer));
        at++;
    }
    memcpy(pass->y, pass->x[0], (size_t)(pass->batch * visml_shape_count(pass->in)) * sizeof(real));
}

static void probe_backward(const visml_layer *layer, const visml_pass *pass) {
    if (watched) {
        poison(2 * (int32_t)watched->model->node_count - time_of(layer));
        at--;
    }
    if (pass->dx[0])
        memcpy(pass->dx[0], pass->dy, (size_t)(pass->batch * visml_shape_count(pass->in)) * sizeof(real));
}

static const visml_field probe_fields[] = {VISML_FIELD(visml_plain_opts, name, NAME, 0, 1, 0, 0, 0), {0}};
static const visml_layer_class probe_class = {.name = "probe", .title = "Probe", .opts_size = sizeof(visml_plain_opts),
                                              .fields = probe_fields, .min_inputs = 1, .max_inputs = 1, .infer = probe_infer,
                                              .forward = probe_forward, .backward = probe_backward};

static int32_t probed(visml_model *m, visml_layer *layer, const int32_t *inputs, size_t n) {
    int32_t node = visml_model_apply(m, layer, inputs, n, &err);
    node = visml_model_apply(m, visml_layer_make(ctx, &probe_class, NULL, &err), AFTER(node), &err);
    probe_count++;
    return node;
}

static visml_model *probed_network(void) {
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(8, 8, 3), &err);
    probe_count = at = 0;
    int32_t a = probed(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3}, .padding = VISML_SAME,
                                                 .activation = VISML_RELU), &err), AFTER(0));
    int32_t b = probed(m, visml_batchnorm(ctx, NULL, &err), AFTER(a));
    int32_t c = probed(m, visml_conv2d(ctx, OPTS(visml_conv2d_opts, .filters = 4, .kernel_size = {3}, .padding = VISML_SAME), &err),
                       AFTER(b));
    int32_t d = probed(m, visml_add(ctx, NULL, &err), AFTER(b, c, a, b));
    int32_t e = probed(m, visml_activation(ctx, OPTS(visml_activation_opts, .activation = VISML_TANH), &err), AFTER(d));
    int32_t f = probed(m, visml_maxpool2d(ctx, NULL, &err), AFTER(e)), g = probed(m, visml_avgpool2d(ctx, NULL, &err), AFTER(e));
    int32_t h = probed(m, visml_concatenate(ctx, NULL, &err), AFTER(f, g, f));
    int32_t i = probed(m, visml_dropout(ctx, OPTS(visml_dropout_opts, .rate = 0.3), &err), AFTER(h));
    int32_t k = visml_model_apply(m, visml_flatten(ctx, NULL, &err), AFTER(i), &err);
    int32_t l = probed(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 9, .activation = VISML_SOFTMAX), &err), AFTER(k));
    visml_model_apply(m, visml_dense(ctx, OPTS(visml_dense_opts, .units = 3, .activation = VISML_SOFTMAX), &err), AFTER(l), &err);
    return built(m, &err);
}

static void nothing_is_read_out_of_its_time_in_inference(void **state) {
    (void)state;
    visml_model *m = probed_network();
    for (int32_t max = 1; max <= 7; max += 3)
        for (visml_dtype dtype = VISML_F32; dtype <= VISML_U8; dtype += VISML_U8 - VISML_F32) {
            visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 1, dtype, 3), *want = predict(m, x, max);
            visml_session *s = assert_made(visml_session_new(m, OPTS(visml_session_opts, .max_batch = max), &err), &err);
            visml_tensor *y = new_output(m, 1);
            watched = visml_session_inside(s);
            memset(watched->arena, 0xFF, watched->plan.arena_bytes);
            at = 0;
            assert_ok(visml_session_run(s, x, y, &err), &err);
            assert_int_equal(at, probe_count);
            watched = NULL;
            assert_same_bits(y, want);
            visml_session_free(s);
            visml_tensor_release(x);
            visml_tensor_release(y);
            visml_tensor_release(want);
        }
    visml_model_free(m);
}

/* ---- group by group ---- */

/* What is shared lies before all places and scratch; local arrays lie in the first thread's place. */
static void check_places(const visml_plan *p) {
    size_t shared = 0, local = SIZE_MAX;
    for (size_t i = 0; i < p->block_count; i++) {
        const visml_plan_block *b = &p->blocks[i];
        if (b->local)
            local = b->offset < local ? b->offset : local;
        else
            shared = b->offset + b->bytes > shared ? b->offset + b->bytes : shared;
    }
    assert_true(shared <= local && (local == SIZE_MAX || p->scratch == local + p->places * p->place_bytes));
    for (size_t i = 0; i < p->block_count; i++)
        assert_true(!p->blocks[i].local || p->blocks[i].offset + p->blocks[i].bytes <= local + p->place_bytes);
    assert_true(p->scratch + p->places * p->scratch_bytes <= p->arena_bytes);
    for (size_t i = 0; i < p->block_count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(together(&p->blocks[i], &p->blocks[k]) && overlap(&p->blocks[i], &p->blocks[k]));
}

static void local_arrays_have_a_place_a_thread(void **state) {
    (void)state;
    visml_model *m[] = {built(small_cnn(ctx, &err), &err), built(seed_cnn(ctx, &err), &err), built(residual(ctx, 0.5, &err), &err)};
    for (int i = 0; i < 3; i++) {
        size_t whole = 0;
        for (size_t group = 0; group <= 1 << 20; group = 4 * group + 1) {
            visml_plan p;
            assert_ok(visml_plan_make(&p, m[i], NULL, VISML_INFERENCE, 32, group, &err), &err);
            check_places(&p);
            whole = group ? whole : p.arena_bytes;
            assert_int_equal(p.places, group == 0 || p.stretches[0].rows > 16 ? 1 : 2);
            if (group == 1 && i == 1) /* the others are small beside their scratch */
                assert_true(p.stretches[0].rows < 32 && p.arena_bytes < whole);
            visml_plan_clear(&p);
        }
        visml_model_free(m[i]);
    }
}

/* One thread, so that the poison meets one group at a time. */
static void nothing_is_read_out_of_its_time_in_groups(void **state) {
    (void)state;
    visml_context *one = test_context(1), *two = ctx;
    ctx = one;
    visml_model *m = probed_network();
    visml_tensor *x = random_input(one, visml_model_input_shape(m), 7, VISML_REAL_DTYPE, 3), *want = predict(m, x, 7);
    for (size_t group = 1; group < 100000; group *= 3) {
        visml_exec run;
        assert_ok(visml_exec_init(&run, m, VISML_INFERENCE, 7, group, 0, &err), &err);
        memset(run.arena, 0xFF, run.plan.arena_bytes);
        visml_exec_input(&run, x->data, VISML_REAL_DTYPE, 7);
        watched = &run;
        at = 0;
        visml_exec_forward(&run);
        watched = NULL;
        assert_true(at > probe_count || run.plan.stretches[0].rows == 7);
        assert_memory_equal(visml_exec_output(&run), want->data, 7 * 3 * sizeof(real));
        visml_exec_clear(&run);
    }
    visml_tensor_release(x);
    visml_tensor_release(want);
    visml_model_free(m);
    visml_context_free(one);
    ctx = two;
}

static void nothing_is_read_out_of_its_time_in_training(void **state) {
    (void)state;
    const int32_t labels[5] = {0, 2, 1, 1, 0};
    visml_model *m = probed_network();
    visml_loss *loss = visml_sparse_categorical_crossentropy(ctx, NULL, &err);
    visml_tensor *x = random_input(ctx, visml_model_input_shape(m), 5, VISML_U8, 3);
    visml_train_batch batch = {.rows = 5, .x = x->data, .x_dtype = VISML_U8, .labels = labels, .divisor = 5};
    visml_trainer *t = assert_made(visml_trainer_new(m, loss, 6, 1, &err), &err), *p = visml_trainer_new(m, loss, 6, 1, &err);
    double want = visml_trainer_gradients(t, &batch);
    watched = visml_trainer_inside(p);
    memset(watched->arena, 0xFF, watched->plan.arena_bytes);
    double got = visml_trainer_gradients(p, &batch);
    watched = NULL;
    assert_int_equal(at, 0);
    assert_true(got == want);
    assert_memory_equal(visml_trainer_grads(p), visml_trainer_grads(t), m->trainable_count * sizeof(real));
    assert_memory_equal(visml_trainer_output(p), visml_trainer_output(t), 15 * sizeof(real));
    visml_trainer_free(t);
    visml_trainer_free(p);
    visml_tensor_release(x);
    visml_loss_free(loss);
    visml_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_share_memory_but_not_at_one_time), cmocka_unit_test(smaller_batches_need_no_more_scratch),
        cmocka_unit_test(what_is_not_needed_is_not_planned), cmocka_unit_test(gradients_are_handed_on),
        cmocka_unit_test(frozen_beginnings_are_left_out), cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(local_arrays_have_a_place_a_thread), cmocka_unit_test(nothing_is_read_out_of_its_time_in_groups),
        cmocka_unit_test(nothing_is_read_out_of_its_time_in_inference), cmocka_unit_test(nothing_is_read_out_of_its_time_in_training),
    };
    ctx = test_context(2);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
