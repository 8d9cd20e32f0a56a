#include "classify/svm_single.h"

#include <string.h>

#include "base/error.h"
#include "classify/svm_machine.h"

typedef struct single_job {
    const visml_classifier *c;
    const visml_samples *s;
    const visml_svm_single *single;
    int32_t *rows; /* [n]: those that count */
    int64_t n;
    double *dual;  /* [n] */
    double rho;
} single_job;

static void begin(void *arg, int64_t job, visml_smo *s) {
    const single_job *j = arg;
    (void)job;
    s->n = j->n * j->single->copies;
    s->group = j->n;
    for (int64_t t = 0; t < s->n; t++)
        s->cache.rows[t] = j->rows[t % j->n];
    j->single->begin(j->c, j->s, j->rows, j->n, s);
}

static void end(void *arg, int64_t job, visml_smo *s, const visml_svm_threads *t) {
    single_job *j = arg;
    (void)job, (void)t;
    j->rho = j->single->rho(j->c, s);
    for (int64_t i = 0; i < j->n; i++)
        j->dual[i] = s->b[i] + (j->single->copies > 1 ? s->b[j->n + i] : 0);
}

static visml_status solve(visml_classifier *c, const visml_compute *k, single_job *j, const visml_fit_run *run, visml_error *err) {
    visml_svm_function f;
    int64_t begins[2] = {0, j->n};
    VISML_TRY(visml_svm_function_of(c, k, j->s, run, &f, err));
    visml_svm_work w = visml_svm_work_of(c, j->s, &f);
    w.jobs = 1, w.most = j->n * j->single->copies;
    w.begin = begin, w.end = end, w.arg = j;
    VISML_TRY(visml_svm_solve(c->object.context, k, &w, run, err));
    visml_svm_found found = {.samples = j->s, .function = &f, .rows = j->rows, .begin = begins, .groups = 1, .columns = 1, .dual = j->dual,
                             .rho = &j->rho};
    return visml_svm_keep(c, &found, run, err);
}

visml_status visml_svm_fit_single(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_svm_single *single,
                                  const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    single_job j = {.c = c, .s = s, .single = single};
    VISML_TRY(visml_svm_check(c, s, run, err));
    j.rows = visml_mem_alloc(m, (size_t)s->n * sizeof *j.rows, err);
    j.dual = j.rows ? visml_mem_zalloc(m, (size_t)s->n, sizeof *j.dual, err) : NULL;
    for (int64_t i = 0; j.dual && i < s->n; i++)
        if (visml_samples_weight(s, i) > 0)
            j.rows[j.n++] = (int32_t)i;
    visml_status status = j.dual ? solve(c, k, &j, run, err) : VISML_ENOMEM;
    visml_mem_free(m, j.rows);
    visml_mem_free(m, j.dual);
    return status;
}

size_t visml_svm_scratch_single(const visml_classifier *c, const visml_compute *k, int64_t n) {
    (void)n;
    return visml_svm_scratch(c, k, 0);
}

void visml_svm_decide_single(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *scratch) {
    visml_svm_run(c, k, s, 0, visml_svm_say_value, y, scratch);
}

visml_status visml_svm_restore_single(visml_object *o, visml_error *err) {
    static const char *const none[] = {NULL};
    return visml_svm_restore((visml_classifier *)o, none, err);
}
