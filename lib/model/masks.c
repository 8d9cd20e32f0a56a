#include "model/masks.h"

#include <string.h>

static const visml_mask_rule none = {-1, 0, VISML_MASK_NOT_JOINED, 0};

int64_t visml_mask_count(const visml_shape *shape, int32_t dims) {
    int64_t n = 1;
    for (int32_t i = 0; i < dims; i++)
        n *= shape->dims[i];
    return n;
}

/* What the inputs of a node have. */
typedef struct inputs_masks {
    int32_t first, dims; /* of the first that has one; -1 */
    size_t with;         /* how many have one */
    int same, fit;       /* all of those: one mask; masks of as many dimensions */
} inputs_masks;

static inputs_masks look(const visml_plan *p, const visml_node *n) {
    inputs_masks s = {.first = -1, .same = 1, .fit = 1};
    for (size_t k = 0; k < n->input_count; k++) {
        const visml_plan_node *in = &p->nodes[n->inputs[k]];
        if (in->mask < 0)
            continue;
        if (s.with++ == 0) {
            s.first = in->mask;
            s.dims = in->mask_dims;
        }
        s.same &= in->mask == s.first;
        s.fit &= in->mask_dims == s.dims;
    }
    return s;
}

/* 1: the output has the dimensions of the mask in front, and others behind them. */
static int keeps(const visml_shape *in, const visml_shape *out, int32_t dims) {
    return out->rank > dims && memcmp(in->dims, out->dims, (size_t)dims * sizeof *in->dims) == 0;
}

/* Inputs beside each other, along the first dimension in which the output is larger. What counts in any of them counts: with one that has
 * no mask, everything. Behind each other in what the mask has dimensions of, the masks are so too. */
static visml_mask_rule joined(const visml_shape *in, const visml_shape *out, const inputs_masks *s, size_t inputs) {
    int32_t axis = 0;
    while (axis < in->rank && in->dims[axis] == out->dims[axis])
        axis++;
    if (axis < s->dims)
        return (visml_mask_rule){-1, s->dims, axis, 1};
    if (s->with < inputs)
        return none;
    return s->same ? (visml_mask_rule){s->first, s->dims, VISML_MASK_NOT_JOINED, 0} : (visml_mask_rule){-1, s->dims, VISML_MASK_UNION, 1};
}

visml_mask_rule visml_mask_behind(const visml_plan *p, const visml_model *m, const visml_shape *shape, size_t node) {
    const visml_node *n = &m->nodes[node];
    const visml_shape *in = p->in + p->nodes[node].first_input;
    int32_t dims = visml_layer_makes_mask(n->layer, in), properties = n->layer->cls->properties;
    inputs_masks s = look(p, n);
    if (dims > 0)
        return (visml_mask_rule){-1, dims, VISML_MASK_NOT_JOINED, 1};
    if (s.with == 0 || !s.fit || (n->layer->cls->ends_mask && n->layer->cls->ends_mask(n->layer)))
        return none;
    if (properties & VISML_JOINS_MASKS)
        return joined(in, shape, &s, n->input_count);
    if (!(properties & VISML_PASSES_MASK) || s.with < n->input_count || !keeps(in, shape, s.dims))
        return none;
    return s.same ? (visml_mask_rule){s.first, s.dims, VISML_MASK_NOT_JOINED, 0} : (visml_mask_rule){-1, s.dims, VISML_MASK_UNION, 1};
}

static void unite(int64_t n, size_t inputs, const uint8_t *const *masks, uint8_t *to) {
    memcpy(to, masks[0], (size_t)n);
    for (size_t k = 1; k < inputs; k++)
        for (int64_t i = 0; i < n; i++)
            to[i] |= masks[k][i];
}

/* n bytes of one input's mask, all of them to be counted where it has none. */
static void append(uint8_t **to, const uint8_t *from, int64_t n) {
    if (from)
        memcpy(*to, from, (size_t)n);
    else
        memset(*to, 1, (size_t)n);
    *to += n;
}

void visml_mask_join(int32_t join, int32_t dims, const visml_shape *in, size_t inputs, const uint8_t *const *masks, int64_t rows,
                     uint8_t *to) {
    if (join == VISML_MASK_UNION) {
        unite(rows * visml_mask_count(in, dims), inputs, masks, to);
        return;
    }
    for (int64_t i = 0; i < rows * visml_mask_count(in, join); i++)
        for (size_t k = 0; k < inputs; k++) {
            int64_t n = visml_mask_count(&in[k], dims) / visml_mask_count(&in[k], join);
            append(&to, masks[k] ? masks[k] + i * n : NULL, n);
        }
}
