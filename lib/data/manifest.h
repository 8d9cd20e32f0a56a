/* The manifest of a split, in JSON:
 *
 *     {"format": "visml-split", "version": 1,
 *      "source": ["photos"], "kind": "folder", "mode": "stratified", "ratio": [7, 1, 2], "seed": 1,       for the record, not read back
 *      "classes": ["cat", "dog"],
 *      "parts": {"train": {"paths": ["photos/cat/1.jpg", ...], "labels": [0, ...], "groups": {"patient": ["p7", ...], ...}},
 *                "val": {"idx": ["images.gz", "labels.gz"], "indices": [17, ...], "labels": [3, ...]}, ...}}
 *
 * A part has either paths, or two IDX files and the numbers of samples in them. Paths are relative to the manifest's folder. A text that is
 * not UTF-8, which file names may be but JSON may not, is {"percent-encoded": "caf%E9.jpg"}. "groups", which may be missing, has the other
 * columns of the CSV file that the samples come from: a text for each sample. */
#ifndef DATA_MANIFEST_H
#define DATA_MANIFEST_H

#define VISML_MANIFEST_FORMAT "visml-split"
#define VISML_MANIFEST_VERSION 1
#define VISML_MANIFEST_ENCODED "percent-encoded"

#endif
