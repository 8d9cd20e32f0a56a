"""visml train: data, options, output, what is wrong with them."""
import json
import math
import os

from program import TINY, Case, main, pictures


class Train(Case):
    def setUp(self):
        super().setUp()
        self.d = pictures.class_folder(self.path("d"))

    def test_text_without_a_terminal(self):
        out, err = self.train("d", "--val-split", 0.2)
        lines = out.splitlines()
        self.assertEqual(err, "")
        self.assertRegex(lines[0], r"^32 images of 2 classes, 8 to validate with; input 8x8x3, \d+ parameters$")
        self.assertEqual(len(lines), 5)
        for i in range(3):
            self.assertRegex(lines[1 + i], r"^Epoch %d/3 - .*accuracy: .*loss: .*val_accuracy: .*val_loss: " % (i + 1))
        self.assertEqual(lines[4], "saved m.visml")
        self.assertNotIn("\r", out)
        self.assertNotIn("\x1b", out)
        self.assertFalse(os.path.exists(self.path("m.visml.checkpoint")))

    def test_json_lines(self):
        rows = self.lines("train", "d", "--arch", "tiny.json", "--epochs", 4, "--batch", 8, "--lr", 0.01, "--val", "d", "-o", "m.visml")
        self.assertEqual([r["epoch"] for r in rows], [1, 2, 3, 4])
        for r in rows:
            self.assertEqual(set(r), {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "images_per_second",
                                      "learning_rate", "dropped"})
            self.assertTrue(all(math.isfinite(v) for v in r.values()))
        self.assertLess(rows[-1]["loss"], rows[0]["loss"])
        self.assertEqual(rows[-1]["val_accuracy"], 1.0)
        rows = self.lines("train", "d", "--arch", "tiny.json", "--epochs", 1, "-o", "n.visml")
        self.assertNotIn("val_loss", rows[0])

    def test_same_model_for_any_number_of_threads_and_again(self):
        for i, threads in enumerate((1, 2, 3)):
            self.train("d", "--seed", 5, "--threads", threads, out="m%d" % i)
        self.assertEqual(self.read("m0"), self.read("m1"))
        self.assertEqual(self.read("m0"), self.read("m2"))
        self.train("d", "--seed", 6, out="m3")
        self.assertNotEqual(self.read("m0"), self.read("m3"))

    def test_augmentation(self):
        self.write("chain.json", json.dumps([{"class": "random_flip", "mode": "horizontal"}, {"class": "mix_up", "alpha": 0.3}]))
        for i, (augment, threads) in enumerate((("flip,mix_up=0.3", 1), ("chain.json", 2), ("flip=vertical", 1))):
            self.train("d", "--seed", 5, "--threads", threads, "--augment", augment, "--val-split", 0.2, out="m%d" % i)
        self.assertEqual(self.read("m0"), self.read("m1"))
        self.assertNotEqual(self.read("m0"), self.read("m2"))
        for wrong, says in (("flop", "rotation=0.1"), ("rotation=x", "rotation"), ("flip=round", "flip=vertical"), ("flip,", "none of"),
                            ("zoom=-2", "height_factor"), ("none.json", "none.json"), ("rotation", "factor is not set")):
            self.fails("train", "d", "--arch", "tiny.json", "--augment", wrong, "-o", "w", says=[says])

    def test_each_form_of_data(self):
        self.visml("split", "d", "-o", "s.json")
        self.train("s.json:train", "--val", "s.json:val")
        self.train("s.json")
        rows = ["label,path"] + ["%s,d/%s/%03d.png" % (c, c, i) for c in ("along", "across") for i in range(20)]
        self.write("t.csv", "\n".join(rows) + "\n")
        self.train("t.csv")
        images, labels = pictures.idx(self.path("i"), 30, packed=True)
        out, _ = self.train("idx:%s,%s" % (images, labels))
        self.assertIn("30 images of 3 classes; input 8x8x1,", out)

    def test_preparation_is_kept_in_the_model(self):
        self.train("d", "--size", "6x7", "--color", "gray", "--fit", "crop", "--filter", "area")
        info = self.lines("info", "m.visml")[0]
        self.assertEqual(info["input_shape"], [6, 7, 1])
        self.assertEqual(info["attributes"], {"size": "6x7", "color": "gray", "fit": "crop", "filter": "area"})
        self.assertEqual(info["classes"], ["across", "along"])

    def test_built_in_architectures(self):
        pictures.class_folder(self.path("big"), each=3, width=32, height=32)
        for arch, params in (("small-cnn", 896 + 18496 + (13 * 13 * 64 * 128 + 128) + 258), ("seed-cnn", None)):
            out, _ = self.visml("train", "big", "--arch", arch, "--epochs", 1, "-o", arch)
            info = self.lines("info", arch)[0]
            kinds = [layer["class"] for layer in info["layers"]]
            if params:
                self.assertIn(" %d parameters" % params, out)
                self.assertEqual(kinds, ["rescaling", "conv2d", "max_pooling2d", "conv2d", "flatten", "dense", "dense"])
            else:
                block = ["conv2d", "batch_normalization", "conv2d", "max_pooling2d", "dropout"]
                self.assertEqual(kinds, ["rescaling"] + 3 * block + ["flatten", "dense", "dropout", "dense"])

    def test_info_json_is_an_architecture(self):
        self.train("d")
        self.write("net.json", json.dumps(self.lines("info", "m.visml")[0]))
        self.visml("train", "d", "--arch", "net.json", "--epochs", 3, "--lr", 0.01, "--batch", 8, "-o", "again.visml")
        self.assertEqual(self.read("m.visml"), self.read("again.visml"))

    def test_size_of_the_architecture(self):
        self.write("net.json", json.dumps(dict(TINY, input_shape=[5, 6, 1])))
        out, _ = self.visml("train", "d", "--arch", "net.json", "--epochs", 1, "-o", "m")
        self.assertIn("input 5x6x1,", out)
        out, _ = self.visml("train", "d", "--arch", "net.json", "--size", "9x7", "--color", "rgb", "--epochs", 1, "-o", "m")
        self.assertIn("input 9x7x3,", out)

    def test_optimizers(self):
        self.train("d", "--optimizer", "sgd", "--momentum", "0.9", out="a")
        self.train("d", "--optimizer", "adam", out="b")
        self.train("d", "--optimizer", '{"class": "adamw", "weight_decay": 0.01, "clipnorm": 1}', "--loss", "categorical_crossentropy",
                   out="e")
        schedule = '{"class": "piecewise_constant_decay", "boundaries": [1], "values": [0.5, 0.25]}'
        rows = self.lines("train", "d", "--arch", "tiny.json", "--epochs", 1, "--optimizer", "sgd", "--schedule", schedule, "-o", "f")
        self.assertIn(rows[0]["learning_rate"], (0.5, 0.25))
        self.assertNotEqual(self.read("a"), self.read("b"))
        rows = self.lines("train", "d", "--arch", "tiny.json", "--epochs", 1, "--lr", "0", "-o", "c")
        self.assertEqual(rows[0]["learning_rate"], 0)

    # ---- bad input -------------------------------------------------------------------------------------------------------------

    def fails_to_train(self, *arguments, says):
        _, err = self.visml("train", *arguments, "--epochs", 1, "-o", "x.visml", code=1)
        for words in [says] if isinstance(says, str) else says:
            self.assertIn(words, err)
        self.assertEqual([n for n in os.listdir(self.folder.name) if n.startswith("x.visml")], [])

    def test_images_of_different_sizes(self):
        pictures.picture(self.path("d", "along", "zz.png"), width=9, height=12)
        self.fails_to_train("d", "--arch", "tiny.json", says=["differ in size", "8x8", "zz.png is 12x9", "--size"])
        self.train("d", "--size", "8x8")

    def test_one_class(self):
        pictures.class_folder(self.path("one"), names=("only",))
        self.fails_to_train("one", says=['one class only ("only")', "two or more"])

    def test_empty_and_missing(self):
        os.makedirs(self.path("empty"))
        self.fails_to_train("empty", says="empty")
        self.fails_to_train("nowhere", says="nowhere: No such file or directory")
        self.fails_to_train("d", "--val", "nowhere", says="nowhere: No such file or directory")
        self.fails_to_train("d", "--arch", "nowhere.json", says=["nowhere.json: No such file or directory", "small-cnn"])

    def test_bad_architectures(self):
        self.write("bad.json", "{\"layers\": [\n  {]}")
        self.fails_to_train("d", "--arch", "bad.json", says="bad.json:2:")
        self.write("bad.json", "{\"layers\": [{\"class\": \"conv3d\"}]}")
        self.fails_to_train("d", "--arch", "bad.json", says="conv3d")
        self.write("bad.json", json.dumps({"layers": [{"class": "conv2d", "filters": 2, "kernel_size": [9, 9]}, TINY["layers"][2],
                                                      TINY["layers"][3]]}))
        self.fails_to_train("d", "--arch", "bad.json", says=["9x9", "[8, 8, 3]"])
        self.write("bad.json", "[]")
        self.fails_to_train("d", "--arch", "bad.json", says="")

    def test_more_classes_than_outputs(self):
        pictures.class_folder(self.path("four"), names=("a", "b", "c", "d"))
        self.write("two.json", json.dumps({"layers": [TINY["layers"][2], {"class": "dense", "units": 2, "activation": "softmax"}]}))
        self.fails_to_train("four", "--arch", "two.json", says="2")

    def test_validation_with_other_classes(self):
        pictures.class_folder(self.path("v"), names=("along", "upside"))
        self.fails_to_train("d", "--arch", "tiny.json", "--val", "v", says=["v: ", "upside"])

    def test_val_split_that_leaves_nothing(self):
        pictures.class_folder(self.path("few"), each=2)
        self.fails_to_train("few", "--arch", "tiny.json", "--val-split", "0.001", says="--val-split 0.001")

    def test_invalid_images(self):
        whole = self.read("d/along/000.png")
        self.write("d/along/broken.png", whole[:-30])
        _, err = self.train("d", "--size", "8x8")
        self.assertIn("left out: ", err)
        self.assertIn("along/broken.png", err)
        self.fails_to_train("d", "--arch", "tiny.json", "--size", "8x8", "--on-invalid", "error", says="along/broken.png")
        rows = self.lines("train", "d", "--arch", "tiny.json", "--size", "8x8", "--epochs", 1, "-o", "m")
        self.assertEqual(rows[0]["dropped"], 1)

    def test_output_is_checked_before_training(self):
        self.fails("train", "d", "-o", "no/such/m.visml", says="no/such: cannot write there: No such file or directory")
        os.makedirs(self.path("folder"))
        self.fails("train", "d", "-o", "folder", says="folder: is a folder")

    def test_loss_that_is_not_finite(self):
        self.write("inf.json", json.dumps({"layers": [{"class": "rescaling", "scale": 1e30}, {"class": "rescaling", "scale": 1e30},
                                                      *TINY["layers"][1:]]}))
        _, err = self.visml("train", "d", "--arch", "inf.json", "--epochs", 2, "-o", "m.visml", code=1)
        self.assertRegex(err, r"visml: .*epoch.*step")
        self.assertFalse(os.path.exists(self.path("m.visml.checkpoint")))
        self.assertFalse(os.path.exists(self.path("m.visml")))


if __name__ == "__main__":
    main()
