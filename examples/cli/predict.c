/* visml predict: the class of images, in the order in which they were given.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "paths.h"

static const char details[] =
    "PATH is an image, or a folder: then all images below it. `-` reads paths from standard input, one a line; results come as soon as\n"
    "the lines do. The images are prepared as the model file says; a model whose input has an open size (null) takes each as it is.\n"
    "Each line is: path, class, probability, with --top K followed by the next best classes; tabs in between. With --json one object a\n"
    "line: path, label, probability, top (a list of label and probability); or path and error for what is no readable image. Of a\n"
    "pipeline whose classifier has no probabilities the number is called score: the larger the likelier.\n"
    "Exit status: 0 done, 1 failed or no image could be read, 2 the command line is wrong.\n"
    "\nExamples:\n"
    "  visml predict model.visml photo.jpg\n"
    "  visml predict model.visml photos --top 3 --json\n"
    "  find . -name '*.jpg' | visml predict model.visml -\n";

enum { GROUP = 256 }; /* images that are computed and printed together */

typedef struct arguments {
    int32_t top, threads, json;
} arguments;

typedef struct run {
    const arguments *a;
    visml_context *ctx;
    cli_subject subject;
    const char *score; /* what the numbers are called: "probability", or "score" where they are none */
    visml_source_opts opts;
    visml_shape shape;  /* of a prepared picture; VISML_ANY where it keeps its own size */
    visml_session *session; /* of a model that takes pictures of any size, one by one; else NULL */
    visml_tensor *scores;   /* [1, classes], with a session */
    size_t classes;
    int64_t done, failed;
    /* the group under way */
    char *const *paths;
    char *errors[GROUP]; /* why an image could not be read; NULL: it could, or memory ran out */
} run;

/* ---- reading ------------------------------------------------------------------------------------------------------------------- */

static visml_tensor *prepare(const run *r, const char *path, visml_error *err) {
    visml_decode_opts decode = {.size = (uint32_t)sizeof decode, .color = r->opts.color};
    visml_tensor *picture = visml_image_read(r->ctx, path, &decode, err);
    if (!picture)
        return NULL;
    const int64_t *own = visml_tensor_shape(picture)->dims, *wanted = r->shape.dims;
    const int64_t height = wanted[0] == VISML_ANY ? own[0] : wanted[0], width = wanted[1] == VISML_ANY ? own[1] : wanted[1];
    visml_tensor *fitted = visml_image_fit(picture, height, width, r->opts.fit, r->opts.filter, err);
    visml_tensor_release(picture);
    return fitted;
}

/* A visml_sample_fn. Each call writes its own place in errors: threads do not meet. */
static int32_t read_sample(void *user, int64_t index, void *pixels, int32_t *label, char *reason) {
    run *r = user;
    visml_error err = {0};
    visml_tensor *picture = prepare(r, r->paths[index], &err);
    *label = 0;
    if (!picture) {
        free(r->errors[index]);
        r->errors[index] = strdup(err.message);
        snprintf(reason, 256, "%.255s", err.message);
        return 1;
    }
    memcpy(pixels, visml_tensor_data(picture), (size_t)visml_tensor_count(picture));
    visml_tensor_release(picture);
    return 0;
}

/* ---- printing ------------------------------------------------------------------------------------------------------------------ */

/* The numbers of the k largest scores, the largest first, the first of equals first. */
static void best(const float *scores, size_t n, size_t k, size_t *order) {
    for (size_t place = 0; place < k; place++) {
        size_t found = n;
        for (size_t i = 0; i < n; i++) {
            int taken = 0;
            for (size_t j = 0; j < place && !taken; j++)
                taken = order[j] == i;
            if (!taken && (found == n || scores[i] > scores[found]))
                found = i;
        }
        order[place] = found;
    }
}

static int print_json(const run *r, const char *path, const float *scores, const size_t *order, size_t k) {
    char number[24];
    json_t *o = json_object(), *top = json_array();
    json_object_set_new(o, "path", cli_json_string(path));
    json_object_set_new(o, "label", cli_json_string(cli_subject_class(&r->subject, order[0], number)));
    json_object_set_new(o, r->score, cli_json_float(scores[order[0]]));
    for (size_t i = 0; i < k; i++)
        json_array_append_new(top, json_pack("{s:o, s:o}", "label", cli_json_string(cli_subject_class(&r->subject, order[i], number)),
                                             r->score, cli_json_float(scores[order[i]])));
    json_object_set_new(o, "top", top);
    return cli_print_json(o);
}

static int print_result(const run *r, const char *path, const float *scores) {
    enum { MOST = 1000 };
    size_t order[MOST] = {0}, k = (size_t)r->a->top < r->classes ? (size_t)r->a->top : r->classes;
    char number[24];
    best(scores, r->classes, k, order);
    if (r->a->json)
        return print_json(r, path, scores, order, k);
    fputs(path, stdout);
    for (size_t i = 0; i < k; i++)
        printf("\t%s\t%.4f", cli_subject_class(&r->subject, order[i], number), (double)scores[order[i]]);
    putchar('\n');
    return CLI_OK;
}

static int print_error(run *r, const char *path, const char *error) {
    size_t n = strlen(path);
    r->failed++;
    if (strncmp(error, path, n) == 0 && strncmp(error + n, ": ", 2) == 0)
        error += n + 2;
    if (r->a->json)
        return cli_print_json(json_pack("{s:o, s:o}", "path", cli_json_string(path), "error", cli_json_string(error)));
    cli_message("%s: %s", path, error);
    return CLI_OK;
}

/* ---- computing ----------------------------------------------------------------------------------------------------------------- */

/* A batch of one picture, in its own size. Pictures are no sequel to each other: stateful layers begin anew with each. */
static visml_status predict_picture(run *r, const char *path, visml_error *err) {
    visml_session_reset(r->session);
    visml_tensor *picture = prepare(r, path, err);
    const int64_t *d = picture ? visml_tensor_shape(picture)->dims : NULL;
    visml_tensor *x = picture ? visml_tensor_reshape(picture, VISML_SHAPE(1, d[0], d[1], d[2]), err) : NULL;
    visml_status status = x ? visml_session_run(r->session, x, r->scores, err) : err->code;
    visml_tensor_release(x);
    visml_tensor_release(picture);
    return status;
}

static int predict_one_by_one(run *r, char *const *list, size_t n) {
    int code = CLI_OK;
    for (size_t i = 0; i < n && code == CLI_OK; i++) {
        visml_error err = {0};
        visml_status status = predict_picture(r, list[i], &err);
        r->done++;
        code = status < 0 ? print_error(r, list[i], err.message) : print_result(r, list[i], visml_tensor_data(r->scores));
        fflush(stdout);
    }
    return code;
}

static int predict_group(run *r, char *const *list, size_t n) {
    if (r->session)
        return predict_one_by_one(r, list, n);
    visml_error err = {0};
    visml_tensor *scores = NULL;
    visml_source_opts keep = {.size = (uint32_t)sizeof keep, .on_invalid = VISML_INVALID_KEEP};
    r->paths = list;
    visml_dataset *ds = visml_dataset_from_callback(r->ctx, (int64_t)n, VISML_U8, &r->shape, NULL, r->classes, read_sample, r, &keep, &err);
    if (ds)
        scores = r->subject.model ? visml_predict(r->subject.model, ds, NULL, &err)
                                  : visml_pipeline_score_dataset(r->subject.pipeline, ds, NULL, &err);
    int code = CLI_OK, unreadable = 0;
    for (size_t i = 0; i < n; i++) {
        const float *row = scores ? (const float *)visml_tensor_data(scores) + i * r->classes : NULL;
        unreadable += r->errors[i] != NULL;
        if (r->errors[i])
            code = code == CLI_OK ? print_error(r, list[i], r->errors[i]) : code;
        else if (row && code == CLI_OK)
            code = print_result(r, list[i], row);
        free(r->errors[i]);
        r->errors[i] = NULL;
    }
    r->done += (int64_t)n;
    /* Where no image of the group could be read, the library has nothing to predict from, and all has been told. */
    if (!scores && code == CLI_OK && (size_t)unreadable < n)
        code = cli_fail("%s", err.message);
    fflush(stdout);
    visml_tensor_release(scores);
    visml_dataset_free(ds);
    return code;
}

/* A path as given; a folder becomes the images in it. */
static int predict_paths(run *r, char *const *given, size_t n) {
    paths list = {0};
    int code = CLI_OK, out_of_memory = 0;
    for (size_t i = 0; i < n && !out_of_memory; i++) {
        size_t before = list.count;
        out_of_memory = paths_add(&list, given[i]) < 0;
        if (!out_of_memory && list.count == before) {
            r->done++;
            code = print_error(r, given[i], "there is no image in this folder");
        }
    }
    for (size_t i = 0; i < list.count && code == CLI_OK && !out_of_memory; i += GROUP)
        code = predict_group(r, list.items + i, list.count - i < GROUP ? list.count - i : GROUP);
    paths_free(&list);
    return out_of_memory ? cli_fail("out of memory") : code;
}

/* ---- standard input ------------------------------------------------------------------------------------------------------------ */

/* The whole lines among n bytes (each ended by a newline, which becomes 0). *used: the bytes that they take. */
static int predict_lines(run *r, char *bytes, size_t n, size_t *used) {
    char *lines[GROUP];
    int code = CLI_OK;
    *used = 0;
    while (code == CLI_OK) {
        size_t count = 0;
        char *end;
        while (count < GROUP && (end = memchr(bytes + *used, '\n', n - *used)) != NULL) {
            *end = 0;
            if (end > bytes + *used)
                lines[count++] = bytes + *used;
            *used = (size_t)(end - bytes) + 1;
        }
        if (count == 0)
            break;
        code = predict_paths(r, lines, count);
    }
    return code;
}

/* read() and not stdio: what has arrived is worked on before more is waited for. */
static int predict_stdin(run *r) {
    enum { LONGEST = 1 << 16 };
    char *buffer = malloc(LONGEST + 1);
    size_t held = 0, used;
    ssize_t got = buffer ? 1 : 0;
    int code = buffer ? CLI_OK : cli_fail("out of memory");
    while (code == CLI_OK && got > 0) {
        got = read(STDIN_FILENO, buffer + held, LONGEST - held);
        if (got < 0) {
            code = cli_fail("standard input: %s", strerror(errno));
            break;
        }
        held += (size_t)got;
        if (got == 0 && held > 0)
            buffer[held++] = '\n'; /* a last line without its end */
        code = predict_lines(r, buffer, held, &used);
        memmove(buffer, buffer + used, held - used);
        held -= used;
        if (code == CLI_OK && held == LONGEST)
            code = cli_fail("standard input: a line is longer than %d bytes", (int)LONGEST);
    }
    free(buffer);
    return code;
}

/* ---- the command --------------------------------------------------------------------------------------------------------------- */

static int start_session(run *r) {
    visml_error err = {0};
    r->session = visml_session_new(r->subject.model, VISML_OPTS(visml_session_opts, .max_batch = 1), &err);
    if (r->session)
        r->scores = visml_tensor_new(r->ctx, VISML_F32, VISML_SHAPE(1, (int64_t)r->classes), &err);
    return r->scores ? CLI_OK : cli_fail("%s", err.message);
}

static int start_model(run *r, const char *file) {
    const visml_model *m = r->subject.model;
    const visml_shape *out = visml_model_output_shape(m);
    size_t names = visml_model_class_count(m);
    if (out->rank != 1 || out->dims[0] < 1 || (names && names != (size_t)out->dims[0]))
        return cli_fail("%s: the output of the model is not one number for each of its %zu classes", file, names);
    r->classes = (size_t)out->dims[0];
    r->shape = *visml_model_input_shape(m);
    return r->shape.dims[0] == VISML_ANY || r->shape.dims[1] == VISML_ANY ? start_session(r) : CLI_OK;
}

/* Images are brought to the size of those that were learned from; of an open network to the size that it was trained with. */
static int start_pipeline(run *r, const char *file) {
    const visml_shape *in = visml_pipeline_input_shape(r->subject.pipeline);
    r->classes = visml_pipeline_class_count(r->subject.pipeline);
    if (!visml_pipeline_has_probabilities(r->subject.pipeline))
        r->score = "score";
    if (!in || !r->opts.height)
        return cli_fail("%s: the pipeline does not say which size images must have", file);
    r->shape = *VISML_SHAPE(r->opts.height, r->opts.width, in->dims[2]);
    return CLI_OK;
}

static int start(run *r, const char *file) {
    visml_error err = {0};
    r->opts.size = (uint32_t)sizeof r->opts;
    r->score = "probability";
    r->ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = r->a->threads), &err);
    if (!r->ctx || cli_subject_load(r->ctx, file, &r->subject, &err) < 0 || cli_subject_preparation(&r->subject, &r->opts, &err) < 0)
        return cli_fail("%s", err.message);
    return r->subject.model ? start_model(r, file) : start_pipeline(r, file);
}

static int predict(run *r, char *const *operands, int n) {
    int code = CLI_OK;
    for (int i = 0; i < n && code == CLI_OK;) {
        int files = 0;
        while (i + files < n && strcmp(operands[i + files], "-") != 0)
            files++;
        code = files ? predict_paths(r, operands + i, (size_t)files) : predict_stdin(r);
        i += files ? files : 1;
    }
    if (code == CLI_OK && r->done == 0)
        code = cli_fail("standard input: no path");
    return code == CLI_OK && r->failed == r->done ? CLI_FAILURE : code;
}

int predict_main(int argc, char **argv) {
    arguments a = {.top = 1};
    const option options[] = {
        {"--top", 0, OPTION_INT, &a.top, "K", "tell the K best classes (default 1)", 1, 1000},
        {"--threads", 0, OPTION_INT, &a.threads, "N", "(default: the CPUs that this process may use)", 1, 1024},
        {"--json", 0, OPTION_FLAG, &a.json, NULL, "one JSON object a line", 0, 0},
    };
    const command c = {"predict", "MODEL PATH...", 2, 1 << 30, "Tell the class of images.", details, options,
                       sizeof options / sizeof options[0]};
    int operands, code = options_parse(&c, argc, argv, &operands);
    if (code >= 0)
        return code;
    run r = {.a = &a};
    code = start(&r, argv[1]);
    if (code == CLI_OK)
        code = predict(&r, argv + 2, operands - 1);
    visml_session_free(r.session);
    visml_tensor_release(r.scores);
    cli_subject_free(&r.subject);
    visml_context_free(r.ctx);
    return code;
}
