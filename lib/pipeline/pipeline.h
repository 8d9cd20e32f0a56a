/* The inside of a pipeline. */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include "classify/classifier.h"
#include "feature/features.h"
#include "model/model.h"
#include "model/sizes.h"
#include "visml/pipeline.h"

/* Either features and a classifier, or a network and a classifier, or a network alone. */
struct visml_pipeline {
    visml_context *context;       /* one reference */
    visml_features *given;        /* as they came, for fits to begin with; NULL: a network looks at pictures */
    visml_features *features;     /* as far as they have learned */
    visml_model *network;         /* built; nobody else's */
    visml_classifier *classifier; /* NULL: the network decides */
    visml_shape input;            /* of the pictures that were learned from; rank 0: not known */
    size_t width;                 /* classes; 0: nothing learned */
    char **names;                 /* [width], or NULL: classes have none */
};

/* An empty one. NULL: VISML_ENOMEM. */
visml_pipeline *visml_pipeline_make(visml_context *ctx, visml_error *err);
/* A copy of names (visml_pipeline_names_free). NULL: VISML_ENOMEM. */
char **visml_pipeline_names_copy(visml_context *ctx, const char *const *names, size_t n, visml_error *err);
void visml_pipeline_names_free(visml_context *ctx, char **names, size_t n);
/* How many classes labels [K], ascending, stand for, to *width. Errors: VISML_EINVAL (negative ones). */
visml_status visml_pipeline_measure(const visml_tensor *labels, size_t *width, visml_error *err);
/* Errors: VISML_EINVAL (NULL), VISML_ESTATE. */
visml_status visml_pipeline_check_fitted(const visml_pipeline *p, visml_error *err);

/* ---- pipeline_vectors.c ---- */

/* What a dataset's pictures became. {0} to begin with. */
typedef struct visml_vectors {
    visml_tensor *x;      /* [N, D]; of a network alone its outputs */
    visml_tensor *labels; /* [N], VISML_I32; -1: none */
    visml_tensor *samples; /* [N], VISML_I64: their numbers in the dataset */
} visml_vectors;

/* What looks, whom to tell, and how much memory it may take. */
typedef struct visml_vectors_run {
    const visml_features *features; /* NULL: the network */
    const visml_model *network;
    visml_pipeline_progress_fn progress; /* or NULL */
    void *user;
    uint64_t memory; /* 0: the default */
    int64_t first, count, total; /* for progress, of a part of a dataset: its first picture, its pictures, those of all; total 0: all */
} visml_vectors_run;

/* A row for each valid picture, in the order of the dataset. Errors: as visml_features_extract and visml_predict. */
visml_status visml_vectors_of(const visml_vectors_run *run, visml_dataset *dataset, visml_vectors *v, visml_error *err);
void visml_vectors_clear(visml_vectors *v);
/* The same of `count` pictures from `first` on, of which none need be valid. */
visml_status visml_vectors_of_part(const visml_vectors_run *run, visml_dataset *dataset, int64_t first, int64_t count, visml_vectors *v,
                                   visml_error *err);
/* Errors: VISML_EINVAL (which sample has no label). */
visml_status visml_vectors_check_labels(const visml_vectors *v, const visml_dataset *dataset, visml_error *err);
/* Of pictures in memory. */
visml_tensor *visml_network_run(const visml_model *network, const visml_tensor *images, visml_error *err);
/* Errors: VISML_ECANCELLED. */
visml_status visml_pipeline_tell(visml_pipeline_progress_fn fn, void *user, const visml_pipeline_progress *progress, visml_error *err);

/* ---- pipeline_stream.c ---- */

/* Whether the vectors [length] of a dataset are to be made block by block: more than `memory` bytes, and the classifier can. */
int visml_is_streamed(const visml_classifier *classifier, int64_t pictures, int64_t length, uint64_t memory);
/* Fits a classifier to the vectors of a dataset, of which a block is in memory: in each of its walks over the rows pictures are looked at
 * again. Errors: those of visml_vectors_of and visml_classifier_fit_rows; VISML_EINVAL (a sample without a label). */
visml_status visml_stream_vectors(const visml_vectors_run *run, visml_dataset *dataset, int64_t length, visml_classifier *classifier,
                                  const visml_classifier_fit_opts *opts, visml_error *err);

/* ---- pipeline_run.c ---- */

/* Scores [N, width] of what a pipeline decides by: vectors, or the outputs of a network alone. Errors: as visml_pipeline_scores. */
visml_tensor *visml_pipeline_score_vectors(const visml_pipeline *p, const visml_tensor *x, visml_error *err);

#endif
