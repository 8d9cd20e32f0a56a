/* What the contracts of layers run: for every class some option sets that together use each of its options. A new row in layers.def needs
 * a case here; the tests fail without one. */
#ifndef CONTRACT_LAYER_CASES_H
#define CONTRACT_LAYER_CASES_H

#include "nn/layer.h"

typedef struct test_case {
    const char *name; /* "conv2d same" */
    const visml_layer_class *cls;
    const void *opts;
    double tolerance; /* of the gradient check: LINEAR or SMOOTH */
    size_t inputs;
    visml_shape in[3];
} test_case;

/* The layer of a case; a wrapper with one in it. */
visml_layer *test_case_make(const test_case *c, visml_context *ctx, visml_error *err);

extern const test_case test_cases[]; /* ends with a case without a name */

/* The first case of a class; NULL when there is none. */
const test_case *test_case_of(const visml_layer_class *cls);

#endif
