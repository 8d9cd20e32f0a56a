"""Stopping a training run and going on: the model is the same, bit for bit, as without the stop."""
import os
import pty
import signal
import subprocess
import time

from program import FAILURE, PROGRAM, Case, main, pictures


class Interrupt(Case):
    def setUp(self):
        super().setUp()
        pictures.class_folder(self.path("d"), each=60)

    def command(self, out, *more):
        return ["train", "d", "--val-split", "0.1", "--arch", "tiny.json", "--epochs", "40", "--batch", "4", "--lr", "0.001", *more,
                "-o", out]

    def start(self, *arguments):
        p = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stderr.close)
        return p

    def stop_after(self, p, lines, number):
        """Sends the signal when so many lines have come out."""
        for _ in range(lines):
            self.assertTrue(p.stdout.readline(), "ended too early")
        p.send_signal(number)
        p.wait(60)
        return p.stderr.read().decode()

    def test_resume_gives_the_same_bits(self):
        self.visml(*self.command("whole.visml"))
        for number in (signal.SIGINT, signal.SIGTERM):
            err = self.stop_after(p := self.start(*self.command("m.visml")), 4, number)
            self.assertEqual(p.returncode, FAILURE, err)
            self.assertIn("visml: stopped; the same command with --resume continues from m.visml.checkpoint\n", err)
            self.assertEqual(os.listdir(self.path("m.visml.checkpoint")), ["checkpoint.visml"])
            self.assertFalse(os.path.exists(self.path("m.visml")))
            self.fails(*self.command("m.visml"), says=["m.visml.checkpoint/checkpoint.visml", "--resume"])
            out, _ = self.visml(*self.command("m.visml", "--resume"))
            self.assertNotIn("Epoch 1/40", out)
            self.assertIn("Epoch 40/40", out)
            self.assertEqual(self.read("m.visml"), self.read("whole.visml"))
            self.assertFalse(os.path.exists(self.path("m.visml.checkpoint")))
            os.remove(self.path("m.visml"))

    def test_kill_and_resume(self):
        self.visml(*self.command("whole.visml"))
        self.stop_after(self.start(*self.command("m.visml")), 6, signal.SIGKILL)
        self.visml(*self.command("m.visml", "--resume"))
        self.assertEqual(self.read("m.visml"), self.read("whole.visml"))

    def test_own_checkpoint_folder_stays(self):
        self.visml(*self.command("m.visml", "--checkpoint", "keep"))
        self.assertEqual(os.listdir(self.path("keep")), ["checkpoint.visml"])
        self.assertFalse(os.path.exists(self.path("m.visml.checkpoint")))

    def test_resume_without_a_checkpoint_starts_anew(self):
        _, err = self.visml(*self.command("m.visml", "--resume"))
        self.assertIn("m.visml.checkpoint/checkpoint.visml does not exist: training starts at the beginning", err)

    def test_resume_with_other_options_is_refused(self):
        self.stop_after(self.start(*self.command("m.visml")), 3, signal.SIGINT)
        other = self.command("m.visml", "--resume")
        other[other.index("--batch") + 1] = "5"
        self.fails_after_start(other)
        self.assertTrue(os.path.exists(self.path("m.visml.checkpoint", "checkpoint.visml")))
        self.visml(*self.command("m.visml", "--resume"))

    def fails_after_start(self, command):
        _, err = self.visml(*command, code=FAILURE)
        self.assertIn("checkpoint", err)

    def test_damaged_checkpoint(self):
        self.stop_after(self.start(*self.command("m.visml")), 3, signal.SIGINT)
        file = "m.visml.checkpoint/checkpoint.visml"
        self.write(file, self.read(file)[:-7])
        _, err = self.visml(*self.command("m.visml", "--resume"), code=FAILURE)
        self.assertIn(file, err)

    def test_bar_on_a_terminal(self):
        ours, theirs = pty.openpty()
        p = subprocess.Popen([PROGRAM, *self.command("m.visml")], cwd=self.folder.name, stdout=theirs, stderr=theirs)
        os.close(theirs)
        seen, sent, end = b"", False, time.time() + 60
        while time.time() < end:
            try:
                data = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not data:
                break
            seen += data
            if not sent and b"Epoch 3/40" in seen:
                p.send_signal(signal.SIGINT)
                sent = True
        os.close(ours)
        self.assertEqual(p.wait(30), FAILURE)
        text = seen.decode()
        self.assertIn("Epoch 1/40\r\n\r", text)  # a terminal turns \n into \r\n
        self.assertIn("val_accuracy", text)
        self.assertIn("visml: stopping; once more ends at once", text)
        self.assertIn("visml: stopped; ", text)


if __name__ == "__main__":
    main()
