"""visml predict."""
import json
import os
import subprocess

from program import FAILURE, OK, PROGRAM, TINY, Case, main, pictures


class Predict(Case):
    def setUp(self):
        super().setUp()
        pictures.class_folder(self.path("d"), names=("along", "across", "slant"), each=10)
        self.train("d", "--epochs", 8)

    def test_text(self):
        out, err = self.visml("predict", "m.visml", "d/along/001.png", "d/across/001.png")
        self.assertRegex(out, r"^d/along/001.png\talong\t[01]\.\d{4}\nd/across/001.png\tacross\t[01]\.\d{4}\n$")
        self.assertEqual(err, "")
        out, _ = self.visml("predict", "m.visml", "d/along/001.png", "--top", 2)
        self.assertEqual(len(out.split("\t")), 5)

    def test_json(self):
        row, = self.lines("predict", "m.visml", "d/along/001.png", "--top", 3)
        self.assertEqual(list(row), ["path", "label", "probability", "top"])
        self.assertEqual((row["path"], row["label"]), ("d/along/001.png", "along"))
        self.assertEqual(row["top"][0], {"label": row["label"], "probability": row["probability"]})
        p = [t["probability"] for t in row["top"]]
        self.assertTrue(all(len(repr(x).split("e")[0].replace(".", "").lstrip("0")) <= 9 for x in p), p)  # of 32-bit floats
        self.assertEqual(p, sorted(p, reverse=True))
        self.assertAlmostEqual(sum(p), 1, places=5)
        self.assertEqual({t["label"] for t in row["top"]}, {"along", "across", "slant"})
        self.assertEqual(len(self.lines("predict", "m.visml", "d/along/001.png", "--top", 99)[0]["top"]), 3)
        self.assertEqual(len(self.lines("predict", "m.visml", "d/along/001.png")[0]["top"]), 1)

    def test_folders(self):
        self.write("d/readme.txt", "no image")
        self.write("d/.hidden.png", self.read("d/along/001.png"))
        os.symlink(self.path("d"), self.path("d", "loop"))
        rows = self.lines("predict", "m.visml", "d")
        want = ["d/%s/%03d.png" % (c, i) for c in ("across", "along", "slant") for i in range(10)]
        self.assertEqual([r["path"] for r in rows], want)
        self.assertEqual(self.lines("predict", "m.visml", "d/"), rows)

    def test_more_than_one_group(self):
        pictures.class_folder(self.path("many"), each=200, seed=4)
        rows = self.lines("predict", "m.visml", "many")
        self.assertEqual(len(rows), 400)
        alone, = self.lines("predict", "m.visml", rows[300]["path"])
        self.assertEqual(alone, rows[300])

    def test_stdin(self):
        paths = ["d/along/001.png", "d/across/002.png", "d/slant"]
        want = self.visml("predict", "m.visml", *paths)[0]
        for text in ("\n".join(paths) + "\n", "\n".join(paths), "\n\n" + "\n\n".join(paths) + "\n\n"):
            self.assertEqual(self.visml("predict", "m.visml", "-", stdin=text.encode())[0], want)
        self.assertEqual(self.visml("predict", "m.visml", paths[0], "-", paths[2], stdin=paths[1].encode())[0], want)
        self.fails("predict", "m.visml", "-", stdin=b"", says="standard input: no path")
        self.fails("predict", "m.visml", "-", stdin=b"a" * 70000, says="standard input: a line is longer")

    def test_stdin_answers_at_once(self):
        p = subprocess.Popen([PROGRAM, "predict", "m.visml", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.folder.name)
        for name in ("along", "across"):
            p.stdin.write(b"d/%s/001.png\n" % name.encode())
            p.stdin.flush()
            self.assertIn(name, p.stdout.readline().decode().split("\t")[1])
        p.stdin.close()
        self.assertEqual(p.stdout.read(), b"")
        p.stdout.close()
        self.assertEqual(p.wait(30), OK)

    def test_errors_keep_their_place(self):
        self.write("cut.png", self.read("d/along/001.png")[:60])
        self.write("text.png", "no image")
        rows = self.lines("predict", "m.visml", "cut.png", "d/along/001.png", "nowhere.png", "text.png")
        self.assertEqual([r["path"] for r in rows], ["cut.png", "d/along/001.png", "nowhere.png", "text.png"])
        self.assertEqual([sorted(r) for r in rows], [["error", "path"], ["label", "path", "probability", "top"]] + 2 * [["error", "path"]])
        self.assertEqual(rows[2]["error"], "cannot open: No such file or directory")
        out, err = self.visml("predict", "m.visml", "cut.png", "d/along/001.png")
        self.assertEqual(len(out.splitlines()), 1)
        self.assertTrue(err.startswith("visml: cut.png: "))

    def test_damaged_image_in_a_folder_is_told(self):
        self.write("d/along/cut.png", self.read("d/along/001.png")[:60])
        rows = [r for r in self.lines("predict", "m.visml", "d") if "error" in r]
        self.assertEqual([r["path"] for r in rows], ["d/along/cut.png"])

    def test_failure_when_nothing_could_be_read(self):
        os.makedirs(self.path("empty"))
        rows = self.lines("predict", "m.visml", "nowhere.png", "empty", code=FAILURE)
        self.assertEqual(sorted(r["path"] for r in rows), ["empty", "nowhere.png"])
        self.fails("predict", "m.visml", "nowhere.png", says="visml: nowhere.png: cannot open: No such file or directory")

    def test_a_path_that_is_not_utf8(self):
        name = os.fsencode(self.path("")) + b"\xff\xe4.png"
        with open(name, "wb") as f:
            f.write(self.read("d/along/001.png"))
        row, = self.lines("predict", "m.visml", "-", stdin=name)
        self.assertTrue(row["path"].endswith("/??.png"))
        self.assertEqual(row["label"], "along")

    def test_odd_names(self):
        for name in ("with space.png", "quote\".png", "ünïcode.png", "-dash.png", "tab\t.png"):
            self.write(name, self.read("d/along/001.png"))
            row, = self.lines("predict", "m.visml", "./" + name)
            self.assertEqual((row["path"], row["label"]), ("./" + name, "along"))
        self.visml("predict", "m.visml", "--", "-dash.png")

    def test_gray_and_other_sizes(self):
        pictures.picture(self.path("g.png"), 1, width=16, height=24, channels=1)
        row, = self.lines("predict", "m.visml", "g.png")
        self.assertIn(row["label"], ("along", "across", "slant"))

    def test_any_size(self):
        network = dict(TINY, input_shape=[None, None, 3])
        network["layers"] = [dict(layer, **{"class": "global_average_pooling2d"}) if layer["class"] == "flatten" else layer
                             for layer in TINY["layers"]]
        self.write("any.json", json.dumps(network))
        out, _ = self.visml("train", "d", "--arch", "any.json", "--epochs", 8, "--lr", 0.05, "--batch", 8, "-o", "any.visml")
        self.assertIn("input of any size, here 8x8x3", out)
        self.assertEqual(json.loads(self.visml("info", "any.visml", "--json")[0])["input_shape"], [None, None, 3])
        self.assertIn("(None, None, None, 4)", self.visml("info", "any.visml")[0])
        pictures.picture(self.path("wide.png"), 1, width=40, height=9)
        pictures.picture(self.path("tiny.png"), 1, width=2, height=9)
        pictures.picture(self.path("large.png"), 0, width=33, height=64)
        wide, tiny, large, again = self.lines("predict", "any.visml", "wide.png", "tiny.png", "large.png", "wide.png")
        self.assertIn("[9, 2, 3]", tiny["error"])
        self.assertEqual(wide, again)
        self.assertNotEqual(wide["probability"], large["probability"])
        # Measured at the size of training, which the file tells.
        self.assertEqual(json.loads(self.visml("evaluate", "any.visml", "d", "--json")[0])["n"], 30)
        self.fails("train", "d", "--arch", json.dumps(dict(TINY, input_shape=[None, None, 3])), "-o", "no.visml",
                   says=["global_average_pooling2d in place of layer 3 (flatten"])

    def test_any_size_with_a_state(self):
        layers = [{"class": "rescaling", "scale": 1 / 255}, {"class": "time_distributed", "layer": {"class": "flatten"}},
                  {"class": "lstm", "units": 4, "stateful": True}, {"class": "dense", "units": 0, "activation": "softmax"}]
        self.write("rows.json", json.dumps({"input_shape": [None, 8, 3], "layers": layers}))
        self.visml("train", "d", "--arch", "rows.json", "--epochs", 1, "--batch", 10, "-o", "rows.visml")
        pictures.picture(self.path("high.png"), 1, width=8, height=21)
        first, high, again = self.lines("predict", "rows.visml", "d/along/001.png", "high.png", "d/along/001.png")
        self.assertEqual(first, again)
        self.assertEqual(self.lines("predict", "rows.visml", "high.png"), [high])

    def test_bad_models(self):
        self.fails("predict", "none.visml", "d", says="none.visml: ")
        self.fails("predict", "d/along/001.png", "d", says="d/along/001.png")
        self.fails("predict", "m.visml", "d", "--top", "0", says="--top", code=2)


if __name__ == "__main__":
    main()
