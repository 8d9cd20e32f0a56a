#include "classify/linear_loss.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/cholesky.h"
#include "classify/normal_equations.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define ROWS VISML_LINEAR_ROWS
#define MOST_ROWS 4096               /* of a task */
#define WORK ((int64_t)1 << 25)      /* multiplications of a task: some milliseconds */
#define MOST_TASKS 16                /* between two questions whether to go on */
#define NUMBERS ((int64_t)1 << 25)   /* that are read between them, where rows lie side by side: some 20 ms on one thread */
#define TURNED ((int64_t)1 << 23)    /* where they are turned around: as long */
#define MOST_SUMS ((int64_t)1 << 24) /* numbers of all tasks' sums: 128 MiB */
#define WORTH 100                    /* columns for each output */
#define MANY_ROWS 4                  /* for each column */
#define LEAST 1e-6                   /* of the mean variance: none counts as less */
#define COLUMNS 64                   /* of the inverse between two questions */

/* Tasks are some blocks of rows each. Sums of a task: [O, D] and [O] of the gradient, and the loss. */
typedef struct visml_linear_loss_room {
    const visml_linear_loss *loss;
    visml_linear linear;
    float *coefficients, *intercepts, *packed;
    double *mean;   /* [D] */
    double *map;    /* [O, D] and [O], the intercepts of columns as they are */
    double *total;  /* [length] */
    double *factor; /* [D, D]: L; NULL: W as it is */
    float *inverse; /* [D, D]: that of L, then room for [O, D] twice */
    void *products; /* scratch of those with it */
    double size;    /* of the last gradient */
    double *sums;   /* [tasks, length] */
    int64_t length, tasks, task_rows, first; /* tasks: at a time; first: the row at which they begin */
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
    /* The sums are those of the tasks in order, however many there are at a time. */
    int64_t numbers = r->loss->samples->column_stride == 1 ? NUMBERS : TURNED, workers = (int64_t)r->loss->compute->parallel->workers;
    r->tasks = clamp(numbers / (r->task_rows * dims) * workers, 1, r->tasks);
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

/* Whether finding L, the work of d / 4O evaluations, is made good by fewer of them, and products with it are little beside those of
 * rows. */
static int is_factor_worth_it(const visml_linear_loss *l) {
    return l->curvature > 0 && l->samples->d <= l->samples->n / MANY_ROWS && l->samples->d <= WORTH * l->outputs;
}

static visml_gemm change_product(const room *r, int back) {
    int64_t d = r->linear.dims, outputs = r->linear.outputs;
    float *from = r->inverse ? r->inverse + d * d : NULL;
    return (visml_gemm){.m = outputs, .n = d, .k = d, .a = from, .lda = d, .b = r->inverse, .ldb = d, .trans_b = back,
                        .c = from ? from + outputs * d : NULL, .ldc = d};
}

/* Column first + i of the inverse. */
static void invert_column(void *arg, size_t i, size_t worker) {
    const room *r = arg;
    int64_t d = r->linear.dims, column = r->first + (int64_t)i;
    double *x = r->sums + (int64_t)worker * r->length;
    memset(x, 0, (size_t)d * sizeof *x);
    x[column] = 1;
    visml_cholesky_forward(d, r->factor, x);
    for (int64_t row = 0; row < d; row++)
        r->inverse[row * d + column] = (float)x[row];
}

/* Workers borrow the room of tasks' sums; where there are more of them than tasks, one does it. */
static visml_status invert(room *r, visml_memory *m, visml_error *err) {
    const visml_compute *c = r->loss->compute;
    int64_t d = r->linear.dims;
    visml_gemm there = change_product(r, 0), back = change_product(r, 1);
    size_t bytes = visml_gemm_scratch(c, &there), more = visml_gemm_scratch(c, &back);
    r->inverse = visml_mem_alloc(m, (size_t)(d * (d + 2 * r->linear.outputs)) * sizeof *r->inverse, err);
    r->products = r->inverse ? visml_mem_alloc(m, bytes > more ? bytes : more, err) : NULL;
    if (!r->products)
        return VISML_ENOMEM;
    visml_compute alone = visml_linear_one_thread(c);
    for (r->first = 0; r->first < d; r->first += COLUMNS) {
        size_t columns = (size_t)(d - r->first < COLUMNS ? d - r->first : COLUMNS);
        visml_parallel_run(c->parallel->workers <= (size_t)r->tasks ? c->parallel : alone.parallel, columns, invert_column, r);
        VISML_TRY(visml_fit_tick(r->loss->run, 0, r->loss->total, NAN, NAN, err));
    }
    return VISML_OK;
}

/* Where rounding spoils L, there is none. */
static visml_status factorize(const visml_linear_loss *l, const visml_normal_equations *e, double *a, int *positive, visml_error *err) {
    int64_t d = l->samples->d;
    double scale = l->curvature * l->scale, trace = 0;
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++)
            a[i * d + j] = scale * visml_normal_equations_product(e, l->intercept != 0, i, j);
    for (int64_t i = 0; i < d; i++)
        trace += a[i * d + i];
    for (int64_t i = 0; i < d; i++)
        a[i * d + i] += l->l2 + LEAST * trace / (double)d;
    return visml_cholesky(l->compute, l->run, d, a, 0, positive, err);
}

static visml_status find_factor(const visml_linear_loss *l, visml_memory *m, visml_error *err) {
    visml_normal_equations e = {.compute = l->compute, .run = l->run, .d = l->samples->d};
    double *a = visml_mem_alloc(m, (size_t)(e.d * e.d) * sizeof *a, err);
    visml_status status = a ? visml_normal_equations_begin(&e, m, err) : VISML_ENOMEM;
    if (status == VISML_OK)
        status = visml_normal_equations_add(&e, l->samples, err);
    int positive = 0;
    if (status == VISML_OK)
        status = factorize(l, &e, a, &positive, err);
    if (status == VISML_OK && positive)
        l->room->factor = a;
    else
        visml_mem_free(m, a);
    visml_normal_equations_end(&e, m);
    return status == VISML_OK && l->room->factor ? invert(l->room, m, err) : status;
}

visml_status visml_linear_loss_begin(visml_linear_loss *l, visml_memory *m, visml_error *err) {
    VISML_TRY(make_room(l, m, err));
    if (l->intercept != 0)
        VISML_TRY(find_means(l, l->room->mean, m, err));
    return is_factor_worth_it(l) ? find_factor(l, m, err) : VISML_OK;
}

void visml_linear_loss_end(visml_linear_loss *l, visml_memory *m) {
    if (!l->room)
        return;
    visml_mem_free(m, l->room->coefficients);
    visml_mem_free(m, l->room->packed);
    visml_mem_free(m, l->room->map);
    visml_mem_free(m, l->room->sums);
    visml_mem_free(m, l->room->workers);
    visml_mem_free(m, l->room->factor);
    visml_mem_free(m, l->room->inverse);
    visml_mem_free(m, l->room->products);
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

/* ---- variables ---- */

/* x [O, D] = x L^-1, or with `back` x L'^-1; in float, as the coefficients are at last. */
static void change(const visml_linear_loss *l, int back, double *x) {
    const room *r = l->room;
    if (!r->factor)
        return;
    int64_t size = l->outputs * l->samples->d;
    visml_gemm g = change_product(r, back);
    float *from = r->inverse + l->samples->d * l->samples->d;
    for (int64_t i = 0; i < size; i++)
        from[i] = (float)x[i];
    visml_gemm_run(l->compute, &g, r->products);
    for (int64_t i = 0; i < size; i++)
        x[i] = (double)g.c[i];
}

/* Intercepts are multiplied by `intercept`, which the means are divided by. */
static void shift(const visml_linear_loss *l, double sign, double *x) {
    int64_t d = l->samples->d;
    for (int64_t o = 0; l->intercept != 0 && o < l->outputs; o++) {
        double sum = 0;
        for (int64_t j = 0; j < d; j++)
            sum += x[o * d + j] * l->room->mean[j];
        x[l->outputs * d + o] += sign * sum / l->intercept;
    }
}

void visml_linear_loss_to_map(const visml_linear_loss *l, double *x) {
    change(l, 0, x);
    shift(l, -1, x);
}

void visml_linear_loss_from_map(const visml_linear_loss *l, double *x) {
    shift(l, 1, x);
    for (int64_t o = 0; l->room->factor && o < l->outputs; o++)
        visml_cholesky_apply(l->samples->d, l->room->factor, x + o * l->samples->d);
}

/* ---- all rows ---- */

static void take_map(room *r, const double *x) {
    int64_t size = r->linear.outputs * r->linear.dims;
    memcpy(r->map, x, (size_t)(r->length - 1) * sizeof *x);
    visml_linear_loss_to_map(r->loss, r->map);
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

static double size_of(const visml_linear_loss *l, const double *gradient) {
    double most = 0, squares = 0;
    for (int64_t i = 0; i < l->outputs * (l->samples->d + 1); i++) {
        most = fabs(gradient[i]) > most ? fabs(gradient[i]) : most;
        squares += gradient[i] * gradient[i];
    }
    return l->by_norm ? sqrt(squares) : most;
}

double visml_linear_loss_size(void *user) {
    return ((const visml_linear_loss *)user)->room->size;
}

/* The gradient by the search's variables. */
static void move_gradient(const visml_linear_loss *l, double *gradient) {
    int64_t d = l->samples->d;
    for (int64_t o = 0; l->intercept != 0 && o < l->outputs; o++)
        for (int64_t j = 0; j < d; j++)
            gradient[o * d + j] -= gradient[l->outputs * d + o] * l->room->mean[j] / l->intercept;
    change(l, 1, gradient);
}

visml_status visml_linear_loss_evaluate(void *user, const double *x, double *value, double *gradient, visml_error *err) {
    const visml_linear_loss *l = user;
    room *r = l->room;
    take_map(r, x);
    VISML_TRY(sum_rows(l, 1, r->total, err));
    *value = r->total[r->length - 1];
    memcpy(gradient, r->total, (size_t)(r->length - 1) * sizeof *gradient);
    penalize(l, value, gradient);
    r->size = size_of(l, gradient);
    move_gradient(l, gradient);
    return VISML_OK;
}

visml_status visml_linear_loss_after(void *user, int64_t iteration, double value, visml_error *err) {
    visml_linear_loss *l = user;
    l->done = iteration;
    return visml_fit_tick(l->run, iteration, l->total, value, NAN, err);
}
