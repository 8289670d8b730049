import { expect, test } from 'vitest'
import { type Encoder, SOFTWARE } from '../../../../src/media/publish/encoders.js'
import { DEFAULT_CODEC, displayCommand, publisherArgs } from '../../../../src/media/publish/ffmpeg-args.js'

const args = publisherArgs(
  { codec: 'jpeg', width: 1280, height: 720, fps: 30 },
  SOFTWARE,
  DEFAULT_CODEC,
  'rtsp://127.0.0.1:8554/camera0',
)

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
  const list = publisherArgs({ codec: 'jpeg', width: 640, height: 480, fps }, SOFTWARE, DEFAULT_CODEC, 'rtsp://h/p')
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
  const list = publisherArgs({ codec: 'jpeg', width: 641, height: 1, fps: 30 }, SOFTWARE, DEFAULT_CODEC, 'rtsp://h/p')
  expect(list[list.indexOf('-vf') + 1]).toContain('scale=640:2:')
})

test('what is H.264 already is copied, from its first picture on', () => {
  const list = publisherArgs({ codec: 'h264', width: 640, height: 480, fps: 29.97 }, SOFTWARE, DEFAULT_CODEC, 'rtsp://h/p')
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
  const list = publisherArgs({ codec: 'jpeg', width: 640, height: 480, fps: 30 }, SOFTWARE, stanag, 'rtsp://h/p')
  expect(list.join(' ')).toContain('-profile:v high422 -level:v 4.0')
  expect(list.join(' ')).toContain('-b:v 600k')
})

const HARDWARE: readonly (readonly [Encoder, readonly string[]])[] = [
  [
    { word: 'vaapi', device: '/dev/dri/renderD128' },
    ['-vaapi_device /dev/dri/renderD128', 'out_range=limited,format=nv12,hwupload', '-c:v h264_vaapi', '-async_depth 1', '-bf 0'],
  ],
  [{ word: 'v4l2m2m', device: undefined }, ['-c:v h264_v4l2m2m', '-num_capture_buffers 8', '-bsf:v dump_extra=freq=keyframe']],
  [{ word: 'nvenc', device: undefined }, ['-c:v h264_nvenc', '-tune ull', '-zerolatency 1', '-forced-idr 1', '-bf 0']],
]

test.each(HARDWARE)('%j has its own options, the same key frames, and no software ones', (encoder, words) => {
  const line = publisherArgs({ codec: 'jpeg', width: 640, height: 480, fps: 30 }, encoder, DEFAULT_CODEC, 'rtsp://h/p').join(' ')
  for (const word of [...words, '-g 27', '-b:v 2M', '-force_key_frames expr:gte(t,n_forced*0.9)']) expect(line).toContain(word)
  expect(line).not.toMatch(/libx264|superfast|sc_threshold/)
  // What belongs to the device comes before the input.
  if (encoder.device !== undefined) expect(line.indexOf(encoder.device)).toBeLessThan(line.indexOf('-i pipe:0'))
})

test('the command for display quotes what a shell would take apart', () => {
  expect(displayCommand('ffmpeg', ['-x', "a b'c", 'rtsp://h/p'])).toBe(String.raw`ffmpeg -x 'a b'\''c' rtsp://h/p`)
})

function option(name: string): string | undefined {
  return args[args.indexOf(name) + 1]
}
