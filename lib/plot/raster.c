/* A plot as pixels. A mark covers a share of a pixel's square: exactly that where its edges run along the axes; where they do not, the
 * share of the square if it were turned with the edge. */
#include <math.h>
#include <string.h>

#include "plot/font.h"
#include "plot/plot.h"

typedef struct canvas {
    int64_t width, height;
    uint8_t *pixels;
} canvas;

static double within(double x, double low, double high) {
    return x < low ? low : x > high ? high : x;
}

/* The share `cover` of a pixel takes the color; rounded to nearest. */
static void blend(const canvas *c, int64_t x, int64_t y, uint32_t color, double cover) {
    uint8_t *pixel = c->pixels + 3 * (y * c->width + x);
    for (int i = 0; i < 3; i++) {
        double to = (double)(color >> (16 - 8 * i) & 255), from = pixel[i];
        pixel[i] = (uint8_t)(from + (to - from) * cover + 0.5);
    }
}

/* Pixels that a mark reaches. */
typedef struct span {
    int64_t left, right, top, bottom; /* right and bottom: behind the last */
} span;

static span span_of(const canvas *c, double left, double top, double right, double bottom) {
    double w = (double)c->width, h = (double)c->height;
    return (span){(int64_t)floor(within(left, 0, w)), (int64_t)ceil(within(right, 0, w)), (int64_t)floor(within(top, 0, h)),
                  (int64_t)ceil(within(bottom, 0, h))};
}

static double overlap(double low, double high, int64_t i) {
    double from = (double)i, to = from + 1;
    return within((high < to ? high : to) - (low > from ? low : from), 0, 1);
}

static void rectangle(const canvas *c, double left, double top, double right, double bottom, uint32_t color, double opacity) {
    span s = span_of(c, left, top, right, bottom);
    for (int64_t y = s.top; y < s.bottom; y++)
        for (int64_t x = s.left; x < s.right; x++)
            blend(c, x, y, color, opacity * overlap(top, bottom, y) * overlap(left, right, x));
}

static void line(const canvas *c, const visml_mark *m) {
    double dx = m->to_x - m->x, dy = m->to_y - m->y, length = sqrt(dx * dx + dy * dy), half = (double)m->size / 2;
    double middle_x = (m->x + m->to_x) / 2, middle_y = (m->y + m->to_y) / 2, reach = half + 1;
    if (!(length > 0))
        return;
    span s = span_of(c, fmin(m->x, m->to_x) - reach, fmin(m->y, m->to_y) - reach, fmax(m->x, m->to_x) + reach, fmax(m->y, m->to_y) + reach);
    for (int64_t y = s.top; y < s.bottom; y++)
        for (int64_t x = s.left; x < s.right; x++) {
            double px = (double)x + 0.5 - middle_x, py = (double)y + 0.5 - middle_y;
            double along = fabs(px * dx + py * dy) / length, across = fabs(px * dy - py * dx) / length;
            double cover = within(half + 0.5 - across, 0, fmin(2 * half, 1)) * within(length / 2 + 0.5 - along, 0, fmin(length, 1));
            blend(c, x, y, m->color, (double)m->opacity * cover);
        }
}

static void disc(const canvas *c, const visml_mark *m) {
    double radius = (double)m->size, reach = radius + 1;
    span s = span_of(c, m->x - reach, m->y - reach, m->x + reach, m->y + reach);
    for (int64_t y = s.top; y < s.bottom; y++)
        for (int64_t x = s.left; x < s.right; x++) {
            double px = (double)x + 0.5 - m->x, py = (double)y + 0.5 - m->y;
            blend(c, x, y, m->color, (double)m->opacity * within(radius + 0.5 - sqrt(px * px + py * py), 0, 1));
        }
}

/* The nearest pixel of the picture, where the middle of a pixel is in the frame. */
static void picture(const canvas *c, const visml_mark *m) {
    const int64_t *d = m->as.picture->shape.dims;
    double down = (double)d[0] / (m->to_y - m->y), across = (double)d[1] / (m->to_x - m->x);
    span s = span_of(c, ceil(m->x - 0.5), ceil(m->y - 0.5), m->to_x - 0.5, m->to_y - 0.5);
    for (int64_t y = s.top; y < s.bottom; y++)
        for (int64_t x = s.left; x < s.right; x++) {
            double from_y = floor(((double)y + 0.5 - m->y) * down), from_x = floor(((double)x + 0.5 - m->x) * across);
            int64_t row = (int64_t)within(from_y, 0, (double)(d[0] - 1)), column = (int64_t)within(from_x, 0, (double)(d[1] - 1));
            memcpy(c->pixels + 3 * (y * c->width + x), m->as.picture->data + 3 * (row * d[1] + column), 3);
        }
}

/* ---- text ---- */

/* One pixel of the font, `along` the line and `down` from it. */
static void dot(const canvas *c, const visml_mark *m, double along, double down) {
    double s = (double)m->size;
    if (m->as.text.turned)
        rectangle(c, m->x + down, m->y - along - s, m->x + down + s, m->y - along, m->color, (double)m->opacity);
    else
        rectangle(c, m->x + along, m->y + down, m->x + along + s, m->y + down + s, m->color, (double)m->opacity);
}

static void glyph(const canvas *c, const visml_mark *m, uint32_t code, double along) {
    const uint8_t *rows = visml_font_glyph(code);
    for (int row = 0; row < VISML_FONT_ROWS; row++)
        for (int column = 0; column < VISML_FONT_COLUMNS; column++)
            if (rows[row] >> (VISML_FONT_COLUMNS - 1 - column) & 1)
                dot(c, m, along + column * (double)m->size, (row - VISML_FONT_ASCENT) * (double)m->size);
}

/* The character that starts here, in well-formed UTF-8, and where the next one does. */
static uint32_t next_character(const unsigned char **s) {
    size_t n = visml_utf8_length((const char *)*s, 4);
    uint32_t code = n == 1 ? **s : **s & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((*s)[i] & 0x3Fu);
    *s += n;
    return code;
}

static void text(const canvas *c, const visml_mark *m) {
    double step = VISML_FONT_STEP * (double)m->size, length = step * (double)visml_text_characters(m->as.text.bytes) - (double)m->size;
    double along = m->as.text.anchor == VISML_ANCHOR_START ? 0 : m->as.text.anchor == VISML_ANCHOR_END ? -length : -floor(length / 2);
    for (const unsigned char *s = (const unsigned char *)m->as.text.bytes; *s; along += step)
        glyph(c, m, next_character(&s), along);
}

void visml_plot_raster(const visml_plot *p, uint8_t *pixels) {
    canvas c = {(int64_t)p->width, (int64_t)p->height, pixels};
    for (size_t i = 0; i < p->count; i++) {
        const visml_mark *m = &p->marks[i];
        switch (m->kind) {
        case VISML_MARK_RECTANGLE: rectangle(&c, m->x, m->y, m->to_x, m->to_y, m->color, (double)m->opacity); break;
        case VISML_MARK_LINE: line(&c, m); break;
        case VISML_MARK_DISC: disc(&c, m); break;
        case VISML_MARK_TEXT: text(&c, m); break;
        case VISML_MARK_PICTURE: picture(&c, m); break;
        }
    }
}
