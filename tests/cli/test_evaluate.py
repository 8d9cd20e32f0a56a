"""visml evaluate."""
import math
import os

from program import Case, main, pictures


class Evaluate(Case):
    def setUp(self):
        super().setUp()
        pictures.class_folder(self.path("d"))
        self.train("d", "--epochs", 8)

    def test_text(self):
        out, err = self.visml("evaluate", "m.visml", "d")
        for word in ("precision", "recall", "f1-score", "support", "along", "across"):
            self.assertIn(word, out)
        self.assertRegex(out, r"\naccuracy: 1\.0000 - loss: \d+\.\d{4} - images: 40 - left out: 0\n$")
        self.assertEqual(err, "")

    def test_json(self):
        pictures.class_folder(self.path("e"), each=7, seed=9)
        r = self.lines("evaluate", "m.visml", "e")
        self.assertEqual(len(r), 1)
        r = r[0]
        self.assertEqual(set(r), {"accuracy", "loss", "n", "dropped", "macro_f1", "per_class", "confusion_matrix"})
        self.assertEqual((r["n"], r["dropped"]), (14, 0))
        self.assertEqual([c["class"] for c in r["per_class"]], ["across", "along"])
        self.assertEqual([c["support"] for c in r["per_class"]], [7, 7])
        matrix = r["confusion_matrix"]
        self.assertEqual([sum(row) for row in matrix], [7, 7])
        self.assertAlmostEqual(r["accuracy"], (matrix[0][0] + matrix[1][1]) / 14, places=8)
        for i, c in enumerate(r["per_class"]):
            self.assertAlmostEqual(c["recall"], matrix[i][i] / 7, places=8)
            column = matrix[0][i] + matrix[1][i]
            self.assertAlmostEqual(c["precision"], matrix[i][i] / column if column else 0, places=8)

    def test_int8_tells_both_accuracies(self):
        r = self.lines("evaluate", "m.visml", "d", "--int8", "d")[0]
        self.assertEqual((r["accuracy"], r["float_accuracy"], r["n"]), (1.0, 1.0, 40))
        self.assertNotEqual(r["loss"], self.lines("evaluate", "m.visml", "d")[0]["loss"])
        out, _ = self.visml("evaluate", "m.visml", "d", "--int8", "d")
        self.assertRegex(out, r"\non bytes: accuracy 1\.0000 - on floats: 1\.0000 - difference: \+0\.0000\n$")
        self.fails("evaluate", "m.visml", "d", "--int8", "none", says="none")

    def test_agrees_with_predict(self):
        pictures.class_folder(self.path("e"), each=5, width=11, height=9, seed=3)
        loss, right = 0, 0
        for name in ("along", "across"):
            for row in self.lines("predict", "m.visml", "e/" + name, "--top", 2):
                of = {t["label"]: t["probability"] for t in row["top"]}
                loss -= math.log(of[name]) / 10
                right += row["label"] == name
        r = self.lines("evaluate", "m.visml", "e")[0]
        self.assertAlmostEqual(r["loss"], loss, places=4)
        self.assertAlmostEqual(r["accuracy"], right / 10, places=8)

    def test_batch_and_threads_change_nothing(self):
        want = self.visml("evaluate", "m.visml", "d", "--json")[0]
        for more in (("--batch", 1), ("--batch", 100), ("--threads", 1), ("--threads", 3)):
            self.assertEqual(self.visml("evaluate", "m.visml", "d", "--json", *more)[0], want)

    def test_classes_go_by_name(self):
        os.makedirs(self.path("only"))
        os.rename(self.path("d", "along"), self.path("only", "along"))
        r = self.lines("evaluate", "m.visml", "only")[0]
        self.assertEqual([c["support"] for c in r["per_class"]], [0, 20])
        self.assertEqual(r["accuracy"], 1.0)
        os.rename(self.path("only", "along"), self.path("only", "upwards"))
        self.fails("evaluate", "m.visml", "only", says=["only: ", "upwards"])

    def test_invalid_images(self):
        self.write("d/along/a.png", self.read("d/along/001.png")[:60])
        out, err = self.visml("evaluate", "m.visml", "d")
        self.assertIn("images: 40 - left out: 1\n", out)
        self.assertIn("visml: left out: ", err)
        self.assertIn("along/a.png", err)
        r = self.lines("evaluate", "m.visml", "d")[0]
        self.assertEqual((r["n"], r["dropped"]), (40, 1))
        self.fails("evaluate", "m.visml", "d", "--on-invalid", "error", says="along/a.png")

    def test_many_invalid_images_are_cut_short(self):
        for i in range(15):
            self.write("d/along/x%02d.png" % i, self.read("d/along/001.png")[:60])
        _, err = self.visml("evaluate", "m.visml", "d")
        self.assertEqual(len(err.splitlines()), 11)
        self.assertIn("left out: 5 more", err)

    def test_no_valid_image(self):
        for name in ("along", "across"):
            self.write("bad/%s/a.png" % name, self.read("d/along/001.png")[:60])
        err = self.fails("evaluate", "m.visml", "bad", says="a.png")
        self.assertIn("a.png", err)

    def test_missing_and_damaged_models(self):
        self.fails("evaluate", "none.visml", "d", says="none.visml: ")
        self.fails("evaluate", "d/along/001.png", "d", says="d/along/001.png")
        whole = self.read("m.visml")
        for name, data in (("short", whole[:-1]), ("flip", whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:]), ("empty", b"")):
            self.write(name, data)
            self.fails("evaluate", name, "d", says=name)
        self.fails("evaluate", "m.visml", "nowhere", says="nowhere: No such file or directory")


if __name__ == "__main__":
    main()
