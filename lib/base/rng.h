/* Random numbers by counting: Philox4x32-10 (Salmon et al. 2011). A number is a function of (key, counter), so that neither order nor
 * threads matter, and resuming needs no state. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* The block of four for a counter. Bijective in the counter. */
void visml_philox(uint64_t key, uint64_t counter_hi, uint64_t counter_lo, uint32_t out[4]);

/* Mixes two numbers into a key for an independent stream: (seed, layer), (seed, epoch), ... */
uint64_t visml_key(uint64_t seed, uint64_t stream);

/* A stream read in order, for initialisers, shuffles and the like. */
typedef struct visml_rng {
    uint64_t key, next;
    uint32_t block[4];
    uint32_t left; /* numbers of the block not handed out */
} visml_rng;

void visml_rng_init(visml_rng *r, uint64_t key);
uint32_t visml_rng_u32(visml_rng *r);
uint64_t visml_rng_u64(visml_rng *r);
/* [0, 1): 53 bits. */
double visml_rng_uniform(visml_rng *r);
/* Mean 0, deviation 1 (Box and Muller 1958; one of the pair). */
double visml_rng_normal(visml_rng *r);
/* 0 ... n - 1, without bias (Lemire 2019). n >= 1. */
uint64_t visml_rng_below(visml_rng *r, uint64_t n);
/* A random order of n numbers (Fisher and Yates). */
void visml_rng_shuffle(visml_rng *r, int64_t *values, size_t n);

#endif
