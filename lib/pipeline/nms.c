/* Non-maximum suppression: of boxes that overlap the best is kept (Felzenszwalb, Girshick, McAllester and Ramanan 2010, section 7.2; the
 * overlap is that of the Pascal VOC challenge, intersection over union). */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "pipeline/suppression.h"
#include "tensor/tensor.h"
#include "visml/pipeline.h"

typedef struct ranked {
    float score;
    int32_t place;
} ranked;

static int by_score(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static double shared_length(float a, float a_length, float b, float b_length) {
    double begin = a > b ? (double)a : (double)b, a_end = (double)a + (double)a_length, b_end = (double)b + (double)b_length;
    double length = (a_end < b_end ? a_end : b_end) - begin;
    return length > 0 ? length : 0;
}

/* Intersection over union; 0 of two without an area. */
static double overlap_of(const float *a, const float *b) {
    double both = shared_length(a[0], a[2], b[0], b[2]) * shared_length(a[1], a[3], b[1], b[3]);
    double either = (double)a[2] * (double)a[3] + (double)b[2] * (double)b[3] - both;
    return either > 0 ? both / either : 0;
}

visml_status visml_suppress(visml_memory *m, int64_t n, const float *boxes, const float *scores, const int32_t *labels, double overlap,
                            int64_t most, int32_t *keep, int64_t *kept, visml_error *err) {
    ranked *order = visml_mem_zalloc(m, (size_t)n, sizeof *order, err);
    if (!order)
        return VISML_ENOMEM;
    for (int64_t i = 0; i < n; i++)
        order[i] = (ranked){scores[i], (int32_t)i};
    qsort(order, (size_t)n, sizeof *order, by_score);
    *kept = 0;
    for (int64_t i = 0; i < n && *kept < most; i++) {
        int32_t place = order[i].place;
        int stays = 1;
        for (int64_t k = 0; k < *kept && stays; k++)
            stays = (labels && labels[keep[k]] != labels[place]) || overlap_of(boxes + 4 * keep[k], boxes + 4 * place) <= overlap;
        if (stays)
            keep[(*kept)++] = place;
    }
    visml_mem_free(m, order);
    return VISML_OK;
}

/* ---- the public call ---- */

static visml_status check_values(const visml_tensor *boxes, const visml_tensor *scores, visml_error *err) {
    const float *b = (const float *)(const void *)boxes->data, *s = (const float *)(const void *)scores->data;
    for (int64_t i = 0; i < boxes->count; i++)
        if (!isfinite(b[i]) || (i % 4 > 1 && b[i] < 0))
            return visml_fail(err, VISML_EINVAL, "nms: boxes[%lld, %lld] is %g, must be finite%s", (long long)(i / 4), (long long)(i % 4),
                              (double)b[i], i % 4 > 1 ? " and at least 0" : "");
    for (int64_t i = 0; i < scores->count; i++)
        if (isnan(s[i]))
            return visml_fail(err, VISML_EINVAL, "nms: scores[%lld] is NaN", (long long)i);
    return VISML_OK;
}

static visml_status check(const visml_tensor *boxes, const visml_tensor *scores, double overlap, visml_error *err) {
    VISML_TRY(visml_tensor_check("nms: boxes", boxes, VISML_F32, err));
    VISML_TRY(visml_tensor_check("nms: scores", scores, VISML_F32, err));
    const visml_shape *b = &boxes->shape, *s = &scores->shape;
    if (b->rank != 2 || b->dims[1] != 4 || b->dims[0] > INT32_MAX)
        return visml_fail(err, VISML_EINVAL, "nms: boxes are %s, must be [N, 4]: top, left, height, width", visml_shape_format(b).s);
    if (s->rank != 1 || s->dims[0] != b->dims[0])
        return visml_fail(err, VISML_EINVAL, "nms: scores are %s, must be [%lld]", visml_shape_format(s).s, (long long)b->dims[0]);
    if (!(overlap >= 0 && overlap <= 1))
        return visml_fail(err, VISML_EINVAL, "nms: overlap is %g, must be 0 to 1", overlap);
    return check_values(boxes, scores, err);
}

visml_tensor *visml_nms(const visml_tensor *boxes, const visml_tensor *scores, double overlap, visml_error *err) {
    if (check(boxes, scores, overlap, err) < 0)
        return NULL;
    int64_t n = scores->count, kept = 0;
    visml_tensor *places = visml_tensor_new(boxes->context, VISML_I32, VISML_SHAPE(n), err), *y = NULL;
    if (places && visml_suppress(&boxes->context->memory, n, (const float *)(const void *)boxes->data,
                                 (const float *)(const void *)scores->data, NULL, overlap, n, (int32_t *)(void *)places->data, &kept,
                                 err) == VISML_OK)
        y = visml_tensor_slice(places, 0, kept, err);
    visml_tensor_release(places);
    return y;
}
