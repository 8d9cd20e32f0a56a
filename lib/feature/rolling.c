#include "feature/rolling.h"

#include <string.h>

#include "image/adjust.h"

static int64_t source_of(visml_edge edge, int64_t i, int64_t n) {
    if (edge == VISML_EDGE_MIRRORED)
        return visml_reflected(i, n);
    return i < 0 ? 0 : i < n ? i : n - 1;
}

/* Rows before `low` are no longer kept. */
static void drop(visml_rolling *r, int64_t low) {
    memmove(r->rows, visml_rolling_row(r, low), (size_t)((r->end - low) * r->length) * sizeof *r->rows);
    r->first = low;
}

/* The next row; one beyond the edges may be there already, as itself or as the one before. */
static void add_row(visml_rolling *r, visml_row_maker *make, void *arg) {
    int64_t y = r->end, source = source_of(r->edge, y, r->height), from = y;
    if (y > r->first && source_of(r->edge, y - 1, r->height) == source)
        from = y - 1;
    else if (source >= r->first)
        from = source;
    if (from < y)
        memcpy(visml_rolling_row(r, y), visml_rolling_row(r, from), (size_t)r->length * sizeof *r->rows);
    else
        make(arg, source, visml_rolling_row(r, y));
    r->end++;
}

void visml_rolling_reach(visml_rolling *r, int64_t low, int64_t high, visml_row_maker *make, void *arg) {
    if (r->first == r->end || low > r->end)
        r->first = r->end = low;
    while (r->end <= high) {
        if (r->end - r->first == r->capacity)
            drop(r, low);
        add_row(r, make, arg);
    }
}

void visml_row_floats(const visml_kernels *k, const visml_view *v, int64_t y, int64_t left, int64_t n, float *to) {
    if (v->bytes)
        k->from_u8((size_t)n, v->bytes + y * v->stride + left, to);
    else
        memcpy(to, v->floats + y * v->stride + left, (size_t)n * sizeof *to);
}

/* Columns x ... end - 1 beyond the picture. */
static void fill_columns(visml_edge edge, int64_t width, int64_t left, int64_t x, int64_t end, int64_t numbers, float *row) {
    for (; x < end; x++)
        memcpy(row + (x - left) * numbers, row + (source_of(edge, x, width) - left) * numbers, (size_t)numbers * sizeof *row);
}

void visml_row_beyond(visml_edge edge, int64_t width, int64_t left, int64_t n, int64_t numbers, float *row) {
    fill_columns(edge, width, left, left, 0, numbers, row);
    fill_columns(edge, width, left, width, left + n, numbers, row);
}
