/* Splits of a node at one random threshold a column (Geurts et al. 2006). */
#ifndef CLASSIFY_CART_RANDOM_H
#define CLASSIFY_CART_RANDOM_H

#include "classify/cart_split.h"

/* Scratch for nodes of at most n rows. */
size_t visml_cart_random_scratch(int64_t n, int64_t classes);
/* A split of each of the columns numbers[count], and whether the column is not the same in all rows of the node. `found` stays as it is
 * where children would be too small. Rows of a node are in the order of their classes. Thresholds are a function of key and column. */
void visml_cart_find_random(const visml_cart_node *node, int64_t count, const int64_t *numbers, uint64_t key, void *scratch,
                            visml_cart_split *found, uint8_t *varies);

#endif
