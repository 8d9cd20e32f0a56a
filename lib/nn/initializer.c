/* Initialisers with Keras 3's distributions. An element is a function of (key, element) alone, save for the orthogonal one, where the
 * whole matrix is one of key. */
#include <math.h>

#include "base/error.h"
#include "nn/layer.h"

#define TAU 6.283185307179586477
/* Deviation of a normal distribution of deviation 1 cut off at -2 and 2: what is drawn is divided by it. */
#define TRUNCATED_DEVIATION 0.87962566103423978

enum kind { CONSTANT, FIXED_UNIFORM, FIXED_NORMAL, VARIANCE_UNIFORM, VARIANCE_NORMAL, ORTHOGONAL };
enum fan { NO_FAN, FAN_IN, FAN_AVERAGE };

typedef struct initializer {
    enum kind kind;
    double scale;
    enum fan fan;
} initializer;

static const initializer table[] = {
#define INITIALIZER(name, kind, scale, fan) {kind, scale, fan},
#include "nn/initializers.def"
#undef INITIALIZER
};

const char *const visml_init_names[] = {
#define INITIALIZER(name, kind, scale, fan) name,
#include "nn/initializers.def"
#undef INITIALIZER
    NULL,
};

/* ---- one element ---- */

static double unit(uint32_t high, uint32_t low) { /* [0, 1): 53 bits */
    return (double)(((uint64_t)high << 32 | low) >> 11) * 0x1p-53;
}

static double uniform(uint64_t key, uint64_t element) {
    uint32_t word[4];
    visml_philox(key, 0, element, word);
    return 2 * unit(word[0], word[1]) - 1;
}

/* Box and Muller 1958. Each attempt is another number for the element. */
static double normal(uint64_t key, uint64_t attempt, uint64_t element) {
    uint32_t word[4];
    visml_philox(key, attempt, element, word);
    return sqrt(-2 * log(1 - unit(word[0], word[1]))) * cos(TAU * unit(word[2], word[3]));
}

static double truncated_normal(uint64_t key, uint64_t element) {
    for (uint64_t attempt = 0;; attempt++) { /* each lies within two deviations with probability 0.954 */
        double z = normal(key, attempt, element);
        if (fabs(z) <= 2)
            return z;
    }
}

/* ---- the families ---- */

static void fill_constant(double value, int64_t n, real *values) {
    for (int64_t i = 0; i < n; i++)
        values[i] = (real)value;
}

static void fill_uniform(double limit, uint64_t key, int64_t n, real *values) {
    for (int64_t i = 0; i < n; i++)
        values[i] = (real)(limit * uniform(key, (uint64_t)i));
}

static void fill_normal(double deviation, uint64_t key, int64_t n, real *values) {
    for (int64_t i = 0; i < n; i++)
        values[i] = (real)(deviation * normal(key, 0, (uint64_t)i));
}

static void fill_truncated(double deviation, uint64_t key, int64_t n, real *values) {
    for (int64_t i = 0; i < n; i++)
        values[i] = (real)(deviation * truncated_normal(key, (uint64_t)i));
}

static double variance(const initializer *init, const visml_param_spec *spec) {
    double fan = init->fan == FAN_IN ? (double)spec->fan_in : ((double)spec->fan_in + (double)spec->fan_out) / 2;
    return init->scale / fmax(1, fan);
}

/* ---- orthogonal (Saxe et al. 2013) ---- */

static double dot(const double *a, const double *b, int64_t n) {
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

/* Takes the parts along q[0 ... count - 1] off v and brings it to length 1. Two rounds leave it orthogonal to the last bit or so (Giraud et
 * al. 2005). */
static void orthonormalise(const double *q, int64_t count, int64_t n, double *v) {
    for (int round = 0; round < 2; round++)
        for (int64_t j = 0; j < count; j++) {
            double along = dot(q + j * n, v, n);
            for (int64_t i = 0; i < n; i++)
                v[i] -= along * q[j * n + i];
        }
    double length = sqrt(dot(v, v, n));
    for (int64_t i = 0; i < n; i++)
        v[i] /= length;
}

/* The Q of a random normal matrix, R having a positive diagonal: uniform over all such matrices. The array is taken as a matrix of
 * `rows` times its last dimension; the shorter side gets orthonormal vectors. */
static visml_status fill_orthogonal(visml_memory *memory, const visml_shape *shape, uint64_t key, real *values, visml_error *err) {
    int64_t columns = shape->dims[shape->rank - 1], rows = visml_shape_count(shape) / columns;
    int64_t count = rows < columns ? rows : columns, n = rows < columns ? columns : rows;
    double *q = visml_mem_zalloc(memory, (size_t)(rows * columns), sizeof *q, err);
    if (!q)
        return VISML_ENOMEM;
    for (int64_t j = 0; j < count; j++) {
        for (int64_t i = 0; i < n; i++)
            q[j * n + i] = normal(key, 0, (uint64_t)(j * n + i));
        orthonormalise(q, j, n, q + j * n);
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            values[r * columns + c] = (real)(rows < columns ? q[r * n + c] : q[c * n + r]);
    visml_mem_free(memory, q);
    return VISML_OK;
}

static visml_status fill(visml_memory *memory, const visml_param_spec *spec, uint64_t key, real *values, visml_error *err) {
    const initializer *init = &table[spec->init];
    int64_t n = visml_shape_count(&spec->shape);
    switch (init->kind) {
    case CONSTANT:
        fill_constant(init->scale, n, values);
        break;
    case FIXED_UNIFORM:
        fill_uniform(init->scale, key, n, values);
        break;
    case FIXED_NORMAL:
        fill_normal(init->scale, key, n, values);
        break;
    case VARIANCE_UNIFORM:
        fill_uniform(sqrt(3 * variance(init, spec)), key, n, values);
        break;
    case VARIANCE_NORMAL:
        fill_truncated(sqrt(variance(init, spec)) / TRUNCATED_DEVIATION, key, n, values);
        break;
    case ORTHOGONAL:
        return fill_orthogonal(memory, &spec->shape, key, values, err);
    }
    return VISML_OK;
}

visml_status visml_init_fill(visml_memory *memory, const visml_param_spec *spec, uint64_t key, real *values, visml_error *err) {
    VISML_TRY(fill(memory, spec, key, values, err));
    for (int64_t i = spec->ones; i < spec->ones_end; i++)
        values[i] = 1;
    return VISML_OK;
}
