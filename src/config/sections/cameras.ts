import { choice, duration, flag, integer, modePerCamera, number, range, section, textPerCamera } from '../keys.js'
import { textKind } from '../kinds.js'

const SECOND = 1000
const MINUTE = 60 * SECOND

export const camera = section('Finding cameras and capturing from them.', {
  device_range: range({
    default: [0, 255],
    min: 0,
    max: 255,
    reload: 'restart',
    doc: 'Numbers N of /dev/videoN that are looked at.',
  }),
  discovery_mode: choice({
    words: ['event-first', 'poll-only'],
    default: 'event-first',
    reload: 'restart',
    doc: 'event-first: kernel events with a poll as a net; poll-only: for systems where events do not arrive.',
  }),
  fallback_poll_interval: duration({
    default: 10 * SECOND,
    min: 100,
    max: 24 * 60 * MINUTE,
    reload: 'restart',
    doc: 'Time between looks at /dev beside events.',
  }),
  poll_interval: duration({
    default: 100,
    min: 0,
    max: MINUTE,
    reload: 'restart',
    doc: 'Time between looks at /dev in poll-only mode; less than 50 ms counts as 50 ms.',
  }),
  capability_timeout: duration({
    default: 2 * SECOND,
    min: 100,
    max: MINUTE,
    reload: 'restart',
    doc: 'Deadline of one probe; then the camera is in ERROR with probe_timeout.',
  }),
  linger: duration({
    default: 5 * SECOND,
    min: 0,
    max: 60 * MINUTE,
    reload: 'live',
    doc: 'How long a capture runs on after its last consumer, so that a snapshot after another is quick.',
  }),
  restore_motion: flag({
    default: false,
    reload: 'restart',
    doc: 'Also give pan, tilt and zoom back to a camera that was plugged in again. Other controls that clients set always are.',
  }),
  jpeg_quality: integer({ default: 80, min: 1, max: 100, reload: 'restart', doc: 'Quality of pictures made from raw frames.' }),
  modes: modePerCamera({
    reload: 'restart',
    doc: 'Mode per camera in place of the one chosen, such as camera0: "MJPG 1280x720@30".',
  }),
  virtual_cameras: section('Test pattern cameras, always labelled virtual.', {
    count: integer({ default: 0, min: 0, max: 256, reload: 'restart', doc: 'How many. Also --virtual-cameras N.' }),
    width: integer({ default: 1280, min: 64, max: 4096, reload: 'restart', doc: 'Width, pixels.' }),
    height: integer({ default: 720, min: 64, max: 4096, reload: 'restart', doc: 'Height, pixels.' }),
    fps: number({ default: 30, min: 0.1, max: 240, reload: 'restart', doc: 'Frames per second.' }),
  }),
})

export const identity = section('Which camera keeps which id.', {
  pins: textPerCamera({
    item: textKind('an identity as get_camera_status shows it'),
    reload: 'restart',
    doc: 'Id → identity that always gets it, such as camera0: usb-046d:0825-1A2B-i00-x0.',
  }),
})
