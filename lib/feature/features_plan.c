/* What a picture of some size gives: lengths, checked, and the room that it takes. */
#include "base/checked.h"
#include "base/error.h"
#include "feature/features.h"
#include "feature/picture.h"

void visml_features_sides(const visml_features *f, int64_t *height, int64_t *width, int64_t *channels) {
    if (f->opts.height) {
        *height = f->opts.height;
        *width = f->opts.width;
    }
    if (f->opts.color && *channels <= 4)
        *channels = f->opts.color;
}

int64_t visml_features_length_after(const visml_features *f, int64_t length, size_t count) {
    for (size_t i = 0; i < count; i++)
        length = visml_transform_class_of(f->transforms[i])->length(f->transforms[i], length);
    return length;
}

/* ---- one branch ---- */

typedef struct planning {
    const visml_features *f;
    const visml_branch *b;
    const visml_compute *c;
    int64_t channels;
    int raw;
    visml_branch_plan *to;
} planning;

static void need(planning *p, size_t bytes) {
    if (bytes > p->to->scratch)
        p->to->scratch = bytes;
}

static const char *name_of(const planning *p) {
    return p->b->extractor->object.kind->name;
}

/* A codebook takes rows as long as those that it learned from. */
static visml_status check_dims(const planning *p, const visml_aggregator *a, int64_t d, visml_error *err) {
    if (!a || !a->dims || a->dims == d)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: gives rows of %lld numbers, those that %s learned from have %lld", name_of(p), (long long)d,
                      a->object.kind->name, (long long)a->dims);
}

/* The vector of a region of so many rows must be as long as that of those before it. */
static visml_status plan_vector(planning *p, int64_t rows, visml_error *err) {
    visml_branch_plan *to = p->to;
    int64_t length, columns = to->columns;
    if (p->raw)
        return VISML_OK;
    VISML_TRY(check_dims(p, p->b->encode, columns, err));
    length = rows * columns;
    if (p->b->encode)
        length = visml_aggregator_class_of(p->b->encode)->length(p->b->encode, rows, columns);
    if (length < 1)
        return visml_fail(err, VISML_ELIMIT, "%s: the vector of a region does not fit in memory", name_of(p));
    if (to->vector && to->vector != length)
        return visml_fail(err, VISML_EINVAL, "%s: one region gives %lld numbers, another %lld; choose regions of one size, or encode or "
                          "pool what they give", name_of(p), (long long)to->vector, (long long)length);
    to->vector = length;
    if (p->b->encode)
        need(p, visml_aggregator_scratch(p->b->encode, p->c, rows, columns));
    return VISML_OK;
}

static visml_status plan_region(planning *p, const visml_box *box, visml_error *err) {
    visml_branch_plan *to = p->to;
    int64_t rows, columns;
    VISML_TRY(visml_extractor_measure(p->b->extractor, box->height, box->width, p->channels, &rows, &columns, err));
    if (to->regions && columns != to->columns)
        return visml_fail(err, VISML_EINVAL, "%s: a region of %d x %d gives vectors of %lld numbers, one before it %lld; choose regions of "
                          "one size", name_of(p), (int)box->height, (int)box->width, (long long)columns, (long long)to->columns);
    to->columns = columns;
    to->rows = rows > to->rows ? rows : to->rows;
    to->regions++;
    if (!visml_i64_add(to->all_rows, rows, &to->all_rows))
        return visml_fail(err, VISML_ELIMIT, "%s: too many rows", name_of(p));
    need(p, visml_extractor_scratch(p->b->extractor, p->c, box->height, box->width, p->channels));
    return plan_vector(p, rows, err);
}

static visml_status plan_level(planning *p, int32_t i, int64_t height, int64_t width, visml_error *err) {
    const visml_regions *r = p->b->regions;
    visml_level level = visml_regions_level(r, i, height, width);
    int64_t count, tall = level.height + 2 * level.vertical, wide = level.width + 2 * level.horizontal;
    visml_box box;
    VISML_TRY(visml_regions_count(r, i, height, width, &count, err));
    for (int64_t k = 0; k < count; k++) {
        visml_regions_class_of(r)->box(r, tall, wide, k, &box);
        VISML_TRY(plan_region(p, &box, err));
    }
    return VISML_OK;
}

static visml_status plan_pool(planning *p, visml_error *err) {
    visml_branch_plan *to = p->to;
    const visml_aggregator *pool = p->b->pool;
    if (p->raw)
        return VISML_OK;
    if (!visml_i64_mul(to->regions, to->vector, &to->length))
        return visml_fail(err, VISML_ELIMIT, "%s: the vectors of %lld regions do not fit in memory", name_of(p), (long long)to->regions);
    if (!pool)
        return VISML_OK;
    VISML_TRY(check_dims(p, pool, to->vector, err));
    to->length = visml_aggregator_class_of(pool)->length(pool, to->regions, to->vector);
    need(p, visml_aggregator_scratch(pool, p->c, to->regions, to->vector));
    return VISML_OK;
}

static visml_status plan_branch(planning *p, int64_t height, int64_t width, visml_error *err) {
    *p->to = (visml_branch_plan){0};
    for (int32_t i = 0; i < visml_regions_levels(p->b->regions); i++)
        VISML_TRY(plan_level(p, i, height, width, err));
    if (!p->to->regions)
        return visml_fail(err, VISML_EINVAL, "%s: a picture of %lld x %lld has no room for a region; take larger pictures, smaller windows "
                          "or more padding", name_of(p), (long long)height, (long long)width);
    return plan_pool(p, err);
}

/* ---- all ---- */

static visml_status plan_all(const visml_features *f, const visml_compute *c, int raw, visml_features_plan *plan, visml_error *err) {
    int64_t height = plan->height, width = plan->width, channels = plan->channels;
    visml_features_sides(f, &height, &width, &channels);
    if (f->opts.equalize && channels > 4)
        return visml_fail(err, VISML_EINVAL, "features: equalize needs a picture of 1 to 4 channels, this one has %lld",
                          (long long)channels);
    plan->length = 0;
    for (size_t i = 0; i < f->branch_count; i++) {
        const visml_branch *b = &f->branches[i];
        int32_t takes = visml_extractor_class_of(b->extractor)->takes;
        planning p = {f, b, c, visml_picture_channels(takes, channels), raw, &plan->branches[i]};
        VISML_TRY(plan_branch(&p, height, width, err));
        if (!visml_i64_add(plan->length, p.to->length, &plan->length))
            return visml_fail(err, VISML_ELIMIT, "features: the vector of a picture does not fit in memory");
    }
    return VISML_OK;
}

visml_status visml_features_plan_make(const visml_features *f, const visml_compute *c, int raw, int64_t height, int64_t width,
                                      int64_t channels, visml_features_plan *plan, visml_error *err) {
    *plan = (visml_features_plan){.height = height, .width = width, .channels = channels};
    visml_status status = plan_all(f, c, raw, plan, err);
    if (status < 0)
        plan->height = 0;
    return status;
}
