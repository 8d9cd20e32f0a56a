#include "classify/boosting.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"

/* ---- room ---- */

static void *take(visml_boosting *b, int64_t count, int64_t size, visml_status *status, visml_error *err) {
    void *p = *status == VISML_OK ? visml_mem_zalloc(b->memory, (size_t)count, (size_t)size, err) : NULL;
    if (!p)
        *status = VISML_ENOMEM;
    return p;
}

static visml_status make_room(visml_boosting *b, visml_error *err) {
    int64_t n = b->rows.n, k = b->objective.outputs, columns = visml_objective_columns(&b->objective);
    const visml_samples *v = b->run->validation;
    visml_status status = VISML_OK;
    b->base = take(b, k, sizeof *b->base, &status, err);
    b->sums = take(b, n, k * (int64_t)sizeof *b->sums, &status, err);
    b->p = take(b, n, columns * (int64_t)sizeof *b->p, &status, err);
    b->first = take(b, n, sizeof *b->first, &status, err);
    b->second = take(b, n, sizeof *b->second, &status, err);
    if (b->opts->subsample < 1 || b->rows.weights)
        b->used = take(b, n, 1, &status, err);
    if (v) {
        b->validation_sums = take(b, v->n, k * (int64_t)sizeof *b->sums, &status, err);
        b->validation_p = take(b, v->n, columns * (int64_t)sizeof *b->p, &status, err);
        b->validation_part = take(b, v->n, k * (int64_t)sizeof *b->sums, &status, err);
        b->validation_room = take(b, 1, (int64_t)visml_tree_run_scratch(&b->compute, v->n, v->d), &status, err);
    }
    if (b->opts->booster == VISML_BOOSTER_DART) {
        b->tree_weights = take(b, b->opts->rounds, k * (int64_t)sizeof *b->tree_weights, &status, err);
        b->dropped = take(b, b->opts->rounds, k * (int64_t)sizeof *b->dropped, &status, err);
    }
    return status;
}

void visml_boosting_clear(visml_boosting *b) {
    void *const all[] = {b->base, b->sums, b->p, b->first, b->second, b->used, b->validation_sums, b->validation_p, b->validation_part,
                         b->validation_room, b->tree_weights, b->dropped, b->monotone};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        visml_mem_free(b->memory, all[i]);
    visml_grower_free(b->grower);
    visml_grown_clear(&b->trees);
    visml_bins_clear(&b->bins);
}

/* ---- options ---- */

static visml_status read_monotone(visml_boosting *b, visml_error *err) {
    const int32_t *list = b->opts->monotone_constraints;
    if (!list[0])
        return VISML_OK;
    b->monotone = visml_mem_zalloc(b->memory, (size_t)b->rows.d, 1, err);
    if (!b->monotone)
        return VISML_ENOMEM;
    for (int i = 0; i < VISML_MONOTONE_COLUMNS && list[i]; i++) {
        int64_t column = list[i] < 0 ? -(int64_t)list[i] : list[i];
        if (column > b->rows.d)
            return visml_fail(err, VISML_EINVAL, "%s: monotone_constraints[%d] is %d, x has %lld columns", b->what, i, (int)list[i],
                              (long long)b->rows.d);
        b->monotone[column - 1] = list[i] < 0 ? -1 : 1;
    }
    return VISML_OK;
}

static visml_status make_grower(visml_boosting *b, visml_error *err) {
    const visml_gradient_boosting_opts *o = b->opts;
    VISML_TRY(read_monotone(b, err));
    visml_grow_rules rules = {
        .split = {.lambda = o->lambda, .alpha = o->alpha, .min_child_weight = o->min_child_weight, .max_delta_step = o->max_delta_step,
                  .monotone = b->monotone},
        .gamma = o->gamma, .learning_rate = o->learning_rate, .columns_by_tree = o->colsample_bytree,
        .columns_by_level = o->colsample_bylevel, .columns_by_node = o->colsample_bynode,
        .max_depth = o->max_depth > 0 ? o->max_depth : 0, .max_leaves = o->max_leaves,
        .best_first = o->grow_policy == VISML_GROW_LOSSGUIDE};
    b->grower = visml_grower_new(&b->bins, &b->compute, &rules, err);
    return b->grower ? VISML_OK : VISML_ENOMEM;
}

/* ---- where it begins ---- */

static visml_status set_base(visml_boosting *b, visml_error *err) {
    double score = b->opts->base_score;
    int binary = b->objective.classes == 2;
    if (score == VISML_BASE_SCORE_ESTIMATED) {
        visml_objective_base(&b->objective, &b->rows, b->base);
        return VISML_OK;
    }
    if (binary && (score <= 0 || score >= 1))
        return visml_fail(err, VISML_EINVAL, "%s: base_score is %g, must be a probability, between 0 and 1", b->what, score);
    for (int64_t k = 0; k < b->objective.outputs; k++)
        b->base[k] = (float)(binary ? log(score / (1 - score)) : score);
    return VISML_OK;
}

static void fill_with_base(const visml_boosting *b, int64_t n, float *sums) {
    for (int64_t i = 0; i < n; i++)
        memcpy(sums + i * b->objective.outputs, b->base, (size_t)b->objective.outputs * sizeof *sums);
}

static visml_status sum_trees(const visml_boosting *b, const visml_tree_run *t, const visml_samples *s, float *sums, visml_error *err) {
    void *scratch = visml_mem_alloc(b->memory, visml_tree_run_scratch(&b->compute, s->n, s->d), err);
    if (!scratch)
        return VISML_ENOMEM;
    visml_tree_run_sum(t, &b->compute, s, b->base, sums, scratch);
    visml_mem_free(b->memory, scratch);
    return VISML_OK;
}

static visml_status go_on(visml_boosting *b, const visml_classifier *previous, visml_error *err) {
    const visml_samples *v = b->run->validation;
    memcpy(b->base, visml_object_array_data(&previous->object, "base"), (size_t)b->objective.outputs * sizeof *b->base);
    VISML_TRY(visml_grown_take(&b->trees, previous, err));
    visml_tree_run *t = visml_tree_run_new(previous, b->objective.outputs, err);
    if (!t)
        return VISML_ENOMEM;
    visml_status status = sum_trees(b, t, &b->rows, b->sums, err);
    if (status == VISML_OK && v)
        status = sum_trees(b, t, v, b->validation_sums, err);
    visml_mem_free(b->memory, t);
    return status;
}

static visml_status begin(visml_boosting *b, const visml_classifier *previous, visml_error *err) {
    if (previous)
        VISML_TRY(go_on(b, previous, err));
    else {
        VISML_TRY(set_base(b, err));
        fill_with_base(b, b->rows.n, b->sums);
        if (b->run->validation)
            fill_with_base(b, b->run->validation->n, b->validation_sums);
    }
    b->first_tree = b->trees.trees;
    b->best_loss = HUGE_VAL;
    return VISML_OK;
}

/* ---- rounds ---- */

static void draw_rows(const visml_boosting *b, uint64_t key) {
    visml_rng rng;
    visml_rng_init(&rng, key);
    int64_t some = 0;
    for (int64_t i = 0; i < b->rows.n; i++) {
        double u = b->opts->subsample < 1 ? visml_rng_uniform(&rng) : 0;
        b->used[i] = visml_samples_weight(&b->rows, i) > 0 && u < b->opts->subsample;
        some += b->used[i];
    }
    for (int64_t i = 0; i < b->rows.n && !some; i++) /* of very few rows none may have been drawn */
        some += b->used[i] = visml_samples_weight(&b->rows, i) > 0;
}

typedef struct tick_state {
    const visml_boosting *b;
    int64_t done;
    double loss, validation;
} tick_state;

static visml_status tick(void *user, visml_error *err) {
    const tick_state *t = user;
    return visml_fit_tick(t->b->run, t->done, t->b->opts->rounds, t->loss, t->validation, err);
}

static visml_status grow_round(visml_boosting *b, tick_state *t, visml_error *err) {
    int64_t outputs = b->objective.outputs;
    visml_objective_predict(&b->objective, &b->compute, b->rows.n, b->sums, b->p);
    for (int64_t k = 0; k < outputs; k++) {
        uint64_t key = visml_key(b->run->seed, (uint64_t)b->trees.trees);
        visml_objective_gradients(&b->objective, &b->compute, &b->rows, b->p, k, b->first, b->second);
        if (b->used)
            draw_rows(b, visml_key(key, 1));
        visml_grow_job job = {.first = b->first, .second = b->second, .used = b->used, .key = key, .values = b->sums + k,
                              .value_stride = outputs, .tick = tick, .user = t};
        VISML_TRY(visml_grower_grow(b->grower, &job, &b->trees, err));
    }
    return VISML_OK;
}

visml_status visml_boosting_validate(visml_boosting *b, size_t begin, size_t end, float factor, visml_error *err) {
    const visml_samples *v = b->run->validation;
    int64_t outputs = b->objective.outputs, groups = (int64_t)(end - begin) < outputs ? 1 : outputs;
    int64_t first = groups == outputs ? 0 : (int64_t)begin % outputs;
    visml_tree_run *t = v ? visml_tree_run_of(&b->trees, begin, end, groups, factor, err) : NULL;
    if (!t)
        return v ? VISML_ENOMEM : VISML_OK;
    visml_tree_run_sum(t, &b->compute, v, NULL, b->validation_part, b->validation_room);
    for (int64_t i = 0; i < v->n; i++)
        for (int64_t g = 0; g < groups; g++)
            b->validation_sums[i * outputs + first + g] += b->validation_part[i * groups + g];
    visml_mem_free(b->memory, t);
    return VISML_OK;
}

static double validation_loss(visml_boosting *b) {
    const visml_samples *v = b->run->validation;
    if (!v)
        return NAN;
    visml_objective_predict(&b->objective, &b->compute, v->n, b->validation_sums, b->validation_p);
    return visml_objective_loss(&b->objective, v, b->validation_p);
}

/* Of the rows as they were before this round: their predictions are there. */
static double training_loss(const visml_boosting *b) {
    return b->run->opts && b->run->opts->progress ? visml_objective_loss(&b->objective, &b->rows, b->p) : NAN;
}

static visml_status run_round(visml_boosting *b, int64_t round, tick_state *t, visml_error *err) {
    size_t before = b->trees.trees;
    int dart = b->opts->booster == VISML_BOOSTER_DART;
    if (dart)
        visml_dart_drop(b, round);
    VISML_TRY(grow_round(b, t, err));
    if (dart)
        VISML_TRY(visml_dart_commit(b, err));
    else
        VISML_TRY(visml_boosting_validate(b, before, b->trees.trees, 1, err));
    t->done = round + 1;
    t->loss = training_loss(b);
    t->validation = validation_loss(b);
    return tick(t, err);
}

static visml_status run_rounds(visml_boosting *b, visml_error *err) {
    tick_state t = {.b = b, .loss = NAN, .validation = NAN};
    int64_t patience = b->opts->early_stopping_rounds;
    for (int64_t round = 0; round < b->opts->rounds; round++) {
        VISML_TRY(run_round(b, round, &t, err));
        if (t.validation < b->best_loss)
            b->best_loss = t.validation, b->best_round = round;
        if (patience && round - b->best_round >= patience)
            break;
    }
    if (b->opts->booster == VISML_BOOSTER_DART)
        visml_dart_finish(b);
    if (patience)
        visml_grown_cut(&b->trees, b->first_tree + (size_t)((b->best_round + 1) * b->objective.outputs));
    return VISML_OK;
}

#define MOST_ROWS (INT64_C(1) << 27) /* whose gradients can be added as whole numbers */

visml_status visml_boosting_run(visml_boosting *b, const visml_classifier *previous, visml_error *err) {
    if (b->rows.n > MOST_ROWS)
        return visml_fail(err, VISML_ELIMIT, "%s: x has %lld rows, at most %lld can be learned from", b->what, (long long)b->rows.n,
                          (long long)MOST_ROWS);
    b->trees.memory = b->memory;
    VISML_TRY(make_room(b, err));
    VISML_TRY(make_grower(b, err));
    VISML_TRY(begin(b, previous, err));
    return run_rounds(b, err);
}
