/* What stateful layers keep from batch to batch, in the life of a session or a training run: sample i of a batch goes on where sample i of
 * the batch before ended. */
#ifndef MODEL_STATES_H
#define MODEL_STATES_H

#include "model/model.h"

typedef struct visml_states {
    visml_memory *memory;
    const visml_model *model;
    int64_t max_batch;
    size_t first;      /* the first node that is stateful; 0: none is, and nothing below is there */
    size_t *offsets;   /* [node_count] into values */
    real *values;      /* of each such node [max_batch, visml_layer_state] */
    size_t count;
    int64_t rows;      /* of the batches since the last reset; 0: there was none */
} visml_states;

/* All zero. Errors: VISML_ENOMEM; nothing is left to clear then. */
visml_status visml_states_init(visml_states *s, const visml_model *m, int64_t max_batch, visml_error *err);
void visml_states_clear(visml_states *s);
void visml_states_reset(visml_states *s);
/* To be asked before a batch. Errors: VISML_EINVAL: another number of rows than the batches before, or more than max_batch. */
visml_status visml_states_take(visml_states *s, const char *what, int64_t rows, visml_error *err);
/* That of a node, from sample `row` on, and how far apart samples are; NULL where the node has none. */
real *visml_states_of(const visml_states *s, size_t node, int64_t row, int64_t *ld);

/* The first node of the model that is stateful; 0: none is. */
size_t visml_model_stateful(const visml_model *m);

visml_states *visml_session_states(visml_session *s);
visml_states *visml_trainer_states(visml_trainer *t);

#endif
