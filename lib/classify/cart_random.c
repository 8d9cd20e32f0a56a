#include "classify/cart_random.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

/* ---- codes of a node's rows, side by side ---- */

#define ROWS 256 /* of which all columns are read before the next ones: lines of the cache hold several columns of a row */

static void copy_codes(const visml_code_column *c, int64_t n, const int32_t *rows, uint8_t *codes) {
    const uint8_t *from = c->small;
    int64_t step = c->step;
    for (int64_t p = 0; p < n; p++)
        codes[p] = from[rows[p] * step];
}

/* codes [count, n]; those of columns with more than 256 numbers are left out. */
static void copy_columns(const visml_cart_node *node, const visml_code_columns *all, int64_t count, const int64_t *numbers,
                         uint8_t *codes) {
    for (int64_t p = 0; p < node->n; p += ROWS)
        for (int64_t i = 0; i < count; i++)
            if (all->columns[numbers[i]].small)
                copy_codes(all->columns + numbers[i], node->n - p < ROWS ? node->n - p : ROWS, node->rows + p, codes + i * node->n + p);
}

typedef struct code_range {
    uint32_t least, most;
} code_range;

#define LANES 16 /* bytes at a time */

static code_range range_of(int64_t n, const uint8_t *codes) {
    uint8_t least[LANES], most[LANES] = {0};
    int64_t p = 0;
    memset(least, UINT8_MAX, sizeof least);
    for (; p + LANES <= n; p += LANES)
        for (int l = 0; l < LANES; l++) {
            uint8_t code = codes[p + l];
            least[l] = code < least[l] ? code : least[l];
            most[l] = code > most[l] ? code : most[l];
        }
    code_range r = {UINT8_MAX, 0};
    for (; p < n; p++) {
        r.least = codes[p] < r.least ? codes[p] : r.least;
        r.most = codes[p] > r.most ? codes[p] : r.most;
    }
    for (int l = 0; n >= LANES && l < LANES; l++) {
        r.least = least[l] < r.least ? least[l] : r.least;
        r.most = most[l] > r.most ? most[l] : r.most;
    }
    return r;
}

static code_range range_of_large(const visml_cart_node *node, const visml_code_column *c) {
    code_range r = {UINT32_MAX, 0};
    for (int64_t p = 0; p < node->n; p++) {
        uint32_t code = c->large[node->rows[p]];
        r.least = code < r.least ? code : r.least;
        r.most = code > r.most ? code : r.most;
    }
    return r;
}

/* 0 for rows up to the cut, 1 for others. */
static void compare_large(const visml_cart_node *node, const visml_code_column *c, uint32_t cut, uint8_t *codes) {
    for (int64_t p = 0; p < node->n; p++)
        codes[p] = c->large[node->rows[p]] > cut;
}

/* ---- thresholds ---- */

/* The last number up to t of values low ... high. Numbers often are at about equal distances: then the guess holds. */
static int64_t last_at_most(const float *values, int64_t low, int64_t high, int64_t guess, double t) {
    if ((double)values[guess] <= t && t < (double)values[guess + 1])
        return guess;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if ((double)values[middle] <= t)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* [0, 1): 53 bits, by counting. The counters of the node's own stream have 0 above. */
static double draw_uniform(uint64_t key, int64_t column) {
    uint32_t out[4];
    visml_philox(key, 1, (uint64_t)column, out);
    return (double)(((uint64_t)out[1] << 32 | out[0]) >> 11) * 0x1p-53;
}

/* A threshold between the least and the greatest number: the last code that is left, and x < *threshold. */
static uint32_t draw_threshold(const visml_code_column *c, code_range r, double u, float *threshold) {
    double low = (double)c->values[r.least], high = (double)c->values[r.most], t = low + u * (high - low);
    int64_t guess = (int64_t)r.least + (int64_t)(u * (double)(r.most - r.least));
    int64_t cut = last_at_most(c->values, r.least, (int64_t)r.most - 1, guess, t);
    float at = (float)t;
    at = at < c->values[cut] || at >= c->values[cut + 1] ? c->values[cut] : at;
    *threshold = nextafterf(at, INFINITY);
    return (uint32_t)cut;
}

/* ---- what goes left ---- */

static int64_t sum_lanes(const uint8_t *lanes) {
    int64_t sum = 0;
    for (int l = 0; l < LANES; l++)
        sum += lanes[l];
    return sum;
}

static int64_t count_up_to(int64_t n, const uint8_t *codes, uint8_t cut) {
    int64_t sum = 0, p = 0;
    while (p + LANES <= n) { /* a byte holds the sum of 255 */
        uint8_t lanes[LANES] = {0};
        int64_t end = p + INT64_C(255) * LANES < n ? p + INT64_C(255) * LANES : n;
        for (; p + LANES <= end; p += LANES)
            for (int l = 0; l < LANES; l++)
                lanes[l] = (uint8_t)(lanes[l] + (codes[p + l] <= cut));
        sum += sum_lanes(lanes);
    }
    for (; p < n; p++)
        sum += codes[p] <= cut;
    return sum;
}

#define SUMS 4 /* that do not wait for each other */

/* Weights of those up to the cut, times targets where there are some. */
static double weigh_up_to(int64_t n, const uint8_t *codes, uint8_t cut, const float *weights, const float *targets) {
    double sums[SUMS] = {0};
    for (int64_t p = 0; p < n; p++) {
        double w = codes[p] <= cut ? (double)weights[p] : 0;
        sums[p % SUMS] += targets ? w * (double)targets[p] : w;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Totals of those up to the cut; returns how many. */
static int64_t add_left(const visml_cart_node *node, const uint8_t *codes, uint8_t cut, double *left) {
    int64_t lefts = 0, begin = 0;
    for (int64_t k = 0; k < node->classes; k++) {
        int64_t n = node->ends[k] - begin, some = n ? count_up_to(n, codes + begin, cut) : 0;
        left[k] = node->equal ? (double)some * (double)node->weights[0]
                              : weigh_up_to(n, codes + begin, cut, node->weights + begin, NULL);
        lefts += some;
        begin += n;
    }
    if (node->classes)
        return lefts;
    left[0] = weigh_up_to(node->n, codes, cut, node->weights, NULL);
    left[1] = weigh_up_to(node->n, codes, cut, node->weights, node->targets);
    return count_up_to(node->n, codes, cut);
}

/* ---- splits ---- */

/* 0: a child would be too small. sides: totals of both. */
static int score_sides(const visml_cart_node *node, int64_t lefts, double *sides, double *score) {
    int64_t width = node->classes ? node->classes : 2;
    double *left = sides, *right = sides + width, left_weight = 0;
    for (int64_t k = 0; k < width; k++)
        right[k] = node->totals[k] - left[k];
    for (int64_t k = 0; k < (node->classes ? width : 1); k++)
        left_weight += left[k];
    *score = visml_cart_score(node->impurity, node->classes, left) + visml_cart_score(node->impurity, node->classes, right);
    return lefts >= node->least && node->n - lefts >= node->least && left_weight > 0 && node->weight - left_weight > 0;
}

static int find_one(const visml_cart_node *node, const visml_code_column *c, int64_t number, uint64_t key, uint8_t *codes, double *sides,
                    visml_cart_split *found) {
    code_range range = c->small ? range_of(node->n, codes) : range_of_large(node, c);
    if (range.least == range.most)
        return 0;
    float threshold;
    double score;
    uint32_t cut = draw_threshold(c, range, draw_uniform(key, number), &threshold);
    if (!c->small)
        compare_large(node, c, cut, codes);
    int64_t lefts = add_left(node, codes, c->small ? (uint8_t)cut : 0, sides);
    if (score_sides(node, lefts, sides, &score))
        *found = (visml_cart_split){score, number, cut, threshold};
    return 1;
}

size_t visml_cart_random_scratch(int64_t n, int64_t classes) {
    size_t sides = 2 * (size_t)(classes ? classes : 2) * sizeof(double);
    return (sides + (size_t)n * VISML_RANDOM_COLUMNS + 63) / 64 * 64;
}

void visml_cart_find_random(const visml_cart_node *node, const visml_code_columns *all, int64_t count, const int64_t *numbers, uint64_t key,
                            void *scratch, visml_cart_split *found, uint8_t *varies) {
    double *sides = scratch;
    uint8_t *codes = (uint8_t *)(sides + 2 * (node->classes ? node->classes : 2));
    copy_columns(node, all, count, numbers, codes);
    for (int64_t i = 0; i < count; i++)
        varies[i] = (uint8_t)find_one(node, all->columns + numbers[i], numbers[i], key, codes + i * node->n, sides, found + i);
}
