/* One context on two threads for all tests of a program. */
#ifndef PIPELINE_FIXTURE_H
#define PIPELINE_FIXTURE_H

#include "pipeline/pipelines.h"

static visml_context *ctx;
static visml_error err;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_free(ctx);
    return 0;
}

#endif
