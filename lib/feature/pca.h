/* The parts of principal component analysis. */
#ifndef FEATURE_PCA_H
#define FEATURE_PCA_H

#include "feature/transform.h"

/* What a solver found. */
typedef struct visml_principal {
    int64_t d, k;
    const double *mean;     /* [d] */
    const double *variance; /* [k], from large to small */
    const double *vectors;  /* [k, d] */
    double total;           /* variance of all columns */
} visml_principal;

/* How many components are wanted of n rows [d]; all, where a share of variance is. Errors: VISML_EINVAL. */
visml_status visml_pca_count(const visml_transform *t, int64_t n, int64_t d, int64_t *k, visml_error *err);
/* Into the object's arrays. Errors: VISML_ENOMEM. */
visml_status visml_pca_keep(visml_transform *t, const visml_principal *p, visml_error *err);
/* k components by random projections (Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1). Errors: VISML_ENOMEM. */
visml_status visml_pca_random(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, int64_t k, uint64_t seed,
                              visml_error *err);

#endif
