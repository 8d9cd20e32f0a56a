#include "train/tfevents.h"

#include <string.h>

/* A protocol buffer as it grows: keys are field << 3 | kind; kinds are 0 (varint), 1 (64 bits), 2 (bytes, length first), 5 (32 bits). */
typedef struct message {
    unsigned char bytes[VISML_TFEVENT_LONGEST];
    size_t n;
} message;

static void put_varint(message *m, uint64_t v) {
    for (; v >= 0x80; v >>= 7)
        m->bytes[m->n++] = (unsigned char)(v | 0x80);
    m->bytes[m->n++] = (unsigned char)v;
}

/* Least significant byte first. */
static void put_fixed(message *m, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++)
        m->bytes[m->n++] = (unsigned char)(v >> 8 * i);
}

static void put_bytes(message *m, int field, const void *bytes, size_t n) {
    put_varint(m, (uint64_t)field << 3 | 2);
    put_varint(m, n);
    memcpy(m->bytes + m->n, bytes, n);
    m->n += n;
}

static void put_double(message *m, int field, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_varint(m, (uint64_t)field << 3 | 1);
    put_fixed(m, bits, 8);
}

static void put_float(message *m, int field, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_varint(m, (uint64_t)field << 3 | 5);
    put_fixed(m, bits, 4);
}

/* CRC-32C (Castagnoli, reflected 0x82F63B78), bit by bit: records are short; rotated and shifted as TFRecord masks it. */
static uint32_t masked_crc(const unsigned char *bytes, size_t n) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int b = 0; b < 8; b++)
            crc = crc >> 1 ^ (0x82F63B78u & (0u - (crc & 1)));
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

/* Length (8 bytes), its checksum, the message, its checksum. */
static size_t frame(const message *m, unsigned char *record) {
    message out = {.n = 0};
    put_fixed(&out, m->n, 8);
    put_fixed(&out, masked_crc(out.bytes, 8), 4);
    memcpy(out.bytes + out.n, m->bytes, m->n);
    out.n += m->n;
    put_fixed(&out, masked_crc(m->bytes, m->n), 4);
    memcpy(record, out.bytes, out.n);
    return out.n;
}

/* Event: 1 wall_time (double), 2 step (int64), 3 file_version (string), 5 summary. */
size_t visml_tfevent_version(unsigned char record[VISML_TFEVENT_LONGEST], double wall_time) {
    static const char version[] = "brain.Event:2";
    message event = {.n = 0};
    put_double(&event, 1, wall_time);
    put_bytes(&event, 3, version, sizeof version - 1);
    return frame(&event, record);
}

/* Summary: 1 value (repeated); Summary.Value: 1 tag, 2 simple_value. */
size_t visml_tfevent_scalar(unsigned char record[VISML_TFEVENT_LONGEST], double wall_time, int64_t step, const char *tag, float value) {
    message number = {.n = 0}, summary = {.n = 0}, event = {.n = 0};
    put_bytes(&number, 1, tag, strnlen(tag, VISML_TFEVENT_LONGEST_TAG));
    put_float(&number, 2, value);
    put_bytes(&summary, 1, number.bytes, number.n);
    put_double(&event, 1, wall_time);
    put_varint(&event, 2 << 3);
    put_varint(&event, (uint64_t)step);
    put_bytes(&event, 5, summary.bytes, summary.n);
    return frame(&event, record);
}
