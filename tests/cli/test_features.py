"""visml features."""
import array
import csv
import json
import struct

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
        self.assertEqual(report, {"out": "x.npy", "rows": 10, "columns": 3, "dropped": 1, "classes": ["across", "along"], "features": {
            "height": 8, "width": 6, "extract": [{"class": "average"}], "then": [{"class": "standardization", "no_mean": True}]}})
        self.fails("features", "d", "--extract", "average", "--on-invalid", "error", "-o", "x.npy", says="broken.png")

    def test_the_same_again(self):
        self.write("f.json", json.dumps({"extract": [{"class": "pixels", "over": {"class": "grid", "rows": 2, "columns": 2}}],
                                         "then": ["standardization"]}))
        self.visml("features", "d", "--extract", "f.json", "--size", "6x6", "-o", "x.npy", "--model", "f.visml", "--threads", 1)
        self.visml("features", "d", "--from", "f.visml", "-o", "y.npy", "--threads", 3)
        self.assertEqual(self.read("x.npy"), self.read("y.npy"))

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
