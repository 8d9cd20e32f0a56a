#include "feature/gmm.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "feature/kmeans.h"
#include "kernel/span.h"

#define ROWS VISML_MIXTURE_ROWS
#define PANEL VISML_MIXTURE_PANEL
#define MOST_BLOCKS 8                /* of rows that are there at a time */
#define WORK ((int64_t)512 * 1000000) /* multiplications between two ticks: some 10 ms of one thread */

/* Blocks of rows go through in groups: threads share the blocks out while it is found how likely components have made their rows, then
 * (full) components and panels of columns while rows are added up, block after block. */
typedef struct em {
    visml_gmm *job;
    const visml_compute *c;
    visml_compute alone;
    const char *what;
    visml_mixture mix;
    visml_mixture_sums sums;
    size_t doubles;          /* of all sums, which lie one behind the other */
    int64_t blocks, width;   /* of a group; numbers of a row as products take it */
    float *rows, *resp, *score, *products, *shift; /* of a group: [blocks, ROWS, width], ... */
    float *buffer;           /* [ROWS, d] for each thread: rows that do not lie side by side */
    double *room;            /* for each thread, to prepare a component */
    size_t room_doubles;
    char *scratch;           /* scratch_bytes for each thread */
    size_t scratch_bytes;
    void *memory; /* of the plan */
    visml_mixture_plan plan;
    const int32_t *labels;   /* not NULL: each row belongs to the component that these say */
    int64_t first, begin, end; /* the group's first row; components, or pieces of work, that are the next */
    _Atomic int failed;
} em;

static int64_t squares_of(const visml_gmm *j) {
    return j->x.d * (j->full ? j->x.d : 1);
}

static int64_t rows_of(const em *w, int64_t block) {
    return visml_block_length(w->first / ROWS + block, ROWS, w->job->x.n);
}

static int64_t group_blocks(const em *w) {
    int64_t left = visml_blocks(w->job->x.n - w->first, ROWS);
    return left < w->blocks ? left : w->blocks;
}

static int64_t at_least_1(int64_t n) {
    return n > 1 ? n : 1;
}

static visml_status tick(const em *w, double score, visml_error *err) {
    const visml_gmm *j = w->job;
    return j->tick ? j->tick(j->user, j->iterations, score, err) : VISML_OK;
}

/* `count` pieces of work, so many at a time that ticks come in time. */
static visml_status run_pieces(em *w, int64_t count, int64_t at_a_time, visml_block *f, visml_error *err) {
    for (w->begin = 0; w->begin < count; w->begin += at_a_time) {
        int64_t left = count - w->begin;
        visml_parallel_run(w->c->parallel, (size_t)(left < at_a_time ? left : at_a_time), f, w);
        VISML_TRY(tick(w, NAN, err));
    }
    return VISML_OK;
}

/* ---- the mixture ---- */

static void prepare_piece(void *arg, size_t piece, size_t worker) {
    em *w = arg;
    if (!visml_mixture_prepare_one(&w->mix, &w->plan, w->begin + (int64_t)piece, w->room + worker * w->room_doubles))
        atomic_store_explicit(&w->failed, 1, memory_order_relaxed);
}

/* Of so many columns that a component takes long. */
static visml_status prepare_in_steps(em *w, visml_error *err) {
    for (int64_t k = 0; k < w->job->k; k++) {
        if (!visml_mixture_find_root(&w->mix, k, w->room))
            return visml_mixture_no_inverse(w->what, err);
        VISML_TRY(tick(w, NAN, err));
        visml_mixture_use_root(&w->mix, &w->plan, k, w->room);
        VISML_TRY(tick(w, NAN, err));
    }
    return VISML_OK;
}

static visml_status prepare_plan(em *w, visml_error *err) {
    int64_t d = w->job->x.d, one = w->job->full ? 1 + d * d * d / 4 : d, at_a_time = WORK / 8 / one;
    w->plan = visml_mixture_begin(&w->mix, w->shift, w->memory);
    if (w->labels)
        return VISML_OK;
    if (at_a_time <= 1)
        return prepare_in_steps(w, err);
    VISML_TRY(run_pieces(w, w->job->k, at_a_time, prepare_piece, err));
    return w->failed ? visml_mixture_no_inverse(w->what, err) : VISML_OK;
}

static void maximize_squares(const visml_gmm *j, const double *mean, double count, const double *squares, double *to) {
    int64_t d = j->x.d;
    for (int64_t a = 0; a < d; a++) {
        double *variance = to + a * (j->full ? d + 1 : 1), v = squares[a * (j->full ? d + 1 : 1)] / count - mean[a] * mean[a];
        *variance = (v < 0 ? 0 : v) + j->floor;
        for (int64_t b = 0; j->full && b < a; b++)
            to[a * d + b] = to[b * d + a] = squares[a * d + b] / count - mean[a] * mean[b];
    }
}

/* Sums become the mixture. */
static void maximize_piece(void *arg, size_t piece, size_t worker) {
    const em *w = arg;
    const visml_gmm *j = w->job;
    int64_t d = j->x.d, k = (int64_t)piece;
    double count = w->sums.counts[k] + 10 * DBL_EPSILON, *mean = w->sums.sums + k * d;
    (void)worker;
    j->weights[k] = count / ((double)j->x.n + 10 * DBL_EPSILON * (double)j->k);
    for (int64_t i = 0; i < d; i++) {
        mean[i] /= count;
        j->means[k * d + i] = mean[i] + (double)w->shift[i];
    }
    maximize_squares(j, mean, count, w->sums.squares + k * squares_of(j), j->covariances + k * squares_of(j));
}

/* ---- rows ---- */

static void take_rows(const em *w, int64_t block, size_t worker, float *rows) {
    const visml_gmm *j = w->job;
    int64_t ld, n = rows_of(w, block), first = w->first + block * ROWS;
    const float *x = visml_row_view_block(&j->x, first, n, w->buffer + (int64_t)worker * ROWS * j->x.d, &ld);
    visml_mixture_rows(&w->plan, n, x, ld, rows);
}

static void take_labels(const em *w, int64_t block, float *resp) {
    int64_t n = rows_of(w, block), k = w->job->k;
    const int32_t *labels = w->labels + w->first + block * ROWS;
    memset(resp, 0, (size_t)(n * k) * sizeof *resp);
    for (int64_t i = 0; i < n; i++)
        resp[i * k + labels[i]] = 1;
}

/* How likely components w->begin ... w->end - 1 have made the rows of a block; with the last ones what follows from it. */
static void expect_block(void *arg, size_t number, size_t worker) {
    const em *w = arg;
    const visml_gmm *j = w->job;
    int64_t block = (int64_t)number, n = rows_of(w, block);
    float *rows = w->rows + block * ROWS * w->width, *resp = w->resp + block * ROWS * j->k;
    void *scratch = w->scratch + worker * w->scratch_bytes;
    if (w->begin == 0)
        take_rows(w, block, worker, rows);
    if (w->labels)
        take_labels(w, block, resp);
    else
        visml_mixture_logs(&w->plan, &w->alone, n, rows, w->begin, w->end, resp, scratch);
    if (w->end < j->k)
        return;
    if (!w->labels)
        visml_mixture_share(&w->alone, n, j->k, resp, w->score + block * ROWS);
    if (!j->full)
        visml_mixture_products(&w->alone, j->x.d, j->k, n, rows, resp, w->products + block * j->k * w->width, scratch);
}

static visml_status expect(em *w, visml_error *err) {
    const visml_gmm *j = w->job;
    int64_t step = w->labels || !j->full ? j->k : at_least_1(WORK / (w->blocks * ROWS * j->x.d * j->x.d / 2));
    for (w->begin = 0; w->begin < j->k; w->begin = w->end) {
        w->end = j->k - w->begin < step ? j->k : w->begin + step;
        visml_parallel_run(w->c->parallel, (size_t)group_blocks(w), expect_block, w);
        VISML_TRY(tick(w, NAN, err));
    }
    return VISML_OK;
}

/* A component and a panel of columns. */
static void add_piece(void *arg, size_t number, size_t worker) {
    const em *w = arg;
    const visml_gmm *j = w->job;
    int64_t panels = visml_blocks(j->x.d, PANEL), piece = w->begin + (int64_t)number;
    for (int64_t b = 0, n = group_blocks(w); b < n; b++)
        visml_mixture_panel_add(&w->alone, j->x.d, j->k, rows_of(w, b), w->rows + b * ROWS * w->width, w->resp + b * ROWS * j->k,
                                piece / panels, piece % panels * PANEL, &w->sums, w->scratch + worker * w->scratch_bytes);
}

/* The group's rows go to the sums, in order. */
static visml_status add_up(em *w, double *score, visml_error *err) {
    const visml_gmm *j = w->job;
    for (int64_t b = 0, n = group_blocks(w); b < n; b++) {
        visml_mixture_count(rows_of(w, b), j->k, w->resp + b * ROWS * j->k, w->sums.counts);
        if (!j->full)
            visml_mixture_sums_add(j->x.d, j->k, w->products + b * j->k * w->width, &w->sums);
        for (int64_t i = 0; !w->labels && i < rows_of(w, b); i++)
            *score += (double)w->score[b * ROWS + i];
    }
    if (!j->full)
        return VISML_OK;
    int64_t pieces = at_least_1(WORK / (w->blocks * ROWS * PANEL * j->x.d));
    return run_pieces(w, j->k * visml_blocks(j->x.d, PANEL), pieces, add_piece, err);
}

static visml_status step(em *w, const int32_t *labels, double *score, visml_error *err) {
    const visml_gmm *j = w->job;
    double sum = 0;
    w->labels = labels;
    VISML_TRY(prepare_plan(w, err));
    memset(w->sums.counts, 0, w->doubles * sizeof(double));
    for (w->first = 0; w->first < j->x.n; w->first += w->blocks * ROWS) {
        VISML_TRY(expect(w, err));
        VISML_TRY(add_up(w, &sum, err));
    }
    *score = sum / (double)j->x.n;
    visml_parallel_run(w->c->parallel, (size_t)j->k, maximize_piece, w);
    return tick(w, labels ? NAN : *score, err);
}

static visml_status iterate(em *w, const int32_t *labels, visml_error *err) {
    visml_gmm *j = w->job;
    double before = -INFINITY, unused;
    VISML_TRY(step(w, labels, &unused, err));
    for (j->iterations = 1;; j->iterations++) {
        VISML_TRY(step(w, NULL, &j->score, err));
        if (fabs(j->score - before) < j->tolerance || j->iterations == j->max_iterations)
            return VISML_OK;
        before = j->score;
    }
}

/* ---- before ---- */

/* The means of the columns. */
static visml_status find_shift(em *w, visml_error *err) {
    const visml_gmm *j = w->job;
    double *sum = w->sums.sums;
    memset(sum, 0, (size_t)j->x.d * sizeof *sum);
    for (int64_t first = 0, ld; first < j->x.n; first += ROWS) {
        int64_t n = visml_block_length(first / ROWS, ROWS, j->x.n);
        const float *x = visml_row_view_block(&j->x, first, n, w->buffer, &ld);
        for (int64_t i = 0; i < n; i++)
            for (int64_t p = 0; p < j->x.d; p++)
                sum[p] += (double)x[i * ld + p];
        VISML_TRY(tick(w, NAN, err));
    }
    for (int64_t p = 0; p < j->x.d; p++)
        w->shift[p] = (float)(sum[p] / (double)j->x.n);
    return VISML_OK;
}

/* Labels by k-means, where none are given. */
static visml_status prepare(visml_memory *m, em *w, int32_t *labels, visml_error *err) {
    visml_gmm *j = w->job;
    VISML_TRY(find_shift(w, err));
    if (j->init)
        return iterate(w, j->init, err);
    visml_kmeans job = {.x = j->x, .k = j->k, .seed = j->seed, .max_iterations = 100, .tolerance = 1e-4, .labels = labels,
                        .tick = j->tick, .user = j->user};
    job.centers = visml_mem_alloc(m, (size_t)(j->k * j->x.d) * sizeof *job.centers, err);
    visml_status status = job.centers ? visml_kmeans_fit(m, w->c, w->what, &job, err) : VISML_ENOMEM;
    visml_mem_free(m, job.centers);
    return status < 0 ? status : iterate(w, labels, err);
}

static size_t more(size_t a, size_t b) {
    return ((a > b ? a : b) + 63) / 64 * 64;
}

/* What is there once for each thread, and how many rows are there at a time: by the shape alone. */
static void measure(em *w) {
    const visml_gmm *j = w->job;
    int64_t d = j->x.d, blocks = WORK / (ROWS * d * (j->full ? d : 2 * j->k));
    w->width = visml_mixture_width(d, j->full);
    w->blocks = blocks < 1 ? 1 : blocks > MOST_BLOCKS ? MOST_BLOCKS : blocks;
    w->doubles = (size_t)(j->k + j->k * d + j->k * squares_of(j));
    w->room_doubles = j->full ? (size_t)(d * (d + 1)) : 0;
    w->scratch_bytes = more(visml_mixture_scratch(&w->alone, d, j->k, j->full), visml_mixture_sums_scratch(&w->alone, d, j->k, j->full));
}

static visml_status take_room(em *w, visml_memory *m, visml_error *err) {
    const visml_gmm *j = w->job;
    size_t workers = w->c->parallel->workers;
    int64_t d = j->x.d, rows = w->blocks * ROWS, products = j->full ? 0 : w->blocks * j->k * w->width;
    w->sums.counts = visml_mem_alloc(m, (w->doubles + workers * w->room_doubles) * sizeof(double), err);
    size_t floats = (size_t)(rows * (w->width + j->k + 1) + products + d) + workers * (size_t)(ROWS * d);
    w->rows = w->sums.counts ? visml_mem_alloc(m, floats * sizeof *w->rows, err) : NULL;
    w->memory = w->rows ? visml_mem_alloc(m, visml_mixture_bytes(d, j->k, j->full), err) : NULL;
    w->scratch = w->memory ? visml_mem_alloc(m, workers * w->scratch_bytes, err) : NULL;
    if (!w->scratch)
        return VISML_ENOMEM;
    w->sums.sums = w->sums.counts + j->k;
    w->sums.squares = w->sums.sums + j->k * d;
    w->room = w->sums.counts + w->doubles;
    w->resp = w->rows + rows * w->width;
    w->score = w->resp + rows * j->k;
    w->products = w->score + rows;
    w->shift = w->products + products;
    w->buffer = w->shift + d;
    return VISML_OK;
}

visml_status visml_gmm_fit(visml_memory *m, const visml_compute *c, const char *what, visml_gmm *job, visml_error *err) {
    static const visml_parallel alone = {.run = visml_run_alone, .workers = 1};
    if (job->x.n < job->k)
        return visml_fail(err, VISML_EINVAL, "%s: there are %lld rows to learn from, must be at least as many as components: %lld", what,
                          (long long)job->x.n, (long long)job->k);
    em w = {.job = job, .c = c, .what = what, .alone = {c->kernels, &alone}};
    w.mix = (visml_mixture){job->x.d, job->k, job->full, job->weights, job->means, job->covariances};
    measure(&w);
    visml_status status = take_room(&w, m, err);
    int32_t *labels = status == VISML_OK ? visml_mem_alloc(m, (size_t)job->x.n * sizeof *labels, err) : NULL;
    status = labels ? prepare(m, &w, labels, err) : VISML_ENOMEM;
    visml_mem_free(m, w.sums.counts);
    visml_mem_free(m, w.rows);
    visml_mem_free(m, w.memory);
    visml_mem_free(m, labels);
    visml_mem_free(m, w.scratch);
    return status;
}
