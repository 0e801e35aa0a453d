#!/usr/bin/python3
# A stand-in for systemctl where systemd is not process 1: so much of it as the units of the server need. It reads the units and
# their drop-ins, makes the directories, opens the sockets, starts the command as its user without capabilities, and starts it
# again as Restart, RestartSec and RestartPreventExitStatus say. Left out are the name spaces, the filter of system calls and the
# limits of the unit, targets, and the journal: lines go to /run/log/UNIT.
import glob, os, pwd, shlex, signal, socket, subprocess, sys, time

UNITS = "/etc/systemd/system"
os.makedirs("/run/log", exist_ok=True)


def read(unit):
    """Keys of a unit with their values; an empty value forgets those before it."""
    values = {}
    for path in [f"{UNITS}/{unit}", *sorted(glob.glob(f"{UNITS}/{unit}.d/*.conf"))]:
        for line in open(path):
            key, found, value = line.strip().partition("=")
            if line.startswith("#") or not found:
                continue
            values[key] = [] if value == "" else [*values.get(key, []), value]
    return values


def put(path, text):
    """Writes a file in one step: others look for it."""
    with open(f"{path}.new", "w") as new:
        new.write(text)
    os.rename(f"{path}.new", path)


def number(path):
    try:
        return int(open(path).read())
    except FileNotFoundError:
        return None


def command_of(service, sockets):
    user = pwd.getpwnam(service["User"][0])
    folders = {}
    for kind, top in [("State", "/var/lib"), ("Runtime", "/run"), ("Cache", "/var/cache")]:
        folder = f"{top}/{service[f'{kind}Directory'][0]}"
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, int(service[f"{kind}DirectoryMode"][0], 8))
        os.chown(folder, user.pw_uid, user.pw_gid)
        folders[f"{kind.upper()}_DIRECTORY"] = folder
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups", "--no-new-privs",
            "--bounding-set=-all", "--inh-caps=-all", *shlex.split(service["ExecStart"][0])], user, folders


def supervise(name, sockets):
    """Runs the service until it is stopped, or its exit code says that another start does not help."""
    def before():
        for i, one in enumerate(sockets):
            os.dup2(one.fileno(), 3 + i)
            os.set_inheritable(3 + i, True)
        if sockets:
            os.environ["LISTEN_FDS"], os.environ["LISTEN_PID"] = str(len(sockets)), str(os.getpid())

    while True:
        service = read(f"{name}.service")
        command, user, folders = command_of(service, sockets)
        log = open(f"/run/log/{name}.service", "ab")
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME": user.pw_dir, **folders}
        pid = os.fork()
        if pid == 0:
            os.dup2(log.fileno(), 2)
            os.environ.clear()
            os.environ.update(env)
            before()
            os.execvp(command[0], command)
        put(f"/run/{name}.pid", str(pid))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(f"ended {code}", file=open(f"/run/log/{name}.ends", "a"), flush=True)
        stopped = os.path.exists(f"/run/{name}.stop")
        os.remove(f"/run/{name}.pid")
        if stopped or str(code) in service.get("RestartPreventExitStatus", []):
            return
        time.sleep(float(service["RestartSec"][0]))


def in_background(run):
    if os.fork() == 0:
        os.setsid()
        null = os.open("/dev/null", os.O_RDWR)
        for fd in [0, 1, 2]:
            os.dup2(null, fd)
        run()
        os._exit(0)


def listening(name):
    """The sockets of a unit, which outlive the service."""
    sockets = []
    for place in read(f"{name}.socket")["ListenStream"]:
        host, port = place.rsplit(":", 1)
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND
        one.bind((host, int(port)))
        one.listen(1024)
        sockets.append(one)
    return sockets


def until(holds):
    while not holds():
        time.sleep(0.02)


def stop(name):
    open(f"/run/{name}.stop", "w").close()
    pid = number(f"/run/{name}.pid")
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
    until(lambda: number(f"/run/{name}.pid") is None)
    os.remove(f"/run/{name}.stop")


def start(name):
    if os.path.exists(f"{UNITS}/{name}.socket") and os.path.exists(f"/run/{name}.wanted"):
        put(f"/run/{name}.wanted", "start")
    else:
        in_background(lambda: supervise(name, []))
    until(lambda: number(f"/run/{name}.pid") is not None)


def hold(name, sockets):
    put(f"/run/{name}.wanted", "")
    while True:
        until(lambda: open(f"/run/{name}.wanted").read() == "start")
        put(f"/run/{name}.wanted", "")
        supervise(name, sockets)


verb, *words = sys.argv[1:]
unit = next((word for word in words if not word.startswith("-")), "")
name, _, kind = unit.rpartition(".")
if verb == "daemon-reload":
    pass
elif verb == "enable" and kind == "socket":
    opened = listening(name)
    in_background(lambda: hold(name, opened))
    until(lambda: os.path.exists(f"/run/{name}.wanted"))
elif verb in ["enable", "start"]:
    start(name)
elif verb == "stop":
    stop(name)
elif verb == "restart":
    before = number(f"/run/{name}.pid")
    os.kill(before, signal.SIGTERM)
    until(lambda: number(f"/run/{name}.pid") not in [None, before])
elif verb == "reload":
    subprocess.run(read(unit)["ExecReload"][0].replace("$MAINPID", str(number(f"/run/{name}.pid"))), shell=True, check=True)
else:
    sys.exit(f"systemctl.py: {sys.argv[1:]} is not known")
