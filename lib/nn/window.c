#include "nn/window.h"

#include <stdio.h>

#include "base/error.h"

const char *const visml_padding_names[] = {"valid", "same", NULL};

static int64_t extent(const visml_window *w) {
    return (w->size - 1) * w->dilation + 1;
}

/* Keras' rule: same gives ceil(in / stride) places and puts the odd zero behind. */
static void place(visml_window *w, int64_t in, visml_padding padding) {
    if (padding == VISML_VALID) {
        w->out = (in - extent(w)) / w->stride + 1;
        w->front = 0;
        return;
    }
    w->out = (in - 1) / w->stride + 1;
    int64_t zeros = (w->out - 1) * w->stride + extent(w) - in;
    w->front = zeros > 0 ? zeros / 2 : 0;
}

static visml_status does_not_fit(const char *what, const visml_shape *in, const visml_windows *s, visml_error *err) {
    char dilated[64] = "";
    if (s->h.dilation > 1 || s->w.dilation > 1)
        snprintf(dilated, sizeof dilated, " (dilated to %lldx%lld)", (long long)extent(&s->h), (long long)extent(&s->w));
    return visml_fail(err, VISML_EINVAL, "%s %lldx%lld%s does not fit input %s; use padding=same or a smaller %s", what,
                      (long long)s->h.size, (long long)s->w.size, dilated, visml_shape_format(in).s, what);
}

visml_status visml_windows_fit(const char *what, const visml_shape *in, visml_padding padding, visml_windows *s, visml_error *err) {
    if (in->rank != 3)
        return visml_fail(err, VISML_EINVAL, "input %s must be [height, width, channels]", visml_shape_format(in).s);
    if (padding == VISML_VALID && (extent(&s->h) > in->dims[0] || extent(&s->w) > in->dims[1]))
        return does_not_fit(what, in, s, err);
    place(&s->h, in->dims[0], padding);
    place(&s->w, in->dims[1], padding);
    return VISML_OK;
}
