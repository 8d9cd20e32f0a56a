/* Pictures as plots hold them: bytes of red, green, blue. */
#ifndef PLOT_THUMBNAIL_H
#define PLOT_THUMBNAIL_H

#include "plot/plot.h"

/* [H, W, 1 ... 4], bytes or floats in [0, 1], as a new tensor [H, W, 3] of bytes. `what` starts messages.
 * Errors: VISML_EINVAL, VISML_ENOMEM. */
visml_tensor *visml_thumbnail_rgb(const char *what, const visml_tensor *image, visml_error *err);
/* The same, its longer side brought to `side`. */
visml_tensor *visml_thumbnail(const char *what, const visml_tensor *image, int64_t side, visml_error *err);

#endif
