#include "nn/layer.h"

/* Entry i names VISML_LINEAR + i. */
const char *const visml_act_names[] = {"linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax", "relu6", NULL};
