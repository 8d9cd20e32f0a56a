#!/usr/bin/env python3
"""Two records as TensorBoard's own code writes them, for tests/train/test_tfevents.c.

    python3 make_tfevents_golden.py > tfevents_golden.h
"""
import io

import tensorboard
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

EVENTS = {
    "version": event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2"),
    "scalar": event_pb2.Event(wall_time=1700000001.5, step=300, summary=summary_pb2.Summary(value=[
        summary_pb2.Summary.Value(tag="epoch_loss", simple_value=0.15625)])),
}


class Kept(io.BytesIO):
    def close(self):
        pass


print(f"/* Made by make_tfevents_golden.py with tensorboard {tensorboard.__version__}. */")
for name, event in EVENTS.items():
    out = Kept()
    RecordWriter(out).write(event.SerializeToString())
    print(f"static const unsigned char {name}_record[] = {{\n    {', '.join(str(b) for b in out.getvalue())},\n}};")
