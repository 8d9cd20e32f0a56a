/* DART: each round some trees sit out; the new ones and these then share what the new ones have learned (XGBoost's rules). */

#include "base/error.h"
#include "base/rng.h"
#include "classify/boosting.h"

static size_t tree_count(const visml_boosting *b) {
    return b->trees.trees - b->first_tree;
}

/* factor times the values of a tree to the sums of its output. */
static void add_tree(visml_boosting *b, size_t tree, double factor) {
    size_t number = b->first_tree + tree;
    int64_t outputs = b->objective.outputs;
    visml_grower_add(b->grower, &b->trees, number, (float)factor, b->sums + (int64_t)number % outputs, outputs);
}

static void draw(visml_boosting *b, visml_rng *rng) {
    const visml_gradient_boosting_opts *o = b->opts;
    size_t n = tree_count(b);
    double sum = 0;
    for (size_t t = 0; t < n; t++)
        sum += b->tree_weights[t];
    for (size_t t = 0; t < n; t++) {
        double share = o->sample_type == VISML_DART_WEIGHTED ? o->rate_drop * (double)n * b->tree_weights[t] / sum : o->rate_drop;
        if (visml_rng_uniform(rng) < share)
            b->dropped[b->dropped_count++] = (int32_t)t;
    }
    if (o->one_drop && n && !b->dropped_count)
        b->dropped[b->dropped_count++] = (int32_t)visml_rng_below(rng, n);
}

void visml_dart_drop(visml_boosting *b, int64_t round) {
    visml_rng rng;
    visml_rng_init(&rng, visml_key(visml_key(b->run->seed, (uint64_t)round), UINT64_C(0x64617274)));
    b->dropped_count = 0;
    if (visml_rng_uniform(&rng) >= b->opts->skip_drop)
        draw(b, &rng);
    for (size_t i = 0; i < b->dropped_count; i++)
        add_tree(b, (size_t)b->dropped[i], -b->tree_weights[b->dropped[i]]);
}

visml_status visml_dart_commit(visml_boosting *b, visml_error *err) {
    size_t n = tree_count(b), fresh = (size_t)b->objective.outputs;
    double rate = b->opts->learning_rate / (double)fresh, dropped = (double)b->dropped_count, old = 1, weight = 1;
    if (b->dropped_count && b->opts->normalize_type == VISML_DART_FOREST)
        old = weight = 1 / (1 + rate);
    else if (b->dropped_count)
        old = dropped / (dropped + rate), weight = 1 / (dropped + rate);
    for (size_t i = 0; i < b->dropped_count; i++) {
        double *w = &b->tree_weights[b->dropped[i]], before = *w;
        *w *= old;
        add_tree(b, (size_t)b->dropped[i], *w);
        size_t tree = b->first_tree + (size_t)b->dropped[i];
        VISML_TRY(visml_boosting_validate(b, tree, tree + 1, (float)(*w - before), err));
    }
    for (size_t t = n - fresh; t < n; t++) {
        b->tree_weights[t] = weight;
        if (weight != 1)
            add_tree(b, t, weight - 1);
    }
    return visml_boosting_validate(b, b->trees.trees - fresh, b->trees.trees, (float)weight, err);
}

void visml_dart_finish(visml_boosting *b) {
    for (size_t t = 0; t < tree_count(b); t++) {
        size_t tree = b->first_tree + t, end = tree + 1 < b->trees.trees ? (size_t)b->trees.roots[tree + 1] : b->trees.count;
        for (size_t i = (size_t)b->trees.roots[tree]; i < end; i++)
            b->trees.nodes[i].value *= (float)b->tree_weights[t];
    }
}
