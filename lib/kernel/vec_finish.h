/* What becomes of sums before they are stored; see visml_finish. */
#ifndef KERNEL_VEC_FINISH_H
#define KERNEL_VEC_FINISH_H

#include "kernel/leaf.h"
#include "kernel/vec_math.h"

/* n columns from j on, at f->c + place + j. (f->add is the product's own affair.) */
VEC v16 v_finish(const visml_finish *f, int64_t place, int64_t j, int n, v16 x) {
    v16 bias = f->bias ? v_get(f->bias + j, n) : v_zero();
    if (f->gain)
        x = v_fma(x, v_get(f->gain + j, n), bias);
    else if (f->bias)
        x = v_add(x, bias);
    if (f->residual)
        x = v_add(x, v_get(f->residual + place + j, n));
    x = v_activate(f->activation, v_set1(f->alpha), x);
    return f->scale ? v_fma(x, v_get(f->scale + j, n), v_get(f->shift + j, n)) : x;
}

#endif
