#include "nn/layer.h"

/* Entry i names the activation number i. VISML_IDENTITY is for layers with names of their own. */
const char *const visml_act_names[] = {
    "linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax", "relu6", "", "gelu", "gelu_tanh", "silu", "elu", "selu", "softplus",
    "softsign", "hard_sigmoid", "hard_silu", "exponential", "mish", "log_softmax", NULL};

#define LEAKY_ALPHA 0.2
#define ELU_ALPHA 1.0

double visml_act_alpha(int32_t activation) {
    return activation == VISML_ELU ? ELU_ALPHA : LEAKY_ALPHA;
}
