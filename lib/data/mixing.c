#include "data/mixing.h"

#include <math.h>
#include <string.h>

/* ---- draws ---- */

/* The logarithm of a gamma variate (Marsaglia and Tsang 2000); below 1 by way of shape + 1, where it may be too small for a double. */
static double log_gamma_variate(visml_rng *rng, double shape) {
    double boost = 0;
    if (shape < 1) {
        boost = log(1 - visml_rng_uniform(rng)) / shape;
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = visml_rng_normal(rng), u = 1 - visml_rng_uniform(rng), v = 1 + c * x;
        v = v * v * v;
        if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v))
            return log(d * v) + boost;
    }
}

double visml_draw_beta(visml_rng *rng, double alpha) {
    double a = log_gamma_variate(rng, alpha), b = log_gamma_variate(rng, alpha);
    return 1 / (1 + exp(b - a));
}

/* ---- rows ---- */

typedef struct mix_job {
    visml_context *context;
    const visml_augment_step *step;
    const visml_batch *from;
    visml_batch *to;
    const int64_t *partners; /* [rows] the other row of each; -1: stays as it is */
    visml_shape picture;
    size_t image_bytes, targets; /* of a row: bytes, and numbers */
    uint64_t key;
    double batch[VISML_DRAWN];
} mix_job;

static void *image_at(const mix_job *j, const visml_batch *b, int64_t row) {
    return b->images->data + (size_t)row * j->image_bytes;
}

static float *targets_at(const mix_job *j, const visml_batch *b, int64_t row) {
    return (float *)(void *)b->targets->data + (size_t)row * j->targets;
}

static void copy_row(const mix_job *j, int64_t row) {
    memcpy(image_at(j, j->to, row), image_at(j, j->from, row), j->image_bytes);
    memcpy(targets_at(j, j->to, row), targets_at(j, j->from, row), j->targets * sizeof(float));
}

/* One row of the batch: a function of (key, row) and the rows as they were. */
static void mix_row(void *arg, size_t block, size_t worker) {
    const mix_job *j = arg;
    const visml_augmentation_class *cls = j->step->cls;
    const int64_t row = (int64_t)block, other = j->partners[row];
    double drawn[VISML_DRAWN] = {0};
    visml_rng rng;
    (void)worker;
    if (other < 0) {
        copy_row(j, row);
        return;
    }
    visml_rng_init(&rng, visml_key(j->key, (uint64_t)row + 1));
    cls->draw_pair(j->step->opts, &rng, j->batch, j->picture.dims[0], j->picture.dims[1], drawn);
    const void *a = image_at(j, j->from, row), *b = image_at(j, j->from, other);
    if (j->from->images->dtype == VISML_U8)
        cls->pair_u8(j->context, drawn, &j->picture, a, b, image_at(j, j->to, row));
    else
        cls->pair_f32(j->context, drawn, &j->picture, a, b, image_at(j, j->to, row));
    visml_blend_f32(j->context, j->targets, drawn[0], targets_at(j, j->from, row), targets_at(j, j->from, other),
                    targets_at(j, j->to, row));
}

/* ---- batches ---- */

/* A shuffled list of the rows that take part says who comes to whom. */
static void draw_partners(const visml_batch *b, visml_rng *rng, int64_t *partners) {
    int kept = b->pool->source->opts.on_invalid == VISML_INVALID_KEEP;
    int64_t *list = partners + b->rows;
    size_t n = 0, next = 0;
    for (int64_t row = 0; row < b->rows; row++)
        if (!kept || b->state[row] >= 0)
            list[n++] = row;
    visml_rng_shuffle(rng, list, n);
    for (int64_t row = 0; row < b->rows; row++)
        partners[row] = !kept || b->state[row] >= 0 ? list[next++] : -1;
}

static void copy_record(const visml_batch *from, visml_batch *to) {
    size_t rows = (size_t)from->pool->capacity;
    visml_batch_reset(to, from->epoch, from->step, from->rows);
    to->pending = from->pending;
    to->failed = from->failed;
    memcpy(to->indices, from->indices, rows * sizeof *to->indices);
    memcpy(to->state, from->state, rows * sizeof *to->state);
}

static void mix(const visml_batch *from, visml_batch *to, const visml_augment_step *step, uint64_t key, int64_t *partners) {
    visml_context *ctx = from->pool->source->context;
    const visml_shape *images = &from->images->shape;
    visml_rng rng;
    mix_job j = {.context = ctx, .step = step, .from = from, .to = to, .partners = partners, .key = key};
    copy_record(from, to);
    if (!from->rows)
        return;
    visml_rng_init(&rng, visml_key(key, 0));
    draw_partners(from, &rng, partners);
    if (step->cls->draw_batch)
        step->cls->draw_batch(step->opts, &rng, j.batch);
    j.picture = visml_shape_make(images->rank - 1, images->dims + 1);
    j.image_bytes = (size_t)visml_shape_count(&j.picture) * visml_dtype_bytes(from->images->dtype);
    j.targets = (size_t)(from->targets->count / from->rows);
    visml_parallel_run(&ctx->parallel, (size_t)from->rows, mix_row, &j);
}

visml_batch *visml_batch_mix(visml_batch *from, visml_batch *to, const visml_augmentation *a, uint64_t seed, int64_t *partners) {
    uint64_t key = visml_key(visml_key(visml_key(seed, VISML_STREAM_MIX), (uint64_t)from->epoch), (uint64_t)from->step);
    for (size_t i = visml_augmentation_singles(a); i < a->count; i++) {
        mix(from, to, a->steps[i], visml_key(key, i), partners);
        visml_batch *t = from;
        from = to;
        to = t;
    }
    return from;
}
