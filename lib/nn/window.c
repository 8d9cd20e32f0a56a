#include "nn/window.h"

#include <stdio.h>

#include "base/error.h"

const char *const visml_padding_names[] = {"valid", "same", NULL};
const char *const visml_padding_names_causal[] = {"valid", "same", "causal", NULL};

int64_t visml_window_extent(const visml_window *w) {
    return (w->size - 1) * w->dilation + 1;
}

/* Keras' rule: same gives ceil(in / stride) places and puts the odd zero behind; causal puts all of them in front. */
static void place(visml_window *w, int64_t in, visml_padding padding) {
    int64_t extent = visml_window_extent(w);
    if (padding == VISML_VALID) {
        w->out = (in - extent) / w->stride + 1;
        w->front = 0;
        return;
    }
    w->out = (in - 1) / w->stride + 1;
    int64_t zeros = (w->out - 1) * w->stride + extent - in;
    w->front = zeros > 0 ? zeros / 2 : 0;
    if (padding == VISML_CAUSAL)
        w->front = extent - 1;
}

typedef struct sizes {
    char s[48];
} sizes;

/* "3x5", or "5" on a line. */
static sizes size_of(int32_t line, int64_t h, int64_t w) {
    sizes t;
    if (line)
        snprintf(t.s, sizeof t.s, "%lld", (long long)w);
    else
        snprintf(t.s, sizeof t.s, "%lldx%lld", (long long)h, (long long)w);
    return t;
}

static visml_status does_not_fit(const char *what, const visml_shape *in, const visml_windows *s, visml_error *err) {
    char dilated[80] = "";
    if (s->h.dilation > 1 || s->w.dilation > 1)
        snprintf(dilated, sizeof dilated, " (dilated to %s)", size_of(s->line, visml_window_extent(&s->h), visml_window_extent(&s->w)).s);
    return visml_fail(err, VISML_EINVAL, "%s %s%s does not fit input %s; use padding=same or a smaller %s", what,
                      size_of(s->line, s->h.size, s->w.size).s, dilated, visml_shape_format(in).s, what);
}

visml_status visml_windows_fit(const char *what, const visml_shape *in, visml_padding padding, visml_windows *s, visml_error *err) {
    if (in->rank != (s->line ? 2 : 3))
        return visml_fail(err, VISML_EINVAL, "input %s must be %s", visml_shape_format(in).s,
                          s->line ? "[steps, channels]" : "[height, width, channels]");
    int64_t h = s->line ? 1 : in->dims[0], w = in->dims[in->rank - 2];
    if (padding == VISML_VALID && (visml_window_extent(&s->h) > h || visml_window_extent(&s->w) > w))
        return does_not_fit(what, in, s, err);
    place(&s->h, h, padding);
    place(&s->w, w, padding);
    return VISML_OK;
}

visml_shape visml_windows_out(const visml_windows *s, int64_t channels) {
    return s->line ? visml_shape_make(2, (int64_t[]){s->w.out, channels}) : visml_shape_make(3, (int64_t[]){s->h.out, s->w.out, channels});
}

visml_conv2d_geometry visml_windows_conv(const visml_windows *s, int64_t batch, const visml_shape *in, int64_t filters, int64_t groups) {
    return (visml_conv2d_geometry){.n = batch, .h = s->line ? 1 : in->dims[0], .w = in->dims[in->rank - 2], .c = in->dims[in->rank - 1],
                                   .oh = s->h.out, .ow = s->w.out, .f = filters, .kh = s->h.size, .kw = s->w.size, .sh = s->h.stride,
                                   .sw = s->w.stride, .dh = s->h.dilation, .dw = s->w.dilation, .top = s->h.front, .left = s->w.front,
                                   .groups = groups};
}

visml_status visml_windows_groups(const visml_shape *in, int64_t groups, visml_error *err) {
    int64_t channels = in->dims[in->rank - 1];
    if (channels % groups == 0)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "input %s has %lld channels, must be a multiple of groups, %lld", visml_shape_format(in).s,
                      (long long)channels, (long long)groups);
}
