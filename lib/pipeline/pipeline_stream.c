/* Learning from more vectors than fit in memory: a classifier that walks over rows gets them block by block. They are not kept anywhere: a
 * file of them would need a place, and classifiers walk two to four times. */
#include "base/checked.h"
#include "base/error.h"
#include "data/dataset.h"
#include "feature/walk_dataset.h"
#include "pipeline/pipeline.h"

#define SHARE 4 /* a block is a fourth of the memory: vectors before and after the transforms, and what the classifier makes of them */

typedef struct stream {
    const visml_vectors_run *run;
    visml_dataset *dataset;
    int64_t block, first, rows; /* pictures of a block; where the next one begins; rows of this walk up to now */
    visml_vectors now;
    visml_error why; /* what ended a walk */
} stream;

int visml_is_streamed(const visml_classifier *classifier, int64_t pictures, int64_t length, uint64_t memory) {
    const visml_classifier_class *cls = visml_classifier_class_of(classifier);
    int64_t bytes;
    if (!cls->fit_rows && !(cls->can & VISML_CAN_PARTIAL))
        return 0;
    return !visml_i64_mul(pictures, length * (int64_t)sizeof(float), &bytes) || (uint64_t)bytes > memory;
}

/* The next block that has a row; none at the end of a walk, which is where the next one begins. */
static visml_status find_block(stream *s, visml_error *err) {
    int64_t total = visml_dataset_count(s->dataset);
    do {
        int64_t left = total - s->first, count = left < s->block ? left : s->block;
        visml_vectors_clear(&s->now);
        if (!count)
            break;
        VISML_TRY(visml_vectors_of_part(s->run, s->dataset, s->first, count, &s->now, err));
        VISML_TRY(visml_vectors_check_labels(&s->now, s->dataset, err));
        s->first += count;
    } while (!s->now.x->shape.dims[0]);
    if (s->now.x) {
        s->rows += s->now.x->shape.dims[0];
        return VISML_OK;
    }
    if (!s->rows)
        return visml_fail(err, VISML_EFORMAT, "pipeline: none of the %lld images is valid", (long long)total);
    s->first = s->rows = 0;
    return VISML_OK;
}

static int32_t next(void *user, const visml_tensor **x, const visml_tensor **y, const visml_tensor **weights) {
    stream *s = user;
    (void)weights;
    if (find_block(s, &s->why) < 0)
        return 1;
    *x = s->now.x;
    *y = s->now.labels;
    return 0;
}

visml_status visml_stream_vectors(const visml_vectors_run *run, visml_dataset *dataset, int64_t length, visml_classifier *classifier,
                                  const visml_classifier_fit_opts *opts, visml_error *err) {
    stream s = {.run = run, .dataset = dataset, .block = (int64_t)(run->memory / SHARE / ((uint64_t)length * sizeof(float)))};
    visml_row_source source = {.size = sizeof source, .next = next, .user = &s};
    visml_error why = {0};
    if (s.block < VISML_WALK_BLOCK)
        s.block = VISML_WALK_BLOCK;
    visml_status status = visml_classifier_fit_rows(classifier, &source, opts, &why);
    visml_vectors_clear(&s.now);
    if (status == VISML_OK)
        return VISML_OK;
    return s.why.code < 0 ? visml_fail(err, s.why.code, "%s", s.why.message) : visml_fail(err, status, "%s", why.message);
}
