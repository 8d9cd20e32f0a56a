/* What transforms that keep some of the columns share. */
#ifndef FEATURE_SELECTION_H
#define FEATURE_SELECTION_H

#include "feature/transform.h"

/* The columns whose place in keep[d] is not 0 become the array "kept", and t->dims is d. At least one is. Errors: VISML_ENOMEM. */
visml_status visml_selection_keep(visml_transform *t, int64_t d, const uint8_t *keep, visml_error *err);
/* For classes: length, apply, restore. */
int64_t visml_selection_length(const visml_transform *t, int64_t d);
void visml_selection_apply(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y,
                           void *scratch);
/* `values`: the array [d] of floats by which columns were chosen. */
visml_status visml_selection_restore(visml_object *o, const char *values, visml_error *err);

#endif
