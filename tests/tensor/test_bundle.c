/* The file: what is written is read; everything that is wrong with one is said. */
#include <unistd.h>

#include "base/checksum.h"
#include "model/networks.h"

static visml_context *ctx;
static visml_error err;

static const float floats[] = {1, -2, 3.5f, 0, 1e30f, -0.0f};
static const int64_t longs[] = {INT64_MIN, 7};
static const uint8_t bytes[] = {1, 2, 3};

static visml_bundle_tensor tensor(const char *name, visml_dtype dtype, const visml_shape *shape, const void *data) {
    return (visml_bundle_tensor){name, dtype, *shape, data};
}

static void all_kinds_come_back(void **state) {
    (void)state;
    const visml_bundle_tensor tensors[] = {
        tensor("w/kernel", VISML_F32, VISML_SHAPE(2, 3), floats), tensor("bytes", VISML_U8, VISML_SHAPE(3), bytes),
        tensor("lo\"ng\n", VISML_I64, VISML_SHAPE(1, 2, 1), longs), tensor("scalar", VISML_F32, &(visml_shape){0}, floats),
        tensor("empty", VISML_F64, VISML_SHAPE(4, 0), NULL)};
    json_t *description = json_pack("{s:s, s:f}", "ü", "\"x\"", "t", 0.1);
    char *folder = test_folder(), *path = test_path(folder, "b.visml");
    visml_bundle b;
    assert_ok(visml_bundle_write(ctx, path, "checkpoint", description, tensors, 5, &err), &err);
    assert_ok(visml_bundle_read(ctx, path, "checkpoint", &b, &err), &err);
    assert_string_equal(b.kind, "checkpoint");
    assert_true(json_equal(b.description, description));
    assert_int_equal(b.count, 5);
    for (size_t i = 0; i < 5; i++) {
        const visml_bundle_tensor *t = visml_bundle_find(&b, tensors[i].name);
        assert_ptr_equal(t, &b.tensors[i]);
        assert_int_equal(t->dtype, tensors[i].dtype);
        assert_true(visml_shape_equal(&t->shape, &tensors[i].shape));
        size_t n = (size_t)visml_shape_count(&t->shape) * visml_dtype_bytes(t->dtype);
        assert_true(n == 0 || memcmp(t->data, tensors[i].data, n) == 0);
    }
    assert_int_equal(((const unsigned char *)b.tensors[0].data - b.bytes) % 8, 0);
    assert_null(visml_bundle_find(&b, "none"));
    size_t n;
    unsigned char *file = test_read_file(path, &n);
    visml_tensor *memory = assert_made(visml_bundle_write_memory(ctx, "checkpoint", description, tensors, 5, &err), &err);
    assert_int_equal(memory->count, n); /* the same bytes either way */
    assert_memory_equal(memory->data, file, n);
    visml_tensor_release(memory);
    visml_bundle_clear(&b);
    visml_bundle_clear(&b);
    assert_int_equal(visml_bundle_read(ctx, path, "model", &b, &err), VISML_EFORMAT);
    assert_non_null(strstr(err.message, "b.visml: holds a checkpoint, must hold a model"));
    free(file);
    json_decref(description);
    free(path);
    test_folder_remove(folder);
}

static void what_cannot_be_written(void **state) {
    (void)state;
    json_t *d = json_object();
    const visml_bundle_tensor twice[] = {tensor("a", VISML_U8, VISML_SHAPE(1), bytes), tensor("a", VISML_U8, VISML_SHAPE(1), bytes)};
    const visml_bundle_tensor unnamed[] = {tensor("", VISML_U8, VISML_SHAPE(1), bytes)};
    const visml_bundle_tensor reserved[] = {tensor("__metadata__", VISML_U8, VISML_SHAPE(1), bytes)};
    assert_null(visml_bundle_write_memory(ctx, "model", d, twice, 2, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_bundle_write_memory(ctx, "model", d, unnamed, 1, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_bundle_write_memory(ctx, "model", d, reserved, 1, &err));
    assert_int_equal(err.code, VISML_EINVAL);
    assert_null(visml_bundle_write_memory(ctx, "model", d, NULL, 65537, &err));
    assert_string_equal(err.message, "65537 tensors, at most 65536 can be written");
    assert_int_equal(visml_bundle_write(ctx, "/nonexistent/x", "model", d, NULL, 0, &err), VISML_EIO);
    assert_non_null(strstr(err.message, "/nonexistent/x: cannot write: "));
    assert_int_equal(visml_bundle_write(ctx, "/tmp/x.visml", "model", d, twice, 2, &err), VISML_EINVAL);
    assert_non_null(strstr(err.message, "/tmp/x.visml: tensor \"a\": "));
    assert_int_equal(access("/tmp/x.visml", F_OK), -1);
    json_decref(d);
}

/* ---- files put together by hand ---- */

#define META "\"visml.format\":\"1\",\"visml.kind\":\"k\",\"visml.description\":\"{}\",\"visml.crc32\":\"a3a6bf43\""

/* Reads a file of this header and n zero bytes of data; the message, or "" when it was read. */
static const char *read_header(const char *header, size_t n) {
    size_t h = strlen(header);
    unsigned char *file = calloc(1, 8 + h + n);
    visml_bundle b;
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)((uint64_t)h >> (8 * i));
    memcpy(file + 8, header, h);
    err.message[0] = '\0';
    visml_status status = visml_bundle_read_memory(ctx, file, 8 + h + n, NULL, &b, &err);
    if (status == VISML_OK)
        visml_bundle_clear(&b);
    else
        assert_int_equal(status, err.code);
    free(file);
    return err.message;
}

static void refuses(const char *header, size_t n, const char *message) {
    assert_string_equal(read_header(header, n), message);
    assert_true(err.code == VISML_EFORMAT || err.code == VISML_EUNSUPPORTED);
}

/* With one tensor "t" of four zero bytes (their checksum is 2144df1c). */
static void refuses_tensor(const char *entry, size_t n, const char *message) {
    char header[1000];
    snprintf(header, sizeof header, "{\"__metadata__\":{%s,\"visml.crc32/t\":\"2144df1c\"},\"t\":%s}", META, entry);
    refuses(header, n, message);
}

static void headers_are_checked(void **state) {
    (void)state;
    assert_string_equal(read_header("{\"__metadata__\":{" META "}}    ", 0), "");
    refuses("{}", 0, "header: \"__metadata__\" is missing");
    refuses("x}", 0, "not a model file: the header is not one JSON object followed by spaces");
    refuses("    ", 0, "not a model file: the header is not one JSON object followed by spaces");
    refuses("{\"__metadata__\":{" META "}}\n", 0, "not a model file: the header is not one JSON object followed by spaces");
    refuses("{,}", 0, "header: not valid JSON at line 1, column 2: string or '}' expected near ','");
    refuses("{\"a\":1,\"a\":1}", 0, "header: not valid JSON at line 1, column 10: duplicate object key near '\"a\"'");
    refuses("{\"__metadata__\":7}", 0, "header: \"__metadata__\" must be an object");
    refuses("{\"__metadata__\":{\"format\":\"pt\"}}", 0, "metadata: \"visml.format\" is missing");
    refuses("{\"__metadata__\":{\"visml.format\":1}}", 0, "metadata: \"visml.format\" must be a string");
    refuses("{\"__metadata__\":{\"visml.format\":\"01\"}}", 0, "metadata: \"visml.format\" is \"01\", must be a number");
    refuses("{\"__metadata__\":{\"visml.format\":\"2\"}}", 0, "format version 2 is of a newer release; this one reads up to 1");
    refuses("{\"__metadata__\":{\"visml.format\":\"1\"}}", 0, "metadata: \"visml.kind\" is missing");
    refuses("{\"__metadata__\":{\"visml.format\":\"1\",\"visml.kind\":\"k\",\"visml.description\":\"[]\",\"visml.crc32\":\"a3a6bf43\"}}", 0,
            "the description is damaged: its checksum is 0d4cbb29, must be a3a6bf43");
    refuses("{\"__metadata__\":{" META "}}", 3, "3 bytes behind the last tensor, must be none");
}

static void tensors_are_checked(void **state) {
    (void)state;
    char ok[400];
    snprintf(ok, sizeof ok, "{\"__metadata__\":{%s,\"visml.crc32/t\":\"2144df1c\"},\"t\":%s}", META,
             "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}");
    assert_string_equal(read_header(ok, 4), "");
    refuses_tensor("7", 4, "tensor \"t\": must be an object with \"dtype\", \"shape\" and \"data_offsets\"");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1],\"data_offset\":[0,4]}", 4, "tensor \"t\": tensor: \"data_offsets\" is missing");
    refuses_tensor("{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}", 4,
                   "tensor \"t\": \"dtype\" is \"BF16\", must be F32, F64, U8, U16, I32 or I64");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}", 4,
                   "tensor \"t\": \"shape\" has 9 dimensions, must have 0 to 8");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}", 4,
                   "tensor \"t\": \"shape\"[0] must be a whole number of at least 0");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}", 4,
                   "tensor \"t\": \"shape\"[0] must be a whole number of at least 0");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}", 4,
                   "tensor \"t\": \"shape\" has more elements than can be addressed");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}", 4, "tensor \"t\": \"data_offsets\" must be two numbers");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}", 8,
                   "tensor \"t\": \"data_offsets\" are 0 and 8, must be 0 and 4 bytes further for [1]");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}", 8,
                   "tensor \"t\": \"data_offsets\" are 4 and 8, must be 0 and 4 bytes further for [1]");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}", 8,
                   "tensor \"t\": \"data_offsets\" are 4 and 0, must be 0 and 4 bytes further for [1]");
    refuses_tensor("{\"dtype\":\"F32\",\"shape\":[1000000000],\"data_offsets\":[0,4000000000]}", 4,
                   "tensor \"t\": ends at byte 4000000000 of the data, which has 4: truncated");
    refuses_tensor("{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4]}", 5, "1 bytes behind the last tensor, must be none");
    refuses_tensor("{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}", 3,
                   "tensor \"t\": the tensor is damaged: its checksum is ff41d912, must be 2144df1c");
}

static void frames_are_checked(void **state) {
    (void)state;
    static const unsigned char huge[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, '{', '}'};
    static const unsigned char one[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    visml_bundle b;
    assert_int_equal(visml_bundle_read_memory(ctx, huge, 16, NULL, &b, &err), VISML_EFORMAT);
    assert_string_equal(err.message, "not a model file, or truncated: a header of 18446744073709551615 bytes in a file of 16");
    assert_int_equal(visml_bundle_read_memory(ctx, one, 10, NULL, &b, &err), VISML_EFORMAT);
    assert_string_equal(err.message, "not a model file, or truncated: a header of 3 bytes in a file of 10");
    for (size_t n = 0; n < 10; n++)
        assert_int_equal(visml_bundle_read_memory(ctx, one, n, NULL, &b, NULL), VISML_EFORMAT);
    assert_int_equal(visml_bundle_read(ctx, "/nonexistent/x", NULL, &b, &err), VISML_EIO);
    assert_int_equal(visml_bundle_read(ctx, "/dev/null", NULL, &b, &err), VISML_EIO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_come_back), cmocka_unit_test(what_cannot_be_written), cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(tensors_are_checked), cmocka_unit_test(frames_are_checked),
    };
    ctx = test_context(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    visml_context_free(ctx);
    return failed;
}
