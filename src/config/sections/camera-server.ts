/**
 * The keys of the camera face's own config.json (camera-server contract §2.2): the one table of their types, defaults, limits and of
 * what a change does. The service's file holds the same keys as `camera_server.*`; there they are the defaults of config.json.
 */

import { isIP } from 'node:net'
import { type Apply, choice, file, flag, integer, list, nullable, number, section, text } from '../keys.js'
import { textKind } from '../kinds.js'

const MIB = 1024 * 1024

/** Accepted forms of v4l2-native §3; anything else is refused before any system call. */
const NAME = String.raw`(?!\.{1,2}$)[\w.:+@,-]{1,200}`
const DEVICE_PATH = new RegExp(
  String.raw`^(?:/dev/video\d{1,3}|/dev/v4l/by-(?:id|path)/${NAME}|usb:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(?::${NAME})?|usb-port:[\w.:-]{1,100}/[\d.-]{1,50})$`,
)
const HOST_NAME = String.raw`[A-Za-z0-9_](?:[\w.-]{0,251}[A-Za-z0-9_])?`
const LITERAL_V6 = String.raw`\[[0-9a-fA-F:.]{2,45}\]`

const HOST = new RegExp(`^${HOST_NAME}$`)
const ORIGIN = new RegExp(`^(?:\\*|[a-z][a-z0-9+.-]*://(?:${LITERAL_V6}|${HOST_NAME})(?::\\d{1,5})?)$`, 'i')
const TRUSTED_NAME = new RegExp(`^(?:\\*|(?:\\*\\.)?${HOST_NAME})$`)

const origin = textKind('"*" or an origin such as https://cam.example:8443', ORIGIN)
const trustedHost = textKind('"*", a host name, an address, or "*." and a domain', {
  test: (value) => TRUSTED_NAME.test(value) || isIP(value.replace(/^\[(.*)\]$/, '$1')) === 6,
})

/** `camera.*`: the default camera; an element of `cameras` takes the same keys. */
export const CAMERA_KEYS = {
  device_index: integer({
    default: 0,
    min: 0,
    max: 255,
    ...applied('cam'),
    doc: 'N of /dev/videoN; used only when device_path is null.',
  }),
  device_path: nullable(
    text({
      default: '/dev/video0',
      rule: '/dev/videoN, /dev/v4l/by-id/NAME, /dev/v4l/by-path/NAME, usb:VID:PID, usb:VID:PID:SERIAL or usb-port:CONTROLLER/PORTS',
      pattern: DEVICE_PATH,
      ...applied('cam'),
      doc: 'Which camera; wins over device_index.',
    }),
  ),
  width: integer({
    default: 640,
    min: 16,
    max: 15_360,
    ...applied('cam'),
    doc: 'Width asked for, pixels; the nearest is taken.',
  }),
  height: integer({ default: 480, min: 16, max: 8640, ...applied('cam'), doc: 'Height asked for, pixels.' }),
  fps: number({ default: 30, min: 1, max: 240, ...applied('cam'), doc: 'Frames per second asked for.' }),
  buffer_size: integer({ default: 2, min: 1, max: 32, ...applied('live'), doc: 'Newest frames that are kept.' }),
  jpeg_quality: integer({
    default: 80,
    min: 1,
    max: 100,
    ...applied('live'),
    doc: 'Quality of pictures that are made here; what a camera sends as JPEG is passed on as it is.',
  }),
  auto_reconnect: flag({ default: true, ...applied('live'), doc: 'Open a camera again that failed.' }),
  reconnect_interval: number({
    default: 5,
    min: 0.1,
    max: 3600,
    ...applied('live'),
    doc: 'Time between attempts, seconds.',
  }),
  max_reconnect_attempts: integer({
    default: 10,
    min: 0,
    max: 1_000_000,
    ...applied('live'),
    doc: 'Failures in a row after which a camera is given up. 0: no limit.',
  }),
}

/** `server.*` */
export const SERVER_KEYS = {
  host: text({
    default: '0.0.0.0',
    rule: 'a host name or an IPv4 or IPv6 address',
    pattern: { test: (value) => HOST.test(value) || isIP(value) === 6 },
    ...applied('bind'),
    doc: 'Address to listen on.',
  }),
  port: integer({ default: 8000, min: 0, max: 65_535, ...applied('bind'), doc: 'TCP port to listen on. 0: any free one.' }),
  log_level: choice({
    words: ['debug', 'info', 'warning', 'error', 'critical'],
    default: 'info',
    ...applied('live'),
    doc: 'Lines below this level are not written to log_file. A level other than the default takes the place of logging.level too.',
  }),
  log_file: nullable(
    text({
      default: 'camera_stream.log',
      rule: 'a path without control characters',
      pattern: /^\P{Cc}{0,4096}$/u,
      ...applied('live'),
      doc: 'File to log to beside the console; a relative one lies below state_dir. null or empty: none.',
    }),
  ),
  cors_origins: list({ default: ['*'], item: origin, ...applied('live'), doc: 'Origins whose pages may read.' }),
  trusted_hosts: list({ default: ['*'], item: trustedHost, ...applied('live'), doc: 'Host names that requests may use.' }),
  max_frame_age: number({
    default: 5,
    min: 0.05,
    max: 3600,
    ...applied('live'),
    doc: 'Older frames are not sent, and a camera without a younger one is not ready, seconds.',
  }),
  log_format: choice({
    words: ['text', 'json'],
    default: 'text',
    ...applied('live'),
    extension: true,
    doc: 'Form of the lines of log_file; json: one object per line.',
  }),
  log_max_bytes: integer({
    default: 10 * MIB,
    min: 4096,
    max: 1_099_511_627_776,
    ...applied('live'),
    extension: true,
    doc: 'Size at which a new log_file is begun, bytes.',
  }),
  log_backups: integer({
    default: 3,
    min: 0,
    max: 1000,
    ...applied('live'),
    extension: true,
    doc: 'Full log files that are kept.',
  }),
  watch_config: flag({
    default: false,
    ...applied('live'),
    extension: true,
    doc: 'Read config.json anew whenever it changes on disk.',
  }),
  allow_cross_origin_management: flag({
    default: false,
    ...applied('live'),
    extension: true,
    doc: 'Also pages of any other origin in cors_origins may change things.',
  }),
  bandwidth_fallback: flag({
    default: false,
    ...applied('live'),
    extension: true,
    doc: 'A camera that finds too little USB bandwidth tries MJPEG, then a lower rate, then a smaller size.',
  }),
}

/** An element of `cameras` in config.json. */
export const ELEMENT_KEYS = {
  id: text({
    default: '',
    rule: 'a camera id such as camera2',
    pattern: /^camera\d{1,5}$/,
    ...applied('cam'),
    doc: 'Which camera; never twice.',
  }),
  name: text({
    default: '',
    rule: 'a text of 1 to 64 characters without control characters',
    pattern: /^\P{Cc}{1,64}$/u,
    ...applied('live'),
    doc: 'Name shown in place of its own.',
  }),
  enabled: flag({ default: true, ...applied('cam'), doc: 'false: it is not opened for the camera face.' }),
  on_demand: flag({
    default: true,
    ...applied('live'),
    doc: 'Capture only while somebody watches. Default false for the default camera, true for all others.',
  }),
  ...CAMERA_KEYS,
}

export const camera_server = section(
  'The camera face. Its own config.json wins over camera and server here, which are its defaults.',
  {
    config_file: file({ below: 'config.json', reload: 'restart', doc: 'The config.json of the camera face; made when missing.' }),
    camera: section('The default camera.', CAMERA_KEYS),
    server: section('Listener, log, who may use it.', SERVER_KEYS),
  },
)

function applied(apply: Apply) {
  return { apply, reload: 'restart' } as const
}
