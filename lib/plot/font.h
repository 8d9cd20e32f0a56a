/* The built-in font. */
#ifndef PLOT_FONT_H
#define PLOT_FONT_H

#include <stdint.h>

#define VISML_FONT_COLUMNS 5
#define VISML_FONT_ROWS 9
#define VISML_FONT_ASCENT 7 /* rows above the base line */
#define VISML_FONT_STEP 6   /* from one letter to the next */

/* [VISML_FONT_ROWS], the highest of 5 bits on the left. */
const uint8_t *visml_font_glyph(uint32_t code);

#endif
