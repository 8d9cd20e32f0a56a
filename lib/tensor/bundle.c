/* The file: safetensors (a length of 8 bytes, a JSON header, the tensors back to back), with our description in its metadata.
 * https://github.com/huggingface/safetensors describes the outer form. The metadata, strings all:
 *
 *     visml.format       "1"
 *     visml.kind         "model", "checkpoint"
 *     visml.description  JSON
 *     visml.crc32        of the description, eight digits of lower-case hexadecimal
 *     visml.crc32/NAME   of the bytes of tensor NAME */
#include "tensor/bundle.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are written and read as they lie in memory");

#define FORMAT_VERSION 1
#define MAX_TENSORS 65536u
#define MAX_HEADER 100000000u /* bytes; the bound of the format */
#define PREFIX 8              /* bytes of the header's length */

static const struct {
    visml_dtype dtype;
    const char *name;
} dtypes[] = {{VISML_F32, "F32"}, {VISML_F64, "F64"}, {VISML_U8, "U8"}, {VISML_U16, "U16"}, {VISML_I32, "I32"}, {VISML_I64, "I64"}};
#define DTYPES (sizeof dtypes / sizeof dtypes[0])

/* "visml.crc32/conv2d/kernel" */
typedef struct crc_key {
    char s[320];
} crc_key;
#define LONGEST_NAME 256 /* bytes of a tensor's name */

static crc_key crc_key_of(const char *name) {
    crc_key k;
    snprintf(k.s, sizeof k.s, "visml.crc32/%s", name);
    return k;
}

typedef struct crc_text {
    char s[16];
} crc_text;

static crc_text crc_of(const void *bytes, size_t n) {
    crc_text t;
    snprintf(t.s, sizeof t.s, "%08x", (unsigned)visml_crc32(0, bytes, n));
    return t;
}

/* ---- writing ---- */

/* Where the bytes go: a file, or memory that is large enough. */
typedef struct sink {
    visml_file_writer *file;
    unsigned char *memory;
} sink;

static visml_status put(sink *s, const void *bytes, size_t n, visml_error *err) {
    if (s->file)
        return visml_file_write(s->file, bytes, n, err);
    if (n)
        memcpy(s->memory, bytes, n);
    s->memory += n;
    return VISML_OK;
}

static size_t tensor_bytes(const visml_bundle_tensor *t) {
    return (size_t)visml_shape_count(&t->shape) * visml_dtype_bytes(t->dtype);
}

static const char *dtype_name(visml_dtype dtype) {
    for (size_t i = 0; i < DTYPES; i++)
        if (dtypes[i].dtype == dtype)
            return dtypes[i].name;
    return NULL;
}

static json_t *entry_of(const visml_bundle_tensor *t, size_t begin, size_t end) {
    json_t *shape = json_array();
    for (int32_t i = 0; shape && i < t->shape.rank; i++)
        if (json_array_append_new(shape, json_integer(t->shape.dims[i])) < 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_name(t->dtype), "shape", shape, "data_offsets", (json_int_t)begin,
                     (json_int_t)end);
}

static visml_status describe_tensor(const visml_bundle_tensor *t, json_t *header, json_t *metadata, size_t *offset, visml_error *err) {
    size_t begin = *offset;
    if (!t->name[0] || strlen(t->name) > LONGEST_NAME || json_object_get(header, t->name) || !dtype_name(t->dtype))
        return visml_fail(err, VISML_EINVAL,
                          "tensor \"%.64s\": the name must be new, of 1 to %d bytes, the dtype one of VISML_F32 to VISML_I64", t->name,
                          LONGEST_NAME);
    if (!visml_size_add(begin, tensor_bytes(t), offset) || *offset > INT64_MAX / 2)
        return visml_fail(err, VISML_ELIMIT, "tensor \"%.64s\": the file becomes larger than can be addressed", t->name);
    if (json_object_set_new(header, t->name, entry_of(t, begin, *offset)) < 0 ||
        json_object_set_new(metadata, crc_key_of(t->name).s, json_string(crc_of(t->data, tensor_bytes(t)).s)) < 0)
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    return VISML_OK;
}

static visml_status fill_metadata(json_t *metadata, const char *kind, const char *description, size_t n, visml_error *err) {
    char version[16];
    snprintf(version, sizeof version, "%d", FORMAT_VERSION);
    if (json_object_set_new(metadata, "visml.format", json_string(version)) < 0 ||
        json_object_set_new(metadata, "visml.kind", json_string(kind)) < 0 ||
        json_object_set_new(metadata, "visml.description", json_stringn(description, n)) < 0 ||
        json_object_set_new(metadata, "visml.crc32", json_string(crc_of(description, n).s)) < 0)
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    return VISML_OK;
}

static visml_status fill_header(visml_memory *memory, json_t *header, json_t *metadata, const char *kind, const json_t *description,
                                const visml_bundle_tensor *tensors, size_t count, size_t *data_bytes, visml_error *err) {
    size_t n;
    char *text = visml_json_text(memory, description, &n, err);
    if (!text)
        return VISML_ENOMEM;
    visml_status status = fill_metadata(metadata, kind, text, n, err);
    visml_mem_free(memory, text);
    for (size_t i = 0; i < count && status == VISML_OK; i++)
        status = describe_tensor(&tensors[i], header, metadata, data_bytes, err);
    return status;
}

/* What stands before the tensors: the length, the JSON text, spaces until a multiple of 8 bytes. Owned by the caller. */
typedef struct front {
    unsigned char *bytes;
    size_t n, data_bytes;
} front;

static visml_status frame(visml_memory *memory, const json_t *header, front *f, visml_error *err) {
    size_t n = 0, padded = 0;
    char *text = visml_json_text(memory, header, &n, err);
    if (!text)
        return VISML_ENOMEM;
    visml_status status = VISML_OK;
    if (!visml_size_align(n, PREFIX, &padded) || padded > MAX_HEADER)
        status = visml_fail(err, VISML_ELIMIT, "the header has %zu bytes, at most %u can be written", n, MAX_HEADER);
    f->bytes = status == VISML_OK ? visml_mem_alloc(memory, PREFIX + padded, err) : NULL;
    if (f->bytes) {
        for (size_t i = 0; i < PREFIX; i++)
            f->bytes[i] = (unsigned char)((uint64_t)padded >> (8 * i));
        memcpy(f->bytes + PREFIX, text, n);
        memset(f->bytes + PREFIX + n, ' ', padded - n);
        f->n = PREFIX + padded;
    } else if (status == VISML_OK) {
        status = VISML_ENOMEM;
    }
    visml_mem_free(memory, text);
    return status;
}

static visml_status make_front(visml_context *ctx, const char *kind, const json_t *description, const visml_bundle_tensor *tensors,
                               size_t n, front *f, visml_error *err) {
    if (n > MAX_TENSORS)
        return visml_fail(err, VISML_ELIMIT, "%zu tensors, at most %u can be written", n, MAX_TENSORS);
    json_t *header = json_object(), *metadata = json_object();
    memset(f, 0, sizeof *f);
    if (!header || json_object_set_new(header, "__metadata__", metadata) < 0) {
        json_decref(header);
        return visml_fail(err, VISML_ENOMEM, "out of memory");
    }
    visml_status status = fill_header(&ctx->memory, header, metadata, kind, description, tensors, n, &f->data_bytes, err);
    if (status == VISML_OK)
        status = frame(&ctx->memory, header, f, err);
    json_decref(header);
    return status;
}

static visml_status put_all(sink *s, const front *f, const visml_bundle_tensor *tensors, size_t n, visml_error *err) {
    VISML_TRY(put(s, f->bytes, f->n, err));
    for (size_t i = 0; i < n; i++)
        VISML_TRY(put(s, tensors[i].data, tensor_bytes(&tensors[i]), err));
    return VISML_OK;
}

static visml_status write_file(visml_memory *memory, const char *path, const front *f, const visml_bundle_tensor *tensors, size_t n,
                               visml_error *err) {
    visml_file_writer w;
    sink s = {.file = &w};
    VISML_TRY(visml_file_begin(&w, memory, path, err));
    visml_status status = put_all(&s, f, tensors, n, err);
    if (status < 0) {
        visml_file_abandon(&w);
        return status;
    }
    return visml_file_commit(&w, err);
}

visml_status visml_bundle_write(visml_context *ctx, const char *path, const char *kind, const json_t *description,
                                const visml_bundle_tensor *tensors, size_t n, visml_error *err) {
    front f;
    visml_status status = make_front(ctx, kind, description, tensors, n, &f, err);
    if (status < 0)
        return visml_fail_in(err, status, "%s", path);
    status = write_file(&ctx->memory, path, &f, tensors, n, err);
    visml_mem_free(&ctx->memory, f.bytes);
    return status;
}

visml_tensor *visml_bundle_write_memory(visml_context *ctx, const char *kind, const json_t *description,
                                        const visml_bundle_tensor *tensors, size_t n, visml_error *err) {
    front f;
    if (make_front(ctx, kind, description, tensors, n, &f, err) < 0)
        return NULL;
    visml_shape shape = visml_shape_make(1, &(int64_t){(int64_t)(f.n + f.data_bytes)});
    visml_tensor *t = visml_tensor_new(ctx, VISML_U8, &shape, err);
    if (t) {
        sink s = {.memory = visml_tensor_data(t)};
        put_all(&s, &f, tensors, n, NULL); /* memory cannot refuse */
    }
    visml_mem_free(&ctx->memory, f.bytes);
    return t;
}

/* ---- reading ---- */

static visml_status check_frame(const unsigned char *bytes, size_t n, size_t *header_bytes, visml_error *err) {
    uint64_t length = 0;
    if (n < PREFIX + 2)
        return visml_fail(err, VISML_EFORMAT, "%zu bytes: too short for a model file", n);
    for (size_t i = 0; i < PREFIX; i++)
        length |= (uint64_t)bytes[i] << (8 * i);
    if (length > MAX_HEADER || length > n - PREFIX || length < 2)
        return visml_fail(err, VISML_EFORMAT, "not a model file, or truncated: a header of %llu bytes in a file of %zu",
                          (unsigned long long)length, n);
    size_t end = (size_t)length;
    while (end > 0 && bytes[PREFIX + end - 1] == ' ')
        end--;
    if (bytes[PREFIX] != '{' || end == 0 || bytes[PREFIX + end - 1] != '}')
        return visml_fail(err, VISML_EFORMAT, "not a model file: the header is not one JSON object followed by spaces");
    *header_bytes = (size_t)length;
    return VISML_OK;
}

static visml_status check_crc(const char *what, const json_t *metadata, const char *key, const void *bytes, size_t n, visml_error *err) {
    const char *want;
    VISML_TRY(visml_json_string("metadata", metadata, key, &want, err));
    if (strcmp(want, crc_of(bytes, n).s) != 0)
        return visml_fail(err, VISML_EFORMAT, "%s is damaged: its checksum is %s, must be %.16s", what, crc_of(bytes, n).s, want);
    return VISML_OK;
}

static visml_status check_version(const json_t *metadata, visml_error *err) {
    const char *text;
    int version = 0;
    VISML_TRY(visml_json_string("metadata", metadata, "visml.format", &text, err));
    for (const char *p = text; *p >= '0' && *p <= '9' && version < 100000; p++)
        version = version * 10 + (*p - '0');
    char again[16];
    snprintf(again, sizeof again, "%d", version);
    if (version < 1 || strcmp(again, text) != 0)
        return visml_fail(err, VISML_EFORMAT, "metadata: \"visml.format\" is \"%.32s\", must be a number", text);
    if (version > FORMAT_VERSION)
        return visml_fail(err, VISML_EUNSUPPORTED, "format version %d is of a newer release; this one reads up to %d", version,
                          FORMAT_VERSION);
    return VISML_OK;
}

static visml_status read_metadata(visml_bundle *b, const char *kind, visml_error *err) {
    const json_t *metadata;
    const char *text;
    VISML_TRY(visml_json_object("header", b->header, "__metadata__", &metadata, err));
    VISML_TRY(check_version(metadata, err));
    VISML_TRY(visml_json_string("metadata", metadata, "visml.kind", &b->kind, err));
    if (kind && strcmp(kind, b->kind) != 0)
        return visml_fail(err, VISML_EFORMAT, "holds a %.32s, must hold a %s", b->kind, kind);
    VISML_TRY(visml_json_string("metadata", metadata, "visml.description", &text, err));
    VISML_TRY(check_crc("the description", metadata, "visml.crc32", text, strlen(text), err));
    b->description = visml_json_parse("description", text, strlen(text), err);
    if (!b->description)
        return visml_fail_in(err, VISML_EFORMAT, "metadata");
    return VISML_OK;
}

static visml_status read_dtype(const json_t *entry, visml_dtype *dtype, visml_error *err) {
    const char *name;
    VISML_TRY(visml_json_string("tensor", entry, "dtype", &name, err));
    for (size_t i = 0; i < DTYPES; i++)
        if (strcmp(dtypes[i].name, name) == 0) {
            *dtype = dtypes[i].dtype;
            return VISML_OK;
        }
    return visml_fail(err, VISML_EFORMAT, "\"dtype\" is \"%.16s\", must be F32, F64, U8, U16, I32 or I64", name);
}

static visml_status read_integer(const json_t *array, size_t i, const char *key, int64_t *out, visml_error *err) {
    const json_t *v = json_array_get(array, i);
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return visml_fail(err, VISML_EFORMAT, "\"%s\"[%zu] must be a whole number of at least 0", key, i);
    *out = json_integer_value(v);
    return VISML_OK;
}

static visml_status read_shape(const json_t *entry, visml_shape *shape, visml_error *err) {
    const json_t *array;
    int64_t dims[VISML_MAX_RANK];
    VISML_TRY(visml_json_array("tensor", entry, "shape", &array, err));
    size_t n = json_array_size(array);
    if (n > VISML_MAX_RANK)
        return visml_fail(err, VISML_EFORMAT, "\"shape\" has %zu dimensions, must have 0 to %d", n, VISML_MAX_RANK);
    for (size_t i = 0; i < n; i++)
        VISML_TRY(read_integer(array, i, "shape", &dims[i], err));
    *shape = visml_shape_make((int32_t)n, dims);
    if (visml_shape_check("shape", shape, 0, NULL) < 0)
        return visml_fail(err, VISML_EFORMAT, "\"shape\" has more elements than can be addressed");
    return VISML_OK;
}

/* The tensor must start where the one before ended, and be as long as its shape says. */
static visml_status read_offsets(const json_t *entry, const visml_bundle_tensor *t, size_t left, size_t *offset, visml_error *err) {
    const json_t *array;
    int64_t begin = 0, end = 0;
    VISML_TRY(visml_json_array("tensor", entry, "data_offsets", &array, err));
    if (json_array_size(array) != 2)
        return visml_fail(err, VISML_EFORMAT, "\"data_offsets\" must be two numbers");
    VISML_TRY(read_integer(array, 0, "data_offsets", &begin, err));
    VISML_TRY(read_integer(array, 1, "data_offsets", &end, err));
    if ((uint64_t)begin != *offset || end < begin || (uint64_t)(end - begin) != tensor_bytes(t))
        return visml_fail(err, VISML_EFORMAT, "\"data_offsets\" are %lld and %lld, must be %zu and %zu bytes further for %s",
                          (long long)begin, (long long)end, *offset, tensor_bytes(t), visml_shape_format(&t->shape).s);
    if (tensor_bytes(t) > left - *offset)
        return visml_fail(err, VISML_EFORMAT, "ends at byte %lld of the data, which has %zu: truncated", (long long)end, left);
    *offset = (size_t)end;
    return VISML_OK;
}

static visml_status read_tensor(const json_t *entry, const json_t *metadata, const unsigned char *data, size_t data_bytes, size_t *offset,
                                visml_bundle_tensor *t, visml_error *err) {
    size_t begin = *offset;
    if (!t->name[0] || strlen(t->name) > LONGEST_NAME)
        return visml_fail(err, VISML_EFORMAT, "the name must have 1 to %d bytes", LONGEST_NAME);
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return visml_fail(err, VISML_EFORMAT, "must be an object with \"dtype\", \"shape\" and \"data_offsets\"");
    VISML_TRY(read_dtype(entry, &t->dtype, err));
    VISML_TRY(read_shape(entry, &t->shape, err));
    VISML_TRY(read_offsets(entry, t, data_bytes, offset, err));
    t->data = data + begin;
    return check_crc("the tensor", metadata, crc_key_of(t->name).s, t->data, tensor_bytes(t), err);
}

static visml_status read_tensors(visml_bundle *b, const unsigned char *data, size_t data_bytes, visml_error *err) {
    const json_t *metadata = json_object_get(b->header, "__metadata__");
    size_t n = json_object_size(b->header) - 1, offset = 0;
    const char *name;
    json_t *entry;
    if (n > MAX_TENSORS)
        return visml_fail(err, VISML_EFORMAT, "%zu tensors, at most %u can be read", n, MAX_TENSORS);
    b->tensors = visml_mem_zalloc(&b->context->memory, n, sizeof *b->tensors, err);
    if (!b->tensors)
        return VISML_ENOMEM;
    json_object_foreach(b->header, name, entry) {
        if (entry == metadata)
            continue;
        visml_bundle_tensor *t = &b->tensors[b->count++];
        t->name = name;
        visml_status status = read_tensor(entry, metadata, data, data_bytes, &offset, t, err);
        if (status < 0)
            return visml_fail_in(err, status, "tensor \"%.64s\"", name);
    }
    if (offset != data_bytes)
        return visml_fail(err, VISML_EFORMAT, "%zu bytes behind the last tensor, must be none", data_bytes - offset);
    return VISML_OK;
}

static visml_status read_all(visml_bundle *b, size_t n, const char *kind, visml_error *err) {
    size_t header_bytes = 0;
    VISML_TRY(check_frame(b->bytes, n, &header_bytes, err));
    b->header = visml_json_parse("header", (const char *)b->bytes + PREFIX, header_bytes, err);
    if (!b->header)
        return VISML_EFORMAT;
    VISML_TRY(read_metadata(b, kind, err));
    return read_tensors(b, b->bytes + PREFIX + header_bytes, n - PREFIX - header_bytes, err);
}

visml_status visml_bundle_read_memory(visml_context *ctx, const void *bytes, size_t n, const char *kind, visml_bundle *out,
                                      visml_error *err) {
    visml_error own = {0};
    visml_bundle b = {.context = visml_context_retain(ctx), .bytes = bytes, .borrowed = 1};
    if (read_all(&b, n, kind, &own) < 0) {
        visml_bundle_clear(&b);
        if (err)
            *err = own;
        return own.code; /* JSON can also run out of memory */
    }
    *out = b;
    return VISML_OK;
}

visml_status visml_bundle_read(visml_context *ctx, const char *path, const char *kind, visml_bundle *out, visml_error *err) {
    unsigned char *bytes;
    size_t n;
    VISML_TRY(visml_file_read(&ctx->memory, path, ctx->max_file_bytes, &bytes, &n, err));
    visml_status status = visml_bundle_read_memory(ctx, bytes, n, kind, out, err);
    if (status < 0) {
        visml_mem_free(&ctx->memory, bytes);
        return visml_fail_in(err, status, "%s", path);
    }
    out->borrowed = 0;
    return VISML_OK;
}

void visml_bundle_clear(visml_bundle *b) {
    if (!b->context)
        return;
    visml_mem_free(&b->context->memory, b->tensors);
    if (!b->borrowed)
        visml_mem_free(&b->context->memory, (void *)(uintptr_t)b->bytes);
    json_decref(b->description);
    json_decref(b->header);
    visml_context_release(b->context);
    memset(b, 0, sizeof *b);
}

const visml_bundle_tensor *visml_bundle_find(const visml_bundle *b, const char *name) {
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->tensors[i].name, name) == 0)
            return &b->tensors[i];
    return NULL;
}
