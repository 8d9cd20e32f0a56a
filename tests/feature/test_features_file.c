/* Fitted features in files: what is damaged is an error that says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feature/features.h"
#include "support/support.h"

static visml_context *ctx;
static visml_error err;
static char *folder;

/* Boxes, and a standardization that has learned. */
static visml_features *fitted(void) {
    static const char text[] = "{\"height\": 8, \"width\": 8, \"extract\": [{\"class\": \"average\", \"over\": {\"class\": \"boxes\", "
                               "\"boxes\": [[0, 0, 4, 4], [2, 3, 5, 4]]}}], \"then\": [\"standardization\"]}";
    visml_features *f = assert_made(visml_features_from_json(ctx, text, sizeof text - 1, &err), &err);
    visml_tensor *x = assert_made(visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(9, 8, 8, 3), &err), &err);
    visml_tensor *y = assert_made(visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(9), &err), &err);
    for (int64_t i = 0; i < x->count; i++)
        ((uint8_t *)x->data)[i] = (uint8_t)(i * 7919 % 251);
    visml_dataset *ds = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 2, &err), &err);
    assert_ok(visml_features_fit(f, ds, NULL, &err), &err);
    visml_dataset_free(ds);
    visml_tensor_release(x);
    visml_tensor_release(y);
    return f;
}

static void what_is_not_fitted_is_not_saved(void **state) {
    static const char text[] = "{\"extract\": [\"average\"], \"then\": [\"standardization\"]}";
    visml_features *f = assert_made(visml_features_from_json(ctx, text, sizeof text - 1, &err), &err);
    char *path = test_path(folder, "open");
    (void)state;
    assert_int_equal(visml_features_save(f, path, &err), VISML_ESTATE);
    visml_features_free(f);
    f = assert_made(visml_features_new(ctx, NULL, &err), &err);
    assert_int_equal(visml_features_save(f, path, &err), VISML_EINVAL);
    visml_features_free(f);
    free(path);
}

/* Each byte changed, each length cut: an error, or (in the blanks of the header) the same features. */
static void damage_is_told(void **state) {
    visml_features *f = fitted();
    char *path = test_path(folder, "f.visml"), *broken = test_path(folder, "broken.visml"), text[2][600];
    size_t n;
    (void)state;
    assert_ok(visml_features_save(f, path, &err), &err);
    visml_features_to_json(f, text[0], sizeof text[0]);
    unsigned char *bytes = test_read_file(path, &n);
    for (size_t i = 0; i < 2 * n; i += 3) {
        bytes[i / 2] ^= i & 1 ? 0x20 : 0x01;
        test_write_file(broken, bytes, i & 1 ? n : i / 2);
        visml_features *g = visml_features_load(ctx, broken, &err);
        if (g) {
            visml_features_to_json(g, text[1], sizeof text[1]);
            assert_string_equal(text[0], text[1]);
        } else {
            assert_true(err.code == VISML_EFORMAT || err.code == VISML_EUNSUPPORTED || err.code == VISML_ELIMIT);
            assert_non_null(strstr(err.message, "broken.visml"));
        }
        visml_features_free(g);
        bytes[i / 2] ^= i & 1 ? 0x20 : 0x01;
    }
    free(bytes);
    free(broken);
    free(path);
    visml_features_free(f);
}

/* A whole file whose parts do not belong together. */
static void load_of(const char *description, const visml_bundle_tensor *list, size_t n, const char *says) {
    char *path = test_path(folder, "made.visml");
    json_t *object = json_loads(description, 0, NULL);
    assert_non_null(object);
    assert_ok(visml_bundle_write(ctx, path, "features", object, list, n, &err), &err);
    json_decref(object);
    assert_null(visml_features_load(ctx, path, &err));
    assert_int_equal(err.code, VISML_EFORMAT);
    if (!strstr(err.message, says))
        fail_msg("%s; wanted %s", err.message, says);
    free(path);
}

static void parts_must_belong_together(void **state) {
    static const float mean[4] = {0}, factor[4] = {1, 1, 1, 1};
    static const int32_t box[4] = {0, 0, 0, 1};
    static const char then[] = "{\"extract\": [\"average\"], \"then\": [\"standardization\", \"standardization\"]}";
    visml_shape three = visml_shape_make(1, (const int64_t[]){3}), four = visml_shape_make(1, (const int64_t[]){4});
    visml_shape one_box = visml_shape_make(2, (const int64_t[]){1, 4});
    const visml_bundle_tensor list[] = {{"2.mean", VISML_F32, three, mean}, {"2.factor", VISML_F32, three, factor},
                                        {"3.mean", VISML_F32, four, mean}, {"3.factor", VISML_F32, four, factor}};
    const visml_bundle_tensor boxes[] = {{"1.boxes", VISML_I32, one_box, box}};
    (void)state;
    load_of(then, list, 2, "\"mean\" is missing");
    load_of(then, list, 4, "learned from vectors of 4");
    load_of("[\"average\"]", list, 1, "holds 1 tensors");
    load_of("[\"average\"]", boxes, 1, "none of its own");
    load_of("[]", NULL, 0, "nothing is looked at");
    load_of("[\"averages\"]", NULL, 0, "averages");
    load_of("[{\"class\": \"average\", \"over\": {\"class\": \"boxes\", \"boxes\": [[0, 0, 1, 1]]}}]", boxes, 1, "boxes: number 0");
    load_of("[{\"class\": \"average\", \"over\": {\"class\": \"grid\", \"rows\": 2000}}]", NULL, 0, "rows");
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
        cmocka_unit_test(what_is_not_fitted_is_not_saved),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(parts_must_belong_together),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
