#include <string.h>

#include "base/error.h"
#include "feature/regions.h"

#define MOST 1048576 /* boxes */

static const visml_field fields[] = {{0}};

static const visml_box *boxes_of(const visml_regions *r, int64_t *n) {
    const visml_tensor *t = visml_object_array_get(&r->object, "boxes");
    *n = t->shape.dims[0];
    return (const visml_box *)(const void *)t->data;
}

static visml_status count(const visml_regions *r, int64_t height, int64_t width, int64_t *n, visml_error *err) {
    const visml_box *b = boxes_of(r, n);
    for (int64_t i = 0; i < *n; i++, b++)
        if ((int64_t)b->top + b->height > height || (int64_t)b->left + b->width > width)
            return visml_fail(err, VISML_EINVAL, "boxes: number %lld, %d x %d at row %d, column %d, does not lie within %lld x %lld",
                              (long long)i, (int)b->height, (int)b->width, (int)b->top, (int)b->left, (long long)height, (long long)width);
    return VISML_OK;
}

static void box(const visml_regions *r, int64_t height, int64_t width, int64_t k, visml_box *b) {
    int64_t n;
    (void)height, (void)width;
    *b = boxes_of(r, &n)[k];
}

static visml_status check_boxes(visml_status code, const visml_box *boxes, int64_t n, visml_error *err) {
    for (int64_t i = 0; i < n; i++)
        if (boxes[i].top < 0 || boxes[i].left < 0 || boxes[i].height < 1 || boxes[i].width < 1)
            return visml_fail(err, code, "boxes: number %lld is %d x %d at row %d, column %d; sides must be at least 1, places at least 0",
                              (long long)i, (int)boxes[i].height, (int)boxes[i].width, (int)boxes[i].top, (int)boxes[i].left);
    return VISML_OK;
}

static visml_status restore(visml_object *o, visml_error *err) {
    int64_t dims[2] = {-1, 4};
    VISML_TRY(visml_object_array_expect(o, "boxes", VISML_I32, 2, dims, err));
    if (dims[0] < 1 || dims[0] > MOST)
        return visml_fail(err, VISML_EFORMAT, "boxes: there are %lld, must be 1 to %d", (long long)dims[0], MOST);
    return check_boxes(VISML_EFORMAT, visml_object_array_data(o, "boxes"), dims[0], err);
}

/* ---- JSON: "boxes": [[top, left, height, width], ...], which no options struct can hold ---- */

json_t *visml_regions_json(const visml_regions *r) {
    json_t *object = visml_object_json(&r->object), *list = NULL;
    const visml_tensor *t = visml_object_array_get(&r->object, "boxes");
    if (!object || !t || r->object.kind != &visml_regions_boxes_class.kind)
        return object;
    const visml_box *b = (const visml_box *)(const void *)t->data;
    list = json_array();
    for (int64_t i = 0; list && i < t->shape.dims[0]; i++)
        if (json_array_append_new(list, json_pack("[i, i, i, i]", (int)b[i].top, (int)b[i].left, (int)b[i].height, (int)b[i].width)) < 0) {
            json_decref(list);
            list = NULL;
        }
    if (list && json_object_set_new(object, "boxes", list) == 0)
        return object;
    json_decref(object);
    return NULL;
}

static int read_box(const json_t *value, int32_t *to) {
    if (json_array_size(value) != 4)
        return -1;
    for (size_t k = 0; k < 4; k++) {
        const json_t *number = json_array_get(value, k);
        if (!json_is_integer(number) || json_integer_value(number) < 0 || json_integer_value(number) > 65535)
            return -1;
        to[k] = (int32_t)json_integer_value(number);
    }
    return 0;
}

visml_status visml_regions_read_boxes(visml_regions *r, const json_t *list, visml_error *err) {
    size_t n = json_array_size(list);
    if (n < 1 || n > MOST)
        return visml_fail(err, VISML_EFORMAT, "boxes: \"boxes\" must be a list of 1 to %d rectangles [top, left, height, width]", MOST);
    int32_t *to = visml_object_array_new(&r->object, "boxes", VISML_I32, VISML_SHAPE((int64_t)n, 4), err);
    if (!to)
        return VISML_ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (read_box(json_array_get(list, i), to + 4 * i) < 0)
            return visml_fail(err, VISML_EFORMAT, "boxes: number %zu must be [top, left, height, width], of whole numbers up to 65535", i);
    return check_boxes(VISML_EFORMAT, (const visml_box *)(const void *)to, (int64_t)n, err);
}

const visml_regions_class visml_regions_boxes_class = {
    .kind = {.name = "boxes", .opts_size = sizeof(visml_no_opts), .fields = fields, .restore = restore},
    .count = count,
    .box = box,
};

visml_regions *visml_regions_boxes(visml_context *ctx, const visml_box *boxes, size_t n, visml_error *err) {
    if (!boxes || n < 1 || n > MOST) {
        visml_fail(err, VISML_EINVAL, "boxes: there are %zu, must be 1 to %d", boxes ? n : 0, MOST);
        return NULL;
    }
    if (check_boxes(VISML_EINVAL, boxes, (int64_t)n, err) < 0)
        return NULL;
    visml_regions *r = visml_regions_make(ctx, &visml_regions_boxes_class, NULL, err);
    int32_t *to = r ? visml_object_array_new(&r->object, "boxes", VISML_I32, VISML_SHAPE((int64_t)n, 4), err) : NULL;
    if (to) {
        memcpy(to, boxes, n * sizeof *boxes);
        return r;
    }
    visml_regions_free(r);
    return NULL;
}
