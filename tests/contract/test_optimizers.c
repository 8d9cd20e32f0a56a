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

/* Sets every field to something that is not its default. */
static void set_all(const visml_optimizer_class *c, unsigned char *opts) {
    memset(opts, 0, c->opts_size);
    memcpy(opts, &(uint32_t){(uint32_t)c->opts_size}, 4);
    for (const visml_field *f = c->fields; f->name; f++)
        if (f->kind == VISML_FIELD_F64)
            memcpy(opts + f->offset, &(double){0.375}, sizeof(double));
        else if (f->kind != VISML_FIELD_RESERVED)
            memcpy(opts + f->offset, &(int32_t){1}, sizeof(int32_t));
}

static json_t *to_json(const void *object) {
    return visml_optimizer_to_json(object);
}

static void json_goes_round(void **state) {
    (void)state;
    for (size_t i = 0; visml_optimizer_classes[i]; i++)
        for (int set = 0; set <= 1; set++) {
            unsigned char opts[256];
            const visml_optimizer_class *c = visml_optimizer_classes[i];
            set_all(c, opts);
            visml_optimizer *o = assert_made(visml_optimizer_make(ctx, c, set ? opts : NULL, &err), &err);
            json_t *object = visml_optimizer_to_json(o);
            assert_true(set || json_object_size(object) == 1);
            visml_optimizer *again = assert_made(visml_optimizer_from_json(ctx, object, &err), &err);
            assert_ptr_equal(again->cls, c);
            assert_memory_equal(again->opts, o->opts, c->opts_size);
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
        unsigned char opts[256];
        size_t names = 0;
        assert_ptr_equal(visml_optimizer_class_find(c->name), c);
        while (c->slot_names[names])
            names++;
        assert_true(names <= VISML_MAX_SLOTS);
        set_all(c, opts);
        visml_optimizer *o = assert_made(visml_optimizer_make(ctx, c, opts, &err), &err);
        assert_int_equal(c->slots(o), names);
        assert_true(c->learning_rate(o) == 0.375);
        visml_optimizer_free(o);
    }
    assert_null(visml_optimizer_class_find("adamax"));
    assert_null(visml_optimizer_class_find(NULL));
}

static float w[COUNT], g[COUNT], slots[VISML_MAX_SLOTS][COUNT];

/* Some steps; w is the result. */
static void run_in(const visml_optimizer_class *cls, const void *opts, int32_t threads, uint32_t mask) {
    uint64_t seed = 8;
    visml_context *c = assert_made(visml_context_new(VISML_OPTS(visml_context_opts, .threads = threads, .cpu_mask = mask), &err), &err);
    visml_optimizer *o = assert_made(visml_optimizer_make(c, cls, opts, &err), &err);
    visml_compute compute = visml_context_compute(c);
    memset(slots, 0, sizeof slots);
    for (int i = 0; i < COUNT; i++) {
        w[i] = test_random_float(&seed);
        g[i] = test_random_float(&seed);
    }
    for (int64_t t = 1; t <= 3; t++)
        cls->step(o, &compute, COUNT, w, g, (float *const[]){slots[0], slots[1], slots[2], slots[3]}, t, 0.01);
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
    return 0;
}

static int teardown(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_keep_the_contract),
        cmocka_unit_test(json_goes_round),
        cmocka_unit_test(classes_are_found_and_count_their_slots),
        cmocka_unit_test(threads_and_levels_change_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
