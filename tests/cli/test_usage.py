"""The command line itself: help, version, what is wrong with it, where output goes."""
import os
import subprocess

from program import OK, PROGRAM, USAGE, FAILURE, Case, main

COMMANDS = ["split", "train", "evaluate", "predict", "features", "info"]


class Usage(Case):
    def test_help(self):
        out, err = self.visml("--help")
        for name in COMMANDS:
            self.assertIn("\n  " + name, out)
        self.assertEqual(err, "")
        self.assertEqual(out, self.visml("-h")[0])

    def test_help_of_each_command(self):
        for name in COMMANDS:
            out, err = self.visml(name, "--help")
            self.assertTrue(out.startswith("Usage: visml %s " % name), out)
            self.assertIn("\nExamples:\n  visml %s " % name, out)
            self.assertIn("Exit status:", out)
            self.assertEqual(err, "")
            self.assertLessEqual(max(map(len, out.splitlines())), 140)

    def test_help_names_every_option(self):
        out, _ = self.visml("train", "--help")
        for o in ("--val", "--val-split", "--arch", "--epochs", "--batch", "--optimizer", "--lr", "--schedule", "--loss", "--size",
                  "--color", "--seed", "--threads", "--on-invalid", "--checkpoint", "--resume", "--json", "-o"):
            self.assertIn(o + " ", out)

    def test_version(self):
        out, _ = self.visml("--version")
        self.assertRegex(out, r"^visml \d+\.\d+\.\d+ \(libvisml \d+\.\d+\.\d+\)\n$")

    def test_no_command(self):
        self.fails(says="no command given", code=USAGE)
        self.fails("trian", says='no command "trian"', code=USAGE)

    def test_unknown_option(self):
        for name in COMMANDS:
            self.fails(name, "a", "b", "--epoch", "3", says=["visml: %s: unknown option --epoch" % name, "--help"], code=USAGE)
        self.fails("train", "a", "-x", says="unknown option -x", code=USAGE)

    def test_missing_operands(self):
        self.fails("split", "-o", "x", says="DATA is missing", code=USAGE)
        self.fails("evaluate", "m", says="MODEL DATA is missing", code=USAGE)
        self.fails("predict", "m", says="MODEL PATH... is missing", code=USAGE)
        self.fails("info", says="FILE is missing", code=USAGE)
        self.fails("train", "a", "b", "-o", "x", says='"b" is one argument too many', code=USAGE)

    def test_missing_output(self):
        self.fails("split", "a", says="-o FILE.json is missing", code=USAGE)
        self.fails("train", "a", says="-o FILE is missing", code=USAGE)

    def test_missing_value(self):
        self.fails("train", "a", "-o", says="--out needs a value: FILE", code=USAGE)
        self.fails("train", "a", "--epochs", says="--epochs needs a value: N", code=USAGE)

    def test_values_out_of_range(self):
        for name, value, says in (("--epochs", "0", "whole number, 1 to"), ("--epochs", "-1", "whole number"),
                                  ("--epochs", "3x", "whole number"), ("--epochs", "1e3", "whole number"),
                                  ("--epochs", "99999999999999999999", "whole number"), ("--batch", "", "whole number"),
                                  ("--seed", "-1", "whole number"), ("--seed", "18446744073709551616", "whole number"),
                                  ("--lr", "fast", "a number"), ("--lr", "nan", "a number"), ("--lr", "-1", "a number"),
                                  ("--lr", "0x1p3", "a number"), ("--size", "32", "HEIGHTxWIDTH"), ("--size", "0x3", "HEIGHTxWIDTH"),
                                  ("--size", "3x4x5", "HEIGHTxWIDTH"), ("--size", "99999x3", "HEIGHTxWIDTH"),
                                  ("--color", "blue", "one of rgb|gray"), ("--optimizer", "sg", "one of sgd, adam"),
                                  ("--optimizer", '{"class": "adam"', "no JSON"),
                                  ("--optimizer", '{"class": "adam", "beta": 1}', "beta"), ("--loss", "hige", "one of"),
                                  ("--schedule", '{"class": "cosine_decay"}', "initial_learning_rate"),
                                  ("--on-invalid", "", "one of drop|error"), ("--val-split", "1", "a number"),
                                  ("--threads", "0", "whole number"), ("--arch", "", "--arch is empty")):
            self.fails("train", "a", "-o", "x", name, value, says=["visml: train: ", name, says], code=USAGE)
        for ratio in ("7:1", "7:1:2:3", "a:b:c", "-1:1:1", "0:0:0", "7:1:", ":::"):
            self.fails("split", "a", "-o", "x", "--ratio", ratio, says=['--ratio is "%s"' % ratio, "7:1:2"], code=USAGE)

    def test_options_that_exclude_each_other(self):
        self.fails("train", "a", "-o", "x", "--val", "b", "--val-split", "0.1", says="exclude each other", code=USAGE)
        self.fails("split", "a", "-o", "x", "--group", "b", "--random", says="exclude each other", code=USAGE)
        self.fails("train", "a", "-o", "x", "--momentum", "0.9", says="--momentum is for --optimizer sgd", code=USAGE)
        self.fails("train", "a", "-o", "x", "--json=yes", says="--json takes no value", code=USAGE)

    def test_forms_of_options(self):
        self.fails("split", "--out=x", "--seed=7", "--", "-no-such-", says="-no-such-: No such file", code=FAILURE)

    def test_full_output_is_a_failure(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn("visml: cannot write to standard output", done.stderr)

    def test_locale_does_not_matter(self):
        environment = dict(os.environ, LC_ALL="de_DE.UTF-8")
        self.assertEqual(self.visml("train", "--help")[0], self.visml("train", "--help", env=environment)[0])


if __name__ == "__main__":
    main()
