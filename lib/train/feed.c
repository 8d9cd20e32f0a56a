#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "train/class_names.h"
#include "train/train.h"

/* ---- do they fit together ---- */

/* What the model makes of images of this size. */
static visml_status take_size(visml_feed *f, const visml_shape *images, visml_error *err) {
    f->input = *images;
    visml_status status = visml_sizes_output(f->model, images, &f->output, err);
    return status < 0 ? visml_fail_in(err, status, "%s", f->what) : VISML_OK;
}

static visml_status check_images(visml_feed *f, visml_error *err) {
    visml_shape images;
    const visml_shape *input = &f->model->nodes[0].shape;
    visml_status status = visml_dataset_sample_shape(f->data, &images, err);
    if (status < 0)
        return visml_fail_in(err, status, "%s", f->what);
    if (visml_shape_stands_for(input, &images))
        return take_size(f, &images, err);
    if (input->rank == 3 && images.rank == 3 && !visml_shape_is_open(input))
        return visml_fail(err, VISML_EINVAL, "%s: the images are %s, the model's input is %s: load them with height %lld, width %lld and "
                          "%lld channel%s, or build the model for their shape", f->what, visml_shape_format(&images).s,
                          visml_shape_format(input).s, (long long)input->dims[0], (long long)input->dims[1], (long long)input->dims[2],
                          input->dims[2] == 1 ? " (gray)" : "s");
    return visml_fail(err, VISML_EINVAL, "%s: the images are %s, the model's input is %s: build the model for their shape", f->what,
                      visml_shape_format(&images).s, visml_shape_format_open(input).s);
}

static visml_loss *default_loss(const visml_feed *f, visml_error *err) {
    visml_context *ctx = f->model->context;
    if (f->shared)
        return visml_categorical_crossentropy(ctx, NULL, err);
    if (!f->labelled)
        return visml_mean_squared_error(ctx, NULL, err);
    return visml_shape_count(&f->output) == 1 ? visml_binary_crossentropy(ctx, NULL, err)
                                              : visml_sparse_categorical_crossentropy(ctx, NULL, err);
}

static visml_status choose_loss(visml_feed *f, visml_error *err) {
    if (f->loss && f->shared && strcmp(f->loss->cls->name, "sparse_categorical_crossentropy") == 0)
        return visml_fail(err, VISML_EINVAL, "%s: the loss is sparse_categorical_crossentropy, which needs one class for each image; "
                          "mix_up and cut_mix give shares of several: use visml_categorical_crossentropy", f->what);
    if (!f->loss)
        f->loss = f->own_loss = default_loss(f, err);
    return f->loss ? VISML_OK : err->code;
}

/* Where the loss knows the function that the model ends in, it is right all the same: on the logits, or on the probabilities. */
static visml_status check_logits(const visml_feed *f, visml_error *err) {
    int32_t ends_in = visml_model_ends_in(f->model);
    if (!visml_loss_from_logits(f->loss) || ends_in == f->loss->cls->logits_of || (ends_in != VISML_SOFTMAX && ends_in != VISML_SIGMOID))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: from_logits of %s is set, but the model ends in %s: its outputs are no logits", f->what,
                      f->loss->cls->name, visml_act_names[ends_in]);
}

static visml_status check_targets(visml_feed *f, visml_error *err) {
    const visml_shape *out = &f->output;
    const visml_tensor *arrays = f->data->source->targets;
    visml_shape target = visml_shape_make(1, (int64_t[]){(int64_t)visml_dataset_class_count(f->data)});
    f->labelled = !arrays;
    f->shared = f->labelled && visml_dataset_mixes(f->data);
    if (arrays)
        target = visml_shape_make(arrays->shape.rank - 1, arrays->shape.dims + 1);
    VISML_TRY(choose_loss(f, err));
    VISML_TRY(check_logits(f, err));
    int numbers = f->labelled && !f->shared;
    visml_status status = f->loss->cls->check(f->loss, out, numbers, numbers ? NULL : &target, err);
    return status < 0 ? visml_fail_in(err, status, "%s", f->what) : VISML_OK;
}

static visml_status bad_label(const visml_feed *f, int64_t i, int32_t label, visml_error *err) {
    const char *path = visml_dataset_path(f->data, i);
    if (label < 0)
        return visml_fail(err, VISML_EINVAL, "%s: sample %lld%s%s%s has no label", f->what, (long long)i, path ? " (" : "",
                          path ? path : "", path ? ")" : "");
    return visml_fail(err, VISML_EINVAL, "%s: sample %lld%s%s%s has the label %d, must be 0 to %lld: the model's output is %s", f->what,
                      (long long)i, path ? " (" : "", path ? path : "", path ? ")" : "", label, (long long)f->classes - 1,
                      visml_shape_format(&f->output).s);
}

static visml_status check_labels(visml_feed *f, visml_error *err) {
    int64_t named = (int64_t)visml_dataset_class_count(f->data), most = f->width == 1 && f->loss->cls->one_unit ? 2 : f->width;
    f->classes = named && named < most ? named : most;
    if (named > 2 && most == 2 && f->width == 1)
        return visml_fail(err, VISML_EINVAL, "%s: the data has %lld classes, the model's output [1] tells two apart: its last layer must "
                          "have %lld units", f->what, (long long)named, (long long)named);
    if (named > most)
        return visml_fail(err, VISML_EINVAL, "%s: the data has %lld classes, the model's output is %s: its last layer must have %lld units",
                          f->what, (long long)named, visml_shape_format(&f->output).s, (long long)named);
    for (int64_t i = 0; f->data->source->labels && i < f->data->count; i++) {
        int32_t label = visml_dataset_label(f->data, i);
        if (label < 0 || label >= f->classes)
            return bad_label(f, i, label, err);
    }
    return VISML_OK;
}

/* ---- the names of classes ---- */

static visml_status check_names(const visml_feed *f, visml_error *err) {
    const visml_class_names data = {.data = f->data}, model = {.model = f->model};
    size_t at;
    if (!visml_class_names_differ(&data, &model, &at))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: class %zu is \"%s\" in the data, \"%s\" in the model: give the data the model's order with "
                      "visml_dataset_with_classes, or the model the data's names with visml_model_set_classes", f->what, at,
                      visml_class_names_at(&data, at), visml_class_names_at(&model, at));
}

visml_status visml_feed_check_same_classes(const visml_feed *f, const visml_feed *other, visml_error *err) {
    const visml_class_names a = {.data = f->data}, b = {.data = other->data};
    size_t at;
    if (!f->labelled || !other->labelled || !visml_class_names_differ(&a, &b, &at))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: class %zu is \"%s\", in the training data \"%s\": give both the same order with "
                      "visml_dataset_with_classes", f->what, at, visml_class_names_at(&a, at), visml_class_names_at(&b, at));
}

visml_status visml_feed_check_plain(const char *what, const visml_dataset *data, visml_error *err) {
    if (!data || !data->augmentation)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: the dataset is augmented, which is for training; use the one that it was made from", what);
}

visml_status visml_feed_check_classes(const visml_feed *f, visml_error *err) {
    if (!f->labelled || !f->data->source->labels)
        return VISML_OK;
    int32_t first = visml_dataset_label(f->data, 0);
    for (int64_t i = 1; i < f->data->count; i++)
        if (visml_dataset_label(f->data, i) != first)
            return VISML_OK;
    const char *name = visml_dataset_class_name(f->data, (size_t)first);
    return visml_fail(err, VISML_EINVAL, "%s: all %lld samples are of one class, \"%s\": a classifier needs at least two", f->what,
                      (long long)f->data->count, name ? name : "");
}

visml_status visml_feed_check_batches(const visml_feed *f, int32_t batch_size, visml_error *err) {
    size_t node = visml_model_stateful(f->model);
    int64_t count = f->data->count;
    if (!node || count <= batch_size || count % batch_size == 0)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: %lld samples are no multiple of batch_size, %d: \"%s\" is stateful, so that all batches must "
                      "have as many samples", f->what, (long long)count, batch_size, visml_model_layer_name(f->model, node - 1));
}

double visml_feed_threshold(const visml_feed *f) {
    return f->loss ? visml_loss_threshold(f->loss, visml_model_ends_in(f->model)) : 0.5;
}

/* ---- life ---- */

static visml_status check_all(visml_feed *f, int targets, visml_error *err) {
    VISML_TRY(check_images(f, err));
    f->width = f->output.dims[f->output.rank - 1];
    if (!targets)
        return VISML_OK;
    VISML_TRY(check_targets(f, err));
    if (!f->labelled)
        return VISML_OK;
    VISML_TRY(check_labels(f, err));
    return check_names(f, err);
}

visml_status visml_feed_init(visml_feed *f, const char *what, const visml_model *model, visml_dataset *data, const visml_loss *loss,
                             int targets, visml_error *err) {
    if (!model || !data)
        return visml_fail(err, VISML_EINVAL, "%s: %s is NULL, must be a %s", what, model ? "data" : "model", model ? "dataset" : "model");
    if (!model->built)
        return visml_fail(err, VISML_ESTATE, "%s: the model is not built; call visml_model_build first", what);
    if (targets && !visml_dataset_count(data))
        return visml_fail(err, VISML_EINVAL, "%s: the dataset has no samples", what);
    *f = (visml_feed){.what = what, .model = model, .data = data, .loss = loss};
    visml_status status = check_all(f, targets, err);
    if (status < 0)
        visml_feed_clear(f);
    return status;
}

void visml_feed_clear(visml_feed *f) {
    visml_loss_free(f->own_loss);
    if (f->model)
        visml_mem_free(&f->model->context->memory, f->weights);
    memset(f, 0, sizeof *f);
}

/* ---- weights ---- */

static int good_weight(double w) {
    return w >= 0 && isfinite(w);
}

static visml_status check_class_weight(const visml_feed *f, const double *w, visml_error *err) {
    if (!f->labelled || f->shared)
        return visml_fail(err, VISML_EINVAL, "%s: class_weight needs targets that are class numbers%s; use sample_weight", f->what,
                          f->shared ? ", which mix_up and cut_mix make shares of" : "");
    for (int64_t i = 0; i < f->classes; i++)
        if (!good_weight(w[i]))
            return visml_fail(err, VISML_EINVAL, "%s: class_weight[%lld] is %s, must be a finite number of at least 0", f->what,
                              (long long)i, visml_shortest(w[i]).s);
    return VISML_OK;
}

static visml_status check_sample_weight(const visml_feed *f, const visml_tensor *t, visml_error *err) {
    visml_status status = visml_tensor_check("sample_weight", t, VISML_F32, err);
    if (status < 0)
        return visml_fail_in(err, status, "%s", f->what);
    if (t->shape.rank != 1 || t->shape.dims[0] != f->data->count)
        return visml_fail(err, VISML_EINVAL, "%s: sample_weight is %s, must be [%lld], one for each sample", f->what,
                          visml_shape_format(&t->shape).s, (long long)f->data->count);
    const float *w = visml_tensor_data(t);
    for (int64_t i = 0; i < f->data->count; i++)
        if (!good_weight((double)w[i]))
            return visml_fail(err, VISML_EINVAL, "%s: sample_weight[%lld] is %s, must be a finite number of at least 0", f->what,
                              (long long)i, visml_shortest((double)w[i]).s);
    return VISML_OK;
}

visml_status visml_feed_set_weights(visml_feed *f, const double *class_weight, const visml_tensor *sample_weight, int64_t batch,
                                    visml_error *err) {
    if (class_weight)
        VISML_TRY(check_class_weight(f, class_weight, err));
    if (sample_weight)
        VISML_TRY(check_sample_weight(f, sample_weight, err));
    f->class_weight = class_weight;
    f->sample_weight = sample_weight ? visml_tensor_data(sample_weight) : NULL;
    if (class_weight || sample_weight)
        f->weights = visml_mem_zalloc(&f->model->context->memory, (size_t)batch, sizeof *f->weights, err);
    return f->weights || (!class_weight && !sample_weight) ? VISML_OK : VISML_ENOMEM;
}

/* ---- batches ---- */

static visml_status check_batch_labels(const visml_feed *f, const visml_batch *b, const int32_t *labels, visml_error *err) {
    for (int64_t row = 0; row < b->rows; row++)
        if (labels[row] < 0 || labels[row] >= f->classes)
            return bad_label(f, b->indices[row], labels[row], err);
    return VISML_OK;
}

static void weigh(const visml_feed *f, const visml_batch *b, const int32_t *labels) {
    for (int64_t row = 0; row < b->rows; row++) {
        double w = f->class_weight ? f->class_weight[labels[row]] : 1;
        if (f->sample_weight)
            w *= (double)f->sample_weight[b->indices[row]];
        f->weights[row] = (real)w;
    }
}

visml_status visml_feed_batch(const visml_feed *f, visml_batch *b, visml_train_batch *out, visml_error *err) {
    /* Rows that the dataset keeps for invalid images would take part in the means of BatchNorm. */
    if (f->loss && f->data->source->opts.on_invalid == VISML_INVALID_KEEP)
        visml_batch_drop_failed(b);
    const void *targets = visml_tensor_data(b->targets);
    const int32_t *labels = f->labelled && !f->shared ? targets : NULL;
    if (labels)
        VISML_TRY(check_batch_labels(f, b, labels, err));
    if (f->weights)
        weigh(f, b, labels);
    *out = (visml_train_batch){
        .rows = b->rows,
        .x = visml_tensor_data(b->images),
        .x_dtype = visml_tensor_dtype(b->images),
        .labels = labels,
        .targets = f->loss && !labels ? targets : NULL,
        .weights = f->weights,
        .divisor = (double)b->rows,
    };
    return VISML_OK;
}

/* ---- sums ---- */

/* One unit: class 1 is above the threshold. Else the first of equal scores wins. A row with a NaN is wrong. */
static int is_correct(const real *y, int64_t width, double threshold, int32_t label) {
    if (width == 1)
        return !isnan(y[0]) && ((double)y[0] > threshold) == (label == 1);
    for (int64_t i = 0; i < width; i++)
        if (!(i < label ? y[i] < y[label] : y[i] <= y[label]) && i != label)
            return 0;
    return !isnan(y[label]);
}

/* Of a mixed row the class with the largest share, the first of equal ones. */
static int32_t label_of(const visml_feed *f, const visml_train_batch *batch, int64_t row) {
    if (batch->labels)
        return batch->labels[row];
    const real *share = batch->targets + row * f->width;
    int32_t most = 0;
    for (int32_t i = 1; i < f->width; i++)
        most = share[i] > share[most] ? i : most;
    return most;
}

void visml_sums_add(visml_sums *s, const visml_feed *f, const visml_train_batch *batch, double loss, const real *y) {
    const double threshold = visml_feed_threshold(f);
    s->loss += loss;
    s->rows += batch->rows;
    for (int64_t row = 0; f->labelled && row < batch->rows; row++)
        s->correct += is_correct(y + row * f->width, f->width, threshold, label_of(f, batch, row));
}

double visml_sums_loss(const visml_sums *s) {
    return s->rows ? s->loss / (double)s->rows : NAN;
}

double visml_sums_accuracy(const visml_sums *s, const visml_feed *f) {
    return s->rows && f->labelled ? (double)s->correct / (double)s->rows : NAN;
}
