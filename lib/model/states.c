#include "model/states.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "model/graph.h"

size_t visml_model_stateful(const visml_model *m) {
    for (size_t i = 1; i < m->node_count; i++)
        if (visml_layer_state(m->nodes[i].layer))
            return i;
    return 0;
}

static visml_status lay(visml_states *s, visml_error *err) {
    for (size_t i = s->first; i < s->model->node_count; i++) {
        size_t n;
        s->offsets[i] = s->count;
        if (!visml_size_mul((size_t)visml_layer_state(s->model->nodes[i].layer), (size_t)s->max_batch, &n) ||
            !visml_size_add(s->count, n, &s->count))
            return visml_fail(err, VISML_ENOMEM, "a batch of %lld is more than can be addressed", (long long)s->max_batch);
    }
    s->values = visml_mem_zalloc(s->memory, s->count, sizeof *s->values, err);
    return s->values ? VISML_OK : VISML_ENOMEM;
}

visml_status visml_states_init(visml_states *s, const visml_model *m, int64_t max_batch, visml_error *err) {
    *s = (visml_states){.memory = &m->context->memory, .model = m, .max_batch = max_batch, .first = visml_model_stateful(m)};
    if (!s->first)
        return VISML_OK;
    s->offsets = visml_mem_zalloc(s->memory, m->node_count, sizeof *s->offsets, err);
    visml_status status = s->offsets ? lay(s, err) : VISML_ENOMEM;
    if (status < 0)
        visml_states_clear(s);
    return status;
}

void visml_states_clear(visml_states *s) {
    if (!s->memory)
        return;
    visml_mem_free(s->memory, s->offsets);
    visml_mem_free(s->memory, s->values);
    memset(s, 0, sizeof *s);
}

void visml_states_reset(visml_states *s) {
    if (s->first)
        memset(s->values, 0, s->count * sizeof *s->values);
    s->rows = 0;
}

visml_status visml_states_take(visml_states *s, const char *what, int64_t rows, visml_error *err) {
    if (!s->first || rows == s->rows)
        return VISML_OK;
    visml_node_label layer = visml_node_describe(s->first, s->model->nodes[s->first].layer);
    if (s->rows)
        return visml_fail(err, VISML_EINVAL, "%s: a batch of %lld samples, but %s is stateful and the batches before had %lld: sample i "
                          "goes on where sample i ended", what, (long long)rows, layer.s, (long long)s->rows);
    if (rows > s->max_batch)
        return visml_fail(err, VISML_EINVAL, "%s: a batch of %lld samples, but %s is stateful and max_batch is %lld: a batch cannot be run "
                          "in pieces", what, (long long)rows, layer.s, (long long)s->max_batch);
    s->rows = rows;
    return VISML_OK;
}

real *visml_states_of(const visml_states *s, size_t node, int64_t row, int64_t *ld) {
    *ld = s->first ? visml_layer_state(s->model->nodes[node].layer) : 0;
    return *ld ? s->values + s->offsets[node] + row * *ld : NULL;
}
