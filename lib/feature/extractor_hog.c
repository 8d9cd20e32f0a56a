/* Histograms of oriented gradients. */
#include "base/error.h"
#include "feature/hog.h"
#include "feature/planes.h"

static const char *const variants[] = {"dalal_triggs", "uoctti", NULL};
static const char *const norms[] = {"l2_hys", "l2", "l1", "l1_sqrt", NULL};
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_hog_opts, variant, VISML_HOG_DALAL_TRIGGS, variants),
    VISML_FIELD(visml_hog_opts, orientations, I32, 0, 1, 1, VISML_VOTE_BINS, 9),
    VISML_FIELD(visml_hog_opts, pixels_per_cell, I32, VISML_FIELD_SPREAD, 2, 1, 4096, 8),
    VISML_FIELD(visml_hog_opts, cells_per_block, I32, VISML_FIELD_SPREAD, 2, 1, 64, 3),
    VISML_FIELD_OF_ENUM(visml_hog_opts, block_norm, VISML_HOG_L2_HYS, norms),
    VISML_FIELD(visml_hog_opts, transform_sqrt, FLAG, 0, 1, 0, 1, 0),
    {0},
};

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    const visml_hog_opts *o = e->object.opts;
    const int32_t *side = o->pixels_per_cell, *block = o->cells_per_block;
    visml_hog_cells cells = visml_hog_cells_of(o, height, width);
    int uoctti = o->variant == VISML_HOG_UOCTTI;
    int64_t least[2] = {uoctti ? (side[0] + 1) / 2 : (int64_t)side[0] * block[0], uoctti ? (side[1] + 1) / 2 : (int64_t)side[1] * block[1]};
    if (height < least[0] || width < least[1])
        return visml_fail(err, VISML_EINVAL, "needs at least %lld x %lld pixels", (long long)least[0], (long long)least[1]);
    if (channels > VISML_PLANES_CHANNELS)
        return visml_fail(err, VISML_EINVAL, "needs a picture of at most %d channels", VISML_PLANES_CHANNELS);
    *rows = uoctti ? cells.rows * cells.columns : (cells.rows - block[0] + 1) * (cells.columns - block[1] + 1);
    *columns = uoctti ? 3 * o->orientations + 4 : (int64_t)block[0] * block[1] * o->orientations;
    return VISML_OK;
}

static size_t scratch_bytes(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    return visml_hog_scratch(e->object.opts, c, height, width, channels);
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch) {
    const visml_hog_opts *o = e->object.opts;
    visml_hog_cells cells = visml_hog_cells_of(o, v->height, v->width);
    float *hist = visml_hog_histograms(o, c, v, scratch);
    if (o->variant == VISML_HOG_UOCTTI)
        visml_hog_uoctti(o, c, &cells, hist, y);
    else
        visml_hog_blocks(o, c, &cells, hist, y);
}

/* Sums of cells, opposite directions together: [rows, columns, orientations]. */
static visml_tensor *map(const visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err) {
    const visml_hog_opts *o = e->object.opts;
    visml_context *ctx = e->object.context;
    visml_hog_cells cells = visml_hog_cells_of(o, v->height, v->width);
    int64_t n = o->orientations, count = cells.rows * cells.columns;
    void *scratch = visml_mem_alloc(&ctx->memory, scratch_bytes(e, c, v->height, v->width, v->channels), err);
    visml_tensor *y = scratch ? visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(cells.rows, cells.columns, n), err) : NULL;
    const float *hist = y ? visml_hog_histograms(o, c, v, scratch) : NULL;
    float *sums = y ? visml_tensor_data(y) : NULL;
    for (int64_t i = 0; y && i < count; i++)
        for (int64_t k = 0; k < cells.bins; k++)
            sums[i * n + k % n] += hist[i * cells.bins + k];
    visml_mem_free(&ctx->memory, scratch);
    return y;
}

const visml_extractor_class visml_extractor_hog_class = {
    .kind = {.name = "hog", .opts_size = sizeof(visml_hog_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_FLOATS,
    .measure = measure,
    .scratch = scratch_bytes,
    .extract = extract,
    .map = map,
};

visml_extractor *visml_extractor_hog(visml_context *ctx, const visml_hog_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_hog_class, opts, err);
}
