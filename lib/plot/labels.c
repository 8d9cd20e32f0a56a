/* Classes: what they are called and how they are marked. */
#include "base/error.h"
#include "plot/plot.h"

/* Okabe and Ito 2008, Color universal design; yellow, which is hard to see on white, comes late. */
static const uint32_t colors[] = {0x0072B2, 0xD55E00, 0x009E73, 0xE69F00, 0x56B4E9, 0xCC79A7, 0x000000, 0xF0E442};
#define COLORS ((int32_t)(sizeof colors / sizeof colors[0]))

static void draw_square(visml_plot *p, double x, double y, double radius, uint32_t color, double opacity) {
    double half = radius * 0.9;
    visml_draw_rectangle(p, (visml_frame){x - half, y - half, 2 * half, 2 * half}, color, opacity);
}

static void draw_cross(visml_plot *p, double x, double y, double radius, uint32_t color, double opacity) {
    visml_draw_line(p, x - radius, y - radius, x + radius, y + radius, radius / 2, color, opacity);
    visml_draw_line(p, x - radius, y + radius, x + radius, y - radius, radius / 2, color, opacity);
}

void visml_draw_class(visml_plot *p, int32_t label, double x, double y, double radius, double opacity) {
    static void (*const shapes[])(visml_plot *, double, double, double, uint32_t, double) = {visml_draw_disc, draw_square, draw_cross};
    if (label < 0)
        visml_draw_disc(p, x, y, radius, VISML_GRAY, opacity);
    else
        shapes[label / COLORS % 3](p, x, y, radius, colors[label % COLORS], opacity);
}

visml_status visml_labels_check(const char *what, const visml_tensor *labels, int64_t n, const char *const *names, size_t classes,
                                visml_error *err) {
    for (size_t i = 0; names && i < classes; i++)
        if (!names[i])
            return visml_fail(err, VISML_EINVAL, "%s: class_names[%zu] is NULL", what, i);
    if (!labels)
        return VISML_OK;
    visml_status status = visml_tensor_check("labels", labels, VISML_I32, err);
    if (status < 0)
        return visml_fail_in(err, status, "%s", what);
    if (labels->shape.rank != 1 || labels->count != n)
        return visml_fail(err, VISML_EINVAL, "%s: labels are %s, must be [%lld], one for each", what, visml_shape_format(&labels->shape).s,
                          (long long)n);
    const int32_t *v = (const int32_t *)(const void *)labels->data;
    for (int64_t i = 0; names && i < n; i++)
        if (v[i] >= 0 && (size_t)v[i] >= classes)
            return visml_fail(err, VISML_EINVAL, "%s: labels[%lld] is %d, must be below classes: %zu", what, (long long)i, (int)v[i],
                              classes);
    return VISML_OK;
}

int32_t visml_label_of(const visml_tensor *labels, int64_t i) {
    int32_t label = labels ? ((const int32_t *)(const void *)labels->data)[i] : -1;
    return label < 0 ? -1 : label;
}

const char *visml_label_name(int32_t label, const char *const *names, visml_number *room) {
    if (label < 0)
        return "no class";
    *room = visml_fixed(label, 0);
    return names ? names[label] : room->s;
}
