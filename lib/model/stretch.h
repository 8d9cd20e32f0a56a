/* Inference, group by group: how many samples of a batch go through which steps together.
 *
 * What a layer does to a sample depends on that sample alone. A batch that goes through a network layer by layer writes every map to
 * memory and fetches it again; a few samples at a time leave theirs in the cache, and want less memory. On the other hand the weights are
 * read once a group. So the schedule falls into stretches: early ones with large maps in small groups, late ones with many weights in
 * large groups. */
#ifndef MODEL_STRETCH_H
#define MODEL_STRETCH_H

#include "model/fuse.h"

/* Bytes of a step's inputs and output that should stay in the cache: half of the usual second level. */
#define VISML_GROUP_BYTES ((size_t)512 << 10)
#define VISML_MAX_STRETCHES 64 /* rows double from one to the next */

/* Steps first ... end - 1 of the schedule, `rows` samples at a time. */
typedef struct visml_stretch {
    int32_t first, end;
    int64_t rows;
} visml_stretch;

/* Cuts the steps 1 ... node_count - 1; by shapes, max_batch and group_bytes alone, and without influence on results. group_bytes 0, or
 * training: one stretch with the whole batch. shapes: see visml_node_shape. Returns how many. */
size_t visml_stretches(const visml_model *m, const visml_shape *shapes, visml_mode mode, const visml_step *steps, int64_t max_batch,
                       size_t group_bytes, visml_stretch stretches[VISML_MAX_STRETCHES]);

#endif
