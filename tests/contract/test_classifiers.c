/* What every row of classifiers.def promises; how well each learns is in tests/classify. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/classifier.h"
#include "contract/classifier_cases.h"
#include "contract/option_contract.h"

#define CASES (sizeof classifier_cases / sizeof *classifier_cases)
enum { N = 60, D = 5 };

static visml_context *ctx;
static visml_error err;
static char *folder;

/* ---- rows ---- */

static visml_classifier *make(visml_context *c, const classifier_case *r, visml_error *e) {
    char text[900];
    int n = snprintf(text, sizeof text, "{\"class\": \"%s\"%s%s}", r->name, *r->json ? ", " : "", r->json);
    return visml_classifier_from_json(c, text, (size_t)n, e);
}

static const visml_classifier_class *class_of(const classifier_case *r) {
    for (size_t i = 0; visml_classifier_family[i]; i++)
        if (strcmp(visml_classifier_family[i]->kind.name, r->name) == 0)
            return visml_classifier_family[i];
    fail_msg("%s is no classifier", r->name);
    return NULL;
}

static void for_rows(void (*check)(const classifier_case *r)) {
    for (size_t i = 0; i < CASES; i++)
        check(&classifier_cases[i]);
}

static int sets(const char *name, const char *field) {
    char key[80];
    int used = 0;
    snprintf(key, sizeof key, "\"%s\"", field);
    for (size_t i = 0; i < CASES; i++)
        used |= strcmp(classifier_cases[i].name, name) == 0 && strstr(classifier_cases[i].json, key);
    return used;
}

static void every_class_has_rows_that_set_every_option(void **state) {
    (void)state;
    for (size_t i = 0; visml_classifier_family[i]; i++) {
        const visml_kind *k = &visml_classifier_family[i]->kind;
        size_t rows = 0;
        for (size_t r = 0; r < CASES; r++)
            rows += strcmp(classifier_cases[r].name, k->name) == 0;
        if (!rows)
            fail_msg("%s has no row in tests/contract/classifier_cases.h", k->name);
        for (const visml_field *f = k->fields; f->name; f++)
            if (f->kind != VISML_FIELD_RESERVED && !sets(k->name, f->name))
                fail_msg("%s: no row sets %s", k->name, f->name);
    }
}

/* ---- options, JSON ---- */

static void *make_of_options(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    return visml_object_make(c, "classifier", t->cls, sizeof(visml_classifier), opts, e);
}

static const void *options_of(const void *object) {
    return ((const visml_object *)object)->opts;
}

/* What was read may be given once more, but for 0. */
static void *valid_options(const visml_object *o) {
    void *valid = malloc(o->kind->opts_size);
    memcpy(valid, o->opts, o->kind->opts_size);
    for (const visml_field *f = o->kind->fields; f->name; f++)
        for (size_t k = 0; f->kind == VISML_FIELD_F64 && !(f->flags & VISML_FIELD_LIST) && k < f->count; k++) {
            double *p = (double *)(void *)((char *)valid + f->offset) + k;
            *p = *p == 0 && f->fallback != 0 ? VISML_ZERO : *p;
        }
    return valid;
}

static void check_options(const classifier_case *r) {
    const visml_kind *k = &class_of(r)->kind;
    visml_classifier *c = assert_made(make(ctx, r, &err), &err);
    void *valid = valid_options(&c->object);
    test_options t = {k->name, k->fields, k->opts_size, valid, make_of_options, options_of, visml_object_release, k, ctx};
    test_options_sizes(&t);
    test_options_ranges(&t);
    test_options_allocations(&t);
    free(valid);
    visml_classifier_free(c);
}

static void options_keep_the_contract(void **state) {
    (void)state;
    for_rows(check_options);
}

static json_t *to_json(const void *c) {
    return visml_classifier_json(c);
}

static void check_json(const classifier_case *r) {
    visml_classifier *c = assert_made(make(ctx, r, &err), &err);
    json_t *object = visml_classifier_json(c);
    visml_classifier *again = assert_made(visml_classifier_from_object(ctx, object, &err), &err);
    assert_ptr_equal(again->object.kind, c->object.kind);
    assert_memory_equal(again->object.opts, c->object.opts, c->object.kind->opts_size);
    assert_int_equal(again->of_count, c->of_count);
    test_json_allocations(to_json, c);
    json_decref(object);
    visml_classifier_free(again);
    visml_classifier_free(c);
}

static void json_goes_round(void **state) {
    (void)state;
    for_rows(check_json);
}

/* ---- sets ---- */

typedef struct set {
    visml_tensor *x, *y; /* y: NULL where the task has none */
} set;

/* Three clouds that hardly touch; the first column tells most. */
static void fill(float *x, int64_t n, int64_t d) {
    uint64_t seed = 11;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            x[i * d + j] = (float)(i % 3) * (j == 0 ? 2.0f : 0.5f) + 0.6f * test_random_float(&seed) + 1;
}

static void label(visml_tensor *y, visml_task task, const float *x, int64_t d, const int32_t *labels, int32_t classes) {
    for (int64_t i = 0; i < y->count; i++)
        if (task == VISML_TASK_REGRESSION)
            ((float *)(void *)y->data)[i] = 3 * x[i * d] - x[i * d + (d > 1)] + 0.5f;
        else
            ((int32_t *)(void *)y->data)[i] = labels[i % 3 % classes];
}

/* NULL tensors after an error. */
static set make_set(visml_context *c, visml_task task, int64_t n, int64_t d, int32_t classes, visml_error *e) {
    static const int32_t labels[] = {3, -7, 40};
    set s = {.x = visml_tensor_new(c, VISML_F32, VISML_SHAPE(n, d), e)};
    if (!s.x)
        return s;
    fill((float *)(void *)s.x->data, n, d);
    if (task == VISML_TASK_CLASSIFICATION || task == VISML_TASK_REGRESSION) {
        s.y = visml_tensor_new(c, task == VISML_TASK_REGRESSION ? VISML_F32 : VISML_I32, VISML_SHAPE(n), e);
        if (s.y)
            label(s.y, task, (const float *)(const void *)s.x->data, d, labels, classes);
    }
    return s;
}

static void free_set(set *s) {
    visml_tensor_release(s->x);
    visml_tensor_release(s->y);
}

/* Precomputed kernels want as many columns as rows, and say so. */
static int64_t columns_of(const classifier_case *r) {
    return strstr(r->json, "precomputed") ? N : D;
}

static set set_for(const visml_classifier *c, const classifier_case *r) {
    return make_set(c->object.context, visml_classifier_task(c), N, columns_of(r), 3, &err);
}

/* Where a row wants to stop early, the set validates itself. */
static visml_status fit(const classifier_case *r, visml_classifier *c, const set *s, const visml_classifier_fit_opts *opts,
                        visml_error *e) {
    visml_classifier_fit_opts o = VISML_OPTS_INIT(visml_classifier_fit_opts);
    if (opts)
        o = *opts;
    if (strstr(r->json, "early_stopping_rounds"))
        o.validation_x = s->x, o.validation_y = s->y;
    return visml_classifier_fit(c, s->x, s->y, &o, e);
}

static visml_classifier *fitted(visml_context *c, const classifier_case *r) {
    visml_classifier *it = assert_made(make(c, r, &err), &err);
    set s = set_for(it, r);
    visml_status status = fit(r, it, &s, VISML_OPTS(visml_classifier_fit_opts, .seed = 5), &err);
    if (status < 0)
        fail_msg("%s {%s}: %s", r->name, r->json, err.message);
    free_set(&s);
    return it;
}

/* All that a classifier says of rows, as bytes. */
static void *says(const visml_classifier *c, const visml_tensor *x, size_t *n) {
    visml_tensor *t[3] = {assert_made(visml_classifier_decision(c, x, &err), &err),
                          assert_made(visml_classifier_predict(c, x, &err), &err), NULL};
    if (visml_classifier_has_probabilities(c))
        t[2] = assert_made(visml_classifier_predict_proba(c, x, &err), &err);
    char *all = NULL;
    *n = 0;
    for (int i = 0; i < 3; i++) {
        size_t bytes = t[i] ? (size_t)t[i]->count * 4 : 0;
        all = realloc(all, *n + bytes + 1);
        if (bytes)
            memcpy(all + *n, t[i]->data, bytes);
        *n += bytes;
        visml_tensor_release(t[i]);
    }
    return all;
}

static void assert_same(const classifier_case *r, const void *a, size_t n, const void *b, size_t m, const char *why) {
    if (n != m || memcmp(a, b, n) != 0)
        fail_msg("%s {%s}: other bits %s", r->name, r->json, why);
}

/* ---- learning ---- */

static int is_label(const visml_classifier *c, int32_t v) {
    if (!c->classes)
        return visml_classifier_task(c) == VISML_TASK_OUTLIERS ? v == 1 || v == -1 : v >= 0 && v < c->class_count;
    for (int64_t k = 0; k < c->classes->count; k++)
        if (((int32_t *)(void *)c->classes->data)[k] == v)
            return 1;
    return 0;
}

static void check_numbers(const classifier_case *r, const visml_tensor *t) {
    for (int64_t i = 0; i < t->count; i++)
        if (!isfinite(((float *)(void *)t->data)[i]))
            fail_msg("%s {%s}: number %lld is %g", r->name, r->json, (long long)i, (double)((float *)(void *)t->data)[i]);
}

static void check_probabilities(const classifier_case *r, const visml_classifier *c, const visml_tensor *x) {
    visml_tensor *p = visml_classifier_predict_proba(c, x, &err);
    if (!visml_classifier_has_probabilities(c)) {
        assert_null(p);
        assert_int_equal(err.code, VISML_EUNSUPPORTED);
        return;
    }
    assert_made(p, &err);
    assert_int_equal(p->shape.dims[1], c->class_count);
    check_numbers(r, p);
    for (int64_t i = 0; i < p->shape.dims[0]; i++) {
        double sum = 0;
        for (int64_t k = 0; k < c->class_count; k++) {
            float v = ((float *)(void *)p->data)[i * c->class_count + k];
            assert_true(v >= 0 && v <= 1);
            sum += (double)v;
        }
        if (fabs(sum - 1) > 1e-5)
            fail_msg("%s {%s}: probabilities of row %lld add up to %.9g", r->name, r->json, (long long)i, sum);
    }
    visml_tensor_release(p);
}

/* Finite numbers of the right shapes, labels that there are. */
static void check_says(const classifier_case *r, const visml_classifier *c, const visml_tensor *x) {
    visml_tensor *y = assert_made(visml_classifier_decision(c, x, &err), &err);
    visml_tensor *l = assert_made(visml_classifier_predict(c, x, &err), &err);
    check_numbers(r, y);
    assert_int_equal(l->count, x->shape.dims[0]);
    if (l->dtype == VISML_F32)
        check_numbers(r, l);
    for (int64_t i = 0; l->dtype == VISML_I32 && i < l->count; i++)
        if (!is_label(c, ((int32_t *)(void *)l->data)[i]))
            fail_msg("%s {%s}: row %lld is taken for %d", r->name, r->json, (long long)i, (int)((int32_t *)(void *)l->data)[i]);
    visml_tensor_release(y);
    visml_tensor_release(l);
    if (visml_classifier_task(c) == VISML_TASK_CLASSIFICATION || visml_classifier_task(c) == VISML_TASK_CLUSTERING)
        check_probabilities(r, c, x);
}

static void check_learning(const classifier_case *r) {
    visml_classifier *c = fitted(ctx, r);
    set s = set_for(c, r);
    check_says(r, c, s.x);
    double score = 0;
    if (s.y) {
        assert_ok(visml_classifier_score(c, s.x, s.y, NULL, &score, &err), &err);
        double least = visml_classifier_task(c) == VISML_TASK_REGRESSION ? 0.2 : 0.6;
        if (!(score > least) && !strstr(r->json, "precomputed"))
            fail_msg("%s {%s}: its score on what it learned from is %g", r->name, r->json, score);
    }
    free_set(&s);
    visml_classifier_free(c);
}

static void all_learn(void **state) {
    (void)state;
    for_rows(check_learning);
}

/* The same numbers, columns side by side. */
static visml_tensor *turned(const visml_tensor *x, float *room) {
    int64_t n = x->shape.dims[0], d = x->shape.dims[1];
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            room[j * n + i] = ((const float *)(const void *)x->data)[i * d + j];
    return assert_made(visml_tensor_wrap(x->context, VISML_F32, VISML_SHAPE(n, d), (int64_t[]){1, n}, room, NULL, NULL, &err), &err);
}

static void check_layout(const classifier_case *r) {
    float room[N * N];
    size_t n[2];
    visml_classifier *a = fitted(ctx, r), *b = assert_made(make(ctx, r, &err), &err);
    set s = set_for(a, r);
    visml_tensor *t = turned(s.x, room);
    assert_ok(fit(r, b, &(set){t, s.y}, VISML_OPTS(visml_classifier_fit_opts, .seed = 5), &err), &err);
    void *one = says(a, s.x, &n[0]), *two = says(b, t, &n[1]);
    assert_same(r, one, n[0], two, n[1], "when columns lie side by side");
    free(one), free(two);
    visml_tensor_release(t);
    free_set(&s);
    visml_classifier_free(a), visml_classifier_free(b);
}

static void rows_may_lie_either_way(void **state) {
    (void)state;
    for_rows(check_layout);
}

static void check_threads(const classifier_case *r) {
    void *first = NULL;
    size_t bytes = 0;
    for (int32_t threads = 1; threads <= 8; threads *= threads == 2 ? 4 : 2) {
        size_t n;
        visml_context *c = test_context(threads);
        visml_classifier *it = fitted(c, r);
        set s = set_for(it, r);
        void *now = says(it, s.x, &n);
        if (first)
            assert_same(r, first, bytes, now, n, "for more threads");
        free(first);
        first = now, bytes = n;
        free_set(&s);
        visml_classifier_free(it);
        visml_context_free(c);
    }
    free(first);
}

static void threads_change_nothing(void **state) {
    (void)state;
    for_rows(check_threads);
}

/* ---- files ---- */

static void check_file(const classifier_case *r) {
    char *path = test_path(folder, "c.visml"), text[2][2000];
    size_t n[2];
    visml_classifier *c = fitted(ctx, r);
    assert_ok(visml_classifier_save(c, path, &err), &err);
    visml_classifier *again = assert_made(visml_classifier_load(ctx, path, &err), &err);
    set s = set_for(c, r);
    void *one = says(c, s.x, &n[0]), *two = says(again, s.x, &n[1]);
    assert_same(r, one, n[0], two, n[1], "after loading");
    visml_classifier_to_json(c, text[0], sizeof text[0]);
    visml_classifier_to_json(again, text[1], sizeof text[1]);
    assert_string_equal(text[0], text[1]);
    free(one), free(two), free(path);
    free_set(&s);
    visml_classifier_free(c), visml_classifier_free(again);
}

static void files_give_the_same_back(void **state) {
    (void)state;
    for_rows(check_file);
}

/* Loads a file with array i of the classifier changed: left out, of another type, its numbers spoilt. */
typedef enum damage { LEFT_OUT, OTHER_TYPE, SPOILT_HIGH, SPOILT_LOW, DAMAGES } damage;

static visml_status load_damaged(const visml_bundle *b, size_t i, damage how, const char *path, visml_classifier **c) {
    visml_bundle_tensor *list = malloc(b->count * sizeof *list);
    memcpy(list, b->tensors, b->count * sizeof *list);
    size_t bytes = (size_t)visml_shape_count(&list[i].shape) * visml_dtype_bytes(list[i].dtype), n = b->count;
    void *copy = calloc(1, 2 * bytes + 8);
    list[i].data = copy;
    if (how == SPOILT_HIGH || how == SPOILT_LOW)
        memset(copy, how == SPOILT_HIGH ? 0x7f : 0xff, bytes); /* 2139062143 and 3.4e38; -1 and NaN */
    if (how == OTHER_TYPE)
        list[i].dtype = list[i].dtype == VISML_F64 ? VISML_I64 : VISML_F64;
    if (how == LEFT_OUT)
        list[i] = list[--n];
    assert_ok(visml_bundle_write(ctx, path, "classifier", b->description, list, n, &err), &err);
    *c = visml_classifier_load(ctx, path, &err);
    free(copy), free(list);
    return *c ? VISML_OK : err.code;
}

static void check_damage(const classifier_case *r) {
    char *path = test_path(folder, "d.visml"), *to = test_path(folder, "e.visml");
    visml_classifier *c = fitted(ctx, r), *damaged;
    visml_bundle b;
    set s = set_for(c, r);
    assert_ok(visml_classifier_save(c, path, &err), &err);
    assert_ok(visml_bundle_read(ctx, path, "classifier", &b, &err), &err);
    for (size_t i = 0; i < b.count; i += 1 + i / 2) /* later ones are mostly those of further parts */
        for (damage how = 0; how < DAMAGES; how++) {
            if (load_damaged(&b, i, how, to, &damaged) != VISML_OK) {
                if (err.code != VISML_EFORMAT)
                    fail_msg("%s {%s}: array %s, damage %d: %s", r->name, r->json, b.tensors[i].name, (int)how, err.message);
                continue;
            }
            if (how == LEFT_OUT || how == OTHER_TYPE)
                fail_msg("%s {%s}: array %s is damaged (%d), and nothing is said", r->name, r->json, b.tensors[i].name, (int)how);
            visml_tensor_release(visml_classifier_predict(damaged, s.x, &err)); /* must not crash */
            visml_classifier_free(damaged);
        }
    visml_bundle_clear(&b);
    free(path), free(to);
    free_set(&s);
    visml_classifier_free(c);
}

static void damaged_files_are_refused(void **state) {
    (void)state;
    for_rows(check_damage);
}

/* ---- awkward sets ---- */

/* Learned, or refused with a reason that names the class; what was learned says finite numbers. */
static void try_set(const classifier_case *r, set *s, const visml_classifier_fit_opts *opts, const char *what) {
    visml_classifier *c = assert_made(make(ctx, r, &err), &err);
    visml_status status = fit(r, c, s, opts, &err);
    if (status == VISML_OK)
        check_says(r, c, s->x);
    else if ((status != VISML_EINVAL && status != VISML_ENONFINITE) || strlen(err.message) < 10)
        fail_msg("%s {%s}: %s: %d: %s", r->name, r->json, what, (int)status, err.message);
    visml_classifier_free(c);
}

static visml_task task_of(const classifier_case *r) {
    visml_classifier *c = assert_made(make(ctx, r, &err), &err);
    visml_task task = visml_classifier_task(c);
    visml_classifier_free(c);
    return task;
}

static void check_awkward(const classifier_case *r) {
    static const struct { const char *what; int64_t n, d; int32_t classes; } sizes[] = {
        {"one class", N, D, 1}, {"two classes", N, D, 2}, {"one row", 1, D, 1}, {"two rows", 2, D, 2}, {"three rows", 3, D, 3},
        {"one column", N, 1, 3}, {"more columns than rows", 6, 40, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        set s = make_set(ctx, task_of(r), sizes[i].n, sizes[i].d, sizes[i].classes, &err);
        try_set(r, &s, NULL, sizes[i].what);
        free_set(&s);
    }
    for (int how = 0; how < 4; how++) {
        set s = make_set(ctx, task_of(r), N, D, 3, &err);
        float *x = (float *)(void *)s.x->data;
        for (int64_t i = 0; i < N; i++)
            for (int64_t j = 0; j < D; j++)
                x[i * D + j] = how == 0   ? (j == 2 ? 7 : x[i * D + j])              /* a constant column */
                               : how == 1 ? 1                                         /* all rows alike */
                               : how == 2 ? x[i % 4 * D + j]                          /* four rows again and again */
                                          : x[i * D + j] * (j == 1 ? 1e6f : 1e-6f); /* columns of very different size */
        try_set(r, &s, NULL, "awkward numbers");
        free_set(&s);
    }
}

static void awkward_sets_are_learned_or_refused(void **state) {
    (void)state;
    for_rows(check_awkward);
}

static void check_missing(const classifier_case *r) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    int takes = class_of(r)->can & VISML_CAN_MISS;
    for (int i = 0; i < 3; i++) {
        visml_classifier *c = fitted(ctx, r);
        set s = set_for(c, r);
        ((float *)(void *)s.x->data)[columns_of(r) * 7 + 3] = bad[i];
        visml_status status = fit(r, c, &s, NULL, &err);
        if (i == 0 && takes) {
            assert_ok(status, &err);
            check_says(r, c, s.x);
        } else {
            assert_int_equal(status, VISML_EINVAL);
            assert_non_null(strstr(err.message, "x[7, 3]"));
            assert_null(visml_classifier_predict(c, s.x, &err));
            assert_non_null(strstr(err.message, "x[7, 3]"));
        }
        free_set(&s);
        visml_classifier_free(c);
    }
}

static void missing_numbers_are_taken_or_named(void **state) {
    (void)state;
    for_rows(check_missing);
}

static void check_columns(const classifier_case *r) {
    char both[2][40];
    visml_classifier *c = fitted(ctx, r);
    set s = make_set(ctx, visml_classifier_task(c), 4, 2, 3, &err);
    assert_null(visml_classifier_decision(c, s.x, &err));
    snprintf(both[0], sizeof both[0], "x has 2 columns");
    snprintf(both[1], sizeof both[1], "had %d", (int)columns_of(r));
    assert_non_null(strstr(err.message, both[0]));
    assert_non_null(strstr(err.message, both[1]));
    free_set(&s);
    visml_classifier_free(c);
}

static void other_numbers_of_columns_are_refused(void **state) {
    (void)state;
    for_rows(check_columns);
}

/* With all that it works by. */
static int takes_weights(const visml_classifier *c) {
    int takes = visml_classifier_class_of(c)->can & VISML_CAN_WEIGH;
    for (size_t i = 0; takes && i < c->of_count; i++)
        takes = takes_weights(c->of[i]);
    return takes;
}

/* Rows of weight 0 in between, whose labels are wrong: the others are learned as well as ever. */
static void check_weights(const classifier_case *r) {
    visml_classifier *c = assert_made(make(ctx, r, &err), &err);
    if (!takes_weights(c)) {
        visml_classifier_free(c);
        return;
    }
    set s = set_for(c, r);
    visml_tensor *w = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(N), &err), &err);
    for (int i = 0; i < N; i++) {
        ((float *)(void *)w->data)[i] = i % 5 ? 1 : 0;
        if (s.y && i % 5 == 0)
            ((int32_t *)(void *)s.y->data)[i] = ((int32_t *)(void *)s.y->data)[(i + 1) % N];
    }
    assert_ok(fit(r, c, &s, VISML_OPTS(visml_classifier_fit_opts, .weights = w, .seed = 5), &err), &err);
    check_says(r, c, s.x);
    double score = 0;
    if (s.y && !strstr(r->json, "precomputed")) {
        assert_ok(visml_classifier_score(c, s.x, s.y, w, &score, &err), &err);
        if (!(score > (visml_classifier_task(c) == VISML_TASK_REGRESSION ? 0.2 : 0.6)))
            fail_msg("%s {%s}: its score is %g, when rows of weight 0 have wrong labels", r->name, r->json, score);
    }
    visml_tensor_release(w);
    free_set(&s);
    visml_classifier_free(c);
}

static void weights_of_0_leave_rows_out(void **state) {
    (void)state;
    for_rows(check_weights);
}

/* ---- cancelling, allocations ---- */

static int32_t stop_at_once(void *user, const visml_classifier_progress *p) {
    assert_true(p->size == sizeof *p && p->done >= 0);
    ++*(int *)user;
    return 1;
}

static void check_cancel(const classifier_case *r) {
    int called = 0;
    size_t n[2];
    visml_classifier *c = fitted(ctx, r);
    set s = set_for(c, r);
    void *before = says(c, s.x, &n[0]);
    visml_status status = fit(r, c, &s, VISML_OPTS(visml_classifier_fit_opts, .progress = stop_at_once, .user = &called, .seed = 99), &err);
    if (status != VISML_ECANCELLED || called != 1)
        fail_msg("%s {%s}: the progress was told %d times, and the fit ended with %d", r->name, r->json, called, (int)status);
    void *after = says(c, s.x, &n[1]);
    assert_same(r, before, n[0], after, n[1], "after a fit that was stopped");
    free(before), free(after);
    free_set(&s);
    visml_classifier_free(c);
}

static void a_fit_that_is_stopped_changes_nothing(void **state) {
    (void)state;
    for_rows(check_cancel);
}

typedef struct use_of {
    const classifier_case *row;
    visml_task task;
} use_of;

static visml_status use(visml_context *c, const void *what, visml_error *e) {
    const classifier_case *r = ((const use_of *)what)->row;
    visml_task task = ((const use_of *)what)->task;
    set s = make_set(c, task, 30, columns_of(r) == N ? 30 : D, 3, e);
    int wants = task == VISML_TASK_CLASSIFICATION || task == VISML_TASK_REGRESSION;
    visml_classifier *it = s.x && (s.y || !wants) ? make(c, r, e) : NULL;
    visml_status status = it ? fit(r, it, &s, NULL, e) : e->code;
    visml_tensor *y = status == VISML_OK ? visml_classifier_predict(it, s.x, e) : NULL;
    status = y ? VISML_OK : e->code;
    visml_tensor_release(y);
    visml_classifier_free(it);
    free_set(&s);
    return status;
}

static void check_allocations(const classifier_case *r) {
    use_of what = {r, task_of(r)};
    test_failing_allocations(r->name, 60, use, &what); /* the later ones are those of later parts */
}

static void failing_allocations_are_survived(void **state) {
    (void)state;
    for_rows(check_allocations);
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    folder = test_folder();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    test_folder_remove(folder);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_has_rows_that_set_every_option),
        cmocka_unit_test(options_keep_the_contract),
        cmocka_unit_test(json_goes_round),
        cmocka_unit_test(all_learn),
        cmocka_unit_test(rows_may_lie_either_way),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(files_give_the_same_back),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(awkward_sets_are_learned_or_refused),
        cmocka_unit_test(missing_numbers_are_taken_or_named),
        cmocka_unit_test(other_numbers_of_columns_are_refused),
        cmocka_unit_test(weights_of_0_leave_rows_out),
        cmocka_unit_test(a_fit_that_is_stopped_changes_nothing),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
