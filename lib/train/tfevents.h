/* Records of TensorBoard's event files: TFRecord frames around protocol buffers of the message Event. */
#ifndef TRAIN_TFEVENTS_H
#define TRAIN_TFEVENTS_H

#include <stddef.h>
#include <stdint.h>

#define VISML_TFEVENT_LONGEST 256 /* bytes of a record */
#define VISML_TFEVENT_LONGEST_TAG 127

/* The record that a file starts with. Returns its bytes. */
size_t visml_tfevent_version(unsigned char record[VISML_TFEVENT_LONGEST], double wall_time);
/* One number under a name (cut at VISML_TFEVENT_LONGEST_TAG bytes). wall_time: seconds since 1970. */
size_t visml_tfevent_scalar(unsigned char record[VISML_TFEVENT_LONGEST], double wall_time, int64_t step, const char *tag, float value);

#endif
