#include "feature/extractor.h"

#include "base/checked.h"
#include "base/error.h"

const visml_extractor_class *const visml_extractor_classes[] = {
#define EXTRACTOR(name) &visml_extractor_##name##_class,
#include "feature/extractors.def"
#undef EXTRACTOR
    NULL,
};

static const char *name_of(size_t i) {
    return visml_extractor_classes[i] ? visml_extractor_classes[i]->kind.name : NULL;
}
static const visml_family family = {"extractor", name_of};

visml_extractor *visml_extractor_make(visml_context *ctx, const visml_extractor_class *cls, const void *opts, visml_error *err) {
    return visml_object_make(ctx, "extractor", &cls->kind, sizeof(visml_extractor), opts, err);
}

visml_extractor *visml_extractor_from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"class", "over", "encode", "pool", NULL};
    size_t i;
    if (visml_description_class(&family, object, &i, err) < 0)
        return NULL;
    return visml_object_from_json(ctx, "extractor", &visml_extractor_classes[i]->kind, sizeof(visml_extractor), object, known, err);
}

void visml_extractor_free(visml_extractor *extractor) {
    visml_object_release(extractor);
}

int visml_extractor_waits(const visml_extractor *e) {
    return visml_extractor_class_of(e)->fit_end && !e->fitted;
}

static visml_status check_channels(const visml_extractor *e, int64_t channels, visml_error *err) {
    const visml_extractor_class *cls = visml_extractor_class_of(e);
    int64_t wanted = cls->takes & VISML_TAKES_GRAY ? 1 : cls->takes & VISML_TAKES_RGB ? 3 : channels;
    if (channels == wanted)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: needs a picture of %lld channel%s, this one has %lld", cls->kind.name, (long long)wanted,
                      wanted == 1 ? "" : "s", (long long)channels);
}

visml_status visml_extractor_measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                     int64_t *columns, visml_error *err) {
    const visml_extractor_class *cls = visml_extractor_class_of(e);
    int64_t bytes;
    VISML_TRY(check_channels(e, channels, err));
    visml_status status = cls->measure(e, height, width, channels, rows, columns, err);
    if (status < 0)
        return visml_fail_in(err, status, "%s, a region of %lld x %lld", cls->kind.name, (long long)height, (long long)width);
    if (!visml_i64_mul(*rows, *columns, &bytes) || !visml_i64_mul(bytes, (int64_t)sizeof(float), &bytes))
        return visml_fail(err, VISML_ELIMIT, "%s: %lld x %lld numbers are more than memory can have", cls->kind.name, (long long)*rows,
                          (long long)*columns);
    return VISML_OK;
}
