/* Small pictures in rows, under headings. A sheet is gone through twice: without a plot, to learn how high it is, then to draw. */
#ifndef PLOT_SHEET_H
#define PLOT_SHEET_H

#include "plot/plot.h"

typedef struct visml_sheet {
    visml_plot *plot; /* NULL: the first time */
    const visml_plot_sheet_opts *opts;
    int32_t columns, scale; /* pictures in a row; of texts */
    double top;             /* of the row that is being filled */
    int32_t filled;         /* places of it */
} visml_sheet;

/* Errors: VISML_EINVAL. */
visml_status visml_sheet_options(const char *what, const visml_plot_sheet_opts *opts, visml_plot_sheet_opts *o, visml_error *err);
/* Headings and pictures, the same both times. */
typedef visml_status (*visml_sheet_walk)(visml_sheet *s, const void *user, visml_error *err);
/* A sheet with rows of `most` pictures at most. Errors: what the walk gives, VISML_ELIMIT, VISML_ENOMEM. */
visml_plot *visml_sheet_plot(visml_context *ctx, const visml_plot_sheet_opts *o, int64_t most, visml_sheet_walk walk, const void *user,
                             visml_error *err);
/* The next pictures are in a new row below this text. */
void visml_sheet_heading(visml_sheet *s, const char *text);
/* The next place; image is [H, W, C], looked at when there is a plot. Errors: VISML_EINVAL, VISML_ENOMEM. */
visml_status visml_sheet_picture(visml_sheet *s, const char *what, const visml_tensor *image, visml_error *err);

#endif
