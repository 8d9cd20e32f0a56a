/* Model files with a number in their names, "epoch-0003.visml", of which the last or the best few are kept. */
#ifndef TRAIN_KEPT_H
#define TRAIN_KEPT_H

#include <jansson.h>

#include "train/train.h"

#define VISML_MOST_KEPT 100

typedef struct visml_kept {
    size_t n;
    struct {
        int64_t number;
        double value;
    } files[VISML_MOST_KEPT]; /* the oldest, or the worst, first */
} visml_kept;

/* Where files go, and which of them stay. */
typedef struct visml_kept_rule {
    const char *what;    /* in messages */
    const char *folder;
    const char *prefix;  /* "epoch" */
    int digits;          /* of the number, at least */
    size_t keep;         /* 1 ... VISML_MOST_KEPT */
    int32_t best;        /* 1: the best stay, by `monitor` and `mode`; 0: the last */
    const char *monitor;
    visml_watch_mode mode;
} visml_kept_rule;

/* "folder/epoch-0003.visml"; memory to be freed, or NULL. */
char *visml_kept_path(visml_memory *m, const visml_kept_rule *rule, int64_t number, visml_error *err);
/* Writes the model as a file where the rule wants one of this value, and removes the one that has to go: the new file is there before. */
visml_status visml_kept_offer(visml_kept *k, const visml_kept_rule *rule, const visml_model *model, int64_t number, double value,
                              visml_error *err);
/* [[number, value], ...]; NULL when memory ran out. */
json_t *visml_kept_to_json(const visml_kept *k);
/* Errors: VISML_EFORMAT (source names the file that it was read from). */
visml_status visml_kept_from_json(visml_kept *k, const visml_kept_rule *rule, const char *source, const json_t *array, visml_error *err);

/* The numbers (owned: visml_mem_free) of all files "prefix-NUMBER.visml" in a folder, smallest first; none where there is no folder.
 * Errors: VISML_EIO, VISML_ENOMEM. */
visml_status visml_kept_numbers(visml_memory *m, const visml_kept_rule *rule, int64_t **numbers, size_t *n, visml_error *err);
/* Removes one; one that is not there is fine. */
visml_status visml_kept_remove(visml_memory *m, const visml_kept_rule *rule, int64_t number, visml_error *err);

#endif
