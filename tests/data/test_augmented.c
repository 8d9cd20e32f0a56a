/* Augmented datasets: the same batches for any number of workers and threads; mixing; what becomes of targets and of invalid samples. */
#include <math.h>

#include "base/checksum.h"
#include "data/dataset.h"
#include "fixtures.h"

#define SAMPLES 37
#define HEIGHT 6
#define WIDTH 5

static visml_error err;

/* Sample i: all pixels 4 i + channel; class i % 3; every tenth but seven is invalid, when asked for. */
static int32_t make_sample(void *user, int64_t i, void *pixels, int32_t *label, char *reason) {
    uint8_t *p = pixels;
    if (user && i % 10 == 7) {
        snprintf(reason, 256, "number %d is bad", (int)i);
        return 1;
    }
    for (int k = 0; k < HEIGHT * WIDTH * 3; k++)
        p[k] = (uint8_t)(4 * i + k % 3 + (k / 3 % WIDTH == 0 ? 90 : 0));
    *label = (int32_t)(i % 3);
    return 0;
}

static visml_dataset *samples(visml_context *ctx, int bad, visml_on_invalid on_invalid) {
    visml_source_opts o = {.size = sizeof o, .on_invalid = on_invalid};
    return assert_made(visml_dataset_from_callback(ctx, SAMPLES, VISML_U8, VISML_SHAPE(HEIGHT, WIDTH, 3), NULL, 3, make_sample,
                                                   bad ? ctx : NULL, &o, &err), &err);
}

static visml_dataset *augmented(visml_context *ctx, int bad, visml_on_invalid on_invalid, const char *json) {
    visml_augmentation *a = assert_made(visml_augmentation_from_json(ctx, json, strlen(json), &err), &err);
    visml_dataset *ds = samples(ctx, bad, on_invalid), *out = assert_made(visml_dataset_augment(ds, a, &err), &err);
    visml_augmentation_free(a); /* the dataset keeps both */
    visml_dataset_free(ds);
    return out;
}

#define SINGLES                                                                                                                        \
    "{\"class\": \"random_rotation\", \"factor\": 0.2}, {\"class\": \"random_flip\"}, {\"class\": \"random_erasing\"}, {\"class\": " \
    "\"rand_augment\"}"
#define CHAIN "[" SINGLES "]"
#define MIXED "[" SINGLES ", {\"class\": \"mix_up\", \"alpha\": 1}, {\"class\": \"cut_mix\"}]"

/* A fingerprint of two epochs. */
static uint32_t run(const char *json, int bad, visml_on_invalid on_invalid, int32_t threads, const visml_loader_opts *opts) {
    visml_context *ctx = test_context(threads);
    visml_dataset *ds = augmented(ctx, bad, on_invalid, json);
    visml_loader *l = assert_made(visml_loader_new(ds, opts, &err), &err);
    uint32_t crc = 0;
    for (visml_batch *b = NULL;;) {
        assert_ok(visml_loader_next(l, &b, &err), &err);
        if (!b)
            break;
        visml_tensor *x = visml_batch_images(b), *y = visml_batch_targets(b);
        crc = visml_crc32(crc, visml_tensor_data(x), (size_t)visml_tensor_count(x));
        crc = visml_crc32(crc, visml_tensor_data(y), (size_t)visml_tensor_count(y) * 4);
        crc = visml_crc32(crc, visml_batch_indices(b), (size_t)visml_batch_count(b) * sizeof(int64_t));
        visml_batch_free(b);
    }
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_context_free(ctx);
    return crc;
}

static void workers_and_threads_change_nothing(void **state) {
    static const int32_t workers[] = {-1, 1, 2, 8}, threads[] = {1, 2, 8};
    static const char *const chains[] = {CHAIN, MIXED, "[{\"class\": \"cut_mix\"}]"};
    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (int32_t invalid = VISML_INVALID_DROP; invalid <= VISML_INVALID_KEEP; invalid += VISML_INVALID_KEEP) {
            visml_loader_opts o = {.size = sizeof o, .batch_size = 8, .shuffle = 1, .workers = -1, .epochs = 2, .seed = 11};
            uint32_t want = run(chains[k], 1, invalid, 1, &o);
            for (size_t w = 0; w < 4; w++)
                for (size_t t = 0; t < 3; t++) {
                    o.workers = workers[w];
                    o.prefetch = (int32_t)t;
                    assert_int_equal(run(chains[k], 1, invalid, threads[t], &o), want);
                }
            o.seed = 12;
            assert_int_not_equal(run(chains[k], 1, invalid, 1, &o), want);
        }
}

/* Each picture of a loader is what visml_augment_image makes of it, whatever the batches. */
static void batches_hold_what_augment_image_makes(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_augmentation *a = assert_made(visml_augmentation_from_json(ctx, CHAIN, strlen(CHAIN), &err), &err);
    visml_dataset *plain = samples(ctx, 0, 0), *ds = assert_made(visml_dataset_augment(plain, a, &err), &err);
    for (int32_t size = 1; size <= 16; size += 15) {
        visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = size, .shuffle = 1, .epochs = 2,
                                                                      .seed = 4), &err), &err);
        for (visml_batch *b = NULL;;) {
            assert_ok(visml_loader_next(l, &b, &err), &err);
            if (!b)
                break;
            for (int64_t r = 0; r < visml_batch_count(b); r++) {
                int64_t i = visml_batch_indices(b)[r];
                visml_tensor *in = assert_made(visml_dataset_read(plain, i, &err), &err);
                visml_tensor *out = assert_made(visml_augment_image(a, in, 4, visml_batch_epoch(b), i, &err), &err);
                assert_memory_equal((char *)visml_tensor_data(visml_batch_images(b)) + r * out->count, out->data, (size_t)out->count);
                visml_tensor_release(in);
                visml_tensor_release(out);
            }
            visml_batch_free(b);
        }
        visml_loader_free(l);
    }
    visml_dataset_free(plain);
    visml_dataset_free(ds);
    visml_augmentation_free(a);
    visml_context_free(ctx);
}

/* From the middle of an epoch on: the batches that the whole run would have given. */
static void a_run_goes_on_where_it_stopped(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = augmented(ctx, 0, 0, MIXED);
    visml_loader *whole = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 8, .shuffle = 1, .epochs = 2),
                                                       &err), &err);
    visml_loader *rest = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 8, .shuffle = 1, .epochs = 2,
                                                                     .start_epoch = 1, .start_batch = 2), &err), &err);
    for (int64_t k = 0; k < 10; k++) {
        visml_batch *a = NULL, *b = NULL;
        assert_ok(visml_loader_next(whole, &a, &err), &err);
        if (k >= 7) {
            assert_ok(visml_loader_next(rest, &b, &err), &err);
            const visml_tensor *x = visml_batch_images(a), *y = visml_batch_images(b);
            assert_int_equal(x->count, y->count);
            assert_memory_equal(x->data, y->data, (size_t)x->count);
        }
        visml_batch_free(a);
        visml_batch_free(b);
    }
    visml_loader_free(whole);
    visml_loader_free(rest);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- mixing ---- */

/* Shares of a row: two classes at most besides rounding, 1 in all. Pixels tell which two pictures they are. */
static void rows_are_mixed_as_their_targets_say(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = augmented(ctx, 0, 0, "[{\"class\": \"cut_mix\"}]");
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 12, .epochs = 5), &err), &err);
    int mixed = 0;
    for (visml_batch *b = NULL;;) {
        assert_ok(visml_loader_next(l, &b, &err), &err);
        if (!b)
            break;
        const visml_tensor *targets = visml_batch_targets(b);
        assert_true(targets->dtype == VISML_F32 && targets->shape.rank == 2 && targets->shape.dims[1] == 3);
        for (int64_t r = 0; r < visml_batch_count(b); r++) {
            const uint8_t *p = (uint8_t *)visml_tensor_data(visml_batch_images(b)) + r * HEIGHT * WIDTH * 3;
            float want[3] = {0, 0, 0};
            int64_t own = visml_batch_indices(b)[r];
            for (int k = 0; k < HEIGHT * WIDTH; k++) {
                int64_t from = (p[3 * k] - (k % WIDTH == 0 ? 90 : 0)) / 4;
                want[from % 3] += 1.0f / (HEIGHT * WIDTH);
                mixed += from != own;
            }
            for (int c = 0; c < 3; c++)
                assert_true(fabsf(((float *)visml_tensor_data(visml_batch_targets(b)))[3 * r + c] - want[c]) < 1e-5f);
        }
        visml_batch_free(b);
    }
    assert_true(mixed > 5 * SAMPLES * HEIGHT * WIDTH / 10);
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* With mix_up a pixel's value is as far between two pictures as the targets say. */
static void mix_up_is_linear(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    float x[4] = {0, 1, 2, 4}, y[4] = {10, 11, 12, 14}; /* y = x + 10 stays so under any mixture */
    visml_tensor *images = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(4, 1, 1, 1), &err), &err);
    visml_tensor *targets = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(4, 1), &err), &err);
    memcpy(visml_tensor_data(images), x, sizeof x);
    memcpy(visml_tensor_data(targets), y, sizeof y);
    visml_dataset *plain = assert_made(visml_dataset_from_arrays(ctx, images, targets, NULL, 0, &err), &err);
    visml_augmentation *a = assert_made(visml_mix_up(ctx, VISML_OPTS(visml_mix_up_opts, .alpha = 1), &err), &err);
    visml_dataset *ds = assert_made(visml_dataset_augment(plain, a, &err), &err);
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 4, .epochs = 20), &err), &err);
    double moved = 0;
    for (visml_batch *b = NULL;;) {
        assert_ok(visml_loader_next(l, &b, &err), &err);
        if (!b)
            break;
        for (int r = 0; r < 4; r++) {
            float px = ((float *)visml_tensor_data(visml_batch_images(b)))[r], py = ((float *)visml_tensor_data(visml_batch_targets(b)))[r];
            assert_true(fabsf(py - px - 10) < 1e-5f && px >= 0 && px <= 4);
            moved += fabs((double)(px - x[r]));
        }
        visml_batch_free(b);
    }
    assert_true(moved > 10);
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_dataset_free(plain);
    visml_augmentation_free(a);
    visml_tensor_release(images);
    visml_tensor_release(targets);
    visml_context_free(ctx);
}

/* Rows that are kept for invalid samples stay zeros without a class, and none of the others has anything from them. */
static void invalid_rows_take_no_part(void **state) {
    (void)state;
    visml_context *ctx = test_context(2);
    visml_dataset *ds = augmented(ctx, 1, VISML_INVALID_KEEP, "[{\"class\": \"mix_up\", \"alpha\": 1}]");
    visml_loader *l = assert_made(visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 12), &err), &err);
    for (visml_batch *b = NULL;;) {
        assert_ok(visml_loader_next(l, &b, &err), &err);
        if (!b)
            break;
        for (int64_t r = 0; r < visml_batch_count(b); r++) {
            const float *share = (float *)visml_tensor_data(visml_batch_targets(b)) + 3 * r;
            float sum = share[0] + share[1] + share[2];
            assert_true(fabsf(sum - (visml_batch_indices(b)[r] % 10 == 7 ? 0 : 1)) < 1e-6f);
        }
        visml_batch_free(b);
    }
    assert_int_equal(visml_dataset_dropped_count(ds), 3);
    visml_loader_free(l);
    visml_dataset_free(ds);
    visml_context_free(ctx);
}

/* ---- datasets ---- */

static void views_keep_the_augmentation(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = augmented(ctx, 0, 0, "[{\"class\": \"random_crop\", \"height\": 3, \"width\": 4}]");
    visml_dataset *part = assert_made(visml_dataset_subset(ds, (int64_t[]){5, 7}, 2, &err), &err);
    visml_dataset *named = assert_made(visml_dataset_with_classes(part, (const char *[]){"2", "1", "0"}, 3, &err), &err);
    visml_augmentation *more = assert_made(visml_random_crop(ctx, VISML_OPTS(visml_random_crop_opts, .height = 2, .width = 2), &err), &err);
    visml_dataset *twice = assert_made(visml_dataset_augment(named, more, &err), &err);
    visml_shape shape;
    assert_ok(visml_dataset_sample_shape(part, &shape, &err), &err);
    assert_true(shape.dims[0] == 3 && shape.dims[1] == 4);
    assert_ok(visml_dataset_sample_shape(twice, &shape, &err), &err);
    assert_true(shape.dims[0] == 2 && shape.dims[1] == 2);
    assert_string_equal(visml_dataset_class_name(twice, 0), "2");
    visml_tensor *t = assert_made(visml_dataset_read(named, 1, &err), &err);
    assert_true(t->shape.dims[0] == 3 && t->shape.dims[1] == 4 && t->shape.dims[2] == 3);
    visml_tensor_release(t);
    visml_dataset_free(ds);
    visml_dataset_free(part);
    visml_dataset_free(named);
    visml_dataset_free(twice);
    visml_augmentation_free(more);
    visml_context_free(ctx);
}

static void refuses_what_cannot_be(void **state) {
    (void)state;
    visml_context *ctx = test_context(1);
    visml_dataset *ds = samples(ctx, 0, 0);
    visml_dataset *rows =
        assert_made(visml_dataset_from_callback(ctx, 4, VISML_U8, VISML_SHAPE(9), NULL, 3, make_sample, NULL, NULL, &err), &err);
    visml_dataset *unnamed =
        assert_made(visml_dataset_from_callback(ctx, 4, VISML_U8, VISML_SHAPE(2, 2, 3), NULL, 0, make_sample, NULL, NULL, &err), &err);
    visml_augmentation *flip = assert_made(visml_random_flip(ctx, NULL, &err), &err);
    visml_augmentation *mix = assert_made(visml_mix_up(ctx, NULL, &err), &err);
    assert_refused(visml_dataset_augment(NULL, flip, ERR), VISML_EINVAL, "ds is NULL");
    assert_refused(visml_dataset_augment(ds, NULL, ERR), VISML_EINVAL, "augmentation is NULL");
    assert_refused(visml_dataset_augment(rows, flip, ERR), VISML_EINVAL, "[height, width, channels]");
    assert_refused(visml_dataset_augment(unnamed, mix, ERR), VISML_EINVAL, "mix_up mixes classes");
    visml_augmentation_free(flip);
    visml_augmentation_free(mix);
    visml_dataset_free(ds);
    visml_dataset_free(rows);
    visml_dataset_free(unnamed);
    visml_context_free(ctx);
}

/* The n-th allocation fails, for all n: an error that says so, and nothing leaks. */
static void runs_out_of_memory_in_order(void **state) {
    test_allocator a;
    (void)state;
    test_allocator_init(&a);
    visml_context *ctx = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), &err), &err);
    int64_t before = a.live;
    for (int64_t n = 1, done = 0; !done; n++) {
        visml_dataset *plain = samples(ctx, 0, VISML_INVALID_ERROR), *ds = NULL;
        visml_loader *l = NULL;
        visml_batch *b = NULL;
        memset(&err, 0, sizeof err);
        a.countdown = n;
        visml_augmentation *chain = visml_augmentation_from_json(ctx, MIXED, strlen(MIXED), &err);
        ds = chain ? visml_dataset_augment(plain, chain, &err) : NULL;
        l = ds ? visml_loader_new(ds, VISML_OPTS(visml_loader_opts, .batch_size = 4, .workers = -1), &err) : NULL;
        done = l && visml_loader_next(l, &b, &err) == VISML_OK;
        a.countdown = -1;
        if (!done)
            assert_int_equal(err.code, VISML_ENOMEM);
        visml_batch_free(b);
        visml_loader_free(l);
        visml_dataset_free(ds);
        visml_augmentation_free(chain);
        visml_dataset_free(plain);
        assert_int_equal(a.live, before);
    }
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_and_threads_change_nothing),
        cmocka_unit_test(batches_hold_what_augment_image_makes),
        cmocka_unit_test(a_run_goes_on_where_it_stopped),
        cmocka_unit_test(rows_are_mixed_as_their_targets_say),
        cmocka_unit_test(mix_up_is_linear),
        cmocka_unit_test(invalid_rows_take_no_part),
        cmocka_unit_test(views_keep_the_augmentation),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(runs_out_of_memory_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
