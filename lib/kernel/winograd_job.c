#include "kernel/winograd_job.h"

#include "kernel/span.h"

#define LEAST_ROWS 28         /* tiles in a block: fewer would read the weights too often */
#define BLOCK_ELEMENTS 160000 /* planes of a block: they are to stay in a second-level cache */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int64_t visml_winograd_row(int64_t channels) {
    return visml_blocks(channels, VISML_MAX_NR) * VISML_MAX_NR + 16;
}

static visml_tiles tiles_of(int32_t m, int64_t h, int64_t w, int64_t c, int64_t oh, int64_t ow, int64_t top, int64_t left) {
    visml_tiles t = {.h = h, .w = w, .ld = c, .c = c, .top = top, .left = left, .m = m};
    t.down = (oh + m - 1) / m;
    t.across = (ow + m - 1) / m;
    return t;
}

visml_winograd visml_winograd_of(const visml_compute *compute, int32_t m, const visml_conv2d_geometry *g) {
    visml_winograd j = {.compute = compute, .m = m, .places = (m + 2) * (m + 2)};
    j.in = tiles_of(m, g->h, g->w, g->c, g->oh, g->ow, g->top, g->left);
    j.out = tiles_of(m, g->oh, g->ow, g->f, g->oh, g->ow, 0, 0);
    j.tiles = g->n * j.in.down * j.in.across;
    j.ld_in = visml_winograd_row(g->c);
    j.ld_out = visml_winograd_row(g->f);
    int64_t rows = BLOCK_ELEMENTS / (j.places * (j.ld_in + j.ld_out)) / 14 * 14;
    j.block = rows < LEAST_ROWS ? LEAST_ROWS : least(rows, VISML_WINOGRAD_ROWS);
    j.set = (size_t)(j.places * j.block * (j.ld_in + j.ld_out));
    return j;
}

void visml_winograd_multiply(const visml_winograd *j, int64_t place, int64_t count, const real *in, real *out) {
    const visml_kernels *k = j->compute->kernels;
    visml_blocking b = k->gemm_blocking();
    int64_t offset[VISML_WINOGRAD_ROWS], c = j->in.c, f = j->out.c, panels = visml_blocks(f, b.nr), pieces = visml_blocks(count, b.mr);
    for (int64_t i = 0; i < count; i++)
        offset[i] = i * j->ld_out;
    in += place * j->block * j->ld_in;
    out += place * j->block * j->ld_out;
    for (int64_t k0 = 0; k0 < c; k0 += VISML_KC)
        for (int64_t panel = 0; panel < panels; panel++) {
            visml_factors x = {.lda = j->ld_in, .ldb = b.nr, .k = least(VISML_KC, c - k0), .segments = 1};
            visml_finish end = {.c = out + panel * b.nr, .add = k0 > 0, .cols = (int32_t)least(b.nr, f - panel * b.nr)};
            x.b = j->u + place * j->plane_u + (k0 * panels + panel * x.k) * b.nr;
            for (int64_t i = 0, done = 0; i < pieces; i++, done += end.rows) {
                end.rows = (int32_t)((count - done) / (pieces - i));
                end.offset = offset + done;
                x.a = in + done * j->ld_in + k0;
                k->gemm_rows(&x, &end);
            }
        }
}
