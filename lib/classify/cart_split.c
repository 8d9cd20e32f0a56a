#include "classify/cart_split.h"

#include <math.h>
#include <string.h>


/* ---- scores ---- */

static double entropy_term(double c) {
    return c > 0 ? c * log2(c) : 0;
}

/* Both sides of a split that moves from left to right. */
typedef struct sides {
    const visml_cart_node *node;
    double *left, *right; /* as totals */
    double left_weight, right_weight;
    double left_sum, right_sum; /* of the classes' terms */
    int64_t left_count;
} sides;

static double term(visml_impurity impurity, double c) {
    return impurity == VISML_IMPURITY_GINI ? c * c : entropy_term(c);
}

static double side_score(visml_impurity impurity, double weight, double sum) {
    if (!(weight > 0))
        return 0;
    return impurity == VISML_IMPURITY_ENTROPY ? sum - entropy_term(weight) : sum / weight;
}

double visml_cart_score(visml_impurity impurity, int64_t classes, const double *totals) {
    double weight = 0, sum = 0;
    if (impurity == VISML_IMPURITY_ERROR)
        return side_score(impurity, totals[0], totals[1] * totals[1]);
    for (int64_t k = 0; k < classes; k++) {
        weight += totals[k];
        sum += term(impurity, totals[k]);
    }
    return side_score(impurity, weight, sum);
}

static sides begin_sides(const visml_cart_node *node, double *room) {
    size_t n = (size_t)(node->classes ? node->classes : 2);
    sides s = {.node = node, .left = room, .right = room + n, .right_weight = node->weight};
    memset(s.left, 0, n * sizeof *s.left);
    memcpy(s.right, node->totals, n * sizeof *s.right);
    for (int64_t k = 0; k < node->classes; k++)
        s.right_sum += term(node->impurity, s.right[k]);
    return s;
}

static void move_class(sides *s, int32_t place, double w) {
    double *left = &s->left[place], *right = &s->right[place];
    if (s->node->impurity == VISML_IMPURITY_GINI) {
        s->left_sum += w * (2 * *left + w);
        s->right_sum += w * (w - 2 * *right);
        *left += w, *right -= w;
    } else {
        s->left_sum -= entropy_term(*left), s->right_sum -= entropy_term(*right);
        *left += w, *right -= w;
        s->left_sum += entropy_term(*left), s->right_sum += entropy_term(*right);
    }
    s->left_weight += w, s->right_weight -= w;
}

static void move_numbers(sides *s, double w, double sum) {
    s->left[1] += sum, s->right[1] -= sum;
    s->left_weight += w, s->right_weight -= w;
}

static void move_row(sides *s, int64_t p) {
    double w = (double)s->node->weights[p];
    if (s->node->classes)
        move_class(s, s->node->places[p], w);
    else
        move_numbers(s, w, w * (double)s->node->targets[p]);
    s->left_count++;
}

static double score_of(const sides *s) {
    visml_impurity i = s->node->impurity;
    if (i == VISML_IMPURITY_ERROR)
        return side_score(i, s->left_weight, s->left[1] * s->left[1]) + side_score(i, s->right_weight, s->right[1] * s->right[1]);
    return side_score(i, s->left_weight, s->left_sum) + side_score(i, s->right_weight, s->right_sum);
}

static int is_allowed(const sides *s) {
    return s->left_count >= s->node->least && s->node->n - s->left_count >= s->node->least && s->left_weight > 0 && s->right_weight > 0;
}

/* Halfway between two numbers, as scikit-learn says x <= threshold: in floats, x < the next one. */
static float between(float low, float high) {
    float middle = (float)((double)low / 2 + (double)high / 2);
    if ((double)middle > (double)low / 2 + (double)high / 2)
        middle = nextafterf(middle, -INFINITY);
    return nextafterf(middle >= low && middle < high ? middle : low, INFINITY);
}

/* Codes up to `code` are left; `next` is the next one that is there. */
static void consider(const sides *s, const visml_code_column *c, int64_t number, uint32_t code, uint32_t next, visml_cart_split *best) {
    if (!is_allowed(s))
        return;
    double score = score_of(s);
    if (best->column >= 0 && score <= best->score)
        return;
    *best = (visml_cart_split){score, number, between(visml_code_value(c, code), visml_code_value(c, next)), 0};
}

/* ---- all thresholds ---- */

/* Each code's weights, as totals. */
typedef struct code_sums {
    double *sums;    /* [256, classes or 2] */
    int32_t *counts; /* [256] */
} code_sums;

static void add_up(const visml_cart_node *node, const uint8_t *codes, const code_sums *t) {
    int64_t k = node->classes;
    for (int64_t p = 0; p < node->n; p++) {
        int64_t code = codes[p];
        double w = (double)node->weights[p];
        t->counts[code]++;
        if (k) {
            t->sums[code * k + node->places[p]] += w;
        } else {
            t->sums[2 * code] += w;
            t->sums[2 * code + 1] += w * (double)node->targets[p];
        }
    }
}

static void move_code(sides *s, const code_sums *t, int64_t code) {
    int64_t k = s->node->classes;
    for (int64_t place = 0; place < k; place++)
        if (t->sums[code * k + place] > 0)
            move_class(s, (int32_t)place, t->sums[code * k + place]);
    if (!k)
        move_numbers(s, t->sums[2 * code], t->sums[2 * code + 1]);
    s->left_count += t->counts[code];
}

static int find_by_sums(const visml_cart_node *node, const visml_code_column *c, int64_t number, const uint8_t *codes, double *room,
                        visml_cart_split *best) {
    int64_t width = node->classes ? node->classes : 2, last = -1;
    sides s = begin_sides(node, room);
    code_sums t = {.sums = room + 2 * width, .counts = (int32_t *)(void *)(room + (2 + 256) * width)};
    memset(t.sums, 0, (size_t)(c->count * width) * sizeof *t.sums);
    memset(t.counts, 0, 256 * sizeof *t.counts);
    add_up(node, codes, &t);
    int different = 0;
    for (int64_t code = 0; code < c->count; code++) {
        if (!t.counts[code])
            continue;
        if (last >= 0) {
            different = 1;
            consider(&s, c, number, (uint32_t)last, (uint32_t)code, best);
        }
        move_code(&s, &t, code);
        last = code;
    }
    return different;
}

static int find_by_sorting(const visml_cart_node *node, const visml_code_columns *all, int64_t number, const uint8_t *codes, double *room,
                           visml_cart_split *best) {
    const visml_code_column *c = all->columns + number;
    uint64_t *keys = (uint64_t *)(void *)(room + 2 * (node->classes ? node->classes : 2));
    for (int64_t p = 0; p < node->n; p++)
        keys[p] = (uint64_t)(codes ? codes[p] : visml_code_large(all, number, node->samples, node->rows[p])) << 32 | (uint64_t)p;
    visml_sort_keys(node->n, keys, keys + node->n);
    if (keys[0] >> 32 == keys[node->n - 1] >> 32)
        return 0;
    sides s = begin_sides(node, room);
    for (int64_t i = 0; i + 1 < node->n; i++) {
        move_row(&s, (int64_t)(keys[i] & 0xffffffffU));
        if (keys[i] >> 32 != keys[i + 1] >> 32)
            consider(&s, c, number, (uint32_t)(keys[i] >> 32), (uint32_t)(keys[i + 1] >> 32), best);
    }
    return 1;
}

/* ---- columns ---- */

#define ROWS 64           /* of which all columns are read before the next ones: rows whose codes are not kept are far from each other */
#define CODES (1 << 19) /* of so many columns at a time, as long as there is one */

/* codes [count, n]; those of large columns are left out. */
static void read_codes(const visml_cart_node *node, const visml_code_columns *all, int64_t count, const int64_t *numbers, uint8_t *codes) {
    for (int64_t p = 0; p < node->n; p += ROWS)
        for (int64_t i = 0; i < count; i++)
            if (visml_code_is_small(all->columns + numbers[i]))
                visml_code_column_read(all, numbers[i], node->samples, node->n - p < ROWS ? node->n - p : ROWS, node->rows + p,
                                       codes + i * node->n + p);
}

/* Sums of all codes are worth it when there are about as many rows. */
static int find_one(const visml_cart_node *node, const visml_code_columns *all, int64_t number, const uint8_t *codes, double *room,
                    visml_cart_split *best) {
    const visml_code_column *c = all->columns + number;
    if (c->count == 1)
        return 0;
    if (codes && node->n >= c->count)
        return find_by_sums(node, c, number, codes, room, best);
    return find_by_sorting(node, all, number, codes, room, best);
}

static size_t room_bytes(int64_t n, int64_t classes) {
    size_t width = (size_t)(classes ? classes : 2), sums = 256 * width * sizeof(double) + 256 * sizeof(int32_t);
    size_t keys = (size_t)n * 2 * sizeof(uint64_t);
    return 2 * width * sizeof(double) + (sums > keys ? sums : keys);
}

size_t visml_cart_scratch(int64_t n, int64_t classes) {
    return room_bytes(n, classes) + (size_t)(n > CODES ? n : CODES);
}

void visml_cart_find(const visml_cart_node *node, const visml_code_columns *all, int64_t count, const int64_t *numbers, void *scratch,
                     visml_cart_split *found, uint8_t *varies) {
    uint8_t *codes = (uint8_t *)scratch + room_bytes(node->n, node->classes);
    int64_t at_a_time = node->n < CODES ? CODES / node->n : 1;
    for (int64_t from = 0; from < count; from += at_a_time) {
        int64_t end = from + at_a_time < count ? from + at_a_time : count;
        read_codes(node, all, end - from, numbers + from, codes);
        for (int64_t i = from; i < end; i++) {
            const uint8_t *own = visml_code_is_small(all->columns + numbers[i]) ? codes + (i - from) * node->n : NULL;
            varies[i] = (uint8_t)find_one(node, all, numbers[i], own, scratch, found + i);
        }
    }
}
