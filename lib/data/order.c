#include "data/order.h"

#include <string.h>

#include "base/rng.h"

visml_status visml_order_init(visml_order *o, visml_memory *m, int64_t count, int32_t shuffle, uint64_t seed, visml_error *err) {
    *o = (visml_order){.count = count, .seed = seed, .epoch = -1};
    if (shuffle && !(o->values = visml_mem_zalloc(m, (size_t)count, sizeof *o->values, err)))
        return VISML_ENOMEM;
    return VISML_OK;
}

void visml_order_free(visml_order *o, visml_memory *m) {
    visml_mem_free(m, o->values);
    o->values = NULL;
}

/* From the natural order each time, so that no epoch needs the one before it. */
static void turn_to(visml_order *o, int64_t epoch) {
    visml_rng rng;
    for (int64_t i = 0; i < o->count; i++)
        o->values[i] = i;
    visml_rng_init(&rng, visml_key(visml_key(o->seed, VISML_STREAM_ORDER), (uint64_t)epoch));
    visml_rng_shuffle(&rng, o->values, (size_t)o->count);
    o->epoch = epoch;
}

void visml_order_get(visml_order *o, int64_t epoch, int64_t begin, int64_t n, int64_t *out) {
    if (!o->values) {
        for (int64_t i = 0; i < n; i++)
            out[i] = begin + i;
        return;
    }
    if (o->epoch != epoch)
        turn_to(o, epoch);
    memcpy(out, o->values + begin, (size_t)n * sizeof *out);
}
