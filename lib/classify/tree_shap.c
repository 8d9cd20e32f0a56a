#include "classify/tree_shap.h"

#include <math.h>
#include <string.h>

/* A column on the way from the root: which share of subsets without it, and with it, comes this way, and the weight of ways of this
 * length. */
typedef struct step {
    int64_t column;
    double zero, one, weight;
} step;

size_t visml_shap_scratch(int64_t depth) {
    return (size_t)((depth + 2) * (depth + 3) / 2) * sizeof(step);
}

/* ---- ways ---- */

static void extend(step *way, int64_t length, int64_t column, double zero, double one) {
    way[length] = (step){column, zero, one, length == 0 ? 1 : 0};
    for (int64_t i = length - 1; i >= 0; i--) {
        way[i + 1].weight += one * way[i].weight * (double)(i + 1) / (double)(length + 1);
        way[i].weight = zero * way[i].weight * (double)(length - i) / (double)(length + 1);
    }
}

/* Takes step `at` of `length` out again. */
static void unwind(step *way, int64_t length, int64_t at) {
    double one = way[at].one, zero = way[at].zero, next = way[length].weight;
    for (int64_t i = length - 1; i >= 0; i--) {
        if (one != 0) {
            double before = way[i].weight;
            way[i].weight = next * (double)(length + 1) / ((double)(i + 1) * one);
            next = before - way[i].weight * zero * (double)(length - i) / (double)(length + 1);
        } else
            way[i].weight = way[i].weight * (double)(length + 1) / (zero * (double)(length - i));
    }
    for (int64_t i = at; i < length; i++)
        way[i].column = way[i + 1].column, way[i].zero = way[i + 1].zero, way[i].one = way[i + 1].one;
}

/* The sum of the weights without step `at`. */
static double sum_without(const step *way, int64_t length, int64_t at) {
    double one = way[at].one, zero = way[at].zero, next = way[length].weight, sum = 0;
    for (int64_t i = length - 1; i >= 0; i--) {
        if (one != 0) {
            double weight = next * (double)(length + 1) / ((double)(i + 1) * one);
            sum += weight;
            next = way[i].weight - weight * zero * (double)(length - i) / (double)(length + 1);
        } else if (zero != 0)
            sum += way[i].weight / zero * (double)(length + 1) / (double)(length - i);
    }
    return sum;
}

/* ---- the tree ---- */

typedef struct shap_call {
    const visml_shap_trees *t;
    const float *x;
    int64_t stride, output;
    double *to;
} shap_call;

static void add_leaf(const visml_shap_trees *t, int32_t node, int64_t output, int64_t column, double factor, double *to) {
    if (!t->shares) {
        to[output * (t->d + 1) + column] += factor * (double)t->values[node];
        return;
    }
    const float *shares = t->shares + (int64_t)t->leaf_rows[node] * t->outputs;
    for (int64_t k = 0; k < t->outputs; k++)
        to[k * (t->d + 1) + column] += factor * (double)shares[k] / (double)t->divisor;
}

static int goes_left(const shap_call *c, int32_t node) {
    float v = c->x[c->t->feature[node] * c->stride];
    return isnan(v) ? c->t->missing_left[node] : v < c->t->threshold[node];
}

static double share_of(const visml_shap_trees *t, int32_t child, int32_t node) {
    return t->cover[node] > 0 ? (double)t->cover[child] / (double)t->cover[node] : 0;
}

/* `before` has `length` steps; one more is made for this node. */
static void visit(const shap_call *c, int32_t node, const step *before, int64_t length, int64_t column, double zero, double one) {
    const visml_shap_trees *t = c->t;
    step *way = (step *)(uintptr_t)before + length;
    memcpy(way, before, (size_t)length * sizeof *way);
    extend(way, length, column, zero, one);
    if (t->feature[node] < 0) {
        for (int64_t i = 1; i <= length; i++)
            add_leaf(t, node, c->output, way[i].column, sum_without(way, length, i) * (way[i].one - way[i].zero), c->to);
        return;
    }
    int left = goes_left(c, node);
    int32_t hot = left ? t->left[node] : t->right[node], cold = left ? t->right[node] : t->left[node];
    double known_zero = 1, known_one = 1;
    int64_t at = 1;
    while (at <= length && way[at].column != t->feature[node])
        at++;
    if (at <= length) {
        known_zero = way[at].zero, known_one = way[at].one;
        unwind(way, length--, at);
    }
    visit(c, hot, way, length + 1, t->feature[node], share_of(t, hot, node) * known_zero, known_one);
    visit(c, cold, way, length + 1, t->feature[node], share_of(t, cold, node) * known_zero, 0);
}

void visml_shap_add(const visml_shap_trees *t, int32_t root, const float *x, int64_t stride, int64_t output, double *to, void *scratch) {
    shap_call c = {.t = t, .x = x, .stride = stride, .output = output, .to = to};
    visit(&c, root, scratch, 0, -1, 1, 1);
}

static void add_mean(const visml_shap_trees *t, int32_t node, int64_t output, double share, double *to) {
    if (t->feature[node] < 0) {
        add_leaf(t, node, output, t->d, share, to);
        return;
    }
    add_mean(t, t->left[node], output, share * share_of(t, t->left[node], node), to);
    add_mean(t, t->right[node], output, share * share_of(t, t->right[node], node), to);
}

void visml_shap_add_mean(const visml_shap_trees *t, int32_t root, int64_t output, double *to) {
    add_mean(t, root, output, 1, to);
}
