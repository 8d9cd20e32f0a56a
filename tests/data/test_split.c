#include "data/fixtures.h"

#include <math.h>
#include <stdatomic.h>

static visml_context *ctx;

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

/* Samples of so many of each class, the classes mixed. */
static visml_dataset *samples(visml_context *c, const int *counts, int classes) {
    visml_error err = {0};
    int64_t n = 0, left[8];
    for (int k = 0; k < classes; k++)
        n += left[k] = counts[k];
    visml_tensor *x = visml_tensor_new(c, VISML_U8, VISML_SHAPE(n, 1), &err), *y = visml_tensor_new(c, VISML_I32, VISML_SHAPE(n), &err);
    for (int64_t i = 0, k = 0; x && y && i < n; k = (k + 1) % classes)
        if (left[k]-- > 0)
            ((int32_t *)visml_tensor_data(y))[i++] = (int32_t)k;
    visml_dataset *ds = x && y ? visml_dataset_from_arrays(c, x, y, NULL, (size_t)classes, &err) : NULL;
    visml_tensor_release(x);
    visml_tensor_release(y);
    return ds;
}

static int64_t count_class(const visml_dataset *ds, int32_t label) {
    int64_t n = 0;
    for (int64_t i = 0; i < visml_dataset_count(ds); i++)
        n += visml_dataset_label(ds, i) == label;
    return n;
}

static void free_parts(visml_dataset *parts[3]) {
    for (int p = 0; p < 3; p++)
        visml_dataset_free(parts[p]);
}

/* Every sample in one part: seen by the loader's numbers would need one; labels and sizes must add up. */
static void check_sizes(const visml_dataset *ds, visml_dataset *parts[3], const double ratio[3]) {
    double sum = ratio[0] + ratio[1] + ratio[2];
    for (int32_t c = 0; c < (int32_t)visml_dataset_class_count(ds); c++) {
        int64_t all = count_class(ds, c), seen = 0;
        for (int p = 0; p < 3; p++) {
            int64_t n = parts[p] ? count_class(parts[p], c) : 0;
            assert_true(fabs((double)n - (double)all * ratio[p] / sum) < 1);
            seen += n;
        }
        assert_int_equal(seen, all);
    }
}

static void divides_each_class_in_the_ratio(void **state) {
    (void)state;
    const int counts[] = {100, 37, 3, 1, 0, 25};
    const double ratios[][3] = {{7, 1, 2}, {0.7, 0.1, 0.2}, {8, 2, 0}, {0, 0, 1}, {1, 1, 1}, {1e-9, 1, 1e9}, {90, 5, 5}};
    visml_error err = {0};
    visml_dataset *ds = samples(ctx, counts, 6);
    for (size_t k = 0; k < sizeof ratios / sizeof *ratios; k++) {
        visml_dataset *parts[3];
        visml_split_opts o = VISML_OPTS_INIT(visml_split_opts);
        memcpy(o.ratio, ratios[k], sizeof o.ratio);
        assert_ok(visml_dataset_split(ds, &o, parts, &err), &err);
        for (int p = 0; p < 3; p++)
            assert_int_equal(parts[p] == NULL, ratios[k][p] == 0);
        check_sizes(ds, parts, ratios[k]);
        free_parts(parts);
    }
    visml_dataset *parts[3];
    assert_ok(visml_dataset_split(ds, NULL, parts, &err), &err); /* 7 : 1 : 2 */
    assert_int_equal(count_class(parts[0], 0), 70);
    assert_int_equal(count_class(parts[1], 0), 10);
    assert_int_equal(count_class(parts[2], 0), 20);
    assert_int_equal(count_class(parts[0], 3), 1); /* a single sample is for learning */
    free_parts(parts);
    visml_dataset_free(ds);
}

/* 5 : 3.5, 0.5, 1. Alone, each class would give none to the second part. */
static void small_classes_add_up_to_the_ratio(void **state) {
    (void)state;
    const int counts[] = {5, 5, 5, 5, 5, 5, 5, 5};
    visml_error err = {0};
    visml_dataset *ds = samples(ctx, counts, 8), *parts[3];
    assert_ok(visml_dataset_split(ds, NULL, parts, &err), &err);
    assert_int_equal(visml_dataset_count(parts[0]), 28);
    assert_int_equal(visml_dataset_count(parts[1]), 4);
    assert_int_equal(visml_dataset_count(parts[2]), 8);
    free_parts(parts);
    visml_dataset_free(ds);
}

/* Paths of a part, one after the other. */
static char *paths_of(const visml_dataset *ds, size_t skip) {
    char *text = calloc(1, 1 << 16);
    for (int64_t i = 0; ds && i < visml_dataset_count(ds); i++)
        sprintf(text + strlen(text), "%s ", visml_dataset_path(ds, i) + skip);
    return text;
}

static void gives_each_sample_to_one_part(void **state) {
    (void)state;
    char *root = class_folders(3, 20);
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err);
    for (visml_split_mode mode = VISML_SPLIT_STRATIFIED; mode <= VISML_SPLIT_RANDOM; mode++) {
        visml_dataset *parts[3], *again[3];
        visml_split_opts o = VISML_OPTS_INIT(visml_split_opts);
        o.mode = mode;
        o.seed = 3;
        assert_ok(visml_dataset_split(ds, &o, parts, &err), &err);
        assert_int_equal(visml_dataset_count(parts[0]), 42);
        assert_int_equal(visml_dataset_count(parts[1]), 6);
        assert_int_equal(visml_dataset_count(parts[2]), 12);
        char *text[3];
        for (int p = 0; p < 3; p++) {
            text[p] = paths_of(parts[p], 0);
            for (int64_t i = 1; i < visml_dataset_count(parts[p]); i++)
                assert_true(strcmp(visml_dataset_path(parts[p], i - 1), visml_dataset_path(parts[p], i)) < 0);
        }
        for (int64_t i = 0; i < 60; i++) {
            int seen = 0;
            for (int p = 0; p < 3; p++)
                seen += strstr(text[p], visml_dataset_path(ds, i)) != NULL;
            assert_int_equal(seen, 1);
        }
        assert_ok(visml_dataset_split(ds, &o, again, &err), &err);
        char *same = paths_of(again[1], 0);
        assert_string_equal(same, text[1]);
        free(same);
        free_parts(again);
        o.seed = 4;
        assert_ok(visml_dataset_split(ds, &o, again, &err), &err);
        char *other = paths_of(again[1], 0);
        assert_string_not_equal(other, text[1]);
        free(other);
        free_parts(again);
        for (int p = 0; p < 3; p++)
            free(text[p]);
        free_parts(parts);
    }
    visml_dataset_free(ds);
    test_folder_remove(root);
}

/* The parts are a promise; tests/golden/order.py makes them once more. */
static void keeps_its_parts_for_ever(void **state) {
    (void)state;
    char *root = class_folders(2, 10);
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err), *parts[3];
    assert_ok(visml_dataset_split(ds, VISML_OPTS(visml_split_opts, .seed = 1), parts, &err), &err);
    char *val = paths_of(parts[1], strlen(root) + 1), *test = paths_of(parts[2], strlen(root) + 1);
    assert_string_equal(val, "cat/009.pgm dog/006.pgm ");
    assert_string_equal(test, "cat/002.pgm cat/007.pgm dog/000.pgm dog/003.pgm ");
    free(val);
    free(test);
    free_parts(parts);
    visml_dataset_free(ds);
    test_folder_remove(root);
}

/* ---- groups ---- */

/* 40 patients with 1 to 9 pictures each, of classes that follow the patient. */
static char *patients(char **csv) {
    char *root = test_folder();
    *csv = test_path(root, "list.csv");
    char *text = malloc(1 << 16);
    size_t n = (size_t)sprintf(text, "patient,path,label,site\n");
    for (int g = 0; g < 40; g++)
        for (int i = 0; i < 1 + g * 7 % 9; i++)
            n += (size_t)sprintf(text + n, "p%d,s%d/%d-%d.png,%s,%d\n", g, g % 8, g, i, (g + i) % 3 ? "ill" : "well", g % 8);
    test_write_file(*csv, text, n);
    free(text);
    return root;
}

static void keeps_groups_together(void **state) {
    (void)state;
    char *csv, *root = patients(&csv);
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_csv(ctx, csv, NULL, &err), &err);
    const char *const groups[] = {"patient", "site", "folder"};
    for (int k = 0; k < 3; k++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            visml_dataset *parts[3];
            visml_split_opts o = VISML_OPTS_INIT(visml_split_opts);
            o.mode = VISML_SPLIT_GROUPED;
            o.group = groups[k];
            o.seed = seed;
            if (k) {
                o.ratio[0] = 2;
                o.ratio[1] = 0;
                o.ratio[2] = 2;
            }
            assert_ok(visml_dataset_split(ds, &o, parts, &err), &err);
            int owner[40];
            memset(owner, -1, sizeof owner);
            for (int p = 0; p < 3; p++)
                for (int64_t i = 0; i < visml_dataset_count(parts[p]); i++) {
                    int site, patient;
                    sscanf(visml_dataset_path(parts[p], i) + strlen(root), "/s%d/%d-", &site, &patient);
                    int *group = &owner[k ? site : patient];
                    assert_true(*group == -1 || *group == p);
                    *group = p;
                }
            /* as near to the ratio as whole groups allow: here within one group (of 9) a class */
            double sum = o.ratio[0] + o.ratio[1] + o.ratio[2];
            for (int32_t c = 0; c < 2; c++)
                for (int p = 0; p < 3; p++) {
                    double share = sum > 0 ? o.ratio[p] / sum : (double[]){.7, .1, .2}[p];
                    double n = parts[p] ? (double)count_class(parts[p], c) : 0;
                    if (fabs(n - share * (double)count_class(ds, c)) > (k ? 12 : 5))
                        fail_msg("%s, seed %d: class %d of part %d has %g, wanted %g", groups[k], (int)seed, c, p, n,
                                 share * (double)count_class(ds, c));
                }
            free_parts(parts);
        }
    visml_dataset_free(ds);
    free(csv);
    test_folder_remove(root);
}

static void refuse(const visml_dataset *ds, visml_split_opts o, const char *part) {
    visml_error err = {0};
    visml_dataset *parts[3] = {(visml_dataset *)ctx, NULL, (visml_dataset *)ctx};
    o.size = sizeof o;
    assert_status(visml_dataset_split(ds, &o, parts, &err), VISML_EINVAL, &err);
    assert_in(err.message, part);
    assert_ptr_equal(parts[0], ctx);
    assert_null(parts[1]);
}

static void says_what_is_wrong(void **state) {
    (void)state;
    char *csv, *root = patients(&csv);
    visml_error err = {0};
    const int counts[] = {5, 5};
    visml_dataset *ds = assert_made(visml_dataset_from_csv(ctx, csv, NULL, &err), &err), *plain = samples(ctx, counts, 2), *parts[3];
    refuse(ds, (visml_split_opts){.ratio = {1, -1, 1}}, "ratio[1] is -1");
    refuse(ds, (visml_split_opts){.ratio = {NAN, 1, 1}}, "ratio[0] is nan");
    refuse(ds, (visml_split_opts){.ratio = {INFINITY, 1, 1}}, "ratio[0] is inf");
    refuse(ds, (visml_split_opts){.mode = 3}, "mode");
    refuse(ds, (visml_split_opts){.mode = VISML_SPLIT_GROUPED}, "group is NULL");
    refuse(ds, (visml_split_opts){.group = "patient"}, "not VISML_SPLIT_GROUPED");
    refuse(ds, (visml_split_opts){.mode = VISML_SPLIT_GROUPED, .group = "doctor"}, "must be one of: folder, patient, site");
    refuse(plain, (visml_split_opts){.mode = VISML_SPLIT_GROUPED, .group = "folder"}, "no files");
    assert_status(visml_dataset_split(NULL, NULL, parts, &err), VISML_EINVAL, &err);
    assert_status(visml_dataset_split(ds, NULL, NULL, &err), VISML_EINVAL, &err);
    visml_dataset_free(plain);
    visml_dataset_free(ds);
    free(csv);
    test_folder_remove(root);
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    char *csv, *root = patients(&csv);
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), NULL);
    visml_dataset *ds = visml_dataset_from_csv(c, csv, NULL, NULL);
    int64_t before = atomic_load(&a.live);
    const char *const groups[] = {NULL, "patient", "folder"};
    for (int k = 0; k < 3; k++)
        for (int64_t n = 1, done = 0; !done; n++) {
            visml_error err = {0};
            visml_dataset *parts[3] = {NULL};
            visml_split_opts o = VISML_OPTS_INIT(visml_split_opts);
            o.group = groups[k];
            o.mode = k ? VISML_SPLIT_GROUPED : VISML_SPLIT_STRATIFIED;
            atomic_store(&a.countdown, n);
            visml_status status = visml_dataset_split(ds, &o, parts, &err);
            done = atomic_load(&a.countdown) > 0;
            atomic_store(&a.countdown, -1);
            assert_int_equal(status, done ? VISML_OK : VISML_ENOMEM);
            assert_int_equal(parts[0] != NULL, done);
            free_parts(parts);
            assert_int_equal(atomic_load(&a.live), before);
        }
    visml_dataset_free(ds);
    visml_context_free(c);
    free(csv);
    test_folder_remove(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divides_each_class_in_the_ratio),
        cmocka_unit_test(small_classes_add_up_to_the_ratio),
        cmocka_unit_test(gives_each_sample_to_one_part),
        cmocka_unit_test(keeps_its_parts_for_ever),
        cmocka_unit_test(keeps_groups_together),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
