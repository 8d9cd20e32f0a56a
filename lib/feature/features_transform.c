/* The public calls that make vectors of pictures. */
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/features.h"
#include "feature/picture.h"

static visml_status check_ready(const visml_features *f, visml_error *err) {
    if (!f)
        return visml_fail(err, VISML_EINVAL, "features: features is NULL");
    if (!f->branch_count)
        return visml_fail(err, VISML_EINVAL, "features: nothing is looked at; call visml_features_add first");
    if (!visml_features_is_fitted(f))
        return visml_fail(err, VISML_ESTATE, "features: not fitted yet; call visml_features_fit first");
    return VISML_OK;
}

/* The first transform learned from vectors of one length. */
static visml_status check_length(const visml_features *f, int64_t length, visml_error *err) {
    int64_t dims = 0;
    for (size_t i = 0; i < f->transform_count; i++) {
        dims = f->transforms[i]->dims;
        if (dims && dims != length)
            return visml_fail(err, VISML_EINVAL, "features: vectors have %lld numbers, those that %s learned from %lld; pictures must have "
                              "the size of those that were learned from, or a size be given (height, width)", (long long)length,
                              f->transforms[i]->object.kind->name, (long long)dims);
        length = visml_transform_class_of(f->transforms[i])->length(f->transforms[i], length);
    }
    return VISML_OK;
}

visml_status visml_features_length(const visml_features *features, const visml_shape *image, int64_t *length, visml_error *err) {
    visml_features_plan plan;
    VISML_TRY(check_ready(features, err));
    if (!image || !length)
        return visml_fail(err, VISML_EINVAL, "features: %s is NULL", image ? "length" : "image");
    VISML_TRY(visml_shape_check("features: image", image, 1, err));
    if (image->rank != 3 || image->dims[0] > 65535 || image->dims[1] > 65535)
        return visml_fail(err, VISML_EINVAL, "features: image is %s, must be [height, width, channels] with sides of 1 to 65535",
                          visml_shape_format(image).s);
    visml_compute c = visml_context_compute(features->context);
    VISML_TRY(visml_features_plan_make(features, &c, 0, image->dims[0], image->dims[1], image->dims[2], &plan, err));
    VISML_TRY(check_length(features, plan.length, err));
    *length = visml_features_length_after(features, plan.length, features->transform_count);
    return VISML_OK;
}

/* ---- batches ---- */

typedef struct batch {
    const visml_features *f;
    const visml_tensor *images; /* [N, H, W, C] */
    int64_t length;
    float *y; /* [N, length] */
    visml_features_worker *workers;
    visml_status *status; /* [workers] the first failure of each */
    visml_error *errors;
} batch;

/* Image i as a tensor on the stack, without a reference of its own to the batch: nobody keeps it. */
static visml_tensor image_of(const visml_tensor *images, int64_t i) {
    const visml_shape *s = &images->shape;
    visml_shape shape = visml_shape_make(3, s->dims + 1);
    visml_tensor t = {.context = images->context, .references = 1, .dtype = images->dtype, .shape = shape};
    t.count = visml_shape_count(&shape);
    t.strides[0] = shape.dims[1] * shape.dims[2];
    t.strides[1] = shape.dims[2];
    t.strides[2] = 1;
    t.data = images->data + (size_t)(i * t.count) * visml_dtype_bytes(images->dtype);
    return t;
}

static visml_status run_one(const batch *b, visml_features_worker *w, int64_t i, visml_error *err) {
    visml_tensor image = image_of(b->images, i);
    visml_status status = visml_features_check_image(&w->compute, &image, err);
    if (status < 0)
        return b->images->shape.dims[0] > 1 ? visml_fail_in(err, status, "picture %lld", (long long)i) : status;
    VISML_TRY(visml_features_prepare(b->f, w, &image, err));
    return visml_features_picture(b->f, w, &image, b->y + i * b->length, err);
}

static void run_task(void *arg, size_t i, size_t worker) {
    batch *b = arg;
    if (b->status[worker] == VISML_OK)
        b->status[worker] = run_one(b, &b->workers[worker], (int64_t)i, &b->errors[worker]);
}

/* One picture has all threads to itself; of several each has one. */
static visml_status run_batch(batch *b, const visml_compute *c, visml_error *err) {
    visml_context *ctx = b->f->context;
    size_t n = (size_t)b->images->shape.dims[0], workers = n > 1 ? c->parallel->workers : 1;
    visml_status status = VISML_OK;
    for (size_t i = 0; i < workers; i++)
        b->workers[i].compute = n > 1 ? visml_context_alone(ctx) : *c;
    if (n > 1)
        visml_parallel_run(c->parallel, n, run_task, b);
    else if (n)
        run_task(b, 0, 0);
    for (size_t i = 0; i < workers; i++) {
        visml_features_worker_clear(b->f, &b->workers[i]);
        if (status == VISML_OK && b->status[i] < 0) {
            status = b->status[i];
            if (err)
                *err = b->errors[i];
        }
    }
    return status;
}

static visml_status take_workers(batch *b, size_t n, visml_error *err) {
    visml_memory *m = &b->f->context->memory;
    b->workers = visml_mem_zalloc(m, n, sizeof *b->workers, err);
    b->status = b->workers ? visml_mem_zalloc(m, n, sizeof *b->status, err) : NULL;
    b->errors = b->status ? visml_mem_zalloc(m, n, sizeof *b->errors, err) : NULL;
    return b->errors ? VISML_OK : VISML_ENOMEM;
}

static void give_workers(batch *b) {
    visml_memory *m = &b->f->context->memory;
    visml_mem_free(m, b->errors);
    visml_mem_free(m, b->status);
    visml_mem_free(m, b->workers);
}

/* Vectors before the transforms to *x (visml_mem_free). */
static visml_status run_all(batch *b, const visml_compute *c, int64_t n, float **x, visml_error *err) {
    size_t count, bytes;
    visml_memory *m = &b->f->context->memory;
    if (!visml_size_mul((size_t)n, (size_t)b->length, &count) || !visml_size_mul(count, sizeof **x, &bytes))
        return visml_fail(err, VISML_ENOMEM, "features: %lld vectors of %lld numbers do not fit in memory", (long long)n,
                          (long long)b->length);
    *x = b->y = visml_mem_alloc(m, bytes, err); /* threads write all of it, and to pages that each of them is the first to see */
    visml_status status = b->y ? take_workers(b, c->parallel->workers, err) : VISML_ENOMEM;
    if (status == VISML_OK)
        status = run_batch(b, c, err);
    give_workers(b);
    return status;
}

/* Takes x over. */
static visml_tensor *finish(const visml_features *f, const visml_compute *c, int64_t n, int64_t d, float *x, visml_error *err) {
    visml_memory *m = &f->context->memory;
    int64_t length = visml_features_length_after(f, d, f->transform_count);
    visml_tensor *y = visml_tensor_new(f->context, VISML_F32, VISML_SHAPE(n, length), err);
    float *last = NULL;
    if (y && visml_features_transforms(f, c, 0, f->transform_count, n, d, x, &last, err) == VISML_OK) {
        if (y->count)
            memcpy(y->data, last, (size_t)y->count * sizeof *last);
    } else {
        visml_tensor_release(y);
        y = NULL;
    }
    if (last != x)
        visml_mem_free(m, last);
    visml_mem_free(m, x);
    return y;
}

static visml_status check_images(const visml_tensor *images, visml_error *err) {
    VISML_TRY(visml_tensor_check("features: images", images, 0, err));
    if (images->shape.rank != 3 && images->shape.rank != 4)
        return visml_fail(err, VISML_EINVAL, "features: images are %s, must be [N, H, W, C] or [H, W, C]",
                          visml_shape_format(&images->shape).s);
    if (images->dtype != VISML_U8 && images->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "features: images are %s, must be uint8 or float32", visml_dtype_name(images->dtype));
    return VISML_OK;
}

visml_tensor *visml_features_transform(const visml_features *features, const visml_tensor *images, visml_error *err) {
    float *x = NULL;
    if (check_ready(features, err) < 0 || check_images(images, err) < 0)
        return NULL;
    visml_compute c = visml_context_compute(features->context);
    visml_tensor all = *images; /* one picture is a batch of one; nobody keeps this one */
    if (all.shape.rank == 3)
        all.shape = visml_shape_with_batch(&images->shape, 1);
    const int64_t *d = all.shape.dims;
    batch b = {.f = features, .images = &all};
    visml_shape image = visml_shape_make(3, d + 1);
    visml_features_plan plan;
    int64_t length;
    if (visml_features_length(features, &image, &length, err) < 0 ||
        visml_features_plan_make(features, &c, 0, d[1], d[2], d[3], &plan, err) < 0)
        return NULL;
    b.length = plan.length;
    if (run_all(&b, &c, d[0], &x, err) == VISML_OK)
        return finish(features, &c, d[0], b.length, x, err);
    visml_mem_free(&features->context->memory, x);
    return NULL;
}

/* ---- sequences ---- */

typedef struct taken {
    visml_context *context;
    visml_tensor *rows;
} taken;

static visml_status take_rows(void *user, int64_t n, int64_t d, const float *x, visml_error *err) {
    taken *t = user;
    t->rows = visml_tensor_new(t->context, VISML_F32, VISML_SHAPE(n, d), err);
    if (!t->rows)
        return VISML_ENOMEM;
    memcpy(t->rows->data, x, (size_t)(n * d) * sizeof *x);
    return VISML_OK;
}

visml_tensor *visml_features_sequence(const visml_features *features, const visml_tensor *image, visml_error *err) {
    if (check_ready(features, err) < 0)
        return NULL;
    if (features->branch_count != 1) {
        visml_fail(err, VISML_EINVAL, "features: there are %zu extractors, a sequence is made by one alone", features->branch_count);
        return NULL;
    }
    visml_features_worker w = {.compute = visml_context_compute(features->context)};
    taken t = {.context = features->context};
    visml_branch_visitor visitor = {.user = &t, .vectors = take_rows};
    if (visml_features_check_image(&w.compute, image, err) == VISML_OK && visml_features_prepare(features, &w, image, err) == VISML_OK)
        (void)visml_features_visit(features, &w, image, 0, &visitor, err);
    visml_features_worker_clear(features, &w);
    return t.rows;
}

/* ---- an extractor by itself ---- */

typedef visml_tensor *(*looking)(const visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err);

static visml_tensor *extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err) {
    visml_context *ctx = e->object.context;
    int64_t rows, columns;
    if (visml_extractor_measure(e, v->height, v->width, v->channels, &rows, &columns, err) < 0)
        return NULL;
    void *scratch = visml_mem_alloc(&ctx->memory, visml_extractor_scratch(e, c, v->height, v->width, v->channels), err);
    visml_tensor *y = scratch ? visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(rows, columns), err) : NULL;
    if (y)
        visml_extractor_class_of(e)->extract(e, c, v, (float *)(void *)y->data, scratch);
    visml_mem_free(&ctx->memory, scratch);
    return y;
}

static visml_tensor *find_map(const visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err) {
    int64_t rows, columns;
    visml_status status = visml_extractor_measure(e, v->height, v->width, v->channels, &rows, &columns, err);
    return status < 0 ? NULL : visml_extractor_class_of(e)->map(e, c, v, err);
}

static visml_tensor *look_at(const visml_extractor *extractor, const visml_tensor *image, looking how, visml_error *err) {
    if (!extractor) {
        visml_fail(err, VISML_EINVAL, "extractor: extractor is NULL");
        return NULL;
    }
    visml_compute c = visml_context_compute(extractor->object.context);
    visml_picture p = {.image = image};
    visml_tensor *y = NULL;
    visml_view v;
    if (visml_extractor_waits(extractor))
        visml_fail(err, VISML_ESTATE, "%s: not fitted yet; visml_features_fit does it", extractor->object.kind->name);
    else if (visml_features_check_image(&c, image, err) == VISML_OK &&
             visml_picture_view(&p, &c, visml_extractor_class_of(extractor)->takes, &v, err) == VISML_OK)
        y = how(extractor, &c, &v, err);
    visml_picture_clear(&p);
    return y;
}

visml_tensor *visml_extractor_run(const visml_extractor *extractor, const visml_tensor *image, visml_error *err) {
    return look_at(extractor, image, extract, err);
}

visml_tensor *visml_extractor_map(const visml_extractor *e, const visml_tensor *image, visml_error *err) {
    return look_at(e, image, find_map, err);
}
