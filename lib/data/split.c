#include "base/checked.h"
#include "base/error.h"
#include "base/options.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/files.h"
#include "data/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 3

static const char *const mode_names[] = {"stratified", "random", "grouped", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_split_opts, mode, VISML_SPLIT_STRATIFIED, mode_names),
    VISML_FIELD(visml_split_opts, ratio, F64, 0, PARTS, 0, 1e15, 0),
    {0},
};

/* What a split works with. */
typedef struct work {
    const visml_dataset *ds;
    visml_split_opts opts;
    visml_memory *memory;
    double share[PARTS];  /* adds up to 1 */
    unsigned char *part;  /* [count] of each sample: the result */
    int64_t *members;     /* [count] samples, class by class or group by group */
    int64_t *begin;       /* [buckets + 1] where each class or group begins among the members */
    size_t buckets;
    double owed[PARTS];   /* what rounding has kept from each part up to now */
} work;

/* ---- options ---- */

static visml_status read_options(const visml_dataset *ds, const visml_split_opts *opts, work *w, visml_error *err) {
    visml_split_opts *o = &w->opts;
    VISML_TRY(visml_options_read("split", fields, opts, o, sizeof *o, err));
    double sum = o->ratio[0] + o->ratio[1] + o->ratio[2];
    if (sum == 0) {
        o->ratio[0] = 7;
        o->ratio[1] = 1;
        o->ratio[2] = 2;
        sum = 10;
    }
    for (int p = 0; p < PARTS; p++)
        w->share[p] = o->ratio[p] / sum;
    if (!o->seed)
        o->seed = ds->source->context->seed;
    if (o->mode == VISML_SPLIT_GROUPED && !o->group)
        return visml_fail(err, VISML_EINVAL, "split: group is NULL, must name a column or be \"folder\" with VISML_SPLIT_GROUPED");
    if (o->mode != VISML_SPLIT_GROUPED && o->group)
        return visml_fail(err, VISML_EINVAL, "split: group is \"%s\", but the mode is not VISML_SPLIT_GROUPED", o->group);
    if (o->mode == VISML_SPLIT_STRATIFIED && !ds->source->labels)
        return visml_fail(err, VISML_EINVAL, "split: the samples have no class numbers that could be stratified; use VISML_SPLIT_RANDOM");
    return VISML_OK;
}

/* ---- buckets: the samples of each class, or of each group, together ---- */

typedef size_t bucket_fn(const void *user, int64_t i);

static visml_status fill_buckets(work *w, size_t buckets, bucket_fn *bucket, const void *user, visml_error *err) {
    int64_t n = w->ds->count;
    size_t room;
    if (!visml_size_add(buckets, 2, &room) || !(w->begin = visml_mem_zalloc(w->memory, room, sizeof *w->begin, err)) ||
        !(w->members = visml_mem_zalloc(w->memory, (size_t)n, sizeof *w->members, err)))
        return VISML_ENOMEM;
    for (int64_t i = 0; i < n; i++) /* two places on: what is counted becomes, summed, where the bucket after begins */
        w->begin[bucket(user, i) + 2]++;
    for (size_t b = 1; b <= buckets; b++)
        w->begin[b + 1] += w->begin[b];
    for (int64_t i = 0; i < n; i++)
        w->members[w->begin[bucket(user, i) + 1]++] = i;
    w->buckets = buckets;
    return VISML_OK;
}

static size_t class_of(const void *user, int64_t i) {
    return (size_t)visml_dataset_label(user, i);
}

static size_t one_bucket(const void *user, int64_t i) {
    (void)user;
    (void)i;
    return 0;
}

/* ---- stratified and random ---- */

/* How many of n samples each part gets: the whole number below its share, and what is left over by the largest remainder. What was kept
 * from a part before counts too, so that small classes do not all round the same way. Where the first part is the largest, a class has a
 * sample in it before it has one in the others: what is not learned cannot be measured. */
static void apportion(work *w, int64_t n, int64_t counts[PARTS]) {
    double exact[PARTS], claim[PARTS];
    int64_t left = n;
    for (int p = 0; p < PARTS; p++) {
        exact[p] = (double)n * w->share[p];
        counts[p] = (int64_t)floor(exact[p]);
        left -= counts[p];
        claim[p] = exact[p] - (double)counts[p] + w->owed[p];
        if (w->share[p] == 0)
            claim[p] = -INFINITY;
    }
    if (w->share[0] >= w->share[1] && w->share[0] >= w->share[2] && counts[0] == 0)
        claim[0] = INFINITY;
    for (; left > 0; left--) {
        int best = 0;
        for (int p = 1; p < PARTS; p++)
            if (claim[p] > claim[best])
                best = p;
        counts[best]++;
        claim[best] = -INFINITY;
    }
    for (int p = 0; p < PARTS; p++)
        w->owed[p] += exact[p] - (double)counts[p];
}

static void divide_bucket(work *w, size_t b) {
    int64_t *members = w->members + w->begin[b], n = w->begin[b + 1] - w->begin[b], counts[PARTS];
    visml_rng rng;
    if (!n)
        return;
    visml_rng_init(&rng, visml_key(visml_key(w->opts.seed, VISML_STREAM_SPLIT), b));
    visml_rng_shuffle(&rng, members, (size_t)n);
    apportion(w, n, counts);
    for (int p = 0; p < PARTS; members += counts[p], p++)
        for (int64_t k = 0; k < counts[p]; k++)
            w->part[members[k]] = (unsigned char)p;
}

static visml_status divide_classes(work *w, visml_error *err) {
    int stratified = w->opts.mode == VISML_SPLIT_STRATIFIED;
    size_t buckets = stratified ? visml_dataset_class_count(w->ds) : 1;
    VISML_TRY(fill_buckets(w, buckets, stratified ? class_of : one_bucket, w->ds, err));
    for (size_t b = 0; b < buckets; b++)
        divide_bucket(w, b);
    return VISML_OK;
}

/* ---- grouped ---- */

typedef struct grouping {
    const visml_dataset *ds;
    const size_t *column; /* of the source's samples, or NULL: by folder */
    size_t *folders;      /* [count] (owned) */
    size_t count;
} grouping;

static size_t group_of(const void *user, int64_t i) {
    const grouping *g = user;
    return g->column ? g->column[visml_dataset_source_index(g->ds, i)] : g->folders[i];
}

static visml_status no_such_group(const work *w, const visml_files_source *f, visml_error *err) {
    visml_text known;
    visml_text_init(&known, w->memory);
    for (size_t c = 0; c < f->column_count; c++)
        visml_text_add(&known, ", %s", f->columns[c].name);
    visml_fail(err, VISML_EINVAL, "split: group is \"%s\", must be one of: folder%s", w->opts.group, known.data ? known.data : "");
    visml_text_free(&known);
    return VISML_EINVAL;
}

static visml_status group_by_folder(work *w, grouping *g, visml_error *err) {
    visml_intern names;
    visml_status status = VISML_OK;
    g->folders = visml_mem_zalloc(w->memory, (size_t)w->ds->count, sizeof *g->folders, err);
    if (!g->folders)
        return VISML_ENOMEM;
    visml_intern_init(&names, w->memory);
    for (int64_t i = 0; i < w->ds->count && status == VISML_OK; i++) {
        const char *path = visml_dataset_path(w->ds, i);
        status = visml_intern_add(&names, path, visml_path_folder(path), &g->folders[i], err);
    }
    g->count = names.count;
    visml_intern_free(&names);
    return status;
}

static visml_status find_groups(work *w, grouping *g, visml_error *err) {
    const visml_files_source *f = (const visml_files_source *)w->ds->source;
    if (!f->base.class->path)
        return visml_fail(err, VISML_EINVAL, "split: the samples are no files, which alone have groups (source: %s)", f->base.kind);
    for (size_t c = 0; c < f->column_count; c++)
        if (strcmp(f->columns[c].name, w->opts.group) == 0) {
            g->column = f->columns[c].ids;
            g->count = f->columns[c].values.count;
            return VISML_OK;
        }
    return strcmp(w->opts.group, "folder") == 0 ? group_by_folder(w, g, err) : no_such_group(w, f, err);
}

/* The large groups first, while there is room to make up for them; groups of one size in a random order. */
typedef struct ranked {
    size_t group;
    int64_t size;
    size_t place;
} ranked;

static int by_size(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

static void rank_groups(const work *w, int64_t *order, ranked *groups) {
    visml_rng rng;
    for (size_t g = 0; g < w->buckets; g++)
        order[g] = (int64_t)g;
    visml_rng_init(&rng, visml_key(w->opts.seed, VISML_STREAM_SPLIT));
    visml_rng_shuffle(&rng, order, w->buckets);
    for (size_t i = 0; i < w->buckets; i++) {
        size_t g = (size_t)order[i];
        groups[i] = (ranked){g, w->begin[g + 1] - w->begin[g], i};
    }
    qsort(groups, w->buckets, sizeof *groups, by_size);
}

/* Samples of each class: in all, in each part up to now, and in the group at hand. */
typedef struct tally {
    double *total, *in_part[PARTS], *in_group; /* [classes] */
} tally;

/* What putting the group into part p adds to the sum over classes of (samples - share)^2 / total. Each class of the group is visited
 * through its members; the shares of one class are the same at each visit, so the sum is spread over them. */
static double cost(const work *w, const tally *t, size_t g, int p) {
    double sum = 0;
    for (int64_t k = w->begin[g]; k < w->begin[g + 1]; k++) {
        size_t c = class_of(w->ds, w->members[k]);
        sum += (t->in_group[c] + 2 * (t->in_part[p][c] - w->share[p] * t->total[c])) / t->total[c];
    }
    return sum;
}

static void place_group(work *w, tally *t, size_t g) {
    int best = -1;
    double best_cost = 0;
    for (int64_t k = w->begin[g]; k < w->begin[g + 1]; k++)
        t->in_group[class_of(w->ds, w->members[k])]++;
    for (int p = 0; p < PARTS; p++) {
        double now = w->share[p] > 0 ? cost(w, t, g, p) : INFINITY;
        if (best < 0 || now < best_cost) {
            best = p;
            best_cost = now;
        }
    }
    for (int64_t k = w->begin[g]; k < w->begin[g + 1]; k++) {
        size_t c = class_of(w->ds, w->members[k]);
        w->part[w->members[k]] = (unsigned char)best;
        t->in_part[best][c]++;
        t->in_group[c] = 0;
    }
}

static visml_status place_groups(work *w, visml_error *err) {
    size_t classes = visml_dataset_class_count(w->ds);
    double *sums = visml_mem_zalloc(w->memory, classes, (PARTS + 2) * sizeof *sums, err);
    int64_t *order = visml_mem_zalloc(w->memory, w->buckets, sizeof *order, err);
    ranked *groups = visml_mem_zalloc(w->memory, w->buckets, sizeof *groups, err);
    visml_status status = sums && order && groups ? VISML_OK : VISML_ENOMEM;
    if (status == VISML_OK) {
        tally t = {sums, {sums + classes, sums + 2 * classes, sums + 3 * classes}, sums + 4 * classes};
        for (int64_t i = 0; i < w->ds->count; i++)
            t.total[class_of(w->ds, i)]++;
        rank_groups(w, order, groups);
        for (size_t i = 0; i < w->buckets; i++)
            place_group(w, &t, groups[i].group);
    }
    visml_mem_free(w->memory, groups);
    visml_mem_free(w->memory, order);
    visml_mem_free(w->memory, sums);
    return status;
}

static visml_status divide_groups(work *w, visml_error *err) {
    grouping g = {.ds = w->ds};
    visml_status status = find_groups(w, &g, err);
    if (status == VISML_OK)
        status = fill_buckets(w, g.count, group_of, &g, err);
    visml_mem_free(w->memory, g.folders);
    return status == VISML_OK ? place_groups(w, err) : status;
}

/* ---- the parts ---- */

static visml_split_record *make_record(const work *w, visml_error *err) {
    visml_split_record *r = visml_mem_zalloc(w->memory, 1, sizeof *r, err);
    if (!r)
        return NULL;
    r->mode = w->opts.mode;
    r->seed = w->opts.seed;
    memcpy(r->ratio, w->opts.ratio, sizeof r->ratio);
    if (w->opts.group) {
        size_t n = strlen(w->opts.group);
        memcpy(r->group, w->opts.group, n < sizeof r->group ? n : sizeof r->group - 1);
    }
    return r;
}

/* Samples keep the dataset's order. */
static visml_dataset *make_part(const work *w, int p, visml_error *err) {
    size_t n = 0;
    for (int64_t i = 0; i < w->ds->count; i++)
        n += w->part[i] == p;
    int64_t *indices = visml_mem_zalloc(w->memory, n, sizeof *indices, err);
    if (!indices)
        return NULL;
    n = 0;
    for (int64_t i = 0; i < w->ds->count; i++)
        if (w->part[i] == p)
            indices[n++] = visml_dataset_source_index(w->ds, i);
    visml_dataset *part = visml_dataset_view(w->ds, indices, (int64_t)n, err);
    if (part && !(part->record = make_record(w, err))) {
        visml_dataset_free(part);
        return NULL;
    }
    return part;
}

static visml_status make_parts(const work *w, visml_dataset *parts[PARTS], visml_error *err) {
    visml_dataset *made[PARTS] = {NULL};
    for (int p = 0; p < PARTS; p++) {
        if (w->share[p] == 0)
            continue;
        made[p] = make_part(w, p, err);
        if (made[p])
            continue;
        for (int q = 0; q < p; q++)
            visml_dataset_free(made[q]);
        return VISML_ENOMEM;
    }
    memcpy(parts, made, sizeof made);
    return VISML_OK;
}

visml_status visml_dataset_split(const visml_dataset *ds, const visml_split_opts *opts, visml_dataset *parts[3], visml_error *err) {
    work w = {.ds = ds};
    if (!ds || !parts)
        return visml_fail(err, VISML_EINVAL, "split: %s is NULL", ds ? "parts" : "ds");
    VISML_TRY(read_options(ds, opts, &w, err));
    w.memory = &ds->source->context->memory;
    w.part = visml_mem_zalloc(w.memory, (size_t)ds->count, 1, err);
    visml_status status = w.part ? VISML_OK : VISML_ENOMEM;
    if (status == VISML_OK)
        status = w.opts.mode == VISML_SPLIT_GROUPED ? divide_groups(&w, err) : divide_classes(&w, err);
    if (status == VISML_OK)
        status = make_parts(&w, parts, err);
    visml_mem_free(w.memory, w.begin);
    visml_mem_free(w.memory, w.members);
    visml_mem_free(w.memory, w.part);
    return status;
}
