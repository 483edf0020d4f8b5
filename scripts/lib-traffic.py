"""The other ends of the traffic of scripts/run: real servers and real clients on real sockets.

serve ADDRESS... -- PROTOCOL/PORT...  answers on all of them until it is killed; prints "ready" when it does
tcp SOURCE DESTINATION PORT           connects, reads a line, prints it
udp SOURCE DESTINATION PORT           sends a DNS query, prints what came back
Ends with 0 if there was an answer, with 1 if not.
"""

import selectors
import socket
import struct
import sys

PATIENCE = 0.5  # seconds a client waits


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def answer(protocol, port, query=b""):
    if protocol == "udp":
        # The query itself, marked as a response without records: enough for a client to know it was heard.
        return query[:2] + b"\x81\x83" + query[4:]
    if port in (80, 8080, 443):
        body = b"served by port %d\n" % port
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
    return b"SSH-2.0-demo\r\n" if port == 22 else b"hello from port %d\r\n" % port


def serve(addresses, services):
    ready = selectors.DefaultSelector()
    for address in addresses:
        for service in services:
            protocol, port = service.split("/")
            kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
            listener = socket.socket(family(address), kind)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, int(port)))
            if protocol == "tcp":
                listener.listen(64)
            ready.register(listener, selectors.EVENT_READ, (protocol, int(port)))
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            protocol, port = key.data
            try:
                if protocol == "udp":
                    query, client = key.fileobj.recvfrom(2048)
                    key.fileobj.sendto(answer(protocol, port, query=query), client)
                    continue
                connection, _ = key.fileobj.accept()
                with connection:
                    connection.settimeout(PATIENCE)
                    if port in (80, 8080, 443):
                        connection.recv(4096)
                    connection.sendall(answer(protocol, port))
            except OSError:
                pass  # a client that went away


def request(protocol, source, destination, port):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family(source), kind) as client:
        client.settimeout(PATIENCE)
        try:
            client.bind((source, 0))
            client.connect((destination, int(port)))
            if protocol == "tcp":
                return client.recv(256).split(b"\r\n")[0].decode()
            name = b"".join(bytes([len(label)]) + label.encode() for label in "www.example.org".split(".")) + b"\0"
            client.send(struct.pack(">HHHHHH", 4711, 0x0100, 1, 0, 0, 0) + name + struct.pack(">HH", 1, 1))
            return "a reply of %d bytes" % len(client.recv(2048))
        except OSError:
            return None


if sys.argv[1] == "serve":
    end = sys.argv.index("--")
    serve(sys.argv[2:end], sys.argv[end + 1 :])
else:
    heard = request(*sys.argv[1:5])
    print(heard or "no answer")
    sys.exit(0 if heard else 1)
