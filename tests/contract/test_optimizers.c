/* What every row of optimizers.def promises; the values are in tests/nn/test_optimizer.c. */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "contract/option_contract.h"
#include "nn/optimizer.h"

#define COUNT 100003

static visml_context *ctx;
static visml_error err;

static void *make(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    return visml_optimizer_make(c, t->cls, opts, e);
}

static const void *options_of(const void *object) {
    return ((const visml_optimizer *)object)->opts;
}

static void free_optimizer(void *object) {
    visml_optimizer_free(object);
}

static void options_keep_the_contract(void **state) {
    (void)state;
    for (size_t i = 0; visml_optimizer_classes[i]; i++) {
        const visml_optimizer_class *c = visml_optimizer_classes[i];
        test_options t = {c->name, c->fields, c->opts_size, NULL, make, options_of, free_optimizer, c, ctx};
        test_options_sizes(&t);
        test_options_ranges(&t);
        test_options_allocations(&t);
    }
}

/* The options that all have, as those of one class. */
static void *make_common(const test_options *t, visml_context *c, const void *opts, visml_error *e) {
    unsigned char own[256] = {0};
    const visml_optimizer_class *cls = t->cls;
    memcpy(own, &(uint32_t){(uint32_t)cls->opts_size}, 4);
    memcpy(own + cls->common, &opts, sizeof opts);
    return visml_optimizer_make(c, cls, own, e);
}

static const void *common_of(const void *object) {
    return &((const visml_optimizer *)object)->common;
}

static void common_options_keep_the_contract(void **state) {
    (void)state;
    for (size_t i = 0; visml_optimizer_classes[i]; i++) {
        const visml_optimizer_class *c = visml_optimizer_classes[i];
        test_options t = {c->name, visml_optimizer_fields, sizeof(visml_optimizer_opts), NULL, make_common, common_of, free_optimizer, c,
                          ctx};
        test_options_sizes(&t);
        test_options_ranges(&t);
    }
}

static void set_fields(const visml_field *fields, void *opts) {
    for (const visml_field *f = fields; f->name; f++)
        if (f->kind == VISML_FIELD_F64 && strncmp(f->name, "clip", 4) != 0) /* one of the three */
            memcpy((char *)opts + f->offset, &(double){0.375}, sizeof(double));
        else if (f->kind == VISML_FIELD_I64)
            memcpy((char *)opts + f->offset, &(int64_t){2}, sizeof(int64_t));
        else if (f->kind == VISML_FIELD_FLAG)
            memcpy((char *)opts + f->offset, &(int32_t){1}, sizeof(int32_t));
}

static visml_optimizer_opts common;
static visml_schedule *schedule;

/* Sets every field to something that is not its default. */
static void set_all(const visml_optimizer_class *c, unsigned char *opts) {
    const visml_optimizer_opts *pointer = &common;
    memset(opts, 0, c->opts_size);
    memcpy(opts, &(uint32_t){(uint32_t)c->opts_size}, 4);
    set_fields(c->fields, opts);
    common = (visml_optimizer_opts){.size = (uint32_t)sizeof common, .exclude_from_weight_decay = "bias", .schedule = schedule};
    set_fields(visml_optimizer_fields, &common);
    memcpy(opts + c->common, &pointer, sizeof pointer);
}

static json_t *to_json(const void *object) {
    return visml_optimizer_describe(object);
}

static void json_goes_round(void **state) {
    (void)state;
    for (size_t i = 0; visml_optimizer_classes[i]; i++)
        for (int set = 0; set <= 1; set++) {
            unsigned char opts[256];
            const visml_optimizer_class *c = visml_optimizer_classes[i];
            set_all(c, opts);
            visml_optimizer *o = assert_made(visml_optimizer_make(ctx, c, set ? opts : NULL, &err), &err);
            json_t *object = visml_optimizer_describe(o);
            assert_true(set || json_object_size(object) == 1);
            visml_optimizer *again = assert_made(visml_optimizer_from_description(ctx, object, &err), &err);
            assert_ptr_equal(again->cls, c);
            assert_memory_equal(again->opts, o->opts, c->opts_size);
            assert_memory_equal(&again->common, &o->common, sizeof o->common);
            assert_int_equal(!again->schedule, !set);
            assert_true(set ? strcmp(again->excluded, "bias") == 0 : !again->excluded);
            json_decref(object);
            test_json_allocations(to_json, o);
            visml_optimizer_free(again);
            visml_optimizer_free(o);
        }
}

static void classes_are_found_and_count_their_slots(void **state) {
    (void)state;
    for (size_t i = 0; visml_optimizer_classes[i]; i++) {
        const visml_optimizer_class *c = visml_optimizer_classes[i];
        const char *names[VISML_MAX_SLOTS];
        unsigned char opts[256];
        assert_ptr_equal(visml_optimizer_class_find(c->name), c);
        set_all(c, opts);
        visml_optimizer *o = assert_made(visml_optimizer_make(ctx, c, opts, &err), &err);
        assert_true(c->slots(o, names) <= VISML_OWN_SLOTS);
        size_t n = visml_optimizer_slots(o, names);
        assert_int_equal(n, c->slots(o, names) + 2);
        visml_optimizer_slots(o, names);
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < a; b++)
                assert_string_not_equal(names[a], names[b]);
        assert_true(o->learning_rate == 0.375 && visml_optimizer_learning_rate(o, 9) == 0.5);
        visml_optimizer_free(o);
    }
    assert_null(visml_optimizer_class_find("adamv"));
    assert_null(visml_optimizer_class_find(NULL));
}

static const visml_variable variables[] = {{"dense/kernel", 0, COUNT - 4}, {"dense/bias", COUNT - 3, 3}};
static float w[COUNT], g[COUNT], slots[VISML_MAX_SLOTS][COUNT];

/* Some steps; w is the result. */
static void run_in(const visml_optimizer_class *cls, const void *opts, int32_t threads, uint32_t mask) {
    uint64_t seed = 8;
    visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = threads, .cpu_mask = mask), &err), &err);
    visml_optimizer *o = assert_made(visml_optimizer_make(c, cls, opts, &err), &err);
    visml_compute compute = visml_context_compute(c);
    float *pointers[VISML_MAX_SLOTS];
    for (int i = 0; i < VISML_MAX_SLOTS; i++)
        pointers[i] = slots[i];
    for (int i = 0; i < COUNT; i++)
        w[i] = i == COUNT - 4 ? 0 : test_random_float(&seed);
    visml_optimizer_start(o, COUNT, pointers);
    for (int64_t step = 0; step < 5; step++) {
        for (int i = 0; i < COUNT; i++)
            g[i] = i == COUNT - 4 ? 0 : test_random_float(&seed);
        visml_optimizer_step(o, &compute, &(visml_update){COUNT, variables, 2, w, g, pointers, step, 0.01});
    }
    assert_true(w[COUNT - 4] == 0); /* between the variables */
    visml_optimizer_free(o);
    visml_context_free(c);
}

static void threads_and_levels_change_nothing(void **state) {
    static const int32_t counts[] = {2, 3, 8};
    static float want[COUNT];
    unsigned char opts[256];
    (void)state;
    for (size_t i = 0; visml_optimizer_classes[i]; i++)
        for (int set = 0; set <= 1; set++) {
            const visml_optimizer_class *c = visml_optimizer_classes[i];
            set_all(c, opts);
            run_in(c, set ? opts : NULL, 1, VISML_CPU_REF);
            memcpy(want, w, sizeof want);
            for (size_t t = 0; t < sizeof counts / sizeof *counts; t++) {
                run_in(c, set ? opts : NULL, counts[t], VISML_CPU_REF);
                assert_memory_equal(w, want, sizeof want);
            }
            for (uint32_t level = VISML_CPU_AVX2; level <= VISML_CPU_NEON; level *= 2)
                if (visml_cpu_levels() & level) {
                    run_in(c, set ? opts : NULL, 2, level);
                    assert_memory_equal(w, want, sizeof want);
                }
        }
}

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    schedule = visml_warmup(ctx, VISML_OPTS(visml_warmup_opts, .target_learning_rate = 0.5, .warmup_steps = 1), &err);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_schedule_free(schedule);
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_keep_the_contract),
        cmocka_unit_test(common_options_keep_the_contract),
        cmocka_unit_test(json_goes_round),
        cmocka_unit_test(classes_are_found_and_count_their_slots),
        cmocka_unit_test(threads_and_levels_change_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
