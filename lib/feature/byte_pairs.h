/* Counting bytes two at a time: of many, a step for two of them, into a table of all pairs, is faster than a step for each. */
#ifndef FEATURE_BYTE_PAIRS_H
#define FEATURE_BYTE_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#define VISML_BYTE_PAIRS 65536 /* numbers of a table: 256 KiB, which second-level caches hold; those of three channels they do not */
#define VISML_PAIRS_PAY (1 << 19) /* bytes from which on that saves more than the table costs */

/* pairs [VISML_BYTE_PAIRS] and, of what makes no pair, counts [256] are added to. */
void visml_count_pairs(size_t n, const uint8_t *x, uint32_t *pairs, uint32_t *counts);
/* counts += the bytes of all pairs. */
void visml_split_pairs(const uint32_t *pairs, uint32_t *counts);

#endif
