#include "plot/plot.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

/* ---- the list ---- */

visml_plot *visml_plot_begin(visml_context *ctx, double width, double height, visml_error *err) {
    if (width * height > (double)ctx->max_pixels) {
        visml_fail(err, VISML_ELIMIT, "plot: the drawing has %.0f x %.0f pixels, more than max_pixels: %lld", width, height,
                   (long long)ctx->max_pixels);
        return NULL;
    }
    visml_plot *p = visml_mem_zalloc(&ctx->memory, 1, sizeof *p, err);
    if (!p)
        return NULL;
    p->context = visml_context_retain(ctx);
    p->width = width;
    p->height = height;
    p->err = err;
    return p;
}

visml_plot *visml_plot_end(visml_plot *p, visml_status status) {
    if (p && (status < 0 || p->status < 0)) {
        visml_plot_free(p);
        return NULL;
    }
    if (p)
        p->err = NULL;
    return p;
}

static void clear_mark(visml_memory *m, visml_mark *mark) {
    if (mark->kind == VISML_MARK_TEXT)
        visml_mem_free(m, mark->as.text.bytes);
    if (mark->kind == VISML_MARK_PICTURE)
        visml_tensor_release(mark->as.picture);
}

void visml_plot_free(visml_plot *plot) {
    if (!plot)
        return;
    visml_context *ctx = plot->context;
    for (size_t i = 0; i < plot->count; i++)
        clear_mark(&ctx->memory, &plot->marks[i]);
    visml_mem_free(&ctx->memory, plot->marks);
    visml_mem_free(&ctx->memory, plot);
    visml_context_release(ctx);
}

/* Takes over what the mark owns. */
static void add(visml_plot *p, visml_mark mark) {
    void *marks = p->marks;
    if (p->status == VISML_OK)
        p->status = visml_mem_grow(&p->context->memory, &marks, &p->capacity, p->count + 1, sizeof mark, p->err);
    p->marks = marks;
    if (p->status < 0)
        clear_mark(&p->context->memory, &mark);
    else
        p->marks[p->count++] = mark;
}

void visml_draw_rectangle(visml_plot *p, visml_frame at, uint32_t color, double opacity) {
    add(p, (visml_mark){.kind = VISML_MARK_RECTANGLE, .color = color, .opacity = (float)opacity, .x = at.left, .y = at.top,
                        .to_x = at.left + at.width, .to_y = at.top + at.height});
}

void visml_draw_outline(visml_plot *p, visml_frame at, uint32_t color) {
    double right = at.left + at.width - 1, bottom = at.top + at.height - 1;
    visml_draw_rectangle(p, (visml_frame){at.left, at.top, at.width, 1}, color, 1);
    visml_draw_rectangle(p, (visml_frame){at.left, bottom, at.width, 1}, color, 1);
    visml_draw_rectangle(p, (visml_frame){at.left, at.top + 1, 1, at.height - 2}, color, 1);
    visml_draw_rectangle(p, (visml_frame){right, at.top + 1, 1, at.height - 2}, color, 1);
}

void visml_draw_line(visml_plot *p, double x, double y, double to_x, double to_y, double width, uint32_t color, double opacity) {
    add(p, (visml_mark){.kind = VISML_MARK_LINE, .color = color, .opacity = (float)opacity, .size = (float)width, .x = x, .y = y,
                        .to_x = to_x, .to_y = to_y});
}

void visml_draw_disc(visml_plot *p, double x, double y, double radius, uint32_t color, double opacity) {
    add(p, (visml_mark){.kind = VISML_MARK_DISC, .color = color, .opacity = (float)opacity, .size = (float)radius, .x = x, .y = y});
}

void visml_draw_picture(visml_plot *p, visml_frame at, visml_tensor *picture) {
    if (!picture && p->status == VISML_OK)
        p->status = VISML_ENOMEM;
    add(p, (visml_mark){.kind = VISML_MARK_PICTURE, .opacity = 1, .x = at.left, .y = at.top, .to_x = at.left + at.width,
                        .to_y = at.top + at.height, .as.picture = picture});
}

/* ---- text ---- */

/* What the characters of a text are drawn as: itself, or U+FFFD for a byte that is not UTF-8 and for what XML does not allow (control
 * characters, U+FFFE and U+FFFF; XML 1.0, 2.2). The bytes of the text that it stands for to *used. */
static const char *shown(const char *s, size_t n, size_t *used, size_t *length) {
    static const char unknown[] = "\xEF\xBF\xBD";
    *used = *length = visml_utf8_length(s, n);
    int last_two = *used == 3 && memcmp(s, "\xEF\xBF", 2) == 0 && (s[2] & 0x3E) == 0x3E;
    if (*used && (unsigned char)*s >= 0x20 && *s != 0x7F && !last_two)
        return s;
    *used = *used ? *used : 1;
    *length = sizeof unknown - 1;
    return unknown;
}

int64_t visml_text_characters(const char *text) {
    int64_t count = 0;
    size_t used, length;
    for (size_t n = text ? strlen(text) : 0; n; n -= used, text += used, count++)
        (void)shown(text, n, &used, &length);
    return count;
}

void visml_draw_text(visml_plot *p, double x, double y, visml_style style, const char *text) {
    int64_t count = visml_text_characters(text), keep = style.most && count > style.most ? style.most - 2 : count;
    visml_text t;
    if (!count)
        return;
    visml_text_init(&t, &p->context->memory);
    size_t used, length, n = strlen(text);
    for (int64_t i = 0; i < keep; i++, text += used, n -= used) {
        const char *s = shown(text, n, &used, &length);
        visml_text_add_bytes(&t, s, length);
    }
    if (keep < count)
        visml_text_add(&t, "..");
    if (t.status < 0 && p->status == VISML_OK)
        p->status = visml_fail(p->err, t.status, "plot: no memory for a text of %lld characters", (long long)count);
    add(p, (visml_mark){.kind = VISML_MARK_TEXT, .color = VISML_BLACK, .opacity = 1, .size = (float)style.scale, .x = x, .y = y,
                        .as.text = {t.data, style.anchor, style.turned}});
}

/* ---- files and pixels ---- */

visml_tensor *visml_plot_image(const visml_plot *plot, visml_error *err) {
    if (!plot) {
        visml_fail(err, VISML_EINVAL, "plot: plot is NULL");
        return NULL;
    }
    visml_shape shape = visml_shape_make(3, (int64_t[]){(int64_t)plot->height, (int64_t)plot->width, 3});
    visml_tensor *t = visml_tensor_new(plot->context, VISML_U8, &shape, err);
    if (!t)
        return NULL;
    memset(t->data, 255, (size_t)t->count);
    visml_plot_raster(plot, (uint8_t *)t->data);
    return t;
}

static int ends_with(const char *path, const char *suffix) {
    size_t n = strlen(path), k = strlen(suffix);
    for (size_t i = 0; i < k && k <= n; i++) {
        char c = path[n - k + i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != suffix[i])
            return 0;
    }
    return n > k;
}

static visml_status save_png(const visml_plot *plot, const char *path, visml_error *err) {
    visml_tensor *t = visml_plot_image(plot, err);
    visml_status status = t ? visml_image_write_png(t, path, err) : VISML_ENOMEM;
    visml_tensor_release(t);
    return status;
}

static visml_status save_svg(const visml_plot *plot, const char *path, visml_error *err) {
    visml_memory *m = &plot->context->memory;
    visml_text t;
    visml_text_init(&t, m);
    visml_status status = visml_plot_svg(plot, &t, err);
    if (status == VISML_OK)
        status = visml_file_replace(m, path, t.data, t.length, err);
    visml_text_free(&t);
    return status;
}

visml_status visml_plot_save(const visml_plot *plot, const char *path, visml_error *err) {
    if (!plot || !path)
        return visml_fail(err, VISML_EINVAL, "plot: %s is NULL", plot ? "path" : "plot");
    if (ends_with(path, ".png"))
        return save_png(plot, path, err);
    if (ends_with(path, ".svg"))
        return save_svg(plot, path, err);
    return visml_fail(err, VISML_EINVAL, "plot: path is \"%s\", must end with .png or .svg", path);
}
