/* The k colours that suit a picture best: k-means (Lloyd 1982) on the means of 16 x 16 x 16 cells of the cube of colours, each with the
 * weight of its pixels. Nothing is drawn: the first center is the heaviest cell, each further one the cell whose weight times squared
 * distance to the nearest center so far is largest. */
#include <string.h>

#include "feature/colors.h"

#define CELLS 4096
#define FLUSH ((size_t)4096) /* pixels whose low bits fit in 16 bits: 15 * 4096 < 2^16 */
#define MOST 64

static const visml_field fields[] = {
    VISML_FIELD(visml_dominant_colors_opts, k, I32, 0, 1, 1, MOST, 5),
    VISML_FIELD(visml_dominant_colors_opts, max_iterations, I32, 0, 1, 1, 1000, 20),
    VISML_FIELD_OF_RESERVED(visml_dominant_colors_opts),
    {0},
};

static visml_status measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err) {
    (void)height, (void)width, (void)channels, (void)err;
    *rows = ((const visml_dominant_colors_opts *)e->object.opts)->k;
    *columns = 4;
    return VISML_OK;
}

typedef struct center {
    float at[3];
    double sum[3], weight;
} center;

typedef struct work {
    uint64_t few[CELLS];      /* of FLUSH pixels: how many, and the low four bits of red, green, blue, 16 bits each */
    uint64_t low[CELLS][3];
    uint32_t count[CELLS];
    float cell[CELLS][3];     /* means of the cells that are not empty, and their weights */
    float weight[CELLS];
    float distance[CELLS];    /* squared, to the nearest center */
    int32_t nearest[CELLS];
    center centers[MOST];
} work;

static size_t scratch(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    (void)e, (void)c, (void)height, (void)width, (void)channels;
    return sizeof(work);
}

/* ---- cells ---- */

static void flush(work *w) {
    for (size_t i = 0; i < CELLS; i++) {
        uint64_t few = w->few[i];
        if (!few)
            continue;
        w->count[i] += (uint32_t)(few >> 48);
        w->low[i][0] += few >> 32 & 0xffff;
        w->low[i][1] += few >> 16 & 0xffff;
        w->low[i][2] += few & 0xffff;
        w->few[i] = 0;
    }
}

static void count_cells(const visml_view *v, work *w) {
    visml_runs runs = visml_runs_of(v);
    const uint8_t *x;
    size_t n, since = 0;
    memset(w, 0, offsetof(work, cell));
    while ((x = visml_runs_next(&runs, FLUSH - since, &n))) {
        for (const uint8_t *end = x + 3 * n; x < end; x += 3) {
            uint64_t r = x[0], g = x[1], b = x[2];
            w->few[(r >> 4) << 8 | (g >> 4) << 4 | b >> 4] += (uint64_t)1 << 48 | (r & 15) << 32 | (g & 15) << 16 | (b & 15);
        }
        since += n;
        if (since == FLUSH) {
            flush(w);
            since = 0;
        }
    }
    flush(w);
}

/* Means of the cells that hold something, in order. */
static int64_t take_means(work *w) {
    int64_t n = 0;
    for (size_t i = 0; i < CELLS; i++) {
        if (!w->count[i])
            continue;
        for (int k = 0; k < 3; k++)
            w->cell[n][k] = (float)((double)(i >> (8 - 4 * k) & 15) * 16 + (double)w->low[i][k] / w->count[i]);
        w->weight[n++] = (float)w->count[i];
    }
    return n;
}

/* ---- centers ---- */

static float apart(const float *a, const float *b) {
    float r = a[0] - b[0], g = a[1] - b[1], l = a[2] - b[2];
    return r * r + g * g + l * l;
}

/* As many as there are cells, at most. */
static int32_t choose(work *w, int64_t n, int32_t k) {
    int32_t chosen = 0;
    for (int64_t i = 0; i < n; i++)
        w->distance[i] = 1;
    for (; chosen < k; chosen++) {
        int64_t best = 0;
        for (int64_t i = 1; i < n; i++)
            best = w->weight[i] * w->distance[i] > w->weight[best] * w->distance[best] ? i : best;
        if (!(w->distance[best] > 0))
            break;
        memcpy(w->centers[chosen].at, w->cell[best], sizeof w->cell[best]);
        for (int64_t i = 0; i < n; i++) {
            float d = apart(w->cell[i], w->cell[best]);
            w->distance[i] = chosen == 0 || d < w->distance[i] ? d : w->distance[i];
        }
    }
    return chosen;
}

/* Every cell to its nearest center, of equals the first; 1 when any has changed. */
static int assign(work *w, int64_t n, int32_t k) {
    int changed = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t best = 0;
        float least = apart(w->cell[i], w->centers[0].at);
        for (int32_t j = 1; j < k; j++) {
            float d = apart(w->cell[i], w->centers[j].at);
            best = d < least ? j : best;
            least = d < least ? d : least;
        }
        changed |= best != w->nearest[i];
        w->nearest[i] = best;
    }
    return changed;
}

/* To the mean of what is theirs; one that has nothing stays where it is. */
static void move(work *w, int64_t n, int32_t k) {
    for (int32_t j = 0; j < k; j++)
        w->centers[j].sum[0] = w->centers[j].sum[1] = w->centers[j].sum[2] = w->centers[j].weight = 0;
    for (int64_t i = 0; i < n; i++) {
        center *c = &w->centers[w->nearest[i]];
        for (int ch = 0; ch < 3; ch++)
            c->sum[ch] += (double)w->weight[i] * (double)w->cell[i][ch];
        c->weight += (double)w->weight[i];
    }
    for (int32_t j = 0; j < k; j++)
        for (int ch = 0; ch < 3 && w->centers[j].weight > 0; ch++)
            w->centers[j].at[ch] = (float)(w->centers[j].sum[ch] / w->centers[j].weight);
}

/* By weight, the largest first; of equals the darker red, green, blue. */
static int before(const center *a, const center *b) {
    if (a->weight != b->weight)
        return a->weight > b->weight;
    for (int ch = 0; ch < 3; ch++)
        if (a->at[ch] != b->at[ch])
            return a->at[ch] < b->at[ch];
    return 0;
}

static void sort(work *w, int32_t k) {
    for (int32_t i = 1; i < k; i++) {
        center c = w->centers[i];
        int32_t j = i;
        for (; j > 0 && before(&c, &w->centers[j - 1]); j--)
            w->centers[j] = w->centers[j - 1];
        w->centers[j] = c;
    }
}

static void extract(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch_) {
    const visml_dominant_colors_opts *o = e->object.opts;
    work *w = scratch_;
    (void)c;
    count_cells(v, w);
    int64_t n = take_means(w);
    int32_t k = choose(w, n, o->k);
    memset(w->nearest, -1, sizeof w->nearest);
    for (int32_t i = 0; i < o->max_iterations && assign(w, n, k); i++)
        move(w, n, k);
    sort(w, k);
    memset(y, 0, 4 * (size_t)o->k * sizeof *y);
    for (int32_t j = 0; j < k; j++, y += 4) {
        for (int ch = 0; ch < 3; ch++)
            y[ch] = w->centers[j].weight > 0 ? w->centers[j].at[ch] / 255 : 0;
        y[3] = (float)(w->centers[j].weight / (double)(v->height * v->width));
    }
}

const visml_extractor_class visml_extractor_dominant_colors_class = {
    .kind = {.name = "dominant_colors", .opts_size = sizeof(visml_dominant_colors_opts), .fields = fields},
    .takes = VISML_TAKES_BYTES | VISML_TAKES_RGB,
    .measure = measure,
    .scratch = scratch,
    .extract = extract,
};

visml_extractor *visml_extractor_dominant_colors(visml_context *ctx, const visml_dominant_colors_opts *opts, visml_error *err) {
    return visml_extractor_make(ctx, &visml_extractor_dominant_colors_class, opts, err);
}
