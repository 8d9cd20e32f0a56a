/* A window over a pyramid. */
#include "pipeline/pipelines.h"

static visml_context *ctx;
static visml_error err;
static visml_pipeline *pipeline;

enum { SIDE = 16, CLASSES = 3 };

/* A thing in a window: a bright disk, a ring, or nothing but weak noise. */
static int is_bright(int label, double r) {
    return label == 0 ? r < 0.7 : label == 1 ? r > 0.45 && r < 0.8 : 0;
}

static void draw(unsigned char *to, int64_t row, int side, int label, uint64_t *random) {
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double dy = (y + 0.5) / side * 2 - 1, dx = (x + 0.5) / side * 2 - 1;
            to[y * row + x] = (unsigned char)((is_bright(label, sqrt(dx * dx + dy * dy)) ? 200 : 20) + (int)(test_random(random) % 20));
        }
}

static visml_dataset *windows(int64_t n) {
    static const char *const names[] = {"disk", "ring", "nothing"};
    uint64_t random = 11;
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(n, SIDE, SIDE, 1), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), &err), &err);
    for (int64_t i = 0; i < n; i++) {
        int label = (int)(i % CLASSES);
        ((int32_t *)(void *)y->data)[i] = label;
        draw((unsigned char *)x->data + i * SIDE * SIDE, SIDE, SIDE, label, &random);
        if (label == 2 && i % 2) /* things that are cut off are no things */
            draw((unsigned char *)x->data + i * SIDE * SIDE, SIDE, SIDE / 2, (int)(i / 6 % 2), &random);
    }
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, names, CLASSES, &err), &err);
    visml_tensor_release(x), visml_tensor_release(y);
    return ds;
}

static int set_up(void **state) {
    static const char text[] = "{\"features\": [{\"class\": \"hog\", \"pixels_per_cell\": [4, 4], \"cells_per_block\": [2, 2]}, "
                               "\"pixels\"], \"classifier\": {\"class\": \"k_neighbors\", \"n_neighbors\": 1}}";
    (void)state;
    ctx = test_context(2);
    pipeline = assert_made(visml_pipeline_from_json(ctx, text, sizeof text - 1, &err), &err);
    visml_dataset *ds = windows(60);
    assert_ok(visml_pipeline_fit(pipeline, ds, NULL, &err), &err);
    visml_dataset_free(ds);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_pipeline_free(pipeline);
    visml_context_free(ctx);
    return 0;
}

/* 96 x 80: a disk of the window's size at (8, 12), a ring of twice its size at (48, 24). */
static visml_tensor *picture(void) {
    uint64_t random = 3;
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(96, 80, 1), &err), &err);
    for (int64_t i = 0; i < t->count; i++)
        ((unsigned char *)t->data)[i] = (unsigned char)(20 + test_random(&random) % 20);
    draw((unsigned char *)t->data + 8 * 80 + 12, 80, SIDE, 0, &random);
    draw((unsigned char *)t->data + 48 * 80 + 24, 80, 2 * SIDE, 1, &random);
    return t;
}

typedef struct detections {
    visml_tensor *boxes, *scores, *labels;
} detections;

static void release(detections *d) {
    visml_tensor_release(d->boxes), visml_tensor_release(d->scores), visml_tensor_release(d->labels);
}

static const float *box(const detections *d, int64_t i) {
    return (const float *)(const void *)d->boxes->data + 4 * i;
}

static int is_at(const float *b, float top, float left, float side) {
    return fabsf(b[0] - top) <= 4 && fabsf(b[1] - left) <= 4 && fabsf(b[2] - side) <= 4 && fabsf(b[3] - side) <= 4;
}

#define PLAIN .background = "nothing", .stride = 2, .scale = 2, .scales = 2

static void things_of_two_sizes_are_found(void **state) {
    (void)state;
    visml_tensor *x = picture();
    detections d;
    assert_ok(visml_pipeline_detect(pipeline, x, VISML_OPTS(visml_detect_opts, PLAIN), &d.boxes, &d.scores, &d.labels, &err), &err);
    const int32_t *labels = (const int32_t *)(const void *)d.labels->data;
    int disk = 0, ring = 0;
    for (int64_t i = 0; i < d.labels->count; i++) {
        disk |= labels[i] == 0 && is_at(box(&d, i), 8, 12, SIDE);
        ring |= labels[i] == 1 && is_at(box(&d, i), 48, 24, 2 * SIDE);
        assert_in_range(labels[i], 0, 1);
        for (int64_t k = 0; k < i; k++)
            assert_true(((const float *)(const void *)d.scores->data)[k] >= ((const float *)(const void *)d.scores->data)[i]);
    }
    assert_true(disk && ring);
    release(&d);
    visml_tensor_release(x);
}

/* Each window is what the pipeline says of the same pixels cut out by hand. */
static void a_window_is_a_picture(void **state) {
    (void)state;
    visml_tensor *x = picture();
    detections d;
    assert_ok(visml_pipeline_detect(pipeline, x, VISML_OPTS(visml_detect_opts, .stride = 8, .scales = 1, .overlap = 1, .threshold = -1),
                                    &d.boxes, &d.scores, &d.labels, &err), &err);
    assert_int_equal(d.labels->count, 11 * 9);
    for (int64_t i = 0; i < d.labels->count; i++) {
        visml_tensor *cut = assert_made(visml_image_crop(x, (int64_t)box(&d, i)[0], (int64_t)box(&d, i)[1], SIDE, SIDE, &err), &err);
        visml_tensor *label = assert_made(visml_pipeline_predict(pipeline, cut, &err), &err);
        assert_int_equal(((const int32_t *)(const void *)label->data)[0], ((const int32_t *)(const void *)d.labels->data)[i]);
        visml_tensor_release(cut), visml_tensor_release(label);
    }
    release(&d);
    visml_tensor_release(x);
}

/* A window of another size than the pictures that were learned from: all is as much larger. */
static void windows_of_another_size(void **state) {
    (void)state;
    visml_tensor *x = picture();
    detections d;
    assert_ok(visml_pipeline_detect(pipeline, x, VISML_OPTS(visml_detect_opts, .background = "nothing", .height = 2 * SIDE,
                                                            .width = 2 * SIDE, .stride = 2, .scales = 1),
                                    &d.boxes, &d.scores, &d.labels, &err), &err);
    int ring = 0;
    for (int64_t i = 0; i < d.labels->count; i++) {
        assert_true(box(&d, i)[2] == 2 * SIDE && box(&d, i)[3] == 2 * SIDE);
        ring |= ((const int32_t *)(const void *)d.labels->data)[i] == 1 && is_at(box(&d, i), 48, 24, 2 * SIDE);
    }
    assert_true(ring);
    release(&d);
    visml_tensor_release(x);
}

static void nothing_in_a_picture_that_is_too_small(void **state) {
    (void)state;
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(SIDE - 1, 80, 1), &err), &err);
    detections d;
    assert_ok(visml_pipeline_detect(pipeline, x, NULL, &d.boxes, &d.scores, &d.labels, &err), &err);
    assert_int_equal(d.boxes->shape.dims[0], 0);
    assert_int_equal(d.boxes->shape.dims[1], 4);
    release(&d);
    visml_tensor_release(x);
}

static void the_best_alone(void **state) {
    (void)state;
    visml_tensor *x = picture();
    detections d;
    assert_ok(visml_pipeline_detect(pipeline, x, VISML_OPTS(visml_detect_opts, PLAIN, .most = 1), &d.boxes, &d.scores, &d.labels, &err),
              &err);
    assert_int_equal(d.labels->count, 1);
    release(&d);
    visml_tensor_release(x);
}

static int32_t at_once(void *user, const visml_pipeline_progress *p) {
    *(int64_t *)user = p->total;
    return 1;
}

static void assert_refused(const visml_tensor *x, const visml_detect_opts *opts, visml_status code, const char *message) {
    detections d = {0};
    assert_status(visml_pipeline_detect(pipeline, x, opts, &d.boxes, &d.scores, &d.labels, &err), code, &err);
    assert_string_equal(err.message, message);
    assert_true(!d.boxes && !d.scores && !d.labels);
}

static void mistakes_are_named(void **state) {
    int64_t total = 0;
    (void)state;
    visml_tensor *x = picture(), *rgb = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(20, 20, 3), &err), &err);
    assert_refused(x, VISML_OPTS(visml_detect_opts, .background = "none"), VISML_EINVAL,
                   "detect: background is \"none\", must be the name of a class");
    assert_refused(x, VISML_OPTS(visml_detect_opts, .height = 4), VISML_EINVAL, "detect: height is 4 and width 0; give both, or neither");
    assert_refused(x, VISML_OPTS(visml_detect_opts, .scale = 1), VISML_EINVAL, "detect: scale is 1, must be above 1 to 1000");
    assert_refused(x, VISML_OPTS(visml_detect_opts, .scales = 1, .progress = at_once, .user = &total), VISML_ECANCELLED,
                   "pipeline: stopped by the caller at 99 of 99");
    assert_int_equal(total, 99);
    detections d = {0};
    assert_status(visml_pipeline_detect(pipeline, rgb, NULL, &d.boxes, &d.scores, &d.labels, &err), VISML_EINVAL, &err);
    visml_tensor_release(x), visml_tensor_release(rgb);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_of_two_sizes_are_found), cmocka_unit_test(a_window_is_a_picture), cmocka_unit_test(windows_of_another_size),
        cmocka_unit_test(nothing_in_a_picture_that_is_too_small), cmocka_unit_test(the_best_alone), cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
