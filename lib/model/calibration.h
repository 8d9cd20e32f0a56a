/* What quantization knows of a model: the range of every array of an inference, seen over some images. */
#ifndef MODEL_CALIBRATION_H
#define MODEL_CALIBRATION_H

#include "model/exec.h"

#define VISML_CALIBRATION_BINS 2048

struct visml_quantization {
    visml_context *context; /* one reference */
    visml_model *model;     /* one reference */
    size_t count;           /* nodes */
    float *lo, *hi;         /* [count]; lo > hi: nothing was seen, or something that is not finite */
    int32_t *broken;        /* [count] 1: NaN or infinity was seen */
    int32_t input_bytes;    /* 1: all images were bytes, which are taken as they are */
    int32_t counting;       /* 1: ranges are known, values are counted in bins */
    uint64_t *bins;         /* [count][VISML_CALIBRATION_BINS] while it is made, then NULL */
};

/* Nothing seen yet. Errors: VISML_ENOMEM. */
visml_quantization *visml_calibration_open(const visml_model *m, visml_error *err);
/* Called by the run for the output of each step: twice over the same images, first for the ranges, then (counting 1) for the bins. */
void visml_calibration_observe(visml_quantization *q, size_t node, size_t n, const float *y);
/* From now on values are counted. Errors: VISML_ENOMEM. */
visml_status visml_calibration_count(visml_quantization *q, visml_error *err);
/* Narrows each range so that `percentile` of 100 values lie inside, as many outside on both sides. */
void visml_calibration_finish(visml_quantization *q, double percentile);

/* Lets a session tell what it computes. NULL: no more. */
void visml_session_observe(visml_session *s, visml_quantization *q);

#endif
