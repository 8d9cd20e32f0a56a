/* Random numbers by counting, 16 blocks at once. */
#ifndef KERNEL_VEC_PHILOX_H
#define KERNEL_VEC_PHILOX_H

#include "kernel/vec.h"

/* Element e takes word e % 4 of block e / 4. Lane 4 g + j holds block 4 j + g, so that squares of four turned over are 16 elements each, in
 * order. */
#define BLOCK_OF(lane) ((uint64_t)(4 * ((lane) % 4) + (lane) / 4))

/* Philox4x32-10 of 16 blocks at once (Salmon et al. 2011; see base/rng.h). */
VEC void philox(uint64_t key, uint64_t hi, uint64_t lo, i16 word[4]) {
    const i16 m0 = i_set1((int32_t)0xD2511F53u), m1 = i_set1((int32_t)0xCD9E8D57u);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    int32_t low[LANES], high[LANES];
    for (int l = 0; l < LANES; l++) {
        low[l] = (int32_t)(uint32_t)(lo + BLOCK_OF(l));
        high[l] = (int32_t)(uint32_t)((lo + BLOCK_OF(l)) >> 32);
    }
    word[0] = i_load(low);
    word[1] = i_load(high);
    word[2] = i_set1((int32_t)(uint32_t)hi);
    word[3] = i_set1((int32_t)(uint32_t)(hi >> 32));
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        i16 a = word[0], c = word[2];
        word[0] = i_xor(i_xor(i_mul_high(c, m1), word[1]), i_set1((int32_t)k0));
        word[1] = i_mul(c, m1);
        word[2] = i_xor(i_xor(i_mul_high(a, m0), word[3]), i_set1((int32_t)k1));
        word[3] = i_mul(a, m0);
    }
}

#endif
