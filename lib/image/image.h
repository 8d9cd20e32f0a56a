/* The inside of the image room: what a file's header says, and one table of functions a format. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "context/context.h"
#include "visml/image.h"

/* A file in memory, borrowed. */
typedef struct visml_source {
    visml_context *context;
    const uint8_t *data;
    size_t n;
} visml_source;

/* What the pre-pass found out. All offsets lie inside the file and all counts have been checked against it. */
typedef struct visml_image_header {
    visml_image_format format;
    int32_t channels, bits; /* of the decoded picture: 1 ... 4, 8 or 16 */
    int32_t orientation;    /* EXIF 1 ... 8 */
    int64_t width, height;  /* as stored */
    uint64_t scratch;       /* bytes that decoding takes besides the picture */
    char camera[64], taken[24];
    union {
        struct {
            int32_t components, scans, progressive, arithmetic;
            int32_t tables_missing; /* a scan uses tables that are not in the file, as frames of Motion JPEG do */
            int32_t ids_repeated;   /* two components have one number */
            int32_t adobe_transform; /* of the APP14 segment; -1 without one */
        } jpeg;
        struct {
            int32_t depth, color, interlaced;
            size_t first_chunk; /* offset of the chunk after IHDR */
            size_t palette, palette_count, trns, trns_count;
        } png;
        struct {
            int32_t bits, compression, bottom_up;
            size_t palette, palette_count, palette_step, pixels;
            uint32_t masks[4]; /* red, green, blue, alpha */
        } bmp;
        struct {
            int32_t left, top, width, height, interlaced;
            int32_t transparent; /* index, or -1 */
            size_t palette, palette_count, data; /* data: offset of the LZW code size */
        } gif;
        struct {
            int32_t kind, max; /* kind: the digit after P */
            size_t pixels;
        } pnm;
        struct {
            int32_t type, depth, map_depth, right_to_left, top_down;
            size_t map, map_first, map_count, pixels;
        } tga;
    } as;
} visml_image_header;

/* `probe` fills the header (zeroed before, orientation 1). With `whole` it also checks all that decode relies on, to the end of the file.
 * `decode` fills pixels [height, width, channels] of uint8_t, or uint16_t when bits is 16. Messages: "PNG, byte 33: ...". */
typedef struct visml_image_ops {
    const char *name;
    int (*match)(const uint8_t *data, size_t n);
    visml_status (*probe)(const visml_source *s, int whole, visml_image_header *h, visml_error *err);
    visml_status (*decode)(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err);
    int32_t fills; /* 1: decode writes every byte of the pixels; 0: they are zeros before */
} visml_image_ops;

extern const visml_image_ops visml_jpeg_ops, visml_png_ops, visml_bmp_ops, visml_gif_ops, visml_pnm_ops, visml_tga_ops;

/* The format of a file by its content; NULL: none that we know. */
const visml_image_ops *visml_image_recognise(const uint8_t *data, size_t n);
/* Recognises, probes, and checks dimensions and memory against the context's limits. */
visml_status visml_image_open(const visml_source *s, int whole, const visml_image_ops **ops, visml_image_header *h, visml_error *err);

/* An EXIF block (from its TIFF header on) into orientation, camera and taken. Anything wrong in it is passed over, as it is
 * not the picture. */
void visml_exif_read(const uint8_t *tiff, size_t n, visml_image_header *h);

/* JPEG and PNG without their pre-pass, by the decoders of this build. */
visml_status visml_jpeg_decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err);
visml_status visml_png_decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err);
/* A JPEG file without what a decoder does not need (EXIF, profiles, bytes between segments) and with odd values that it would only warn of
 * set right, to `to` [s->n]; returns its length. The file has been probed whole. So a warning that is left means damage. */
size_t visml_jpeg_clean(const visml_source *s, const visml_image_header *h, uint8_t *to);
/* The samples of a PNG as stored, without filters and interlacing, rows packed: `bytes` of them (checked to be the right number). */
visml_status visml_png_samples(const visml_source *s, const visml_image_header *h, uint8_t *samples, size_t bytes, visml_error *err);
/* Bytes of one row of so many pixels. */
size_t visml_png_row_bytes(const visml_image_header *h, size_t width);
/* The next IDAT chunk at or after *at: its data, and *at moves behind it. 0: none. The file has been checked. */
int visml_png_next_idat(const visml_source *s, size_t *at, const uint8_t **data, size_t *n);

/* A picture with rank 3 and 1 ... 4 channels, contiguous. `what` starts the message. Errors: VISML_EINVAL. */
visml_status visml_image_check(const char *what, const visml_tensor *image, visml_error *err);
/* A new picture [height, width, channels] like `image`; what is in it is not set. */
visml_tensor *visml_image_like(const visml_tensor *image, int64_t height, int64_t width, int64_t channels, visml_error *err);
/* Both *consume* the picture and return it or another: turned as the EXIF orientation says; with the high bytes of 16-bit samples. */
visml_tensor *visml_image_orient(visml_tensor *image, int32_t orientation, visml_error *err);
visml_tensor *visml_image_narrow(visml_tensor *image, visml_error *err);

#endif
