"""visml features."""
import array
import csv
import json
import os
import struct
import xml.etree.ElementTree as xml

from program import USAGE, Case, main, pictures


def npy(data):
    """(shape, numbers) of a .npy file of float32 or int32."""
    assert data[:8] == b"\x93NUMPY\x01\x00"
    length = struct.unpack("<H", data[8:10])[0]
    head = eval(data[10:10 + length])  # a Python literal, as the format has it
    assert (10 + length) % 64 == 0 and not head["fortran_order"]
    return head["shape"], array.array({"<f4": "f", "<i4": "i"}[head["descr"]], data[10 + length:])


class Features(Case):
    def setUp(self):
        super().setUp()
        pictures.class_folder(self.path("d"), each=5)

    def texts(self, name):
        return [t.text for t in xml.fromstring(self.read(name)).iter("{http://www.w3.org/2000/svg}text")]

    def test_npy(self):
        out, err = self.visml("features", "d", "--extract", "average,maximum", "-o", "x.npy", "--labels", "y.npy")
        self.assertEqual((out, err), ("x.npy: 10 rows of 6 numbers, left out: 0\n", ""))
        shape, values = npy(self.read("x.npy"))
        self.assertEqual(shape, (10, 6))
        self.assertTrue(all(0 <= v <= 1 for v in values))
        self.assertEqual(npy(self.read("y.npy")), ((10,), array.array("i", [0] * 5 + [1] * 5)))

    def test_csv_has_the_same_numbers(self):
        self.visml("features", "d", "--extract", "average", "-o", "x.npy")
        self.visml("features", "d", "--extract", "average", "-o", "x.csv")
        with open(self.path("x.csv"), newline="") as f:
            head, *rows = csv.reader(f)
        self.assertEqual(head, ["sample", "path", "label", "f0", "f1", "f2"])
        self.assertEqual([r[2] for r in rows], ["across"] * 5 + ["along"] * 5)
        self.assertEqual(array.array("f", [float(v) for r in rows for v in r[3:]]), npy(self.read("x.npy"))[1])

    def test_json_and_dropped(self):
        self.write("d/along/broken.png", b"\x89PNG\r\n\x1a\n")
        out, err = self.visml("features", "d", "--extract", "[\"average\"]", "--then", "standardization:no_mean=true", "--size", "8x6",
                              "-o", "x.npy", "--json")
        self.assertIn("left out: d/along/broken.png: ", err)
        report = json.loads(out)
        self.assertEqual(report, {"out": "x.npy", "rows": 10, "columns": 3, "dropped": 1, "classes": ["across", "along"], "shown": [],
                                  "features": {
            "height": 8, "width": 6, "extract": [{"class": "average"}], "then": [{"class": "standardization", "no_mean": True}]}})
        self.fails("features", "d", "--extract", "average", "--on-invalid", "error", "-o", "x.npy", says="broken.png")

    def test_the_same_again(self):
        self.write("f.json", json.dumps({"extract": [{"class": "pixels", "over": {"class": "grid", "rows": 2, "columns": 2}}],
                                         "then": ["standardization"]}))
        self.visml("features", "d", "--extract", "f.json", "--size", "6x6", "-o", "x.npy", "--model", "f.visml", "--threads", 1)
        self.visml("features", "d", "--from", "f.visml", "-o", "y.npy", "--threads", 3)
        self.assertEqual(self.read("x.npy"), self.read("y.npy"))

    def test_drawings(self):
        out, err = self.visml("features", "d", "--extract", "hog:cells_per_block=1,lbp,dominant_colors", "--size", "16x24", "--show", "p")
        self.assertEqual((out, err), ("p: 10 rows of 84 numbers, left out: 0\np: 7 drawings\n", ""))
        names = ["seen-1", "seen-2", "seen-3", "seen-4", "numbers", "classes", "clusters"]
        self.assertEqual(sorted(os.listdir(self.path("p"))), sorted(n + ".png" for n in names))
        for name in names:
            self.assertEqual(self.read("p/%s.png" % name)[:8], b"\x89PNG\r\n\x1a\n")
        report, = self.lines("features", "d", "--extract", "average", "-o", "x.npy", "--show", "q", "--show-as", "svg", "--threads", 1)
        self.assertEqual(report["shown"], ["q/%s.svg" % n for n in names])
        self.visml("features", "d", "--extract", "average", "--show", "q", "--show-as", "svg", "--threads", 3)  # again, into the same
        texts = {n: self.texts("q/%s.svg" % n) for n in names}
        self.assertLessEqual({"across", "along", "first principal component"}, set(texts["classes"]))
        self.assertEqual(texts["seen-1"], ["d/across/000.png", "picture", "average"])
        self.assertEqual(self.fails("features", "d", "--extract", "average", "--show", "none/p", says="none/p")[:15], "visml: none/p: ")

    def test_drawings_of_names_that_xml_escapes(self):
        pictures.class_folder(self.path("e <&\"\u00e4>"), each=2)
        os.rename(self.path("e <&\"\u00e4>", "along"), self.path("e <&\"\u00e4>", "a<b>&\"c\""))
        self.visml("features", "e <&\"\u00e4>", "--extract", "average", "--show", "q", "--show-as", "svg")
        self.assertIn("a<b>&\"c\"", self.texts("q/classes.svg"))

    def test_what_is_wrong(self):
        for arguments, says in ((("-o", "x.npy"), "--extract"), (("--extract", "average"), "-o FILE.npy"),
                                (("--extract", "average", "-o", "x.txt"), ".npy or .csv"),
                                (("--extract", "average", "-o", "x.csv", "--labels", "y"), "--labels"),
                                (("--extract", "averag", "-o", "x.npy"), "averag"),
                                (("--extract", "average", "--then", "x=", "-o", "x.npy"), "--then"),
                                (("--extract", "grid=3", "-o", "x.npy"), "features: --extract"),
                                (("--from", "f", "--then", "x", "-o", "x.npy"), "--from"),
                                (("--extract", "none.json", "-o", "x.npy"), "none.json")):
            self.fails("features", "d", *arguments, code=USAGE, says=says)
        self.fails("features", "none", "--extract", "average", "-o", "x.npy", says="none")
        self.fails("features", "d", "--from", "tiny.json", "-o", "x.npy", says="tiny.json")
        pictures.picture(self.path("d", "along", "z.png"), 0, width=20, height=9)
        self.fails("features", "d", "--extract", "average", "-o", "x.npy", says=["differ in size", "--size"])


if __name__ == "__main__":
    main()
