/* Numbers out of byte strings. The caller has checked the length. */
#ifndef IMAGE_BYTES_H
#define IMAGE_BYTES_H

#include <stdint.h>

static inline uint32_t visml_be16(const uint8_t *p) {
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t visml_be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t visml_le16(const uint8_t *p) {
    return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t visml_le32(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline void visml_put_be32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

#endif
