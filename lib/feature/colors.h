/* What extractors of colours share: spaces, pixels of a view in runs, moments. */
#ifndef FEATURE_COLORS_H
#define FEATURE_COLORS_H

#include "feature/extractor.h"
#include "kernel/kernels.h"

#define VISML_RUN ((size_t)1024) /* pixels that are converted at a time: their planes stay in the nearest cache */

extern const char *const visml_color_space_names[];

/* How many channels pictures of `channels` have in this space; 0: it needs other ones (said in err, "needs ..."). */
int64_t visml_space_channels(visml_color_space space, int64_t channels, visml_error *err);
/* The smallest and the largest number of a channel, for histograms. */
void visml_space_range(visml_color_space space, int64_t channel, float *low, float *high);

/* Pixels of a view of bytes, in order. */
typedef struct visml_runs {
    const visml_view *v;
    int64_t rows, width; /* a view without gaps is one row */
    int64_t row, at;
} visml_runs;
visml_runs visml_runs_of(const visml_view *v);
/* The next ones, at most `most`, and how many; NULL: there are none left. */
const uint8_t *visml_runs_next(visml_runs *r, size_t most, size_t *n);

/* Turns runs into planes of HSV or Lab; {0} with a space. */
typedef struct visml_planes {
    visml_color_space space;
    float linear[256]; /* Lab: light of bytes */
    float planes[3 * VISML_RUN];
} visml_planes;
void visml_planes_begin(visml_planes *p, const visml_compute *c, visml_color_space space);
void visml_planes_of(visml_planes *p, const visml_compute *c, size_t n, const uint8_t *x);

/* Moments of numbers: their mean, and the sums of squares and of cubes of what differs from it. */
typedef struct visml_moments {
    double n, mean, two, three;
} visml_moments;
/* Of n bytes, from the sums of v, v^2 and v^3: exact but for the last roundings. n < 2^32. */
visml_moments visml_moments_of_sums(int64_t n, const uint64_t *sums, int64_t step);
/* Those of both together (Pebay 2008). */
visml_moments visml_moments_join(visml_moments a, visml_moments b);
/* Of VISML_RUN floats at most. */
visml_moments visml_moments_of_run(const visml_compute *c, size_t n, const float *x);

#endif
