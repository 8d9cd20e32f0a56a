/* What the files of this room share about nodes and parameters. */
#ifndef MODEL_GRAPH_H
#define MODEL_GRAPH_H

#include "model/model.h"

#define VISML_INPUT_NAME "input_layer" /* of node 0; Keras' name for it */

/* The name of a node, "conv2d_1". Borrowed. */
const char *visml_node_name(const visml_model *m, size_t node);
/* The node of this name, or -1. */
int32_t visml_model_find(const visml_model *m, const char *name);

/* `layer 3 (conv2d "c2")`, for messages. Layers are counted as nodes are: the first is 1. layer NULL: only the number is known. */
typedef struct visml_node_label {
    char s[256];
} visml_node_label;
visml_node_label visml_node_describe(size_t number, const visml_layer *layer);

/* Building in steps, for a reader of files that brings the values itself: checks the graph and lays out the parameters, without memory
 * for the values (seal); takes that memory, for all of it to be written (values_new). The model is built once `built` is set after that. */
visml_status visml_model_seal(visml_model *m, visml_error *err);
visml_status visml_model_values_new(visml_model *m, visml_error *err);

/* The parts of seal and build: names and offsets; memory and initial values; back to nothing. */
visml_status visml_model_lay(visml_model *m, visml_error *err);
visml_status visml_model_initialise(visml_model *m, uint64_t seed, visml_error *err);
void visml_model_unlay(visml_model *m);
/* cut.c: the values of layers that came from another model, and the end of the tie to it. */
void visml_model_inherit(visml_model *m);

#endif
