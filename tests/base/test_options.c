#include "support/support.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/options.h"

typedef struct sample_opts {
    uint32_t size;
    int32_t units;
    int32_t pair[2];
    int32_t mode;
    int32_t flag;
    double rate;
    double bound;
    double any;
    int64_t list[3];
    uint64_t seed;
    const char *name;
    int32_t reserved;
    int32_t last;
} sample_opts;

static const char *const modes[] = {"plain", "", "fancy", NULL};
static const visml_field fields[] = {
    VISML_FIELD(sample_opts, units, I32, VISML_FIELD_REQUIRED, 1, 1, 100, 0),
    VISML_FIELD(sample_opts, pair, I32, VISML_FIELD_SPREAD, 2, 1, 2147483647, 1),
    VISML_FIELD_OF_ENUM(sample_opts, mode, 0, modes),
    VISML_FIELD(sample_opts, flag, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(sample_opts, rate, F64, 0, 1, 0, 1, 0.9),
    VISML_FIELD(sample_opts, bound, F64, VISML_FIELD_OPEN_MIN | VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.5),
    VISML_FIELD(sample_opts, any, F64, 0, 1, -FLT_MAX, FLT_MAX, 0),
    VISML_FIELD(sample_opts, list, I64, VISML_FIELD_LIST, 3, -1, 1000, 0),
    VISML_FIELD(sample_opts, seed, U64, 0, 1, 0, 18446744073709551615.0, 0),
    VISML_FIELD(sample_opts, name, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD_OF_RESERVED(sample_opts),
    VISML_FIELD(sample_opts, last, I32, 0, 1, 0, 9, 0),
    {0},
};

static visml_status read_opts(const void *user, sample_opts *ours, visml_error *err) {
    return visml_options_read("sample", fields, user, ours, sizeof *ours, err);
}

static void zero_means_default(void **state) {
    (void)state;
    visml_error err = {0};
    sample_opts o;
    assert_ok(read_opts(VISML_OPTS(sample_opts, .units = 5), &o, &err), &err);
    assert_int_equal(o.size, sizeof o);
    assert_int_equal(o.units, 5);
    assert_int_equal(o.pair[0], 1);
    assert_int_equal(o.pair[1], 1);
    assert_true(o.rate == 0.9 && o.bound == 0.5);
    assert_null(o.name);
    assert_ok(read_opts(VISML_OPTS(sample_opts, .units = 5, .pair = {3}, .rate = VISML_ZERO, .list = {4, -1}), &o, &err), &err);
    assert_int_equal(o.pair[1], 3);
    assert_true(o.rate == 0 && o.list[0] == 4 && o.list[1] == -1 && o.list[2] == 0);
}

static void the_size_rule_holds(void **state) {
    (void)state;
    visml_error err = {0};
    struct {
        sample_opts o;
        unsigned char more[8];
    } longer = {.o = {.size = sizeof longer, .units = 5}};
    sample_opts o, shorter = {.size = offsetof(sample_opts, pair), .units = 7, .pair = {9, 9}};
    assert_ok(read_opts(&shorter, &o, &err), &err);
    assert_int_equal(o.pair[0], 1); /* past its end nothing is read */
    assert_ok(read_opts(&longer, &o, &err), &err);
    longer.more[3] = 1;
    memset(&o, 0x77, sizeof o);
    sample_opts before = o;
    assert_status(read_opts(&longer, &o, &err), VISML_EINVAL, &err);
    assert_memory_equal(&o, &before, sizeof o);
    char want[64];
    snprintf(want, sizeof want, "byte %zu is set", sizeof(sample_opts) + 3);
    assert_non_null(strstr(err.message, want));
    assert_status(read_opts(&(sample_opts){.size = 0, .units = 5}, &o, &err), VISML_EINVAL, &err);
    assert_status(read_opts(NULL, &o, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "sample: units is not set; it is required, 1 to 100");
}

static void refused(sample_opts user, const char *message) {
    visml_error err = {0};
    sample_opts o;
    user.size = sizeof user;
    assert_status(read_opts(&user, &o, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, message);
}

static void ranges_are_checked(void **state) {
    (void)state;
    refused((sample_opts){.units = -2}, "sample: units is -2, must be 1 to 100");
    refused((sample_opts){.units = 101}, "sample: units is 101, must be 1 to 100");
    refused((sample_opts){.units = 1, .pair = {2, -1}}, "sample: pair[1] is -1, must be at least 1");
    refused((sample_opts){.units = 1, .mode = 1}, "sample: mode is 1, must be one of the named constants, 0 to 2");
    refused((sample_opts){.units = 1, .mode = 3}, "sample: mode is 3, must be one of the named constants, 0 to 2");
    refused((sample_opts){.units = 1, .flag = 2}, "sample: flag is 2, must be 0 or 1");
    refused((sample_opts){.units = 1, .rate = 1.5}, "sample: rate is 1.5, must be 0 to 1");
    refused((sample_opts){.units = 1, .rate = NAN}, "sample: rate is nan, must be 0 to 1");
    refused((sample_opts){.units = 1, .bound = 1}, "sample: bound is 1, must be above 0 to below 1");
    refused((sample_opts){.units = 1, .any = -INFINITY}, "sample: any is -inf, must be finite as float32");
    refused((sample_opts){.units = 1, .list = {3, -2}}, "sample: list[1] is -2, must be -1 to 1000");
}

static void reserved_fields_must_be_zero(void **state) {
    (void)state;
    visml_error err = {0};
    sample_opts o, shorter = {.size = offsetof(sample_opts, reserved), .units = 1, .reserved = 5};
    refused((sample_opts){.units = 1, .reserved = 1}, "sample: reserved is 1, must be 0: it has no meaning in this version");
    refused((sample_opts){.units = 1, .reserved = INT32_MIN},
            "sample: reserved is -2147483648, must be 0: it has no meaning in this version");
    assert_ok(read_opts(&shorter, &o, &err), &err); /* past its end nothing is read */
    assert_int_equal(o.reserved, 0);
    assert_status(read_opts(VISML_OPTS(sample_opts, .units = 1, .reserved = 2), &o, NULL), VISML_EINVAL, NULL);
}

static void json_goes_round(void **state) {
    (void)state;
    visml_error err = {0};
    sample_opts o, user, again;
    assert_ok(read_opts(VISML_OPTS(sample_opts, .units = 5, .pair = {2, 3}, .mode = 2, .flag = 1, .rate = VISML_ZERO, .list = {-1, 8},
                                   .seed = 0xFFFFFFFFFFFFFFF7u),
                        &o, &err),
              &err);
    json_t *object = json_object();
    assert_int_equal(visml_options_to_json(fields, &o, object), 0);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, "{\"units\":5,\"pair\":[2,3],\"mode\":\"fancy\",\"flag\":true,\"rate\":0.0,\"list\":[-1,8],\"seed\":-9}");
    assert_ok(visml_options_from_json("sample", fields, object, NULL, &user, sizeof user, &err), &err);
    assert_ok(read_opts(&user, &again, &err), &err);
    assert_memory_equal(&o, &again, sizeof o);
    free(text);
    json_decref(object);
}

static void json_refused(const char *text, const char *message) {
    visml_error err = {0};
    sample_opts user;
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    assert_status(visml_options_from_json("sample", fields, object, (const char *const[]){"class", NULL}, &user, sizeof user, &err),
                  VISML_EFORMAT, &err);
    assert_string_equal(err.message, message);
    json_decref(object);
}

static void json_mistakes_are_named(void **state) {
    (void)state;
    json_refused("{\"unit\": 3}",
                 "sample: unknown key \"unit\"; the options are units, pair, mode, flag, rate, bound, any, list, seed, name, last");
    json_refused("{\"units\": 1, \"reserved\": 0}",
                 "sample: unknown key \"reserved\"; the options are units, pair, mode, flag, rate, bound, any, list, seed, name, last");
    json_refused("{\"units\": \"x\"}", "sample: \"units\" must be a whole number");
    json_refused("{\"units\": 0}", "sample: \"units\" is 0, must be 1 to 100");
    json_refused("{\"units\": 5000000000}", "sample: \"units\" is 5000000000, must be 1 to 100");
    json_refused("{\"pair\": [1, 2, 3]}", "sample: \"pair\" must be an array of 2 numbers");
    json_refused("{\"mode\": \"odd\"}", "sample: \"mode\" is \"odd\", must be one of plain, fancy");
    json_refused("{\"mode\": 1}", "sample: \"mode\" is not a string, must be one of plain, fancy");
    json_refused("{\"flag\": 1}", "sample: \"flag\" must be true or false");
    json_refused("{\"rate\": []}", "sample: \"rate\" must be a number");
    json_refused("{\"list\": []}", "sample: \"list\" must be an array of 1 to 3 numbers");
    json_refused("[1]", "sample: must be a JSON object");
}

static void json_null_and_known_keys_pass(void **state) {
    (void)state;
    visml_error err = {0};
    sample_opts user, o;
    json_t *object = json_loads("{\"class\": \"x\", \"units\": 4, \"pair\": 3, \"rate\": null, \"name\": \"n\"}", 0, NULL);
    assert_ok(visml_options_from_json("sample", fields, object, (const char *const[]){"class", NULL}, &user, sizeof user, &err), &err);
    assert_ok(read_opts(&user, &o, &err), &err);
    assert_true(o.pair[0] == 3 && o.pair[1] == 3 && o.rate == 0.9);
    assert_string_equal(o.name, "n");
    json_decref(object);
}

/* ---- ranges of two numbers ---- */

typedef struct range_opts {
    uint32_t size;
    int32_t reserved;
    double wide[2];     /* {x}: 0 ... x; 0.25 ... 0.5 by default */
    double mirrored[2]; /* {x}: -x ... x; required */
    double twice[2];    /* {x}: x and x */
} range_opts;

static const visml_field range_fields[] = {
    VISML_FIELD_OF_RESERVED(range_opts),
    VISML_FIELD_OF_RANGE(range_opts, wide, 0, -1, 1, 0.25, 0.5),
    VISML_FIELD_OF_RANGE(range_opts, mirrored, VISML_FIELD_REQUIRED | VISML_FIELD_MIRRORED, -1, 1, 0, 0),
    VISML_FIELD_OF_RANGE(range_opts, twice, VISML_FIELD_TWICE | VISML_FIELD_OPEN_MIN, 0, 2, 0, 0),
    {0},
};

static visml_status read_range(const void *user, range_opts *ours, visml_error *err) {
    return visml_options_read("range", range_fields, user, ours, sizeof *ours, err);
}

static void assert_range(const double got[2], double low, double high) {
    if (!(got[0] == low && got[1] == high))
        fail_msg("%g to %g, must be %g to %g", got[0], got[1], low, high);
}

static void a_range_is_one_number_or_two(void **state) {
    visml_error err = {0};
    range_opts o;
    (void)state;
    assert_ok(read_range(VISML_OPTS(range_opts, .mirrored = {0.3}), &o, &err), &err);
    assert_range(o.wide, 0.25, 0.5);
    assert_range(o.mirrored, -0.3, 0.3);
    assert_range(o.twice, 0, 0);
    assert_ok(read_range(VISML_OPTS(range_opts, .wide = {-0.5}, .mirrored = {-0.3}, .twice = {1.5}), &o, &err), &err);
    assert_range(o.wide, -0.5, 0);
    assert_range(o.mirrored, -0.3, 0.3);
    assert_range(o.twice, 1.5, 1.5);
    assert_ok(read_range(VISML_OPTS(range_opts, .wide = {0, 0.75}, .mirrored = {0.5, -0.25}, .twice = {2, 1}), &o, &err), &err);
    assert_range(o.wide, 0, 0.75);
    assert_range(o.mirrored, -0.25, 0.5);
    assert_range(o.twice, 1, 2);
    assert_ok(read_range(VISML_OPTS(range_opts, .wide = {VISML_ZERO}, .mirrored = {0.5, VISML_ZERO}), &o, &err), &err);
    assert_range(o.wide, 0, 0);
    assert_range(o.mirrored, 0, 0.5);
    assert_status(read_range(NULL, &o, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "range: mirrored is not set; it is required, -1 to 1");
    assert_status(read_range(VISML_OPTS(range_opts, .mirrored = {0.5, 1.5}), &o, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "range: mirrored[1] is 1.5, must be -1 to 1");
    assert_status(read_range(VISML_OPTS(range_opts, .mirrored = {0.5}, .twice = {1, NAN}), &o, &err), VISML_EINVAL, &err);
    assert_string_equal(err.message, "range: twice[1] is nan, must be above 0 to 2");
}

static void assert_range_from_json(const char *text, double low, double high) {
    visml_error err = {0};
    range_opts user, o;
    json_t *object = json_loads(text, 0, NULL), *again = json_object();
    assert_ok(visml_options_from_json("range", range_fields, object, NULL, &user, sizeof user, &err), &err);
    assert_ok(read_range(&user, &o, &err), &err);
    assert_range(o.mirrored, low, high);
    assert_int_equal(visml_options_to_json(range_fields, &o, again), 0);
    assert_int_equal(json_array_size(json_object_get(again, "mirrored")), 2);
    assert_int_equal(json_object_size(again), 1); /* what is a default is not written */
    json_decref(object);
    json_decref(again);
}

static void a_range_in_json_is_a_number_or_an_array(void **state) {
    visml_error err = {0};
    range_opts user;
    (void)state;
    assert_range_from_json("{\"mirrored\": 0.5}", -0.5, 0.5);
    assert_range_from_json("{\"mirrored\": 0}", 0, 0);
    assert_range_from_json("{\"mirrored\": [0, 0.5]}", 0, 0.5);
    assert_range_from_json("{\"mirrored\": [0.25, 0], \"wide\": [0.5, 0.25]}", 0, 0.25);
    json_t *object = json_loads("{\"mirrored\": [1]}", 0, NULL);
    assert_status(visml_options_from_json("range", range_fields, object, NULL, &user, sizeof user, &err), VISML_EFORMAT, &err);
    json_decref(object);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_one_number_or_two),
        cmocka_unit_test(a_range_in_json_is_a_number_or_an_array),
        cmocka_unit_test(zero_means_default), cmocka_unit_test(the_size_rule_holds),     cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(reserved_fields_must_be_zero),
        cmocka_unit_test(json_goes_round),    cmocka_unit_test(json_mistakes_are_named), cmocka_unit_test(json_null_and_known_keys_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
