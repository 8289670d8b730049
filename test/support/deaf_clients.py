"""Subscribers that never read: port, token, topic, count. Their receive buffer is 4 KiB. Ends when its input does."""

import json
import socket
import sys

port, token, topic, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])


def frame(method, params):
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    length = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0xFE]) + len(text).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + text


def deaf():
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(1)
    client.sendall(frame("authenticate", {"auth_token": token}) + frame("subscribe_events", {"topics": [topic]}))
    return client


clients = [deaf() for _ in range(count)]
print("ready", flush=True)
sys.stdin.read()
