/* The names of classes, whoever has them, compared. */
#ifndef TRAIN_CLASS_NAMES_H
#define TRAIN_CLASS_NAMES_H

#include "visml/data.h"
#include "visml/model.h"

/* Whose: of a dataset, of a model, or a list. */
typedef struct visml_class_names {
    const visml_dataset *data;
    const visml_model *model;
    const char *const *names;
    size_t count;
} visml_class_names;

/* Borrowed; NULL out of range. */
const char *visml_class_names_at(const visml_class_names *c, size_t i);
/* 1 when both lists were given by people and differ: label *at would mean two things. */
int visml_class_names_differ(const visml_class_names *a, const visml_class_names *b, size_t *at);

#endif
