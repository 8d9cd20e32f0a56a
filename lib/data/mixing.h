/* The steps of a chain that mix the pictures of a batch. */
#ifndef DATA_MIXING_H
#define DATA_MIXING_H

#include "data/batch.h"

/* The mixing steps, with `from` as it was read, and `to`, a batch of the same pool, in turns. partners: memory for two numbers a row. Rows
 * of failed samples that are kept take no part. Gives the one that holds the result; the other's contents are lost. */
visml_batch *visml_batch_mix(visml_batch *from, visml_batch *to, const visml_augmentation *a, uint64_t seed, int64_t *partners);

#endif
