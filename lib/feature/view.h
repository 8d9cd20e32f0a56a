/* A region of a picture, as extractors see it. */
#ifndef FEATURE_VIEW_H
#define FEATURE_VIEW_H

#include <stddef.h>
#include <stdint.h>

/* [height, width, channels] within a larger picture. One of bytes and floats is set. */
typedef struct visml_view {
    int64_t height, width, channels;
    int64_t stride; /* elements from one row to the next; width * channels: without gaps */
    const uint8_t *bytes;
    const float *floats;
} visml_view;

static inline visml_view visml_view_of(const visml_view *v, int64_t top, int64_t left, int64_t height, int64_t width) {
    int64_t at = top * v->stride + left * v->channels;
    return (visml_view){height, width, v->channels, v->stride, v->bytes ? v->bytes + at : NULL, v->floats ? v->floats + at : NULL};
}

/* A large view is worked on in bands of whole rows, some VISML_BAND pixels each. */
#define VISML_BAND 65536

static inline int64_t visml_band_rows(int64_t width) {
    return width < VISML_BAND ? VISML_BAND / width : 1;
}

static inline int64_t visml_bands(int64_t height, int64_t width) {
    int64_t rows = visml_band_rows(width);
    return height / rows + (height % rows != 0);
}

static inline visml_view visml_band_of(const visml_view *v, int64_t band) {
    int64_t rows = visml_band_rows(v->width), top = band * rows;
    return visml_view_of(v, top, 0, v->height - top < rows ? v->height - top : rows, v->width);
}

#endif
