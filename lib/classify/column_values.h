/* The different numbers of one column, ascending, and how often each is there. */
#ifndef CLASSIFY_COLUMN_VALUES_H
#define CLASSIFY_COLUMN_VALUES_H

#include <stddef.h>
#include <stdint.h>

#define VISML_FEW_VALUES 256 /* so many are found without sorting, as the gray values of a pixel are */

/* Numbers in, different numbers out, at the start of the same arrays. weights: of each. Scratch: visml_column_values_scratch(n) bytes. There is
 * no NaN among them; -0 is 0. Returns how many there are. */
int64_t visml_column_values(int64_t n, float *values, double *weights, void *scratch);
size_t visml_column_values_scratch(int64_t n);

/* Ascending by the upper 32 bits, equals in the order that they had (radix sort). spare[n]. */
void visml_sort_keys(int64_t n, uint64_t *keys, uint64_t *spare);
/* Numbers as whole numbers of the same order; no NaN. */
uint32_t visml_float_key(float v);
float visml_key_float(uint32_t key);

#endif
