/* The inside of a plot: a list of marks, made once, which two writers walk over (raster.c to pixels, svg.c to text).
 *
 * Lengths are in pixels, from the top left corner on: pixel (x, y) is [x, x + 1) x [y, y + 1). */
#ifndef PLOT_PLOT_H
#define PLOT_PLOT_H

#include "base/text.h"
#include "context/context.h"
#include "tensor/tensor.h"
#include "visml/plot.h"

typedef enum visml_mark_kind {
    VISML_MARK_RECTANGLE,
    VISML_MARK_LINE,
    VISML_MARK_DISC,
    VISML_MARK_TEXT,
    VISML_MARK_PICTURE,
} visml_mark_kind;

typedef enum visml_anchor { VISML_ANCHOR_START, VISML_ANCHOR_MIDDLE, VISML_ANCHOR_END } visml_anchor;

typedef struct visml_frame {
    double left, top, width, height;
} visml_frame;

typedef struct visml_mark {
    visml_mark_kind kind;
    uint32_t color; /* 0xRRGGBB */
    float opacity;  /* 0 ... 1 */
    float size;     /* a line's width, a disc's radius, a text's pixels for one of the font */
    double x, y;    /* a line's begin, a disc's middle, a text's place on its base line */
    double to_x, to_y; /* a line's end; a rectangle and a picture are [x, to_x) x [y, to_y) */
    union {
        struct {
            char *bytes; /* owned; well-formed UTF-8 without control characters */
            visml_anchor anchor;
            int32_t turned; /* 1: upwards */
        } text;
        visml_tensor *picture; /* [H, W, 3] uint8, one reference */
    } as;
} visml_mark;

struct visml_plot {
    visml_context *context; /* one reference */
    double width, height;   /* whole numbers */
    visml_mark *marks;
    size_t count, capacity;
    visml_status status; /* while it is made: the first failure; what follows it does nothing */
    visml_error *err;    /* likewise: where that goes */
};

/* ---- making one: plot.c ---- */

/* White. *err is kept until the end. NULL: VISML_ENOMEM, VISML_ELIMIT. */
visml_plot *visml_plot_begin(visml_context *ctx, double width, double height, visml_error *err);
/* The plot, or NULL after a failure, its own or the caller's (told in err by now). */
visml_plot *visml_plot_end(visml_plot *p, visml_status status);

void visml_draw_rectangle(visml_plot *p, visml_frame at, uint32_t color, double opacity);
/* The edges of a rectangle, one pixel wide, inside of it. */
void visml_draw_outline(visml_plot *p, visml_frame at, uint32_t color);
void visml_draw_line(visml_plot *p, double x, double y, double to_x, double to_y, double width, uint32_t color, double opacity);
void visml_draw_disc(visml_plot *p, double x, double y, double radius, uint32_t color, double opacity);
/* A picture [H, W, 3] of bytes (*consumed*, also when it is NULL, which is a failure that was told in err), spread over the frame. */
void visml_draw_picture(visml_plot *p, visml_frame at, visml_tensor *picture);

/* What a text looks like besides its place. */
typedef struct visml_style {
    int32_t scale; /* pixels for one of the font: letters are 5 x 7 of them, and stand 6 apart */
    int32_t most;  /* characters; of a longer text the last two are dots. 0: any number */
    visml_anchor anchor;
    int32_t turned;
} visml_style;
/* In black, for NULL nothing. */
void visml_draw_text(visml_plot *p, double x, double y, visml_style style, const char *text);
/* Characters of a text, as they are drawn; 0 for NULL. */
int64_t visml_text_characters(const char *text);

/* ---- writing one ---- */

/* raster.c. The plot as pixels [height, width, 3] of 0 ... 255, over what is there. */
void visml_plot_raster(const visml_plot *p, uint8_t *pixels);
/* svg.c. Errors: VISML_ENOMEM. */
visml_status visml_plot_svg(const visml_plot *p, visml_text *text, visml_error *err);

/* ---- colours ---- */

#define VISML_BLACK 0x000000u
#define VISML_WHITE 0xFFFFFFu
#define VISML_GRAY 0x999999u   /* of what has no class */
#define VISML_BARS 0x0072B2u   /* of what is alone */

/* ---- classes: labels.c ---- */

/* A mark for a class, the same for each number; below 0: gray. */
void visml_draw_class(visml_plot *p, int32_t label, double x, double y, double radius, double opacity);
/* labels and names as the public calls take them, of n things. Errors: VISML_EINVAL. */
visml_status visml_labels_check(const char *what, const visml_tensor *labels, int64_t n, const char *const *names, size_t classes,
                                visml_error *err);
/* The class of thing i; -1: none, also without labels. */
int32_t visml_label_of(const visml_tensor *labels, int64_t i);
/* "cat", "3", or "no class". */
const char *visml_label_name(int32_t label, const char *const *names, visml_number *room);

#endif
