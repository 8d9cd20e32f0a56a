/* libFuzzer target: any bytes through probe, decode, convert, resize and encode. tests/nightly/fuzz_image.sh builds and runs it.
 * What is accepted must decode the same way twice: memory that nobody has written would differ. */
#include <stdlib.h>
#include <string.h>

#include "image/inflate.h"
#include "image/image.h"

static int fill = 0xa5;

static void *take(void *user, size_t bytes, size_t align) {
    void *p = NULL;
    (void)user;
    return posix_memalign(&p, align, bytes) == 0 ? memset(p, fill, bytes) : NULL;
}

static void give_back(void *user, void *p, size_t bytes) {
    (void)user;
    (void)bytes;
    free(p);
}

static visml_context *context(void) {
    static const visml_allocator allocator = {sizeof allocator, 0, NULL, take, give_back};
    visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
    o.threads = 1;
    o.max_pixels = 1 << 20;
    o.max_decode_bytes = 64 << 20;
    o.allocator = &allocator;
    return visml_context_new(&o, NULL);
}

static void use(const visml_tensor *image) {
    visml_tensor *small = visml_image_fit(image, 7, 5, VISML_FIT_CROP, VISML_FILTER_BILINEAR, NULL);
    visml_tensor *file = visml_image_encode_png(small, NULL);
    visml_tensor_release(small);
    visml_tensor_release(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static visml_context *ctx;
    visml_error err;
    visml_image_info info = {.size = sizeof info};
    visml_tensor *images[2];
    if (!ctx)
        ctx = context();
    if (visml_is_gzip(data, n)) {
        unsigned char *out;
        size_t made;
        if (visml_gunzip(&ctx->memory, "fuzz", data, n, 1 << 22, &out, &made, &err) == VISML_OK)
            visml_mem_free(&ctx->memory, out);
    }
    visml_status probed = visml_image_probe(ctx, data, n, &info, &err);
    for (int i = 0; i < 2; i++) {
        fill = i ? 0x5a : 0xa5;
        images[i] = visml_image_decode(ctx, data, n, VISML_OPTS(visml_decode_opts, .keep_16bit = 1), &err);
    }
    if (!images[0] != !images[1] || (images[0] && probed < 0))
        abort();
    if (images[0]) {
        size_t bytes = (size_t)visml_tensor_count(images[0]) * visml_dtype_bytes(visml_tensor_dtype(images[0]));
        if (visml_tensor_shape(images[0])->dims[1] != info.width ||
            memcmp(visml_tensor_data(images[0]), visml_tensor_data(images[1]), bytes) != 0)
            abort();
        use(images[0]);
    }
    visml_tensor_release(images[0]);
    visml_tensor_release(images[1]);
    return 0;
}
