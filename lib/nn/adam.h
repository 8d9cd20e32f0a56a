/* Adam, which two optimizers share. Their options are a visml_adam_opts. */
#ifndef NN_ADAM_H
#define NN_ADAM_H

#include "nn/optimizer.h"

extern const visml_field visml_adam_fields[];
size_t visml_adam_slots(const visml_optimizer *o, const char **names);
void visml_adam_update(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *slots, int64_t t,
                       double lr);

#endif
