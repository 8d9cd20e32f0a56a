#include <string.h>

#include "image/bytes.h"
#include "image/image.h"

/* EXIF 2.3: a TIFF 6.0 file with the tags that matter here. */
#define TAG_MAKE 0x010f
#define TAG_MODEL 0x0110
#define TAG_ORIENTATION 0x0112
#define TAG_DATE 0x0132
#define TAG_EXIF_IFD 0x8769
#define TAG_DATE_ORIGINAL 0x9003

#define TYPE_ASCII 2
#define TYPE_SHORT 3
#define TYPE_LONG 4

typedef struct tiff {
    const uint8_t *data;
    size_t n;
    int big_endian;
    char make[32], model[32];
} tiff;

static uint32_t get16(const tiff *t, size_t at) {
    return t->big_endian ? visml_be16(t->data + at) : visml_le16(t->data + at);
}

static uint32_t get32(const tiff *t, size_t at) {
    return t->big_endian ? visml_be32(t->data + at) : visml_le32(t->data + at);
}

/* The text of an entry, without blanks at its end; what is not printable ASCII becomes '?'. */
static void text(const tiff *t, size_t entry, char *out, size_t capacity) {
    size_t count = get32(t, entry + 4), at = count <= 4 ? entry + 8 : get32(t, entry + 8), n = 0, end = 0;
    if (get16(t, entry + 2) != TYPE_ASCII || at > t->n || count > t->n - at)
        return;
    for (; n < count && n + 1 < capacity && t->data[at + n]; n++) {
        uint8_t c = t->data[at + n];
        out[n] = c >= 32 && c < 127 ? (char)c : '?';
        if (c != ' ')
            end = n + 1;
    }
    out[end] = '\0';
}

static void date(const tiff *t, size_t entry, visml_image_header *h) {
    char taken[24] = "";
    text(t, entry, taken, sizeof taken);
    if (strlen(taken) == 19 && taken[4] == ':' && taken[0] != ' ')
        memcpy(h->taken, taken, sizeof taken);
}

/* One directory. Returns the offset of the EXIF directory that it names, or 0. */
static size_t directory(tiff *t, size_t at, visml_image_header *h) {
    size_t next = 0;
    if (at > t->n || t->n - at < 2)
        return 0;
    size_t count = get16(t, at), fits = (t->n - at - 2) / 12;
    for (size_t i = 0; i < (count < fits ? count : fits); i++) {
        size_t entry = at + 2 + i * 12;
        uint32_t tag = get16(t, entry), type = get16(t, entry + 2);
        if (tag == TAG_MAKE)
            text(t, entry, t->make, sizeof t->make);
        else if (tag == TAG_MODEL)
            text(t, entry, t->model, sizeof t->model);
        else if (tag == TAG_ORIENTATION && type == TYPE_SHORT && get16(t, entry + 8) - 1 < 8)
            h->orientation = (int32_t)get16(t, entry + 8);
        else if ((tag == TAG_DATE && !h->taken[0]) || tag == TAG_DATE_ORIGINAL)
            date(t, entry, h);
        else if (tag == TAG_EXIF_IFD && type == TYPE_LONG)
            next = get32(t, entry + 8);
    }
    return next;
}

/* "make model", or the model alone when it starts with the make ("Canon", "Canon EOS 5D"). */
static void camera(const tiff *t, visml_image_header *h) {
    size_t make = strlen(t->make), model = strlen(t->model), n = 0;
    if (make && !(model >= make && memcmp(t->make, t->model, make) == 0)) {
        memcpy(h->camera, t->make, make);
        n = make;
        if (model)
            h->camera[n++] = ' ';
    }
    memcpy(h->camera + n, t->model, model + 1);
}

void visml_exif_read(const uint8_t *data, size_t n, visml_image_header *h) {
    tiff t = {.data = data, .n = n};
    if (n < 8 || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0))
        return;
    t.big_endian = data[0] == 'M';
    size_t exif = directory(&t, get32(&t, 4), h);
    if (exif) {
        visml_image_header inner = *h;
        directory(&t, exif, &inner);
        memcpy(h->taken, inner.taken, sizeof h->taken);
    }
    camera(&t, h);
}
