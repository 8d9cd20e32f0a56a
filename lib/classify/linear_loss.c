#include "classify/linear_loss.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define ROWS VISML_LINEAR_ROWS
#define MOST_ROWS 4096        /* of a task */
#define WORK ((int64_t)1 << 25) /* multiplications of a task: some milliseconds */
#define MOST_TASKS 16         /* between two questions whether to go on */
#define MOST_SUMS ((int64_t)1 << 24) /* numbers of all tasks' sums: 128 MiB */

/* Tasks are some blocks of rows each. Sums of a task: [O, D] and [O] of the gradient, and the loss. */
typedef struct visml_linear_loss_room {
    const visml_linear_loss *loss;
    visml_linear linear;
    float *coefficients, *intercepts, *packed;
    double *mean;                         /* [D] */
    double *map;                          /* [O, D] and [O], the intercepts of columns as they are */
    double *total; /* [length] */
    double *sums;  /* [tasks, length] */
    int64_t length, tasks, task_rows, first; /* first: the row at which the tasks begin */
    int32_t with_map, reserved;
    char *workers;
    size_t worker_bytes, parts[5]; /* where a worker's arrays begin: rows, z, losses, gradient, scratch */
} room;

static int64_t clamp(int64_t v, int64_t low, int64_t high) {
    return v < low ? low : v > high ? high : v;
}

static visml_gemm gradient_product(const room *r, int64_t n) {
    int64_t outputs = r->linear.outputs;
    return (visml_gemm){.m = outputs, .n = r->linear.dims, .k = n, .lda = outputs, .ldb = r->linear.dims, .ldc = r->linear.dims,
                        .trans_a = 1};
}

/* ---- room ---- */

static void cut(room *r, int64_t outputs, int64_t dims) {
    int64_t size = outputs * dims;
    r->linear.outputs = outputs, r->linear.dims = dims;
    r->length = size + outputs + 1;
    r->task_rows = clamp(WORK / (2 * size) / ROWS, 1, MOST_ROWS / ROWS) * ROWS;
    r->tasks = clamp(MOST_SUMS / r->length, 1, MOST_TASKS);
}

static void plan_worker(room *r) {
    visml_compute alone = visml_linear_one_thread(r->loss->compute);
    int64_t outputs = r->linear.outputs, dims = r->linear.dims;
    visml_gemm g = gradient_product(r, ROWS);
    size_t products = visml_linear_scratch(&alone, outputs, dims), gradients = visml_gemm_scratch(&alone, &g);
    size_t bytes[5] = {r->loss->samples->column_stride == 1 ? 0 : (size_t)(ROWS * dims) * sizeof(float),
                       (size_t)(ROWS * outputs) * sizeof(float), ROWS * sizeof(float),
                       (size_t)(outputs * dims + outputs) * sizeof(float), products > gradients ? products : gradients};
    for (int i = 0; i < 5; i++) {
        r->parts[i] = r->worker_bytes;
        r->worker_bytes += (bytes[i] + 63) & ~(size_t)63;
    }
}

static visml_status fill(room *r, visml_memory *m, visml_error *err) {
    const visml_compute *c = r->loss->compute;
    size_t map = (size_t)(r->linear.outputs * (r->linear.dims + 1));
    r->coefficients = visml_mem_alloc(m, map * sizeof(float), err);
    r->packed = r->coefficients ? visml_mem_alloc(m, visml_linear_packed_bytes(c, r->linear.outputs, r->linear.dims), err) : NULL;
    r->map = r->packed ? visml_mem_zalloc(m, map + (size_t)(r->length + r->linear.dims), sizeof(double), err) : NULL;
    r->sums = r->map ? visml_mem_alloc(m, (size_t)(r->tasks * r->length) * sizeof(double), err) : NULL;
    r->workers = r->sums ? visml_mem_alloc(m, c->parallel->workers * r->worker_bytes, err) : NULL;
    if (!r->workers)
        return VISML_ENOMEM;
    r->intercepts = r->coefficients + r->linear.outputs * r->linear.dims;
    r->linear.coefficients = r->coefficients, r->linear.intercepts = r->intercepts, r->linear.packed = r->packed;
    r->mean = r->map + map;
    r->total = r->mean + r->linear.dims;
    return VISML_OK;
}

static visml_status make_room(visml_linear_loss *l, visml_memory *m, visml_error *err) {
    room *r = l->room = visml_mem_zalloc(m, 1, sizeof *r, err);
    if (!r)
        return VISML_ENOMEM;
    r->loss = l;
    cut(r, l->outputs, l->samples->d);
    plan_worker(r);
    return fill(r, m, err);
}

/* The sum of the rows, and that of their weights. */
static void weights_alone(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z, float *loss) {
    (void)alone;
    for (int64_t i = 0; i < n; i++) {
        z[i] = (float)visml_samples_weight(l->samples, begin + i);
        loss[i] = 0;
    }
}

static visml_status find_means(const visml_linear_loss *l, double *mean, visml_memory *m, visml_error *err) {
    visml_linear_loss of_means = {.compute = l->compute, .samples = l->samples, .run = l->run, .rows = weights_alone, .outputs = 1,
                                  .total = l->total};
    int64_t d = l->samples->d;
    double *sums = visml_mem_alloc(m, ((size_t)d + 2) * sizeof *sums, err);
    visml_status status = sums ? make_room(&of_means, m, err) : VISML_ENOMEM;
    if (status == VISML_OK)
        status = visml_linear_loss_sums(&of_means, sums, err);
    for (int64_t j = 0; status == VISML_OK && j < d; j++)
        mean[j] = sums[j] / sums[d];
    visml_linear_loss_end(&of_means, m);
    visml_mem_free(m, sums);
    return status;
}

visml_status visml_linear_loss_begin(visml_linear_loss *l, visml_memory *m, visml_error *err) {
    VISML_TRY(make_room(l, m, err));
    return l->intercept != 0 ? find_means(l, l->room->mean, m, err) : VISML_OK;
}

void visml_linear_loss_end(visml_linear_loss *l, visml_memory *m) {
    if (!l->room)
        return;
    visml_mem_free(m, l->room->coefficients);
    visml_mem_free(m, l->room->packed);
    visml_mem_free(m, l->room->map);
    visml_mem_free(m, l->room->sums);
    visml_mem_free(m, l->room->workers);
    visml_mem_free(m, l->room);
}

double visml_linear_loss_total_weight(const visml_samples *s) {
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++)
        sum += visml_samples_weight(s, i);
    return sum;
}

/* ---- rows ---- */

static void add_all(int64_t n, const float *from, double *to) {
    for (int64_t i = 0; i < n; i++)
        to[i] += (double)from[i];
}

static void add_block(const room *r, int64_t begin, int64_t n, double *sums, char *worker) {
    const visml_linear_loss *l = r->loss;
    visml_compute alone = visml_linear_one_thread(l->compute);
    int64_t outputs = r->linear.outputs, size = outputs * r->linear.dims, ld;
    float *z = (float *)(void *)(worker + r->parts[1]), *losses = (float *)(void *)(worker + r->parts[2]);
    float *gradient = (float *)(void *)(worker + r->parts[3]);
    const float *x = visml_samples_rows(l->samples, begin, n, (float *)(void *)(worker + r->parts[0]), &ld);
    if (r->with_map)
        visml_linear_products(&alone, &r->linear, n, x, ld, z, worker + r->parts[4]);
    l->rows(l, &alone, begin, n, z, losses);
    visml_gemm g = gradient_product(r, n);
    g.a = z, g.b = x, g.ldb = ld, g.c = gradient;
    visml_gemm_run(&alone, &g, worker + r->parts[4]);
    alone.kernels->colsum(n, outputs, z, gradient + size);
    add_all(size + outputs, gradient, sums);
    for (int64_t i = 0; i < n; i++)
        sums[size + outputs] += (double)losses[i];
}

static void add_task(void *arg, size_t task, size_t worker) {
    const room *r = arg;
    int64_t begin = r->first + (int64_t)task * r->task_rows, left = r->loss->samples->n - begin;
    int64_t end = begin + (left < r->task_rows ? left : r->task_rows);
    double *sums = r->sums + (int64_t)task * r->length;
    memset(sums, 0, (size_t)r->length * sizeof *sums);
    for (; begin < end; begin += ROWS)
        add_block(r, begin, end - begin < ROWS ? end - begin : ROWS, sums, r->workers + worker * r->worker_bytes);
}

/* ---- all of them ---- */

/* Intercepts are multiplied by `intercept`, which the means are divided by. */
void visml_linear_loss_move(const visml_linear_loss *l, double sign, double *x) {
    int64_t d = l->samples->d;
    for (int64_t o = 0; l->intercept != 0 && o < l->outputs; o++) {
        double sum = 0;
        for (int64_t j = 0; j < d; j++)
            sum += x[o * d + j] * l->room->mean[j];
        x[l->outputs * d + o] += sign * sum / l->intercept;
    }
}

static void take_map(room *r, const double *x) {
    int64_t size = r->linear.outputs * r->linear.dims;
    memcpy(r->map, x, (size_t)(r->length - 1) * sizeof *x);
    visml_linear_loss_move(r->loss, -1, r->map);
    for (int64_t i = 0; i < size; i++)
        r->coefficients[i] = (float)r->map[i];
    for (int64_t o = 0; o < r->linear.outputs; o++)
        r->intercepts[o] = (float)(r->loss->intercept * r->map[size + o]);
    visml_linear_pack(r->loss->compute, &r->linear, r->packed);
}

/* Adds the tasks' sums, one after the other. */
static void add_sums(const room *r, int64_t tasks, double *sums) {
    for (int64_t t = 0; t < tasks; t++)
        for (int64_t i = 0; i < r->length; i++)
            sums[i] += r->sums[t * r->length + i];
}

static visml_status sum_rows(const visml_linear_loss *l, int with_map, double *sums, visml_error *err) {
    room *r = l->room;
    r->with_map = with_map;
    memset(sums, 0, (size_t)r->length * sizeof *sums);
    for (r->first = 0; r->first < l->samples->n; r->first += r->tasks * r->task_rows) {
        int64_t tasks = visml_blocks(l->samples->n - r->first, r->task_rows);
        tasks = tasks < r->tasks ? tasks : r->tasks;
        visml_parallel_run(l->compute->parallel, (size_t)tasks, add_task, r);
        add_sums(r, tasks, sums);
        VISML_TRY(visml_fit_tick(l->run, l->done, l->total, NAN, NAN, err));
    }
    return VISML_OK;
}

visml_status visml_linear_loss_sums(const visml_linear_loss *l, double *sums, visml_error *err) {
    return sum_rows(l, 0, sums, err);
}

static void penalize(const visml_linear_loss *l, double *value, double *gradient) {
    const double *x = l->room->map;
    int64_t size = l->outputs * l->samples->d, all = size + l->outputs, penalized = l->penalize_intercepts ? all : size;
    double squares = 0;
    *value *= l->scale;
    for (int64_t i = 0; i < all; i++)
        gradient[i] *= i < size ? l->scale : l->scale * l->intercept;
    for (int64_t i = 0; i < penalized; i++) {
        gradient[i] += l->l2 * x[i];
        squares += x[i] * x[i];
    }
    *value += l->l2 / 2 * squares;
}

/* The gradient for intercepts of centred columns. */
static void move_gradient(const visml_linear_loss *l, double *gradient) {
    int64_t d = l->samples->d;
    for (int64_t o = 0; l->intercept != 0 && o < l->outputs; o++)
        for (int64_t j = 0; j < d; j++)
            gradient[o * d + j] -= gradient[l->outputs * d + o] * l->room->mean[j] / l->intercept;
}

visml_status visml_linear_loss_evaluate(void *user, const double *x, double *value, double *gradient, visml_error *err) {
    const visml_linear_loss *l = user;
    room *r = l->room;
    take_map(r, x);
    VISML_TRY(sum_rows(l, 1, r->total, err));
    *value = r->total[r->length - 1];
    memcpy(gradient, r->total, (size_t)(r->length - 1) * sizeof *gradient);
    penalize(l, value, gradient);
    move_gradient(l, gradient);
    return VISML_OK;
}

visml_status visml_linear_loss_after(void *user, int64_t iteration, double value, visml_error *err) {
    visml_linear_loss *l = user;
    l->done = iteration;
    return visml_fit_tick(l->run, iteration, l->total, value, NAN, err);
}
