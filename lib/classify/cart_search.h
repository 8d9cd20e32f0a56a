/* What a growing tree asks of a node: its rows, and the best of their splits. */
#ifndef CLASSIFY_CART_SEARCH_H
#define CLASSIFY_CART_SEARCH_H

#include "classify/cart_grow.h"

/* A node that waits for its split, or is looked at. */
typedef struct visml_cart_open {
    int32_t node, depth;
    int32_t near, reserved; /* 1: its rows are the near ones */
    int64_t begin, count;
    visml_cart_split split;
    double weight, score, gain;
} visml_cart_open;

typedef struct visml_cart_rows {
    visml_samples s;
    const float *weights;
} visml_cart_rows;

struct visml_cart {
    visml_memory *memory;
    visml_compute compute;
    const visml_code_columns *columns; /* NULL: thresholds are random */
    const visml_samples *samples;
    visml_cart_rules rules;
    double root_weight;
    visml_cart_rows far, near;
    float *near_x;       /* [most_near, d] */
    float *near_weights; /* [most_near], as what follows */
    float *near_targets;
    int32_t *near_places;
    int64_t most_near;
    int32_t *rows, *spare; /* [n]: numbers of far rows, or of near ones */
    int32_t *places;       /* [n]: of one node's rows, side by side, as what follows */
    float *targets, *weights;
    double *totals;
    int64_t *ends;  /* [classes] */
    int64_t *order; /* [d]: columns in the order in which they are looked at */
    visml_cart_split *found; /* [max_features] */
    uint8_t *varies;         /* [max_features] */
    char *scratch;           /* [workers, scratch_bytes] */
    size_t scratch_bytes;
    visml_cart_open *open;
    size_t open_count, open_capacity;
    int (*keep_on)(void *user);
    void *user;
    int stopped;
};

/* The rows of a node become near ones: few rows are copied, since its children, whose columns are others, then find them in the cache. */
void visml_cart_bring_near(visml_cart *g, visml_cart_open *n);
const visml_cart_rows *visml_cart_rows_of(const visml_cart *g, const visml_cart_open *n);
/* What is asked of a node's rows, in g's arrays until the next call. */
visml_cart_node visml_cart_gather(visml_cart *g, const visml_cart_open *n);
/* All of one class, or the same number in all rows. */
int visml_cart_is_pure(const visml_cart_node *n);
/* 0: the caller wants to stop, now or before (g->stopped). */
int visml_cart_goes_on(visml_cart *g);
/* Columns are drawn without putting them back; when all so far are the same in all rows, more are (as in scikit-learn). */
visml_cart_split visml_cart_find_split(visml_cart *g, const visml_cart_node *node, uint64_t key);

#endif
