/* Distances to blocks of rows, and the best of each query in a heap. Euclidean ones come from a matrix product where that is faster: it
 * finds some more than k, whose exact distances then decide. Where the error of the product could have hidden a nearer row, the query is
 * searched again without it. */
#include "feature/search.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/distance.h"
#include "kernel/kernels.h"

#define QUERIES 512 /* whose distances are there at a time */
#define ROWS 1024   /* that they are the distances to */
#define TOGETHER 64 /* of which the nearest is found first */
#define SPARE 8     /* found by product beyond k, and an eighth of k more */
#define LEAST_WIDTH 16  /* of rows for which a product pays */
#define LEAST_QUERIES 8 /* likewise */

const char *const visml_metric_names[] = {"", "l2", "cosine", "chi2", "l1", "intersection", NULL};

/* A heap of pairs with the worst on top. */
typedef struct heap {
    int64_t n;
    float *values;
    int32_t *places;
} heap;

typedef struct block {
    const visml_search *s;
    const visml_compute *c;
    int64_t queries, ldx;
    const float *x;
    int product;       /* distances come from a product first */
    int64_t kept;      /* a heap's pairs: k, or some more by product */
    float *values;     /* [queries, kept] */
    int32_t *found;    /* [queries, kept] */
    const float *distances; /* [queries, rows] to rows first ... first + rows - 1 */
    int64_t first, rows;
    float *alone;      /* [workers, ROWS]: distances of a query that is searched again */
    int32_t *places;   /* results */
    float *told;
} block;

static int by_product(const visml_search *s, int64_t queries) {
    return s->metric == VISML_METRIC_L2 && s->d >= LEAST_WIDTH && queries >= LEAST_QUERIES;
}

static int64_t kept_of(const visml_search *s, int product) {
    int64_t more = s->k + SPARE + s->k / 8;
    return !product ? s->k : more < s->n ? more : s->n;
}

static int32_t kind_of(visml_metric metric) {
    static const int32_t kinds[] = {0, VISML_DISTANCE_L2, VISML_DISTANCE_COSINE, VISML_DISTANCE_CHI2, VISML_DISTANCE_L1,
                                    VISML_DISTANCE_INTERSECTION};
    return kinds[metric];
}

static visml_distances pairs_of(const visml_search *s, int product) {
    int64_t m = s->n < ROWS ? s->n : ROWS;
    return (visml_distances){.kind = kind_of(s->metric), .by_product = s->metric == VISML_METRIC_COSINE || product, .n = QUERIES,
                             .m = m, .d = s->d, .lda = s->d, .ldb = s->d, .ldo = m};
}

/* ---- heaps ---- */

static int worse(float a, int32_t i, float b, int32_t j) {
    return a > b || (a == b && i > j);
}

static void clear(const heap *h) {
    for (int64_t i = 0; i < h->n; i++) {
        h->values[i] = INFINITY;
        h->places[i] = INT32_MAX;
    }
}

/* Puts a pair in where the top was. */
static void sink(const heap *h, int64_t n, float value, int32_t place) {
    float *v = h->values;
    int32_t *p = h->places;
    int64_t at = 0;
    for (int64_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && worse(v[child + 1], p[child + 1], v[child], p[child]))
            child++;
        if (!worse(v[child], p[child], value, place))
            break;
        v[at] = v[child], p[at] = p[child];
        at = child;
    }
    v[at] = value, p[at] = place;
}

static void offer(const heap *h, float value, int32_t place) {
    if (worse(h->values[0], h->places[0], value, place))
        sink(h, h->n, value, place);
}

static int is_full(const heap *h) {
    return h->places[0] != INT32_MAX;
}

/* Rows come in order, so that of equals none is better than what is there; the first fill the heap with any value. sign: -1 where the
 * largest are nearest. Some rows at a time are passed over together: nearly all of them are. */
static void offer_all(const visml_kernels *k, const heap *h, int64_t n, const float *values, float sign, int32_t first) {
    for (int64_t begin = 0; begin < n; begin += TOGETHER) {
        int64_t end = n - begin < TOGETHER ? n : begin + TOGETHER;
        const float *some = values + begin;
        float best = sign > 0 ? k->reduce_min((size_t)(end - begin), some) : -k->reduce_max((size_t)(end - begin), some);
        if (best >= h->values[0] && is_full(h))
            continue;
        for (int64_t i = begin; i < end; i++) {
            float value = sign * values[i];
            if (!(value >= h->values[0]) || !is_full(h))
                offer(h, isnan(value) ? INFINITY : value, first + (int32_t)i); /* NaN: of numbers too large for a float */
        }
    }
}

/* The heap becomes a list, the best first. */
static void sort(const heap *h) {
    for (int64_t n = h->n - 1; n > 0; n--) {
        float value = h->values[n];
        int32_t place = h->places[n];
        h->values[n] = h->values[0], h->places[n] = h->places[0];
        sink(h, n, value, place);
    }
}

static float sign_of(const visml_search *s) {
    return s->metric == VISML_METRIC_INTERSECTION ? -1.0f : 1.0f;
}

static heap found_of(const block *b, int64_t query) {
    return (heap){b->kept, b->values + query * b->kept, b->found + query * b->kept};
}

static heap told_of(const block *b, int64_t query) {
    return (heap){b->s->k, b->told + query * b->s->k, b->places + query * b->s->k};
}

static void search_query(void *arg, size_t query, size_t worker) {
    const block *b = arg;
    heap h = found_of(b, (int64_t)query);
    (void)worker;
    offer_all(b->c->kernels, &h, b->rows, b->distances + (int64_t)query * b->rows, sign_of(b->s), (int32_t)b->first);
}

/* ---- exact distances of what the product found ---- */

static void exact(const block *b, int64_t query, int64_t m, const float *rows, float *out) {
    visml_row_pairs p = {.n = 1, .m = m, .d = b->s->d, .lda = b->ldx, .ldb = b->s->d, .ldo = m, .a = b->x + query * b->ldx, .b = rows,
                         .out = out};
    b->c->kernels->row_pairs(VISML_DISTANCE_L2, &p);
}

static void search_alone(const block *b, int64_t query, const heap *to, float *room) {
    clear(to);
    for (int64_t first = 0; first < b->s->n; first += ROWS) {
        int64_t m = b->s->n - first < ROWS ? b->s->n - first : ROWS;
        exact(b, query, m, b->s->rows + first * b->s->d, room);
        offer_all(b->c->kernels, to, m, room, 1, (int32_t)first);
    }
}

/* What a product may be off by (kernel/distance.h). */
static float error_of(const block *b, int64_t query) {
    float size = b->c->kernels->reduce_squares((size_t)b->s->d, b->x + query * b->ldx) + b->s->longest;
    return (4 + sqrtf((float)b->s->d)) * 0x1p-24f * size;
}

/* Every row that was not found has a distance by product of at least that on top of the heap. */
static void decide(const block *b, int64_t query, float *room) {
    heap found = found_of(b, query), told = told_of(b, query);
    float beyond = found.n < b->s->n ? found.values[0] - error_of(b, query) : INFINITY;
    clear(&told);
    for (int64_t i = 0; i < found.n; i++) {
        float value;
        exact(b, query, 1, b->s->rows + found.places[i] * b->s->d, &value);
        offer(&told, isnan(value) ? INFINITY : value, found.places[i]);
    }
    if (!(told.values[0] < beyond) && found.n < b->s->n)
        search_alone(b, query, &told, room);
}

static void finish_query(void *arg, size_t query, size_t worker) {
    const block *b = arg;
    heap told = told_of(b, (int64_t)query);
    if (b->product)
        decide(b, (int64_t)query, b->alone + (int64_t)worker * ROWS);
    sort(&told);
    for (int64_t i = 0; i < told.n; i++)
        told.values[i] = b->s->metric == VISML_METRIC_L2 ? sqrtf(told.values[i]) : sign_of(b->s) * told.values[i];
}

/* ---- all queries ---- */

/* How many floats each part of the scratch has, a multiple of 64 bytes. */
static size_t part(int64_t a, int64_t b) {
    return ((size_t)a * (size_t)b + 15) / 16 * 16;
}

size_t visml_search_scratch(const visml_compute *c, const visml_search *s) {
    visml_distances x = pairs_of(s, by_product(s, QUERIES));
    size_t kept = part(QUERIES, kept_of(s, 1)), bytes;
    size_t floats = part(QUERIES, x.m) + 2 * kept + part((int64_t)c->parallel->workers, ROWS);
    return visml_size_add(floats * sizeof(float), visml_distances_scratch(c, &x), &bytes) ? bytes : SIZE_MAX;
}

void visml_search_measure(const visml_compute *c, visml_search *s) {
    s->longest = 0;
    for (int64_t i = 0; s->metric == VISML_METRIC_L2 && i < s->n; i++) {
        float size = c->kernels->reduce_squares((size_t)s->d, s->rows + i * s->d);
        s->longest = size > s->longest ? size : s->longest;
    }
}

static int run_block(block *b, float *distances, void *scratch) {
    visml_distances x = pairs_of(b->s, b->product);
    for (int64_t i = 0; i < b->queries; i++) {
        heap h = found_of(b, i);
        clear(&h);
    }
    x.a = b->x;
    x.lda = b->ldx;
    x.n = b->queries;
    x.out = distances;
    b->distances = distances;
    for (b->first = 0; b->first < b->s->n; b->first += ROWS) {
        b->rows = x.m = x.ldo = b->s->n - b->first < ROWS ? b->s->n - b->first : ROWS;
        x.b = b->s->rows + b->first * x.d;
        visml_distances_run(b->c, &x, scratch);
        visml_parallel_run(b->c->parallel, (size_t)b->queries, search_query, b);
        if (b->s->look && !b->s->look(b->s->user))
            return 0;
    }
    visml_parallel_run(b->c->parallel, (size_t)b->queries, finish_query, b);
    return 1;
}

int visml_search_run(const visml_compute *c, const visml_search *s, int64_t queries, const float *x, int64_t ldx, int32_t *places,
                      float *distances, void *scratch) {
    float *block_distances = scratch, *values = block_distances + part(QUERIES, pairs_of(s, 0).m);
    int32_t *found = (int32_t *)(void *)(values + part(QUERIES, kept_of(s, 1)));
    float *alone = (float *)(void *)(found + part(QUERIES, kept_of(s, 1)));
    void *rest = alone + part((int64_t)c->parallel->workers, ROWS);
    for (int64_t i = 0; i < queries; i += QUERIES) {
        block b = {.s = s, .c = c, .queries = queries - i < QUERIES ? queries - i : QUERIES, .x = x + i * ldx, .ldx = ldx,
                   .places = places + i * s->k, .told = distances + i * s->k, .alone = alone};
        b.product = by_product(s, b.queries);
        b.kept = kept_of(s, b.product);
        b.values = b.product ? values : b.told;
        b.found = b.product ? found : b.places;
        if (!run_block(&b, block_distances, rest))
            return 0;
    }
    return 1;
}
