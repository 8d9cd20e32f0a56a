/* Networks by name, and from JSON files. The pixels 0 ... 255 are scaled inside the network, so that the model file says it all.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define RESCALING "{\"class\": \"rescaling\", \"scale\": 0.00392156862745098}," /* 1 / 255 */
#define CONV(filters, padding) \
    "{\"class\": \"conv2d\", \"filters\": " filters ", \"kernel_size\": [3, 3], \"padding\": \"" padding "\", \"activation\": \"relu\"},"
#define POOL "{\"class\": \"max_pooling2d\", \"pool_size\": [2, 2]},"
#define DROPOUT(rate) "{\"class\": \"dropout\", \"rate\": " rate "},"
#define FLATTEN "{\"class\": \"flatten\"},"
#define DENSE(units) "{\"class\": \"dense\", \"units\": " units ", \"activation\": \"relu\"},"
#define CLASSES "{\"class\": \"dense\", \"units\": 0, \"activation\": \"softmax\"}" /* 0: as many as the data has classes */
#define BLOCK(filters) CONV(filters, "same") "{\"class\": \"batch_normalization\"}," CONV(filters, "valid") POOL DROPOUT("0.25")

static const struct {
    const char *name, *text;
} built_in[] = {
    {"small-cnn", "{\"layers\": [" RESCALING CONV("32", "valid") POOL CONV("64", "valid") FLATTEN DENSE("128") CLASSES "]}"},
    {"seed-cnn",
     "{\"layers\": [" RESCALING BLOCK("32") BLOCK("64") BLOCK("128") FLATTEN DENSE("512") DROPOUT("0.5") CLASSES "]}"},
};

/* What `visml info --json` prints beside the architecture; taken out again. */
static const char *const not_architecture[] = {"file", "kind", "classes", "attributes", "parameters"};

static char *read_architecture(const char *path) {
    json_error_t error;
    json_t *root = *path == '{' ? json_loads(path, JSON_REJECT_DUPLICATES, &error) : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        if (error.line > 0 && *path == '{')
            cli_message("--arch: column %d: %s", error.column, error.text);
        else if (error.line > 0)
            cli_message("%s:%d:%d: %s", path, error.line, error.column, error.text);
        else
            cli_message("%s: %s; --arch takes small-cnn, seed-cnn or a JSON file", path, errno ? strerror(errno) : error.text);
        return NULL;
    }
    for (size_t i = 0; i < sizeof not_architecture / sizeof not_architecture[0]; i++)
        json_object_del(root, not_architecture[i]);
    char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(root);
    if (!text)
        cli_message("out of memory");
    return text;
}

char *cli_architecture(const char *name) {
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        if (strcmp(name, built_in[i].name) == 0) {
            char *text = strdup(built_in[i].text);
            if (!text)
                cli_message("out of memory");
            return text;
        }
    }
    errno = 0;
    return read_architecture(name);
}

int cli_architecture_input(const char *text, int64_t shape[3]) {
    json_t *root = json_loads(text, 0, NULL);
    const json_t *dims = json_object_get(root, "input_shape");
    int found = json_array_size(dims) == 3;
    for (size_t i = 0; found && i < 3; i++) {
        const json_t *v = json_array_get(dims, i);
        shape[i] = json_is_null(v) ? VISML_ANY : (int64_t)json_integer_value(v);
        found = json_is_null(v) || (shape[i] > 0 && shape[i] <= INT32_MAX);
    }
    json_decref(root);
    return found;
}
