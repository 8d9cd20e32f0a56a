/* Checks of what callers give beside x. */
#ifndef CLASSIFY_CHECKS_H
#define CLASSIFY_CHECKS_H

#include "kernel/compute.h"
#include "tensor/tensor.h"
#include "visml/classify.h"

/* y: VISML_I32 [n], contiguous. Errors: VISML_EINVAL. */
visml_status visml_check_labels(const char *what, const visml_tensor *y, int64_t n, visml_error *err);
/* y: VISML_F32 [n], contiguous, finite. */
visml_status visml_check_targets(const visml_compute *k, const char *what, const visml_tensor *y, int64_t n, visml_error *err);
/* VISML_F32 [n], contiguous, finite, >= 0, not all 0. */
visml_status visml_check_weights(const char *what, const visml_tensor *weights, int64_t n, visml_error *err);
/* VISML_I32 [K], contiguous, ascending, K >= 1. */
visml_status visml_check_classes(const char *what, const visml_tensor *classes, visml_error *err);

#endif
