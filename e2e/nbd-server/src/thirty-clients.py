# Thirty clients, each at its own address, as libnbd sees them. It obeys words on standard input and answers
# each with a line: "write" connects and writes, "verify" connects again and reads, "leave" says DISC.
import socket, sys, nbd

ADDRESSES = [f"192.168.67.{20 + i}" for i in range(30)]
MIB = 2 ** 20
handles = {}


def attach(address):
    plain = socket.create_connection(("192.168.67.1", 10809), source_address=(address, 0))
    handle = nbd.NBD()
    handle.set_export_name("swap")
    handle.connect_socket(plain.detach())
    handles[address] = handle
    return handle


def page(address, place):
    return bytes([int(address.split(".")[-1]), place]) * 2048


print("ready", flush=True)
for line in sys.stdin:
    for address in ADDRESSES:
        if line == "write\n":
            handle = attach(address)
            assert handle.get_size() == 512 * MIB
            assert handle.pread(10, 4086) == b"SWAPSPACE2", "no swap header"
            for place in range(1, 4):
                handle.pwrite(page(address, place), place * MIB)
            handle.flush()
        elif line == "verify\n":
            handle = attach(address)
            for place in range(1, 4):
                assert handle.pread(4096, place * MIB) == page(address, place), f"{address} has lost page {place}"
        elif line == "leave\n":
            handles[address].shutdown()
    print(line.strip(), "done", flush=True)
