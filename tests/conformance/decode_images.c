/* Decodes the files named on standard input, one a line, to RGB. For each it writes to standard output a line "status height width seconds
 * message" and, when status is 0, height * width * 3 bytes. nasty_images.py compares them with Pillow's. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "visml/image.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int decode_one(visml_context *ctx, const char *path) {
    visml_error err = {0};
    double begin = now();
    visml_tensor *image = visml_image_read(
        ctx, path, VISML_OPTS(visml_decode_opts, .color = VISML_COLOR_RGB, .ignore_orientation = 1), &err);
    double seconds = now() - begin;
    if (!image)
        return printf("%d 0 0 %.4f %s\n", (int)err.code, seconds, err.message) < 0;
    const int64_t *d = visml_tensor_shape(image)->dims;
    printf("0 %lld %lld %.4f ok\n", (long long)d[0], (long long)d[1], seconds);
    size_t n = (size_t)visml_tensor_count(image);
    int failed = fwrite(visml_tensor_data(image), 1, n, stdout) != n;
    visml_tensor_release(image);
    return failed;
}

int main(void) {
    char path[4096];
    int failed = 0;
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1), NULL);
    while (ctx && !failed && fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = '\0';
        failed = decode_one(ctx, path);
    }
    failed |= !ctx || visml_context_memory_used(ctx) > 65536; /* leaked pictures */
    visml_context_free(ctx);
    return failed;
}
