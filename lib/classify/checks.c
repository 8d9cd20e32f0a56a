#include "classify/checks.h"

#include <math.h>

#include "base/error.h"
#include "kernel/elementwise.h"

static visml_status check_vector(const char *what, const char *name, const visml_tensor *t, visml_dtype dtype, int64_t n,
                                 visml_error *err) {
    if (!t)
        return visml_fail(err, VISML_EINVAL, "%s: %s is NULL, must be %s [%lld]", what, name, visml_dtype_name(dtype), (long long)n);
    if (t->dtype != dtype || t->shape.rank != 1 || t->shape.dims[0] != n || !visml_tensor_is_contiguous(t))
        return visml_fail(err, VISML_EINVAL, "%s: %s is %s %s%s, must be %s [%lld], one for each row of x", what, name,
                          visml_dtype_name(t->dtype), visml_shape_format(&t->shape).s, visml_tensor_is_contiguous(t) ? "" : " with gaps",
                          visml_dtype_name(dtype), (long long)n);
    return VISML_OK;
}

visml_status visml_check_labels(const char *what, const visml_tensor *y, int64_t n, visml_error *err) {
    return check_vector(what, "y", y, VISML_I32, n, err);
}

visml_status visml_check_targets(const visml_compute *k, const char *what, const visml_tensor *y, int64_t n, visml_error *err) {
    VISML_TRY(check_vector(what, "y", y, VISML_F32, n, err));
    const float *v = (const float *)(const void *)y->data;
    if (visml_all_finite(k, (size_t)n, v))
        return VISML_OK;
    int64_t i = 0;
    while (isfinite(v[i]))
        i++;
    return visml_fail(err, VISML_EINVAL, "%s: y[%lld] is %g, must be finite", what, (long long)i, (double)v[i]);
}

visml_status visml_check_weights(const char *what, const visml_tensor *weights, int64_t n, visml_error *err) {
    VISML_TRY(check_vector(what, "weights", weights, VISML_F32, n, err));
    const float *w = (const float *)(const void *)weights->data;
    int some = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(w[i]) || w[i] < 0)
            return visml_fail(err, VISML_EINVAL, "%s: weights[%lld] is %g, must be finite and not negative", what, (long long)i,
                              (double)w[i]);
        some |= w[i] > 0;
    }
    return some ? VISML_OK : visml_fail(err, VISML_EINVAL, "%s: weights are all zero, one at least must be greater", what);
}

visml_status visml_check_classes(const char *what, const visml_tensor *classes, visml_error *err) {
    if (classes->dtype != VISML_I32 || classes->shape.rank != 1 || classes->count < 1 || !visml_tensor_is_contiguous(classes))
        return visml_fail(err, VISML_EINVAL, "%s: classes are %s %s, must be int32 [K]", what, visml_dtype_name(classes->dtype),
                          visml_shape_format(&classes->shape).s);
    const int32_t *v = (const int32_t *)(const void *)classes->data;
    for (int64_t i = 1; i < classes->count; i++)
        if (v[i] <= v[i - 1])
            return visml_fail(err, VISML_EINVAL, "%s: classes[%lld] is %d after %d, must ascend", what, (long long)i, (int)v[i],
                              (int)v[i - 1]);
    return VISML_OK;
}
