import { expect, test } from 'vitest'
import { DEFAULT_TEMPLATES, streamLinks } from '../../../../src/media/streams/links.js'

const ports = { rtspPort: 8554, hlsPort: 8888, webrtcPort: undefined }

test('links use the host the client used, and the ports MediaMTX has', () => {
  expect(streamLinks('camera0', 'cam.example', ports, DEFAULT_TEMPLATES)).toEqual({
    rtsp: 'rtsp://cam.example:8554/camera0',
    hls: 'http://cam.example:8888/camera0/index.m3u8',
  })
})

test('an IPv6 host gets its brackets once', () => {
  for (const host of ['fe80::1', '[fe80::1]']) {
    expect(streamLinks('camera0', host, ports, DEFAULT_TEMPLATES).rtsp).toBe('rtsp://[fe80::1]:8554/camera0')
  }
})

test('WebRTC has a link when it is on, and templates decide the form', () => {
  const templates = { ...DEFAULT_TEMPLATES, hls: 'http://{host}:8002/hls/{path}.m3u8' }
  const links = streamLinks('camera1', 'h', { ...ports, webrtcPort: 8889 }, templates)
  expect(links).toMatchObject({ hls: 'http://h:8002/hls/camera1.m3u8', webrtc: 'http://h:8889/camera1/' })
})
