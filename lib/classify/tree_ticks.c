#include "classify/tree_ticks.h"

#include <math.h>

#include "base/error.h"

static void run_block(void *arg, size_t block, size_t worker) {
    const visml_ticked_blocks *t = arg;
    t->fn(t->job, t->first + block, worker);
}

visml_status visml_tick_blocks(visml_ticked_blocks *t, const visml_parallel *p, size_t n, int64_t numbers, visml_error *err) {
    int64_t each = VISML_TICK_NUMBERS / (numbers > 0 ? numbers : 1);
    size_t portion = (size_t)(each > 1 ? each : 1) * p->workers;
    for (t->first = 0; t->first < n; t->first += portion) {
        VISML_TRY(visml_fit_tick(t->run, t->done, t->total, NAN, NAN, err));
        visml_parallel_run(p, n - t->first < portion ? n - t->first : portion, run_block, t);
    }
    return VISML_OK;
}
