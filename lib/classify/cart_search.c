#include "classify/cart_search.h"

#include <string.h>

#include "base/rng.h"
#include "classify/cart_random.h"
#include "classify/tree_ticks.h"
#include "kernel/span.h"

/* ---- a node's rows ---- */

static void add_class(visml_cart *g, int32_t place, double w) {
    g->totals[place] += w;
    g->ends[place]++;
}

void visml_cart_bring_near(visml_cart *g, visml_cart_open *n) {
    const visml_samples *s = &g->far.s;
    int32_t *rows = g->rows + n->begin;
    for (int64_t p = 0; p < n->count; p++) {
        memcpy(g->near_x + p * s->d, s->x + rows[p] * s->row_stride, (size_t)s->d * sizeof *s->x);
        g->near_weights[p] = g->far.weights[rows[p]];
        if (s->class_count)
            g->near_places[p] = s->places[rows[p]];
        else
            g->near_targets[p] = s->targets[rows[p]];
        rows[p] = (int32_t)p;
    }
    n->near = 1;
}

const visml_cart_rows *visml_cart_rows_of(const visml_cart *g, const visml_cart_open *n) {
    return n->near ? &g->near : &g->far;
}

visml_cart_node visml_cart_gather(visml_cart *g, const visml_cart_open *n) {
    const visml_samples *s = &visml_cart_rows_of(g, n)->s;
    const float *weights = visml_cart_rows_of(g, n)->weights;
    int64_t classes = s->class_count;
    const int32_t *rows = g->rows + n->begin;
    double weight = 0;
    int equal = 1;
    memset(g->ends, 0, (size_t)classes * sizeof *g->ends);
    memset(g->totals, 0, (size_t)(classes + 2) * sizeof *g->totals);
    for (int64_t p = 0; p < n->count; p++) {
        double w = (double)(g->weights[p] = weights[rows[p]]);
        weight += w;
        equal &= g->weights[p] == g->weights[0];
        if (classes)
            add_class(g, g->places[p] = s->places[rows[p]], w);
        else
            g->totals[1] += w * (double)(g->targets[p] = s->targets[rows[p]]);
    }
    if (!classes)
        g->totals[0] = weight;
    for (int64_t k = 1; k < classes; k++)
        g->ends[k] += g->ends[k - 1];
    return (visml_cart_node){.impurity = g->rules.impurity, .classes = classes, .n = n->count, .least = g->rules.min_samples_leaf,
                             .samples = s, .rows = rows, .places = g->places, .targets = g->targets, .weights = g->weights,
                             .totals = g->totals, .ends = g->ends, .equal = equal, .weight = weight,
                             .score = visml_cart_score(g->rules.impurity, classes, g->totals)};
}

int visml_cart_is_pure(const visml_cart_node *n) {
    int64_t present = 0;
    for (int64_t k = 0; k < n->classes; k++)
        present += n->totals[k] > 0;
    for (int64_t p = 1; !n->classes && p < n->n && !present; p++)
        present = n->targets[p] != n->targets[0] ? 2 : 0;
    return present < 2;
}

/* ---- splits ---- */

typedef struct find_job {
    visml_cart *g;
    const visml_cart_node *node;
    const int64_t *columns;
    int64_t n, group; /* columns, and how many are looked at together */
    uint64_t key;
    visml_cart_split *found; /* [n] */
    uint8_t *varies;         /* [n] */
} find_job;

static void find_group(void *arg, size_t block, size_t worker) {
    const find_job *j = arg;
    visml_cart *g = j->g;
    int64_t from = (int64_t)block * j->group, n = visml_block_length((int64_t)block, j->group, j->n);
    char *scratch = g->scratch + worker * g->scratch_bytes;
    for (int64_t i = from; i < from + n; i++)
        j->found[i] = (visml_cart_split){.column = -1};
    if (g->columns)
        visml_cart_find(j->node, g->columns, n, j->columns + from, scratch, j->found + from, j->varies + from);
    else
        visml_cart_find_random(j->node, n, j->columns + from, j->key, scratch, j->found + from, j->varies + from);
}

int visml_cart_goes_on(visml_cart *g) {
    g->stopped = g->stopped || !g->keep_on(g->user);
    return !g->stopped;
}

#define SHARED_WORK 32768 /* numbers to look at that are worth several threads */
#define GROUP 32          /* columns: of so many nodes look at some together */

static void find_portion(find_job *j) {
    const visml_parallel *p = j->g->compute.parallel;
    int shared = p->workers > 1 && j->n * j->node->n >= SHARED_WORK;
    j->group = shared ? 4 : GROUP;
    if (shared)
        visml_parallel_run(p, (size_t)visml_blocks(j->n, j->group), find_group, j);
    else
        visml_run_alone(NULL, (size_t)visml_blocks(j->n, j->group), find_group, j);
}

/* Looks at columns begin ... begin + n - 1 of the order; returns how many of them are not the same in all rows. */
static int64_t find_some(find_job *j, int64_t begin, int64_t n, visml_cart_split *best) {
    visml_cart *g = j->g;
    int64_t varying = 0, portion = VISML_TICK_NUMBERS / VISML_TICK_SORTING * (int64_t)g->compute.parallel->workers / j->node->n;
    portion = portion > 1 ? portion : 1;
    for (int64_t from = 0; from < n && (from == 0 || visml_cart_goes_on(g)); from += portion) {
        j->columns = g->order + begin + from, j->n = n - from < portion ? n - from : portion;
        j->found = g->found + from, j->varies = g->varies + from;
        find_portion(j);
    }
    for (int64_t i = 0; i < n && !g->stopped; i++) {
        const visml_cart_split *f = g->found + i;
        varying += g->varies[i];
        if (f->column >= 0 && (best->column < 0 || f->score > best->score))
            *best = *f;
    }
    return varying;
}

static void draw_column(visml_cart *g, int64_t i, visml_rng *rng) {
    int64_t at = i + (int64_t)visml_rng_below(rng, (uint64_t)(g->samples->d - i)), column = g->order[at];
    g->order[at] = g->order[i];
    g->order[i] = column;
}

#define TICK_ROWS 4096 /* worth asking the caller after one column */

visml_cart_split visml_cart_find_split(visml_cart *g, const visml_cart_node *node, uint64_t key) {
    int64_t d = g->samples->d, most = g->rules.max_features;
    visml_cart_split best = {.column = -1};
    find_job j = {.g = g, .node = node, .key = key};
    visml_rng rng;
    visml_rng_init(&rng, key);
    for (int64_t i = 0; most < d && i < most; i++)
        draw_column(g, i, &rng);
    int64_t varying = find_some(&j, 0, most, &best);
    for (int64_t i = most; i < d && !varying; i++) {
        if (node->n >= TICK_ROWS && !visml_cart_goes_on(g))
            break;
        draw_column(g, i, &rng);
        varying = find_some(&j, i, 1, &best);
    }
    return best;
}
