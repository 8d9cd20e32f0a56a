/* visml/pipeline.h - pictures to classes as one object: features or a network that look, a classifier that decides; detection.
 *
 * SPDX-License-Identifier: MIT
 *
 *     visml_pipeline *p = visml_pipeline_new(ctx, features, classifier, &err);
 *     visml_pipeline_fit(p, train_data, NULL, &err);
 *     visml_pipeline_evaluate(p, test_data, NULL, &report, &err);
 *     visml_pipeline_save(p, "photos.visml", &err);
 *     visml_tensor *classes = visml_pipeline_predict(p, images, &err);
 *
 * What looks at pictures is either features (visml/feature.h), or the first layers of a network; or a network does all of it. Classes are
 * numbers, those of the dataset that was learned from, and have its names. Results are the same bits for any number of threads, and after
 * saving and loading.
 *
 * Pictures are tensors [N, H, W, C], or [H, W, C] for one, VISML_U8 or VISML_F32, contiguous, as visml_dataset_read gives them: channels
 * as what was learned from had them, of one size where features do not bring them to one, and of the size of its input for a network.
 *
 * Thread-safety: a pipeline that has learned may be shared by any number of threads; fit, set_classes and free are the owner's.
 */
#ifndef VISML_PIPELINE_H
#define VISML_PIPELINE_H

#include "classify.h"
#include "train.h"

VISML_BEGIN_DECLS

typedef struct visml_pipeline visml_pipeline;
/* Owned by the caller; NULL is accepted. */
VISML_API void visml_pipeline_free(visml_pipeline *pipeline);

/* ---- putting one together ---------------------------------------------------------------------------------------------------- */

/* Features and a classifier (visml_task: VISML_TASK_CLASSIFICATION). *Consumes* both, also on failure or when one is NULL (an error). What
 * either has learned before stays until the pipeline is fitted; where both have, the pipeline is ready, its classes being the labels, which
 * must not be negative. Owned by the caller. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_pipeline *visml_pipeline_new(visml_context *ctx, visml_features *features, visml_classifier *classifier, visml_error *err);

/* How the output [h, w, c] (or [steps, c]) of a layer becomes one vector. */
typedef int32_t visml_layer_pooling;
#define VISML_LAYER_POOLING_AVERAGE 0 /* the mean of each channel, as in Lin, Chen and Yan 2014 */
#define VISML_LAYER_POOLING_MAXIMUM 1 /* the largest of each channel */
#define VISML_LAYER_POOLING_FLATTEN 2 /* all numbers as they lie; not where the size of the input is open */

typedef struct visml_pipeline_network_opts {
    uint32_t size;
    visml_layer_pooling pooling; /* of outputs that are no vector already; default VISML_LAYER_POOLING_AVERAGE */
    const char *layer;           /* whose output is the vector; borrowed during the call; default: the input of the last layer that has
                                    parameters, which is what the network itself decides by */
} visml_pipeline_network_opts;

/* The first layers of a built network, and a classifier in place of its last ones (Donahue et al. 2014, Sharif Razavian et al. 2014). The
 * layers are copied with their parameters: what happens to the model later changes nothing here. *Consumes* the classifier as above. Owned
 * by the caller. Errors: VISML_EINVAL (no such layer), VISML_ESTATE (not built), VISML_ENOMEM. */
VISML_API visml_pipeline *visml_pipeline_from_network(const visml_model *model, const visml_pipeline_network_opts *opts,
                                                      visml_classifier *classifier, visml_error *err);
/* A built network that decides by itself: a copy of all of it and of its classes' names, ready as it is. One output for each class, or a
 * single one for two. Owned by the caller. Errors: as above. */
VISML_API visml_pipeline *visml_pipeline_from_model(const visml_model *model, visml_error *err);

/* From n bytes of JSON, {"features": ..., "classifier": ...}: what visml_features_from_json and visml_classifier_from_json read.
 * Errors: VISML_EFORMAT, VISML_EINVAL, VISML_EUNSUPPORTED (a network: its parameters are no JSON), VISML_ENOMEM. */
VISML_API visml_pipeline *visml_pipeline_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);
/* The same back; a network as visml_model_to_json has it, under "network". Written like visml_model_summary; 0 for NULL or when memory ran
 * out. */
VISML_API size_t visml_pipeline_to_json(const visml_pipeline *pipeline, char *text, size_t capacity);

/* ---- what it is -------------------------------------------------------------------------------------------------------------- */

/* 1 when it can tell classes, else 0. */
VISML_API int32_t visml_pipeline_is_fitted(const visml_pipeline *pipeline);
/* Its parts; borrowed until the next fit. NULL where it has none, or for NULL. */
VISML_API const visml_features *visml_pipeline_features(const visml_pipeline *pipeline);
VISML_API const visml_model *visml_pipeline_network(const visml_pipeline *pipeline);
VISML_API const visml_classifier *visml_pipeline_classifier(const visml_pipeline *pipeline);
/* The shape [H, W, C] of the pictures that it learned from, of the input of a network (VISML_ANY where that is open); borrowed until the
 * next fit. NULL where it is not known: visml_pipeline_new of parts that had learned. */
VISML_API const visml_shape *visml_pipeline_input_shape(const visml_pipeline *pipeline);
/* Numbers in a row of scores: the classes of the dataset, or one more than the largest label; 0 before it has learned. */
VISML_API size_t visml_pipeline_class_count(const visml_pipeline *pipeline);
/* Borrowed until the next fit; NULL out of range, and where classes have no names. */
VISML_API const char *visml_pipeline_class_name(const visml_pipeline *pipeline, size_t i);
/* Other names for the classes; copied. n = 0: none. Errors: VISML_EINVAL (n is not the number of classes; a name is NULL), VISML_ESTATE
 * (not fitted), VISML_ENOMEM; the names are as before then. */
VISML_API visml_status visml_pipeline_set_classes(visml_pipeline *pipeline, const char *const *names, size_t n, visml_error *err);

/* ---- learning ---------------------------------------------------------------------------------------------------------------- */

typedef int32_t visml_pipeline_stage;
#define VISML_PIPELINE_FEATURES 1   /* features learn */
#define VISML_PIPELINE_VECTORS 2    /* pictures become vectors */
#define VISML_PIPELINE_CLASSIFIER 3 /* the classifier learns */

/* Where a long call stands; valid during the call of a function that returns 0 to go on, anything else to stop (VISML_ECANCELLED). */
typedef struct visml_pipeline_progress {
    uint32_t size;
    visml_pipeline_stage stage;
    int64_t done;  /* pictures of a walk; batches with a network; iterations, trees, rounds, ... of the classifier */
    int64_t total; /* at most so many */
    double loss;       /* of the classifier; NaN where it is not known */
    double validation; /* the same of the validation set; NaN without one */
} visml_pipeline_progress;
typedef int32_t (*visml_pipeline_progress_fn)(void *user, const visml_pipeline_progress *progress);

typedef struct visml_pipeline_fit_opts {
    uint32_t size;
    visml_class_weighting class_weighting; /* default VISML_CLASS_WEIGHT_EQUAL */
    uint64_t seed;                         /* default: the context's */
    int64_t sample;                        /* as in visml_feature_run_opts */
    uint64_t memory;                       /* likewise; default 2^31: see visml_pipeline_fit */
    visml_dataset *validation;             /* for early stopping where the classifier has it; default: none */
    visml_pipeline_progress_fn progress;   /* called from the caller's thread; default: none */
    void *user;
} visml_pipeline_fit_opts;

/* Learns from the pictures and labels of a dataset: the features what they had not learned before they came here (after loading: all that
 * there is to learn), then the classifier, anew each time. A network's layers stay as they are; a pipeline of visml_pipeline_from_model is
 * trained by visml_fit. Invalid pictures are passed over and listed by the dataset, as it was told to. Where the vectors of all pictures
 * take more than `memory` bytes, classifiers that can (visml_classifier_fit_rows: sgd, ridge, gaussian_naive_bayes, gradient_boosting) get
 * them block by block, and pictures are looked at again for each of their walks, two to four; the others, and fits with class_weighting
 * or validation, have them all in memory nevertheless. On failure the pipeline is as it was. Errors: those of visml_features_fit and visml_classifier_fit; VISML_EINVAL (a sample without a label is named),
 * VISML_EUNSUPPORTED (a network alone), VISML_ECANCELLED. */
VISML_API visml_status visml_pipeline_fit(visml_pipeline *pipeline, visml_dataset *dataset, const visml_pipeline_fit_opts *opts,
                                          visml_error *err);

/* ---- telling classes --------------------------------------------------------------------------------------------------------- */

/* Of pictures, new tensors (owned). Errors: VISML_EINVAL (pictures that do not fit), VISML_ESTATE (not fitted), VISML_EUNSUPPORTED (there
 * is no such thing), VISML_ENOMEM. Thread-safety: any thread. */
/* VISML_F32 [N, D]: the vectors that the classifier decides by. Not of a network alone. Needs no classifier that has learned. */
VISML_API visml_tensor *visml_pipeline_transform(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err);
/* VISML_I32 [N]: class numbers. */
VISML_API visml_tensor *visml_pipeline_predict(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err);
/* VISML_F32 [N, K], K = visml_pipeline_class_count: how likely each class is; rows add up to 1. Classes that no picture to learn from had
 * get 0. Of a network alone it needs to end in a softmax or a sigmoid. */
VISML_API visml_tensor *visml_pipeline_predict_proba(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err);
/* VISML_F32 [N, K]: the larger the likelier. Probabilities where there are some, else what the classifier decides by, of two classes that
 * one number tells apart that number and its negative; of a network alone its outputs. Classes that no picture to learn from had get 0 or
 * minus infinity. The largest of a row, the first of equals, is what visml_pipeline_predict says: where a classifier decides by other
 * means than the numbers here, its choice is lifted above the others. */
VISML_API visml_tensor *visml_pipeline_scores(const visml_pipeline *pipeline, const visml_tensor *images, visml_error *err);
/* 1 when scores are probabilities, else 0. */
VISML_API int32_t visml_pipeline_has_probabilities(const visml_pipeline *pipeline);

typedef struct visml_pipeline_run_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    uint64_t memory;  /* as in visml_feature_run_opts */
    visml_pipeline_progress_fn progress; /* called from the caller's thread; default: none */
    void *user;
} visml_pipeline_run_opts;

/* The scores of all samples of a dataset, in order: [count, K] (owned); rows of invalid pictures are NaN. Worker threads read and look.
 * Errors: as visml_pipeline_scores, VISML_EIO, VISML_EFORMAT, VISML_ECANCELLED. */
VISML_API visml_tensor *visml_pipeline_score_dataset(const visml_pipeline *pipeline, visml_dataset *dataset,
                                                     const visml_pipeline_run_opts *opts, visml_error *err);
/* How good it is on a labelled dataset: a new report (owned). Invalid pictures are left out of it. Where both name their classes, the names
 * must be the same in the same places (visml_dataset_with_classes). Errors: as above, and VISML_EINVAL (a sample without a label, a class
 * that the pipeline has not, names that differ), VISML_EFORMAT (no valid picture). */
VISML_API visml_status visml_pipeline_evaluate(const visml_pipeline *pipeline, visml_dataset *dataset, const visml_pipeline_run_opts *opts,
                                               visml_report **report, visml_error *err);

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

/* A pipeline that has learned as one file: a bundle of kind "pipeline" (a safetensors file). Written so that a kill leaves the old file or
 * the new one. Errors: VISML_EINVAL, VISML_ESTATE (not fitted), VISML_EIO, VISML_ENOMEM. */
VISML_API visml_status visml_pipeline_save(const visml_pipeline *pipeline, const char *path, visml_error *err);
/* The same pipeline again (owned). Everything that the file says is checked. Errors: VISML_EIO, VISML_EFORMAT (damaged, or no pipeline),
 * VISML_EUNSUPPORTED (of a newer release), VISML_ELIMIT, VISML_ENOMEM. */
VISML_API visml_pipeline *visml_pipeline_load(visml_context *ctx, const char *path, visml_error *err);
/* What a file of this library holds, "model", "pipeline", "features", "classifier", "checkpoint": written like visml_model_summary; 0 when
 * it is none, or cannot be read. */
VISML_API size_t visml_file_kind(visml_context *ctx, const char *path, char *kind, size_t capacity);

/* ---- detection --------------------------------------------------------------------------------------------------------------- */

/* Of boxes that overlap the best (greedy non-maximum suppression; Felzenszwalb et al. 2010): places of the boxes that are kept, the one
 * with the highest score first, of equals the first: VISML_I32 [M] (owned). A box is left out where it shares more than `overlap` (0 ... 1)
 * of their union with one that is kept. boxes: VISML_F32 [N, 4], top, left, height, width, finite, sides not negative; scores: VISML_F32
 * [N], no NaN; contiguous. Errors: VISML_EINVAL, VISML_ENOMEM. Thread-safety: any thread. */
VISML_API visml_tensor *visml_nms(const visml_tensor *boxes, const visml_tensor *scores, double overlap, visml_error *err);

typedef struct visml_detect_opts {
    uint32_t size;
    int32_t height;          /* of the window, in pixels of the picture at its own size: the smallest thing that is found. Give both or */
    int32_t width;           /* neither; default: as the pictures that the pipeline learned from */
    int32_t stride;          /* pixels of the copy from window to window, 1 ... 65,535; default 8 */
    double scale;            /* each picture of the pyramid is so much smaller than the one before, above 1; default 1.2 */
    int32_t scales;          /* pictures of the pyramid, at most; 1 ... 1,000; default: until the window does not fit any more */
    int32_t most;            /* boxes that are given, at most, the best; default 1,000 */
    double threshold;        /* a window counts where the score of its class is above; default 0.5 for probabilities, else 0;
                                VISML_ZERO: 0 */
    double overlap;          /* as in visml_nms, 0 ... 1; default 0.3; VISML_ZERO: 0 */
    const char *background;  /* name of the class of windows without a thing; borrowed during the call; default: there is none */
    visml_pipeline_progress_fn progress; /* of windows; called from the caller's thread; default: none */
    void *user;
} visml_detect_opts;

/* Things in a picture [H, W, C]: a window is moved over it and over smaller and smaller copies of it (Dalal and Triggs 2005; copies are
 * bilinear), windows whose best class is not the background count, of those of one class that overlap the best is kept. The pipeline must
 * have learned from pictures of windows. All three are new tensors (owned), the highest score first: *boxes VISML_F32 [M, 4], top, left,
 * height, width in pixels of the picture; *scores VISML_F32 [M]; *labels VISML_I32 [M]. M may be 0. On failure all are as they were.
 * Errors: VISML_EINVAL (options; a picture that does not fit), VISML_ESTATE (not fitted), VISML_ECANCELLED, VISML_ENOMEM. Thread-safety:
 * any thread. */
VISML_API visml_status visml_pipeline_detect(const visml_pipeline *pipeline, const visml_tensor *image, const visml_detect_opts *opts,
                                             visml_tensor **boxes, visml_tensor **scores, visml_tensor **labels, visml_error *err);

VISML_END_DECLS

#endif /* VISML_PIPELINE_H */
