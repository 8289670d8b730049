"""Reads frames with OpenCV: opencv_reader.py URL COUNT. Prints `frame=N` as they come, then one line of JSON with what they were."""

import json
import sys

import cv2

url, count = sys.argv[1], int(sys.argv[2])
capture = cv2.VideoCapture(url)
facts = {"backend": capture.getBackendName() if capture.isOpened() else None, "frames": 0, "repeated": 0, "shapes": []}
previous = None
while facts["frames"] < count:
    ok, frame = capture.read()
    if not ok:
        break
    facts["frames"] += 1
    if list(frame.shape) not in facts["shapes"]:
        facts["shapes"].append(list(frame.shape))
    if previous is not None and not (frame != previous).any():
        facts["repeated"] += 1
    previous = frame
    if facts["frames"] % 10 == 0:
        print(f"frame={facts['frames']}", flush=True)
capture.release()
print(json.dumps(facts))
