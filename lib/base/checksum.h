/* CRC-32 as in PNG, gzip and zip (IEEE 802.3, reflected 0xEDB88320). */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc` (0 to begin), so that pieces can be added in order. */
uint32_t visml_crc32(uint32_t crc, const void *bytes, size_t n);

#endif
