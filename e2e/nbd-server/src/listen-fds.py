# What systemd does with a .socket unit: listens at an address (a free port, if that is 0) and starts a command again and again, which finds
# the socket as descriptor 3. The port stays open while no command runs.
#   listen-fds.py ADDRESS PORT COMMAND... SIGHUP: a planned restart of the command (SIGTERM,
# then the next one when it has ended). SIGUSR1: the same by SIGKILL.
# SIGUSR2: the command gets a SIGHUP. SIGTERM: the command ends, and so does this, as it does after a
# command that ends by itself.
import ctypes
import os
import signal
import socket
import sys

listener = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=1024)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
command = sys.argv[3:]


def start():
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        # goes with this process, however it ends: PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        os.environ["LISTEN_FDS"] = "1"
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.execvp(command[0], command)
    return pid


asked = {signal.SIGHUP: signal.SIGTERM, signal.SIGUSR1: signal.SIGKILL, signal.SIGTERM: signal.SIGTERM}
handled = [*asked, signal.SIGUSR2, signal.SIGCHLD]
signal.pthread_sigmask(signal.SIG_BLOCK, handled)
child = start()
last = False
while not last:
    got = signal.sigwait(handled)
    if got == signal.SIGUSR2:
        os.kill(child, signal.SIGHUP)
        continue
    if got in asked:
        os.kill(child, asked[got])
    pid, status = os.waitpid(child, 0 if got in asked else os.WNOHANG)
    # a command that ends by itself has said why; the SIGCHLD of one that was asked to may come later
    last = got == signal.SIGTERM or (got == signal.SIGCHLD and pid != 0)
    if pid != 0 and not last:
        child = start()
sys.exit(os.waitstatus_to_exitcode(status))
