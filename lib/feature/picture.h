/* A picture in the forms that extractors take, made when they are asked for. */
#ifndef FEATURE_PICTURE_H
#define FEATURE_PICTURE_H

#include "feature/extractor.h"
#include "feature/regions.h"

typedef struct visml_picture {
    const visml_tensor *image;  /* [H, W, C], borrowed */
    visml_tensor *forms[2][2];  /* [luma][floats]; NULL: not made yet, or the image itself */
} visml_picture;

/* In the form that extractors with `takes` look at. The view is valid until the picture is cleared. Errors: VISML_ENOMEM. */
visml_status visml_picture_view(visml_picture *p, const visml_compute *c, int32_t takes, visml_view *v, visml_error *err);
void visml_picture_clear(visml_picture *p);
/* The copy of a picture that a level of regions wants: a new tensor, or another reference to this one. NULL: VISML_ENOMEM. */
visml_tensor *visml_picture_level(const visml_tensor *image, const visml_level *level, visml_error *err);
/* As extractors will have it: the channels, when a picture has so many. */
int64_t visml_picture_channels(int32_t takes, int64_t channels);

#endif
