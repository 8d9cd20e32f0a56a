/* The columns that tell most about the class: mutual information of labels and binned values (Shannon 1948; as scikit-learn's
 * mutual_info_score of the two). Lowest and highest of each column in a first walk, counts in a second. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/selection.h"

#define CLASSES 65536 /* at most */

static const visml_field fields[] = {
    VISML_FIELD(visml_mutual_information_selection_opts, components, I32, 0, 1, 1, 1e6, 10),
    VISML_FIELD(visml_mutual_information_selection_opts, bins, I32, 0, 1, 2, 1024, 16),
    VISML_FIELD_OF_RESERVED(visml_mutual_information_selection_opts),
    {0},
};

typedef struct counting {
    int64_t d, n;    /* n: rows with labels */
    int64_t classes; /* the largest label + 1 */
    int64_t bins;
    uint32_t *counts; /* [d, classes, bins]: behind range, once classes are known */
    float range[];    /* [2, d] */
} counting;

static visml_status begin(visml_transform *t, const visml_compute *c, int64_t d, uint64_t seed, visml_error *err) {
    const visml_mutual_information_selection_opts *o = t->object.opts;
    visml_memory *m = &t->object.context->memory;
    (void)c, (void)seed;
    visml_mem_free(m, t->work);
    counting *w = t->work = visml_mem_zalloc(m, 1, sizeof *w + 2 * (size_t)d * sizeof(float), err);
    if (!w)
        return VISML_ENOMEM;
    w->d = d;
    w->bins = o->bins;
    return VISML_OK;
}

static visml_status look(counting *w, const visml_vector_rows *rows, visml_error *err) {
    float *low = w->range, *high = w->range + w->d;
    for (int64_t i = 0; i < rows->n; i++) {
        const float *x = rows->x + i * w->d;
        if (rows->labels[i] < 0)
            continue;
        if (rows->labels[i] >= CLASSES)
            return visml_fail(err, VISML_EINVAL, "mutual_information_selection: the label of row %lld is %d, must be below %d",
                              (long long)i, (int)rows->labels[i], CLASSES);
        w->classes = rows->labels[i] >= w->classes ? rows->labels[i] + 1 : w->classes;
        for (int64_t j = 0; j < w->d; j++) {
            low[j] = !w->n || x[j] < low[j] ? x[j] : low[j];
            high[j] = !w->n || x[j] > high[j] ? x[j] : high[j];
        }
        w->n++;
    }
    return VISML_OK;
}

/* The work anew, with room for the counts behind it: it must be one piece, which goes with the object. */
static visml_status make_counts(visml_transform *t, visml_error *err) {
    visml_memory *m = &t->object.context->memory;
    counting *w = t->work;
    size_t head = (sizeof *w + 2 * (size_t)w->d * sizeof(float) + 63) / 64 * 64, bytes;
    if (!visml_size_mul((size_t)w->d, (size_t)(w->classes * w->bins) * sizeof(uint32_t), &bytes) || !visml_size_add(bytes, head, &bytes))
        return visml_fail(err, VISML_ENOMEM, "mutual_information_selection: counts of %lld columns and %lld classes do not fit in memory",
                          (long long)w->d, (long long)w->classes);
    counting *more = visml_mem_zalloc(m, 1, bytes, err);
    if (!more)
        return VISML_ENOMEM;
    memcpy(more, w, sizeof *w + 2 * (size_t)w->d * sizeof(float));
    more->counts = (uint32_t *)(void *)((char *)more + head);
    visml_mem_free(m, w);
    t->work = more;
    return VISML_OK;
}

static int64_t bin_of(const counting *w, int64_t j, float x) {
    double low = (double)w->range[j], high = (double)w->range[w->d + j];
    int64_t bin = high > low ? (int64_t)(((double)x - low) * ((double)w->bins / (high - low))) : 0;
    return bin < w->bins ? bin : w->bins - 1;
}

static void count(counting *w, const visml_vector_rows *rows) {
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t j = 0; rows->labels[i] >= 0 && j < w->d; j++)
            w->counts[(j * w->classes + rows->labels[i]) * w->bins + bin_of(w, j, rows->x[i * w->d + j])]++;
}

static visml_status add(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, visml_error *err) {
    (void)c;
    if (t->pass == 0)
        return look(t->work, rows, err);
    if (!((const counting *)t->work)->counts)
        VISML_TRY(make_counts(t, err));
    count(t->work, rows);
    return VISML_OK;
}

/* In nats. */
static double information(const counting *w, int64_t j) {
    const uint32_t *counts = w->counts + j * w->classes * w->bins;
    double sum = 0, n = (double)w->n;
    for (int64_t bin = 0; bin < w->bins; bin++) {
        double in_bin = 0;
        for (int64_t k = 0; k < w->classes; k++)
            in_bin += (double)counts[k * w->bins + bin];
        for (int64_t k = 0; k < w->classes; k++) {
            double in_class = 0, both = (double)counts[k * w->bins + bin];
            if (!counts[k * w->bins + bin])
                continue;
            for (int64_t b = 0; b < w->bins; b++)
                in_class += (double)counts[k * w->bins + b];
            sum += both / n * log(both * n / (in_bin * in_class));
        }
    }
    return sum > 0 ? sum : 0;
}

/* The k largest, of equals those that come first; keep: zeros to begin with. */
static void choose(int64_t d, int64_t k, const float *values, uint8_t *keep) {
    for (int64_t i = 0; i < k; i++) {
        int64_t best = -1;
        for (int64_t j = 0; j < d; j++)
            if (!keep[j] && (best < 0 || values[j] > values[best]))
                best = j;
        keep[best] = 1;
    }
}

static visml_status finish(visml_transform *t, counting *w, visml_error *err) {
    const visml_mutual_information_selection_opts *o = t->object.opts;
    visml_memory *m = &t->object.context->memory;
    if (!w->n)
        return visml_fail(err, VISML_EINVAL, "mutual_information_selection: no row has a label");
    float *values = visml_object_array_new(&t->object, "information", VISML_F32, VISML_SHAPE(w->d), err);
    uint8_t *keep = values ? visml_mem_zalloc(m, (size_t)w->d, 1, err) : NULL;
    if (!keep)
        return VISML_ENOMEM;
    for (int64_t j = 0; j < w->d; j++)
        values[j] = (float)information(w, j);
    choose(w->d, o->components < w->d ? o->components : w->d, values, keep);
    visml_status status = visml_selection_keep(t, w->d, keep, err);
    visml_mem_free(m, keep);
    return status;
}

static visml_status end(visml_transform *t, const visml_compute *c, visml_error *err) {
    visml_status status = finish(t, t->work, err);
    (void)c;
    visml_mem_free(&t->object.context->memory, t->work);
    t->work = NULL;
    return status;
}

static visml_status restore(visml_object *o, visml_error *err) {
    return visml_selection_restore(o, "information", err);
}

const visml_transform_class visml_transform_mutual_information_selection_class = {
    .kind = {.name = "mutual_information_selection", .opts_size = sizeof(visml_mutual_information_selection_opts), .fields = fields,
             .restore = restore},
    .length = visml_selection_length,
    .apply = visml_selection_apply,
    .begin = begin,
    .add = add,
    .end = end,
    .passes = 2,
    .needs_labels = 1,
};

visml_transform *visml_transform_mutual_information_selection(visml_context *ctx, const visml_mutual_information_selection_opts *opts,
                                                              visml_error *err) {
    return visml_transform_make(ctx, &visml_transform_mutual_information_selection_class, opts, err);
}
