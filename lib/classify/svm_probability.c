#include "classify/svm_probability.h"

#include <math.h>

#define MOST_STEPS 100    /* of Newton's method; of the coupling, but K at least */
#define RIDGE 1e-12       /* on the Hessian, so that it can be inverted */
#define ENOUGH 1e-5       /* a gradient as small as that is 0 */
#define SHORTEST 1e-10    /* step */

double visml_sigmoid(double f, double a, double b) {
    double z = a * f + b;
    return z >= 0 ? exp(-z) / (1 + exp(-z)) : 1 / (1 + exp(z));
}

typedef struct sigmoid_job {
    int64_t n;
    const double *f;
    const uint8_t *first;
    double of_first, of_second; /* targets: a little less than 1 and more than 0, by the numbers of rows (Platt 2000) */
} sigmoid_job;

static double target(const sigmoid_job *j, int64_t i) {
    return j->first[i] ? j->of_first : j->of_second;
}

/* The cross-entropy, in the form that neither overflows nor cancels. */
static double loss_of(const sigmoid_job *j, double a, double b) {
    double loss = 0;
    for (int64_t i = 0; i < j->n; i++) {
        double z = a * j->f[i] + b, t = target(j, i);
        loss += z >= 0 ? t * z + log1p(exp(-z)) : (t - 1) * z + log1p(exp(z));
    }
    return loss;
}

/* Gradient and Hessian: by a, by b, by a twice, by both, by b twice. */
static void differentiate(const sigmoid_job *j, double a, double b, double by[5]) {
    by[0] = by[1] = by[3] = 0;
    by[2] = by[4] = RIDGE;
    for (int64_t i = 0; i < j->n; i++) {
        double p = visml_sigmoid(j->f[i], a, b), curve = p * (1 - p), slope = target(j, i) - p, f = j->f[i];
        by[0] += f * slope;
        by[1] += slope;
        by[2] += f * f * curve;
        by[3] += f * curve;
        by[4] += curve;
    }
}

/* Half of the step until it is a descent. 0: none is. */
static int search_line(const sigmoid_job *j, const double step[2], double descent, double *a, double *b, double *loss) {
    for (double size = 1; size >= SHORTEST; size /= 2) {
        double new_a = *a + size * step[0], new_b = *b + size * step[1], new_loss = loss_of(j, new_a, new_b);
        if (new_loss < *loss + 1e-4 * size * descent) {
            *a = new_a, *b = new_b, *loss = new_loss;
            return 1;
        }
    }
    return 0;
}

void visml_sigmoid_fit(int64_t n, const double *f, const uint8_t *first, double *a, double *b) {
    double ones = 0;
    for (int64_t i = 0; i < n; i++)
        ones += first[i];
    double others = (double)n - ones, by[5];
    sigmoid_job j = {n, f, first, (ones + 1) / (ones + 2), 1 / (others + 2)};
    *a = 0;
    *b = log((others + 1) / (ones + 1));
    double loss = loss_of(&j, *a, *b);
    for (int step_number = 0; step_number < MOST_STEPS; step_number++) {
        differentiate(&j, *a, *b, by);
        if (fabs(by[0]) < ENOUGH && fabs(by[1]) < ENOUGH)
            return;
        double determinant = by[2] * by[4] - by[3] * by[3];
        double step[2] = {-(by[4] * by[0] - by[3] * by[1]) / determinant, -(by[2] * by[1] - by[3] * by[0]) / determinant};
        if (!search_line(&j, step, by[0] * step[0] + by[1] * step[1], a, b, &loss))
            return;
    }
}

/* ---- pairs ---- */

/* q[i, i] = sum over j of r[j, i]^2, q[i, j] = -r[j, i] r[i, j]: p' q p is least where pairs fit best. */
static void fill_squares(int64_t k, const double *r, double *q) {
    for (int64_t i = 0; i < k; i++) {
        q[i * k + i] = 0;
        for (int64_t j = 0; j < k; j++)
            if (j != i) {
                q[i * k + i] += r[j * k + i] * r[j * k + i];
                q[i * k + j] = -r[j * k + i] * r[i * k + j];
            }
    }
}

/* products = q p, and p' q p. */
static double multiply(int64_t k, const double *q, const double *p, double *products) {
    double all = 0;
    for (int64_t i = 0; i < k; i++) {
        products[i] = 0;
        for (int64_t j = 0; j < k; j++)
            products[i] += q[i * k + j] * p[j];
        all += p[i] * products[i];
    }
    return all;
}

/* One class after the other is set to what fits with the rest, and the sum of all brought back to 1. */
static void improve(int64_t k, const double *q, double *p, double *products, double all) {
    for (int64_t i = 0; i < k; i++) {
        double more = (all - products[i]) / q[i * k + i], sum = 1 + more;
        p[i] += more;
        all = (all + more * (more * q[i * k + i] + 2 * products[i])) / sum / sum;
        for (int64_t j = 0; j < k; j++) {
            products[j] = (products[j] + more * q[i * k + j]) / sum;
            p[j] /= sum;
        }
    }
}

void visml_couple_pairs(int64_t k, const double *pairs, double *p, double *room) {
    double *q = room, *products = room + k * k;
    fill_squares(k, pairs, q);
    for (int64_t i = 0; i < k; i++)
        p[i] = 1 / (double)k;
    for (int64_t step = 0; step < (k > MOST_STEPS ? k : MOST_STEPS); step++) {
        double all = multiply(k, q, p, products), most = 0;
        for (int64_t i = 0; i < k; i++)
            most = fabs(products[i] - all) > most ? fabs(products[i] - all) : most;
        if (most < 0.005 / (double)k)
            return;
        improve(k, q, p, products, all);
    }
}
