/* What resize and fit share. */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "visml/image.h"

/* Sides of 1 ... 2^31 - 1 and a filter that exists. `what` starts the message. Errors: VISML_EINVAL. */
visml_status visml_resize_check(const char *what, int64_t height, int64_t width, visml_filter filter, visml_error *err);

#endif
