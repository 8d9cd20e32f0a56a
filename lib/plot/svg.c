/* A plot as SVG 1.1: an element for each mark. Numbers have two decimals at most, with a point in every locale. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "plot/font.h"
#include "plot/plot.h"

static visml_number number(double x) {
    return visml_shortest(nearbyint(x * 100) / 100 + 0.0); /* + 0.0: no -0 */
}

/* ' name="3.5"' */
static void attribute(visml_text *t, const char *name, double x) {
    visml_text_add(t, " %s=\"%s\"", name, number(x).s);
}

static void paint(visml_text *t, const char *how, const visml_mark *m) {
    visml_text_add(t, " %s=\"#%06x\"", how, (unsigned)m->color);
    if (m->opacity < 1)
        visml_text_add(t, " %s-opacity=\"%s\"", how, number((double)m->opacity).s);
}

static void frame(visml_text *t, const visml_mark *m) {
    attribute(t, "x", m->x);
    attribute(t, "y", m->y);
    attribute(t, "width", m->to_x - m->x);
    attribute(t, "height", m->to_y - m->y);
}

static void rectangle(visml_text *t, const visml_mark *m) {
    visml_text_add(t, "<rect");
    frame(t, m);
    paint(t, "fill", m);
    visml_text_add(t, "/>\n");
}

static void line(visml_text *t, const visml_mark *m) {
    visml_text_add(t, "<line");
    attribute(t, "x1", m->x);
    attribute(t, "y1", m->y);
    attribute(t, "x2", m->to_x);
    attribute(t, "y2", m->to_y);
    paint(t, "stroke", m);
    attribute(t, "stroke-width", (double)m->size);
    visml_text_add(t, "/>\n");
}

static void disc(visml_text *t, const visml_mark *m) {
    visml_text_add(t, "<circle");
    attribute(t, "cx", m->x);
    attribute(t, "cy", m->y);
    attribute(t, "r", (double)m->size);
    paint(t, "fill", m);
    visml_text_add(t, "/>\n");
}

static void escaped(visml_text *t, const char *s) {
    for (; *s; s++) {
        const char *entity = *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : *s == '&' ? "&amp;" : NULL;
        visml_text_add_bytes(t, entity ? entity : s, entity ? strlen(entity) : 1);
    }
}

/* Letters of a fixed width are 0.6 of their height apart, as a rule: the size that keeps the built-in font's steps. */
static void text(visml_text *t, const visml_mark *m) {
    static const char *const anchors[] = {"start", "middle", "end"};
    visml_text_add(t, "<text");
    attribute(t, "x", m->x);
    attribute(t, "y", m->y);
    attribute(t, "font-size", VISML_FONT_STEP / 0.6 * (double)m->size);
    visml_text_add(t, " font-family=\"monospace\" text-anchor=\"%s\"", anchors[m->as.text.anchor]);
    if (m->as.text.turned)
        visml_text_add(t, " transform=\"rotate(-90 %s %s)\"", number(m->x).s, number(m->y).s);
    paint(t, "fill", m);
    visml_text_add(t, ">");
    escaped(t, m->as.text.bytes);
    visml_text_add(t, "</text>\n");
}

/* RFC 4648. */
static void base64(visml_text *t, const uint8_t *bytes, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t three = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0u);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
                        left > 2 ? digits[three & 63] : '='};
        visml_text_add_bytes(t, four, sizeof four);
    }
}

static visml_status picture(visml_text *t, const visml_mark *m, visml_error *err) {
    visml_tensor *file = visml_image_encode_png(m->as.picture, err);
    if (!file)
        return VISML_ENOMEM;
    visml_text_add(t, "<image");
    frame(t, m);
    visml_text_add(t, " preserveAspectRatio=\"none\" image-rendering=\"pixelated\" xlink:href=\"data:image/png;base64,");
    base64(t, (const uint8_t *)file->data, (size_t)file->count);
    visml_text_add(t, "\"/>\n");
    visml_tensor_release(file);
    return VISML_OK;
}

static visml_status mark(visml_text *t, const visml_mark *m, visml_error *err) {
    switch (m->kind) {
    case VISML_MARK_RECTANGLE: rectangle(t, m); break;
    case VISML_MARK_LINE: line(t, m); break;
    case VISML_MARK_DISC: disc(t, m); break;
    case VISML_MARK_TEXT: text(t, m); break;
    case VISML_MARK_PICTURE: return picture(t, m, err);
    }
    return VISML_OK;
}

visml_status visml_plot_svg(const visml_plot *p, visml_text *t, visml_error *err) {
    visml_text_add(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
                   "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\"");
    attribute(t, "width", p->width);
    attribute(t, "height", p->height);
    visml_text_add(t, ">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n");
    for (size_t i = 0; i < p->count; i++)
        VISML_TRY(mark(t, &p->marks[i], err));
    visml_text_add(t, "</svg>\n");
    return t->status < 0 ? visml_fail(err, t->status, "plot: no memory for the text of %zu marks", p->count) : VISML_OK;
}
