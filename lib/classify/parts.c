#include "classify/parts.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"

/* ---- some of the rows ---- */

#define NUMBERS ((int64_t)1 << 20) /* that are copied between two ticks: from columns far apart it takes some 20 ms */

static void copy_row(const visml_samples *from, int64_t i, const int32_t *columns, int64_t d, float *to) {
    const float *row = from->x + i * from->row_stride;
    if (!columns && from->column_stride == 1)
        memcpy(to, row, (size_t)d * sizeof *to);
    else
        for (int64_t j = 0; j < d; j++)
            to[j] = row[(columns ? columns[j] : j) * from->column_stride];
}

static visml_status copy_rows(const visml_fit_run *run, const visml_samples *from, const int64_t *rows, const int32_t *columns,
                              visml_samples *to, float *x, visml_error *err) {
    int64_t some = 1 + NUMBERS / to->d;
    for (int64_t i = 0; i < to->n; i++) {
        copy_row(from, rows[i], columns, to->d, x + i * to->d);
        if (i % some == some - 1)
            VISML_TRY(visml_fit_tick(run, i + 1, to->n, NAN, NAN, err));
    }
    to->x = x;
    to->row_stride = to->d;
    to->column_stride = 1;
    return VISML_OK;
}

/* The classes that the rows show, and their places among these. seen: [class_count]. */
static visml_tensor *pack_classes(visml_context *ctx, const visml_samples *from, const int64_t *rows, int64_t n, int32_t *seen,
                                  int32_t *places, visml_error *err) {
    int64_t classes = 0;
    for (int64_t i = 0; i < n; i++)
        seen[from->places[rows[i]]] = 1;
    for (int64_t k = 0; k < from->class_count; k++)
        classes += seen[k];
    visml_tensor *t = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(classes), err);
    if (!t)
        return NULL;
    int32_t *labels = (int32_t *)(void *)t->data, next = 0;
    for (int64_t k = 0; k < from->class_count; k++)
        if (seen[k]) {
            labels[next] = (int32_t)k;
            seen[k] = next++;
        }
    for (int64_t i = 0; i < n; i++)
        places[i] = seen[from->places[rows[i]]];
    return t;
}

static visml_status take_classes(visml_context *ctx, const visml_samples *from, const int64_t *rows, visml_subset *to, int32_t *places,
                                 visml_error *err) {
    int32_t *seen = visml_mem_zalloc(&ctx->memory, (size_t)from->class_count, sizeof *seen, err);
    if (!seen)
        return VISML_ENOMEM;
    to->classes = pack_classes(ctx, from, rows, to->samples.n, seen, places, err);
    visml_mem_free(&ctx->memory, seen);
    if (!to->classes)
        return VISML_ENOMEM;
    to->samples.places = places;
    to->samples.class_count = to->classes->count;
    return VISML_OK;
}

visml_status visml_subset_take(visml_context *ctx, const visml_fit_run *run, const visml_samples *from, const int64_t *rows, int64_t n,
                               const int32_t *columns, int64_t d, visml_subset *to, visml_error *err) {
    size_t count = (size_t)n, bytes;
    *to = (visml_subset){.samples = {.n = n, .d = columns ? d : from->d}};
    if (!visml_size_mul(count * sizeof(float), (size_t)to->samples.d + 3, &bytes))
        bytes = SIZE_MAX;
    to->memory = visml_mem_alloc(&ctx->memory, bytes, err);
    if (!to->memory)
        return VISML_ENOMEM;
    float *x = to->memory, *targets = x + count * (size_t)to->samples.d, *weights = targets + count;
    visml_status status = copy_rows(run, from, rows, columns, &to->samples, x, err);
    for (int64_t i = 0; from->targets && i < n; i++)
        targets[i] = from->targets[rows[i]];
    for (int64_t i = 0; from->weights && i < n; i++)
        weights[i] = from->weights[rows[i]];
    to->samples.targets = from->targets ? targets : NULL;
    to->samples.weights = from->weights ? weights : NULL;
    if (status == VISML_OK && from->places)
        status = take_classes(ctx, from, rows, to, (int32_t *)(void *)(weights + count), err);
    if (status < 0)
        visml_subset_clear(ctx, to);
    return status;
}

void visml_subset_clear(visml_context *ctx, visml_subset *s) {
    visml_tensor_release(s->classes);
    visml_mem_free(&ctx->memory, s->memory);
    *s = (visml_subset){0};
}

/* ---- learning ---- */

visml_tensor *visml_part_classes(visml_context *ctx, int64_t n, visml_error *err) {
    visml_tensor *t = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(n), err);
    for (int64_t i = 0; t && i < n; i++)
        ((int32_t *)(void *)t->data)[i] = (int32_t)i;
    return t;
}

static visml_status check_part(const visml_classifier *c, const visml_classifier *of, const visml_samples *s, const visml_tensor *classes,
                               visml_error *err) {
    int32_t can = visml_classifier_class_of(of)->can;
    int some = !s->weights;
    for (int64_t i = 0; !some && i < s->n; i++)
        some = s->weights[i] > 0;
    if (s->weights && !(can & VISML_CAN_WEIGH))
        return visml_fail(err, VISML_EUNSUPPORTED, "%s: %s, by which it works, takes no weights", visml_classifier_what(c),
                          visml_classifier_what(of));
    if ((classes && classes->count < 2 && !(can & VISML_CAN_ONE_CLASS)) || !some)
        return visml_fail(err, VISML_EINVAL, "%s: some of the rows that %s is to learn from have %s", visml_classifier_what(c),
                          visml_classifier_what(of), some ? "a single class" : "no weight");
    return VISML_OK;
}

visml_status visml_part_learn(visml_classifier *c, size_t part, const visml_classifier *of, const visml_compute *k, const visml_samples *s,
                              visml_tensor *classes, const visml_fit_run *run, visml_error *err) {
    visml_fit_run own = {.seed = visml_key(run->seed, part + 1), .opts = run->opts};
    VISML_TRY(check_part(c, of, s, classes, err));
    c->parts[part] = visml_classifier_clone(of, err);
    return c->parts[part] ? visml_classifier_learn(c->parts[part], k, s, classes, &own, err) : VISML_ENOMEM;
}

/* ---- folds ---- */

static visml_status even_folds(const visml_classifier *c, int64_t n, int32_t folds, int32_t *fold, visml_error *err) {
    if (n < folds)
        return visml_fail(err, VISML_EINVAL, "%s: there are %lld rows, must be cv, %d, at least", visml_classifier_what(c), (long long)n,
                          (int)folds);
    for (int64_t i = 0, f = 0, left = 0; i < n; i++, left--) {
        if (i == 0)
            left = n / folds + (f < n % folds);
        else if (left == 0)
            left = n / folds + (++f < n % folds);
        fold[i] = (int32_t)f;
    }
    return VISML_OK;
}

/* Of the rows in the order of their classes, numbered by first appearance, each fold gets every folds-th: so many of each class. */
typedef struct deal {
    int64_t *counts; /* [K] */
    int64_t *order;  /* [K]: classes by first appearance */
    int64_t *left;   /* [K, folds]: how many the fold still gets */
} deal;

static void count_deals(const visml_samples *s, int32_t folds, const deal *d) {
    int64_t seen = 0, at = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (d->counts[s->places[i]]++ == 0)
            d->order[seen++] = s->places[i];
    for (int64_t o = 0; o < seen; o++)
        for (int64_t i = 0; i < d->counts[d->order[o]]; i++, at++)
            d->left[d->order[o] * folds + at % folds]++;
}

static visml_status deal_out(const visml_classifier *c, const visml_samples *s, int32_t folds, const deal *d, int32_t *fold,
                             visml_error *err) {
    count_deals(s, folds, d);
    for (int64_t k = 0; k < s->class_count; k++)
        if (d->counts[k] && d->counts[k] < folds)
            return visml_fail(err, VISML_EINVAL, "%s: a class has %lld rows, must have cv, %d, at least", visml_classifier_what(c),
                              (long long)d->counts[k], (int)folds);
    for (int64_t i = 0; i < s->n; i++) {
        int64_t *left = d->left + (int64_t)s->places[i] * folds;
        int32_t f = 0;
        while (left[f] == 0)
            f++;
        left[f]--;
        fold[i] = f;
    }
    return VISML_OK;
}

visml_status visml_folds(const visml_classifier *c, const visml_samples *s, int32_t folds, int32_t *fold, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    if (!s->places)
        return even_folds(c, s->n, folds, fold, err);
    int64_t *room = visml_mem_zalloc(m, (size_t)s->class_count * ((size_t)folds + 2), sizeof *room, err);
    if (!room)
        return VISML_ENOMEM;
    deal d = {room, room + s->class_count, room + 2 * s->class_count};
    visml_status status = deal_out(c, s, folds, &d, fold, err);
    visml_mem_free(m, room);
    return status;
}

int64_t visml_fold_rows(int64_t n, const int32_t *fold, int32_t which, int in, int64_t *rows) {
    int64_t found = 0;
    for (int64_t i = 0; i < n; i++)
        if ((fold[i] == which) == in)
            rows[found++] = i;
    return found;
}

/* ---- what they work by ---- */

visml_status visml_check_of(const visml_classifier *c, int32_t tasks, visml_error *err) {
    if (c->of_count < 1)
        return visml_fail(err, VISML_EINVAL, "%s: of: there must be a classifier that it works by", visml_classifier_what(c));
    visml_task first = visml_classifier_task(c->of[0]);
    for (size_t i = 0; i < c->of_count; i++) {
        visml_task task = visml_classifier_task(c->of[i]);
        if (task != first || !(tasks & 1 << task))
            return visml_fail(err, VISML_EINVAL, "%s: of[%zu]: the task of %s is another one", visml_classifier_what(c), i,
                              visml_classifier_what(c->of[i]));
    }
    return VISML_OK;
}

static int is_like(const visml_classifier *a, const visml_classifier *b) {
    if (a->object.kind != b->object.kind || a->of_count != b->of_count ||
        memcmp(a->object.opts, b->object.opts, a->object.kind->opts_size) != 0)
        return 0;
    for (size_t i = 0; i < a->of_count; i++)
        if (!is_like(a->of[i], b->of[i]))
            return 0;
    return 1;
}

visml_status visml_parts_expect(const visml_classifier *c, size_t n, int64_t d, visml_error *err) {
    if (c->part_count != n)
        return visml_fail(err, VISML_EFORMAT, "%s: there are %zu parts, must be %zu", visml_classifier_what(c), c->part_count, n);
    for (size_t i = 0; i < n; i++) {
        if (!is_like(c->parts[i], c->of[i < c->of_count ? i : 0]))
            return visml_fail(err, VISML_EFORMAT, "%s: part %zu is not what it works by", visml_classifier_what(c), i);
        if (d && c->parts[i]->dims != d)
            return visml_fail(err, VISML_EFORMAT, "%s: part %zu has %lld columns, must have %lld", visml_classifier_what(c), i,
                              (long long)c->parts[i]->dims, (long long)d);
    }
    return VISML_OK;
}

visml_status visml_part_expect_classes(const visml_classifier *c, size_t part, int64_t classes, int all, visml_error *err) {
    const visml_classifier *p = c->parts[part];
    const int32_t *labels = p->classes ? (const int32_t *)(const void *)p->classes->data : NULL;
    if (!classes)
        return VISML_OK;
    if (!labels || p->class_count > classes || labels[0] < 0 || labels[p->class_count - 1] >= classes || (all && p->class_count != classes))
        return visml_fail(err, VISML_EFORMAT, "%s: part %zu has other classes", visml_classifier_what(c), part);
    return VISML_OK;
}

/* ---- asking ---- */

#define ASKED ((int64_t)1 << 27) /* numbers that are compared between two ticks: some 20 ms */
#define LEAST_ROWS 64            /* fewer would be asked about more slowly */
#define MOST_ROWS 2048

/* Without those that look themselves. */
static int64_t learned_numbers(const visml_classifier *part) {
    int64_t sum = 1, looks = visml_classifier_class_of(part)->can & VISML_CAN_LOOK;
    for (size_t i = 0; !looks && i < part->object.array_count; i++)
        sum += part->object.arrays[i].tensor->count;
    for (size_t i = 0; i < part->part_count; i++)
        sum += learned_numbers(part->parts[i]);
    return sum;
}

int64_t visml_part_rows(const visml_classifier *part, int64_t n) {
    int64_t rows = ASKED / learned_numbers(part);
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
    return rows < n ? rows : n;
}

static visml_status look(void *run, visml_error *err) {
    return visml_fit_tick(run, 0, -1, NAN, NAN, err);
}

visml_status visml_part_ask(const visml_classifier *part, const visml_samples *s, const visml_fit_run *run, visml_asking *ask, void *arg,
                            visml_error *err) {
    int64_t rows = visml_part_rows(part, s->n);
    visml_fit_run own = *run;
    visml_looks looks = {.look = look, .user = &own, .err = err};
    for (int64_t begin = 0; begin < s->n; begin += rows) {
        visml_samples some = visml_samples_some(s, begin, s->n - begin < rows ? s->n - begin : rows);
        some.looks = &looks;
        ask(arg, &some, begin);
        VISML_TRY(looks.status);
        VISML_TRY(visml_fit_tick(run, begin + some.n, s->n, NAN, NAN, err));
    }
    return VISML_OK;
}

/* Columns of the matrix that an answer may need. */
static size_t widest(const visml_classifier *part) {
    int64_t outputs = visml_classifier_outputs(part);
    return (size_t)(part->class_count > outputs ? part->class_count : outputs);
}

size_t visml_parts_room(const visml_classifier *c, const visml_compute *k, int64_t n) {
    size_t most = 0, columns = 1;
    for (size_t i = 0; i < c->part_count; i++) {
        if (!c->parts[i])
            continue;
        size_t bytes = visml_classifier_scratch(c->parts[i], k, n);
        most = bytes > most ? bytes : most;
        columns = widest(c->parts[i]) > columns ? widest(c->parts[i]) : columns;
    }
    size_t own = visml_align64((size_t)n * columns * sizeof(float)) + visml_align64((size_t)n * sizeof(int32_t));
    return most > SIZE_MAX - own ? SIZE_MAX : most + own;
}

/* The parts of such a room. */
typedef struct room {
    float *y;
    int32_t *places;
    void *rest;
} room;

static room room_of(const visml_classifier *part, int64_t n, void *memory) {
    char *at = memory, *places = at + visml_align64((size_t)n * widest(part) * sizeof(float));
    return (room){memory, (int32_t *)(void *)places, places + visml_align64((size_t)n * sizeof(int32_t))};
}

int visml_part_by_probabilities(const visml_classifier *part) {
    return visml_classifier_class_of(part)->outputs && part->class_count > 0 && visml_classifier_has_probabilities(part);
}

int64_t visml_part_columns(const visml_classifier *part) {
    return visml_part_by_probabilities(part) ? part->class_count : visml_classifier_outputs(part);
}

void visml_part_response(const visml_classifier *part, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    const visml_classifier_class *cls = visml_classifier_class_of(part);
    (visml_part_by_probabilities(part) ? cls->probabilities : cls->decide)(part, k, s, y, room_of(part, s->n, memory).rest);
}

void visml_part_confidence(const visml_classifier *part, const visml_compute *k, const visml_samples *s, float *y, int32_t *sides,
                           void *memory) {
    room r = room_of(part, s->n, memory);
    int both = visml_part_columns(part) == 2;
    visml_part_response(part, k, s, r.y, memory);
    for (int64_t i = 0; i < s->n; i++) {
        float a = both ? r.y[2 * i] : 0, b = both ? r.y[2 * i + 1] : r.y[i];
        if (sides)
            sides[i] = b > a;
        y[i] = b - a;
    }
}

static void add_votes(const visml_classifier *part, int64_t n, const int32_t *places, double weight, int64_t columns, double *sums) {
    const int32_t *classes = (const int32_t *)(const void *)part->classes->data;
    for (int64_t i = 0; i < n; i++)
        sums[i * columns + classes[places[i]]] += weight;
}

static void add_probabilities(const visml_classifier *part, int64_t n, const float *p, double weight, int64_t columns, double *sums) {
    const int32_t *classes = (const int32_t *)(const void *)part->classes->data;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < part->class_count; j++)
            sums[i * columns + classes[j]] += weight * (double)p[i * part->class_count + j];
}

void visml_part_add(const visml_classifier *part, const visml_compute *k, const visml_samples *s, int hard, double weight, int64_t columns,
                    double *sums, void *memory) {
    const visml_classifier_class *cls = visml_classifier_class_of(part);
    room r = room_of(part, s->n, memory);
    if (!part->classes) {
        cls->decide(part, k, s, r.y, r.rest);
        for (int64_t i = 0; i < s->n; i++)
            sums[i * columns] += weight * (double)r.y[i];
    } else if (hard) {
        visml_classifier_choose(part, k, s, r.places, r.y, r.rest);
        add_votes(part, s->n, r.places, weight, columns, sums);
    } else {
        cls->probabilities(part, k, s, r.y, r.rest);
        add_probabilities(part, s->n, r.y, weight, columns, sums);
    }
}

void visml_shares(int64_t n, int64_t columns, float *y) {
    for (int64_t i = 0; i < n; i++, y += columns) {
        double sum = 0;
        for (int64_t k = 0; k < columns; k++)
            sum += (double)y[k];
        for (int64_t k = 0; k < columns; k++)
            y[k] = sum > 0 ? (float)((double)y[k] / sum) : 1 / (float)columns;
    }
}
