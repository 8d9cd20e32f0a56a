/* The inside of training: what fit, evaluate and predict share. `err` is never NULL here: the public functions see to that, so that the
 * code of a constructor's failure is at hand. */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include <jansson.h>

#include "data/batch.h"
#include "data/dataset.h"
#include "model/sizes.h"
#include "model/states.h"
#include "nn/optimizer.h"
#include "visml/train.h"

/* ---- feed.c: a dataset's batches in the form that a model takes ---------------------------------------------------------------- */

typedef struct visml_feed {
    const char *what; /* "fit", "evaluate", ...: in messages */
    const visml_model *model;
    visml_dataset *data;
    const visml_loss *loss; /* NULL: targets are not looked at */
    visml_loss *own_loss;   /* the default, when the caller gave none */
    visml_shape input, output; /* of the model, for this data: where the model's input is open, it takes the size of the samples */
    int32_t labelled;       /* 1: samples have class numbers; 0: arrays */
    int32_t shared;         /* 1: batches have shares of the classes in place of their numbers: samples are mixed */
    int64_t width;          /* of the output's last dimension */
    int64_t classes;        /* labels are 0 ... classes - 1 */
    const double *class_weight;
    const float *sample_weight; /* [count] */
    real *weights;              /* [batch] or NULL */
} visml_feed;

/* Checks that data, model and loss (NULL: the default for the data) fit together: images and input, targets and output, labels and classes,
 * the names of classes. targets 0: only the images are looked at. Nothing needs clearing after a failure.
 * Errors: VISML_EINVAL (both sides named), VISML_EFORMAT (no valid image), VISML_ENOMEM. */
visml_status visml_feed_init(visml_feed *f, const char *what, const visml_model *model, visml_dataset *data, const visml_loss *loss,
                             int targets, visml_error *err);
/* Errors: VISML_EINVAL when the dataset is augmented: that is for training. */
visml_status visml_feed_check_plain(const char *what, const visml_dataset *data, visml_error *err);
/* Errors: VISML_EINVAL when all samples are of one class. */
visml_status visml_feed_check_classes(const visml_feed *f, visml_error *err);
/* Errors: VISML_EINVAL when a layer of the model is stateful and not all batches would have as many rows. */
visml_status visml_feed_check_batches(const visml_feed *f, int32_t batch_size, visml_error *err);
/* Where one unit tells two classes apart. */
double visml_feed_threshold(const visml_feed *f);
/* That label i means the same class in both. */
visml_status visml_feed_check_same_classes(const visml_feed *f, const visml_feed *other, visml_error *err);
/* Either may be NULL. Errors: VISML_EINVAL (the first bad weight), VISML_ENOMEM. */
visml_status visml_feed_set_weights(visml_feed *f, const double *class_weight, const visml_tensor *sample_weight, int64_t batch,
                                    visml_error *err);
void visml_feed_clear(visml_feed *f);

/* The rows of a batch (which must be a new one) that are valid, perhaps 0: all fields but step. Errors: VISML_EINVAL (a label). */
visml_status visml_feed_batch(const visml_feed *f, visml_batch *b, visml_train_batch *out, visml_error *err);

/* What is added up over batches, in their order. */
typedef struct visml_sums {
    double loss; /* of rows, weights applied */
    int64_t rows, correct;
} visml_sums;

void visml_sums_add(visml_sums *s, const visml_feed *f, const visml_train_batch *batch, double loss, const real *y);
/* Means; NaN without rows, and the accuracy without labels. */
double visml_sums_loss(const visml_sums *s);
double visml_sums_accuracy(const visml_sums *s, const visml_feed *f);

/* ---- walk.c: one pass over a dataset in inference mode -------------------------------------------------------------------------- */

typedef struct visml_walk {
    visml_feed *feed;
    visml_session *session; /* for batches of batch_size */
    int32_t batch_size, workers;
    /* After each batch, also an empty one. y: [rows, output shape]. A failure ends the walk. */
    visml_status (*each)(void *user, const struct visml_walk *w, const visml_batch *source, const visml_train_batch *batch, const real *y,
                         visml_error *err);
    void *user;
    visml_sums sums;
    int64_t step, steps; /* batches done, and in all */
    int64_t most;        /* batches at most; 0: all */
    double seconds;      /* since it began */
} visml_walk;

/* Rows of a batch that is no larger than the dataset; at least 1. */
int32_t visml_walk_batch(const visml_dataset *data, int32_t batch_size);
visml_status visml_walk_run(visml_walk *w, visml_error *err);
/* Seconds on a clock that only goes forward. */
double visml_walk_clock(void);

/* evaluate.c: the options of evaluate and predict, with defaults. */
visml_status visml_evaluate_read_opts(const char *what, const visml_evaluate_opts *opts, visml_evaluate_opts *out, visml_callback *callback,
                                      visml_error *err);
/* Tells the callback (its batch_end may be NULL) where the walk stands. Errors: VISML_ECANCELLED. */
visml_status visml_evaluate_report_step(const visml_callback *callback, const visml_walk *w, visml_error *err);

/* ---- history.c ------------------------------------------------------------------------------------------------------------------ */

#define VISML_HISTORY_COLUMNS 7
extern const char *const visml_history_names[VISML_HISTORY_COLUMNS + 1]; /* NULL at the end */

/* A monitor's name, which is static. */
void visml_history_set_stopped(visml_history *h, const char *by);
visml_history *visml_history_new(visml_context *ctx, visml_error *err);
/* One epoch's row, taken from the progress at its end. */
visml_status visml_history_add(visml_history *h, const visml_progress *p, visml_error *err);
/* {"loss": [...], ...} with null for NaN; NULL when memory ran out. */
json_t *visml_history_to_json(const visml_history *h);
/* Fills an empty history; each column must have `epochs` numbers. Errors: VISML_EFORMAT, VISML_ENOMEM. */
visml_status visml_history_from_json(visml_history *h, const char *what, const json_t *object, int64_t epochs, visml_error *err);

/* ---- training.c: a caller's callback, and all that a call of visml_fit holds ----------------------------------------------------- */

/* The whole struct from one that may be shorter. Errors: VISML_EINVAL. */
visml_status visml_callback_read(const char *what, const void *theirs, visml_callback *ours, visml_error *err);

typedef struct visml_training {
    const char *what;       /* "fit", "lr_range_test", ...: in messages */
    const char *validating; /* the same for the validation data */
    visml_context *context;
    visml_model *model;
    visml_fit_opts opts; /* checked, with defaults */
    int32_t batch;       /* rows that memory is planned for */
    const visml_optimizer *optimizer;
    visml_optimizer *own_optimizer;
    visml_feed feed, validation; /* validation.data NULL: none */
    visml_callback *callbacks;   /* [opts.callback_count] as whole structs */
    visml_trainer *trainer;
    visml_session *session; /* for validation, or NULL */
    visml_loader *loader;
    real *slots[VISML_MAX_SLOTS]; /* each as model->values[0 ... trainable_count - 1] */
    const char *slot_names[VISML_MAX_SLOTS];
    size_t slot_count;
    visml_variable *variables; /* [variable_count], the trainable parameters */
    size_t variable_count;
    real *untrained; /* values that have no gradient, as they were before the step */
    char *checkpoint; /* path of the file, or NULL */
    visml_history *history;
    size_t monitors_begun; /* opts.monitors[0 ... monitors_begun - 1] are to be cleared */
    int32_t ends_on_nan;   /* 1: a loss that is not finite is an end, not a failure */
    const char *stopped_by; /* of the monitor that ended the run, or NULL */
    struct visml_estimate *estimate; /* of train_and_evaluate, or NULL: see estimate.h */

    /* Where it stands: what a checkpoint holds beside parameters and slots. */
    int64_t epoch, step, steps; /* step: batches done in this epoch, 0 ... steps */
    int64_t updates;            /* steps with a gradient, over all epochs: the optimizer's count */
    double rate;                /* the learning rate that a monitor has set; NaN: the optimizer's own */
    visml_sums sums;            /* of this epoch */
    double seconds;             /* of training in this epoch before `since` */
    double since;               /* the clock when this part of the epoch began */
} visml_training;

/* Checks everything and takes all memory that training needs. On failure nothing needs clearing. what, validating: see above; the caller's,
 * to the end of the run. */
visml_status visml_training_init(visml_training *r, const char *what, const char *validating, visml_model *model, visml_dataset *data,
                                 const visml_fit_opts *opts, visml_error *err);
void visml_training_clear(visml_training *r);
/* The learning rate of the next step. */
double visml_training_rate(const visml_training *r);
/* The loader from where the run stands. */
visml_status visml_training_open_loader(visml_training *r, visml_error *err);
/* What the optimizer's next step works on. */
visml_update visml_training_update(const visml_training *r);
/* Batches done in all. */
int64_t visml_training_steps(const visml_training *r);
/* Errors: VISML_ENONFINITE when a weight is NaN or infinite. */
visml_status visml_training_check_weights(const visml_training *r, visml_error *err);

/* ---- fit.c: from where the run stands to its end --------------------------------------------------------------------------------- */

visml_status visml_training_run(visml_training *r, visml_error *err);
/* Seconds of training in this epoch, or since the last evaluation. */
double visml_training_seconds(const visml_training *r);

/* Forward, backward and the optimizer's step. rate NULL: the optimizer's own learning rate. *loss: the mean over the rows.
 * Errors: VISML_ENONFINITE; parameters and slots are then as before. */
visml_status visml_training_step(visml_training *r, visml_train_batch *batch, const double *rate, double *loss, visml_error *err);

/* ---- checkpoint.c --------------------------------------------------------------------------------------------------------------- */

/* Writes the run's checkpoint; nothing without a path. Errors: VISML_EIO (the old file stands), VISML_ENONFINITE, VISML_ENOMEM. */
visml_status visml_checkpoint_write(const visml_training *r, visml_error *err);
/* Puts the run where its checkpoint stands; nothing when there is no file. Errors: VISML_EIO, VISML_EFORMAT (what differs),
 * VISML_ENOMEM; model and run are then as before. */
visml_status visml_checkpoint_read(visml_training *r, visml_error *err);
/* The same of a file that is there; *damaged is 1 where it is no whole checkpoint, 0 where it is one of something else. */
visml_status visml_checkpoint_load(visml_training *r, int32_t *damaged, visml_error *err);

#endif
