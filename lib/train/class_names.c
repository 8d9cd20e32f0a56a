#include "train/class_names.h"

#include <string.h>

#include "base/text.h"

static size_t count_of(const visml_class_names *c) {
    if (c->data)
        return visml_dataset_class_count(c->data);
    return c->model ? visml_model_class_count(c->model) : c->count;
}

const char *visml_class_names_at(const visml_class_names *c, size_t i) {
    if (c->data)
        return visml_dataset_class_name(c->data, i);
    if (c->model)
        return visml_model_class_name(c->model, i);
    return i < c->count ? c->names[i] : NULL;
}

/* "0", "1", ...: names that nobody gave. */
static int are_numbers(const visml_class_names *c) {
    for (size_t i = 0; i < count_of(c); i++)
        if (strcmp(visml_class_names_at(c, i), visml_fixed((double)i, 0).s) != 0)
            return 0;
    return 1;
}

int visml_class_names_differ(const visml_class_names *a, const visml_class_names *b, size_t *at) {
    size_t n = count_of(a), m = count_of(b);
    for (*at = 0; *at < n && *at < m; ++*at)
        if (strcmp(visml_class_names_at(a, *at), visml_class_names_at(b, *at)) != 0)
            return !are_numbers(a) && !are_numbers(b);
    return 0;
}
