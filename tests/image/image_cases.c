#include "image_cases.h"

#include <stdlib.h>
#include <string.h>

#include "image/bytes.h"

#ifdef VISML_TEST_STB
const int image_jpeg_strict = 0;
#else
const int image_jpeg_strict = 1;
#endif

static size_t read_case(const unsigned char *p, image_case *c) {
    size_t name = visml_le32(p), at = 8 + name;
    assert_true(name < sizeof c->name);
    memcpy(c->name, p + 8, name);
    c->n = visml_le32(p + 4);
    c->file = p + at;
    at += c->n;
    c->height = (int32_t)visml_le32(p + at);
    c->width = (int32_t)visml_le32(p + at + 4);
    c->channels = (int32_t)visml_le32(p + at + 8);
    c->bits = (int32_t)visml_le32(p + at + 12);
    c->pixels = p + at + 16;
    return at + 16 + (size_t)c->height * (size_t)c->width * (size_t)c->channels * (size_t)c->bits / 8;
}

image_cases image_cases_load(void) {
    image_cases all = {0};
    size_t n;
    char *path = test_source("tests/golden/image/cases.bin");
    all.bytes = test_read_file(path, &n);
    all.list = calloc(1000, sizeof *all.list);
    free(path);
    assert_non_null(all.bytes);
    for (size_t at = 0; at < n; all.count++) {
        assert_true(all.count < 1000);
        at += read_case(all.bytes + at, &all.list[all.count]);
    }
    return all;
}

void image_cases_free(image_cases *all) {
    free(all->bytes);
    free(all->list);
}

const image_case *image_case_find(const image_cases *all, const char *name) {
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].name, name) == 0)
            return &all->list[i];
    fail_msg("no golden case %s", name);
    return NULL;
}

visml_tensor *image_decode_guarded(visml_context *ctx, const uint8_t *file, size_t n, const visml_decode_opts *opts, visml_error *err) {
    uint8_t *copy = test_guarded(n);
    memcpy(copy, file, n);
    visml_tensor *image = visml_image_decode(ctx, copy, n, opts, err);
    test_guarded_free(copy, n);
    return image;
}

/* ---- the checks ---- */

static int difference(const visml_tensor *image, const image_case *c) {
    const uint8_t *a = visml_tensor_data(image);
    const uint16_t *b = visml_tensor_data(image);
    int worst = 0;
    for (int64_t i = 0; i < visml_tensor_count(image); i++) {
        int got = c->bits == 16 ? b[i] : a[i], want = c->bits == 16 ? (int)visml_le16(c->pixels + 2 * i) : c->pixels[i];
        worst = abs(got - want) > worst ? abs(got - want) : worst;
    }
    return worst;
}

static void check_pixels(visml_context *ctx, const image_case *c) {
    visml_error err = {0};
    visml_decode_opts o = VISML_OPTS_INIT(visml_decode_opts);
    visml_image_info info = {.size = sizeof info};
    o.keep_16bit = 1;
    visml_tensor *image = assert_made(image_decode_guarded(ctx, c->file, c->n, &o, &err), &err);
    const visml_shape *s = visml_tensor_shape(image);
    assert_int_equal(visml_tensor_dtype(image), c->bits == 16 ? VISML_U16 : VISML_U8);
    assert_int_equal(s->dims[0], c->height);
    assert_int_equal(s->dims[1], c->width);
    assert_int_equal(s->dims[2], c->channels);
    int bound = strncmp(c->name, "jpeg", 4) == 0 && !image_jpeg_strict ? 24 : 0, worst = difference(image, c);
    if (worst > bound)
        fail_msg("%s: a sample differs by %d from Pillow's", c->name, worst);
    assert_ok(visml_image_probe(ctx, c->file, c->n, &info, &err), &err);
    assert_true(info.height == c->height && info.width == c->width && info.channels == c->channels && info.bits == c->bits);
    visml_tensor_release(image);
}

/* Every byte of a small file; every seventh of a large one. */
static size_t step_of(const image_case *c) {
    return c->n < 3000 ? 1 : 7;
}

/* A file that is cut may at most miss what says nothing about the picture: a blank at the end of text, an end mark after the last pixel. */
static void check_cut(visml_context *ctx, const image_case *c) {
    for (size_t n = 0; n < c->n; n += step_of(c)) {
        visml_error err = {0};
        visml_tensor *image = image_decode_guarded(ctx, c->file, n, VISML_OPTS(visml_decode_opts, .keep_16bit = 1), &err);
        if (image && (n + 2 < c->n || difference(image, c) > 0))
            fail_msg("%s: decoded when cut after %zu of %zu bytes", c->name, n, c->n);
        visml_tensor_release(image);
        assert_true(image || err.code == VISML_EFORMAT);
        assert_true(image || err.message[0] != 0);
    }
}

static void check_flipped(visml_context *ctx, const image_case *c) {
    static const uint8_t masks[] = {0xff, 0x01, 0x80};
    uint8_t *copy = malloc(c->n);
    memcpy(copy, c->file, c->n);
    for (size_t i = 0; i < c->n; i += step_of(c))
        for (size_t k = 0; k < sizeof masks; k++) {
            visml_error err = {0};
            copy[i] ^= masks[k];
            visml_tensor *image = image_decode_guarded(ctx, copy, c->n, NULL, &err);
            assert_true(image || (err.code < 0 && err.message[0] != 0));
            visml_tensor_release(image);
            copy[i] ^= masks[k];
        }
    free(copy);
}

void image_cases_check(const char *prefix, size_t least) {
    /* A changed byte may claim a picture of any size: what is refused need not be tried in full. */
    visml_context_opts o = VISML_OPTS_INIT(visml_context_opts);
    o.threads = 1;
    o.max_pixels = 1 << 20;
    visml_context *ctx = visml_context_new(&o, NULL);
    image_cases all = image_cases_load();
    size_t found = 0;
    for (size_t i = 0; i < all.count; i++) {
        const image_case *c = &all.list[i];
        if (strncmp(c->name, prefix, strlen(prefix)) != 0)
            continue;
        uint64_t before = visml_context_memory_used(ctx);
        found++;
        check_pixels(ctx, c);
        check_cut(ctx, c);
        check_flipped(ctx, c);
        assert_int_equal(visml_context_memory_used(ctx), before);
    }
    assert_true(found >= least);
    image_cases_free(&all);
    visml_context_free(ctx);
}

void image_refused(const void *file, size_t n, visml_status status, const char *text) {
    visml_context *ctx = test_context(1);
    visml_error err = {0};
    visml_tensor *image = image_decode_guarded(ctx, file, n, NULL, &err);
    assert_null(image);
    if (err.code != status || !strstr(err.message, text))
        fail_msg("got %s \"%s\", want %s \"%s\"", visml_status_name(err.code), err.message, visml_status_name(status), text);
    visml_context_free(ctx);
}
