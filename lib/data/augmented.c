/* Datasets whose pictures are changed on their way into a batch. */
#include "base/error.h"
#include "data/dataset.h"

/* The shape of a sample as batches have it; the source's must be known. */
visml_status visml_dataset_batch_shape(const visml_dataset *ds, visml_shape *shape, visml_error *err) {
    *shape = ds->source->shape;
    return ds->augmentation ? visml_augmentation_infer(ds->augmentation, &ds->source->shape, shape, err) : VISML_OK;
}

int visml_dataset_mixes(const visml_dataset *ds) {
    return ds->augmentation && visml_augmentation_mixes(ds->augmentation);
}

static visml_status check_mixing(const visml_dataset *ds, const visml_augmentation *a, visml_error *err) {
    if (!visml_augmentation_mixes(a) || ds->source->targets || visml_dataset_class_count(ds))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "dataset_augment: %s mixes classes, and the dataset does not say how many there are",
                      a->steps[visml_augmentation_singles(a)]->cls->name);
}

/* That the chain can be done to the samples. */
static visml_status check_samples(const visml_dataset *ds, const visml_augmentation *a, visml_error *err) {
    visml_shape shape;
    visml_read_buffer buffer = {0};
    visml_source *s = ds->source;
    if (s->dtype != VISML_U8 && s->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "dataset_augment: the samples are %s, must be uint8 or float32", visml_dtype_name(s->dtype));
    visml_status status = visml_source_find_shape(s, &buffer, err);
    visml_read_buffer_free(s, &buffer);
    VISML_TRY(status);
    status = visml_augmentation_infer(a, &s->shape, &shape, err);
    return status < 0 ? visml_fail_in(err, status, "dataset_augment") : VISML_OK;
}

visml_dataset *visml_dataset_augment(visml_dataset *ds, const visml_augmentation *augmentation, visml_error *err) {
    if (!ds || !augmentation) {
        visml_fail(err, VISML_EINVAL, "dataset_augment: %s", ds ? "augmentation is NULL, must be an augmentation"
                                                                : "ds is NULL, must be a dataset");
        return NULL;
    }
    const visml_augmentation *parts[] = {ds->augmentation, augmentation};
    visml_augmentation *chain =
        ds->augmentation ? visml_augmentation_chain(ds->source->context, parts, 2, err) : visml_augmentation_retain(augmentation);
    visml_dataset *copy = NULL;
    if (chain && check_samples(ds, chain, err) == VISML_OK && check_mixing(ds, chain, err) == VISML_OK)
        copy = visml_dataset_same_samples(ds, err);
    if (!copy) {
        visml_augmentation_free(chain);
        return NULL;
    }
    visml_augmentation_free(copy->augmentation);
    copy->augmentation = chain;
    return copy;
}
