/* Learning: the features, then the vectors, then the classifier; all of it in copies, which take the place of the old ones only when all
 * went well. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "data/dataset.h"
#include "pipeline/pipeline.h"
#include "train/class_names.h"

static const char *const weighting_names[] = {"equal", "balanced", NULL};
static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_pipeline_fit_opts, class_weighting, 0, weighting_names),
    VISML_FIELD(visml_pipeline_fit_opts, seed, U64, 0, 1, 0, 1.8446744073709552e19, 0),
    VISML_FIELD(visml_pipeline_fit_opts, sample, I64, 0, 1, 1, 1e9, 200000),
    VISML_FIELD(visml_pipeline_fit_opts, memory, U64, 0, 1, 1, 1e15, 2147483648.0),
    {0},
};

/* A fit: what it makes, and what it learns from. */
typedef struct fitting {
    const visml_pipeline *p;
    visml_dataset *dataset;
    visml_pipeline_fit_opts opts;
    visml_features *features;     /* owned; NULL: a network looks */
    visml_classifier *classifier; /* owned */
    visml_vectors train, validation;
    visml_shape input;
    size_t width;
    char **names; /* [width], owned, or NULL */
} fitting;

/* ---- checks ---- */

static visml_status check_arguments(const visml_pipeline *p, const visml_dataset *ds, visml_error *err) {
    if (!p || !ds)
        return visml_fail(err, VISML_EINVAL, "pipeline: %s is NULL", p ? "dataset" : "pipeline");
    if (!p->classifier)
        return visml_fail(err, VISML_EUNSUPPORTED, "pipeline: a network decides, which visml_fit trains");
    if (!visml_dataset_count(ds))
        return visml_fail(err, VISML_EINVAL, "pipeline: the dataset has no samples");
    return VISML_OK;
}

/* ---- features ---- */

static int32_t on_features(void *user, const visml_feature_progress *progress) {
    const fitting *f = user;
    const visml_pipeline_progress p = {.size = sizeof p, .stage = VISML_PIPELINE_FEATURES, .done = progress->done,
                                       .total = progress->total, .loss = NAN, .validation = NAN};
    return f->opts.progress ? f->opts.progress(f->opts.user, &p) : 0;
}

static visml_status learn_features(fitting *f, visml_error *err) {
    if (!f->p->given)
        return VISML_OK;
    f->features = visml_features_copy(f->p->given, err);
    if (!f->features)
        return VISML_ENOMEM;
    const visml_feature_run_opts opts = {.size = sizeof opts, .seed = f->opts.seed, .sample = f->opts.sample, .memory = f->opts.memory,
                                         .progress = on_features, .user = f};
    return visml_features_fit(f->features, f->dataset, &opts, err);
}

static visml_vectors_run run_of(const fitting *f) {
    return (visml_vectors_run){.features = f->features, .network = f->p->network, .progress = f->opts.progress, .user = f->opts.user,
                               .memory = f->opts.memory};
}

static visml_status make_vectors(const fitting *f, visml_dataset *ds, visml_vectors *v, visml_error *err) {
    const visml_vectors_run run = run_of(f);
    VISML_TRY(visml_vectors_of(&run, ds, v, err));
    return visml_vectors_check_labels(v, ds, err);
}

/* How long a vector is. */
static visml_status measure(const fitting *f, int64_t *length, visml_error *err) {
    if (f->features)
        return visml_features_length(f->features, &f->input, length, err);
    *length = visml_shape_count(visml_model_output_shape(f->p->network));
    return VISML_OK;
}

/* ---- classes ---- */

static visml_status take_names(fitting *f, visml_error *err) {
    size_t n = visml_dataset_class_count(f->dataset);
    visml_context *ctx = f->p->context;
    const char **names = visml_mem_zalloc(&ctx->memory, n, sizeof *names, err);
    if (!names)
        return VISML_ENOMEM;
    for (size_t i = 0; i < n; i++)
        names[i] = visml_dataset_class_name(f->dataset, i);
    f->names = visml_pipeline_names_copy(ctx, names, n, err);
    visml_mem_free(&ctx->memory, names);
    return f->names ? VISML_OK : VISML_ENOMEM;
}

/* What rows of scores are for: the classes of the dataset, or where it has no names the labels that there were. */
static visml_status take_classes(fitting *f, visml_error *err) {
    size_t n = visml_dataset_class_count(f->dataset);
    VISML_TRY(visml_pipeline_measure(f->classifier->classes, &f->width, err));
    if (!n)
        return VISML_OK;
    if (f->width > n)
        return visml_fail(err, VISML_EINVAL, "pipeline: the dataset has the label %zu, but names for %zu classes", f->width - 1, n);
    f->width = n;
    return take_names(f, err);
}

/* ---- the classifier ---- */

static int32_t on_classifier(void *user, const visml_classifier_progress *progress) {
    const fitting *f = user;
    const visml_pipeline_progress p = {.size = sizeof p, .stage = VISML_PIPELINE_CLASSIFIER, .done = progress->done,
                                       .total = progress->total, .loss = progress->loss, .validation = progress->validation};
    return f->opts.progress ? f->opts.progress(f->opts.user, &p) : 0;
}

static visml_status learn_from_all(fitting *f, visml_classifier_fit_opts *opts, visml_error *err) {
    VISML_TRY(make_vectors(f, f->dataset, &f->train, err));
    if (f->opts.validation)
        VISML_TRY(make_vectors(f, f->opts.validation, &f->validation, err));
    opts->class_weighting = f->opts.class_weighting;
    opts->validation_x = f->validation.x;
    opts->validation_y = f->validation.labels;
    return visml_classifier_fit(f->classifier, f->train.x, f->train.labels, opts, err);
}

/* Weights of classes, and a validation set, are for vectors in memory. */
static visml_status learn_classifier(fitting *f, visml_error *err) {
    visml_classifier_fit_opts opts = {.size = sizeof opts, .seed = f->opts.seed, .progress = on_classifier, .user = f};
    const visml_vectors_run run = run_of(f);
    int64_t length;
    VISML_TRY(measure(f, &length, err));
    f->classifier = visml_classifier_clone(f->p->classifier, err);
    if (!f->classifier)
        return VISML_ENOMEM;
    int streamed = visml_is_streamed(f->classifier, visml_dataset_count(f->dataset), length, f->opts.memory);
    VISML_TRY(streamed && !f->opts.class_weighting && !f->opts.validation
                  ? visml_stream_vectors(&run, f->dataset, length, f->classifier, &opts, err)
                  : learn_from_all(f, &opts, err));
    return take_classes(f, err);
}

/* ---- all ---- */

static visml_status check_validation(const fitting *f, visml_error *err) {
    const visml_class_names a = {.data = f->opts.validation}, b = {.data = f->dataset};
    size_t at;
    if (!visml_class_names_differ(&a, &b, &at))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "pipeline: class %zu is \"%s\" in the validation data, \"%s\" in the training data: give both the "
                      "same order with visml_dataset_with_classes", at, visml_class_names_at(&a, at), visml_class_names_at(&b, at));
}

static visml_status learn(fitting *f, visml_error *err) {
    if (f->opts.validation)
        VISML_TRY(check_validation(f, err));
    VISML_TRY(learn_features(f, err));
    VISML_TRY(visml_dataset_sample_shape(f->dataset, &f->input, err));
    return learn_classifier(f, err);
}

/* What was learned changes hands; what was there before stays in f, to be freed with it. */
static void swap(visml_pipeline *p, fitting *f) {
    visml_pipeline old = *p;
    p->classifier = f->classifier, f->classifier = old.classifier;
    p->names = f->names, f->names = old.names;
    p->width = f->width, f->width = old.width;
    if (p->network)
        return; /* its input is what it was */
    p->features = f->features, f->features = old.features;
    p->input = f->input;
}

visml_status visml_pipeline_fit(visml_pipeline *pipeline, visml_dataset *dataset, const visml_pipeline_fit_opts *opts, visml_error *err) {
    fitting f = {.p = pipeline, .dataset = dataset};
    VISML_TRY(check_arguments(pipeline, dataset, err));
    VISML_TRY(visml_options_read("pipeline", fields, opts, &f.opts, sizeof f.opts, err));
    visml_status status = learn(&f, err);
    if (status == VISML_OK)
        swap(pipeline, &f);
    visml_features_free(f.features);
    visml_classifier_free(f.classifier);
    visml_pipeline_names_free(pipeline->context, f.names, f.width);
    visml_vectors_clear(&f.train);
    visml_vectors_clear(&f.validation);
    return status;
}
