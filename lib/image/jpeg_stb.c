/* JPEG through stb_image, for builds without libjpeg-turbo. The pre-pass in jpeg.c has gone before, so that stb_image sees only files with
 * one frame header, sane tables and scans, all components present, and an end marker. It does not notice damage within the compressed data
 * as libjpeg-turbo does. */
#include <limits.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "image/image.h"

/* What stb_image allocates comes from here, zeroed: it has no way to pass a context along. */
typedef struct budget {
    visml_memory *memory;
    uint64_t left; /* bytes */
    visml_error *err;
    visml_status failed; /* VISML_OK while nothing was refused */
} budget;

static _Thread_local budget *current;

/* In front of each block; keeps what follows aligned. */
typedef union block {
    size_t bytes;
    char pad[VISML_ALIGN];
} block;

static void *take(size_t bytes) {
    size_t total;
    if (!visml_size_add(bytes, sizeof(block), &total) || total > current->left) {
        current->failed = visml_fail(current->err, VISML_ELIMIT, "JPEG: takes more memory than max_decode_bytes");
        return NULL;
    }
    block *b = visml_mem_zalloc(current->memory, total, 1, current->err);
    if (!b) {
        current->failed = VISML_ENOMEM;
        return NULL;
    }
    current->left -= total;
    b->bytes = total;
    return b + 1;
}

static void give_back(void *p) {
    if (!p)
        return;
    block *b = (block *)p - 1;
    current->left += b->bytes;
    visml_mem_free(current->memory, b);
}

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_THREAD_LOCALS
#define STBI_MAX_DIMENSIONS 65535
#define STBI_ASSERT(x) ((void)0)
#define STBI_MALLOC(bytes) take(bytes)
#define STBI_REALLOC(p, bytes) NULL /* the JPEG part never calls it */
#define STBI_FREE(p) give_back(p)
#pragma GCC diagnostic ignored "-Wunused-function" /* what it declares static and leaves out; to the end of the file, where gcc looks */
#include <stb_image.h>

static visml_status check_kind(const visml_source *s, const visml_image_header *h, visml_error *err) {
    const char *what = h->as.jpeg.arithmetic                                              ? "arithmetic coding"
                       : h->as.jpeg.components == 4 && h->as.jpeg.adobe_transform < 0     ? "CMYK without an Adobe segment"
                       : h->as.jpeg.tables_missing                                        ? "a file without all its tables"
                       : h->as.jpeg.ids_repeated                                          ? "two components with one number"
                       : s->n > INT_MAX                                                   ? "a file above 2 GiB"
                                                                                          : NULL;
    if (what)
        return visml_fail(err, VISML_EUNSUPPORTED, "JPEG: %s cannot be read by this build, which is without libjpeg-turbo", what);
    return VISML_OK;
}

static visml_status decode(const uint8_t *clean, size_t n, const visml_image_header *h, void *pixels, visml_error *err) {
    int width = 0, height = 0, channels = 0;
    stbi_uc *out = stbi_load_from_memory(clean, (int)n, &width, &height, &channels, h->channels);
    if (!out && current->failed)
        return current->failed;
    if (!out)
        return visml_fail(err, VISML_EFORMAT, "JPEG: damaged, or of a kind that a build without libjpeg-turbo cannot read");
    int same = width == h->width && height == h->height;
    if (same)
        memcpy(pixels, out, (size_t)(h->width * h->height * h->channels));
    stbi_image_free(out);
    return same ? VISML_OK : visml_fail(err, VISML_EFORMAT, "JPEG: damaged: the decoder found %d x %d pixels", width, height);
}

visml_status visml_jpeg_decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err) {
    VISML_TRY(check_kind(s, h, err));
    uint8_t *clean = visml_mem_alloc(&s->context->memory, s->n, err);
    if (!clean)
        return VISML_ENOMEM;
    budget b = {&s->context->memory, s->context->max_decode_bytes, err, VISML_OK};
    current = &b;
    visml_status status = decode(clean, visml_jpeg_clean(s, h, clean), h, pixels, err);
    current = NULL;
    visml_mem_free(&s->context->memory, clean);
    return status;
}
