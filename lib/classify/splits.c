#include "classify/splits.h"

#include <float.h>
#include <math.h>

#include "classify/histogram_sums.h"

/* ---- values and gains ---- */

/* Towards 0 by alpha. */
static double shrink(double first, double alpha) {
    return first > alpha ? first - alpha : first < -alpha ? first + alpha : 0;
}

double visml_leaf_value(const visml_split_rules *r, double first, double second, double lower, double upper) {
    double value = 0;
    if (second >= r->min_child_weight && second > 0)
        value = -shrink(first, r->alpha) / (second + r->lambda);
    if (r->max_delta_step > 0 && fabs(value) > r->max_delta_step)
        value = copysign(r->max_delta_step, value);
    return value < lower ? lower : value > upper ? upper : value;
}

static int is_bounded(const visml_split_rules *r) {
    return r->max_delta_step > 0 || r->monotone;
}

/* With bounds the value need not be the best one, and then gains less. */
static double gain_of(const visml_split_rules *r, double first, double second, double value) {
    double shrunk = shrink(first, r->alpha);
    if (!(second > 0))
        return 0;
    if (is_bounded(r))
        return -(2 * first * value + (second + r->lambda) * value * value);
    return shrunk * shrunk / (second + r->lambda);
}

double visml_node_gain(const visml_split_rules *r, const visml_node_sums *node) {
    double first = visml_gradient_first(node->sum) * r->first_unit, second = visml_gradient_second(node->sum) * r->second_unit;
    return gain_of(r, first, second, visml_leaf_value_of(r, node));
}

/* ---- all splits of a column ---- */

/* Sums of the left children, one a bin. */
typedef struct left_sums {
    int32_t n, reserved;
    int32_t first[VISML_MOST_BINS], second[VISML_MOST_BINS];
    double gains[VISML_MOST_BINS];
} left_sums;

static void add_up(left_sums *l, int32_t n, const int64_t *h, int64_t start) {
    int64_t sum = start;
    l->n = n;
    for (int32_t b = 0; b < n; b++) {
        sum += h[b];
        l->first[b] = visml_gradient_first(sum);
        l->second[b] = visml_gradient_second(sum);
    }
}

/* Without options that change values: one division for both children. */
static void plain_gains(const visml_split_rules *r, const visml_node_sums *node, left_sums *l) {
    double lambda = r->lambda, least = r->min_child_weight > 0 ? r->min_child_weight : DBL_MIN;
    double all_first = visml_gradient_first(node->sum) * r->first_unit, all_second = visml_gradient_second(node->sum) * r->second_unit;
    double first_unit = r->first_unit, second_unit = r->second_unit;
    for (int32_t b = 0; b < l->n; b++) {
        double gl = l->first[b] * first_unit, hl = l->second[b] * second_unit, gr = all_first - gl, hr = all_second - hl;
        double smaller = hl < hr ? hl : hr, both = (hl + lambda) * (hr + lambda);
        double gain = (gl * gl * (hr + lambda) + gr * gr * (hl + lambda)) / both;
        l->gains[b] = smaller >= least ? gain : -HUGE_VAL;
    }
}

static double bounded_gain(const visml_split_rules *r, const visml_node_sums *node, int32_t number, double gl, double hl, double gr,
                           double hr) {
    double left = visml_leaf_value(r, gl, hl, node->lower, node->upper), right = visml_leaf_value(r, gr, hr, node->lower, node->upper);
    int direction = r->monotone ? r->monotone[number] : 0;
    if ((direction > 0 && left > right) || (direction < 0 && left < right))
        return -HUGE_VAL;
    return gain_of(r, gl, hl, left) + gain_of(r, gr, hr, right);
}

static void bounded_gains(const visml_split_rules *r, const visml_node_sums *node, int32_t number, left_sums *l) {
    double all_first = visml_gradient_first(node->sum) * r->first_unit, all_second = visml_gradient_second(node->sum) * r->second_unit;
    for (int32_t b = 0; b < l->n; b++) {
        double gl = l->first[b] * r->first_unit, hl = l->second[b] * r->second_unit, gr = all_first - gl, hr = all_second - hl;
        int heavy = hl > 0 && hr > 0 && hl >= r->min_child_weight && hr >= r->min_child_weight;
        l->gains[b] = heavy ? bounded_gain(r, node, number, gl, hl, gr, hr) : -HUGE_VAL;
    }
}

/* Of equals the threshold that is farthest from where the missing are, as in XGBoost: bins without rows in the node are between them. */
static void take_best(const left_sums *l, int32_t number, double without, int missing_left, visml_split *best) {
    int32_t at = 0;
    for (int32_t b = 1; b < l->n; b++)
        if (l->gains[b] > l->gains[at] || (missing_left && l->gains[b] >= l->gains[at]))
            at = b;
    if (!(l->gains[at] - without > best->gain))
        return;
    *best = (visml_split){.gain = l->gains[at] - without, .column = number, .bin = at, .missing_left = missing_left,
                          .left = visml_gradient_pack(l->first[at], l->second[at])};
}

void visml_split_find(const visml_split_rules *r, const visml_bin_column *column, int32_t number, const int64_t *h,
                      const visml_node_sums *node, double without, visml_split *best) {
    left_sums l;
    int64_t missing = column->missing ? h[column->count] : 0;
    int32_t splits = missing ? column->count : column->count - 1; /* all numbers left: only what is missing is right */
    for (int left = 0; left <= (missing != 0) && splits > 0; left++) {
        add_up(&l, splits, h, left ? missing : 0);
        if (is_bounded(r) || r->alpha > 0)
            bounded_gains(r, node, number, &l);
        else
            plain_gains(r, node, &l);
        take_best(&l, number, without, left, best);
    }
}
