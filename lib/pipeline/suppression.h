/* Which of overlapping boxes are kept. */
#ifndef PIPELINE_SUPPRESSION_H
#define PIPELINE_SUPPRESSION_H

#include "context/context.h"

/* Greedy: places of the boxes [n, 4] (top, left, height, width) that are kept, to keep [n], the best first, at most `most`; *kept: how
 * many. Boxes of different labels (NULL: all are of one) do not see each other. Errors: VISML_ENOMEM. */
visml_status visml_suppress(visml_memory *m, int64_t n, const float *boxes, const float *scores, const int32_t *labels, double overlap,
                            int64_t most, int32_t *keep, int64_t *kept, visml_error *err);

#endif
