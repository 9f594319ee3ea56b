"""What ./dev fuzz --all makes of the targets' ends, with scripts in the place of targets."""
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent

STATS = "echo stat::number_of_executed_units: 12; echo stat::new_units_added: 3"
# As libFuzzer ends at SIGUSR1.
GOES_ON = f"trap '{STATS}; exit 0' USR1; while :; do :; done"
FINDS = f"""
for each in "$@"; do case $each in -artifact_prefix=*) prefix=${{each#*=}} ;; esac; done
echo input > "$prefix"crash-1; echo 'does not hold: one head'; {STATS}; exit 77"""
DIES = "exit 1"


class All(unittest.TestCase):
    def run_all(self, script):
        """For the target `target`."""
        with tempfile.TemporaryDirectory() as build:
            programs = pathlib.Path(build, "tests")
            programs.mkdir()
            program = programs / "fuzz_target"
            program.write_text(f"#!/bin/bash\n{script}\n", encoding="ascii")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            done = subprocess.run(
                ["/usr/bin/python3", "-B", HERE / "all.py", "0.2", "--only", "target", "--build", build],
                capture_output=True, text=True, timeout=60, check=False)
            kept = done.stdout.rpartition(": ")[2].strip()
            return done, os.path.isfile(kept)

    def test_a_target_that_finds_nothing_is_told_to_end(self):
        done, _ = self.run_all(GOES_ON)
        self.assertEqual(done.stdout, "target                    12 runs      3 new units  no finding\n")
        self.assertEqual(done.returncode, 0)

    def test_the_input_of_a_finding_is_kept(self):
        done, kept = self.run_all(FINDS)
        self.assertIn("12 runs      3 new units  FOUND one head: ", done.stdout)
        self.assertTrue(done.stdout.endswith("/findings/target/crash-1\n"))
        self.assertTrue(kept)
        self.assertEqual(done.returncode, 1)

    def test_an_end_without_a_reason_is_a_finding(self):
        done, kept = self.run_all(DIES)
        self.assertTrue(done.stdout.endswith("/findings/target.log\n"))
        self.assertTrue(kept)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
