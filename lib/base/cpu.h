/* What the machine can do. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdint.h>

/* The VISML_CPU_* levels (see visml/base.h) that the CPU has and whose registers the operating system saves. */
uint32_t visml_cpu_levels(void);
/* CPUs that this process may use: affinity mask, cgroup v1 and v2 quota. At least 1. */
int32_t visml_cpu_count(void);

#endif
