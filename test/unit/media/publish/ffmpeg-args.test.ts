import { expect, test } from 'vitest'
import { DEFAULT_CODEC, displayCommand, publisherArgs } from '../../../../src/media/publish/ffmpeg-args.js'

const args = publisherArgs({ codec: 'jpeg', width: 1280, height: 720, fps: 30 }, DEFAULT_CODEC, 'rtsp://127.0.0.1:8554/camera0')

test('the picture is H.264 4:2:0 main without B-frames, encoded without delay', () => {
  expect(option('-c:v')).toBe('libx264')
  expect(option('-profile:v')).toBe('main')
  expect(option('-vf')).toContain('format=yuv420p')
  expect(option('-bf')).toBe('0')
  expect(option('-tune')).toBe('zerolatency')
  expect(option('-preset')).toBe('superfast')
})

test.each([
  [30, 27],
  [29.97, 27],
  [15, 13],
  [1, 1],
  [0.5, 1],
  [120, 108],
])('at %d frames per second a key frame comes within a second', (fps, frames) => {
  const list = publisherArgs({ codec: 'jpeg', width: 640, height: 480, fps }, DEFAULT_CODEC, 'rtsp://h/p')
  expect(list[list.indexOf('-g') + 1]).toBe(String(frames))
  expect(list[list.indexOf('-force_key_frames') + 1]).toBe('expr:gte(t,n_forced*0.9)')
})

test('packets are small enough for MediaMTX, over TCP, and the address comes last', () => {
  expect(option('-pkt_size')).toBe('1440')
  expect(option('-rtsp_transport')).toBe('tcp')
  expect(args.at(-1)).toBe('rtsp://127.0.0.1:8554/camera0')
})

test('input is a pipe of JPEGs stamped as they arrive, and nothing else can be opened', () => {
  expect(option('-i')).toBe('pipe:0')
  expect(option('-protocol_whitelist')).toBe('pipe')
  expect(option('-use_wallclock_as_timestamps')).toBe('1')
  expect(args.indexOf('-f')).toBeLessThan(args.indexOf('-i'))
})

test('odd sides are made even, which 4:2:0 needs', () => {
  const list = publisherArgs({ codec: 'jpeg', width: 641, height: 1, fps: 30 }, DEFAULT_CODEC, 'rtsp://h/p')
  expect(list[list.indexOf('-vf') + 1]).toContain('scale=640:2:')
})

test('what is H.264 already is copied, from its first picture on', () => {
  const list = publisherArgs({ codec: 'h264', width: 640, height: 480, fps: 29.97 }, DEFAULT_CODEC, 'rtsp://h/p')
  const words = list.join(' ')
  expect(words).toContain('-f h264 -framerate 30 -use_wallclock_as_timestamps 1 -i pipe:0')
  expect(words).toContain('-c:v copy')
  expect(words).toContain('-protocol_whitelist pipe')
  // It drops the packets that were looked at: the key frame.
  expect(words).not.toContain('nobuffer')
  expect(words).not.toContain('libx264')
  expect(list.at(-1)).toBe('rtsp://h/p')
})

test('the other codec set is a matter of configuration', () => {
  const stanag = { ...DEFAULT_CODEC, profile: 'high422', level: '4.0', pixelFormat: 'yuv422p', bitrate: '600k' } as const
  const list = publisherArgs({ codec: 'jpeg', width: 640, height: 480, fps: 30 }, stanag, 'rtsp://h/p')
  expect(list.join(' ')).toContain('-profile:v high422 -level:v 4.0')
  expect(list.join(' ')).toContain('-b:v 600k')
})

test('the command for display quotes what a shell would take apart', () => {
  expect(displayCommand('ffmpeg', ['-x', "a b'c", 'rtsp://h/p'])).toBe(String.raw`ffmpeg -x 'a b'\''c' rtsp://h/p`)
})

function option(name: string): string | undefined {
  return args[args.indexOf(name) + 1]
}
