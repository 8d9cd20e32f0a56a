/* Cubuk et al. 2020: RandAugment. The changes are those of Keras' layer; how strong each is at 1 is taken from the paper's table, with
 * rotations, shears and shifts in both directions. */
#include <math.h>

#include "data/augment.h"

#define MOST_SHEAR 0.3
#define MOST_SHIFT 0.45           /* of a side */
#define MOST_TURN (30.0 / 360)
#define MOST_BRIGHTNESS 0.5       /* of the range */
#define MOST_CHANGE 0.9           /* of colour, contrast, sharpness */
#define MOST_BITS 4

enum change {
    SHEAR,
    TRANSLATION,
    ROTATION,
    BRIGHTNESS,
    COLOR_DEGENERATION,
    CONTRAST,
    SHARPNESS,
    POSTERIZATION,
    SOLARIZATION,
    AUTO_CONTRAST,
    EQUALIZATION,
    CHANGES
};

static const visml_field fields[] = {
    VISML_FIELD(visml_rand_augment_opts, num_ops, I32, 0, 1, 1, VISML_DRAWN, 2),
    VISML_FIELD_OF_RANGE(visml_rand_augment_opts, factor, 0, 0, 1, 0, 0.5),
    VISML_FIELD_OF_VALUES(visml_rand_augment_opts),
    VISML_FIELD_OF_ENUM(visml_rand_augment_opts, fill_mode, 0, visml_fill_mode_names),
    VISML_FIELD_OF_ENUM(visml_rand_augment_opts, interpolation, 0, visml_interpolation_names),
    {0},
};

/* Sharpness looks at the neighbours. */
static int64_t border(const void *opts) {
    (void)opts;
    return 1;
}

/* drawn: which changes */
static void draw(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn) {
    const visml_rand_augment_opts *o = opts;
    (void)c;
    for (int32_t i = 0; i < o->num_ops; i++)
        drawn[i] = (double)visml_rng_below(rng, CHANGES);
}

/* strength: 0 ... 1, with a sign that is drawn. */
static void change_places(const visml_rand_augment_opts *o, enum change which, double strength, int along_x, visml_canvas *c) {
    visml_sampling s = visml_sampling_of(o->fill_mode, o->interpolation, 0);
    double slant = strength * MOST_SHEAR, shift = strength * MOST_SHIFT;
    if (which == SHEAR)
        visml_canvas_shear(c, along_x ? slant : 0, along_x ? 0 : slant, &s);
    else if (which == TRANSLATION)
        visml_canvas_translate(c, along_x ? 0 : shift * (double)c->height, along_x ? shift * (double)c->width : 0, &s);
    else
        visml_canvas_rotate(c, strength * MOST_TURN, &s);
}

static void fade(const double *range, double strength, visml_canvas *c) {
    if (c->channels != 3)
        return;
    visml_canvas_fade(c, strength * MOST_CHANGE);
    visml_canvas_brighten(c, 0, range); /* to the range */
}

static void change_values(const double *range, enum change which, double strength, visml_canvas *c) {
    switch (which) {
    case BRIGHTNESS: visml_canvas_brighten(c, strength * MOST_BRIGHTNESS, range); break;
    case COLOR_DEGENERATION: fade(range, strength, c); break;
    case CONTRAST: visml_canvas_contrast(c, 1 + strength * MOST_CHANGE, range); break;
    case SHARPNESS: visml_canvas_sharpen(c, 0.5 + strength * MOST_CHANGE / 2, range); break;
    case POSTERIZATION: visml_canvas_posterize(c, 8 - (int32_t)round(fabs(strength) * MOST_BITS), range); break;
    case SOLARIZATION: visml_canvas_solarize(c, 0, 1 - fabs(strength), range); break;
    case AUTO_CONTRAST: visml_canvas_auto_contrast(c, range); break;
    default: visml_canvas_equalize(c, 256, range);
    }
}

static void apply(const void *opts, const double *drawn, uint64_t key, visml_canvas *c) {
    const visml_rand_augment_opts *o = opts;
    for (int32_t i = 0; i < o->num_ops; i++) {
        enum change which = (enum change)(int)drawn[i];
        visml_rng rng;
        visml_rng_init(&rng, visml_key(key, VISML_DRAWN + (uint64_t)i));
        double sign = visml_draw_sign(&rng), strength = sign * visml_draw_between(&rng, o->factor);
        if (which <= ROTATION)
            change_places(o, which, strength, visml_draw_chance(&rng, 0.5) != 0, c);
        else
            change_values(o->value_range, which, strength, c);
    }
}

const visml_augmentation_class visml_rand_augment_class = {
    .name = "rand_augment",
    .opts_size = sizeof(visml_rand_augment_opts),
    .fields = fields,
    .border = border,
    .draw = draw,
    .apply = apply,
};

visml_augmentation *visml_rand_augment(visml_context *ctx, const visml_rand_augment_opts *opts, visml_error *err) {
    return visml_augmentation_make(ctx, &visml_rand_augment_class, opts, err);
}
