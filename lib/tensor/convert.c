/* Copies with other element types. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "tensor/tensor.h"

/* One row of n elements, `stride` elements apart, to contiguous ones. Integers that a double cannot hold go through int64_t. */
static double read_real(visml_dtype dtype, const char *p) {
    float f;
    double d;
    uint16_t u16;
    int32_t i32;
    int64_t i64;
    switch (dtype) {
    case VISML_F32:
        memcpy(&f, p, 4);
        return f;
    case VISML_F64:
        memcpy(&d, p, 8);
        return d;
    case VISML_U8:
        return *(const unsigned char *)p;
    case VISML_U16:
        memcpy(&u16, p, 2);
        return u16;
    case VISML_I32:
        memcpy(&i32, p, 4);
        return i32;
    default:
        memcpy(&i64, p, 8);
        return (double)i64;
    }
}

/* Nearest even, clamped; NaN gives 0. */
static double to_integer(double v, double min, double max) {
    if (isnan(v))
        return 0;
    v = nearbyint(v);
    return v < min ? min : v > max ? max : v;
}

static void write_real(visml_dtype dtype, char *p, double v) {
    switch (dtype) {
    case VISML_F32:
        memcpy(p, &(float){(float)v}, 4);
        break;
    case VISML_F64:
        memcpy(p, &v, 8);
        break;
    case VISML_U8:
        *(unsigned char *)p = (unsigned char)to_integer(v, 0, 255);
        break;
    case VISML_U16:
        memcpy(p, &(uint16_t){(uint16_t)to_integer(v, 0, 65535)}, 2);
        break;
    case VISML_I32:
        memcpy(p, &(int32_t){(int32_t)to_integer(v, -2147483648.0, 2147483647.0)}, 4);
        break;
    default: /* 2^63 itself does not fit */
        v = to_integer(v, -9223372036854775808.0, 9223372036854775808.0);
        memcpy(p, &(int64_t){v >= 9223372036854775808.0 ? INT64_MAX : (int64_t)v}, 8);
    }
}

static void convert_row(visml_dtype from, visml_dtype to, const char *src, int64_t stride, char *dst, int64_t n) {
    size_t in = visml_dtype_bytes(from), out = visml_dtype_bytes(to);
    for (int64_t i = 0; i < n; i++, src += stride * (int64_t)in, dst += out) {
        if (from == to)
            memcpy(dst, src, in); /* the same bits, also of NaNs and large integers */
        else
            write_real(to, dst, read_real(from, src));
    }
}

/* Walks over all rows of the last dimension in row-major order. */
static void convert_all(const visml_tensor *t, visml_dtype to, char *dst) {
    int64_t index[VISML_MAX_RANK] = {0};
    int32_t last = t->shape.rank - 1;
    int64_t n = last < 0 ? 1 : t->shape.dims[last], stride = last < 0 ? 1 : t->strides[last];
    int64_t bytes = (int64_t)visml_dtype_bytes(t->dtype);
    const char *src = t->data;
    for (int64_t done = 0; done < t->count; done += n) {
        convert_row(t->dtype, to, src, stride, dst, n);
        dst += n * (int64_t)visml_dtype_bytes(to);
        for (int32_t i = last - 1; i >= 0; i--) {
            src += t->strides[i] * bytes;
            if (++index[i] < t->shape.dims[i])
                break;
            src -= t->strides[i] * bytes * t->shape.dims[i];
            index[i] = 0;
        }
    }
}

visml_tensor *visml_tensor_convert(const visml_tensor *t, visml_dtype dtype, visml_error *err) {
    if (!t) {
        visml_fail(err, VISML_EINVAL, "convert: t is NULL, must be a tensor");
        return NULL;
    }
    visml_tensor *out = visml_tensor_new(t->context, dtype, &t->shape, err);
    if (!out)
        return NULL;
    if (t->dtype == dtype && visml_tensor_is_contiguous(t) && t->count)
        memcpy(out->data, t->data, (size_t)t->count * visml_dtype_bytes(dtype));
    else
        convert_all(t, dtype, out->data);
    return out;
}
