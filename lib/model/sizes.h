/* Networks whose input has dimensions that are not known until it is there (VISML_ANY).
 *
 * A model shows of each node a shape that has VISML_ANY where it depends on them. That is found by trying: all is inferred for two sizes
 * of the input, and what differs is open. A layer whose parameters differ does not go into such a model. A run knows the size, and has
 * shapes of its own: see visml_plan. */
#ifndef MODEL_SIZES_H
#define MODEL_SIZES_H

#include "model/model.h"

#define VISML_TRIALS 2

int visml_shape_is_open(const visml_shape *s);
/* "[None, None, 3]" */
visml_shape_text visml_shape_format_open(const visml_shape *s);
/* 1 when this is a shape that the declared one stands for; dims: of the same rank. */
int visml_shape_stands_for(const visml_shape *declared, const visml_shape *shape);
int visml_dims_stand_for(const visml_shape *declared, const int64_t *dims);

/* A new model's input, which is open: what it is tried with. Errors: VISML_ENOMEM. */
visml_status visml_sizes_begin(visml_model *m, visml_error *err);
/* The size that stands for VISML_ANY in a trial. */
visml_shape visml_sizes_trial(const visml_model *m, int trial);
/* Builds a layer behind these nodes of an open model; *out: what it shows. The node is pushed by the caller, as the next one. */
visml_status visml_sizes_attach(visml_model *m, visml_layer *layer, const int32_t *inputs, size_t n, visml_shape *out, visml_error *err);

/* The shapes of all nodes, [node_count], for an input of this shape, which the model's stands for. Errors: VISML_EINVAL (the layer that
 * it does not fit, and both sizes). */
visml_status visml_sizes_infer(const visml_model *m, const visml_shape *input, visml_shape *shapes, visml_error *err);
/* The shape of the output alone. Errors: VISML_EINVAL also where the input is none of the model's; VISML_ENOMEM. */
visml_status visml_sizes_output(const visml_model *m, const visml_shape *input, visml_shape *output, visml_error *err);

#endif
