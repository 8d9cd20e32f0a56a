"""visml train --features and --network, and what works on the files that they write."""
import json
import os

from program import USAGE, Case, main, pictures

FIT = ("--features", "pixels,average", "--then", "standardization", "--classifier", "k_neighbors:n_neighbors=3")


class Pipeline(Case):
    def setUp(self):
        super().setUp()
        pictures.class_folder(self.path("d"), each=20)

    def fit(self, data, *more, out="p.visml", **options):
        return self.visml("train", data, *FIT, "--size", "8x8", *more, "-o", out, **options)

    def test_from_train_to_predict(self):
        out, err = self.fit("d", "--val-split", "0.2")
        self.assertRegex(out, r"^32 images of 2 classes, left out: 0; vectors of 195 numbers\n"
                              r"8 images to validate with - val_accuracy: [01]\.\d{4}\nsaved p\.visml\n$")
        self.assertEqual(err, "")
        out, _ = self.visml("evaluate", "p.visml", "d")
        self.assertRegex(out, r"\naccuracy: [01]\.\d{4} - images: 40 - left out: 0\n$")
        r = self.lines("evaluate", "p.visml", "d")[0]
        self.assertEqual(set(r), {"accuracy", "n", "dropped", "macro_f1", "per_class", "confusion_matrix"})
        rows = self.lines("predict", "p.visml", "d", "--top", 2)
        self.assertEqual(len(rows), 40)
        right = 0
        for row in rows:
            self.assertAlmostEqual(sum(t["probability"] for t in row["top"]), 1, places=5)
            right += row["label"] == os.path.basename(os.path.dirname(row["path"]))
        self.assertAlmostEqual(right / 40, r["accuracy"], places=8)

    def test_the_same_file_for_any_number_of_threads(self):
        for n in (1, 3):
            self.fit("d", "--threads", n, out="p%d" % n)
        self.assertEqual(self.read("p1"), self.read("p3"))

    def test_json(self):
        row = json.loads(self.fit("d", "--val", "d", "--json")[0])
        self.assertEqual({k: row[k] for k in ("images", "classes", "columns", "dropped")},
                         {"images": 40, "classes": 2, "columns": 195, "dropped": 0})
        self.assertEqual(row["val_accuracy"], self.lines("evaluate", "p.visml", "d")[0]["accuracy"])

    def test_info(self):
        self.fit("d", "--fit", "crop", "--filter", "area")
        r = self.lines("info", "p.visml")[0]
        self.assertEqual(r["input_shape"], [8, 8, 3])
        self.assertEqual(r["classes"], ["across", "along"])
        self.assertEqual(r["classifier"], {"class": "k_neighbors", "n_neighbors": 3})
        self.assertEqual((r["features"]["height"], r["features"]["fit"], r["features"]["filter"]), (8, "crop", "area"))
        out, _ = self.visml("info", "p.visml")
        self.assertIn("\nvectors of 195 numbers\n", out)
        self.assertIn('\nclassifier: {"class": "k_neighbors", "n_neighbors": 3}\n', out)

    def test_images_of_another_size_are_prepared_in_the_same_way(self):
        self.fit("d", "--fit", "crop")
        pictures.class_folder(self.path("e"), each=4, width=23, height=17, seed=4)
        r = self.lines("evaluate", "p.visml", "e")[0]
        self.assertEqual(r["n"], 8)
        rows = self.lines("predict", "p.visml", "e")
        self.assertAlmostEqual(sum(row["label"] in row["path"] for row in rows) / 8, r["accuracy"], places=8)

    def test_features_say_how_images_are_prepared(self):
        """Options and JSON are the same file."""
        pictures.class_folder(self.path("e"), each=9, width=23, height=17, seed=4)
        self.fit("e", "--fit", "crop")
        self.write("f.json", json.dumps({"height": 8, "width": 8, "fit": "crop", "extract": ["pixels", "average"],
                                         "then": ["standardization"]}))
        self.visml("train", "e", "--features", "f.json", "--classifier", "k_neighbors:n_neighbors=3", "-o", "q.visml")
        self.assertEqual(self.read("p.visml"), self.read("q.visml"))

    def test_without_a_size_images_have_one(self):
        self.visml("train", "d", *FIT, "-o", "p.visml")
        shape = self.lines("info", "p.visml")[0]["input_shape"]
        self.assertEqual(self.lines("evaluate", "p.visml", "d")[0]["n"], 40)
        pictures.class_folder(self.path("d2"), each=2, width=shape[1] + 3, height=shape[0])
        os.rename(self.path("d2", "along", "000.png"), self.path("d", "along", "other.png"))
        self.fails("train", "d", *FIT, "-o", "q.visml", says="the images differ in size")

    def test_classes_are_matched_by_name(self):
        self.fit("d")
        pictures.class_folder(self.path("one"), each=3)
        for name in os.listdir(self.path("one", "across")):
            os.remove(self.path("one", "across", name))
        os.rmdir(self.path("one", "across"))
        r = self.lines("evaluate", "p.visml", "one")[0]
        self.assertEqual([c["support"] for c in r["per_class"]], [0, 3])
        os.rename(self.path("one", "along"), self.path("one", "aslant"))
        self.fails("evaluate", "p.visml", "one", says="aslant")

    def test_layers_of_a_network(self):
        self.train("d")
        out, _ = self.visml("train", "d", "--network", "m.visml", "--classifier", "k_neighbors", "-o", "p.visml")
        self.assertIn("saved p.visml", out)
        r = self.lines("info", "p.visml")[0]
        self.assertEqual([layer["class"] for layer in r["network"]["layers"]], ["rescaling", "conv2d", "flatten"])
        self.assertGreater(self.lines("evaluate", "p.visml", "d")[0]["accuracy"], 0.9)
        out, _ = self.visml("train", "d", "--network", "m.visml", "--layer", "conv2d", "--pooling", "maximum", "--classifier",
                            "k_neighbors", "-o", "q.visml")
        self.assertIn("vectors of 4 numbers", out)
        self.assertEqual(len(self.lines("predict", "q.visml", "d/along/000.png")), 1)
        self.fails("train", "d", "--network", "m.visml", "--layer", "none", "--classifier", "k_neighbors", "-o", "q.visml", code=USAGE,
                   says='must be the name of a layer, "dense" say')

    def test_what_is_wrong_is_told(self):
        wrong = (
            (("--features", "pixels"), "--classifier is missing"),
            (("--classifier", "k_neighbors"), "--classifier, --then and --layer are for --features or --network"),
            ((*FIT, "--network", "m"), "--features and --network exclude each other"),
            ((*FIT, "--epochs", 3), "--epochs: of networks that are trained, not for --features and --network"),
            ((*FIT, "--layer", "x"), "--layer is for --network"),
            (("--network", "m", "--classifier", "k_neighbors", "--size", "8x8"), "--then and --size are for --features"),
            (("--features", "pixel", "--classifier", "k_neighbors"), '"pixel"'),
            (("--features", "pixels", "--classifier", "k_neighbor"), '"k_neighbor"'),
            (("--features", "pixels", "--classifier", "k_neighbors,k_neighbors"), "it must be a single classifier"),
            (("--features", "pixels", "--classifier", "k_neighbors:task=regression"), "the task of k_neighbors must be classification"),
        )
        for arguments, says in wrong:
            with self.subTest(arguments=arguments):
                self.fails("train", "d", *arguments, "-o", "p.visml", code=USAGE, says=says)
        self.fit("d")
        self.fails("evaluate", "p.visml", "d", "--int8", "d", says="--int8 is for networks; this file holds a pipeline")
        self.assertFalse(os.path.exists(self.path("q.visml")))

    def test_images_that_cannot_be_read(self):
        with open(self.path("d", "along", "000.png"), "r+b") as f:
            f.truncate(50)
        out, err = self.fit("d")
        self.assertTrue(out.startswith("40 images of 2 classes, left out: 1;"), out)
        self.assertIn("along/000.png", err)
        rows = self.lines("predict", "p.visml", "d/along/000.png", "d/along/001.png")
        self.assertEqual(["error" in row for row in rows], [True, False])


main()
