/* The different numbers of a column, ascending, and what each weighs. */
#ifndef CLASSIFY_COLUMN_VALUES_H
#define CLASSIFY_COLUMN_VALUES_H

#include <stddef.h>
#include <stdint.h>

#define VISML_FEW_VALUES 256 /* so many are found without sorting, as the gray values of a pixel are */

/* To `different`, which has room for `most` <= VISML_FEW_VALUES. NaN are passed over; -0 is 0. Returns how many there are, -1: more. */
int64_t visml_few_values(int64_t n, const float *values, int64_t most, float *different);

/* The same of any number, with their weights: to different[n] and sums[n]. weights [n] or NULL: 1 each. Scratch:
 * visml_column_values_scratch(n) bytes. */
int64_t visml_column_values(int64_t n, const float *values, const double *weights, float *different, double *sums, void *scratch);
size_t visml_column_values_scratch(int64_t n);

/* Ascending by the upper 32 bits, equals in the order that they had (radix sort). spare[n]. */
void visml_sort_keys(int64_t n, uint64_t *keys, uint64_t *spare);
/* Numbers as whole numbers of the same order; no NaN. */
uint32_t visml_float_key(float v);
float visml_key_float(uint32_t key);

#endif
