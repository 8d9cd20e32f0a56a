/* visml/train.h - training, evaluation, prediction over datasets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VISML_TRAIN_H
#define VISML_TRAIN_H

#include "data.h"
#include "metric.h"
#include "model.h"

VISML_BEGIN_DECLS

/* ---- progress and callbacks -------------------------------------------------------------------------------------------------- */

/* Where a run stands. Handed to callbacks; valid during the call only. Fields that do not apply are NaN or 0. */
typedef struct visml_progress {
    uint32_t size;
    int32_t epochs;       /* in all */
    int32_t epoch;        /* 0 ... epochs - 1 */
    int32_t validating;   /* 1: the validation data is being measured; step == steps then */
    int64_t step;         /* batches done in this epoch */
    int64_t steps;        /* batches in an epoch */
    double loss;          /* mean over this epoch up to now */
    double accuracy;      /* the same; NaN when the targets are not classes */
    double val_loss;      /* at the end of an epoch with validation data, else NaN */
    double val_accuracy;
    double seconds;       /* since this epoch began */
    double images_per_second; /* training only, validation time left out */
    double learning_rate; /* of the next step: what a schedule has come to */
    int64_t dropped;      /* invalid images up to now */
} visml_progress;

/* A table of functions, each may be NULL. Return 0 to go on, anything else to stop training at this point (VISML_ECANCELLED; with a
 * checkpoint folder, a checkpoint is written first). Called on the thread that called visml_fit. They may read the model and save it.
 * batch_end is called after each batch of the validation data too, so that a run can be stopped there. A run that is resumed tells of the
 * epoch that it goes on with once more (epoch_begin); a run killed between epoch_end and its checkpoint tells of the end twice. */
typedef struct visml_callback {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    void *user;
    int32_t (*epoch_begin)(void *user, visml_model *model, const visml_progress *progress);
    int32_t (*batch_end)(void *user, visml_model *model, const visml_progress *progress);
    int32_t (*epoch_end)(void *user, visml_model *model, const visml_progress *progress);
} visml_callback;

/* Text in Keras' form. style 0: one line without escape codes ("Epoch 1/5 - 12s - 13ms/step - accuracy: 0.8391 - loss: 0.4513 - ...");
 * style 1: the bar that a terminal overwrites, starting with '\r' and ending with the code that clears the rest of the line ("\r469/938
 * ━━━━━━━━━━────────── 4s 8ms/step - accuracy: 0.8391 - loss: 0.4513"). Length as visml_model_summary; 0 when progress is NULL. */
VISML_API size_t visml_progress_text(const visml_progress *progress, int32_t style, char *text, size_t capacity);

/* ---- monitors ---------------------------------------------------------------------------------------------------------------- */

/* What watches a training run and acts on it: Keras' callbacks (its BackupAndRestore is checkpoint_dir and resume of visml_fit_opts).
 * Owned by the caller; one can be used for one run after another, not for two at a time: each run starts it afresh, and one that resumes
 * takes what it remembers from the checkpoint.
 * All constructors: the options are borrowed during the call, strings are copied; NULL and VISML_EINVAL or VISML_ENOMEM on failure.
 * `monitor` names a number: "loss", "accuracy", "val_loss" or "val_accuracy"; default "val_loss". A run without it is an error. */
typedef struct visml_monitor visml_monitor;
VISML_API void visml_monitor_free(visml_monitor *monitor);

typedef int32_t visml_watch_mode;
#define VISML_MODE_AUTO 0 /* accuracies are to rise, losses to fall */
#define VISML_MODE_MIN 1
#define VISML_MODE_MAX 2

/* Ends the run when the number has not become better for `patience` epochs (Prechelt 1998). */
typedef struct visml_early_stopping_opts {
    uint32_t size;
    int32_t patience;      /* default 0: at the first epoch that is no better */
    const char *monitor;   /* default "val_loss" */
    visml_watch_mode mode; /* default VISML_MODE_AUTO */
    int32_t restore_best_weights; /* 1: at the end the model has the weights of the best epoch, however the run ended */
    double min_delta;      /* what counts as better; default 0; >= 0 */
    double baseline;       /* patience ends also while the number has not been better than this; default 0: none */
    int32_t start_from_epoch; /* epochs before it are not looked at; default 0 */
    int32_t reserved; /* must be 0 */
} visml_early_stopping_opts;
VISML_API visml_monitor *visml_early_stopping(visml_context *ctx, const visml_early_stopping_opts *opts, visml_error *err);

/* Saves the model after epochs as folder/epoch-0001.visml, ..., and keeps the last or the best of these files. */
typedef struct visml_model_checkpoint_opts {
    uint32_t size;
    int32_t keep;          /* files; default 5; 1 ... 100 */
    const char *folder;    /* required; made when it does not exist */
    const char *monitor;   /* of save_best_only; default "val_loss" */
    visml_watch_mode mode; /* default VISML_MODE_AUTO */
    int32_t save_best_only; /* 1: keeps the best, and saves no other */
} visml_model_checkpoint_opts;
VISML_API visml_monitor *visml_model_checkpoint(visml_context *ctx, const visml_model_checkpoint_opts *opts, visml_error *err);

/* Multiplies the learning rate by `factor` when the number has not become better for `patience` epochs. The rate is then fixed: an
 * optimizer's schedule is left behind. */
typedef struct visml_reduce_lr_on_plateau_opts {
    uint32_t size;
    int32_t patience;      /* default 10 */
    const char *monitor;   /* default "val_loss" */
    visml_watch_mode mode; /* default VISML_MODE_AUTO */
    int32_t cooldown;      /* epochs after a reduction in which nothing is counted; default 0 */
    double factor;         /* default 0.1; (0, 1) */
    double min_delta;      /* default 1e-4; >= 0; VISML_ZERO for 0 */
    double min_lr;         /* default 0 */
} visml_reduce_lr_on_plateau_opts;
VISML_API visml_monitor *visml_reduce_lr_on_plateau(visml_context *ctx, const visml_reduce_lr_on_plateau_opts *opts, visml_error *err);

/* The learning rate of each epoch is what the function returns for it. */
typedef struct visml_learning_rate_scheduler_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    void *user;
    double (*schedule)(void *user, int32_t epoch, double learning_rate); /* required; epoch from 0; the rate up to now; must give >= 0 */
} visml_learning_rate_scheduler_opts;
VISML_API visml_monitor *visml_learning_rate_scheduler(visml_context *ctx, const visml_learning_rate_scheduler_opts *opts,
                                                       visml_error *err);

/* The history so far as a CSV table (a line an epoch, columns sorted by name), whole after each epoch and after any kill. */
typedef struct visml_csv_logger_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    const char *path; /* required */
} visml_csv_logger_opts;
VISML_API visml_monitor *visml_csv_logger(visml_context *ctx, const visml_csv_logger_opts *opts, visml_error *err);

/* The same as JSON lines. */
typedef struct visml_json_logger_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
    const char *path; /* required */
} visml_json_logger_opts;
VISML_API visml_monitor *visml_json_logger(visml_context *ctx, const visml_json_logger_opts *opts, visml_error *err);

/* TensorBoard's event files below log_dir/train and log_dir/validation: epoch_loss, epoch_accuracy, epoch_learning_rate; with update_freq
 * also batch_loss, batch_accuracy, batch_learning_rate. */
typedef struct visml_tensorboard_opts {
    uint32_t size;
    int32_t update_freq; /* also after every so many batches; default 0: after epochs only */
    const char *log_dir; /* required; made when it does not exist */
} visml_tensorboard_opts;
VISML_API visml_monitor *visml_tensorboard(visml_context *ctx, const visml_tensorboard_opts *opts, visml_error *err);

/* A loss that is not finite ends the run with the weights from before that step, instead of failing it with VISML_ENONFINITE. */
typedef struct visml_terminate_on_nan_opts {
    uint32_t size;
    int32_t reserved; /* must be 0 */
} visml_terminate_on_nan_opts;
VISML_API visml_monitor *visml_terminate_on_nan(visml_context *ctx, const visml_terminate_on_nan_opts *opts, visml_error *err);

/* A monitor (owned) from a JSON object (n bytes): {"class": "early_stopping", "patience": 3}. All but learning_rate_scheduler.
 * Errors: VISML_EFORMAT (line and column, or the key), VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_monitor *visml_monitor_from_json(visml_context *ctx, const char *text, size_t n, visml_error *err);

/* ---- fit --------------------------------------------------------------------------------------------------------------------- */

typedef struct visml_fit_opts {
    uint32_t size;
    int32_t epochs;               /* default 1 */
    int32_t batch_size;           /* default 32 */
    int32_t no_shuffle;           /* 1: samples in their order, each epoch */
    int32_t workers;              /* of the loaders; default as visml_loader_opts */
    int32_t resume;               /* 1: go on from the newest checkpoint in checkpoint_dir, where there is one. Model, data, batch_size,
                                     no_shuffle, seed, loss, optimizer and weights must be the same; what is left may change */
    int64_t checkpoint_steps;     /* a checkpoint also every so many batches; default 0: at the end of epochs only */
    uint64_t seed;                /* of order and dropout; default: the context's */
    visml_dataset *validation;    /* measured at the end of each epoch; borrowed; default: none */
    const visml_loss *loss;       /* borrowed; default: sparse categorical cross-entropy for class labels (binary cross-entropy where the
                                     model has one unit), mean squared error for arrays */
    const visml_optimizer *optimizer; /* borrowed; default: Adam with its defaults */
    const double *class_weight;   /* a factor >= 0 for the loss of each class, [classes of the data, or of the model where the data does not
                                     name them: 2 for one unit]; borrowed; default 1 */
    const visml_tensor *sample_weight; /* the same for each sample, VISML_F32 [dataset's count]; borrowed; default 1. Weights change loss
                                     and gradients, not the accuracy; means are over rows, whatever their weights */
    const visml_callback *callbacks;   /* [callback_count]; borrowed */
    size_t callback_count;
    const char *checkpoint_dir;   /* made when it does not exist; default: no checkpoints. Holds checkpoint.visml, always whole */
    visml_monitor *const *monitors; /* [monitor_count]; borrowed, in use until the call returns; called before the callbacks */
    size_t monitor_count;
} visml_fit_opts;

/* What a run recorded: one row an epoch. Owned by the caller. */
typedef struct visml_history visml_history;
VISML_API void visml_history_free(visml_history *history);
VISML_API size_t visml_history_epochs(const visml_history *history);
/* "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "images_per_second", "learning_rate"; NaN when there is no such value. */
VISML_API double visml_history_get(const visml_history *history, const char *name, size_t epoch);
/* The kind of the monitor that ended the run early, "early_stopping" say. Borrowed; NULL when none did. */
VISML_API const char *visml_history_stopped_by(const visml_history *history);

/* Trains a built model. The same bits come out for any number of threads and workers, and for a run that was killed and resumed.
 * Rows of invalid images take no part, whether they are dropped or kept; a batch without valid rows is passed over. (With
 * VISML_INVALID_ERROR the call fails at the first.)
 * *history (NULL allowed): a new object, also when the run was cancelled or stopped at a loss that is not finite (the rows that are
 * complete). The model must not be used by others meanwhile. Once training has begun, a call that fails leaves the model with the weights
 * that it has reached. On VISML_ENONFINITE the message names epoch and step, the model has the weights before that step, and the last
 * checkpoint stands.
 * Errors: VISML_EINVAL (labels out of range, shapes or names of classes that do not fit: both named; samples of one class only),
 * VISML_ESTATE, VISML_ECANCELLED, VISML_ENONFINITE, VISML_EIO, VISML_EFORMAT (a checkpoint of another model or other options; no valid
 * image, or an invalid one with VISML_INVALID_ERROR), VISML_ENOMEM. */
VISML_API visml_status visml_fit(visml_model *model, visml_dataset *data, const visml_fit_opts *opts, visml_history **history,
                                 visml_error *err);

/* ---- learning-rate range test ------------------------------------------------------------------------------------------------ */

typedef struct visml_lr_range_opts {
    uint32_t size;
    int32_t batch_size;  /* default 32 */
    int32_t steps;       /* batches; default 100; at least 2, at most 1,000,000 */
    int32_t workers;     /* default as visml_loader_opts */
    double start;        /* the first learning rate; default 1e-7; > 0 */
    double end;          /* the last; default 10; above start */
    double smoothing;    /* share of the average before in each smoothed loss; default 0.9; [0, 1); VISML_ZERO for 0 */
    double stop_factor;  /* the test ends when the smoothed loss is so many times its smallest value; default 4; above 1 */
    uint64_t seed;       /* as visml_fit_opts */
    const visml_loss *loss;           /* borrowed; default as visml_fit_opts */
    const visml_optimizer *optimizer; /* borrowed; its learning rate and schedule are not used; default: Adam with its defaults */
    const visml_callback *callback;   /* batch_end only; borrowed; default: none */
} visml_lr_range_opts;

/* What a range test saw, a row a step. Owned by the caller. */
typedef struct visml_lr_range visml_lr_range;
VISML_API void visml_lr_range_free(visml_lr_range *range);
VISML_API size_t visml_lr_range_count(const visml_lr_range *range);
/* Of step i: the learning rate, the loss of its batch before the step, and the smoothed loss; NaN when i is out of range. */
VISML_API double visml_lr_range_learning_rate(const visml_lr_range *range, size_t i);
VISML_API double visml_lr_range_loss(const visml_lr_range *range, size_t i);
VISML_API double visml_lr_range_smoothed(const visml_lr_range *range, size_t i);
/* The rate at which the smoothed loss falls fastest, before its minimum; NaN when it does not fall. The first steps,
 * whose averages are of few losses, do not count. A good largest learning rate. */
VISML_API double visml_lr_range_suggestion(const visml_lr_range *range);

/* The learning-rate range test (Smith 2017): a training run of a few steps whose learning rate grows from start to end, each time by the
 * same factor. The model has the weights from before when the call returns, whatever came of it; it must not be used by others meanwhile.
 * The test ends before its last step when the loss has grown too large or is not finite. The same numbers come out for any number of
 * threads. Errors: as visml_fit. */
VISML_API visml_lr_range *visml_lr_range_test(visml_model *model, visml_dataset *data, const visml_lr_range_opts *opts, visml_error *err);

/* ---- train and evaluate ------------------------------------------------------------------------------------------------------ */

/* What is trained on. */
typedef struct visml_train_opts {
    uint32_t size;
    int32_t batch_size;           /* default 32 */
    visml_dataset *data;          /* required; borrowed */
    int64_t max_steps;            /* batches in all, those of earlier calls on the same model_dir counted; required */
    int32_t epochs;               /* ends also after so many times over the data; default: as often as max_steps needs */
    int32_t no_shuffle;           /* 1: samples in their order, each epoch */
    const visml_loss *loss;       /* these four as in visml_fit_opts */
    const visml_optimizer *optimizer;
    const double *class_weight;
    const visml_tensor *sample_weight;
    visml_monitor *const *monitors; /* [monitor_count]; as in visml_fit_opts, but that one evaluation is what an epoch is there */
    size_t monitor_count;
    const visml_callback *callbacks; /* [callback_count]; the same. `epochs` is 0 and `steps` 0 where nobody knows how many there will be */
    size_t callback_count;
} visml_train_opts;

typedef int32_t visml_exporter_kind;
#define VISML_EXPORT_LATEST 0 /* after each evaluation; the last `keep` stay */
#define VISML_EXPORT_BEST 1   /* after each evaluation that is one of the `keep` best up to now */
#define VISML_EXPORT_FINAL 2  /* once, at the end: the model as the call leaves it */

/* Puts the model into files model_dir/export/NAME/step-000000100.visml, which visml_model_load reads. The folder is the exporter's own:
 * other files of that form in it are removed. */
typedef struct visml_exporter_opts {
    uint32_t size;
    visml_exporter_kind kind;
    const char *name;      /* of the folder; default "latest", "best" or "final"; no two alike; borrowed */
    const char *monitor;   /* what the best have: as visml_early_stopping_opts; default: that of the visml_eval_opts; borrowed */
    visml_watch_mode mode;
    int32_t keep;          /* files; default 5; 1 ... 100; VISML_EXPORT_FINAL always has one */
} visml_exporter_opts;

/* What is measured, and when: at the first of the moments below that comes, and always at the end. */
typedef struct visml_eval_opts {
    uint32_t size;
    int32_t every_epochs;  /* after so many times over the training data; default 1 where none of the three is given */
    visml_dataset *data;   /* required; borrowed */
    int64_t steps;         /* batches that are looked at; default: all */
    int64_t every_steps;   /* at each multiple of so many batches of training */
    double every_seconds;  /* after so many seconds of training; what a monitor does then depends on the clock */
    const visml_exporter_opts *exporters; /* [exporter_count]; borrowed */
    size_t exporter_count;
    const char *monitor;   /* what "best" means in the result and for exporters; default "val_loss"; borrowed */
    visml_watch_mode mode;
    int32_t reserved; /* must be 0 */
} visml_eval_opts;

/* How it is run. */
typedef struct visml_run_opts {
    uint32_t size;
    int32_t keep_checkpoints;  /* files; default 5; 1 ... 100 */
    const char *model_dir;     /* required; made when it does not exist; holds checkpoint-STEP.visml and export/; borrowed */
    int64_t checkpoint_steps;  /* a checkpoint also at each multiple of so many batches; there is always one after an evaluation */
    double checkpoint_seconds; /* and when so many seconds went by without one */
    uint64_t seed;             /* of order and dropout; default: the context's */
    int32_t workers;           /* of the loaders; default as visml_loader_opts */
    int32_t reserved; /* must be 0 */
} visml_run_opts;

/* How it went. Owned by the caller; what its functions return is borrowed. All of them take NULL. */
typedef struct visml_run_result visml_run_result;
VISML_API void visml_run_result_free(visml_run_result *result);
/* "max_steps", "end_of_input" (epochs), or the kind of the monitor that ended it; NULL when it has not come to its end. */
VISML_API const char *visml_run_result_ended_by(const visml_run_result *result);
/* "global_step" (batches in all), "epochs" (whole ones), "evaluations"; "loss", "accuracy", "val_loss", "val_accuracy" of the last
 * evaluation and, with "best_" before them, of the best; "best_step". NaN when there is no such value. */
VISML_API double visml_run_result_get(const visml_run_result *result, const char *name);
/* A row an evaluation. */
VISML_API const visml_history *visml_run_result_history(const visml_run_result *result);
/* The path of the best file of the first VISML_EXPORT_BEST; NULL when there is none. */
VISML_API const char *visml_run_result_best_export(const visml_run_result *result);
/* A line for each damaged checkpoint that was passed over; NULL when there was none. The context's log has them, too. */
VISML_API const char *visml_run_result_passed_over(const visml_run_result *result);

/* Trains a built model, measures it again and again, keeps checkpoints and exports in a folder, and goes on from where the newest
 * checkpoint there stands: called again after a kill, a crash or a stop, it comes to the same weights and the same exports as if nothing
 * had happened (as long as every_seconds is 0). Called again after its end it changes nothing and gives the same result; with more
 * max_steps it goes on, unless a monitor has ended it. All that visml_fit says is true here.
 * Checkpoints and exports are whole at any moment. A damaged checkpoint is passed over in favour of the one before; where all are damaged,
 * the call fails and touches nothing. At the end the model has the weights of the last step, or what early_stopping puts back.
 * *result (NULL allowed): a new object, also when the call fails after it has begun to look for checkpoints: it tells how far it came.
 * Two calls must not use one model_dir at a time.
 * Errors: as visml_fit, and VISML_EFORMAT for a damaged checkpoint without one before it, or no valid image to evaluate with. */
VISML_API visml_status visml_train_and_evaluate(visml_model *model, const visml_train_opts *train, const visml_eval_opts *eval,
                                                const visml_run_opts *run, visml_run_result **result, visml_error *err);

/* ---- quantize ---------------------------------------------------------------------------------------------------------------- */

typedef struct visml_quantize_opts {
    uint32_t size;
    int32_t batch_size;  /* default 32 */
    int32_t workers;     /* default as visml_loader_opts */
    int32_t reserved; /* must be 0 */
    int64_t samples;     /* images that are looked at, evenly over the dataset; default 512, or all where there are fewer */
    double percentile;   /* of 100 values of an array so many lie in the range that bytes stand for, the others become its ends: above 50,
                          * at most 100 (the smallest and the largest value); default 99.99 */
    const visml_callback *callback; /* batch_end only; borrowed; default: none */
} visml_quantize_opts;

/* Looks at a model on images like those that it will be used on, and notes how each of its arrays is to be kept in bytes: unsigned, with a
 * zero and a scale an array; weights will be signed bytes with a scale for each filter. Labels are not looked at. Owned by the caller; for
 * visml_session_opts and visml_evaluate_opts. Where the images are bytes (VISML_U8), sessions take bytes as they are, and round floats to
 * bytes. It stays right for the weights that the model has: after more training make a new one. Results are the same at every CPU level
 * (but for sigmoid and tanh on SSE4.1) and for any number of threads.
 * Errors: VISML_EINVAL, VISML_ESTATE (not built), VISML_ECANCELLED, VISML_EFORMAT (no valid image), VISML_ENOMEM. */
VISML_API visml_quantization *visml_quantize(const visml_model *model, visml_dataset *data, const visml_quantize_opts *opts,
                                             visml_error *err);

/* ---- evaluate, predict ------------------------------------------------------------------------------------------------------- */

typedef struct visml_evaluate_opts {
    uint32_t size;
    int32_t batch_size;      /* default 32 */
    int32_t workers;         /* default as visml_loader_opts */
    int32_t reserved; /* must be 0 */
    const visml_loss *loss;  /* borrowed; default as visml_fit_opts */
    const visml_callback *callback; /* batch_end only; borrowed; default: none */
    const visml_quantization *quantization; /* of this model: runs on bytes; borrowed; default: floats */
} visml_evaluate_opts;

/* Loss and report of a model on a dataset. *loss and *report (either NULL when not wanted) are written on success; the report is owned by
 * the caller, and needs class labels. Invalid images are left out of both. Where model and data name their classes, the names must be the
 * same in the same places (visml_dataset_with_classes). With a quantization loss and report are those of the network on bytes; for a report
 * the network then runs on floats as well, so that visml_report_float_accuracy tells what was lost. Errors: VISML_EINVAL, VISML_ESTATE,
 * VISML_ECANCELLED, VISML_EFORMAT (no valid image, or an invalid one with VISML_INVALID_ERROR), VISML_EUNSUPPORTED (as
 * visml_session_new), VISML_ENOMEM. */
VISML_API visml_status visml_evaluate(const visml_model *model, visml_dataset *data, const visml_evaluate_opts *opts, double *loss,
                                      visml_report **report, visml_error *err);

/* The outputs for all samples of a dataset, in order: a new VISML_F32 tensor [count, output shape] (owned); rows of invalid images are NaN.
 * opts: loss is not used. Errors: as visml_evaluate. */
VISML_API visml_tensor *visml_predict(const visml_model *model, visml_dataset *data, const visml_evaluate_opts *opts, visml_error *err);

VISML_END_DECLS

#endif /* VISML_TRAIN_H */
