"""Reads parts with Python's own HTTP client and takes every byte of the wire format at its word: strict_reader.py HOST:PORT PATH COUNT.

Ends with status 1 and one line that names the part at the first byte that is out of place; else prints one line of JSON.
"""

import http.client
import json
import re
import struct
import sys
import time

HEADERS = {
    "content-type": "multipart/x-mixed-replace; boundary=frame",
    "cache-control": "no-cache, no-store, must-revalidate",
    "pragma": "no-cache",
    "expires": "0",
    "connection": "close",
    "x-accel-buffering": "no",
}
FORBIDDEN = ("content-length", "transfer-encoding", "content-encoding")
PART = re.compile(rb"Content-Type: image/jpeg\r\nContent-Length: (0|[1-9]\d*)\r\nX-Timestamp: (\d+\.\d{6})\r\n\r\n")
FRAME_HEADERS = (0xC0, 0xC1, 0xC2)
LONGEST_LINE, LONGEST_HEAD = 128, 512
"""Seconds between the capture of a frame and its arrival here, on a busy machine."""
OLDEST = 5


def demand(holds, what):
    if not holds:
        sys.exit(f"part {len(times)}: {what}")


def take(length):
    data = response.read(length)
    demand(len(data) == length, f"the stream ended after {len(data)} of {length} bytes")
    return data


def line():
    data = response.readline(LONGEST_LINE)
    demand(data.endswith(b"\r\n"), f"a line of {len(data)} or more bytes: {data!r}")
    return data


def part_head():
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += line()
        demand(len(head) < LONGEST_HEAD, f"{len(head)} bytes of headers")
    found = PART.fullmatch(head)
    demand(found, f"headers {head!r}")
    return int(found[1]), float(found[2])


def size_of(jpeg):
    """Out of the frame header, which stands before the scan."""
    at = 2
    while at + 9 < len(jpeg) and jpeg[at + 1] not in FRAME_HEADERS:
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    height, width = struct.unpack_from(">HH", jpeg, at + 5)
    return f"{width}x{height}"


address, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
times, lengths, sizes = [], set(), set()
connection = http.client.HTTPConnection(address, timeout=10)
connection.request("GET", path)
response = connection.getresponse()
demand(response.version == 11 and response.status == 200, f"HTTP {response.version}, status {response.status}")
for name, value in HEADERS.items():
    demand(response.getheader(name) == value, f"{name}: {response.getheader(name)}")
for name in FORBIDDEN:
    demand(response.getheader(name) is None, f"{name}: {response.getheader(name)}")

demand(take(9) == b"--frame\r\n", "the body does not begin with the boundary")
while len(times) < count:
    length, captured = part_head()
    jpeg = take(length)
    demand(jpeg[:3] == b"\xff\xd8\xff" and jpeg[-2:] == b"\xff\xd9", f"{length} bytes are no whole JPEG")
    demand(take(11) == b"\r\n--frame\r\n", "no boundary after the picture")
    demand(not times or captured > times[-1], f"captured at {captured}, the one before at {times[-1:]}")
    demand(0 <= time.time() - captured < OLDEST, f"captured at {captured}, now it is {time.time()}")
    times.append(captured)
    lengths.add(length)
    sizes.add(size_of(jpeg))
connection.close()
print(json.dumps({"parts": len(times), "lengths": len(lengths), "sizes": sorted(sizes)}))
