#include "support/support.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"

static void there_is_a_cpu(void **state) {
    (void)state;
    cpu_set_t all;
    int32_t n = visml_cpu_count();
    assert_in_range(n, 1, 1 << 20);
    if (sched_getaffinity(0, sizeof all, &all) == 0)
        assert_true(n <= CPU_COUNT(&all));
}

/* A process that was bound to one CPU (taskset, a batch system) is not to start threads for all of them. */
static void affinity_counts(void **state) {
    (void)state;
    cpu_set_t all, one;
    int cpu = 0;
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        skip(); /* more CPUs than a cpu_set_t holds, or a sandbox that does not tell */
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(visml_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static void levels_build_on_each_other(void **state) {
    (void)state;
    const uint32_t x86[] = {VISML_CPU_SSE4, VISML_CPU_AVX2, VISML_CPU_AVX512, VISML_CPU_VNNI};
    uint32_t levels = visml_cpu_levels(), known = VISML_CPU_SSE4 | VISML_CPU_AVX2 | VISML_CPU_AVX512 | VISML_CPU_VNNI |
                                                  VISML_CPU_NEON;
    assert_int_equal(levels & ~known, 0);
    assert_false((levels & VISML_CPU_NEON) && (levels & ~VISML_CPU_NEON));
    for (int i = 1; i < 4; i++)
        assert_true(!(levels & x86[i]) || (levels & x86[i - 1]));
    assert_int_equal(visml_cpu_levels(), levels);
#if defined(__aarch64__)
    assert_int_equal(levels, VISML_CPU_NEON);
#endif
}

#if defined(__x86_64__)
/* 1 when the kernel lists all these flags for the first CPU, each with a space at both ends. */
static int listed(const char *line, const char *const *flags) {
    for (; *flags; flags++)
        if (!strstr(line, *flags))
            return 0;
    return 1;
}

/* What Linux itself found out. */
static void levels_are_what_the_kernel_says(void **state) {
    (void)state;
    static const char *const sse4[] = {" sse4_1 ", NULL}, *const avx2[] = {" avx2 ", " fma ", NULL},
                      *const avx512[] = {" avx2 ", " fma ", " avx512f ", " avx512bw ", " avx512dq ", " avx512vl ", NULL},
                      *const vnni[] = {" avx512_vnni ", NULL};
    static char line[1 << 14];
    FILE *f = fopen("/proc/cpuinfo", "r");
    int found = 0;
    while (f && !found && fgets(line, sizeof line, f))
        found = strncmp(line, "flags", 5) == 0;
    if (f)
        fclose(f);
    if (!found)
        skip(); /* no /proc */
    line[strcspn(line, "\n")] = ' ';
    uint32_t levels = visml_cpu_levels();
    assert_int_equal(!!(levels & VISML_CPU_SSE4), listed(line, sse4));
    assert_int_equal(!!(levels & VISML_CPU_AVX2), listed(line, avx2));
    assert_int_equal(!!(levels & VISML_CPU_AVX512), listed(line, avx512));
    assert_int_equal(!!(levels & VISML_CPU_VNNI), listed(line, avx512) && listed(line, vnni));
}
#else
static void levels_are_what_the_kernel_says(void **state) {
    (void)state;
    skip(); /* the list of flags above is x86's */
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_a_cpu),
        cmocka_unit_test(affinity_counts),
        cmocka_unit_test(levels_build_on_each_other),
        cmocka_unit_test(levels_are_what_the_kernel_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
