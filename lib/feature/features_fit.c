/* Learning: extractors, then what encodes their rows, then what pools the vectors of regions, each in a walk over the pictures; then the
 * transforms, one after the other. */
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"
#include "feature/features.h"
#include "feature/walk_dataset.h"

#define STREAM_ROWS 0x726f7773u /* "rows": what a key is for */

const visml_field visml_feature_run_fields[] = {
    VISML_FIELD_OF_RESERVED(visml_feature_run_opts),
    VISML_FIELD(visml_feature_run_opts, seed, U64, 0, 1, 0, 1.8446744073709552e19, 0),
    VISML_FIELD(visml_feature_run_opts, sample, I64, 0, 1, 1, 1e9, 200000),
    VISML_FIELD(visml_feature_run_opts, memory, U64, 0, 1, 1, 1e15, 2147483648.0),
    {0},
};

typedef enum stage { EXTRACTORS, ENCODERS, POOLS, STAGES } stage;

/* Rows that were drawn of all pictures, for one branch. */
typedef struct sample {
    int64_t d, count;
    size_t capacity; /* floats */
    float *x;
} sample;

typedef struct fitting {
    visml_features *f;
    visml_dataset *dataset;
    visml_feature_run_opts opts;
    visml_compute compute;
    visml_memory *memory;
    stage stage;
    size_t branch;
    int64_t quota;                  /* rows of a picture */
    sample drawn[VISML_WALK_BLOCK]; /* of the pictures of a block */
    sample all;
    int32_t pass, passes;
    /* vectors before the transforms, of all pictures or of a block */
    int64_t d, rows, capacity; /* rows: up to now; capacity: of x */
    float *x;
    int32_t *labels;
    float *slots;              /* [VISML_WALK_BLOCK, d]: where vectors are made; NULL: in x, where all have room */
    size_t upto;               /* transforms that vectors go through first */
    visml_transform *learning; /* NULL: vectors are kept */
} fitting;

static visml_dataset_walk walk_of(fitting *t, int raw) {
    return (visml_dataset_walk){.features = t->f, .dataset = t->dataset, .opts = &t->opts, .pass = ++t->pass, .passes = t->passes,
                                .raw = raw, .user = t};
}

/* ---- what learns of a stage ---- */

static visml_aggregator *aggregator_of(const fitting *t) {
    const visml_branch *b = &t->f->branches[t->branch];
    visml_aggregator *a = t->stage == ENCODERS ? b->encode : b->pool;
    return a && visml_aggregator_waits(a) ? a : NULL;
}

static int learns(const fitting *t) {
    return t->stage == EXTRACTORS ? visml_extractor_waits(t->f->branches[t->branch].extractor) : aggregator_of(t) != NULL;
}

/* ---- extractors ---- */

typedef struct view_of_branch {
    visml_extractor *e;
    const visml_compute *c;
} view_of_branch;

static visml_status learn_view(void *user, const visml_view *v, visml_error *err) {
    const view_of_branch *b = user;
    return visml_extractor_class_of(b->e)->fit_add(b->e, b->c, v, err);
}

/* One picture after the other, in order: what is learned must not depend on threads. */
static visml_status learn_extractor(fitting *t, visml_error *err) {
    visml_extractor *e = t->f->branches[t->branch].extractor;
    view_of_branch b = {e, &t->compute};
    visml_branch_visitor visitor = {.user = &b, .view = learn_view};
    visml_features_worker w = {.compute = t->compute, .raw = 1};
    visml_status status = VISML_OK;
    for (int64_t i = 0; i < visml_dataset_count(t->dataset) && status == VISML_OK; i++) {
        visml_error why = {0};
        visml_tensor *image = visml_dataset_read(t->dataset, i, &why);
        if (!image && why.code == VISML_ENOMEM)
            status = visml_fail(err, VISML_ENOMEM, "%s", why.message);
        if (!image)
            continue; /* the walks that follow list it */
        status = visml_features_check_image(&t->compute, image, err);
        if (status == VISML_OK)
            status = visml_features_visit(t->f, &w, image, t->branch, &visitor, err);
        visml_tensor_release(image);
    }
    visml_features_worker_clear(t->f, &w);
    VISML_TRY(status);
    VISML_TRY(visml_extractor_class_of(e)->fit_end(e, err));
    e->fitted = 1;
    return VISML_OK;
}

/* ---- aggregators ---- */

static visml_status add_row(fitting *t, sample *s, int64_t d, const float *x, visml_error *err) {
    void *p = s->x;
    s->d = d;
    VISML_TRY(visml_mem_grow(t->memory, &p, &s->capacity, (size_t)((s->count + 1) * d), sizeof *s->x, err));
    s->x = p;
    memcpy(s->x + s->count++ * d, x, (size_t)d * sizeof *x);
    return VISML_OK;
}

/* A reservoir for one picture (Vitter 1985, algorithm R): each of its rows has the same chance. */
typedef struct drawing {
    fitting *t;
    sample *to;
    visml_rng rng;
    int64_t seen;
} drawing;

static visml_status draw_rows(void *user, int64_t n, int64_t d, const float *x, visml_error *err) {
    drawing *w = user;
    for (int64_t i = 0; i < n; i++) {
        int64_t place = w->seen++;
        if (place >= w->t->quota) {
            place = (int64_t)(visml_rng_uniform(&w->rng) * (double)w->seen);
            if (place < w->t->quota)
                memcpy(w->to->x + place * d, x + i * d, (size_t)d * sizeof *x);
            continue;
        }
        VISML_TRY(add_row(w->t, w->to, d, x + i * d, err));
    }
    return VISML_OK;
}

static visml_status look_rows(void *user, visml_features_worker *w, const visml_tensor *image, int64_t i, size_t slot, visml_error *err) {
    fitting *t = user;
    drawing hand = {.t = t, .to = &t->drawn[slot]};
    visml_branch_visitor visitor = {.user = &hand};
    visml_rng_init(&hand.rng, visml_key(visml_key(visml_key(t->opts.seed, STREAM_ROWS), t->branch), (uint64_t)i));
    hand.to->count = 0;
    if (t->stage == ENCODERS)
        visitor.rows = draw_rows;
    else
        visitor.vectors = draw_rows;
    return visml_features_visit(t->f, w, image, t->branch, &visitor, err);
}

static visml_status take_rows(void *user, int64_t i, size_t slot, visml_error *err) {
    fitting *t = user;
    const sample *s = &t->drawn[slot];
    (void)i;
    if (t->all.count && s->count && s->d != t->all.d)
        return visml_fail(err, VISML_EINVAL, "features: rows of one picture have %lld numbers, those of another %lld", (long long)t->all.d,
                          (long long)s->d);
    for (int64_t k = 0; k < s->count && t->all.count < t->opts.sample; k++)
        VISML_TRY(add_row(t, &t->all, s->d, s->x + k * s->d, err));
    return VISML_OK;
}

static void clear_samples(fitting *t) {
    for (size_t i = 0; i < VISML_WALK_BLOCK; i++)
        visml_mem_free(t->memory, t->drawn[i].x);
    visml_mem_free(t->memory, t->all.x);
    memset(t->drawn, 0, sizeof t->drawn);
    t->all = (sample){0};
}

static visml_status learn_aggregator(fitting *t, visml_error *err) {
    visml_aggregator *a = aggregator_of(t);
    int64_t pictures = visml_dataset_count(t->dataset);
    visml_dataset_walk walk = walk_of(t, t->stage == ENCODERS);
    walk.look = look_rows;
    walk.take = take_rows;
    t->quota = pictures ? (t->opts.sample + pictures - 1) / pictures : 1;
    VISML_TRY(visml_dataset_walk_run(&walk, err));
    if (!t->all.count)
        return visml_fail(err, VISML_EINVAL, "%s: there is nothing to learn from: no valid picture", a->object.kind->name);
    return visml_aggregator_class_of(a)->fit(a, &t->compute, t->all.count, t->all.d, t->all.x, t->opts.seed, err);
}

static visml_status learn_branches(fitting *t, visml_error *err) {
    for (t->stage = EXTRACTORS; t->stage < STAGES; t->stage++)
        for (t->branch = 0; t->branch < t->f->branch_count; t->branch++) {
            if (!learns(t))
                continue;
            visml_status status = t->stage == EXTRACTORS ? learn_extractor(t, err) : learn_aggregator(t, err);
            clear_samples(t);
            VISML_TRY(status);
        }
    return VISML_OK;
}

/* ---- transforms ---- */

/* Where the vector of a picture is made. In x it does not lie before those that are taken up to then. */
static float *place_of(const fitting *t, int64_t i, size_t slot) {
    return t->slots ? t->slots + (int64_t)slot * t->d : t->x + i * t->d;
}

static visml_status look_vector(void *user, visml_features_worker *w, const visml_tensor *image, int64_t i, size_t slot, visml_error *err) {
    fitting *t = user;
    if (w->plan.length != t->d)
        return visml_fail(err, VISML_EINVAL, "features: picture %lld gives a vector of %lld numbers, the first one %lld; bring pictures to "
                          "one size", (long long)i, (long long)w->plan.length, (long long)t->d);
    return visml_features_picture(t->f, w, image, place_of(t, i, slot), err);
}

/* Hands a block of vectors to the transform that learns. */
static visml_status flush(fitting *t, visml_error *err) {
    float *y = NULL;
    if (!t->learning || !t->rows)
        return VISML_OK;
    VISML_TRY(visml_features_transforms(t->f, &t->compute, 0, t->upto, t->rows, t->d, t->x, &y, err));
    visml_vector_rows rows = {t->rows, visml_features_length_after(t->f, t->d, t->upto), y, t->labels};
    visml_status status = visml_transform_class_of(t->learning)->add(t->learning, &t->compute, &rows, err);
    if (y != t->x)
        visml_mem_free(t->memory, y);
    t->rows = 0;
    return status;
}

static visml_status take_vector(void *user, int64_t i, size_t slot, visml_error *err) {
    fitting *t = user;
    const float *from = place_of(t, i, slot);
    float *to = t->x + t->rows * t->d;
    if (to != from)
        memcpy(to, from, (size_t)t->d * sizeof *to);
    t->labels[t->rows++] = visml_dataset_label(t->dataset, i);
    return t->rows == t->capacity ? flush(t, err) : VISML_OK;
}

static visml_status walk_vectors(fitting *t, visml_error *err) {
    visml_dataset_walk walk = walk_of(t, 0);
    walk.look = look_vector;
    walk.take = take_vector;
    t->rows = 0;
    VISML_TRY(visml_dataset_walk_run(&walk, err));
    return flush(t, err);
}

/* One that has learned before, by itself, must have done so from vectors of this length. */
static visml_status check_dims(const visml_transform *learner, int64_t d, visml_error *err) {
    if (!learner->dims || learner->dims == d)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "features: vectors have %lld numbers, those that %s learned from %lld", (long long)d,
                      learner->object.kind->name, (long long)learner->dims);
}

/* All vectors are there: transform after transform. */
static visml_status learn_from_all(fitting *t, visml_error *err) {
    int64_t d = t->d;
    VISML_TRY(walk_vectors(t, err));
    if (!t->rows)
        return visml_fail(err, VISML_EINVAL, "features: there is nothing to learn from: no valid picture");
    for (size_t i = 0; i < t->f->transform_count; i++) {
        visml_transform *learner = t->f->transforms[i];
        visml_vector_rows rows = {t->rows, d, t->x, t->labels};
        float *y = NULL;
        VISML_TRY(check_dims(learner, d, err));
        if (visml_transform_waits(learner))
            VISML_TRY(visml_transform_learn(learner, &t->compute, &rows, t->opts.seed, err));
        if (i + 1 == t->f->transform_count) /* nobody learns from what it makes of them */
            break;
        VISML_TRY(visml_features_transforms(t->f, &t->compute, i, i + 1, t->rows, d, t->x, &y, err));
        visml_mem_free(t->memory, t->x);
        t->x = y;
        d = visml_features_length_after(t->f, t->d, i + 1);
    }
    return VISML_OK;
}

/* They are too many: each transform has walks of its own. */
static visml_status learn_in_blocks(fitting *t, visml_error *err) {
    for (t->upto = 0; t->upto < t->f->transform_count; t->upto++) {
        visml_transform *learner = t->learning = t->f->transforms[t->upto];
        const visml_transform_class *cls = visml_transform_class_of(learner);
        VISML_TRY(check_dims(learner, visml_features_length_after(t->f, t->d, t->upto), err));
        if (!visml_transform_waits(learner))
            continue;
        if (!cls->add)
            return visml_fail(err, VISML_EINVAL, "features: %s learns from all vectors at once, and they take more than the %llu bytes of "
                              "the option memory", cls->kind.name, (unsigned long long)t->opts.memory);
        VISML_TRY(cls->begin(learner, &t->compute, visml_features_length_after(t->f, t->d, t->upto), t->opts.seed, err));
        for (learner->pass = 0; learner->pass < (cls->passes ? cls->passes : 1); learner->pass++)
            VISML_TRY(walk_vectors(t, err));
        VISML_TRY(cls->end(learner, &t->compute, err));
    }
    return VISML_OK;
}

static int waiting_transforms(const visml_features *f) {
    int n = 0;
    for (size_t i = 0; i < f->transform_count; i++)
        n += visml_transform_waits(f->transforms[i]);
    return n;
}

/* The length of vectors, from the shape that all samples have. */
static visml_status measure(fitting *t, visml_error *err) {
    visml_features_plan plan;
    visml_shape s;
    VISML_TRY(visml_dataset_sample_shape(t->dataset, &s, err));
    if (s.rank != 3)
        return visml_fail(err, VISML_EINVAL, "features: samples are %s, must be pictures [H, W, C]", visml_shape_format(&s).s);
    VISML_TRY(visml_features_plan_make(t->f, &t->compute, 0, s.dims[0], s.dims[1], s.dims[2], &plan, err));
    t->d = plan.length;
    return VISML_OK;
}

static visml_status learn_transforms(fitting *t, visml_error *err) {
    int64_t pictures = visml_dataset_count(t->dataset), bytes;
    if (!waiting_transforms(t->f))
        return VISML_OK;
    VISML_TRY(measure(t, err));
    int fits = visml_i64_mul(pictures, t->d * (int64_t)sizeof(float), &bytes) && (uint64_t)bytes <= t->opts.memory;
    int64_t block = (int64_t)(t->opts.memory / 4 / ((uint64_t)t->d * sizeof(float)));
    t->capacity = fits ? pictures + 1 : block > VISML_WALK_BLOCK ? block : VISML_WALK_BLOCK;
    t->x = visml_mem_alloc(t->memory, (size_t)t->capacity * (size_t)t->d * sizeof *t->x, err);
    t->labels = t->x ? visml_mem_zalloc(t->memory, (size_t)t->capacity, sizeof *t->labels, err) : NULL;
    if (!t->labels)
        return VISML_ENOMEM;
    if (!fits && (t->slots = visml_mem_zalloc(t->memory, VISML_WALK_BLOCK * (size_t)t->d, sizeof *t->slots, err)) == NULL)
        return VISML_ENOMEM;
    return fits ? learn_from_all(t, err) : learn_in_blocks(t, err);
}

/* ---- all ---- */

static int32_t count_passes(fitting *t) {
    int32_t n = waiting_transforms(t->f) ? 1 : 0; /* more where vectors do not fit in memory: known only later */
    for (t->stage = ENCODERS; t->stage < STAGES; t->stage++)
        for (t->branch = 0; t->branch < t->f->branch_count; t->branch++)
            n += learns(t);
    return n;
}

/* What was learned before a failure is forgotten again: `waited` [objects] is 1 for those that had not learned. */
static void forget(visml_features *f, const unsigned char *waited) {
    size_t k = 0;
    for (size_t i = 0; i < f->branch_count; i++) {
        visml_branch *b = &f->branches[i];
        visml_aggregator *both[] = {b->encode, b->pool};
        if (waited[k++]) {
            visml_object_arrays_clear(&b->extractor->object);
            b->extractor->fitted = 0;
        }
        for (size_t j = 0; j < 2; j++)
            if (waited[k++]) {
                visml_object_arrays_clear(&both[j]->object);
                both[j]->dims = 0;
            }
    }
    for (size_t i = 0; i < f->transform_count; i++)
        if (waited[k++]) {
            visml_object_arrays_clear(&f->transforms[i]->object);
            f->transforms[i]->dims = 0;
        }
}

static void note_waiting(const visml_features *f, unsigned char *waited) {
    size_t k = 0;
    for (size_t i = 0; i < f->branch_count; i++) {
        const visml_branch *b = &f->branches[i];
        waited[k++] = (unsigned char)visml_extractor_waits(b->extractor);
        waited[k++] = b->encode && visml_aggregator_waits(b->encode);
        waited[k++] = b->pool && visml_aggregator_waits(b->pool);
    }
    for (size_t i = 0; i < f->transform_count; i++)
        waited[k++] = (unsigned char)visml_transform_waits(f->transforms[i]);
}

static visml_status check_fit(visml_features *f, visml_dataset *ds, visml_error *err) {
    if (!f || !ds)
        return visml_fail(err, VISML_EINVAL, "features: %s is NULL", f ? "dataset" : "features");
    if (!f->branch_count)
        return visml_fail(err, VISML_EINVAL, "features: nothing is looked at; call visml_features_add first");
    return VISML_OK;
}

visml_status visml_features_fit(visml_features *features, visml_dataset *dataset, const visml_feature_run_opts *opts, visml_error *err) {
    unsigned char waited[3 * VISML_MAX_BRANCHES + VISML_MAX_TRANSFORMS];
    VISML_TRY(check_fit(features, dataset, err));
    visml_context *ctx = features->context;
    fitting *t = visml_mem_zalloc(&ctx->memory, 1, sizeof *t, err);
    if (!t)
        return VISML_ENOMEM;
    visml_status status = visml_options_read("features", visml_feature_run_fields, opts, &t->opts, sizeof t->opts, err);
    t->f = features;
    t->dataset = dataset;
    t->memory = &ctx->memory;
    t->compute = visml_context_compute(ctx);
    t->opts.seed = t->opts.seed ? t->opts.seed : ctx->seed;
    t->passes = count_passes(t);
    note_waiting(features, waited);
    if (status == VISML_OK)
        status = learn_branches(t, err);
    if (status == VISML_OK)
        status = learn_transforms(t, err);
    if (status < 0)
        forget(features, waited);
    else
        features->closed = 1;
    clear_samples(t);
    visml_mem_free(t->memory, t->x);
    visml_mem_free(t->memory, t->labels);
    visml_mem_free(t->memory, t->slots);
    visml_mem_free(t->memory, t);
    return status;
}
