"""visml train: a run in a JSON file, monitors, weights of classes; and --model-dir, which goes on by itself."""
import json
import os
import signal
import subprocess
import time

from program import PROGRAM, TINY, USAGE, Case, main, pictures


class Config(Case):
    def setUp(self):
        super().setUp()
        self.d = pictures.class_folder(self.path("d"))

    def config(self, **options):
        self.write("run.json", json.dumps({"data": "d", "architecture": TINY, "out": "c.visml", **options}))

    def test_same_model_as_from_the_command_line(self):
        self.config(epochs=3, batch_size=8, optimizer="sgd", learning_rate=0.05, momentum=0.5, seed=4, val_split=0.2,
                    preparation={"size": [6, 7], "color": "gray"}, on_invalid=None, json=False)
        self.visml("train", "--config", "run.json")
        self.visml("train", "d", "--arch", "tiny.json", "--epochs", 3, "--batch", 8, "--optimizer", "sgd", "--lr", 0.05, "--momentum", 0.5,
                   "--seed", 4, "--val-split", 0.2, "--size", "6x7", "--color", "gray", "-o", "o.visml")
        self.assertEqual(self.read("c.visml"), self.read("o.visml"))
        self.visml("train", "--config=run.json", "--seed", 5, "-o", "p.visml")  # the command line goes before
        self.assertNotEqual(self.read("p.visml"), self.read("o.visml"))

    def test_what_is_wrong_is_named(self):
        self.config(epoch=3)
        self.fails("train", "--config", "run.json", code=USAGE, says=["run.json", '"epoch" is unknown', "epochs, batch"])
        self.config(preparation={"siz": [6, 7]})
        self.fails("train", "--config", "run.json", code=USAGE, says=["run.json", '"preparation.siz" is unknown'])
        self.config(epochs="many")
        self.fails("train", "--config", "run.json", code=USAGE, says=["--epochs", '"many"'])
        self.write("run.json", '{\n  "data": "d",\n  "data": "e"}')
        self.fails("train", "--config", "run.json", says=["run.json:3:", "duplicate"])
        self.write("run.json", "[]")
        self.fails("train", "--config", "run.json", code=USAGE, says=["run.json: must hold a JSON object"])
        self.fails("train", "--config", "none.json", says=["none.json: No such file"])
        self.fails("train", "-o", "x", code=USAGE, says=["DATA is missing"])

    def test_monitors_and_weights(self):
        rows = self.lines("train", "d", "--arch", "tiny.json", "--epochs", 9, "--val-split", 0.2, "--monitors",
                          "early_stopping:patience=1,min_delta=1000,csv_logger:path=log.csv", "-o", "m")
        self.assertEqual(len(rows), 2)
        self.assertEqual(self.read("log.csv").decode().count("\n"), 3)
        self.config(epochs=9, val_split=0.2, monitors=[{"class": "early_stopping", "patience": 1, "min_delta": 1000}],
                    class_weight={"along": 2})
        weighted = self.lines("train", "--config", "run.json")
        self.assertEqual(len(weighted), 2)
        self.assertNotEqual(weighted[0]["loss"], rows[0]["loss"])
        self.fails("train", "d", "--monitors", "early_stop", "-o", "m", code=USAGE,
                   says=["--monitors: 1:", '"early_stop"', "early_stopping"])
        self.fails("train", "d", "--monitors", "patience=3", "-o", "m", code=USAGE, says=["--monitors", "NAME[:KEY=VALUE"])
        self.fails("train", "d", "--monitors", "[{]", "-o", "m", code=USAGE, says=["--monitors: column"])
        self.fails("train", "d", "--class-weight", '{"cat": 2}', "-o", "m", code=USAGE, says=["--class-weight", 'no class "cat"'])


class ModelDir(Case):
    def setUp(self):
        super().setUp()
        self.d = pictures.class_folder(self.path("d"))
        self.command = ("train", "d", "--arch", "tiny.json", "--val-split", 0.2, "--batch", 8, "--model-dir", "run", "--eval-steps", 3,
                        "--export", "latest:keep=2,best:keep=1,monitor=val_accuracy,final", "--checkpoint-steps", 1)

    def test_ends_and_again(self):
        *rows, last = self.lines(*self.command, "--max-steps", 9, "-o", "m")
        self.assertEqual([r["epoch"] for r in rows], [1, 2, 3])
        self.assertEqual((last["ended_by"], last["global_step"], last["evaluations"]), ("max_steps", 9, 3))
        self.assertEqual(last["val_loss"], rows[-1]["val_loss"])
        self.assertTrue(os.path.exists(self.path(last["best_export"])))
        self.assertEqual(sorted(os.listdir(self.path("run/export/latest"))), ["step-000000006.visml", "step-000000009.visml"])
        self.assertEqual(os.listdir(self.path("run/export/final")), ["step-000000009.visml"])
        again = self.lines(*self.command, "--max-steps", 9, "-o", "n")
        self.assertEqual(again, [last])
        self.assertEqual(self.read("m"), self.read("n"))

    def test_killed_and_called_again(self):
        self.visml(*self.command, "--max-steps", 30, "-o", "m")
        command = [str(c).replace("run", "other") for c in self.command] + ["--max-steps", "30", "-o", "n"]
        for i in range(20):
            with subprocess.Popen([PROGRAM, *command], cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                time.sleep(0.01 * (i % 5))
                child.send_signal(signal.SIGKILL)
        self.visml(*command)
        self.assertEqual(self.read("m"), self.read("n"))
        exports = [n for n in os.listdir(self.path("other/export/best")) if ".tmp." not in n]  # a writer that is killed leaves its file
        self.assertEqual(exports, os.listdir(self.path("run/export/best")))

    def test_a_damaged_checkpoint_is_told(self):
        self.visml(*self.command, "--max-steps", 9, "-o", "m")
        self.write("run/checkpoint-9.visml", "x")
        _, err = self.visml(*self.command, "--max-steps", 9, "-o", "n")
        self.assertIn("passed over", err)
        self.assertIn("checkpoint-9.visml", err)
        self.assertEqual(self.read("m"), self.read("n"))

    def test_options_that_do_not_fit(self):
        self.fails("train", "d", "--model-dir", "run", "--val-split", 0.2, "-o", "m", code=USAGE, says=["--max-steps"])
        self.fails("train", "d", "--model-dir", "run", "--max-steps", 3, "-o", "m", code=USAGE, says=["--val"])
        self.fails("train", "d", "--max-steps", 3, "-o", "m", code=USAGE, says=["--model-dir"])
        self.fails(*self.command, "--max-steps", 3, "--resume", "-o", "m", code=USAGE, says=["--resume"])
        for bad in ("worst", "best:keep=0", "best:kep=1", "best:mode=up"):
            self.fails(*self.command, "--max-steps", 3, "--export", bad, "-o", "m", code=USAGE, says=["--export: 1:"])


if __name__ == "__main__":
    main()
