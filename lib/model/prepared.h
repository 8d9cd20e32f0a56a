/* What inference makes of a model's parameters once and not in every call: the vectors of folded layers and what class->prepare makes.
 * All sessions of a model share it. It knows the version of the parameters that it was made of and is made again, in place, when a writer
 * has bumped the model's. Where the size of the input is open, a layer's packed parameters may be there in several forms: each is made
 * when a run of a size that takes it is planned. */
#ifndef MODEL_PREPARED_H
#define MODEL_PREPARED_H

#include "model/plan.h"

typedef struct visml_prepared_node {
    real *bias, *gain, *scale, *shift; /* [channels of the head], NULL: none */
    void *packed[VISML_MAX_FORMS];     /* of class->prepare, in the form of visml_plan_node; NULL: none */
} visml_prepared_node;

typedef struct visml_prepared visml_prepared;

/* The model's, for one more session: takes the memory where there is none yet. Errors: VISML_ENOMEM. */
visml_prepared *visml_prepared_open(visml_model *m, visml_error *err);
/* Before the first run of this plan: what it takes that is not there yet. On failure all is as before. Errors: VISML_ENOMEM. */
visml_status visml_prepared_fit(visml_prepared *p, const visml_model *m, const visml_plan *plan, visml_error *err);
/* The last one frees it. NULL is fine. */
void visml_prepared_close(visml_model *m, visml_prepared *p);

/* Makes it what the parameters say. Allocates nothing; takes a lock only where it is out of date. Nobody else may be running a session of
 * the model while its parameters change, see visml_model. */
void visml_prepared_update(visml_prepared *p, const visml_model *m);

/* For the head of a step. Borrowed. */
const visml_prepared_node *visml_prepared_of(const visml_prepared *p, size_t head);

#endif
