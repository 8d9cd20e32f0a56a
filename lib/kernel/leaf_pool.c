#include "kernel/kernels.h"
#include "kernel/vec.h"

/* A loop over windows, channels in vectors. p: the window's first pixel from the start of the array. */
#define WINDOWS                                     \
    for (int64_t o = 0; o < w->count; o++)          \
        for (int64_t j = 0; j < w->c; j += LANES)
#define HERE                                        \
    int n = v_rest((size_t)j, (size_t)w->c);        \
    int64_t p = o * w->step + j, out = o * w->c + j
#define PIXELS                                      \
    for (int64_t a = 0; a < w->th; a++)             \
        for (int64_t b = 0; b < w->tw; b++)
#define PIXEL (p + a * w->row + b * w->c)

void LEAF(maxpool)(const visml_pool_windows *w, const real *x, real *y) {
    WINDOWS {
        HERE;
        v16 top = v_get(x + p, n);
        PIXELS {
            v16 v = v_get(x + PIXEL, n);
            top = v_select(m_or(v_gt(v, top), v_unordered(v, v)), v, top);
        }
        v_put(y + out, n, top);
    }
}

/* The gradient goes to the first pixel that equals the maximum, or is NaN where that is. */
void LEAF(maxpool_backward)(const visml_pool_windows *w, const real *x, const real *y, const real *dy, real *dx) {
    WINDOWS {
        HERE;
        v16 top = v_get(y + out, n), d = v_get(dy + out, n);
        m16 lost = v_unordered(top, top), todo = m_first(n);
        PIXELS {
            v16 v = v_get(x + PIXEL, n);
            m16 hit = m_and(todo, m_or(v_eq(v, top), m_and(lost, v_unordered(v, v))));
            v_put(dx + PIXEL, n, v_select(hit, v_add(v_get(dx + PIXEL, n), d), v_get(dx + PIXEL, n)));
            todo = m_andnot(todo, hit);
        }
    }
}

void LEAF(avgpool)(const visml_pool_windows *w, const real *x, real *y) {
    v16 size = v_set1((real)(w->th * w->tw));
    WINDOWS {
        HERE;
        v16 s = v_zero();
        PIXELS s = v_add(s, v_get(x + PIXEL, n));
        v_put(y + out, n, v_div(s, size));
    }
}

void LEAF(avgpool_backward)(const visml_pool_windows *w, const real *dy, real *dx) {
    v16 size = v_set1((real)(w->th * w->tw));
    WINDOWS {
        HERE;
        v16 d = v_div(v_get(dy + out, n), size);
        PIXELS v_put(dx + PIXEL, n, v_add(v_get(dx + PIXEL, n), d));
    }
}
