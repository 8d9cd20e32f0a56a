/* Drawings of features, for `visml features --show`.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "show.h"

enum { SEEN = 4 }; /* pictures that are drawn one by one */

/* Takes the plot over; NULL is a failure that err tells. CLI_OK, or another code after a message. */
static int keep(const cli_show *s, visml_plot *plot, const char *name, json_t *names, visml_error *err) {
    size_t n = strlen(s->folder) + strlen(name) + 8;
    char *path = malloc(n);
    int code = CLI_OK;
    if (path)
        snprintf(path, n, "%s/%s.%s", s->folder, name, s->svg ? "svg" : "png");
    if (!path)
        code = cli_fail("out of memory");
    else if (!plot || visml_plot_save(plot, path, err) < 0)
        code = cli_fail("%s", err->message);
    else
        json_array_append_new(names, cli_json_string(path));
    visml_plot_free(plot);
    free(path);
    return code;
}

/* Some of the pictures, evenly over all, and what extractors see in them. */
static int show_seen(const cli_show *s, json_t *names) {
    int64_t count = visml_table_count(s->table), n = count < SEEN ? count : SEEN;
    int code = CLI_OK;
    for (int64_t i = 0; code == CLI_OK && i < n; i++) {
        visml_error err = {0};
        char name[32];
        int64_t row = i * count / n;
        visml_tensor *image = visml_dataset_read(s->dataset, visml_table_sample(s->table, row), &err);
        visml_plot *plot = NULL;
        if (image)
            plot = visml_plot_features(
                s->features, image, VISML_OPTS(visml_plot_extractor_opts, .title = visml_table_path(s->table, row)), &err);
        snprintf(name, sizeof name, "seen-%d", (int)i + 1);
        code = keep(s, plot, name, names, &err);
        visml_tensor_release(image);
    }
    return code;
}

int cli_show_all(const cli_show *s, json_t *names) {
    visml_error err = {0};
    if (mkdir(s->folder, 0777) != 0 && errno != EEXIST)
        return cli_fail("%s: %s", s->folder, strerror(errno));
    int64_t rows = visml_table_count(s->table), columns = visml_table_length(s->table);
    int code = show_seen(s, names);
    visml_plot_chart_opts chart = {.size = (uint32_t)sizeof chart, .x_label = "numbers of all vectors"};
    if (code == CLI_OK && rows > 0)
        code = keep(s, visml_plot_histogram(visml_table_values(s->table), &chart, &err), "numbers", names, &err);
    if (code == CLI_OK && rows > 1 && columns > 1)
        code = keep(s, visml_plot_table(s->table, NULL, &err), "classes", names, &err);
    if (code == CLI_OK && rows > 0)
        code = keep(s, visml_plot_clusters(s->table, s->dataset, VISML_OPTS(visml_plot_sheet_opts, .seed = s->seed), &err), "clusters",
                    names, &err);
    return code;
}
