#include "classify/cart_random.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

/* ---- numbers of a node's rows, side by side ---- */

#define ROWS 64             /* of which all columns are read before the next ones: lines of the cache hold several columns of a row */
#define NUMBERS (1 << 18) /* of so many columns at a time, as long as there is one */

static void copy_column(const visml_samples *s, int64_t column, int64_t n, const int32_t *rows, float *numbers) {
    const float *from = s->x + column * s->column_stride;
    for (int64_t p = 0; p < n; p++)
        numbers[p] = from[rows[p] * s->row_stride];
}

/* numbers [count, n] */
static void copy_columns(const visml_cart_node *node, int64_t count, const int64_t *columns, float *numbers) {
    for (int64_t p = 0; p < node->n; p += ROWS)
        for (int64_t i = 0; i < count; i++)
            copy_column(node->samples, columns[i], node->n - p < ROWS ? node->n - p : ROWS, node->rows + p, numbers + i * node->n + p);
}

typedef struct number_range {
    float least, most;
} number_range;

#define LANES 8 /* that do not wait for each other */

static number_range range_of(int64_t n, const float *numbers) {
    float least[LANES], most[LANES];
    int64_t p = 0;
    for (int l = 0; l < LANES; l++)
        least[l] = INFINITY, most[l] = -INFINITY;
    for (; p + LANES <= n; p += LANES)
        for (int l = 0; l < LANES; l++) {
            float x = numbers[p + l];
            least[l] = x < least[l] ? x : least[l];
            most[l] = x > most[l] ? x : most[l];
        }
    for (int l = 0; p < n; p++, l++) { /* fewer than lanes */
        least[l] = numbers[p] < least[l] ? numbers[p] : least[l];
        most[l] = numbers[p] > most[l] ? numbers[p] : most[l];
    }
    number_range r = {least[0], most[0]};
    for (int l = 1; l < LANES; l++) {
        r.least = least[l] < r.least ? least[l] : r.least;
        r.most = most[l] > r.most ? most[l] : r.most;
    }
    return r;
}

/* ---- thresholds ---- */

/* [0, 1): 53 bits, by counting. The counters of the node's own stream have 0 above. */
static double draw_uniform(uint64_t key, int64_t column) {
    uint32_t out[4];
    visml_philox(key, 1, (uint64_t)column, out);
    return (double)(((uint64_t)out[1] << 32 | out[0]) >> 11) * 0x1p-53;
}

/* The last float that goes left, between the least and the greatest number, which does not. */
static float draw_last(number_range r, double u) {
    double low = (double)r.least, t = low + u * ((double)r.most - low);
    float last = (float)t;
    if ((double)last > t)
        last = nextafterf(last, -INFINITY);
    return last < r.most ? last : nextafterf(r.most, -INFINITY);
}

/* ---- what goes left ---- */

static int64_t count_up_to(int64_t n, const float *numbers, float last) {
    int32_t sums[LANES] = {0};
    int64_t sum = 0, p = 0;
    for (; p + LANES <= n; p += LANES)
        for (int l = 0; l < LANES; l++)
            sums[l] += numbers[p + l] <= last;
    for (; p < n; p++)
        sum += numbers[p] <= last;
    for (int l = 0; l < LANES; l++)
        sum += sums[l];
    return sum;
}

#define SUMS 4 /* that do not wait for each other */

/* Weights of those up to the last one, times targets where there are some. */
static double weigh_up_to(int64_t n, const float *numbers, float last, const float *weights, const float *targets) {
    double sums[SUMS] = {0};
    for (int64_t p = 0; p < n; p++) {
        double w = numbers[p] <= last ? (double)weights[p] : 0;
        sums[p % SUMS] += targets ? w * (double)targets[p] : w;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Totals of those up to the last one; returns how many. */
static int64_t add_left(const visml_cart_node *node, const float *numbers, float last, double *left) {
    int64_t lefts = 0, begin = 0;
    for (int64_t k = 0; k < node->classes; k++) {
        int64_t n = node->ends[k] - begin, some = n ? count_up_to(n, numbers + begin, last) : 0;
        left[k] = node->equal ? (double)some * (double)node->weights[0]
                              : weigh_up_to(n, numbers + begin, last, node->weights + begin, NULL);
        lefts += some;
        begin += n;
    }
    if (node->classes)
        return lefts;
    left[0] = weigh_up_to(node->n, numbers, last, node->weights, NULL);
    left[1] = weigh_up_to(node->n, numbers, last, node->weights, node->targets);
    return count_up_to(node->n, numbers, last);
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

static int find_one(const visml_cart_node *node, int64_t column, uint64_t key, const float *numbers, double *sides,
                    visml_cart_split *found) {
    number_range range = range_of(node->n, numbers);
    if (!(range.least < range.most))
        return 0;
    double score;
    float last = draw_last(range, draw_uniform(key, column));
    int64_t lefts = add_left(node, numbers, last, sides);
    if (score_sides(node, lefts, sides, &score))
        *found = (visml_cart_split){score, column, nextafterf(last, INFINITY), 0};
    return 1;
}

static size_t sides_bytes(int64_t classes) {
    return 2 * (size_t)(classes ? classes : 2) * sizeof(double);
}

size_t visml_cart_random_scratch(int64_t n, int64_t classes) {
    return sides_bytes(classes) + (size_t)(n > NUMBERS ? n : NUMBERS) * sizeof(float);
}

void visml_cart_find_random(const visml_cart_node *node, int64_t count, const int64_t *numbers, uint64_t key, void *scratch,
                            visml_cart_split *found, uint8_t *varies) {
    double *sides = scratch;
    float *copies = (float *)(void *)((char *)scratch + sides_bytes(node->classes));
    int64_t at_a_time = node->n < NUMBERS ? NUMBERS / node->n : 1;
    for (int64_t from = 0; from < count; from += at_a_time) {
        int64_t some = count - from < at_a_time ? count - from : at_a_time;
        copy_columns(node, some, numbers + from, copies);
        for (int64_t i = 0; i < some; i++)
            varies[from + i] = (uint8_t)find_one(node, numbers[from + i], key, copies + i * node->n, sides, found + from + i);
    }
}
