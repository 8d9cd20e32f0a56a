#include "base/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "visml/base.h"

uint32_t visml_cpu_levels(void) {
    uint32_t levels = 0;
#if defined(__x86_64__) || defined(__i386__)
    /* The compiler's run-time table asks CPUID and, for the wide registers, XGETBV whether the operating system saves them. */
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.1"))
        levels |= VISML_CPU_SSE4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        levels |= VISML_CPU_AVX2;
    if ((levels & VISML_CPU_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        levels |= VISML_CPU_AVX512;
    if ((levels & VISML_CPU_AVX512) && __builtin_cpu_supports("avx512vnni"))
        levels |= VISML_CPU_VNNI;
#elif defined(__aarch64__)
    levels |= VISML_CPU_NEON; /* part of the base architecture */
#endif
    return levels;
}

static int32_t affinity_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN); /* machines with more CPUs than the set holds */
    return n > 0 && n < 1 << 20 ? (int32_t)n : 1;
}

/* Reads up to two numbers from a small file of the kernel's; "max" and -1 count as no limit (0). Returns how many there were. */
static int read_numbers(const char *path, long long v[2]) {
    char text[64] = "";
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    char *p = text;
    int count = 0;
    while (count < 2) {
        while (*p == ' ')
            p++;
        if (strncmp(p, "max", 3) == 0) {
            v[count++] = 0;
            p += 3;
            continue;
        }
        char *end;
        long long x = strtoll(p, &end, 10);
        if (end == p)
            break;
        v[count++] = x > 0 ? x : 0;
        p = end;
    }
    return count;
}

/* CPUs that the cgroup's quota is worth, rounded up; 0: no quota. The group that a container sees as its root is the one that counts. */
static int32_t quota_count(void) {
    long long v[2] = {0, 0}, period[2] = {0, 0};
    if (read_numbers("/sys/fs/cgroup/cpu.max", v) < 2) {
        if (read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", v) < 1 || read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period) < 1)
            return 0;
        v[1] = period[0];
    }
    if (v[0] <= 0 || v[1] <= 0)
        return 0;
    long long n = v[0] / v[1] + (v[0] % v[1] != 0);
    return n > 1024 ? 1024 : (int32_t)n;
}

int32_t visml_cpu_count(void) {
    int32_t n = affinity_count(), quota = quota_count();
    if (quota && quota < n)
        n = quota;
    return n < 1 ? 1 : n;
}
