#include "classify/histogram_sums.h"

#include <math.h>
#include <string.h>

double visml_gradient_scale(int64_t n, double largest) {
    int exponent;
    double room = 2147483647.0 / (double)n - 1;
    if (!(largest > 0))
        return 1;
    frexp((room > 1 ? room : 1) / largest, &exponent);
    return ldexp(1, exponent - 1);
}

/* A row's codes lie side by side. The width is a constant each time: places are then formed by the address of an instruction. */
#define ADD(c, width) h[(c) * (width) + code[c]] += g
#define ADD_4(c, width) ADD(c, width), ADD((c) + 1, width), ADD((c) + 2, width), ADD((c) + 3, width)
#define DEFINE_ADD_ROWS(width)                                                                                                        \
    static void add_rows_##width(const uint8_t *codes, int64_t n, const int32_t *rows, const int64_t *gradients, int64_t *h) {        \
        for (int64_t i = 0; i < n; i++) {                                                                                             \
            const uint8_t *code = codes + (int64_t)rows[i] * VISML_BIN_COLUMNS;                                                       \
            int64_t g = gradients[i];                                                                                                 \
            __builtin_prefetch(codes + (int64_t)rows[i + AHEAD < n ? i + AHEAD : i] * VISML_BIN_COLUMNS);                             \
            ADD_4(0, width), ADD_4(4, width), ADD_4(8, width), ADD_4(12, width);                                                      \
        }                                                                                                                             \
    }
#define AHEAD 16 /* rows: those of a node have gaps, which no prefetcher foresees */

DEFINE_ADD_ROWS(16)
DEFINE_ADD_ROWS(64)
DEFINE_ADD_ROWS(256)

void visml_histogram_sum(const visml_bins *b, int64_t block, int64_t n, const int32_t *rows, const int64_t *gradients, int64_t *h) {
    const uint8_t *codes = b->codes + block * b->n * VISML_BIN_COLUMNS;
    size_t numbers = (size_t)visml_histogram_size(b, block);
    if (!numbers) /* no column of the block tells rows apart: there may be no h */
        return;
    memset(h, 0, numbers * sizeof *h);
    switch (b->widths[block]) {
    case 16:
        add_rows_16(codes, n, rows, gradients, h);
        break;
    case 64:
        add_rows_64(codes, n, rows, gradients, h);
        break;
    case 256:
        add_rows_256(codes, n, rows, gradients, h);
        break;
    default:
        break;
    }
}

void visml_histogram_subtract(int64_t n, int64_t *all, const int64_t *part) {
    for (int64_t i = 0; i < n; i++)
        all[i] -= part[i];
}
