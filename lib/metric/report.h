/* The inside of a report. */
#ifndef METRIC_REPORT_H
#define METRIC_REPORT_H

#include "tensor/tensor.h"
#include "visml/metric.h"

#define VISML_TOP 10 /* the largest k of top-k */

struct visml_report {
    visml_context *context;
    size_t classes;
    int64_t count;      /* rows */
    int32_t weighted;   /* 1: weights were given at least once */
    double weight;      /* sum over the rows */
    double rank[VISML_TOP]; /* weight of the rows whose label is at this place, the best is 0 */
    int32_t compared;   /* 1: float_accuracy is known */
    double float_accuracy;
    double *confusion;  /* [classes][classes], actual by predicted */
    double *support;    /* [classes] weight of the rows of this class */
    double *predicted;  /* [classes] weight of the rows taken for this class */
};

#endif
