/* What layers' regularisers and constraints do to the parameters of a model. */
#include <math.h>

#include "kernel/penalty.h"
#include "model/model.h"

/* Calls `each` for every parameter that is trained and has a rule. */
typedef struct rule_walk {
    visml_compute compute;
    const visml_model *model;
    real *grads;
    double sum;
} rule_walk;

static void for_each_rule(rule_walk *w, void (*each)(rule_walk *w, const visml_param *p, const visml_param_rule *rule)) {
    w->compute = visml_context_compute(w->model->context);
    for (size_t i = 1; i < w->model->node_count; i++) {
        const visml_node *n = &w->model->nodes[i];
        for (size_t k = 0; k < n->param_count; k++) {
            visml_param_rule rule = visml_layer_rule(n->layer, k);
            if (rule.l1 > 0 || rule.l2 > 0 || rule.max_norm > 0)
                each(w, &w->model->params[n->first_param + k], &rule);
        }
    }
}

static void add_penalty(rule_walk *w, const visml_param *p, const visml_param_rule *rule) {
    const real *values = w->model->values + p->offset;
    w->sum += visml_penalty(&w->compute, p->count, values, rule->l1, rule->l2);
    if (w->grads && (rule->l1 > 0 || rule->l2 > 0))
        visml_penalize(&w->compute, p->count, values, rule->l1, rule->l2, w->grads + p->offset);
}

double visml_model_penalty(const visml_model *m, real *grads) {
    rule_walk w = {.model = m, .grads = grads};
    for_each_rule(&w, add_penalty);
    return w.sum;
}

static void bound_norms(rule_walk *w, const visml_param *p, const visml_param_rule *rule) {
    const visml_shape *s = &p->spec->shape;
    int64_t cols = s->rank > 1 ? s->dims[s->rank - 1] : 1;
    if (rule->max_norm > 0)
        visml_max_norm(&w->compute, (int64_t)p->count / cols, cols, rule->max_norm, w->model->values + p->offset);
}

void visml_model_constrain(visml_model *m) {
    rule_walk w = {.model = m};
    for_each_rule(&w, bound_norms);
}
