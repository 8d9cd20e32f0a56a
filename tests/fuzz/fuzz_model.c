/* Model files from a stranger: loaded, run, described, saved and loaded again. libFuzzer's interface:
 *
 *     CC=clang meson setup build-fuzz -Db_sanitize=address,undefined -Db_lundef=false -Ddefault_library=static
 *     ninja -C build-fuzz
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude -Ilib tests/fuzz/fuzz_model.c build-fuzz/lib/libvisml.a \
 *         -ljansson -lturbojpeg -lspng -lm -lpthread -o fuzz_model
 *     mkdir corpus; cp tests/golden/model/v1.visml corpus/; ./fuzz_model -timeout=10 -rss_limit_mb=1000 corpus
 *
 * Checksums stop almost everything that is only turned over, so half of the mutations are made inside: the description as text, or one
 * tensor, and the file is put together anew with checksums that are right. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/model.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static visml_context *context(void) {
    visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
    o.threads = 1;
    o.memory_limit = 64u << 20;
    return visml_context_new(&o, NULL);
}

/* Work of a run, roughly: a file of a kilobyte may describe a network that takes hours. */
static int is_small(const visml_model *m) {
    double work = 0;
    for (size_t i = 1; i < m->node_count; i++) {
        double out = (double)visml_shape_count(&m->nodes[i].shape), most = 1;
        for (size_t k = 0; k < m->nodes[i].layer->param_count; k++)
            most += (double)visml_shape_count(&m->nodes[i].layer->params[k].shape);
        work += out * most + (double)visml_shape_count(&m->nodes[m->nodes[i].inputs[0]].shape);
    }
    return work < 1e8;
}

static void run(visml_context *ctx, const visml_model *m) {
    visml_session_opts o = {.size = sizeof o, .max_batch = 2};
    visml_session *s = visml_session_new(m, &o, NULL);
    visml_shape in = visml_shape_with_batch(visml_model_input_shape(m), 3), out = visml_shape_with_batch(visml_model_output_shape(m), 3);
    visml_tensor *x = s ? visml_tensor_new(ctx, VISML_U8, &in, NULL) : NULL, *y = x ? visml_tensor_new(ctx, VISML_F32, &out, NULL) : NULL;
    if (y && visml_session_run(s, x, y, NULL) < 0)
        abort();
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_session_free(s);
}

/* What was accepted is written so that it is accepted again, and comes out the same. */
static void save_again(visml_context *ctx, const visml_model *m) {
    visml_error err = {0};
    visml_tensor *a = visml_model_save_memory(m, &err);
    visml_model *again = a ? visml_model_load_memory(ctx, a->data, (size_t)a->count, &err) : NULL;
    visml_tensor *b = again ? visml_model_save_memory(again, &err) : NULL;
    if (!b && err.code != VISML_ENOMEM)
        abort();
    if (b && (a->count != b->count || memcmp(a->data, b->data, (size_t)a->count) != 0))
        abort();
    visml_tensor_release(a);
    visml_tensor_release(b);
    visml_model_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[512];
    visml_error err;
    visml_context *ctx = context();
    visml_model *m = visml_model_load_memory(ctx, data, size, &err);
    if (m) {
        visml_model_summary(m, text, sizeof text);
        visml_model_to_json(m, text, sizeof text);
        if (is_small(m))
            run(ctx, m);
        save_again(ctx, m);
        visml_model_free(m);
    } else if (err.code >= 0 || memchr(err.message, 0, sizeof err.message) == NULL) {
        abort();
    }
    if (visml_context_memory_used(ctx) > 100000) /* the context alone */
        abort();
    visml_context_free(ctx);
    return 0;
}

/* ---- mutation inside ---- */

static json_t *mutate_text(visml_memory *memory, const json_t *description, size_t room) {
    size_t n;
    char *text = visml_json_text(memory, description, &n, NULL), *grown = malloc(n + room);
    memcpy(grown, text, n);
    size_t changed = LLVMFuzzerMutate((uint8_t *)grown, n, n + room);
    json_t *value = json_loadb(grown, changed, 0, NULL);
    visml_mem_free(memory, text);
    free(grown);
    return value ? value : json_incref((json_t *)(uintptr_t)description);
}

static void mutate_tensor(visml_bundle_tensor *t, unsigned seed) {
    size_t bytes = (size_t)visml_shape_count(&t->shape) * visml_dtype_bytes(t->dtype);
    if (seed % 3 == 0 && t->shape.rank > 1) { /* another shape of the same size */
        int64_t first = t->shape.dims[0];
        t->shape.dims[0] = t->shape.dims[1];
        t->shape.dims[1] = first;
    } else if (bytes) {
        LLVMFuzzerMutate((uint8_t *)(uintptr_t)t->data, bytes, bytes);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    visml_bundle b;
    visml_context *ctx = context();
    size_t n = 0;
    if (seed % 2 && visml_bundle_read_memory(ctx, data, size, NULL, &b, NULL) == VISML_OK) {
        int in_tensor = seed % 8 == 1 && b.count;
        if (in_tensor)
            mutate_tensor(&b.tensors[seed / 8 % b.count], seed / 64);
        json_t *d = in_tensor ? json_incref(b.description) : mutate_text(&ctx->memory, b.description, 200);
        visml_tensor *t = visml_bundle_write_memory(ctx, b.kind, d, b.tensors, b.count - (seed % 64 == 3 && b.count), NULL);
        if (t && (size_t)t->count <= max_size) {
            n = (size_t)t->count;
            memmove(data, t->data, n);
        }
        visml_tensor_release(t);
        json_decref(d);
        visml_bundle_clear(&b);
    }
    visml_context_free(ctx);
    return n ? n : LLVMFuzzerMutate(data, size, max_size);
}
