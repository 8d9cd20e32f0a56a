/* Samples that are image files: what folder.c, csv.c and manifest.c have in common. */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include "data/intern.h"
#include "data/source.h"

/* A column of a CSV file, or of a manifest that was made from one, that splits can use: the number of each sample's value. */
typedef struct visml_group_column {
    const char *name; /* of the source's arena */
    visml_intern values;
    size_t *ids; /* [count] */
    size_t capacity;
} visml_group_column;

typedef struct visml_files_source {
    visml_source base;
    const char **paths; /* [count], of the source's arena */
    size_t path_capacity, label_capacity;
    visml_group_column *columns; /* [column_count] */
    size_t column_count, column_capacity;
} visml_files_source;

/* An empty list. kind and origin: for the record in a manifest. opts: the caller's. Errors: VISML_EINVAL, VISML_ENOMEM. */
visml_files_source *visml_files_source_new(visml_context *ctx, const char *kind, const char *origin, const visml_source_opts *opts,
                                           visml_error *err);
/* One more sample; the path is copied: `folder` (n bytes, may be 0) and a slash before it, unless the path is absolute. */
visml_status visml_files_source_add(visml_files_source *f, const char *folder, size_t n, const char *path, size_t path_n, int32_t label,
                                    visml_error *err);
/* A new column of groups, the last one. Each sample needs a value in it: visml_files_source_set_group, in the samples' order, value of n
 * bytes, perhaps 0. Errors: VISML_ENOMEM. */
visml_status visml_files_source_add_column(visml_files_source *f, const char *name, visml_error *err);
visml_status visml_files_source_set_group(visml_files_source *f, size_t column, size_t sample, const char *value, size_t n,
                                          visml_error *err);
/* The class names are the strings of a table, sorted by bytes; labels that were numbers of the table become class numbers. */
visml_status visml_files_source_sort_classes(visml_files_source *f, const visml_intern *names, visml_error *err);

/* The part of a path before its last slash, without it: n bytes; 0 for none ("" stands for the current folder), 1 for "/". */
size_t visml_path_folder(const char *path);

#endif
