#include "classify/dual_descent.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/linear_loss.h"
#include "classify/row_pass.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define TINY 1e-12 /* steps that are none */

/* One output. */
typedef struct machine {
    float *w;      /* [D] */
    double b;      /* of the column of `bias` */
    float *alpha;  /* [n]: a row's share of w, with the sign of its class */
    uint8_t *idle; /* [n]: shrunk away */
    int64_t idle_count;
    double most, least;         /* violations in this pass */
    double most_old, least_old; /* in the one before: what lies outside is shrunk away */
    double sum, first_sum;      /* of violations, in this pass and in the first (regression) */
    int32_t done;
    int32_t reserved;
} machine;

typedef struct solver {
    const visml_dual_descent *d;
    machine *machines;
    float *squares; /* [n]: those of the rows, that of the bias included */
    int64_t first;  /* while they are found */
} solver;

/* ---- a row ---- */

typedef struct row {
    const float *x;
    int64_t i;
    double upper;    /* of alpha, as a float, so that it can be reached */
    double diagonal; /* what squared losses add to the second derivative */
} row;

static double output_of(const solver *s, const machine *m, const row *r) {
    size_t d = (size_t)s->d->samples->d;
    return (double)s->d->compute->kernels->reduce_dot(d, m->w, r->x) + m->b * s->d->bias;
}

static void move_to(const solver *s, machine *m, const row *r, double alpha) {
    double by = alpha - (double)m->alpha[r->i];
    s->d->compute->kernels->sgd((size_t)s->d->samples->d, m->w, r->x, (float)-by);
    m->b += by * s->d->bias;
    m->alpha[r->i] = (float)alpha;
}

static void shrink(machine *m, int64_t i) {
    m->idle[i] = 1;
    m->idle_count++;
}

static double clamp(double v, double low, double high) {
    return v < low ? low : v > high ? high : v;
}

/* y: 1 or -1; a = y alpha >= 0. */
static void classify_row(const solver *s, machine *m, const row *r, double y) {
    double a = y * (double)m->alpha[r->i], g = y * output_of(s, m, r) - 1 + a * r->diagonal, projected = g;
    if (a <= 0) {
        if (g > m->most_old) {
            shrink(m, r->i);
            return;
        }
        projected = g < 0 ? g : 0;
    } else if (a >= r->upper) {
        if (g < m->least_old) {
            shrink(m, r->i);
            return;
        }
        projected = g > 0 ? g : 0;
    }
    m->most = projected > m->most ? projected : m->most;
    m->least = projected < m->least ? projected : m->least;
    if (fabs(projected) > TINY)
        move_to(s, m, r, y * clamp(a - g / ((double)s->squares[r->i] + r->diagonal), 0, r->upper));
}

/* What alpha = a violates, the derivatives to either side being `right` and `left`; -1: so little that it is shrunk away. */
static double violation(const machine *m, double a, double upper, double left, double right) {
    if (a == 0)
        return right < 0 ? -right : left > 0 ? left : right > m->most_old && left < -m->most_old ? -1 : 0;
    if (a >= upper)
        return right > 0 ? right : right < -m->most_old ? -1 : 0;
    if (a <= -upper)
        return left < 0 ? -left : left > m->most_old ? -1 : 0;
    return a > 0 ? fabs(right) : fabs(left);
}

static void regress_row(const solver *s, machine *m, const row *r, double target) {
    double a = (double)m->alpha[r->i], g = output_of(s, m, r) - target + a * r->diagonal, second = (double)s->squares[r->i] + r->diagonal;
    double right = g + s->d->epsilon, left = g - s->d->epsilon, v = violation(m, a, r->upper, left, right);
    if (v < 0) {
        shrink(m, r->i);
        return;
    }
    m->most = v > m->most ? v : m->most;
    m->sum += v;
    double step = right < second * a ? -right / second : left > second * a ? -left / second : -a;
    if (fabs(step) > TINY)
        move_to(s, m, r, clamp(a + step, -r->upper, r->upper));
}

static void learn(void *arg, int64_t output, const visml_passing_rows *p) {
    solver *s = arg;
    const visml_dual_descent *d = s->d;
    machine *m = &s->machines[output];
    for (int64_t i = 0; !m->done && i < p->n; i++) {
        row r = {.x = visml_passing_row(p, i), .i = p->rows[i]};
        double C = d->C * visml_samples_weight(d->samples, r.i);
        if (m->idle[r.i] || C <= 0)
            continue;
        r.upper = d->squared ? HUGE_VAL : (double)(float)C, r.diagonal = d->squared ? 0.5 / C : 0;
        if (d->samples->targets)
            regress_row(s, m, &r, (double)d->samples->targets[r.i]);
        else
            classify_row(s, m, &r, d->samples->places[r.i] == (d->outputs == 1 ? 1 : output) ? 1 : -1);
    }
}

/* ---- passes ---- */

static void begin_pass(machine *m) {
    m->most = -HUGE_VAL, m->least = HUGE_VAL, m->sum = 0;
}

/* Where little is violated among the rows that are left, all come back; where that is so among all, it is done. */
static void end_pass(const visml_dual_descent *d, machine *m, int64_t pass) {
    int regression = d->samples->targets != NULL;
    if (pass == 0)
        m->first_sum = m->sum;
    int small = regression ? m->sum <= d->tol * m->first_sum : !(m->most - m->least > d->tol);
    if (small && m->idle_count == 0) {
        m->done = 1;
        return;
    }
    m->most_old = small || (!regression && m->most <= 0) ? HUGE_VAL : m->most;
    m->least_old = small || m->least >= 0 ? -HUGE_VAL : m->least;
    if (small) {
        memset(m->idle, 0, (size_t)d->samples->n);
        m->idle_count = 0;
    }
}

static visml_status descend(solver *s, visml_row_pass *p, int *converged, visml_error *err) {
    const visml_dual_descent *d = s->d;
    *converged = 0;
    for (int32_t pass = 0; pass < d->max_iter && !*converged; pass++) {
        for (int64_t o = 0; o < d->outputs; o++)
            begin_pass(&s->machines[o]);
        VISML_TRY(visml_row_pass_run(p, pass, err));
        *converged = 1;
        for (int64_t o = 0; o < d->outputs; o++) {
            if (!s->machines[o].done)
                end_pass(d, &s->machines[o], pass);
            *converged &= s->machines[o].done;
        }
        p->done = pass + 1;
        VISML_TRY(visml_fit_tick(d->run, p->done, p->total, NAN, NAN, err));
    }
    return VISML_OK;
}

/* ---- what is left of rounding: w is added up anew ---- */

static void take_alphas(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z, float *loss) {
    const solver *s = l->user;
    (void)alone;
    for (int64_t i = 0; i < n; i++) {
        loss[i] = 0;
        for (int64_t o = 0; o < l->outputs; o++)
            z[i * l->outputs + o] = s->machines[o].alpha[begin + i];
    }
}

static visml_status add_up(const solver *s, visml_memory *m, double *w, visml_error *err) {
    const visml_dual_descent *d = s->d;
    int64_t size = d->outputs * d->samples->d;
    visml_linear_loss sums = {.compute = d->compute, .samples = d->samples, .run = d->run, .rows = take_alphas, .user = s,
                              .outputs = d->outputs, .total = d->max_iter};
    double *all = visml_mem_alloc(m, (size_t)(size + d->outputs + 1) * sizeof *all, err);
    visml_status status = all ? visml_linear_loss_begin(&sums, m, err) : VISML_ENOMEM;
    if (status == VISML_OK)
        status = visml_linear_loss_sums(&sums, all, err);
    for (int64_t i = 0; status == VISML_OK && i < size + d->outputs; i++)
        w[i] = i < size ? all[i] : all[i] * d->bias * d->bias;
    visml_linear_loss_end(&sums, m);
    visml_mem_free(m, all);
    return status;
}

/* ---- the whole ---- */

/* Of n numbers that are `step` apart; four sums, so that none waits for the one before it. */
static double sum_of_squares(int64_t n, const float *x, int64_t step) {
    double sum[4] = {0};
    int64_t j = 0;
    for (; j + 4 <= n; j += 4, x += 4 * step)
        for (int l = 0; l < 4; l++)
            sum[l] += (double)x[l * step] * (double)x[l * step];
    for (; j < n; j++, x += step)
        sum[0] += (double)*x * (double)*x;
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void square_rows(void *arg, size_t block, size_t worker) {
    solver *s = arg;
    const visml_samples *x = s->d->samples;
    int64_t begin = s->first + (int64_t)block * VISML_LINEAR_ROWS, left = x->n - begin;
    int64_t end = left < VISML_LINEAR_ROWS ? x->n : begin + VISML_LINEAR_ROWS;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        s->squares[i] = (float)(s->d->bias * s->d->bias + sum_of_squares(x->d, x->x + i * x->row_stride, x->column_stride));
}

#define WORK ((int64_t)10 * 1000000) /* numbers between two ticks */

static visml_status square_all(solver *s, visml_error *err) {
    const visml_samples *x = s->d->samples;
    int64_t blocks = 1 + WORK / VISML_LINEAR_ROWS / x->d;
    for (s->first = 0; s->first < x->n; s->first += blocks * VISML_LINEAR_ROWS) {
        int64_t left = visml_blocks(x->n - s->first, VISML_LINEAR_ROWS);
        visml_parallel_run(s->d->compute->parallel, (size_t)(left < blocks ? left : blocks), square_rows, s);
        VISML_TRY(visml_fit_tick(s->d->run, 0, s->d->max_iter, NAN, NAN, err));
    }
    return VISML_OK;
}

/* All machines in one piece: [outputs] structs, w and alphas, then bytes. */
static visml_status make_machines(solver *s, visml_memory *m, visml_error *err) {
    const visml_samples *x = s->d->samples;
    size_t outputs = (size_t)s->d->outputs, n = (size_t)x->n, d = ((size_t)x->d + 15) & ~(size_t)15;
    s->machines = visml_mem_zalloc(m, outputs, sizeof(machine) + (d + n) * sizeof(float) + n, err);
    s->squares = s->machines ? visml_mem_alloc(m, n * sizeof *s->squares, err) : NULL;
    if (!s->squares)
        return VISML_ENOMEM;
    float *w = (float *)(void *)(s->machines + outputs), *alpha = w + outputs * d;
    uint8_t *idle = (uint8_t *)(alpha + outputs * n);
    for (size_t o = 0; o < outputs; o++)
        s->machines[o] = (machine){.w = w + o * d, .alpha = alpha + o * n, .idle = idle + o * n, .most_old = HUGE_VAL,
                                   .least_old = -HUGE_VAL};
    return square_all(s, err);
}

visml_status visml_dual_descent_run(const visml_dual_descent *d, visml_memory *m, double *w, int *converged, visml_error *err) {
    solver s = {.d = d};
    visml_row_pass p = {.compute = d->compute, .samples = d->samples, .run = d->run, .outputs = d->outputs, .learn = learn, .solver = &s,
                        .total = d->max_iter};
    visml_status status = make_machines(&s, m, err);
    if (status == VISML_OK)
        status = visml_row_pass_begin(&p, m, err);
    if (status == VISML_OK)
        status = descend(&s, &p, converged, err);
    if (status == VISML_OK)
        status = add_up(&s, m, w, err);
    visml_row_pass_end(&p, m);
    visml_mem_free(m, s.machines);
    visml_mem_free(m, s.squares);
    return status;
}
