/* The run of `visml train`.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "train.h"

static void train_free(train *r) {
    cli_monitors_free(&r->monitors);
    free(r->class_weight);
    visml_optimizer_free(r->optimizer);
    visml_loss_free(r->loss);
    visml_model_free(r->model);
    visml_dataset_free(r->train);
    visml_dataset_free(r->val);
    visml_context_free(r->ctx);
    free(r->arch);
    free(r->checkpoint_dir);
}

/* ---- progress ------------------------------------------------------------------------------------------------------------------ */

static json_t *describe_epoch(const visml_progress *p, int validated) {
    json_t *o = json_object();
    json_object_set_new(o, "epoch", json_integer(p->epoch + 1));
    json_object_set_new(o, "loss", cli_json_real(p->loss));
    json_object_set_new(o, "accuracy", cli_json_real(p->accuracy));
    if (validated) {
        json_object_set_new(o, "val_loss", cli_json_real(p->val_loss));
        json_object_set_new(o, "val_accuracy", cli_json_real(p->val_accuracy));
    }
    json_object_set_new(o, "seconds", cli_json_real(p->seconds));
    json_object_set_new(o, "images_per_second", cli_json_real(p->images_per_second));
    json_object_set_new(o, "learning_rate", cli_json_real(p->learning_rate));
    json_object_set_new(o, "dropped", json_integer(p->dropped));
    return o;
}

static int32_t epoch_begin(void *user, visml_model *model, const visml_progress *p) {
    const train *r = user;
    (void)model;
    if (r->bar.stream)
        printf("Epoch %d/%d\n", (int)p->epoch + 1, (int)p->epochs);
    return cli_interrupted();
}

static int32_t batch_end(void *user, visml_model *model, const visml_progress *p) {
    train *r = user;
    (void)model;
    if (r->bar.stream && !p->validating)
        cli_bar_draw(&r->bar, p, 0);
    return cli_interrupted();
}

static int32_t epoch_end(void *user, visml_model *model, const visml_progress *p) {
    train *r = user;
    char line[512];
    (void)model;
    if (r->a->json) {
        cli_print_json(describe_epoch(p, r->val != NULL));
    } else if (r->bar.stream) {
        cli_bar_draw(&r->bar, p, 1);
    } else {
        visml_progress_text(p, 0, line, sizeof line);
        puts(line);
        fflush(stdout);
    }
    return cli_interrupted();
}

/* ---- the run ------------------------------------------------------------------------------------------------------------------- */

static void announce(const train *r) {
    const visml_shape *in = visml_model_input_shape(r->model);
    int64_t params = 0;
    for (size_t i = 0; i < visml_model_param_count(r->model); i++) {
        visml_tensor *t = visml_model_param(r->model, i, NULL);
        params += visml_tensor_count(t);
        visml_tensor_release(t);
    }
    printf("%lld images of %zu classes", (long long)visml_dataset_count(r->train), visml_dataset_class_count(r->train));
    if (r->val)
        printf(", %lld to validate with", (long long)visml_dataset_count(r->val));
    if (in->dims[0] == VISML_ANY || in->dims[1] == VISML_ANY)
        printf("; input of any size, here %dx%dx%lld, %lld parameters\n", (int)r->source.height, (int)r->source.width,
               (long long)in->dims[2], (long long)params);
    else
        printf("; input %lldx%lldx%lld, %lld parameters\n", (long long)in->dims[0], (long long)in->dims[1], (long long)in->dims[2],
               (long long)params);
    fflush(stdout);
}

/* With --model-dir. */
static int estimate(train *r, const visml_callback *callback) {
    const train_arguments *a = r->a;
    const visml_train_opts opts = {.size = (uint32_t)sizeof opts, .data = r->train, .batch_size = a->batch, .max_steps = a->max_steps,
                                   .epochs = a->epochs, .loss = r->loss, .optimizer = r->optimizer, .class_weight = r->class_weight,
                                   .monitors = r->monitors.items, .monitor_count = r->monitors.count,
                                   .callbacks = callback, .callback_count = 1};
    return cli_estimate(&a->estimate, r->model, &opts, r->val);
}

static int fit(train *r) {
    const train_arguments *a = r->a;
    visml_error err = {0};
    visml_callback callback = {.size = (uint32_t)sizeof callback, .user = r,
                               .epoch_begin = epoch_begin, .batch_end = batch_end, .epoch_end = epoch_end};
    visml_fit_opts opts = {.size = (uint32_t)sizeof opts, .epochs = a->epochs ? a->epochs : 10, .batch_size = a->batch,
                           .resume = a->resume, .validation = r->val, .loss = r->loss, .optimizer = r->optimizer,
                           .callbacks = &callback, .callback_count = 1,
                           .checkpoint_dir = r->checkpoint_dir, .class_weight = r->class_weight, .monitors = r->monitors.items,
                           .monitor_count = r->monitors.count};
    if (!a->json && isatty(STDOUT_FILENO))
        r->bar.stream = stdout;
    if (a->estimate.model_dir)
        return estimate(r, &callback);
    visml_status status = visml_fit(r->model, r->train, &opts, NULL, &err);
    if (r->bar.stream && r->bar.drawn > 0)
        putchar('\n');
    if (status == VISML_OK)
        return CLI_OK;
    if (status == VISML_ECANCELLED)
        return cli_fail("stopped; the same command with --resume continues from %s", r->checkpoint_dir);
    cli_message("%s", err.message);
    if (access(r->checkpoint, F_OK) == 0)
        cli_message("the last checkpoint is in %s", r->checkpoint_dir);
    else if (!a->checkpoint)
        rmdir(r->checkpoint_dir); /* empty: made for this train */
    return CLI_FAILURE;
}

static int save(train *r) {
    visml_error err = {0};
    if (visml_model_save(r->model, r->a->out, &err) < 0)
        return cli_fail("%s; the trained weights are in %s: the same command with --resume tries again", err.message,
                        r->a->estimate.model_dir ? r->a->estimate.model_dir : r->checkpoint_dir);
    if (!r->a->checkpoint && r->checkpoint_dir) { /* its work is done */
        unlink(r->checkpoint);
        rmdir(r->checkpoint_dir);
    }
    if (!r->a->json)
        printf("saved %s\n", r->a->out);
    return CLI_OK;
}

static int run(train *r) {
    int code = train_setup(r);
    if (code != CLI_OK)
        return code;
    if (!r->a->json)
        announce(r);
    cli_catch_interrupt();
    code = fit(r);
    if (r->a->on_invalid == VISML_INVALID_DROP)
        cli_report_dropped(r->train);
    return code == CLI_OK ? save(r) : code;
}

int train_run(const train_arguments *a) {
    train r = {.a = a};
    int code = run(&r);
    train_free(&r);
    return code;
}
