/* Local binary patterns. A band of rows becomes codes, codes are counted; what a code stands for under a method is asked once for each code
 * that there is, at the end. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/extractor.h"
#include "kernel/histogram.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define BAND 16        /* rows of a piece of work */
#define COUNTED_BITS 16 /* codes of so many points are counted as they are */
#define MAX_POINTS 24

static const char *const methods[] = {"", "uniform", "default", "ror", "nri_uniform", NULL};
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_lbp_opts, method, VISML_LBP_UNIFORM, methods),
    VISML_FIELD(visml_lbp_opts, radius, F64, VISML_FIELD_LIST, 8, 0.5, 64, 0),
    VISML_FIELD(visml_lbp_opts, points, I32, VISML_FIELD_LIST, 8, 2, MAX_POINTS, 0),
    {0},
};

/* Of the circle number i; 0: there is none. */
static double radius_of(const visml_lbp_opts *o, int i) {
    return i == 0 && !(o->radius[0] > 0) ? 1 : i < 8 ? o->radius[i] : 0;
}

static int32_t points_of(const visml_lbp_opts *o, int i) {
    int32_t points = 8;
    for (int k = 0; k <= i && o->points[k]; k++)
        points = o->points[k];
    return points;
}

/* ---- codes and bins ---- */

static uint32_t turned(uint32_t code, int32_t points) {
    return code >> 1 | (code & 1) << (points - 1);
}

static uint32_t smallest_turn(uint32_t code, int32_t points) {
    uint32_t least = code;
    for (int32_t i = 1; i < points; i++) {
        code = turned(code, points);
        least = code < least ? code : least;
    }
    return least;
}

static int32_t ones(uint32_t x) {
    int32_t n = 0;
    for (; x; x &= x - 1)
        n++;
    return n;
}

static int32_t first_one(uint32_t x) {
    int32_t i = 0;
    while (!(x >> i & 1))
        i++;
    return i;
}

static int64_t uniform_bin(uint32_t code, int32_t points) {
    return ones(code ^ turned(code, points)) <= 2 ? ones(code) : points + 1;
}

static int64_t nri_uniform_bin(uint32_t code, int32_t points) {
    int32_t n = ones(code);
    if (ones(code ^ turned(code, points)) > 2)
        return (int64_t)points * (points - 1) + 2;
    if (n == 0 || n == points)
        return n ? (int64_t)points * (points - 1) + 1 : 0;
    int32_t turn = code & 1 ? n - first_one(~code) : points - first_one(code);
    return 1 + (int64_t)(n - 1) * points + turn;
}

/* What scikit-image's local_binary_pattern has for a pixel with this code. */
static int64_t value_of(int32_t method, uint32_t code, int32_t points) {
    switch (method) {
    case VISML_LBP_UNIFORM:
        return uniform_bin(code, points);
    case VISML_LBP_NRI_UNIFORM:
        return nri_uniform_bin(code, points);
    case VISML_LBP_ROR:
        return smallest_turn(code, points);
    default:
        return code;
    }
}

static int64_t bins_of(int32_t method, int32_t points) {
    int64_t n = 0;
    switch (method) {
    case VISML_LBP_UNIFORM:
        return points + 2;
    case VISML_LBP_NRI_UNIFORM:
        return (int64_t)points * (points - 1) + 3;
    case VISML_LBP_DEFAULT:
        return (int64_t)1 << points;
    default: /* codes that cannot be told apart by turning: (sum over turns of the codes that it leaves as they are) / points (Burnside) */
        for (int32_t turn = 0; turn < points; turn++) {
            int32_t a = points, b = turn;
            while (b) {
                int32_t rest = a % b;
                a = b;
                b = rest;
            }
            n += (int64_t)1 << a;
        }
        return n / points;
    }
}

/* Counts of codes [2^points] to counts of bins. Of ror, bins are the smallest turns in ascending order; the bin of one is kept in the place
 * where its count was. */
static void fold(int32_t method, int32_t points, uint32_t *codes, double share, float *y) {
    int64_t bins = bins_of(method, points), next = 0;
    uint32_t count = (uint32_t)1 << points;
    memset(y, 0, (size_t)bins * sizeof *y);
    for (uint32_t code = 0; code < count; code++) {
        uint32_t n = codes[code], least = method == VISML_LBP_ROR ? smallest_turn(code, points) : code;
        if (method == VISML_LBP_ROR && least == code)
            codes[code] = (uint32_t)next++;
        if (!n)
            continue;
        int64_t bin = method == VISML_LBP_ROR ? (int64_t)codes[least] : value_of(method, code, points);
        y[bin] += (float)n; /* whole numbers: exact below 2^24, rounded in the order of codes above */
    }
    for (int64_t i = 0; i < bins; i++)
        y[i] = (float)((double)y[i] * share);
}

/* ---- one radius ---- */

typedef struct point {
    int64_t at[4]; /* of the pixels around it, from the one in the middle */
    float weight[4];
} point;

typedef struct lbp_job {
    const visml_kernels *k;
    const visml_view *v;
    int32_t method, points;
    double radius;
    int64_t margin, stride; /* of the band: pixels on each side, from row to row */
    size_t counted;         /* numbers of a worker's table */
    point point[MAX_POINTS];
    uint32_t *counts;
    float *bands;
    int32_t *codes; /* a row for each worker */
    float *map;     /* [height, width]: the values of pixels, where these are wanted instead of counts */
} lbp_job;

static int64_t margin_of(double radius) {
    return (int64_t)ceil(radius) + 1;
}

static int64_t stride_of(const visml_view *v, int64_t margin) {
    return (v->width + 2 * margin + 15) / 16 * 16;
}

static size_t counted_of(int32_t points) {
    return points <= COUNTED_BITS ? (size_t)1 << points : (size_t)MAX_POINTS * (MAX_POINTS - 1) + 3;
}

/* Places on the circle, from the right upwards, to five digits as in scikit-image: so that those on the axes are pixels. */
static void find_points(lbp_job *j) {
    for (int32_t p = 0; p < j->points; p++) {
        double angle = 6.283185307179586476925 * p / j->points;
        double y = rint(-j->radius * sin(angle) * 1e5) / 1e5, x = rint(j->radius * cos(angle) * 1e5) / 1e5;
        double top = floor(y), left = floor(x), dy = y - top, dx = x - left;
        int64_t at = (int64_t)top * j->stride + (int64_t)left, below = dy > 0 ? j->stride : 0, right = dx > 0;
        j->point[p] = (point){{at, at + right, at + below, at + below + right},
                              {(float)((1 - dy) * (1 - dx)), (float)((1 - dy) * dx), (float)(dy * (1 - dx)), (float)(dy * dx)}};
    }
}

/* Rows y - margin ... as floats, zeros around the picture. */
static void fill_band(const lbp_job *j, int64_t first, int64_t rows, float *band) {
    const visml_view *v = j->v;
    memset(band, 0, (size_t)((rows + 2 * j->margin) * j->stride) * sizeof *band);
    for (int64_t i = 0; i < rows + 2 * j->margin; i++) {
        int64_t row = first - j->margin + i;
        if (row >= 0 && row < v->height)
            j->k->from_u8((size_t)v->width, v->bytes + row * v->stride, band + i * j->stride + j->margin);
    }
}

/* The bits of all points, of a row: what is interpolated is the difference to the pixel in the middle, so that flat parts are exact. */
static void codes_of(const lbp_job *j, const float *row, int32_t *codes) {
    int64_t w = j->v->width;
    memset(codes, 0, (size_t)w * sizeof *codes);
    for (int32_t p = 0; p < j->points; p++) {
        const point *q = &j->point[p];
        const float *a = row + q->at[0], *b = row + q->at[1], *c = row + q->at[2], *d = row + q->at[3];
        float wa = q->weight[0], wb = q->weight[1], wc = q->weight[2], wd = q->weight[3];
        int32_t bit = (int32_t)1 << p;
        for (int64_t i = 0; i < w; i++) {
            float here = row[i], off = (a[i] - here) * wa + (b[i] - here) * wb + (c[i] - here) * wc + (d[i] - here) * wd;
            codes[i] |= off >= 0 ? bit : 0;
        }
    }
}

static void count_band(void *arg, size_t block, size_t worker) {
    const lbp_job *j = arg;
    int64_t first = (int64_t)block * BAND, rows = visml_block_length((int64_t)block, BAND, j->v->height), w = j->v->width;
    float *band = j->bands + (int64_t)worker * (BAND + 2 * j->margin) * j->stride;
    int32_t *codes = j->codes + (int64_t)worker * j->stride;
    uint32_t *counts = j->counts + worker * j->counted;
    fill_band(j, first, rows, band);
    for (int64_t i = 0; i < rows; i++) {
        const float *row = band + (i + j->margin) * j->stride + j->margin;
        if (j->points == 8 && !(j->radius > 1) && !(j->radius < 1)) {
            uint8_t *bytes = (uint8_t *)codes;
            j->k->lbp_8(w, row - j->stride, row, row + j->stride, bytes);
            j->k->histogram_u8((size_t)w, 1, bytes, counts);
            continue;
        }
        codes_of(j, row, codes);
        for (int64_t x = 0; x < w; x++) {
            uint32_t code = (uint32_t)codes[x];
            if (j->points <= COUNTED_BITS)
                counts[code]++;
            else
                counts[value_of(j->method, code, j->points)]++;
        }
    }
}

static void one_radius(lbp_job *j, const visml_compute *c, float *y) {
    size_t workers = c->parallel->workers;
    double share = 1 / ((double)j->v->height * (double)j->v->width);
    find_points(j);
    memset(j->counts, 0, workers * j->counted * sizeof *j->counts);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(j->v->height, BAND), count_band, j);
    for (size_t w = 1; w < workers; w++)
        for (size_t i = 0; i < j->counted; i++)
            j->counts[i] += j->counts[w * j->counted + i];
    if (j->points <= COUNTED_BITS)
        fold(j->method, j->points, j->counts, share, y);
    else
        for (int64_t i = 0; i < bins_of(j->method, j->points); i++)
            y[i] = (float)((double)j->counts[i] * share);
}

/* ---- the class ---- */

static visml_status check(const void *opts, visml_error *err) {
    const visml_lbp_opts *o = opts;
    for (int i = 0; i < 8; i++)
        if (o->points[i] > COUNTED_BITS && (o->method == VISML_LBP_DEFAULT || o->method == VISML_LBP_ROR))
            return visml_fail(err, VISML_EINVAL, "lbp: points is %d, must be at most %d for method \"%s\"", (int)o->points[i], COUNTED_BITS,
                              methods[o->method]);
    return VISML_OK;
}

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_lbp_opts *o = e->object.opts;
    (void)height, (void)width, (void)channels, (void)err;
    *rows = 1;
    *columns = 0;
    for (int i = 0; radius_of(o, i) > 0; i++)
        *columns += bins_of(o->method, points_of(o, i));
    return VISML_OK;
}

/* Room for the largest radius and the most points, whichever they are. */
static void sizes_of(const visml_lbp_opts *o, const visml_view *v, int64_t *margin, int64_t *stride, size_t *counted) {
    *margin = 0;
    *counted = 0;
    for (int i = 0; radius_of(o, i) > 0; i++) {
        *margin = margin_of(radius_of(o, i)) > *margin ? margin_of(radius_of(o, i)) : *margin;
        *counted = counted_of(points_of(o, i)) > *counted ? counted_of(points_of(o, i)) : *counted;
    }
    *stride = stride_of(v, *margin);
    *counted = (*counted + 15) / 16 * 16;
}

static size_t scratch_of(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    visml_view v = {height, width, channels, width, NULL, NULL};
    int64_t margin, stride;
    size_t counted;
    sizes_of(e->object.opts, &v, &margin, &stride, &counted);
    return c->parallel->workers * (counted + (size_t)stride * (size_t)(BAND + 2 * margin + 1)) * sizeof(float);
}

static lbp_job job_of(const visml_lbp_opts *o, const visml_compute *c, const visml_view *v, void *scratch) {
    lbp_job j = {.k = c->kernels, .v = v, .method = o->method};
    size_t counted, workers = c->parallel->workers;
    sizes_of(o, v, &j.margin, &j.stride, &counted);
    j.counts = scratch;
    j.bands = (float *)scratch + workers * counted;
    j.codes = (int32_t *)scratch + workers * (counted + (size_t)j.stride * (size_t)(BAND + 2 * j.margin));
    return j;
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_lbp_opts *o = e->object.opts;
    lbp_job j = job_of(o, c, v, scratch);
    for (int i = 0; radius_of(o, i) > 0; i++) {
        j.points = points_of(o, i);
        j.radius = radius_of(o, i);
        j.counted = counted_of(j.points);
        one_radius(&j, c, y);
        y += bins_of(o->method, j.points);
    }
}

static void map_band(void *arg, size_t block, size_t worker) {
    const lbp_job *j = arg;
    int64_t first = (int64_t)block * BAND, rows = visml_block_length((int64_t)block, BAND, j->v->height), w = j->v->width;
    float *band = j->bands + (int64_t)worker * (BAND + 2 * j->margin) * j->stride, *to = j->map + first * w;
    int32_t *codes = j->codes + (int64_t)worker * j->stride;
    fill_band(j, first, rows, band);
    for (int64_t i = 0; i < rows; i++, to += w) {
        codes_of(j, band + (i + j->margin) * j->stride + j->margin, codes);
        for (int64_t x = 0; x < w; x++)
            to[x] = (float)value_of(j->method, (uint32_t)codes[x], j->points);
    }
}

/* The values of pixels, of the first radius: [height, width, 1]. */
static visml_tensor *map(const visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err) {
    visml_context *ctx = e->object.context;
    void *scratch = visml_mem_alloc(&ctx->memory, scratch_of(e, c, v->height, v->width, 1), err);
    visml_tensor *y = scratch ? visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(v->height, v->width, 1), err) : NULL;
    if (y) {
        lbp_job j = job_of(e->object.opts, c, v, scratch);
        j.points = points_of(e->object.opts, 0);
        j.radius = radius_of(e->object.opts, 0);
        j.map = visml_tensor_data(y);
        find_points(&j);
        visml_parallel_run(c->parallel, (size_t)visml_blocks(v->height, BAND), map_band, &j);
    }
    visml_mem_free(&ctx->memory, scratch);
    return y;
}

const visml_extractor_class visml_extractor_lbp_class = {
    .kind = {.name = "lbp", .opts_size = sizeof(visml_lbp_opts), .fields = fields, .check = check},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_GRAY,
    .measure = measure,
    .scratch = scratch_of,
    .extract = extract,
    .map = map,
};

visml_extractor *visml_extractor_lbp(visml_context *ctx, const visml_lbp_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_lbp_class, opts, err);
}
