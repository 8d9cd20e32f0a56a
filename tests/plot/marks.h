/* What tests of plots share: marks are looked for, pixels are looked at. */
#ifndef PLOT_MARKS_H
#define PLOT_MARKS_H

#include <stdlib.h>
#include <string.h>

#include "plot/plot.h"
#include "support/support.h"

/* Mark number i, from 0 on, of those with this kind and this color; NULL behind the last one. */
static inline const visml_mark *find_mark(const visml_plot *p, visml_mark_kind kind, uint32_t color, size_t i) {
    for (size_t k = 0; k < p->count; k++)
        if (p->marks[k].kind == kind && (kind == VISML_MARK_PICTURE || p->marks[k].color == color) && i-- == 0)
            return &p->marks[k];
    return NULL;
}

static inline size_t count_marks(const visml_plot *p, visml_mark_kind kind, uint32_t color) {
    size_t n = 0;
    while (find_mark(p, kind, color, n))
        n++;
    return n;
}

/* 1 when the plot has this text. */
static inline int has_text(const visml_plot *p, const char *text) {
    const visml_mark *m;
    for (size_t i = 0; (m = find_mark(p, VISML_MARK_TEXT, VISML_BLACK, i)); i++)
        if (strcmp(m->as.text.bytes, text) == 0)
            return 1;
    return 0;
}

static inline uint32_t pixel_at(const visml_tensor *image, int64_t x, int64_t y) {
    const uint8_t *p = (const uint8_t *)image->data + 3 * (y * image->shape.dims[1] + x);
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline void assert_refused(const void *made, visml_status code, const char *message, const visml_error *err) {
    assert_null(made);
    assert_string_equal(err->message, message);
    assert_int_equal(err->code, code);
}

typedef visml_status draw_something(visml_context *c, visml_error *e);

static inline visml_status draw_it(visml_context *c, const void *what, visml_error *e) {
    return (*(draw_something *const *)what)(c, e);
}

/* `use` frees what it makes. The later allocations are those of later marks and pictures. */
static inline void survive_allocations(draw_something *use) {
    test_failing_allocations("plot", 100, draw_it, &use);
}

/* As a picture and as both kinds of file; consumed. */
static inline visml_status write_all(visml_plot *p, visml_error *e) {
    char *folder = test_folder(), *png = test_path(folder, "p.png"), *svg = test_path(folder, "p.svg");
    visml_status status = p ? visml_plot_save(p, png, e) : e->code;
    if (status == VISML_OK)
        status = visml_plot_save(p, svg, e);
    visml_plot_free(p);
    free(png);
    free(svg);
    test_folder_remove(folder);
    return status;
}

#endif
