/* What visml_train_and_evaluate adds to a training run: when to evaluate and to write a checkpoint, which files to keep, how it went.
 * estimate.c checks the options and runs; estimate_schedule.c says when; estimate_checkpoint.c writes and finds checkpoints; exporter.c
 * exports; run_result.c tells. The moments depend on the number of steps alone (seconds aside), so that a run that was killed comes to the
 * same ones again. */
#ifndef TRAIN_ESTIMATE_H
#define TRAIN_ESTIMATE_H

#include "base/text.h"
#include "train/kept.h"
#include "train/train.h"

typedef struct visml_exporter {
    visml_exporter_opts opts; /* checked, with defaults */
    char *folder;             /* model_dir/export/NAME */
    visml_kept kept;
} visml_exporter;

typedef struct visml_estimate {
    visml_train_opts train;
    visml_eval_opts eval;
    visml_run_opts run;
    visml_exporter *exporters; /* [eval.exporter_count] */
    visml_kept_rule checkpoints;
    visml_text passed_over;
    double written;  /* when the last checkpoint was, on visml_walk_clock */
    int64_t limit;   /* steps at which the run ends */
    int64_t began;   /* steps at the last evaluation; 0: none yet */
    int64_t best_step, best_row; /* of the best evaluation, in the history; -1: none yet */
} visml_estimate;

/* ---- estimate_schedule.c ------------------------------------------------------------------------------------------------------------- */

/* Whether it is time for an evaluation; whether it has taken place here; whether nothing more is to come. */
int visml_estimate_due(const visml_training *r);
int visml_estimate_is_evaluated(const visml_training *r);
int visml_estimate_ended(const visml_training *r);
/* Batches of an evaluation; 0: all. Also for fit. */
int64_t visml_estimate_eval_steps(const visml_training *r);
/* A checkpoint between evaluations. */
int visml_estimate_write_due(const visml_training *r);
/* What is an epoch for fit is the way to the next evaluation here. */
void visml_estimate_place(const visml_training *r, visml_progress *p);

/* ---- estimate_checkpoint.c ----------------------------------------------------------------------------------------------------------- */

/* checkpoint-STEP.visml; older ones go. */
visml_status visml_estimate_write(visml_training *r, visml_error *err);
/* Goes to where the newest whole checkpoint stands. Errors: as visml_checkpoint_read; VISML_EFORMAT when all that there are are damaged. */
visml_status visml_estimate_resume(visml_training *r, visml_error *err);
/* Its part of a checkpoint; NULL when memory ran out. *rows: how many the history has. */
json_t *visml_estimate_to_json(const visml_training *r);
visml_status visml_estimate_from_json(visml_training *r, const json_t *training, int64_t *rows, visml_error *err);

/* ---- exporter.c ---------------------------------------------------------------------------------------------------------------------- */

/* Takes the exporters of e->eval. Errors: VISML_EINVAL, VISML_EIO, VISML_ENOMEM; visml_exporters_clear is to be called in any case. */
visml_status visml_exporters_init(visml_estimate *e, visml_training *r, visml_error *err);
void visml_exporters_clear(visml_estimate *e, visml_memory *m);
visml_kept_rule visml_exporter_rule(const visml_exporter *x);
/* After an evaluation: notes the best, exports. */
visml_status visml_estimate_evaluated(visml_training *r, const visml_progress *p, visml_error *err);
/* At the end. */
visml_status visml_exporters_finish(visml_training *r, visml_error *err);
/* The path of the best file (to be freed), or NULL. */
char *visml_exporters_best(const visml_estimate *e, visml_memory *m, visml_error *err);

/* ---- run_result.c -------------------------------------------------------------------------------------------------------------------- */

/* How the run stands; takes its history. ended: it has come to its end. */
visml_run_result *visml_run_result_of(visml_training *r, int ended, visml_error *err);

#endif
