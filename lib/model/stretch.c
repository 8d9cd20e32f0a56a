#include "model/stretch.h"

/* The model as it is in a run. */
typedef struct sized {
    const visml_model *model;
    const visml_shape *shapes;
} sized;

/* In doubles: sizes are compared only, and no product overflows. */
static double sample_bytes(const sized *m, int32_t node) {
    return (double)visml_shape_count(visml_node_shape(m->model, m->shapes, (size_t)node)) * sizeof(real);
}

/* Of one sample: what the step reads and writes. */
static double step_bytes(const sized *m, const visml_step *s) {
    const visml_node *n = &m->model->nodes[s->head];
    double bytes = sample_bytes(m, s->end) + (s->residual >= 0 ? sample_bytes(m, s->residual) : 0);
    for (size_t k = 0; k < n->input_count; k++)
        bytes += sample_bytes(m, n->inputs[k]);
    return bytes;
}

static double weight_bytes(const visml_model *m, const visml_step *s) {
    const visml_node *n = &m->nodes[s->head];
    double count = 0;
    for (size_t k = 0; k < n->param_count; k++)
        count += (double)m->params[n->first_param + k].count;
    return count * sizeof(real);
}

/* A power of two, or the whole batch: as many as stay in the cache, and so many that the weights are not most of what is read. */
static int64_t rows_of(const sized *m, const visml_step *s, int64_t max_batch, double group_bytes) {
    double bytes = step_bytes(m, s), weights = weight_bytes(m->model, s);
    int64_t rows = 1;
    while (rows < max_batch && ((double)rows * bytes < weights || 2 * (double)rows * bytes <= group_bytes))
        rows = rows <= max_batch / 2 ? 2 * rows : max_batch;
    return rows;
}

/* Groups never become smaller: where maps grow again, another boundary with the whole batch in memory is not worth it. */
size_t visml_stretches(const visml_model *m, const visml_shape *shapes, visml_mode mode, const visml_step *steps, int64_t max_batch,
                       size_t group_bytes, visml_stretch stretches[VISML_MAX_STRETCHES]) {
    sized run = {m, shapes};
    int whole = mode != VISML_INFERENCE || group_bytes == 0;
    size_t count = 1;
    stretches[0] = (visml_stretch){1, 1, whole ? max_batch : 1};
    for (int32_t i = 1; i < (int32_t)m->node_count; i++) {
        visml_stretch *last = &stretches[count - 1];
        int64_t rows = last->rows;
        if (last->rows < max_batch && visml_step_runs(m, mode, steps, (size_t)i))
            rows = rows_of(&run, &steps[i], max_batch, (double)group_bytes);
        if (rows > last->rows && last->end > last->first && count < VISML_MAX_STRETCHES) {
            stretches[count++] = (visml_stretch){i, i + 1, rows};
            continue;
        }
        last->rows = rows > last->rows ? rows : last->rows;
        last->end = i + 1;
    }
    return count;
}
