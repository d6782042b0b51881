"""Runs Python programs without importing the clients again for each: one process imports them and forks for each.

Reads one JSON object a line: id, args (as after `python`: a file or `-c` and a text), env, stdout and stderr
(files). Writes `{"id": ..., "code": ...}` as each program ends.
"""

import gc
import json
import os
import runpy
import signal
import sys
import traceback

# To look for garbage among what is being imported takes a tenth of the time, and finds none.
gc.disable()
import boto3  # noqa: F401

try:
    import litellm  # noqa: F401
except ImportError:
    pass  # An environment of other clients, which each program imports for itself.
gc.freeze()
gc.enable()


def run(args):
    first, rest = args[0], args[1:]
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = args
        sys.path.insert(0, os.path.dirname(first))
        runpy.run_path(first, run_name="__main__")


def exit_code(job):
    for fd, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), fd)
    os.environ.clear()
    os.environ.update(job["env"])
    try:
        run(job["args"])
        return 0
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def watch(job):
    """Runs a program in a process of its own and says how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os._exit(exit_code(job))
    _, status = os.waitpid(child, 0)
    line = json.dumps({"id": job["id"], "code": os.waitstatus_to_exitcode(status)}) + "\n"
    os.write(1, line.encode())


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while line := sys.stdin.readline():
    if os.fork() == 0:
        watch(json.loads(line))
        os._exit(0)
