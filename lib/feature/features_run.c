/* Pictures to vectors. */
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/features.h"
#include "feature/picture.h"
#include "kernel/elementwise.h"

/* ---- what comes in ---- */

visml_status visml_features_check_image(const visml_compute *c, const visml_tensor *image, visml_error *err) {
    VISML_TRY(visml_tensor_check("features: image", image, 0, err));
    const visml_shape *s = &image->shape;
    if (s->rank != 3 || s->dims[0] < 1 || s->dims[1] < 1 || s->dims[2] < 1 || s->dims[0] > 65535 || s->dims[1] > 65535)
        return visml_fail(err, VISML_EINVAL, "features: image is %s, must be [height, width, channels] with sides of 1 to 65535",
                          visml_shape_format(s).s);
    if (image->dtype != VISML_U8 && image->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "features: image is %s, must be uint8 or float32", visml_dtype_name(image->dtype));
    if (image->dtype == VISML_F32 && !visml_all_finite(c, (size_t)image->count, (const float *)(const void *)image->data))
        return visml_fail(err, VISML_EINVAL, "features: image has a pixel that is NaN or infinite, must be finite");
    return VISML_OK;
}

void visml_features_worker_clear(const visml_features *f, visml_features_worker *w) {
    visml_mem_free(&f->context->memory, w->room);
    w->room = NULL;
    w->room_bytes = 0;
    w->plan.height = 0;
}

/* Where the parts of a worker's room lie for one branch. */
typedef struct layout {
    size_t vectors, scratch, bytes; /* rows lie at 0 */
} layout;

static int place(size_t *at, int64_t count, size_t each) {
    size_t bytes;
    return visml_size_mul((size_t)count, each, &bytes) && visml_size_add(*at, bytes, at) && visml_size_align(*at, VISML_ALIGN, at);
}

/* 0: more than memory can have. */
static int lay_out(const visml_branch_plan *p, layout *l) {
    size_t at = 0, columns = (size_t)p->columns * sizeof(float);
    *l = (layout){0};
    if (!place(&at, p->rows, columns))
        return 0;
    l->vectors = at;
    if (!place(&at, p->regions, (size_t)p->vector * sizeof(float)))
        return 0;
    l->scratch = at;
    return place(&at, 1, p->scratch) && ((l->bytes = at), 1);
}

static visml_status take_room(const visml_features *f, visml_features_worker *w, visml_error *err) {
    size_t most = 0;
    layout l;
    for (size_t i = 0; i < f->branch_count; i++) {
        if (!lay_out(&w->plan.branches[i], &l))
            return visml_fail(err, VISML_ENOMEM, "features: the vectors of a picture do not fit in memory");
        most = l.bytes > most ? l.bytes : most;
    }
    if (most <= w->room_bytes)
        return VISML_OK;
    visml_mem_free(&f->context->memory, w->room);
    w->room_bytes = 0;
    w->room = visml_mem_alloc(&f->context->memory, most, err);
    if (!w->room)
        return VISML_ENOMEM;
    w->room_bytes = most;
    return VISML_OK;
}

visml_status visml_features_prepare(const visml_features *f, visml_features_worker *w, const visml_tensor *image, visml_error *err) {
    const int64_t *d = image->shape.dims;
    visml_features_plan *p = &w->plan;
    if (p->height == d[0] && p->width == d[1] && p->channels == d[2])
        return VISML_OK;
    VISML_TRY(visml_features_plan_make(f, &w->compute, w->raw, d[0], d[1], d[2], p, err));
    visml_status status = take_room(f, w, err);
    if (status < 0)
        p->height = 0;
    return status;
}

visml_tensor *visml_features_sized(const visml_features *f, const visml_tensor *image, visml_error *err) {
    const visml_features_opts *o = &f->opts;
    visml_tensor *t = visml_tensor_retain((visml_tensor *)(uintptr_t)image), *before; /* only its count of references changes */
    if (o->height && (o->height != t->shape.dims[0] || o->width != t->shape.dims[1])) {
        before = t;
        t = visml_image_fit(t, o->height, o->width, o->fit, o->filter, err);
        visml_tensor_release(before);
    }
    if (t && o->color && t->shape.dims[2] <= 4 && t->shape.dims[2] != o->color) {
        before = t;
        t = visml_image_convert(t, o->color, err);
        visml_tensor_release(before);
    }
    if (t && o->equalize) {
        before = t;
        t = visml_image_equalize(t, err);
        visml_tensor_release(before);
    }
    return t;
}

/* ---- one branch ---- */

typedef struct walk {
    const visml_features *f;
    visml_features_worker *w;
    const visml_branch *b;
    const visml_branch_visitor *visitor; /* NULL: the vector is wanted */
    float *y;                            /* the branch's vector */
    float *rows, *vectors;
    void *scratch;
    int64_t vector, done; /* length of a region's vector; regions up to now */
} walk;

/* Where the vector of the next region goes: without a pool straight to the result. */
static float *vector_of(const walk *k) {
    float *to = k->b->pool || k->visitor ? k->vectors : k->y;
    return to + k->done * k->vector;
}

static visml_status visit_region(walk *k, const visml_view *v, visml_error *err) {
    const visml_extractor *e = k->b->extractor;
    const visml_extractor_class *cls = visml_extractor_class_of(e);
    const visml_branch_visitor *visitor = k->visitor;
    int64_t n, d;
    if (visitor && visitor->view)
        VISML_TRY(visitor->view(visitor->user, v, err));
    if (visitor && !visitor->rows && !visitor->vectors)
        return VISML_OK;
    VISML_TRY(visml_extractor_measure(e, v->height, v->width, v->channels, &n, &d, err));
    int straight = !k->b->encode && !(visitor && visitor->rows);
    float *rows = straight ? vector_of(k) : k->rows;
    cls->extract(e, &k->w->compute, v, rows, k->scratch);
    if (visitor && visitor->rows)
        VISML_TRY(visitor->rows(visitor->user, n, d, rows, err));
    if (k->b->encode && !(visitor && !visitor->vectors))
        visml_aggregator_class_of(k->b->encode)->aggregate(k->b->encode, &k->w->compute, n, d, rows, vector_of(k), k->scratch);
    k->done++;
    return VISML_OK;
}

static visml_status visit_boxes(walk *k, visml_picture *p, int64_t count, visml_error *err) {
    const visml_regions *r = k->b->regions;
    visml_view whole;
    visml_box box;
    VISML_TRY(visml_picture_view(p, &k->w->compute, visml_extractor_class_of(k->b->extractor)->takes, &whole, err));
    for (int64_t i = 0; i < count; i++) {
        visml_regions_class_of(r)->box(r, whole.height, whole.width, i, &box);
        visml_view v = visml_view_of(&whole, box.top, box.left, box.height, box.width);
        VISML_TRY(visit_region(k, &v, err));
    }
    return VISML_OK;
}

/* A copy of the picture other than the picture itself has forms of its own. */
static visml_status visit_level(walk *k, visml_picture *p, int32_t i, visml_error *err) {
    const int64_t *d = p->image->shape.dims;
    visml_level level = visml_regions_level(k->b->regions, i, d[0], d[1]);
    int64_t count;
    VISML_TRY(visml_regions_count(k->b->regions, i, d[0], d[1], &count, err));
    if (!count)
        return VISML_OK;
    visml_tensor *copy = visml_picture_level(p->image, &level, err);
    if (!copy)
        return VISML_ENOMEM;
    visml_picture other = {.image = copy};
    visml_status status = visit_boxes(k, copy == p->image ? p : &other, count, err);
    visml_picture_clear(&other);
    visml_tensor_release(copy);
    return status;
}

static visml_status visit_branch(walk *k, visml_picture *p, visml_error *err) {
    const visml_branch *b = k->b;
    for (int32_t i = 0; i < visml_regions_levels(b->regions); i++)
        VISML_TRY(visit_level(k, p, i, err));
    if (k->visitor && k->visitor->vectors)
        return k->visitor->vectors(k->visitor->user, k->done, k->vector, k->vectors, err);
    if (!k->visitor && b->pool)
        visml_aggregator_class_of(b->pool)->aggregate(b->pool, &k->w->compute, k->done, k->vector, k->vectors, k->y, k->scratch);
    return VISML_OK;
}

static walk walk_of(const visml_features *f, visml_features_worker *w, size_t branch) {
    const visml_branch_plan *plan = &w->plan.branches[branch];
    layout l;
    (void)lay_out(plan, &l);
    walk k = {.f = f, .w = w, .b = &f->branches[branch], .vector = plan->vector, .rows = (float *)(void *)w->room};
    k.vectors = (float *)(void *)(w->room + l.vectors);
    k.scratch = w->room + l.scratch;
    return k;
}

visml_status visml_features_picture(const visml_features *f, visml_features_worker *w, const visml_tensor *image, float *y,
                                    visml_error *err) {
    visml_picture p = {.image = visml_features_sized(f, image, err)};
    visml_status status = p.image ? VISML_OK : VISML_ENOMEM;
    for (size_t i = 0; i < f->branch_count && status == VISML_OK; i++) {
        walk k = walk_of(f, w, i);
        k.y = y;
        status = visit_branch(&k, &p, err);
        y += w->plan.branches[i].length;
    }
    visml_picture_clear(&p);
    visml_tensor_release((visml_tensor *)(uintptr_t)p.image);
    return status;
}

visml_status visml_features_visit(const visml_features *f, visml_features_worker *w, const visml_tensor *image, size_t branch,
                                  const visml_branch_visitor *visitor, visml_error *err) {
    visml_picture p = {.image = visml_features_sized(f, image, err)};
    if (!p.image)
        return VISML_ENOMEM;
    walk k = walk_of(f, w, branch);
    k.visitor = visitor;
    visml_status status = visit_branch(&k, &p, err);
    visml_picture_clear(&p);
    visml_tensor_release((visml_tensor *)(uintptr_t)p.image);
    return status;
}

/* ---- transforms ---- */

/* One transform, block of rows after block of rows, so that its scratch stays small. */
static visml_status transform_all(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y,
                                  visml_error *err) {
    const visml_transform_class *cls = visml_transform_class_of(t);
    visml_memory *m = &t->object.context->memory;
    int64_t length = cls->length(t, d), block = n < 4096 ? n : 4096;
    void *scratch = visml_mem_alloc(m, visml_transform_scratch(t, c, block, d), err);
    if (!scratch)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < n; i += block)
        cls->apply(t, c, n - i < block ? n - i : block, d, x + i * d, y + i * length, scratch);
    visml_mem_free(m, scratch);
    return VISML_OK;
}

visml_status visml_features_transforms(const visml_features *f, const visml_compute *c, size_t first, size_t end, int64_t n, int64_t d,
                                       float *x, float **y, visml_error *err) {
    visml_memory *m = &f->context->memory;
    float *now = x;
    visml_status status = VISML_OK;
    for (size_t i = first; i < end && status == VISML_OK; i++) {
        int64_t length = visml_transform_class_of(f->transforms[i])->length(f->transforms[i], d);
        size_t count;
        float *next = visml_size_mul((size_t)n, (size_t)length, &count) ? visml_mem_zalloc(m, count, sizeof *next, err) : NULL;
        status = next ? transform_all(f->transforms[i], c, n, d, now, next, err) : VISML_ENOMEM;
        if (now != x)
            visml_mem_free(m, now);
        now = next;
        d = length;
    }
    if (status < 0 && now != x)
        visml_mem_free(m, now);
    *y = status < 0 ? NULL : now;
    return status;
}
