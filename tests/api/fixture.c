#include "fixture.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const unsigned char *fixture_png, *fixture_file;
size_t fixture_png_size, fixture_file_size;
const char *const fixture_names[2] = {"zero", "one"};
const visml_shape fixture_shape_2x3 = {.size = sizeof(visml_shape), .rank = 2, .dims = {2, 3}};
const visml_shape fixture_shape_4 = {.size = sizeof(visml_shape), .rank = 1, .dims = {4}};

static char root[] = "/tmp/visml-api-XXXXXX";
static visml_tensor *png_tensor, *file_tensor;
static void *cut;

/* ---- files ---- */

const char *fixture_path(const char *name) {
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void must(int ok, const visml_error *err, const char *what) {
    if (!ok)
        fail_msg("the fixture cannot be made: %s: %s", what, err ? err->message : "");
}

static void write_file(const char *name, const void *bytes, size_t n) {
    FILE *file = fopen(fixture_path(name), "wb");
    must(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, NULL, name);
}

static void write_images(visml_context *ctx, visml_error *err) {
    static const char *const files[4] = {"images/a/1.png", "images/a/2.png", "images/b/1.png", "images/b/2.png"};
    static const char *const folders[4] = {"images", "images/a", "images/b", "damaged"};
    visml_tensor *picture = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(4, 5, 3), err);
    must(picture != NULL, err, "a tensor");
    for (int i = 0; i < 4; i++)
        must(mkdir(fixture_path(folders[i]), 0700) == 0, NULL, folders[i]);
    for (int i = 0; i < 4; i++)
        must(visml_image_write_png(picture, fixture_path(files[i]), err) == VISML_OK, err, files[i]);
    must(visml_image_write_png(picture, fixture_path("picture.png"), err) == VISML_OK, err, "picture.png");
    png_tensor = visml_image_encode_png(picture, err);
    must(png_tensor != NULL, err, "a PNG");
    fixture_png = visml_tensor_data(png_tensor);
    fixture_png_size = (size_t)visml_tensor_count(png_tensor);
    must(mkdir(fixture_path("damaged/a"), 0700) == 0 && mkdir(fixture_path("damaged/b"), 0700) == 0, NULL, "damaged");
    write_file("damaged/a/1.png", fixture_png, fixture_png_size / 2);
    write_file("damaged/b/1.png", fixture_png, fixture_png_size);
    visml_tensor_release(picture);
}

static void write_tables(visml_context *ctx, visml_error *err) {
    static const unsigned char images[16 + 8] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2};
    static const unsigned char labels[8 + 2] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    static const char table[] = "path,label\nimages/a/1.png,a\nimages/b/1.png,b\n";
    write_file("images.idx", images, sizeof images);
    write_file("labels.idx", labels, sizeof labels);
    write_file("table.csv", table, sizeof table - 1);
    visml_dataset *parts[3] = {0}, *folder = visml_dataset_from_folder(ctx, fixture_path("images"), NULL, err);
    must(folder != NULL, err, "a folder");
    must(visml_dataset_split(folder, VISML_OPTS(visml_split_opts, .ratio = {1, 0, 1}), parts, err) == VISML_OK, err, "a split");
    must(visml_split_save(parts, fixture_path("split.json"), err) == VISML_OK, err, "a manifest");
    for (int i = 0; i < 3; i++)
        visml_dataset_free(parts[i]);
    visml_dataset_free(folder);
}

static visml_model *new_model(visml_context *ctx, int layers, int built, visml_error *err) {
    visml_model *model = visml_model_new(ctx, VISML_SHAPE(4), err);
    if (layers)
        visml_model_add(model, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 2, .activation = VISML_SOFTMAX, .name = "d"), err),
                        err);
    must(model && (!built || visml_model_build(model, 1, err) == VISML_OK), err, "a model");
    return model;
}

static void write_model(visml_context *ctx, visml_error *err) {
    visml_model *model = new_model(ctx, 1, 1, err);
    must(visml_model_save(model, fixture_path("model.visml"), err) == VISML_OK, err, "model.visml");
    file_tensor = visml_model_save_memory(model, err);
    must(file_tensor != NULL, err, "a model in memory");
    fixture_file = visml_tensor_data(file_tensor);
    fixture_file_size = (size_t)visml_tensor_count(file_tensor);
    visml_model_free(model);
}

static visml_features *new_features(visml_context *ctx, visml_error *err) {
    visml_features *f = visml_features_new(ctx, NULL, err);
    must(f && visml_features_add(f, visml_extractor_average(ctx, err), err) == VISML_OK, err, "features");
    return f;
}

static void write_features(visml_context *ctx, visml_error *err) {
    visml_features *f = new_features(ctx, err);
    must(visml_features_save(f, fixture_path("features.visml"), err) == VISML_OK, err, "features.visml");
    visml_features_free(f);
}

static visml_classifier *new_classifier(visml_context *ctx, const visml_tensor *x, const visml_tensor *y, visml_error *err) {
    visml_classifier *c = visml_classifier_gaussian_naive_bayes(ctx, NULL, err);
    must(c && visml_classifier_fit(c, x, y, NULL, err) == VISML_OK, err, "a classifier");
    return c;
}

static void write_classifier(visml_context *ctx, visml_error *err) {
    visml_tensor *x = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(2, 4), err), *y = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(2), err);
    must(x && y, err, "tensors");
    visml_classifier *c = new_classifier(ctx, x, y, err);
    must(visml_classifier_save(c, fixture_path("classifier.visml"), err) == VISML_OK, err, "classifier.visml");
    visml_classifier_free(c);
    visml_tensor_release(x);
    visml_tensor_release(y);
}

static visml_pipeline *new_pipeline(visml_context *ctx, visml_dataset *folder, visml_error *err) {
    static const char text[] = "{\"features\": [\"average\"], \"classifier\": \"gaussian_naive_bayes\"}";
    visml_pipeline *p = visml_pipeline_from_json(ctx, text, sizeof text - 1, err);
    must(p && visml_pipeline_fit(p, folder, NULL, err) == VISML_OK, err, "a pipeline");
    return p;
}

static void write_pipeline(visml_context *ctx, visml_error *err) {
    visml_dataset *folder = visml_dataset_from_folder(ctx, fixture_path("images"), NULL, err);
    must(folder != NULL, err, "a dataset");
    visml_pipeline *p = new_pipeline(ctx, folder, err);
    must(visml_pipeline_save(p, fixture_path("pipeline.visml"), err) == VISML_OK, err, "pipeline.visml");
    visml_pipeline_free(p);
    visml_dataset_free(folder);
}

int fixture_open(void **state) {
    visml_error err = {0};
    (void)state;
    must(mkdtemp(root) != NULL, NULL, root);
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1), &err);
    must(ctx != NULL, &err, "a context");
    write_images(ctx, &err);
    write_tables(ctx, &err);
    write_model(ctx, &err);
    write_features(ctx, &err);
    write_classifier(ctx, &err);
    write_pipeline(ctx, &err);
    visml_context_free(ctx);
    return 0;
}

static void remove_below(const char *path) {
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && (e = readdir(folder));) {
        char below[512];
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && remove(below) != 0)
            remove_below(below);
    }
    if (folder)
        closedir(folder);
    remove(path);
}

int fixture_close(void **state) {
    (void)state;
    visml_tensor_release(png_tensor);
    visml_tensor_release(file_tensor);
    remove_below(root);
    return 0;
}

/* ---- one of everything ---- */

int32_t fixture_sample(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    (void)user;
    (void)reason;
    memset(pixels, (int)index, 4);
    *label = (int32_t)(index % 2);
    return 0;
}

double fixture_schedule(void *user, int32_t epoch, double learning_rate) {
    (void)user, (void)epoch;
    return learning_rate;
}

void fixture_release(void *user) {
    (void)user;
}

static void make_tensors(fixture *f, visml_error *err) {
    f->tensor = visml_tensor_new(f->ctx, VISML_F32, VISML_SHAPE(2, 3), err);
    f->image = visml_tensor_new(f->ctx, VISML_U8, VISML_SHAPE(4, 5, 3), err);
    f->pixels = visml_tensor_new(f->ctx, VISML_F32, VISML_SHAPE(8, 4), err);
    f->labels = visml_tensor_new(f->ctx, VISML_I32, VISML_SHAPE(8), err);
    f->scores = visml_tensor_new(f->ctx, VISML_F32, VISML_SHAPE(8, 2), err);
    f->weights = visml_tensor_new(f->ctx, VISML_F32, VISML_SHAPE(8), err);
    f->kernel = visml_tensor_new(f->ctx, VISML_F32, VISML_SHAPE(4, 2), err);
    must(f->tensor && f->image && f->pixels && f->labels && f->scores && f->weights && f->kernel, err, "tensors");
    for (int i = 0; i < 8; i++) {
        ((int32_t *)visml_tensor_data(f->labels))[i] = i % 2;
        ((float *)visml_tensor_data(f->weights))[i] = 1;
    }
    f->dlpack = visml_tensor_to_dlpack(f->tensor, err);
    must(f->dlpack != NULL, err, "a DLPack tensor");
}

static void make_data(fixture *f, visml_error *err) {
    f->dataset = visml_dataset_from_arrays(f->ctx, f->pixels, f->labels, fixture_names, 2, err);
    f->folder = visml_dataset_from_folder(f->ctx, fixture_path("images"), NULL, err);
    f->damaged = visml_dataset_from_folder(f->ctx, fixture_path("damaged"), NULL, err);
    must(f->dataset && f->folder && f->damaged, err, "datasets");
    visml_tensor_release(visml_dataset_read(f->damaged, 0, NULL));
    visml_loader *walk = visml_loader_new(f->damaged, VISML_OPTS(visml_loader_opts, .workers = -1), err);
    visml_batch *batch = NULL;
    while (walk && visml_loader_next(walk, &batch, err) == VISML_OK && batch)
        visml_batch_free(batch);
    visml_loader_free(walk);
    must(visml_dataset_split(f->folder, VISML_OPTS(visml_split_opts, .ratio = {1, 0, 1}), f->parts, err) == VISML_OK, err, "a split");
    f->loader = visml_loader_new(f->dataset, VISML_OPTS(visml_loader_opts, .batch_size = 4), err);
    must(f->loader && visml_loader_next(f->loader, &f->batch, err) == VISML_OK && f->batch, err, "a batch");
}

static void make_networks(fixture *f, visml_error *err) {
    f->layer = visml_dense(f->ctx, VISML_OPTS(visml_dense_opts, .units = 2), err);
    f->loss = visml_sparse_categorical_crossentropy(f->ctx, NULL, err);
    f->optimizer = visml_sgd(f->ctx, NULL, err);
    f->augmentation = visml_random_flip(f->ctx, NULL, err);
    f->schedule = visml_warmup(f->ctx, VISML_OPTS(visml_warmup_opts, .target_learning_rate = 0.1, .warmup_steps = 5), err);
    must(f->layer && f->loss && f->optimizer && f->augmentation && f->schedule, err, "a layer, a loss, an optimizer and more");
    f->model = new_model(f->ctx, 1, 1, err);
    f->open = new_model(f->ctx, 1, 0, err);
    f->empty = new_model(f->ctx, 0, 0, err);
    f->session = visml_session_new(f->model, NULL, err);
    f->quantization = visml_quantize(f->model, f->dataset, VISML_OPTS(visml_quantize_opts, .workers = -1), err);
    must(f->quantization != NULL, err, "a quantization");
    f->report = visml_report_new(f->ctx, 2, err);
    must(f->session && f->report, err, "a session, a report");
    must(visml_fit(f->model, f->dataset, NULL, &f->history, err) == VISML_OK, err, "a history");
    f->range = visml_lr_range_test(f->model, f->dataset, VISML_OPTS(visml_lr_range_opts, .steps = 3, .workers = -1), err);
    must(f->range != NULL, err, "a range test");
    visml_status status = visml_train_and_evaluate(f->model, VISML_OPTS(visml_train_opts, .data = f->dataset, .max_steps = 1),
                                                   VISML_OPTS(visml_eval_opts, .data = f->dataset),
                                                   VISML_OPTS(visml_run_opts, .model_dir = fixture_path("run")), &f->result, err);
    must(status == VISML_OK, err, "a result");
    f->progress = (visml_progress){.size = sizeof f->progress, .epochs = 2, .step = 1, .steps = 2};
}

static void make_features(fixture *f, visml_error *err) {
    f->regions = visml_regions_grid(f->ctx, VISML_OPTS(visml_grid_opts, .rows = 2, .columns = 2), err);
    f->extractor = visml_extractor_average(f->ctx, err);
    f->aggregator = visml_aggregator_mean(f->ctx, err);
    f->transform = visml_transform_standardization(f->ctx, NULL, err);
    f->features = new_features(f->ctx, err);
    must(f->regions && f->extractor && f->aggregator && f->transform, err, "regions, an extractor and more");
    must(visml_transform_fit(f->transform, f->pixels, NULL, err) == VISML_OK, err, "a transform");
    f->table = visml_features_extract(f->features, f->folder, NULL, err);
    must(f->table != NULL, err, "a table");
    f->index = visml_index_new(f->ctx, f->pixels, NULL, err);
    must(f->index != NULL, err, "an index");
}

static void make_plot(fixture *f, visml_error *err) {
    f->pictures = visml_tensor_new(f->ctx, VISML_U8, VISML_SHAPE(8, 2, 3, 3), err);
    f->points = visml_tensor_new(f->ctx, VISML_F32, VISML_SHAPE(8, 2), err);
    must(f->pictures && f->points, err, "tensors");
    f->plot = visml_plot_scatter(f->points, f->labels, fixture_names, 2, NULL, err);
    must(f->plot != NULL, err, "a plot");
}

static int32_t next_rows(void *user, const visml_tensor **x, const visml_tensor **y, const visml_tensor **weights) {
    fixture *f = user;
    (void)weights;
    f->walked = !f->walked;
    *x = f->walked ? f->pixels : NULL;
    *y = f->walked ? f->labels : NULL;
    return 0;
}

static void make_classifier(fixture *f, visml_error *err) {
    f->classifier = new_classifier(f->ctx, f->pixels, f->labels, err);
    f->trees = visml_classifier_decision_tree(f->ctx, NULL, err);
    must(f->trees && visml_classifier_fit(f->trees, f->pixels, f->labels, NULL, err) == VISML_OK, err, "a tree");
    f->rows = (visml_row_source){.size = sizeof f->rows, .next = next_rows, .user = f};
}

static void make_pipeline(fixture *f, visml_error *err) {
    f->pipeline = new_pipeline(f->ctx, f->folder, err);
    f->pictured = visml_model_new(f->ctx, VISML_SHAPE(4, 5, 3), err);
    visml_model_add(f->pictured, visml_conv2d(f->ctx, VISML_OPTS(visml_conv2d_opts, .filters = 2, .kernel_size = {2, 2}), err), err);
    visml_model_add(f->pictured, visml_flatten(f->ctx, NULL, err), err);
    visml_model_add(f->pictured, visml_dense(f->ctx, VISML_OPTS(visml_dense_opts, .units = 2), err), err);
    must(visml_model_build(f->pictured, 1, err) == VISML_OK, err, "a network for pictures");
}

int fixture_setup(void **state) {
    visml_error err = {0};
    fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1), &err);
    must(f->ctx != NULL, &err, "a context");
    make_tensors(f, &err);
    make_data(f, &err);
    make_networks(f, &err);
    make_features(f, &err);
    make_plot(f, &err);
    make_classifier(f, &err);
    make_pipeline(f, &err);
    fixture_before(f);
    return 0;
}

/* The head of DLManagedTensorVersioned, as far as its deleter. */
typedef struct managed {
    uint32_t major, minor;
    void *manager;
    void (*deleter)(struct managed *);
} managed;

void fixture_free_dlpack(void *dlpack) {
    if (dlpack)
        ((managed *)dlpack)->deleter(dlpack);
}

void fixture_free_arrow(fixture *f) {
    f->out.schema.release(&f->out.schema);
    f->out.array.release(&f->out.array);
}

int fixture_teardown(void **state) {
    fixture *f = *state;
    visml_tensor *tensors[] = {f->tensor, f->image, f->pixels, f->labels, f->scores, f->weights, f->kernel, f->pictures, f->points};
    fixture_free_dlpack(f->dlpack);
    visml_batch_free(f->batch);
    visml_loader_free(f->loader);
    for (int i = 0; i < 3; i++)
        visml_dataset_free(f->parts[i]);
    visml_dataset_free(f->dataset);
    visml_dataset_free(f->folder);
    visml_dataset_free(f->damaged);
    visml_layer_free(f->layer);
    visml_loss_free(f->loss);
    visml_schedule_free(f->schedule);
    visml_lr_range_free(f->range);
    visml_optimizer_free(f->optimizer);
    visml_augmentation_free(f->augmentation);
    visml_session_free(f->session);
    visml_quantization_free(f->quantization);
    visml_report_free(f->report);
    visml_history_free(f->history);
    visml_run_result_free(f->result);
    visml_regions_free(f->regions);
    visml_extractor_free(f->extractor);
    visml_aggregator_free(f->aggregator);
    visml_transform_free(f->transform);
    visml_features_free(f->features);
    visml_table_free(f->table);
    visml_index_free(f->index);
    visml_plot_free(f->plot);
    visml_classifier_free(f->classifier);
    visml_classifier_free(f->trees);
    visml_pipeline_free(f->pipeline);
    visml_model_free(f->pictured);
    visml_model_free(f->model);
    visml_model_free(f->open);
    visml_model_free(f->empty);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        visml_tensor_release(tensors[i]);
    uint64_t left = visml_context_memory_used(f->ctx);
    visml_context_free(f->ctx);
    free(f);
    free(cut);
    cut = NULL;
    /* The context counts itself, no more. */
    if (left > 65536)
        print_error("%llu bytes are still in use\n", (unsigned long long)left);
    return left > 65536;
}

visml_layer *fixture_take_layer(fixture *f) {
    visml_layer *layer = f->layer;
    f->layer = NULL;
    return layer;
}

void *fixture_take_dlpack(fixture *f) {
    void *dlpack = f->dlpack;
    f->dlpack = NULL;
    return dlpack;
}

void *fixture_cut(const void *opts, size_t n) {
    free(cut);
    cut = malloc(n);
    memcpy(cut, opts, n);
    memcpy(cut, &(uint32_t){(uint32_t)n}, 4);
    return cut;
}

void *fixture_stretched(const void *opts, size_t n, unsigned char last) {
    free(cut);
    cut = calloc(1, n + 16);
    memcpy(cut, opts, n);
    memcpy(cut, &(uint32_t){(uint32_t)(n + 16)}, 4);
    ((unsigned char *)cut)[n + 15] = last;
    return cut;
}

/* ---- checks ---- */

void fixture_before(fixture *f) {
    memset(&f->out, 0xA5, sizeof f->out);
    f->out.info.size = sizeof f->out.info;
    memset(&f->err, 0, sizeof f->err);
    f->used = visml_context_memory_used(f->ctx);
}

/* One of "a|b" stands in the message as a whole word. */
static int mentions(const char *message, const char *words) {
    for (const char *word = words; *word;) {
        size_t n = strcspn(word, "|");
        for (const char *at = message; *at; at++) {
            int begins = at == message || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
            if (begins && strncmp(at, word, n) == 0 && !(isalnum((unsigned char)at[n]) || at[n] == '_'))
                return 1;
        }
        word += n + (word[n] == '|');
    }
    return 0;
}

static void check_out(const fixture *f) {
    fixture fresh;
    memset(&fresh.out, 0xA5, sizeof fresh.out);
    fresh.out.info.size = sizeof fresh.out.info;
    if (memcmp(&fresh.out, &f->out, sizeof f->out) != 0)
        fail_msg("an output was changed by a call that failed: %s", f->err.message);
}

void fixture_failed(fixture *f, int failed, visml_status code, const char *words, int consumed) {
    if (!failed)
        fail_msg("succeeded; wanted an error about %s", words);
    if (f->err.code >= 0 || !f->err.message[0] || f->err.size != sizeof f->err)
        fail_msg("no error was written; wanted one about %s", words);
    if (code && f->err.code != code)
        fail_msg("%s (%s); wanted %s", visml_status_name(f->err.code), f->err.message, visml_status_name(code));
    if (!mentions(f->err.message, words))
        fail_msg("\"%s\" does not name %s", f->err.message, words);
    check_out(f);
    uint64_t used = visml_context_memory_used(f->ctx);
    if (consumed ? used > f->used : used != f->used)
        fail_msg("%llu bytes in use, were %llu before the call", (unsigned long long)used, (unsigned long long)f->used);
}

void fixture_succeeded(fixture *f, int succeeded) {
    if (!succeeded)
        fail_msg("failed: %s", f->err.message);
    if (f->err.code || f->err.message[0])
        fail_msg("succeeded, but wrote an error: %s", f->err.message);
}

void fixture_either(fixture *f, int succeeded, const char *words) {
    if (succeeded)
        fixture_succeeded(f, 1);
    else
        fixture_failed(f, 1, 0, words, 0);
}
