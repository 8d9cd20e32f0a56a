/* Drawings of features, for `visml features --show`.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SHOW_H
#define SHOW_H

#include "cli.h"

typedef struct cli_show {
    const char *folder; /* made where it is not there yet */
    int svg;            /* 1: SVG files, 0: PNG files */
    const visml_features *features;
    visml_dataset *dataset;
    const visml_table *table; /* of the dataset */
    uint64_t seed;            /* of clusters */
} cli_show;

/* Draws some pictures and what extractors see in them, the numbers of all vectors, the vectors by class, and clusters. What was written is
 * added to the JSON array `names`. CLI_OK, or CLI_FAILURE after a message. */
int cli_show_all(const cli_show *s, json_t *names);

#endif
