"""Models, training, sessions, reports."""
import array
import math
import os
import pathlib
import random
import signal
import tempfile
import unittest

from support import needs_numpy, numpy as np

import visml


def small(seed=1, **kwargs):
    return visml.Model((4,), [visml.Dense(8, "relu"), visml.Dense(2, "softmax")], seed=seed, **kwargs)


def two_clouds(n=64):
    """Class 1 has larger numbers."""
    source = random.Random(3)
    labels = [i % 2 for i in range(n)]
    values = [label * 2 - 1 + source.uniform(-0.5, 0.5) for label in labels for _ in range(4)]
    return visml.Tensor(array.array("f", values)).reshape(n, 4), visml.Tensor(array.array("i", labels))


def fit_clouds(**options):
    return small().fit(two_clouds(), batch_size=16, **options)


class Building(unittest.TestCase):
    def test_sequential(self):
        model = visml.Model((8, 8, 3), [
            visml.Rescaling(1 / 255), visml.Conv2D(4, 3, padding="same", activation="relu", name="c1"), visml.BatchNormalization(),
            visml.MaxPooling2D(2), visml.AveragePooling2D(), visml.Dropout(0.25), visml.Activation("tanh"), visml.Reshape((4, 4)),
            visml.Flatten(), visml.Dense(3, "softmax", use_bias=False)])
        self.assertEqual((model.input_shape, model.output_shape), ((8, 8, 3), (3,)))
        self.assertEqual(model.params["c1/kernel"].shape, (3, 3, 3, 4))
        self.assertIn("c1", model.summary())
        again = visml.Model.from_json(model.to_json())
        again.build()
        self.assertEqual(again.to_json(), model.to_json())

    def test_more_layers(self):
        model = visml.Model((8, 8, 3), [
            visml.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, name="d"), visml.LayerNormalization(axis=[-2, -1]),
            visml.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=0, name="t"), visml.GroupNormalization(2),
            visml.SeparableConv2D(6, (3, 2), pointwise_initializer="he_normal", name="s"), visml.BatchNormalization(axis=1),
            visml.Reshape((-1, 6)), visml.Conv1D(4, 3, padding="causal", dilation_rate=2, name="c"), visml.LayerNormalization(epsilon=0.1),
            visml.MaxPooling1D(2), visml.AveragePooling1D(3, strides=2), visml.GlobalMaxPooling1D(keepdims=True),
            visml.GlobalAveragePooling1D(), visml.Dense(3)])
        self.assertEqual(model.output_shape, (3,))
        shapes = {name: model.params[name].shape for name in ("d/kernel", "t/kernel", "s/depthwise_kernel", "s/pointwise_kernel",
                                                              "c/kernel", "layer_normalization/gamma", "batch_normalization/beta")}
        self.assertEqual(shapes, {"d/kernel": (3, 3, 3, 2), "t/kernel": (3, 3, 4, 6), "s/depthwise_kernel": (3, 2, 4, 1),
                                  "s/pointwise_kernel": (1, 1, 4, 6), "c/kernel": (3, 6, 4), "layer_normalization/gamma": (6, 6),
                                  "batch_normalization/beta": (9,)})
        again = visml.Model.from_json(model.to_json())
        again.build()
        self.assertEqual(again.to_json(), model.to_json())
        pooled = visml.Model((4, 4, 2), [visml.GlobalMaxPooling2D()])
        self.assertEqual(pooled.output_shape, (2,))

    def test_graph(self):
        model = visml.Model((4, 4, 2))
        a = model.apply(visml.Conv2D(2, 3, padding="same"), 0)
        b = model.apply(visml.Add(), a, 0)
        c = model.apply(visml.Concatenate(), a, b)
        model.apply(visml.GlobalAveragePooling2D(), c)
        model.build()
        self.assertEqual(model.output_shape, (4,))

    def test_layers_in_layers(self):
        model = visml.Model((5, 6, 2), [
            visml.Rows(), visml.Masking(), visml.Bidirectional(visml.GRU(4, return_sequences=True, reset_after=False), merge_mode="sum"),
            visml.TimeDistributed(visml.Dense(3, kernel_l2=0.1), name="each"), visml.LSTM(3, dropout=0.2, return_state=True)])
        self.assertEqual(model.output_shape, (3, 3))
        self.assertIn("each/kernel", model.params)
        self.assertEqual(model.params["bidirectional/backward_bias"].shape, (12,))
        again = visml.Model.from_json(model.to_json())
        again.build()
        self.assertEqual(again.to_json(), model.to_json())
        self.assertEqual(repr(visml.TimeDistributed(visml.Flatten(), name="f")), "TimeDistributed(Flatten(), name='f')")
        with self.assertRaisesRegex(visml.Error, "inner layer is dense"):
            visml.Model((5, 6), [visml.Bidirectional(visml.Dense(2))])
        with self.assertRaisesRegex(TypeError, "must be a layer"):
            visml.Bidirectional("lstm")
        windows = visml.Model((4, 6, 2), [visml.SlidingWindow((2, 3)), visml.SimpleRNN(3)])
        self.assertEqual(windows.output_shape, (3,))

    def test_errors_name_the_layer(self):
        with self.assertRaisesRegex(visml.Error, "units"):
            visml.Model((4,), [visml.Dense()])
        with self.assertRaisesRegex(visml.Error, "conv2d"):
            visml.Model((4,), [visml.Conv2D(2, 3)])
        with self.assertRaises(visml.Error) as caught:
            visml.Model((4,), [])
        self.assertEqual(caught.exception.name, "VISML_ESTATE")

    def test_a_description_can_be_used_again(self):
        dense = visml.Dense(2)
        self.assertEqual(repr(dense), "Dense(units=2)")
        self.assertEqual(len(visml.Model((4,), [dense, dense]).params), 4)

    def test_parameters(self):
        model = small()
        self.assertEqual(len(model.params), 4)
        name = next(n for n in model.params if n.endswith("kernel"))
        view = model.params[name]
        self.assertTrue(view.readonly)
        model.params[name] = visml.Tensor.zeros(view.shape, "float64")
        self.assertEqual(view.tolist(), [[0] * 8] * 4)
        self.assertTrue(model.params.trainable(name))
        with self.assertRaises(KeyError):
            model.params["none"]
        with self.assertRaisesRegex(visml.Error, r"\[4, 8\]"):
            model.params[name] = visml.Tensor.zeros((8, 4))

    def test_transfer(self):
        layers = [visml.Dense(4, activation="tanh", kernel_l2=1e-3, name="a"), visml.Dense(3, trainable=False, name="b")]
        model = visml.Model((5,), layers)
        self.assertEqual(model.layers, ["a", "b"])
        self.assertIn('"kernel_l2"', model.to_json())
        self.assertTrue(model.params.trainable("a/kernel"))
        self.assertFalse(model.params.trainable("b/kernel"))
        model.set_trainable(True, "b")
        self.assertTrue(model.params.trainable("b/kernel"))
        part = model.cut("a")
        part.add(visml.Dense(2))
        part.build()
        self.assertEqual(part.output_shape, (2,))
        self.assertEqual(part.params["a/kernel"].tolist(), model.params["a/kernel"].tolist())
        features = visml.Session(model, output="a").run(visml.Tensor.zeros((3, 5)))
        self.assertEqual(features.shape, (3, 4))
        with self.assertRaises(TypeError):
            visml.Dense(3, kernel_l3=1)

    def test_description(self):
        model = small()
        model.classes = ["cat", "Käse"]
        model.set_attribute("color", "rgb")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.visml"
            model.save(path)
            for again in (visml.Model.load(path), visml.Model.load_memory(model.save_memory())):
                self.assertEqual((again.classes, again.attribute("color"), again.attribute("none")), (["cat", "Käse"], "rgb", None))
                for name, value in model.params.items():
                    self.assertEqual(again.params[name].tolist(), value.tolist())
        model.set_attribute("color", None)
        self.assertIsNone(model.attribute("color"))
        with self.assertRaises(visml.Error):
            visml.Model.load_memory(b"not a model")


class Running(unittest.TestCase):
    def test_session_outlives_the_model(self):
        model = small()
        x, _ = two_clouds(5)
        wanted = model.predict(x).tolist()
        session = visml.Session(model, 2)
        del model
        self.assertEqual(session.run(x).tolist(), wanted)
        self.assertEqual([len(r) for r in wanted], [2] * 5)
        for row in wanted:
            self.assertAlmostEqual(sum(row), 1, places=5)

    def test_any_size(self):
        model = visml.Model((None, None, 1), [visml.Conv2D(4, 3, activation="relu", name="c"), visml.GlobalAveragePooling2D(),
                                              visml.Dense(2, "softmax")], seed=1)
        self.assertEqual((model.input_shape, model.output_shape), ((None, None, 1), (2,)))
        self.assertEqual(visml.Model.from_json(model.to_json(), (None, 7, 1)).input_shape, None)  # not built
        session, features = visml.Session(model, 1), visml.Session(model, output="c")
        for height, width in ((5, 9), (16, 3), (5, 9)):
            x = visml.Tensor(array.array("f", [i % 7 for i in range(2 * height * width)])).reshape(2, height, width, 1)
            self.assertEqual(session.run(x).tolist(), model.predict(x).tolist())
            self.assertEqual(features.run(x).shape, (2, height - 2, width - 2, 4))
        self.assertEqual(visml.Session(model, input_shape=(5, 9, 1)).run(visml.Tensor.zeros((1, 5, 9, 1))).shape, (1, 2))
        with self.assertRaisesRegex(visml.Error, r"must be \[N, 5, 9, 1\]"):
            visml.Session(model, input_shape=(5, 9, 1)).run(visml.Tensor.zeros((1, 5, 8, 1)))
        with self.assertRaisesRegex(visml.Error, "global_average_pooling2d"):
            visml.Model((None, None, 1), [visml.Flatten(), visml.Dense(2)])

    def test_wrong_input(self):
        with self.assertRaisesRegex(visml.Error, r"\[2, 5\]"):
            visml.Session(small()).run(visml.Tensor.zeros((2, 5)))

    def test_state(self):
        model = visml.Model((4, 2), [visml.Bidirectional(visml.GRU(3, stateful=True, return_state=True), merge_mode="sum")])
        self.assertEqual(model.output_shape, (3, 3))
        x = visml.Tensor.zeros((2, 4, 2))
        model.params["bidirectional/forward_bias"] = visml.Tensor(array.array("f", [0.5] * 18)).reshape(2, 9)
        session = visml.Session(model)
        first = session.run(x).tolist()
        self.assertNotEqual(session.run(x).tolist(), first)
        with self.assertRaisesRegex(visml.Error, "had 2"):
            session.run(visml.Tensor.zeros((3, 4, 2)))
        session.reset()
        self.assertEqual(session.run(x).tolist(), first)

    def test_mask(self):
        model = visml.Model((4,), [visml.Embedding(5, 3, mask_zero=True), visml.GlobalAveragePooling1D()])
        rows = model.params["embedding/embeddings"].tolist()
        x = visml.Tensor(array.array("f", [2, 0, 0, 0])).reshape(1, 4)
        self.assertEqual(model.predict(x).tolist(), [rows[2]])

    @needs_numpy
    def test_into_an_array(self):
        model = small()
        x = np.ones((3, 4), np.float64)[:, ::-1]
        out = np.zeros((3, 2), np.float32)
        self.assertIs(visml.Session(model).run(x, out), out)
        np.testing.assert_array_equal(out, model.predict(x).numpy())
        out.flags.writeable = False
        with self.assertRaisesRegex(ValueError, "read-only"):
            visml.Session(model).run(x, out)


class Training(unittest.TestCase):
    def test_it_learns(self):
        model = small()
        data = two_clouds()
        history = model.fit(data, validation=data, epochs=8, batch_size=8, optimizer=visml.Adam(0.02), seed=3)
        self.assertEqual((history.epochs, len(history["loss"]), len(history["val_accuracy"])), (8, 8, 8))
        self.assertLess(history["loss"][-1], history["loss"][0] / 2)
        report = model.evaluate(data)
        self.assertEqual((report.accuracy, report.count, report.confusion_matrix), (1, 64, [[32, 0], [0, 32]]))
        self.assertAlmostEqual(report.loss, history["val_loss"][-1], places=5)
        self.assertIn("accuracy", report.text(["a", "b"]))
        outputs = model.predict(visml.Dataset.from_arrays(*data))
        self.assertEqual(outputs.tolist(), model.predict(data[0]).tolist())

    def test_the_same_bits_for_any_number_of_threads(self):
        saved = []
        for threads in (1, 3):
            model = small(context=visml.Context(threads=threads))
            model.fit(two_clouds(), epochs=2, optimizer="sgd", loss="categorical_crossentropy", seed=3)
            saved.append([v.tobytes() for v in model.params.values()])
        self.assertEqual(*saved)

    def test_weights(self):
        """A class of weight 0 adds nothing to the loss."""
        data = two_clouds()
        one = small().fit(data, class_weight={0: 0.0, 1: 0.0}, optimizer=visml.SGD(0.0))
        self.assertEqual(one["loss"], [0])
        weights = small().fit(data, sample_weight=array.array("f", [0.0] * 64), optimizer=visml.SGD(0.0))
        self.assertEqual(weights["loss"], [0])
        with self.assertRaisesRegex(ValueError, "class 2"):
            small().fit(data, class_weight={2: 1})

    def test_every_optimizer_and_loss_by_name(self):
        data = two_clouds()
        for name in ("sgd", "adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad", "adadelta", "lion"):
            with self.subTest(name):
                self.assertEqual(len(small().fit(data, optimizer=name, loss="categorical_hinge")["loss"]), 1)
        for name in ("binary_crossentropy", "categorical_focal_crossentropy", "binary_focal_crossentropy", "mae", "huber", "hinge",
                     "squared_hinge", "kl_divergence", "poisson", "cosine_similarity", "log_cosh"):
            with self.subTest(name):
                history = small().fit(data, epochs=3, batch_size=8, optimizer=visml.Adam(0.02), loss=name)
                self.assertLess(history["loss"][-1], history["loss"][0])

    def test_options_of_all_optimizers(self):
        schedule = visml.Warmup(4, then=visml.CosineDecay(0.1, 16))
        optimizer = visml.AdamW(schedule, weight_decay=0.0, clipnorm=1.0, use_ema=True, exclude_from_weight_decay=["bias", "gamma"])
        model = small()
        history = model.fit(two_clouds(), epochs=2, batch_size=8, optimizer=optimizer)
        self.assertAlmostEqual(history["learning_rate"][0], schedule(8), places=12)
        self.assertAlmostEqual(history["learning_rate"][1], 0.1 * (1 + math.cos(math.pi * 12 / 16)) / 2, places=12)
        with self.assertRaisesRegex(visml.Error, "more than one of clipnorm"):
            small().fit(two_clouds(), optimizer=visml.SGD(clipnorm=1.0, clipvalue=1.0))
        with self.assertRaises(TypeError):
            visml.SGD(clip=1.0)
        with self.assertRaises(TypeError):
            visml.Warmup(4, then=0.1)

    def test_json(self):
        text = '{"class":"sgd","momentum":0.5,"schedule":{"class":"warmup","target_learning_rate":0.5,"warmup_steps":3}}'
        optimizer = visml.SGD(visml.Warmup(3, target_learning_rate=0.5), momentum=0.5)
        self.assertEqual(optimizer.to_json(), text)
        again = visml.Optimizer.from_json(text)
        self.assertEqual(again.to_json(), text)
        self.assertEqual(small().fit(two_clouds(), optimizer=again)["loss"], small().fit(two_clouds(), optimizer=optimizer)["loss"])
        self.assertEqual(visml.Loss.from_json("hinge").to_json(), '{"class":"hinge"}')
        with self.assertRaisesRegex(visml.Error, "must be one of"):
            visml.Schedule.from_json("linear").to_json()

    def test_one_unit_for_two_classes(self):
        data = two_clouds()
        model = visml.Model((4,), [visml.Dense(1, "sigmoid")], seed=1)
        history = model.fit(data, epochs=20, batch_size=8, optimizer=visml.Adam(0.05))
        self.assertEqual(history["accuracy"][-1], 1)
        self.assertEqual(model.evaluate(data).confusion_matrix, [[32, 0], [0, 32]])
        logits = visml.Model((4,), [visml.Dense(1)], seed=1)
        loss = visml.BinaryCrossentropy(from_logits=True)
        same = logits.fit(data, epochs=20, batch_size=8, optimizer=visml.Adam(0.05), loss=loss)
        self.assertAlmostEqual(same["loss"][-1], history["loss"][-1], places=5)
        self.assertEqual(logits.evaluate(data, loss=loss).accuracy, 1)

    def test_learning_rate_range(self):
        model = small()
        before = [v.tobytes() for v in model.params.values()]
        found = model.lr_range_test(two_clouds(), steps=40, batch_size=8, start=1e-4, end=10)
        self.assertEqual([v.tobytes() for v in model.params.values()], before)
        self.assertTrue(2 < len(found.loss) == len(found.smoothed) == len(found.learning_rate) <= 40)
        self.assertAlmostEqual(found.learning_rate[0], 1e-4)
        self.assertTrue(1e-4 < found.suggestion < 10)

    def test_checkpoints(self):
        data = two_clouds()
        whole = small()
        whole.fit(data, epochs=4, seed=3)
        with tempfile.TemporaryDirectory() as folder:
            class Stop(visml.Callback):
                def epoch_end(self, model, progress):
                    return progress.epoch == 1
            small().fit(data, epochs=4, seed=3, checkpoint_dir=folder, callbacks=[Stop()])
            resumed = small(seed=9)
            resumed.fit(data, epochs=4, seed=3, checkpoint_dir=folder, resume=True)
        for name, value in whole.params.items():
            self.assertEqual(resumed.params[name].tobytes(), value.tobytes(), name)

    def test_a_loss_that_is_not_finite(self):
        x = visml.Tensor(array.array("f", [math.nan] * 32)).reshape(8, 4)
        with self.assertRaises(visml.Error) as caught:
            small().fit((x, two_clouds(8)[1]))
        self.assertEqual(caught.exception.name, "VISML_ENONFINITE")
        self.assertEqual(caught.exception.history.epochs, 0)

    def test_wrong_arguments(self):
        for options, text in (({"epochs": -1}, "epochs"), ({"batch_size": -1}, "batch_size")):
            with self.assertRaisesRegex(visml.Error, text):
                small().fit(two_clouds(), **options)
        with self.assertRaisesRegex(ValueError, "adam"):
            small().fit(two_clouds(), optimizer="adamv")
        with self.assertRaises(TypeError):
            small().fit(two_clouds(), epoch=1)


class Quantized(unittest.TestCase):
    def test_bytes_are_as_good(self):
        data = two_clouds()
        model = small()
        model.fit(data, epochs=20, optimizer=visml.Adam(0.05), verbose=0)
        q = model.quantize(data, percentile=100)
        report = model.evaluate(data, quantization=q)
        self.assertEqual((report.accuracy, report.float_accuracy), (1.0, 1.0))
        self.assertTrue(math.isnan(model.evaluate(data).float_accuracy))
        run = visml.Session(model, quantization=q).run(data[0])
        same = model.predict(data[0], quantization=q)
        self.assertEqual(run.tolist(), same.tolist())
        self.assertNotEqual(run.tolist(), model.predict(data[0]).tolist())

    def test_of_another_model(self):
        q = small().quantize(two_clouds())
        with self.assertRaisesRegex(visml.Error, "another model"):
            visml.Session(small(), quantization=q)


class CallbackTests(unittest.TestCase):
    def test_what_they_see(self):
        seen = []

        class Watch(visml.Callback):
            def epoch_begin(self, model, progress):
                seen.append(("begin", progress.epoch))

            def batch_end(self, model, progress):
                seen.append(("batch", progress.step, progress.steps))

            def epoch_end(self, model, progress):
                seen.append(("end", progress.epoch, progress.text()[:9], len(model.params)))
        small().fit(two_clouds(), epochs=2, batch_size=32, callbacks=[Watch()])
        self.assertEqual(seen[:4], [("begin", 0), ("batch", 1, 2), ("batch", 2, 2), ("end", 0, "Epoch 1/2", 4)])
        self.assertEqual(len(seen), 8)

    def test_train_and_evaluate(self):
        with tempfile.TemporaryDirectory() as folder:
            options = dict(max_steps=6, batch_size=16, every_steps=2, model_dir=folder, optimizer="adam", seed=3, monitor="val_loss",
                           exporters=["final", {"kind": "best", "keep": 1, "monitor": "val_accuracy"}])
            result = small().train_and_evaluate(two_clouds(), two_clouds(), **options)
            self.assertEqual((result.ended_by, result.global_step, result.evaluations), ("max_steps", 6, 3))
            self.assertEqual(result.history["val_loss"][-1], result.val_loss)
            self.assertEqual(result.best_val_loss, min(result.history["val_loss"]))
            self.assertTrue(os.path.exists(result.best_export))
            again = small().train_and_evaluate(two_clouds(), two_clouds(), **options)
            self.assertEqual(vars(again), vars(result))
            with self.assertRaisesRegex(visml.Error, "batch_size was 16, is 17") as caught:
                small().train_and_evaluate(two_clouds(), two_clouds(), **{**options, "batch_size": 17})
            self.assertIsNone(caught.exception.result.ended_by)
        with self.assertRaisesRegex(TypeError, "'max_step' is not an option of train_and_evaluate; there are batch_size, max_steps, "):
            small().train_and_evaluate(two_clouds(), two_clouds(), max_step=1)

    def test_stopping(self):
        class Stop:
            def batch_end(self, model, progress):
                return progress.epoch == 1
        history = small().fit(two_clouds(), epochs=5, callbacks=[Stop()])
        self.assertEqual(history.epochs, 1)

    def test_exceptions_come_out(self):
        class Fail:
            def batch_end(self, model, progress):
                raise kind("from the callback")
        for kind in (ZeroDivisionError, KeyboardInterrupt, SystemExit):
            for run in (small().fit, small().evaluate, lambda d, **o: small().predict(visml.Dataset.from_arrays(*d), **o)):
                with self.assertRaisesRegex(kind, "from the callback"):
                    run(two_clouds(), callbacks=[Fail()])

    def test_control_c(self):
        """Without a callback that could notice it: the signal comes from a timer."""
        before = signal.getsignal(signal.SIGINT)
        timer = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with self.assertRaises(KeyboardInterrupt):
                small().fit(two_clouds(), epochs=10_000_000)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, timer)
        self.assertIs(signal.getsignal(signal.SIGINT), before)


class Monitors(unittest.TestCase):
    def test_monitors(self):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log.csv")
            rates = []

            def schedule(epoch, rate):
                rates.append(rate)
                return rate / 2

            watched = [visml.EarlyStopping(monitor="loss", mode="max", patience=1), visml.CSVLogger(log),
                       visml.LearningRateScheduler(schedule)]
            history = fit_clouds(epochs=9, callbacks=watched)
            self.assertEqual(history.stopped_by, "early_stopping")
            self.assertLess(history.epochs, 9)
            with open(log, encoding="utf-8") as f:
                self.assertEqual(len(f.readlines()), history.epochs + 1)
            self.assertEqual(len(rates), history.epochs)
            with self.assertRaises(ZeroDivisionError):
                fit_clouds(epochs=2, callbacks=[visml.LearningRateScheduler(lambda epoch, rate: 1 / 0)])

    def test_tensorboard_reads_event_files(self):
        try:
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        except ImportError:
            self.skipTest("tensorboard is not installed")
        with tempfile.TemporaryDirectory() as folder:
            history = fit_clouds(epochs=3, callbacks=[visml.TensorBoard(folder, update_freq=1)], validation=two_clouds())
            for part, names in (("train", ("loss", "accuracy", "learning_rate")), ("validation", ("loss", "accuracy"))):
                events = EventAccumulator(os.path.join(folder, part)).Reload()
                for name in names:
                    found = events.Scalars(f"epoch_{name}")
                    key = name if part == "train" else f"val_{name}"
                    self.assertEqual([e.step for e in found], [0, 1, 2])
                    for event, value in zip(found, history[key]):
                        self.assertAlmostEqual(event.value, value, places=5)
            batches = EventAccumulator(os.path.join(folder, "train")).Reload().Scalars("batch_loss")
            self.assertEqual([e.step for e in batches], list(range(1, len(batches) + 1)))


class Reports(unittest.TestCase):
    def test_add(self):
        report = visml.Report(2)
        report.add(array.array("i", [0, 1, 1]), visml.Tensor(array.array("f", [0.9, 0.1, 0.8, 0.2, 0.1, 0.9])).reshape(3, 2))
        self.assertEqual((report.classes, report.count, report.confusion_matrix), (2, 3, [[1, 0], [1, 1]]))
        self.assertAlmostEqual(report.accuracy, 2 / 3)
        self.assertEqual((report.precision, report.recall, report.support, report.top_k(2)), ([0.5, 1], [1, 0.5], [1, 2], 1))
        self.assertAlmostEqual(report.macro_f1, sum(report.f1) / 2)
        with self.assertRaisesRegex(visml.Error, "label of row 0 is 5"):
            report.add(array.array("i", [5]), visml.Tensor.zeros((1, 2)))
        with self.assertRaisesRegex(ValueError, "names has 1"):
            report.text(["a"])


if __name__ == "__main__":
    unittest.main()
