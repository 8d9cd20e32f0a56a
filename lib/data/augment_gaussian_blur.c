#include "base/error.h"
#include "data/augment.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_random_gaussian_blur_opts, kernel_size, I32, VISML_FIELD_SPREAD, 2, 1, 2 * VISML_BLUR_REACH + 1, 3),
    VISML_FIELD_OF_RANGE(visml_random_gaussian_blur_opts, factor, 0, 0, 1, 0, 1),
    VISML_FIELD_OF_RANGE(visml_random_gaussian_blur_opts, sigma, 0, 0, 100, 0, 1),
    VISML_FIELD_OF_VALUES(visml_random_gaussian_blur_opts),
    VISML_FIELD_OF_RESERVED(visml_random_gaussian_blur_opts),
    {0},
};

static visml_status check(const void *opts, visml_error *err) {
    const visml_random_gaussian_blur_opts *o = opts;
    if (o->kernel_size[0] % 2 && o->kernel_size[1] % 2)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "random_gaussian_blur: kernel_size is %d x %d, both must be odd", o->kernel_size[0],
                      o->kernel_size[1]);
}

static int64_t border(const void *opts) {
    const visml_random_gaussian_blur_opts *o = opts;
    return (o->kernel_size[0] > o->kernel_size[1] ? o->kernel_size[0] : o->kernel_size[1]) / 2;
}

/* drawn: whether, and the deviations down and across. As Keras, with 1e-6 against a division by 0. */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_random_gaussian_blur_opts *o = opts;
    (void)c;
    drawn[0] = visml_draw_chance(rng, visml_draw_between(rng, o->factor));
    drawn[1] = visml_draw_between(rng, o->sigma) + 1e-6;
    drawn[2] = visml_draw_between(rng, o->sigma) + 1e-6;
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_random_gaussian_blur_opts *o = opts;
    (void)key;
    if (drawn[0] != 0)
        visml_canvas_blur(c, o->kernel_size[0], o->kernel_size[1], drawn[1], drawn[2]);
}

const visml_augmentation_class visml_random_gaussian_blur_class = {
    .name = "random_gaussian_blur",
    .opts_size = sizeof(visml_random_gaussian_blur_opts),
    .fields = fields,
    .check = check,
    .border = border,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_random_gaussian_blur(visml_context *ctx, const visml_random_gaussian_blur_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_random_gaussian_blur_class, opts, err);
}
