/* Every row of kernels.def at every level against the reference: lengths, alignments, unreadable neighbours, special values. A row without
 * a run_<name> here does not compile. */
#include "base/checksum.h"

#include "runs_products.h"
#include "runs_elements.h"
#include "runs_rows.h"
#include "runs_recurrent.h"
#include "runs_steps.h"
#include "runs_pictures.h"
#include "runs_bytes.h"

/* ---- over all rows, levels and trials ---- */

typedef struct row {
    const char *name;
    void (*run)(const visml_kernels *k, trial *t);
} row;

static const row rows[] = {
#define KERNEL(name, ret, args) {#name, run_##name},
#include "kernel/kernels.def"
#undef KERNEL
};
#define ROWS (sizeof rows / sizeof *rows)

/* Without fused multiply-add: rounded once more an operation. */
static void compare(const row *r, const level *l, const trial *t, const float *got, const float *want, size_t n) {
    if (l->fused) {
        char where[80];
        snprintf(where, sizeof where, "%s (n %zu, rows %zu, offset %d, special %d)", l->name, t->n, t->rows, t->offset, t->special);
        assert_same(got, want, n, r->name, where);
        return;
    }
    for (size_t i = 0; !t->special && i < n; i++)
        if (!(fabsf(got[i] - want[i]) <= 2e-5f * (1 + fabsf(want[i]))) && !same_float(got[i], want[i]))
            fail_msg("%s at %s: element %zu is %g, not %g", r->name, l->name, i, (double)got[i], (double)want[i]);
}

static void try_once(const row *r, const level *ref, const level *l, trial plan) {
    trial a = plan, b = plan;
    r->run(&ref->kernels, &a);
    r->run(&l->kernels, &b);
    assert_int_equal(a.arrays, b.arrays);
    for (size_t i = 0; i < a.arrays; i++)
        if (a.array[i].output)
            compare(r, l, &plan, b.array[i].p, a.array[i].p, a.array[i].n);
    release(&a);
    release(&b);
}

static const size_t lengths[] = {0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 23, 31, 32, 33, 40, 47, 48, 49, 63, 64, 65, 71};

static void every_length_up_to_an_unreadable_page(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t l = 0; l < n; l++)
            for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
                for (int special = 0; special < 2; special++) {
                    trial t = {.n = lengths[i], .rows = i % 5, .offset = -1, .special = special, .seed = 1000 * r + i};
                    try_once(&rows[r], &levels[0], &levels[l], t);
                }
}

static void every_alignment_between_canaries(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t l = 0; l < n; l++)
            for (int offset = 0; offset < 16; offset++) {
                trial t = {.n = 37, .rows = 3, .offset = offset, .seed = 7 * r};
                try_once(&rows[r], &levels[0], &levels[l], t);
            }
}

static void a_large_prime(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t l = 0; l < n; l++)
            for (size_t many = 0; many < 2; many++) {
                trial t = {.n = many ? 1009 : 13, .rows = many ? 5 : 401, .offset = 3, .special = 0, .seed = r};
                try_once(&rows[r], &levels[0], &levels[l], t);
            }
}

/* One number for the bits of all results: it must be the same on every machine with fused multiply-add. Changes only when the order of
 * operations of a kernel is changed on purpose (or this test is), which changes every trained model's bits. */
#define KNOWN_BITS 0xef18a1f2u

static uint32_t bits_of(const level *l) {
    uint32_t crc = 0;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            trial t = {.n = lengths[i], .rows = i % 7, .offset = 1, .special = (int)(i & 1), .seed = i};
            rows[r].run(&l->kernels, &t);
            for (size_t a = 0; a < t.arrays; a++)
                for (size_t j = 0; t.array[a].output && j < t.array[a].n; j++) {
                    float x = isnan(t.array[a].p[j]) ? 0x1.234p5f : t.array[a].p[j];
                    crc = visml_crc32(crc, &x, sizeof x);
                }
            release(&t);
        }
    return crc;
}

static void the_same_bits_on_every_machine(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        if (levels[l].fused && bits_of(&levels[l]) != KNOWN_BITS)
            fail_msg("%s gives 0x%08x, not 0x%08x", levels[l].name, bits_of(&levels[l]), KNOWN_BITS);
}

static void masks_choose_levels(void **state) {
    (void)state;
    visml_kernels k;
    uint32_t here = visml_cpu_levels();
    visml_kernels_init(&k, 0);
    assert_int_equal(k.levels, 0);
    assert_true(k.sum == visml_sum_ref);
    visml_kernels_init(&k, here);
    assert_int_equal(k.levels & ~here, 0);
    assert_true(!k.levels || k.sum != visml_sum_ref);
    visml_kernels_init(&k, here & ~VISML_CPU_AVX512);
    assert_int_equal(k.levels & VISML_CPU_AVX512, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_up_to_an_unreadable_page),
        cmocka_unit_test(every_alignment_between_canaries),
        cmocka_unit_test(a_large_prime),
        cmocka_unit_test(the_same_bits_on_every_machine),
        cmocka_unit_test(masks_choose_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
