#include "kernel/kernels.h"

#include "visml/base.h"

#define LEVEL_sse4 VISML_CPU_SSE4
#define LEVEL_avx2 VISML_CPU_AVX2
#define LEVEL_avx512 VISML_CPU_AVX512
#define LEVEL_vnni VISML_CPU_VNNI
#define LEVEL_neon VISML_CPU_NEON

void visml_kernels_init(visml_kernels *k, uint32_t levels) {
    (void)levels;
    k->levels = 0;
#define KERNEL(name, ret, args) k->name = visml_##name##_ref;
#include "kernel/kernels.def"
#undef KERNEL
#define VARIANT(name_, level)                  \
    if (levels & LEVEL_##level) {              \
        k->name_ = visml_##name_##_##level;    \
        k->levels |= LEVEL_##level;            \
    }
#include "kernel/variants.def"
#undef VARIANT
}
