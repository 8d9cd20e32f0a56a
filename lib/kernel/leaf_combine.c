#include "kernel/kernels.h"
#include "kernel/vec.h"

#define EACH(expression)                               \
    for (size_t i = 0; i < n; i += LANES) {            \
        int r = v_rest(i, n);                          \
        v16 a = v_get(x[0] + first + i, r);            \
        for (int32_t k = 1; k < m->inputs; k++) {      \
            v16 b = v_get(x[k] + first + i, r);        \
            a = (expression);                          \
        }                                              \
        v_put(y + i, r, v_mul(a, factor));             \
    }                                                  \
    break

/* v_max and v_min give the second one where the first is NaN. */
VEC v16 with_nan(v16 a, v16 b, v16 chosen) {
    return v_select(v_unordered(a, b), v_add(a, b), chosen);
}

void LEAF(combine)(const visml_combination *m, size_t first, size_t n, real *y) {
    const real *const *x = m->x;
    v16 factor = v_set1(m->how == VISML_COMBINE_AVERAGE ? 1 / (real)m->inputs : 1);
    switch (m->how) {
    case VISML_COMBINE_SUBTRACT:
        EACH(v_sub(a, b));
    case VISML_COMBINE_MULTIPLY:
        EACH(v_mul(a, b));
    case VISML_COMBINE_MAXIMUM:
        EACH(with_nan(a, b, v_max(a, b)));
    case VISML_COMBINE_MINIMUM:
        EACH(with_nan(a, b, v_min(a, b)));
    default:
        EACH(v_add(a, b));
    }
}
#undef EACH

/* The product of the other inputs. */
VEC v16 others(const visml_combination *m, int32_t which, size_t i, int r) {
    v16 p = v_set1(1);
    for (int32_t k = 0; k < m->inputs; k++)
        if (k != which)
            p = v_mul(p, v_get(m->x[k] + i, r));
    return p;
}

/* Lanes where this input is the first that is the result; a NaN is one, too. */
VEC m16 chosen(const visml_combination *m, int32_t which, size_t i, int r, v16 y) {
    v16 own = v_get(m->x[which] + i, r);
    m16 hit = m_or(v_eq(own, y), v_unordered(own, own));
    for (int32_t k = 0; k < which; k++) {
        v16 other = v_get(m->x[k] + i, r);
        hit = m_andnot(hit, m_or(v_eq(other, y), v_unordered(other, other)));
    }
    return hit;
}

#define EACH(expression)                      \
    for (size_t i = 0; i < n; i += LANES) {   \
        int r = v_rest(i, n);                 \
        v16 d = v_get(dy + i, r);             \
        v_put(dx + i, r, (expression));       \
    }                                         \
    break

void LEAF(combine_backward)(const visml_combination *m, int32_t which, size_t first, size_t n, const real *y, const real *dy, real *dx) {
    v16 factor = v_set1(m->how == VISML_COMBINE_AVERAGE ? 1 / (real)m->inputs : which ? -1 : 1);
    switch (m->how) {
    case VISML_COMBINE_MULTIPLY:
        EACH(v_mul(d, others(m, which, first + i, r)));
    case VISML_COMBINE_MAXIMUM:
    case VISML_COMBINE_MINIMUM:
        EACH(v_select(chosen(m, which, first + i, r, v_get(y + i, r)), d, v_zero()));
    default: /* differences and means */
        EACH(v_mul(d, factor));
    }
}
#undef EACH
