#include "kernel/kernels.h"
#include "kernel/vec.h"

/* A loop over windows, channels in vectors. p: the window's first pixel from the start of the array. */
#define WINDOWS                                     \
    for (int64_t o = 0; o < w->count; o++)          \
        for (int64_t j = 0; j < w->c; j += LANES)
#define HERE                                        \
    int n = v_rest((size_t)j, (size_t)w->c);        \
    int64_t p = o * w->step + j, out = o * w->c + j
#define PIXELS                           \
    for (int64_t a = 0; a < th; a++)     \
        for (int64_t b = 0; b < tw; b++)
#define PIXEL (p + a * w->row + b * w->c)

/* The windows' size is a constant where it is usual. */
#define SIZES(call)                      \
    if (w->th == 2 && w->tw == 2)        \
        call(2, 2);                      \
    else if (w->th == 3 && w->tw == 3)   \
        call(3, 3);                      \
    else                                 \
        call(w->th, w->tw)

VEC void max_forward(const visml_pool_windows *w, const int64_t th, const int64_t tw, const real *x, real *y) {
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

void LEAF(maxpool)(const visml_pool_windows *w, const real *x, real *y) {
#define CALL(th, tw) max_forward(w, th, tw, x, y)
    SIZES(CALL);
#undef CALL
}

/* One window of 16 channels. nan: some maximum is NaN. */
VEC void max_share(const visml_pool_windows *w, const int alone, const int nan, const int64_t th, const int64_t tw, int64_t p, int n,
                   v16 top, v16 d, const real *x, real *dx) {
    v16 sum = v_add(v_zero(), d); /* no negative zeros */
    m16 todo = m_first(n), lost = v_unordered(top, top);
    PIXELS {
        v16 v = v_get(x + PIXEL, n), old = alone ? v_zero() : v_get(dx + PIXEL, n);
        m16 same = v_eq(v, top);
        if (nan)
            same = m_or(same, m_and(lost, v_unordered(v, v)));
        m16 hit = m_and(todo, same);
        v_put(dx + PIXEL, n, v_select(hit, alone ? sum : v_add(old, d), old));
        todo = m_andnot(todo, hit);
    }
}

/* The gradient goes to the first pixel that equals the maximum, or is NaN where that is. */
VEC void max_backward(const visml_pool_windows *w, const int alone, const int64_t th, const int64_t tw, const real *x, const real *y,
                      const real *dy, real *dx) {
    WINDOWS {
        HERE;
        v16 top = v_get(y + out, n), d = v_get(dy + out, n);
        if (m_any(v_unordered(top, top)))
            max_share(w, alone, 1, th, tw, p, n, top, d, x, dx);
        else
            max_share(w, alone, 0, th, tw, p, n, top, d, x, dx);
    }
}

void LEAF(maxpool_backward)(const visml_pool_windows *w, const real *x, const real *y, const real *dy, real *dx) {
#define CALL(th, tw) max_backward(w, 1, th, tw, x, y, dy, dx)
    if (w->alone) {
        SIZES(CALL);
        return;
    }
#undef CALL
#define CALL(th, tw) max_backward(w, 0, th, tw, x, y, dy, dx)
    SIZES(CALL);
#undef CALL
}

VEC void average_forward(const visml_pool_windows *w, const int64_t th, const int64_t tw, const real *x, real *y) {
    v16 size = v_set1((real)(th * tw));
    WINDOWS {
        HERE;
        v16 s = v_zero();
        PIXELS s = v_add(s, v_get(x + PIXEL, n));
        v_put(y + out, n, v_div(s, size));
    }
}

void LEAF(avgpool)(const visml_pool_windows *w, const real *x, real *y) {
#define CALL(th, tw) average_forward(w, th, tw, x, y)
    SIZES(CALL);
#undef CALL
}

VEC void average_backward(const visml_pool_windows *w, const int alone, const int64_t th, const int64_t tw, const real *dy, real *dx) {
    v16 size = v_set1((real)(th * tw));
    WINDOWS {
        HERE;
        v16 d = v_div(v_get(dy + out, n), size);
        PIXELS v_put(dx + PIXEL, n, v_add(alone ? v_zero() : v_get(dx + PIXEL, n), d));
    }
}

/* Large windows that stand alone: strips of channels, so that what is written lies side by side. */
#define STRIP 128 /* channels whose shares are written side by side */

VEC void average_backward_large(const visml_pool_windows *w, const real *dy, real *dx) {
    real d[STRIP];
    v16 size = v_set1((real)(w->th * w->tw));
    for (int64_t o = 0; o < w->count; o++)
        for (int64_t from = 0; from < w->c; from += STRIP) {
            int64_t n = w->c - from < STRIP ? w->c - from : STRIP;
            for (int64_t j = 0; j < n; j += LANES) {
                int rest = v_rest((size_t)j, (size_t)n);
                v_put(d + j, rest, v_add(v_zero(), v_div(v_get(dy + o * w->c + from + j, rest), size)));
            }
            for (int64_t a = 0; a < w->th; a++)
                for (int64_t b = 0; b < w->tw; b++)
                    v_copy(dx + o * w->step + a * w->row + b * w->c + from, d, n);
        }
}

void LEAF(avgpool_backward)(const visml_pool_windows *w, const real *dy, real *dx) {
#define CALL(th, tw) average_backward(w, 1, th, tw, dy, dx)
    if (w->alone && w->th * w->tw > 16) {
        average_backward_large(w, dy, dx);
        return;
    }
    if (w->alone) {
        SIZES(CALL);
        return;
    }
#undef CALL
#define CALL(th, tw) average_backward(w, 0, th, tw, dy, dx)
    SIZES(CALL);
#undef CALL
}
