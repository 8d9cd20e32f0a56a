#include "data/fixtures.h"

#include <stdatomic.h>
#include <unistd.h>

#include "data/dataset.h"
#include "data/files.h"

static visml_context *ctx;
static char *root;

static int setup(void **state) {
    (void)state;
    ctx = test_context(1);
    root = class_folders(3, 10);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    test_folder_remove(root);
    visml_context_free(ctx);
    return 0;
}

static void free_parts(visml_dataset *parts[3]) {
    for (int p = 0; p < 3; p++)
        visml_dataset_free(parts[p]);
}

static void split(visml_dataset *ds, visml_dataset *parts[3]) {
    visml_error err = {0};
    assert_ok(visml_dataset_split(ds, VISML_OPTS(visml_split_opts, .seed = 7), parts, &err), &err);
}

static void assert_same_samples(visml_dataset *a, visml_dataset *b) {
    assert_int_equal(visml_dataset_count(a), visml_dataset_count(b));
    assert_int_equal(visml_dataset_class_count(a), visml_dataset_class_count(b));
    for (size_t c = 0; c < visml_dataset_class_count(a); c++)
        assert_string_equal(visml_dataset_class_name(a, c), visml_dataset_class_name(b, c));
    for (int64_t i = 0; i < visml_dataset_count(a); i++) {
        visml_error err = {0};
        assert_int_equal(visml_dataset_label(a, i), visml_dataset_label(b, i));
        visml_tensor *x = assert_made(visml_dataset_read(a, i, &err), &err), *y = assert_made(visml_dataset_read(b, i, &err), &err);
        assert_int_equal(visml_tensor_count(x), visml_tensor_count(y));
        assert_memory_equal(visml_tensor_data(x), visml_tensor_data(y), (size_t)visml_tensor_count(x));
        visml_tensor_release(x);
        visml_tensor_release(y);
    }
}

static const char *const names[] = {"train", "val", "test"};

static void gives_back_the_parts(const char *path, visml_dataset *parts[3], const visml_source_opts *opts) {
    visml_error err = {0};
    int64_t n = 0;
    for (int p = 0; p < 3; p++) {
        if (!parts[p])
            continue;
        visml_dataset *ds = assert_made(visml_dataset_from_manifest(ctx, path, names[p], opts, &err), &err);
        assert_same_samples(ds, parts[p]);
        n += visml_dataset_count(ds);
        visml_dataset_free(ds);
    }
    visml_dataset *all = assert_made(visml_dataset_from_manifest(ctx, path, NULL, opts, &err), &err);
    assert_int_equal(visml_dataset_count(all), n);
    visml_dataset_free(all);
}

static void a_folder_comes_back(void **state) {
    (void)state;
    visml_error err = {0};
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err), *parts[3];
    char *path = test_path(root, "split.json"), *moved_root = test_folder(), *moved = test_path(moved_root, "data"),
         *moved_path = test_path(moved, "split.json");
    split(ds, parts);
    assert_ok(visml_split_save(parts, path, &err), &err);
    gives_back_the_parts(path, parts, NULL);
    size_t n;
    char *text = test_read_file(path, &n);
    assert_in(text, "\"cat/000.pgm\""); /* relative: the folder can be moved */
    assert_null(strstr(text, root));
    assert_in(text, "\"classes\":[\"cat\",\"dog\",\"emu\"]");
    assert_in(text, "\"source\":[\".\"],\"kind\":\"folder\",\"mode\":\"stratified\",\"ratio\":[7.0,1.0,2.0],\"seed\":7");
    free(text);
    char *elsewhere = test_path(moved_root, "elsewhere.json");
    assert_ok(visml_split_save(parts, elsewhere, &err), &err); /* not below: absolute */
    gives_back_the_parts(elsewhere, parts, NULL);
    free_parts(parts);
    visml_dataset_free(ds);
    assert_int_equal(rename(root, moved), 0);
    ds = assert_made(visml_dataset_from_manifest(ctx, moved_path, "val", NULL, &err), &err);
    visml_tensor *t = assert_made(visml_dataset_read(ds, 0, &err), &err);
    visml_tensor_release(t);
    visml_dataset_free(ds);
    assert_int_equal(rename(moved, root), 0);
    free(elsewhere);
    free(moved_path);
    free(moved);
    free(path);
    test_folder_remove(moved_root);
}

static void paths_are_found_from_anywhere(void **state) {
    (void)state;
    visml_error err = {0};
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    char *out = make_folder(root, ".out"), *path = test_path(out, "split.json");
    assert_int_equal(chdir(root), 0);
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, ".", NULL, &err), &err), *parts[3];
    split(ds, parts);
    assert_ok(visml_split_save(parts, "split.json", &err), &err);
    assert_ok(visml_split_save(parts, ".out/split.json", &err), &err);
    gives_back_the_parts("split.json", parts, NULL);
    assert_int_equal(chdir(out), 0);
    visml_dataset *again = assert_made(visml_dataset_from_manifest(ctx, "../split.json", "train", NULL, &err), &err);
    visml_tensor *t = assert_made(visml_dataset_read(again, 0, &err), &err);
    visml_tensor_release(t);
    visml_dataset_free(again);
    assert_int_equal(chdir(here), 0);
    again = assert_made(visml_dataset_from_manifest(ctx, path, "train", NULL, &err), &err);
    t = assert_made(visml_dataset_read(again, 0, &err), &err);
    visml_tensor_release(t);
    visml_dataset_free(again);
    free_parts(parts);
    visml_dataset_free(ds);
    free(path);
    free(out);
}

static void names_that_are_no_utf8_come_back(void **state) {
    (void)state;
    visml_error err = {0};
    char *odd_root = test_folder(), *odd = make_folder(odd_root, "caf\xE9 100%"), *path = test_path(odd_root, "split.json");
    write_image(odd, "\xFF\"\\%41 .pgm", 4, 3, 9);
    write_image(odd, "\xC3\xA9.pgm", 4, 3, 8);
    visml_dataset *ds = assert_made(visml_dataset_from_folder(ctx, odd_root, NULL, &err), &err);
    visml_dataset *parts[3] = {NULL, ds, NULL};
    assert_ok(visml_split_save(parts, path, &err), &err);
    gives_back_the_parts(path, parts, NULL);
    visml_dataset *again = assert_made(visml_dataset_from_manifest(ctx, path, "val", NULL, &err), &err);
    assert_string_equal(visml_dataset_path(again, 1), visml_dataset_path(ds, 1));
    visml_dataset_free(again);
    visml_dataset_free(ds);
    free(path);
    free(odd);
    test_folder_remove(odd_root);
}

static void idx_comes_back(void **state) {
    (void)state;
    visml_error err = {0};
    char *folder = test_folder(), *images = test_path(folder, "images.idx"), *labels = test_path(folder, "labels.idx"),
         *path = test_path(folder, "split.json");
    write_idx(folder, 40);
    const visml_source_opts *o = VISML_OPTS(visml_source_opts, .height = 4, .width = 4);
    visml_dataset *ds = assert_made(visml_dataset_from_idx(ctx, images, labels, o, &err), &err), *parts[3];
    split(ds, parts);
    assert_ok(visml_split_save(parts, path, &err), &err);
    gives_back_the_parts(path, parts, o);
    free_parts(parts);
    const char *const other[] = {"3", "zero", "0", "1", "2"}; /* as a model may have them */
    visml_dataset *named = assert_made(visml_dataset_with_classes(ds, other, 5, &err), &err);
    split(named, parts);
    assert_ok(visml_split_save(parts, path, &err), &err);
    gives_back_the_parts(path, parts, o);
    free_parts(parts);
    visml_dataset_free(named);
    visml_dataset_free(ds);
    unsigned char bytes[64];
    test_write_file(labels, bytes, idx_bytes(bytes, 1, (int[]){40}, 5)); /* other labels than the split was made with */
    assert_refused(visml_dataset_from_manifest(ctx, path, "train", NULL, ERR), VISML_EINVAL, "\"4\"");
    idx_bytes(bytes, 1, (int[]){40}, 4);
    bytes[8 + 39] ^= 1;
    test_write_file(labels, bytes, 48);
    assert_refused(visml_dataset_from_manifest(ctx, path, NULL, NULL, ERR), VISML_EFORMAT, "these are not the files of the split");
    write_idx(folder, 30);
    assert_refused(visml_dataset_from_manifest(ctx, path, NULL, NULL, ERR), VISML_EFORMAT, "must be 0 to 29");
    free(path);
    free(labels);
    free(images);
    test_folder_remove(folder);
}

/* ---- groups ---- */

/* Patients with 5 pictures each, at sites; one site and one picture's note have awkward texts. */
static char *write_patients(const char *folder, int pictures) {
    char text[1 << 13], *csv = test_path(folder, "list.csv");
    size_t n = (size_t)sprintf(text, "patient,path,label,\"the \"\"site\"\"\",\"\"\n");
    for (int i = 0; i < pictures; i++)
        n += (size_t)sprintf(text + n, "p%d,cat/%03d.pgm,%s,%s,%s\n", i / 5, i % 10, i % 3 ? "ill" : "well",
                             i / 5 % 4 ? "n\xC3\xB6rd" : "\"a, \"\"b\"\"\n\"", i == 7 ? "x" : "");
    test_write_file(csv, text, n);
    return csv;
}

/* In equal shares, by a column. */
static void divide(visml_dataset *ds, const char *column, uint64_t seed, visml_dataset *parts[3]) {
    visml_error err = {0};
    visml_split_opts o = VISML_OPTS_INIT(visml_split_opts);
    o.mode = VISML_SPLIT_GROUPED;
    o.group = column;
    o.seed = seed;
    o.ratio[0] = o.ratio[1] = o.ratio[2] = 1;
    assert_ok(visml_dataset_split(ds, &o, parts, &err), &err);
}

static int64_t total(visml_dataset *parts[3]) {
    return visml_dataset_count(parts[0]) + visml_dataset_count(parts[1]) + visml_dataset_count(parts[2]);
}

/* A part has all pictures of a patient, or none of them. */
static void whole_patients(visml_dataset *ds, visml_dataset *part) {
    int seen[12] = {0};
    const visml_files_source *f = (const visml_files_source *)part->source;
    assert_string_equal(f->columns[0].name, "patient");
    for (int64_t i = 0; i < visml_dataset_count(part); i++)
        seen[atoi(f->columns[0].values.strings[f->columns[0].ids[visml_dataset_source_index(part, i)]] + 1)]++;
    for (int p = 0; p < 12; p++)
        assert_true(seen[p] == 0 || seen[p] == 5);
    assert_true(visml_dataset_count(part) > 0 && visml_dataset_count(part) < visml_dataset_count(ds));
}

static void the_columns_of_a_table_outlive_the_manifest(void **state) {
    (void)state;
    visml_error err = {0};
    char *csv = write_patients(root, 60), *path = test_path(root, "groups.json"), *again = test_path(root, "again.json");
    visml_dataset *ds = assert_made(visml_dataset_from_csv(ctx, csv, NULL, &err), &err), *parts[3], *halves[3];
    divide(ds, "patient", 3, parts);
    assert_ok(visml_split_save(parts, path, &err), &err);
    gives_back_the_parts(path, parts, NULL);
    size_t n;
    char *text = test_read_file(path, &n);
    assert_in(text, "\"groups\":{\"patient\":[\"p");
    assert_in(text, "\"the \\\"site\\\"\":[\"");
    assert_in(text, "\"a, \\\"b\\\"\\n\"");
    free(text);
    for (int p = 0; p < 4; p++) { /* of each part, and of all of them together: divided again, and by another manifest once more */
        visml_dataset *part = assert_made(visml_dataset_from_manifest(ctx, path, p < 3 ? names[p] : NULL, NULL, &err), &err);
        divide(part, "patient", 5, halves);
        assert_int_equal(total(halves), visml_dataset_count(part));
        for (int k = 0; k < 3; k++)
            whole_patients(part, halves[k]);
        assert_ok(visml_split_save(halves, again, &err), &err);
        free_parts(halves);
        visml_dataset *third = assert_made(visml_dataset_from_manifest(ctx, again, NULL, NULL, &err), &err);
        assert_int_equal(visml_dataset_count(third), visml_dataset_count(part));
        divide(third, "the \"site\"", 1, halves);
        assert_int_equal(total(halves), visml_dataset_count(part));
        free_parts(halves);
        divide(third, "", 1, halves); /* a column without a name */
        free_parts(halves);
        visml_dataset_free(third);
        visml_dataset_free(part);
    }
    free_parts(parts);
    visml_dataset_free(ds);
    free(again);
    free(path);
    free(csv);
}

static visml_dataset *from_text(const char *text, const char *part) {
    visml_error err = {0};
    char *path = test_path(root, "text.json");
    test_write_file(path, text, strlen(text));
    visml_dataset *ds = assert_made(visml_dataset_from_manifest(ctx, path, part, NULL, &err), &err);
    free(path);
    return ds;
}

static void refuse_group(const visml_dataset *ds, const char *column, const char *message) {
    visml_error err = {0};
    visml_dataset *parts[3];
    assert_status(visml_dataset_split(ds, VISML_OPTS(visml_split_opts, .mode = VISML_SPLIT_GROUPED, .group = column), parts, &err),
                  VISML_EINVAL, &err);
    assert_string_equal(err.message, message);
}

#define HEAD "{\"format\":\"visml-split\",\"version\":1,"
#define CLASSES "\"classes\":[\"a\",\"b\"],"

/* As the first version wrote it, and as it may be put together by hand. */
static void manifests_without_groups_load_for_ever(void **state) {
    (void)state;
    visml_dataset *parts[3];
    visml_dataset *ds = from_text(HEAD "\"source\":[\"t.csv\"],\"kind\":\"csv\",\"mode\":\"grouped\",\"ratio\":[1.0,1.0,0.0],"
                                       "\"group\":\"patient\",\"seed\":7," CLASSES "\"parts\":{\"train\":{\"paths\":[\"x/1\",\"y/2\"],"
                                       "\"labels\":[0,1]},\"val\":{\"paths\":[\"x/3\"],\"labels\":[1]}}}", NULL);
    assert_int_equal(visml_dataset_count(ds), 3);
    refuse_group(ds, "patient", "split: group is \"patient\", must be one of: folder");
    divide(ds, "folder", 1, parts);
    free_parts(parts);
    visml_dataset_free(ds);
}

static void only_columns_of_all_wanted_parts_are_known(void **state) {
    (void)state;
    static const char text[] = HEAD CLASSES
        "\"parts\":{\"train\":{\"paths\":[\"1\",\"2\"],\"labels\":[0,1],\"groups\":{\"a\":[\"u\",\"v\"],\"b\":[\"\",\"w\"]}},"
        "\"val\":{\"paths\":[\"3\"],\"labels\":[1],\"groups\":{\"b\":[\"w\"],\"c\":[\"x\"]}},"
        "\"test\":{\"paths\":[],\"labels\":[],\"groups\":{\"b\":[]}}}}";
    visml_dataset *parts[3], *ds = from_text(text, "train");
    refuse_group(ds, "c", "split: group is \"c\", must be one of: folder, a, b");
    visml_dataset_free(ds);
    ds = from_text(text, NULL);
    refuse_group(ds, "a", "split: group is \"a\", must be one of: folder, b");
    const visml_group_column *b = ((const visml_files_source *)ds->source)->columns;
    assert_true(b->values.count == 2 && b->ids[0] != b->ids[1] && b->ids[1] == b->ids[2]); /* "w" of two parts is one group */
    visml_dataset_free(ds);
    ds = from_text(text, "test"); /* nothing to divide, and nothing to stumble over */
    divide(ds, "b", 1, parts);
    assert_int_equal(total(parts), 0);
    free_parts(parts);
    visml_dataset_free(ds);
}

/* ---- what is refused ---- */

static void refuse_text(const char *text, visml_status code, const char *part) {
    char *path = test_path(root, "bad.json");
    test_write_file(path, text, strlen(text));
    assert_refused(visml_dataset_from_manifest(ctx, path, "train", NULL, ERR), code, part);
    free(path);
}

static void names_key_and_index_of_what_is_wrong(void **state) {
    (void)state;
    refuse_text("", VISML_EFORMAT, "bad.json");
    refuse_text("{\"format\":", VISML_EFORMAT, "line 1, column");
    refuse_text("[]", VISML_EFORMAT, "object");
    refuse_text("{}", VISML_EFORMAT, "\"format\" is missing");
    refuse_text("{\"format\":\"other\"}", VISML_EFORMAT, "must be \"visml-split\"");
    refuse_text("{\"format\":\"visml-split\",\"version\":2}", VISML_EUNSUPPORTED, "version 2");
    refuse_text("{\"format\":\"visml-split\",\"version\":0}", VISML_EFORMAT, "version");
    refuse_text(HEAD "\"parts\":{}}", VISML_EFORMAT, "\"classes\" is missing");
    refuse_text(HEAD "\"classes\":{},\"parts\":{}}", VISML_EFORMAT, "\"classes\" must be an array");
    refuse_text(HEAD "\"classes\":[],\"parts\":{}}", VISML_EFORMAT, "\"classes\" is empty");
    refuse_text(HEAD "\"classes\":[\"a\",7],\"parts\":{}}", VISML_EFORMAT, "classes[1]");
    refuse_text(HEAD "\"classes\":[\"a\",\"\"],\"parts\":{}}", VISML_EFORMAT, "classes[1]");
    refuse_text(HEAD "\"classes\":[\"a\",\"b\",\"a\"],\"parts\":{}}", VISML_EFORMAT, "classes[0] and classes[2] are both \"a\"");
    refuse_text(HEAD "\"classes\":[{\"percent-encoded\":\"%G0\"}],\"parts\":{}}", VISML_EFORMAT, "classes[0]");
    refuse_text(HEAD "\"classes\":[{\"percent-encoded\":\"a%0\"}],\"parts\":{}}", VISML_EFORMAT, "classes[0]");
    refuse_text(HEAD "\"classes\":[{\"percent-encoded\":\"a%00b\"}],\"parts\":{}}", VISML_EFORMAT, "classes[0]");
    refuse_text(HEAD CLASSES "\"parts\":[]}", VISML_EFORMAT, "\"parts\" must be an object");
    refuse_text(HEAD CLASSES "\"parts\":{}}", VISML_EINVAL, "no part \"train\"; there are: none");
    refuse_text(HEAD CLASSES "\"parts\":{\"val\":{},\"test\":{}}}", VISML_EINVAL, "there are: \"val\", \"test\"");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":7}}", VISML_EFORMAT, "parts.train");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"labels\":[0]}}}", VISML_EFORMAT, "parts.train: \"paths\" is missing");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\"]}}}", VISML_EFORMAT, "parts.train: \"labels\" is missing");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\",\"y\"],\"labels\":[0]}}}", VISML_EFORMAT,
                "\"paths\" has 2 elements, \"labels\" has 1");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\",\"y\"],\"labels\":[0,2]}}}", VISML_EFORMAT,
                "parts.train.labels[1] is 2, must be 0 to 1");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\",\"y\"],\"labels\":[0,-1]}}}", VISML_EFORMAT,
                "parts.train.labels[1] is -1");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\",\"y\"],\"labels\":[0,0.5]}}}", VISML_EFORMAT,
                "parts.train.labels[1] must be a whole number");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\",null],\"labels\":[0,1]}}}", VISML_EFORMAT, "parts.train.paths[1]");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"idx\":[\"x\"],\"indices\":[],\"labels\":[]}}}", VISML_EFORMAT, "array of two paths");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"idx\":[\"none\",\"no\"],\"indices\":[0],\"labels\":[0]}}}", VISML_EIO, "/no: ");
    refuse_text(HEAD CLASSES "\"parts\":{\"train\":{\"idx\":[\"x\",5],\"indices\":[0],\"labels\":[0]}}}", VISML_EFORMAT,
                "parts.train.idx[1]");
#define ONE(groups) HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\",\"y\"],\"labels\":[0,1],\"groups\":" groups "}}}"
    refuse_text(ONE("[]"), VISML_EFORMAT, "parts.train: \"groups\" must be an object");
    refuse_text(ONE("null"), VISML_EFORMAT, "parts.train: \"groups\" must be an object");
    refuse_text(ONE("{\"site\":\"x\"}"), VISML_EFORMAT, "parts.train.groups: \"site\" must be an array");
    refuse_text(ONE("{\"site\":[\"x\"]}"), VISML_EFORMAT, "parts.train.groups: \"site\" has 1 elements, \"labels\" has 2");
    refuse_text(ONE("{\"a\":[\"\",\"\"],\"site\":[\"x\",3]}"), VISML_EFORMAT, "parts.train.groups.site[1] must be a string");
    char *missing = test_path(root, "missing.json");
    assert_refused(visml_dataset_from_manifest(ctx, missing, NULL, NULL, ERR), VISML_EIO, "missing.json");
    assert_refused(visml_dataset_from_manifest(ctx, NULL, NULL, NULL, ERR), VISML_EINVAL, "path");
    assert_refused(visml_dataset_from_manifest(NULL, missing, NULL, NULL, ERR), VISML_EINVAL, "ctx");
    free(missing);
}

static void bears_every_truncation_and_flipped_byte(void **state) {
    (void)state;
    char text[] = HEAD CLASSES "\"parts\":{\"train\":{\"paths\":[\"x\",{\"percent-encoded\":\"%E9\"}],\"labels\":[0,1],"
                               "\"groups\":{\"g\":[\"u\",\"\"]}}}}";
    char *path = test_path(root, "cut.json");
    visml_error err;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        test_write_file(path, text, n);
        assert_null(visml_dataset_from_manifest(ctx, path, "train", NULL, &err));
        assert_int_equal(err.code, VISML_EFORMAT);
    }
    for (size_t i = 0; i < sizeof text - 1; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            test_write_file(path, text, sizeof text - 1);
            visml_dataset_free(visml_dataset_from_manifest(ctx, path, "train", NULL, &err));
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    free(path);
}

static void saves_only_what_can_be_loaded(void **state) {
    (void)state;
    visml_error err = {0};
    char *path = test_path(root, "none.json"), *two = class_folders(2, 1), *nowhere = test_path(root, "no/where.json");
    visml_dataset *files = assert_made(visml_dataset_from_folder(ctx, root, NULL, &err), &err),
                  *other = assert_made(visml_dataset_from_folder(ctx, two, NULL, &err), &err);
    visml_tensor *x = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(2, 1), &err), *y = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(2), &err);
    visml_dataset *arrays = assert_made(visml_dataset_from_arrays(ctx, x, y, NULL, 0, &err), &err);
    const char *const renamed[] = {"cat", "emu", "dog"};
    visml_dataset *turned = assert_made(visml_dataset_with_classes(files, renamed, 3, &err), &err);
    const struct {
        visml_dataset *parts[3];
        const char *word;
    } cases[] = {
        {{NULL, NULL, NULL}, "all parts are NULL"},
        {{arrays, NULL, NULL}, "train are neither files nor IDX (source: arrays)"},
        {{files, NULL, other}, "test has 2 classes"},
        {{files, turned, NULL}, "class 1 of val is \"emu\""},
    };
    for (size_t i = 0; i < 4; i++) {
        assert_status(visml_split_save(cases[i].parts, path, &err), VISML_EINVAL, &err);
        assert_in(err.message, cases[i].word);
    }
    assert_int_not_equal(access(path, F_OK), 0);
    visml_dataset *parts[3] = {files, NULL, NULL};
    assert_status(visml_split_save(NULL, path, &err), VISML_EINVAL, &err);
    assert_status(visml_split_save(parts, NULL, &err), VISML_EINVAL, &err);
    assert_status(visml_split_save(parts, nowhere, &err), VISML_EIO, &err);
    assert_in(err.message, "no");
    assert_status(visml_split_save(parts, root, NULL), VISML_EIO, NULL); /* a folder */
    visml_dataset_free(turned);
    visml_dataset_free(arrays);
    visml_dataset_free(other);
    visml_dataset_free(files);
    visml_tensor_release(x);
    visml_tensor_release(y);
    test_folder_remove(two);
    free(nowhere);
    free(path);
}

static void survives_every_failed_allocation(void **state) {
    (void)state;
    char *folder = test_folder(), *images = test_path(folder, "images.idx"), *labels = test_path(folder, "labels.idx"),
         *path = test_path(folder, "split.json"), *csv = write_patients(root, 10);
    write_idx(folder, 10);
    test_allocator a;
    test_allocator_init(&a);
    visml_context *c = visml_context_new(VISML_OPTS(visml_context_opts, .allocator = &a.table, .threads = 1), NULL);
    for (int k = 0; k < 3; k++) {
        visml_dataset *ds = k == 2   ? visml_dataset_from_csv(c, csv, NULL, NULL)
                            : k == 1 ? visml_dataset_from_idx(c, images, labels, NULL, NULL)
                                     : visml_dataset_from_folder(c, root, NULL, NULL);
        visml_dataset *parts[3];
        split(ds, parts);
        int64_t before = atomic_load(&a.live);
        for (int64_t n = 1, done = 0; !done; n++) {
            visml_error err = {0};
            atomic_store(&a.countdown, n);
            visml_status status = visml_split_save(parts, path, n & 1 ? &err : NULL);
            visml_dataset *back = status == VISML_OK ? visml_dataset_from_manifest(c, path, NULL, NULL, &err) : NULL;
            done = atomic_load(&a.countdown) > 0;
            atomic_store(&a.countdown, -1);
            assert_true(back || !done); /* where syncing the folder fails, the file is written all the same */
            assert_true(back || status == VISML_ENOMEM || err.code == VISML_ENOMEM);
            visml_dataset_free(back);
            assert_int_equal(atomic_load(&a.live), before);
        }
        free_parts(parts);
        visml_dataset_free(ds);
    }
    visml_context_free(c);
    free(csv);
    free(path);
    free(labels);
    free(images);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_comes_back),
        cmocka_unit_test(paths_are_found_from_anywhere),
        cmocka_unit_test(names_that_are_no_utf8_come_back),
        cmocka_unit_test(idx_comes_back),
        cmocka_unit_test(the_columns_of_a_table_outlive_the_manifest),
        cmocka_unit_test(manifests_without_groups_load_for_ever),
        cmocka_unit_test(only_columns_of_all_wanted_parts_are_known),
        cmocka_unit_test(names_key_and_index_of_what_is_wrong),
        cmocka_unit_test(bears_every_truncation_and_flipped_byte),
        cmocka_unit_test(saves_only_what_can_be_loaded),
        cmocka_unit_test(survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
