/* What the generated calls stand on: one of everything, valid, made anew for each test; and the checks. Public headers only. */
#ifndef API_FIXTURE_H
#define API_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <visml/visml.h>

#include "support/arrow.h"

typedef struct fixture {
    visml_context *ctx;
    visml_tensor *tensor;  /* VISML_F32 [2, 3] */
    visml_tensor *image;   /* VISML_U8 [4, 5, 3] */
    visml_tensor *pixels;  /* VISML_F32 [8, 4]: the images of `dataset`, and x */
    visml_tensor *labels;  /* VISML_I32 [8] */
    visml_tensor *scores;  /* VISML_F32 [8, 2]: also y */
    visml_tensor *weights; /* VISML_F32 [8] */
    visml_tensor *kernel;  /* VISML_F32 [4, 2]: a value for "d/kernel" */
    void *dlpack;          /* of `tensor` */
    visml_dataset *dataset, *folder, *damaged; /* arrays; 4 files; 1 file that is damaged, and known to be */
    visml_augmentation *augmentation; /* a flip */
    visml_dataset *parts[3];
    visml_loader *loader;
    visml_batch *batch;
    visml_layer *layer;    /* a dense with 2 units that no model has */
    visml_loss *loss;
    visml_schedule *schedule;
    visml_optimizer *optimizer;
    visml_model *model;    /* built: 4 -> dense "d" -> 2 */
    visml_model *open;     /* the same, not built */
    visml_model *empty;    /* input 4, no layer */
    visml_session *session;
    visml_quantization *quantization; /* of `model` */
    visml_report *report;
    visml_history *history;
    visml_lr_range *range;
    visml_run_result *result;
    visml_progress progress;
    visml_regions *regions;       /* 2 x 2 cells */
    visml_extractor *extractor;   /* an average */
    visml_aggregator *aggregator; /* a mean */
    visml_transform *transform;   /* a standardization that learned from `pixels` */
    visml_features *features;     /* an average */
    visml_table *table;           /* of `folder`: [4, 3] */
    visml_index *index;           /* of `pixels` */
    visml_tensor *pictures;       /* VISML_U8 [8, 2, 3, 3] */
    visml_tensor *points;         /* VISML_F32 [8, 2] */
    visml_plot *plot;             /* of `points` */
    visml_classifier *classifier; /* naive Bayes that learned from `pixels` and `labels` */
    visml_classifier *trees;      /* a decision tree that did */
    visml_row_source rows;        /* these, in one block */
    visml_pipeline *pipeline;     /* an average and naive Bayes that learned from `folder` */
    visml_model *pictured;        /* built: [4, 5, 3] to two classes */
    int32_t walked;               /* 1: the next call of it ends the walk */
    /* Where results go: filled with 0xA5 before the call. */
    struct {
        visml_dataset *parts[3];
        visml_batch *batch;
        visml_history *history;
        visml_run_result *result;
        visml_report *report;
        visml_tensor *tensors[3];
        double loss, score;
        visml_shape shape;
        char text[256], reason[256];
        visml_image_info info;
        visml_box boxes[4];
        size_t count;
        int64_t length;
        struct ArrowSchema schema;
        struct ArrowArray array;
    } out;
    visml_error err;
    uint64_t used; /* memory of the context before the call */
} fixture;

/* Bytes and names for calls. */
extern const unsigned char *fixture_png, *fixture_file;
extern size_t fixture_png_size, fixture_file_size;
extern const char *const fixture_names[2];
/* "folder/name" in the temporary folder: images/, images.idx, labels.idx, table.csv, split.json, model.visml,
 * features.visml, classifier.visml, pipeline.visml, picture.png; "new" is free. */
const char *fixture_path(const char *name);
extern const visml_shape fixture_shape_2x3;
extern const visml_shape fixture_shape_4;
int32_t fixture_sample(void *user, int64_t index, void *pixels, int32_t *label, char *reason);
void fixture_release(void *user);
double fixture_schedule(void *user, int32_t epoch, double learning_rate);

int fixture_open(void **state);  /* for the whole group: the files */
int fixture_close(void **state);
int fixture_setup(void **state); /* for one test */
int fixture_teardown(void **state);

/* Gives a thing away: the fixture has it no more. */
visml_layer *fixture_take_layer(fixture *f);
void *fixture_take_dlpack(fixture *f);

/* Before the call: fills `out`, notes the memory in use. */
void fixture_before(fixture *f);
/* After a call that must fail: an error with this code (0: any) whose message holds one of the words ("a|b"), outputs untouched, no memory
 * kept. consumed: the call may have given memory back. */
void fixture_failed(fixture *f, int failed, visml_status code, const char *words, int consumed);
/* After a call that must succeed. */
void fixture_succeeded(fixture *f, int succeeded);
/* After a call that may do either: what it says about itself must be true. */
void fixture_either(fixture *f, int succeeded, const char *words);
void fixture_free_dlpack(void *dlpack);
void fixture_free_arrow(fixture *f); /* what is in `out` */

/* A copy of the first n bytes of an options struct in memory that ends there, with its size set to n; n >= 4. Freed by fixture_teardown. */
void *fixture_cut(const void *opts, size_t n);
/* A copy with 16 more bytes, the last of them this; its size is set. */
void *fixture_stretched(const void *opts, size_t n, unsigned char last);

#endif
