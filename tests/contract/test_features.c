/* What every row of extractors.def, aggregators.def, transforms.def and regions.def promises; the values are in tests/feature. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/feature_cases.h"
#include "contract/option_contract.h"
#include "feature/features.h"

static visml_context *ctx;
static visml_error err;
static char *folder;

/* ---- the families ---- */

typedef void *from_object(visml_context *c, const json_t *object, visml_error *e);
/* The four functions differ in the type of what they return alone. */
#define FROM(family) \
    static void *family##_from(visml_context *c, const json_t *object, visml_error *e) {                             \
        return visml_##family##_from_object(c, object, e);                                                           \
    }                                                                                                                \
    static const visml_kind *family##_kind(size_t i) {                                                               \
        return visml_##family##_classes[i] ? &visml_##family##_classes[i]->kind : NULL;                              \
    }
FROM(extractor)
FROM(aggregator)
FROM(transform)
FROM(regions)

typedef struct family {
    const char *name;
    const feature_case *cases;
    size_t count, size;
    from_object *from;
    const visml_kind *(*kind)(size_t i);
    const char *json; /* features with this row in the place of %s */
} family;

#define ROWS(cases) cases, sizeof cases / sizeof *cases
#define CELLS "\"over\": {\"class\": \"grid\", \"rows\": 4, \"columns\": 4}"
static const family families[] = {
    {"extractor", ROWS(extractor_cases), sizeof(visml_extractor), extractor_from, extractor_kind, "[%s]"},
    {"aggregator", ROWS(aggregator_cases), sizeof(visml_aggregator), aggregator_from, aggregator_kind,
     "[{\"class\": \"pixels\", " CELLS ", \"pool\": %s}]"},
    {"transform", ROWS(transform_cases), sizeof(visml_transform), transform_from, transform_kind,
     "{\"extract\": [{\"class\": \"average\", \"over\": {\"class\": \"grid\", \"rows\": 2, \"columns\": 2}}], \"then\": [%s]}"},
    {"regions", ROWS(regions_cases), sizeof(visml_regions), regions_from, regions_kind, "[{\"class\": \"average\", \"over\": %s}]"},
};
#define FAMILIES (sizeof families / sizeof *families)

static void write_row(const feature_case *r, char *text, size_t n) {
    snprintf(text, n, "{\"class\": \"%s\"%s%s}", r->name, *r->json ? ", " : "", r->json);
}

static visml_object *make_row(const family *f, const feature_case *r) {
    char text[600];
    write_row(r, text, sizeof text);
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    visml_object *o = assert_made(f->from(ctx, object, &err), &err);
    json_decref(object);
    return o;
}

/* Calls a check for each row of each family. */
static void for_rows(void (*check)(const family *f, const feature_case *r)) {
    for (size_t i = 0; i < FAMILIES; i++)
        for (size_t k = 0; k < families[i].count; k++)
            check(&families[i], &families[i].cases[k]);
}

/* ---- rows ---- */

static const feature_case *row_of(const family *f, const visml_kind *kind) {
    for (size_t k = 0; k < f->count; k++)
        if (strcmp(f->cases[k].name, kind->name) == 0)
            return &f->cases[k];
    fail_msg("%s %s has no row in tests/contract/feature_cases.h", f->name, kind->name);
    return NULL;
}

static void check_fields(const family *f, const visml_kind *kind) {
    for (const visml_field *field = kind->fields; field->name; field++) {
        int used = field->kind == VISML_FIELD_RESERVED;
        char key[80];
        snprintf(key, sizeof key, "\"%s\"", field->name);
        for (size_t k = 0; k < f->count; k++)
            used |= strcmp(f->cases[k].name, kind->name) == 0 && strstr(f->cases[k].json, key);
        if (!used)
            fail_msg("%s %s: no row sets %s", f->name, kind->name, field->name);
    }
}

static void every_class_has_rows_that_set_every_option(void **state) {
    (void)state;
    for (size_t i = 0; i < FAMILIES; i++)
        for (size_t k = 0; families[i].kind(k); k++) {
            row_of(&families[i], families[i].kind(k));
            check_fields(&families[i], families[i].kind(k));
        }
}

/* ---- options ---- */

typedef struct class_of_family {
    const family *family;
    const visml_kind *kind;
} class_of_family;

static void *make(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    const class_of_family *of = t->cls;
    return visml_object_make(c, of->family->name, of->kind, of->family->size, opts, e);
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

static void options_keep_the_contract(void **state) {
    (void)state;
    for (size_t i = 0; i < FAMILIES; i++)
        for (size_t k = 0; families[i].kind(k); k++) {
            class_of_family of = {&families[i], families[i].kind(k)};
            visml_object *o = make_row(of.family, row_of(of.family, of.kind));
            void *valid = valid_options(o);
            test_options t = {of.kind->name, of.kind->fields, of.kind->opts_size, valid, make, options_of, visml_object_release, &of, ctx};
            test_options_sizes(&t);
            test_options_ranges(&t);
            test_options_allocations(&t);
            free(valid);
            visml_object_release(o);
        }
}

/* ---- JSON ---- */

static json_t *to_json(const void *object) {
    const visml_object *o = object;
    return o->kind == &visml_regions_boxes_class.kind ? visml_regions_json(object) : visml_object_json(o);
}

static void check_json(const family *f, const feature_case *r) {
    visml_object *o = make_row(f, r);
    json_t *object = to_json(o);
    visml_object *again = assert_made(f->from(ctx, object, &err), &err);
    assert_ptr_equal(again->kind, o->kind);
    assert_memory_equal(again->opts, o->opts, o->kind->opts_size);
    test_json_allocations(to_json, o);
    json_decref(object);
    visml_object_release(again);
    visml_object_release(o);
}

static void json_goes_round(void **state) {
    (void)state;
    for_rows(check_json);
}

/* ---- pictures ---- */

/* n pictures of noise, or of one value. */
static visml_tensor *pictures(visml_context *c, int64_t n, int64_t height, int64_t width, int64_t channels, visml_dtype dtype,
                              int constant) {
    visml_tensor *t = assert_made(visml_tensor_new(c, dtype, VISML_SHAPE(n, height, width, channels), &err), &err);
    uint64_t seed = 5;
    for (int64_t i = 0; i < t->count; i++) {
        uint8_t v = constant ? 100 : (uint8_t)(test_random(&seed) % 256);
        if (dtype == VISML_U8)
            ((uint8_t *)t->data)[i] = v;
        else
            ((float *)(void *)t->data)[i] = (float)v / 255;
    }
    return t;
}

/* 60 pictures of 48 x 48 x 3, of 3 classes; 6 of them are enough for most. */
static visml_dataset *dataset(visml_context *c, int64_t n, visml_error *e) {
    visml_tensor *x = visml_tensor_new(c, VISML_U8, VISML_SHAPE(n, 48, 48, 3), e), *y = NULL;
    uint64_t seed = 7;
    if (x)
        y = visml_tensor_new(c, VISML_I32, VISML_SHAPE(n), e);
    for (int64_t i = 0; y && i < x->count; i++)
        ((uint8_t *)x->data)[i] = (uint8_t)(test_random(&seed) % 200 + (uint32_t)(i / 48 % 48));
    for (int64_t i = 0; y && i < n; i++)
        ((int32_t *)(void *)y->data)[i] = (int32_t)(i % 3);
    visml_dataset *ds = y ? visml_dataset_from_arrays(c, x, y, NULL, 0, e) : NULL;
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

static visml_features *make_features(visml_context *c, const family *f, const feature_case *r, visml_error *e) {
    char row[600], text[900];
    write_row(r, row, sizeof row);
    snprintf(text, sizeof text, f->json, row);
    return visml_features_from_json(c, text, strlen(text), e);
}

/* Made of a row, and fitted where it learns. NULL after an error. */
static visml_features *fitted(visml_context *c, const family *f, const feature_case *r, visml_error *e) {
    visml_features *features = make_features(c, f, r, e);
    if (!features || visml_features_is_fitted(features))
        return features;
    visml_dataset *ds = dataset(c, strcmp(f->name, "transform") == 0 ? 60 : 6, e);
    visml_status status = ds ? visml_features_fit(features, ds, VISML_OPTS(visml_feature_run_opts, .seed = 3), e) : VISML_ENOMEM;
    visml_dataset_free(ds);
    if (status == VISML_OK)
        return features;
    visml_features_free(features);
    return NULL;
}

/* An error about the class, or about the extractor that it works with. */
static int says_why(const feature_case *r, const char *message) {
    static const char *const others[] = {"pixels", "average", "learned from"};
    int found = strstr(message, r->name) != NULL;
    for (int i = 0; i < 3; i++)
        found |= strstr(message, others[i]) != NULL;
    return found;
}

/* Finite numbers, or an error that names the class. */
static void check_picture(const visml_features *features, const feature_case *r, const visml_tensor *x) {
    memset(&err, 0, sizeof err);
    visml_tensor *y = visml_features_transform(features, x, &err);
    if (!y) {
        if (err.code != VISML_EINVAL || !says_why(r, err.message))
            fail_msg("%s: a picture of %s: %s", r->name, visml_shape_format(&x->shape).s, err.message);
        return;
    }
    for (int64_t i = 0; i < y->count; i++)
        if (!isfinite(((float *)(void *)y->data)[i]))
            fail_msg("%s: a picture of %s: number %lld is %g", r->name, visml_shape_format(&x->shape).s, (long long)i,
                     (double)((float *)(void *)y->data)[i]);
    visml_tensor_release(y);
}

static void check_pictures(const family *f, const feature_case *r) {
    static const int64_t sizes[][2] = {{1, 1}, {1, 50}, {50, 1}, {2, 2}, {3, 3}, {7, 9}, {8, 8}, {31, 33}, {48, 48}, {1, 2}, {16, 64}};
    visml_features *features = assert_made(fitted(ctx, f, r, &err), &err);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int how = 0; how < 12; how++) {
            visml_tensor *x = pictures(ctx, 1, sizes[s][0], sizes[s][1], (const int64_t[]){1, 3, 4}[how / 4],
                                       how & 1 ? VISML_F32 : VISML_U8, how & 2);
            check_picture(features, r, x);
            visml_tensor_release(x);
        }
    visml_features_free(features);
}

static void pictures_of_every_kind_give_numbers_or_a_reason(void **state) {
    (void)state;
    for_rows(check_pictures);
}

/* ---- threads, files ---- */

/* What a row makes of 5 pictures of 48 x 48, of one that is larger where it takes it, and of one alone. */
static void *results_of(const visml_features *features, size_t *n) {
    visml_context *c = features->context;
    visml_tensor *x[] = {pictures(c, 5, 48, 48, 3, VISML_U8, 0), pictures(c, 1, 97, 131, 3, VISML_U8, 0),
                         pictures(c, 1, 48, 48, 3, VISML_F32, 0)};
    char *all = NULL;
    *n = 0;
    for (int i = 0; i < 3; i++) {
        visml_tensor *y = visml_features_transform(features, x[i], &err);
        if (i != 1)
            assert_made(y, &err);
        if (y) {
            size_t bytes = (size_t)y->count * sizeof(float);
            all = realloc(all, *n + bytes);
            memcpy(all + *n, y->data, bytes);
            *n += bytes;
        }
        visml_tensor_release(y);
        visml_tensor_release(x[i]);
    }
    return all;
}

static void check_threads(const family *f, const feature_case *r) {
    void *first = NULL;
    size_t bytes = 0;
    for (int32_t threads = 1; threads <= 8; threads *= threads == 2 ? 4 : 2) {
        size_t n;
        visml_context *c = test_context(threads);
        visml_features *features = assert_made(fitted(c, f, r, &err), &err);
        void *now = results_of(features, &n);
        if (first && (n != bytes || memcmp(first, now, n) != 0))
            fail_msg("%s %s: %d threads give other bits than one", f->name, r->name, (int)threads);
        if (first)
            free(now);
        else
            first = now;
        bytes = n;
        visml_features_free(features);
        visml_context_free(c);
    }
    free(first);
}

static void threads_change_nothing(void **state) {
    (void)state;
    for_rows(check_threads);
}

static void check_file(const family *f, const feature_case *r) {
    visml_features *features = assert_made(fitted(ctx, f, r, &err), &err);
    char *path = test_path(folder, "f.visml"), text[2][1500];
    size_t n[2];
    assert_ok(visml_features_save(features, path, &err), &err);
    visml_features *again = assert_made(visml_features_load(ctx, path, &err), &err);
    void *one = results_of(features, &n[0]), *two = results_of(again, &n[1]);
    if (n[0] != n[1] || memcmp(one, two, n[0]) != 0)
        fail_msg("%s %s: other bits after loading", f->name, r->name);
    visml_features_to_json(features, text[0], sizeof text[0]);
    visml_features_to_json(again, text[1], sizeof text[1]);
    assert_string_equal(text[0], text[1]);
    free(one);
    free(two);
    free(path);
    visml_features_free(again);
    visml_features_free(features);
}

static void files_give_the_same_back(void **state) {
    (void)state;
    for_rows(check_file);
}

/* ---- allocations ---- */

typedef struct use_of {
    const family *family;
    const feature_case *row;
} use_of;

/* Made, fitted, and used on one picture. 0, or an error. */
static visml_status use(visml_context *c, const void *what, visml_error *e) {
    const family *f = ((const use_of *)what)->family;
    const feature_case *r = ((const use_of *)what)->row;
    visml_tensor *x = visml_tensor_new(c, VISML_U8, VISML_SHAPE(48, 48, 3), e);
    visml_features *features = x ? fitted(c, f, r, e) : NULL;
    visml_tensor *y = features ? visml_features_transform(features, x, e) : NULL;
    visml_status status = y ? VISML_OK : e->code;
    visml_tensor_release(y);
    visml_tensor_release(x);
    visml_features_free(features);
    return status;
}

static void check_allocations(const family *f, const feature_case *r) {
    use_of what = {f, r};
    test_failing_allocations(r->name, 60, use, &what); /* the later ones are those of later pictures */
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
        cmocka_unit_test(pictures_of_every_kind_give_numbers_or_a_reason),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(files_give_the_same_back),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
