/* Random numbers by counting, 16 blocks at once. */
#ifndef KERNEL_VEC_PHILOX_H
#define KERNEL_VEC_PHILOX_H

#include "kernel/vec.h"

/* Philox4x32-10 of 16 blocks at once (see base/rng.h): whole numbers, the same however they are computed. */
VEC void philox(uint64_t key, uint64_t hi, uint64_t lo, uint32_t word[4][LANES]) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int l = 0; l < LANES; l++) {
        word[0][l] = (uint32_t)(lo + (uint64_t)l);
        word[1][l] = (uint32_t)((lo + (uint64_t)l) >> 32);
        word[2][l] = (uint32_t)hi;
        word[3][l] = (uint32_t)(hi >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int l = 0; l < LANES; l++) {
            uint64_t p = (uint64_t)0xD2511F53u * word[0][l], r = (uint64_t)0xCD9E8D57u * word[2][l];
            word[0][l] = (uint32_t)(r >> 32) ^ word[1][l] ^ k0;
            word[2][l] = (uint32_t)(p >> 32) ^ word[3][l] ^ k1;
            word[1][l] = (uint32_t)r;
            word[3][l] = (uint32_t)p;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

#endif
