/* A chain's single steps, done to one picture. */
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "data/augment.h"

/* ---- shapes ---- */

static visml_status check_shape(const visml_shape *s, visml_error *err) {
    if (s->rank != 3 || s->dims[0] < 1 || s->dims[1] < 1 || s->dims[2] < 1 || s->dims[2] > 4)
        return visml_fail(err, VISML_EINVAL, "augmentation: the images are %s, must be [height, width, channels] with 1 to 4 channels",
                          visml_shape_format(s).s);
    if (s->dims[0] > VISML_WARP_SIDE || s->dims[1] > VISML_WARP_SIDE || s->dims[0] * s->dims[1] > INT32_MAX / s->dims[2])
        return visml_fail(err, VISML_EINVAL, "augmentation: the images are %s, sides can have %d pixels at most, and all together 2^31 "
                          "numbers", visml_shape_format(s).s, VISML_WARP_SIDE);
    return VISML_OK;
}

static visml_status check_channels(const visml_augmentation_class *cls, const visml_shape *s, visml_error *err) {
    if (!(cls->properties & VISML_AUGMENT_RGB) || s->dims[2] == 3)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: needs 3 channels (red, green, blue), the images are %s: load them with VISML_COLOR_RGB, or "
                      "leave it out", cls->name, visml_shape_format(s).s);
}

static void next_shape(const visml_augment_step *step, visml_shape *s) {
    if (step->cls->sides)
        step->cls->sides(step->opts, &s->dims[0], &s->dims[1]);
}

visml_status visml_augmentation_infer(const visml_augmentation *a, const visml_shape *in, visml_shape *out, visml_error *err) {
    visml_shape s = *in;
    VISML_TRY(check_shape(&s, err));
    for (size_t i = 0; i < a->count; i++) {
        VISML_TRY(check_channels(a->steps[i]->cls, &s, err));
        next_shape(a->steps[i], &s);
        VISML_TRY(check_shape(&s, err));
    }
    *out = s;
    return VISML_OK;
}

/* ---- memory ---- */

/* Floats for the largest picture on the way. */
static size_t floats_of(const visml_augmentation *a, const visml_shape *in) {
    visml_shape s = *in;
    int64_t most = visml_canvas_floats(s.dims[0], s.dims[1], s.dims[2], 0);
    for (size_t i = 0; i < a->count; i++) {
        const visml_augment_step *step = a->steps[i];
        int64_t border = step->cls->border ? step->cls->border(step->opts) : 0;
        int64_t before = visml_canvas_floats(s.dims[0], s.dims[1], s.dims[2], border);
        next_shape(step, &s);
        int64_t after = visml_canvas_floats(s.dims[0], s.dims[1], s.dims[2], 0);
        most = before > most ? before : most;
        most = after > most ? after : most;
    }
    return (size_t)most;
}

static visml_status take_floats(visml_augment_room *room, visml_memory *m, size_t count, visml_error *err) {
    if (room->count >= count)
        return VISML_OK;
    room->count = 0;
    for (int i = 0; i < 2; i++) {
        visml_mem_free(m, room->floats[i]);
        room->floats[i] = visml_mem_zalloc(m, count, sizeof(float), err);
        if (!room->floats[i])
            return VISML_ENOMEM;
    }
    room->count = count;
    return VISML_OK;
}

visml_status visml_augment_room_take(visml_augment_room *room, visml_memory *m, const visml_augmentation *a, const visml_shape *in,
                                     visml_dtype dtype, visml_error *err) {
    size_t bytes = (size_t)visml_shape_count(in) * visml_dtype_bytes(dtype);
    VISML_TRY(take_floats(room, m, floats_of(a, in), err));
    if (room->source_bytes >= bytes)
        return VISML_OK;
    room->source_bytes = 0;
    visml_mem_free(m, room->source);
    room->source = visml_mem_alloc(m, bytes, err);
    if (!room->source)
        return VISML_ENOMEM;
    room->source_bytes = bytes;
    return VISML_OK;
}

void visml_augment_room_free(visml_augment_room *room, visml_memory *m) {
    visml_mem_free(m, room->source);
    visml_mem_free(m, room->floats[0]);
    visml_mem_free(m, room->floats[1]);
    *room = (visml_augment_room){0};
}

/* ---- the run ---- */

static void run_step(const visml_augment_step *step, uint64_t key, visml_canvas *c) {
    double drawn[VISML_DRAWN] = {0};
    visml_rng rng;
    visml_rng_init(&rng, key);
    if (step->cls->draw)
        step->cls->draw(step->opts, &rng, c, drawn);
    step->cls->apply(step->opts, drawn, key, c);
}

void visml_augmentation_run(const visml_augmentation *a, visml_augment_room *room, const visml_shape *in, visml_dtype dtype, uint64_t key,
                            const void *source, void *out) {
    visml_canvas c = {a->context, in->dims[0], in->dims[1], in->dims[2], room->floats[0], room->floats[1]};
    size_t singles = visml_augmentation_singles(a);
    if (dtype == VISML_U8)
        visml_canvas_load_u8(&c, source);
    else
        memcpy(c.pixels, source, (size_t)visml_shape_count(in) * sizeof(float));
    for (size_t i = 0; i < singles; i++)
        run_step(a->steps[i], visml_key(key, i), &c);
    if (dtype == VISML_U8)
        visml_canvas_store_u8(&c, out);
    else
        memcpy(out, c.pixels, (size_t)(c.height * c.width * c.channels) * sizeof(float));
}

/* ---- one picture ---- */

static visml_status check_image(const visml_augmentation *a, const visml_tensor *image, int64_t epoch, int64_t index, visml_error *err) {
    if (!a)
        return visml_fail(err, VISML_EINVAL, "augment_image: augmentation is NULL, must be an augmentation");
    VISML_TRY(visml_tensor_check("augment_image: image", image, 0, err));
    if (image->dtype != VISML_U8 && image->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "augment_image: image is %s, must be uint8 or float32", visml_dtype_name(image->dtype));
    if (epoch < 0 || index < 0)
        return visml_fail(err, VISML_EINVAL, "augment_image: %s is %lld, must be at least 0", epoch < 0 ? "epoch" : "index",
                          (long long)(epoch < 0 ? epoch : index));
    size_t singles = visml_augmentation_singles(a);
    if (singles < a->count)
        return visml_fail(err, VISML_EINVAL, "augment_image: %s mixes the images of a batch: use it with visml_dataset_augment",
                          a->steps[singles]->cls->name);
    return VISML_OK;
}

visml_tensor *visml_augment_image(const visml_augmentation *a, const visml_tensor *image, uint64_t seed, int64_t epoch, int64_t index,
                                  visml_error *err) {
    visml_augment_room room = {0};
    visml_shape shape;
    visml_tensor *out = NULL;
    if (check_image(a, image, epoch, index, err) < 0)
        return NULL;
    visml_status status = visml_augmentation_infer(a, &image->shape, &shape, err);
    if (status < 0) {
        visml_fail_in(err, status, "augment_image: image");
        return NULL;
    }
    if (visml_augment_room_take(&room, &a->context->memory, a, &image->shape, image->dtype, err) == VISML_OK)
        out = visml_tensor_new(image->context, image->dtype, &shape, err);
    uint64_t key = visml_augment_key(seed ? seed : a->context->seed, epoch, index);
    if (out)
        visml_augmentation_run(a, &room, &image->shape, image->dtype, key, image->data, out->data);
    visml_augment_room_free(&room, &a->context->memory);
    return out;
}
