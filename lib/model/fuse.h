/* What inference takes together: the layers behind a product (convolution, dense) that its epilogue can do, so that what the product gives
 * is stored once and read when it is wanted. */
#ifndef MODEL_FUSE_H
#define MODEL_FUSE_H

#include "model/model.h"

/* What happens at one time of the schedule: y = act(head's sums * gain + bias + residual) * scale + shift, as visml_epilogue says. Nodes
 * that are not named are -1. */
typedef struct visml_step {
    int32_t end;      /* the last node that is taken in: the step runs at its time and writes its output. Itself where nothing is */
    int32_t head;     /* of an end: the node whose forward runs */
    int32_t gain;     /* its affine is applied to the head's sums */
    int32_t residual; /* its output is added */
    int32_t affine;   /* its affine is applied last */
    int32_t activation;
    real alpha;
} visml_step;

/* steps [node_count]. In training every node is a step of its own. */
void visml_fuse(const visml_model *m, visml_mode mode, visml_step *steps);
/* 1 when the node is the last of a step in which something is computed. */
int visml_step_runs(const visml_model *m, visml_mode mode, const visml_step *steps, size_t node);

/* 1 when the node's forward and backward are not called in this mode: its output is its input. */
int visml_node_is_alias(const visml_node *node, visml_mode mode);

#endif
