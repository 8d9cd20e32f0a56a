/* The memory plan: which block of one arena each array of a run lies in, worked out from lifetimes over the schedule.
 *
 * The schedule of a model with n nodes: forward of node i at time i, the loss at time n, backward of node i at time 2 n - i. In inference
 * a step of several nodes (model/fuse.h) runs at the time of the last; and a layer that can writes its output over its input.
 *
 * In a stretch that goes group by group (model/stretch.h) an array that nobody outside reads is local: it holds one group, and each thread
 * has a place of its own for such arrays. The others hold the whole batch and live as long as the stretch, which is run many times. */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include "model/stretch.h"

/* Bytes that are in use from time `first` to time `last`. Blocks whose times overlap do not overlap in the arena. */
typedef struct visml_plan_block {
    size_t bytes, offset; /* of a local one: in the first thread's place */
    int32_t first, last;
    size_t row_bytes; /* of one sample; 0: not an array of samples */
    int32_t local;    /* 1: of one group */
} visml_plan_block;

#define VISML_MASK_NOT_JOINED (-2)
#define VISML_MASK_UNION (-1) /* what counts in any of them counts */

/* Numbers of blocks, -1: none. */
typedef struct visml_plan_node {
    int32_t value;    /* the node whose array holds the output: itself, or the one that a reshape stands behind */
    int32_t y;        /* output; of an alias: that of `value` */
    int32_t dy;       /* its gradient; of an alias: that of `value`. -1: not needed */
    int32_t keep;     /* from forward to backward */
    int32_t forward_scratch, backward_scratch; /* forward, group by group: none, see `scratch` of the plan */
    size_t first_input; /* its inputs in visml_plan.in and .gradients */
    int32_t before;   /* training: what the layer leaves for an activation whose derivative is made of that; -1: it writes to y */
    int32_t mask;     /* the bytes that say which places of y are to be passed over, see model/masks.h */
    int32_t mask_dims; /* the dimensions of y, from the first on, that it has */
    int32_t mask_join; /* how the mask is put together from those of the inputs: VISML_MASK_..., or the dimension along which */
    int32_t form;     /* inference: which of the class' forms of prepared parameters its forward takes, see prepared.h */
    int32_t derived;  /* 1: the gradient comes multiplied by the derivative of the node's activation, see derive in plan.c */
} visml_plan_node;

/* Where backward of a node leaves the gradient of one of its inputs. */
typedef struct visml_plan_gradient {
    int32_t dx;  /* the block; -1: not wanted */
    int32_t sum; /* the block that it is added to afterwards, or -1 */
} visml_plan_gradient;

typedef struct visml_plan {
    visml_memory *memory;
    visml_mode mode;
    int64_t max_batch;
    visml_step *steps;      /* [node_count] what runs at the time of each node */
    visml_plan_node *nodes; /* [node_count] */
    visml_shape *shapes;    /* [node_count] of their outputs in this run; NULL: those of the model, whose size is fixed */
    visml_shape *in;        /* [inputs of all nodes] their shapes, by node */
    visml_plan_gradient *gradients;
    visml_plan_block *blocks;
    size_t block_count, block_capacity;
    size_t arena_bytes;
    visml_stretch stretches[VISML_MAX_STRETCHES];
    size_t stretch_count;
    size_t places;      /* threads that can run groups beside each other; 1: none can */
    size_t place_bytes; /* of local arrays; from one thread's place to the next */
    size_t scratch, scratch_bytes; /* of a group: where it lies, and from one thread's to the next */
} visml_plan;

/* The stretch that a node's step belongs to. node >= 1. */
const visml_stretch *visml_plan_stretch(const visml_plan *p, size_t node);
/* 1: it goes group by group. */
static inline int visml_plan_groups(const visml_plan *p, const visml_stretch *s) {
    return s->rows < p->max_batch;
}

/* input: the shape of the run's input, which the model's stands for; NULL: of a model of fixed size. group_bytes: see model/stretch.h.
 * Errors: VISML_EINVAL (an input that a layer does not fit), VISML_ENOMEM, also for sizes that cannot be addressed. On failure nothing is
 * left to clear. */
visml_status visml_plan_make(visml_plan *p, const visml_model *m, const visml_shape *input, visml_mode mode, int64_t max_batch,
                             size_t group_bytes, visml_error *err);
void visml_plan_clear(visml_plan *p);

#endif
