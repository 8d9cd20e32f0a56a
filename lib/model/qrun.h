/* The steps of an inference that are done on bytes, inside of a session with a quantization. Arrays stay where the plan has them; those
 * kept as bytes fill the first quarter of their block. */
#ifndef MODEL_QRUN_H
#define MODEL_QRUN_H

#include "model/calibration.h"

typedef struct visml_qrun visml_qrun;

/* Decides for every step of the run's plan, and packs the weights as they are now. The plan may change afterwards, if its input is open.
 * Errors: VISML_EINVAL (of another model), VISML_EUNSUPPORTED (no layer of
 * the model has a form on bytes), VISML_ENOMEM. */
visml_qrun *visml_qrun_new(const visml_exec *r, const visml_quantization *q, visml_error *err);
void visml_qrun_free(visml_qrun *q);
/* Before the first run of a plan: takes the memory that is missing for it. Errors: VISML_ENOMEM. */
visml_status visml_qrun_fit(visml_qrun *q, const visml_exec *r, visml_error *err);

/* 1 when the input is wanted as bytes. */
int visml_qrun_wants_bytes(const visml_qrun *q);
/* Floats to the input's bytes, in the input's block. */
void visml_qrun_input(const visml_qrun *q, const visml_exec *r, const float *x, uint8_t *bytes);
/* Runs the step that ends with a node; 0 when it is to be run on floats. */
int visml_qrun_step(visml_qrun *q, const visml_exec *r, size_t end);
/* A node's output as floats, for a step on floats: in scratch, until the next step. */
const real *visml_qrun_floats(visml_qrun *q, const visml_exec *r, size_t node);

#endif
