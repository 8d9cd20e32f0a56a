#include "feature/hog.h"

#include <math.h>
#include <string.h>

#include "feature/directions.h"
#include "feature/planes.h"

typedef struct cells_job {
    const visml_hog_opts *o;
    const visml_compute *c;
    const visml_view *v;
    visml_hog_cells cells;
    visml_directions directions;
    float *hist;
    char *room; /* of each worker: planes, then sums of columns */
    size_t part;
} cells_job;

visml_hog_cells visml_hog_cells_of(const visml_hog_opts *o, int64_t height, int64_t width) {
    const int32_t *side = o->pixels_per_cell;
    if (o->variant == VISML_HOG_UOCTTI)
        return (visml_hog_cells){(height + side[0] / 2) / side[0], (width + side[1] / 2) / side[1], 2 * o->orientations};
    return (visml_hog_cells){height / side[0], width / side[1], o->orientations};
}

static size_t part_of(const visml_hog_opts *o, int64_t width, int64_t channels) {
    return visml_planes_bytes(width, channels) + visml_whole_lines((size_t)(width * 2 * o->orientations) * sizeof(float));
}

static size_t histogram_bytes(const visml_hog_cells *cells) {
    return visml_whole_lines((size_t)(cells->rows * cells->columns * cells->bins) * sizeof(float));
}

size_t visml_hog_scratch(const visml_hog_opts *o, const visml_compute *c, int64_t height, int64_t width, int64_t channels) {
    visml_hog_cells cells = visml_hog_cells_of(o, height, width);
    return histogram_bytes(&cells) + part_of(o, width, channels) * c->parallel->workers;
}

/* The share of pixel `i` in cell `cell`: all of it, or falling from the cell's middle to those of its neighbours. */
static float share(const cells_job *j, int64_t i, int64_t cell, int32_t side) {
    double far = fabs(((double)i + 0.5) / side - 0.5 - (double)cell);
    return j->o->variant == VISML_HOG_UOCTTI ? (float)fmax(1 - far, 0) : 1;
}

/* Column sums [bins, n] of pixels first ... first + n - 1 to the cells of a row. */
static void sum_alone(const cells_job *j, int64_t n, const float *sums, float *hist) {
    int64_t side = j->o->pixels_per_cell[1], bins = j->cells.bins;
    for (int64_t k = 0; k < bins; k++)
        for (int64_t x = 0; x < j->cells.columns; x++) {
            const float *s = sums + k * n + x * side;
            float sum = 0;
            if (side == 8)
                sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
            else
                for (int64_t i = 0; i < side; i++)
                    sum += s[i];
            hist[x * bins + k] += sum;
        }
}

static void sum_shared(const cells_job *j, int64_t first, int64_t n, const float *sums, float *hist) {
    int64_t side = j->o->pixels_per_cell[1], bins = j->cells.bins;
    for (int64_t i = 0; i < n; i++) {
        int64_t cell = (2 * (first + i) + 1 + side) / (2 * side) - 1; /* the one whose middle is to the left */
        for (int64_t which = cell < 0 ? 0 : cell; which <= cell + 1 && which < j->cells.columns; which++) {
            float w = share(j, first + i, which, (int32_t)side);
            for (int64_t k = 0; k < bins; k++)
                hist[which * bins + k] += w * sums[k * n + i];
        }
    }
}

/* Rows top ... end - 1, some at a time, to the cells of row `cell`. */
static void cell_rows(const cells_job *j, int64_t cell, int64_t top, int64_t end, char *room) {
    int shared = j->o->variant == VISML_HOG_UOCTTI;
    int64_t first = shared ? 1 : 0, n = shared ? j->v->width - 2 : j->cells.columns * j->o->pixels_per_cell[1];
    visml_planes p = visml_planes_make(j->v, j->o->transform_sqrt, room);
    float *sums = (float *)(void *)(room + visml_planes_bytes(j->v->width, j->v->channels)), weights[VISML_PLANES_ROWS];
    float *hist = j->hist + cell * j->cells.columns * j->cells.bins;
    visml_votes votes = {.x = p.x + first, .stride = p.stride, .channels = j->v->channels, .plane = p.plane, .weights = weights,
                         .cosines = j->directions.cosines, .sines = j->directions.sines, .bins = j->o->orientations, .whole = shared};
    for (; top < end; top += votes.rows) {
        votes.rows = end - top < VISML_PLANES_ROWS ? end - top : VISML_PLANES_ROWS;
        for (int64_t i = 0; i < votes.rows; i++)
            weights[i] = p.unit * share(j, top + i, cell, j->o->pixels_per_cell[0]);
        visml_planes_fill(&p, j->c, j->v, top, votes.rows);
        j->c->kernels->votes(&votes, n, sums);
        if (shared)
            sum_shared(j, first, n, sums, hist);
        else
            sum_alone(j, n, sums, hist);
    }
}

static void cell_row(void *arg, size_t block, size_t worker) {
    const cells_job *j = arg;
    int64_t side = j->o->pixels_per_cell[0], cell = (int64_t)block, top = cell * side, end = top + side;
    memset(j->hist + cell * j->cells.columns * j->cells.bins, 0, (size_t)(j->cells.columns * j->cells.bins) * sizeof(float));
    if (j->o->variant == VISML_HOG_UOCTTI) { /* those at the picture's edges have no part */
        top = top - side / 2 - 1 < 1 ? 1 : top - side / 2 - 1;
        end = end + side / 2 + 1 > j->v->height - 1 ? j->v->height - 1 : end + side / 2 + 1;
        if (j->v->width < 3)
            return;
    }
    cell_rows(j, cell, top, end, j->room + worker * j->part);
}

float *visml_hog_histograms(const visml_hog_opts *o, const visml_compute *c, const visml_view *v, void *scratch) {
    cells_job j = {.o = o, .c = c, .v = v, .cells = visml_hog_cells_of(o, v->height, v->width), .hist = scratch};
    j.room = (char *)scratch + histogram_bytes(&j.cells);
    j.part = part_of(o, v->width, v->channels);
    visml_directions_make(&j.directions, o->orientations, o->variant == VISML_HOG_UOCTTI);
    visml_parallel_run(c->parallel, (size_t)j.cells.rows, cell_row, &j);
    return j.hist;
}
