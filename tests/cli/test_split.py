"""visml split."""
import json
import os
import re

from program import FAILURE, Case, main, pictures


class Split(Case):
    def parts(self, name="s.json"):
        """Part name -> set of (path, label) as the program itself reads the manifest back: by counting and by its JSON."""
        return json.loads(self.read(name))

    def test_sizes_and_text(self):
        pictures.class_folder(self.path("d"), each=20)
        out, err = self.visml("split", "d", "-o", "s.json")
        self.assertEqual(out, "s.json: train 28, val 4, test 8\n")
        self.assertEqual(err, "")
        self.assertEqual(self.lines("split", "d", "-o", "s.json"), [{"manifest": "s.json", "train": 28, "val": 4, "test": 8}])

    def test_same_seed_same_bytes(self):
        pictures.class_folder(self.path("d"))
        self.visml("split", "d", "--seed", 3, "-o", "a.json")
        self.visml("split", "d", "--seed", 3, "-o", "b.json")
        self.visml("split", "d", "--seed", 4, "-o", "c.json")
        self.assertEqual(self.read("a.json"), self.read("b.json"))
        self.assertNotEqual(self.read("a.json"), self.read("c.json"))

    def test_ratio(self):
        pictures.class_folder(self.path("d"), each=10)
        self.assertIn("train 16, val 2, test 2", self.visml("split", "d", "--ratio", "8:1:1", "-o", "s.json")[0])
        self.assertIn("train 10, val 0, test 10", self.visml("split", "d", "--ratio", "1:0:1", "-o", "s.json")[0])
        self.assertIn("train 20, val 0, test 0", self.visml("split", "d", "--ratio", "0.5:0:0", "-o", "s.json")[0])

    def test_modes(self):
        pictures.class_folder(self.path("d"), each=10)
        for mode in ("--stratify", "--random"):
            self.assertIn("train 14, val 2, test 4", self.visml("split", "d", mode, "-o", "s.json")[0])

    def test_groups_stay_together(self):
        rows = ["path,label,patient"]
        for i in range(30):
            pictures.picture(self.path("p", "%d.png" % i), i % 2, seed=i)
            rows.append("p/%d.png,%s,person%d" % (i, "ab"[i % 2], i // 3))
        self.write("t.csv", "\n".join(rows) + "\n")
        self.visml("split", "t.csv", "--group", "patient", "--ratio", "1:1:1", "-o", "s.json")
        seen = {}
        for part in ("train", "val", "test"):
            for i in range(30):
                if "p/%d.png" % i in json.dumps(self.parts()["parts"][part] if "parts" in self.parts() else self.parts()[part]):
                    seen.setdefault(i // 3, set()).add(part)
        self.assertEqual(len(seen), 10)
        self.assertEqual([len(s) for s in seen.values()], [1] * 10)
        self.fails("split", "t.csv", "--group", "age", "-o", "x.json", says="age")
        self.assertFalse(os.path.exists(self.path("x.json")))

    def test_groups_outlive_the_manifest(self):
        rows = ["path,label,patient"]
        for i in range(60):
            pictures.picture(self.path("p", "%d.png" % i), i % 2, seed=i)
            rows.append("p/%d.png,%s,person%d" % (i, "ab"[i % 2], i // 3))
        self.write("t.csv", "\n".join(rows) + "\n")
        self.visml("split", "t.csv", "--group", "patient", "--ratio", "2:0:1", "-o", "s.json")
        os.remove(self.path("t.csv"))
        for data in ("s.json", "s.json:train", "s.json:test"):
            self.visml("split", data, "--group", "patient", "--ratio", "1:1:1", "-o", "again.json")
            parts = self.parts("again.json")["parts"]
            people = [set(int(re.search(r"(\d+)\.png", path)[1]) // 3 for path in part["paths"]) for part in parts.values()]
            self.assertEqual([len(p) > 0 for p in people], [True] * 3)
            self.assertEqual(len(people[0] | people[1] | people[2]), sum(map(len, people)))
            for part in parts.values():
                self.assertEqual(part["groups"]["patient"], ["person%d" % (int(path[2:-4]) // 3) for path in part["paths"]])
        self.fails("split", "s.json:train", "--group", "age", "-o", "x.json", says=["age", "folder, patient"])

    def test_idx(self):
        images, labels = pictures.idx(self.path("i"), 60)
        self.assertIn("train 42, val 6, test 12", self.visml("split", "idx:%s,%s" % (images, labels), "-o", "s.json")[0])

    def test_a_split_can_be_used_from_elsewhere(self):
        pictures.class_folder(self.path("d"))
        self.visml("split", self.path("d"), "-o", "s.json")
        self.visml("split", "s.json:train", "-o", "again.json", "--ratio", "1:1:0")
        os.rename(self.path("d"), self.path("moved"))
        os.makedirs(self.path("whole"))
        os.rename(self.path("moved"), self.path("whole", "d"))
        os.rename(self.path("s.json"), self.path("whole", "s.json"))
        self.assertIn("train 28", self.visml("split", "whole/s.json:train", "-o", "t.json", "--ratio", "1:0:0")[0])

    def test_bad_data(self):
        os.makedirs(self.path("empty"))
        os.makedirs(self.path("noclass", "a"))
        self.write("text.csv", "hello\nworld\n")
        self.write("bad.json", "{\"classes\": [")
        self.write("other.json", "{\"a\": 1}")
        self.fails("split", "empty", "-o", "x", says="empty")
        self.fails("split", "noclass", "-o", "x", says="noclass")
        self.fails("split", "nowhere", "-o", "x", says="nowhere: No such file or directory")
        self.fails("split", "nowhere.json:train", "-o", "x", says="nowhere.json:train: No such file or directory")
        self.fails("split", "text.csv", "-o", "x", says="text.csv")
        self.fails("split", "text.csv:train", "-o", "x", says="only a manifest")
        self.fails("split", "bad.json", "-o", "x", says="bad.json")
        self.fails("split", "other.json", "-o", "x", says="other.json")
        self.fails("split", "idx:a", "-o", "x", says="idx:a: must be idx:IMAGES,LABELS")
        self.fails("split", "idx:a,b", "-o", "x", says="a")
        self.assertFalse(os.path.exists(self.path("x")))

    def test_unknown_part_is_told_with_those_there_are(self):
        pictures.class_folder(self.path("d"))
        self.visml("split", "d", "-o", "s.json")
        self.fails("split", "s.json:tset", "-o", "x", says=["tset", "train", "val", "test"])

    def test_output_that_cannot_be_written(self):
        pictures.class_folder(self.path("d"))
        self.fails("split", "d", "-o", "no/such/folder.json", says="no/such: ", code=FAILURE)


if __name__ == "__main__":
    main()
