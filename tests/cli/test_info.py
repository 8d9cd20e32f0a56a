"""visml info."""
import json
import os

from program import Case, main, pictures


class Info(Case):
    def test_model(self):
        pictures.class_folder(self.path("d"), each=4)
        self.train("d")
        out, err = self.visml("info", "m.visml")
        for words in ("conv2d", "flatten", "dense", "Total params", "Classes: across, along\n", "size: 8x8\n", "color: rgb\n",
                      "fit: stretch\n", "filter: bilinear\n"):
            self.assertIn(words, out)
        self.assertEqual(err, "")
        row, = self.lines("info", "m.visml")
        self.assertIn('"scale": 0.00392156862745098}', self.visml("info", "m.visml", "--json")[0])
        self.assertEqual(row["input_shape"], [8, 8, 3])
        self.assertEqual([layer["class"] for layer in row["layers"]], ["rescaling", "conv2d", "flatten", "dense"])
        self.assertEqual(row["layers"][-1]["units"], 2)
        self.assertEqual(row["classes"], ["across", "along"])

    def test_image(self):
        pictures.picture(self.path("a.png"), width=5, height=7)
        self.assertEqual(self.visml("info", "a.png")[0], "png image, 5 wide, 7 high, 3 channels of 8 bits\n")
        row, = self.lines("info", "a.png")
        self.assertEqual(row, {"format": "png", "width": 5, "height": 7, "channels": 3, "bits": 8, "orientation": 1, "camera": "",
                               "taken": ""})

    def test_neither(self):
        self.write("text", "hello")
        self.write("empty", "")
        self.fails("info", "text", says="text")
        self.fails("info", "empty", says="empty")
        self.fails("info", "nowhere", says="nowhere: ")
        self.fails("info", ".", says=".")


if __name__ == "__main__":
    main()
