#include "base/error.h"
#include "plot/sheet.h"

typedef struct contacts {
    visml_tensor *images; /* [N, H, W, C] */
    const visml_tensor *labels;
    const char *const *names;
} contacts;

static visml_status check(const visml_tensor *images, visml_error *err) {
    VISML_TRY(visml_tensor_check("contact sheet: images", images, 0, err));
    const int64_t *d = images->shape.dims;
    if (images->shape.rank != 4 || d[0] < 1 || d[1] < 1 || d[2] < 1 || d[3] < 1 || d[3] > 4)
        return visml_fail(err, VISML_EINVAL, "contact sheet: images are %s, must be [N, height, width, channels], none of them 0, with 4 "
                          "channels at most", visml_shape_format(&images->shape).s);
    if (images->dtype != VISML_U8 && images->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "contact sheet: images are %s, must be uint8 or float32", visml_dtype_name(images->dtype));
    return VISML_OK;
}

static visml_status put(visml_sheet *s, const contacts *c, int64_t i, visml_error *err) {
    const int64_t *d = c->images->shape.dims;
    if (!s->plot)
        return visml_sheet_picture(s, "contact sheet: images", NULL, err);
    visml_tensor *row = visml_tensor_slice(c->images, i, i + 1, err);
    visml_tensor *image = row ? visml_tensor_reshape(row, VISML_SHAPE(d[1], d[2], d[3]), err) : NULL;
    visml_status status = image ? visml_sheet_picture(s, "contact sheet: images", image, err) : VISML_ENOMEM;
    visml_tensor_release(image);
    visml_tensor_release(row);
    return status;
}

/* The smallest label above `after`, where none at all (-1) comes last; -2: no more. */
static int64_t next_label(const contacts *c, int64_t after) {
    int64_t least = INT64_MAX, none = 0;
    if (after == -1)
        return -2;
    for (int64_t i = 0; i < c->images->shape.dims[0]; i++) {
        int64_t label = visml_label_of(c->labels, i);
        none |= label < 0;
        if (label > after && label >= 0 && label < least)
            least = label;
    }
    return least < INT64_MAX ? least : none ? -1 : -2;
}

/* Pictures of the largest class. */
static int64_t largest(const contacts *c) {
    int64_t n = c->images->shape.dims[0], most = 0;
    for (int64_t label = next_label(c, -2); label != -2; label = next_label(c, label)) {
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++)
            count += visml_label_of(c->labels, i) == label;
        most = count > most ? count : most;
    }
    return most;
}

static visml_status walk(visml_sheet *s, const void *user, visml_error *err) {
    const contacts *c = user;
    visml_number room;
    for (int64_t label = next_label(c, -2); label != -2; label = next_label(c, label)) {
        if (c->labels)
            visml_sheet_heading(s, visml_label_name((int32_t)label, c->names, &room));
        for (int64_t i = 0; i < c->images->shape.dims[0]; i++)
            if (visml_label_of(c->labels, i) == label)
                VISML_TRY(put(s, c, i, err));
    }
    return VISML_OK;
}

visml_plot *visml_plot_contact_sheet(const visml_tensor *images, const visml_tensor *labels, const char *const *class_names,
                                     size_t classes, const visml_plot_sheet_opts *opts, visml_error *err) {
    visml_plot_sheet_opts o;
    if (visml_sheet_options("contact sheet", opts, &o, err) < 0 || check(images, err) < 0 ||
        visml_labels_check("contact sheet", labels, images->shape.dims[0], class_names, classes, err) < 0)
        return NULL;
    contacts c = {(visml_tensor *)(uintptr_t)images, labels, class_names}; /* only its count of references changes */
    return visml_sheet_plot(images->context, &o, largest(&c), walk, &c, err);
}
