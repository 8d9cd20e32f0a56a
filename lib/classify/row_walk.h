/* A source of rows, walked over block by block, each checked. */
#ifndef CLASSIFY_ROW_WALK_H
#define CLASSIFY_ROW_WALK_H

#include "classify/labelled_rows.h"

typedef struct visml_row_walk {
    visml_context *context;
    const char *what;
    const visml_row_source *source;
    int missing, regression, labels; /* NaN are allowed; what y are, if there are any */
    visml_tensor *classes;   /* [K], borrowed; NULL: no classification, or they are still to be found */
    int64_t d;               /* columns; 0: the first block decides */
    int32_t *places;         /* room for those of a block */
    size_t places_capacity;
} visml_row_walk;

/* The next block; s->n is 0 at the end of a walk. s is valid until the next call. Errors: VISML_EINVAL, VISML_ECANCELLED, VISML_ENOMEM. */
visml_status visml_row_walk_next(visml_row_walk *w, const visml_compute *k, visml_samples *s, visml_error *err);
/* One walk that finds d and the labels that there are: *classes, a new tensor (NULL for other tasks). Errors: as above, and VISML_EINVAL
 * where there is no row. */
visml_status visml_row_walk_survey(visml_row_walk *w, const visml_compute *k, visml_tensor **classes, visml_error *err);
void visml_row_walk_clear(visml_row_walk *w);

#endif
