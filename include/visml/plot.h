/* visml/plot.h - pictures of features: what an extractor sees, values as a histogram, vectors as points, sheets of small pictures.
 *
 * SPDX-License-Identifier: MIT
 *
 *     visml_plot *plot = visml_plot_table(table, NULL, &err);
 *     visml_plot_save(plot, "classes.svg", &err);
 *     visml_plot_free(plot);
 *
 * Texts are UTF-8; what is not is shown as U+FFFD. In PNG files and tensors text is drawn with a built-in font of ASCII: letters of
 * Latin-1 lose their accents, anything else is a box; SVG files have the text itself. Colours are those of Okabe and Ito 2008, which most
 * colour-blind people tell apart; from the ninth class on they come again with other marks. A drawing larger than the context's max_pixels
 * is an error (VISML_ELIMIT).
 */
#ifndef VISML_PLOT_H
#define VISML_PLOT_H

#include "feature.h"

VISML_BEGIN_DECLS

/* A drawing: rectangles, lines, discs, texts and pictures on white. Immutable. Owned by the caller; visml_plot_free accepts NULL.
 * Thread-safety: any thread. */
typedef struct visml_plot visml_plot;
VISML_API void visml_plot_free(visml_plot *plot);

/* As a file: PNG where the path ends with .png, SVG 1.1 (pictures are in it as PNG) where it ends with .svg. Replaced as a whole or not at
 * all. Errors: VISML_EINVAL (another ending), VISML_EIO, VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_status visml_plot_save(const visml_plot *plot, const char *path, visml_error *err);
/* As a picture: a new tensor [H, W, 3] (owned), VISML_U8. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_tensor *visml_plot_image(const visml_plot *plot, visml_error *err);

/* ---- charts ------------------------------------------------------------------------------------------------------------------ */

typedef struct visml_plot_chart_opts {
    uint32_t size;
    int32_t width;  /* of the drawing, pixels; 320 ... 8,192, default 800 */
    int32_t height; /* 240 ... 8,192, default 600 */
    int32_t bins;   /* of a histogram, equally wide; 1 ... 4,096, default 32. Of no meaning elsewhere */
    const char *title;   /* UTF-8, copied; default: none */
    const char *x_label;
    const char *y_label; /* default, of a histogram: "count" */
} visml_plot_chart_opts;

/* How many of the values (any shape, VISML_F32, contiguous, finite, at least one) are in which of the bins from the least to the largest.
 * Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_plot *visml_plot_histogram(const visml_tensor *values, const visml_plot_chart_opts *opts, visml_error *err);

/* Points [N, 2] (VISML_F32, contiguous, finite, N >= 1), x to the right and y upwards. labels: [N] VISML_I32, the class of each; below 0:
 * none; NULL: all alike. class_names: names of `classes` classes, UTF-8, for a legend; NULL: their numbers; labels must be below `classes`
 * where there are names. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_plot *visml_plot_scatter(const visml_tensor *points, const visml_tensor *labels, const char *const *class_names,
                                         size_t classes, const visml_plot_chart_opts *opts, visml_error *err);

/* The vectors of a table on their first two principal components (visml_transform_pca), by class. Needs two rows and two columns.
 * Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_plot *visml_plot_table(const visml_table *table, const visml_plot_chart_opts *opts, visml_error *err);

/* ---- what extractors see ----------------------------------------------------------------------------------------------------- */

typedef struct visml_plot_extractor_opts {
    uint32_t size;
    int32_t scale; /* pixels of the drawing for a pixel of the picture, 1 ... 64; default: as many as bring the longer side to 512 at most,
                      1 at least; 256 for visml_plot_features */
    const char *title; /* UTF-8, copied; default: none */
} visml_plot_extractor_opts;

/* What an extractor sees in a picture [H, W, C] (VISML_U8, or VISML_F32 in [0, 1]; contiguous), as large as the picture times the scale:
 *   hog: in each cell a stroke for each direction, across the gradient (along the edge), as bright as the cell's sum is large (before
 *     blocks are normalised; as skimage.feature.hog draws it);
 *   lbp: the code of each pixel, of the first radius, the brighter the larger;
 *   dominant_colors: a stripe of each colour, as wide as its share;
 *   any other: the numbers of its vectors, one behind the other, as bars.
 * Errors: those of visml_extractor_run, VISML_ELIMIT. */
VISML_API visml_plot *visml_plot_extractor(const visml_extractor *extractor, const visml_tensor *image,
                                           const visml_plot_extractor_opts *opts, visml_error *err);

/* The picture as the features bring it to size, and beside it what each of their extractors sees in it (in all of it: regions and
 * aggregators are left out). Errors: as above; VISML_EINVAL (nothing added; C above 4). */
VISML_API visml_plot *visml_plot_features(const visml_features *features, const visml_tensor *image,
                                          const visml_plot_extractor_opts *opts, visml_error *err);

/* ---- sheets of pictures ------------------------------------------------------------------------------------------------------ */

typedef struct visml_plot_sheet_opts {
    uint32_t size;
    int32_t side;     /* of a place, pixels: pictures are brought into it as they are wide and high; 8 ... 1,024, default 64 */
    int32_t columns;  /* 1 ... 1,000; default 12 */
    int32_t clusters; /* of visml_plot_clusters, 1 ... 1,000; default 8, or as many as there are rows. Of no meaning elsewhere */
    uint64_t seed;    /* of the clusters; default: the context's */
    const char *title; /* UTF-8, copied; default: none */
} visml_plot_sheet_opts;

/* Pictures [N, H, W, C] (VISML_U8, or VISML_F32 in [0, 1]; contiguous; N >= 1, C 1 ... 4), row after row; with labels [N] (VISML_I32) class
 * after class, each under its name, or number where class_names is NULL; those with a label below 0 last. Labels must be below `classes`
 * where there are names. Errors: VISML_EINVAL, VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_plot *visml_plot_contact_sheet(const visml_tensor *images, const visml_tensor *labels, const char *const *class_names,
                                               size_t classes, const visml_plot_sheet_opts *opts, visml_error *err);

/* Clusters of a table's rows by k-means, the largest first: of each the pictures that are nearest to its middle, a line of them, under how
 * many it has and which class has the most of them. `dataset` is the one that the table was made of, or has the same pictures under the
 * same numbers. A picture that cannot be read is an error. Errors: VISML_EINVAL, VISML_EIO, VISML_EFORMAT, VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_plot *visml_plot_clusters(const visml_table *table, visml_dataset *dataset, const visml_plot_sheet_opts *opts,
                                          visml_error *err);

VISML_END_DECLS

#endif /* VISML_PLOT_H */
