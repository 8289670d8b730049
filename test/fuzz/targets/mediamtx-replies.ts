/** What a media server answers: read into our shapes, or refused with a sentence. */

import assert from 'node:assert/strict'
import { parseErrorText, parseInfo, parsePathConfigs, parsePaths, parsePorts } from '../../../src/media/api/wire.js'
import type { FuzzTarget } from '../engine/target.js'

export const target: FuzzTarget = {
  parsers: ['src/media/api/wire.ts'],
  seeds: [
    '{"version":"v1.20.1","started":"2030-04-01T08:15:00Z"}',
    '{"itemCount":1,"pageCount":1,"items":[{"name":"camera0","ready":true,"readyTime":"2030-04-01T08:15:00Z","tracks":["H264"],"bytesReceived":1,"bytesSent":2,"readers":[{"type":"rtspSession","id":"a"}],"source":{"type":"rtspSession","id":"b"}}]}',
    '{"itemCount":1,"pageCount":1,"items":[{"name":"camera0","source":"publisher","record":false,"runOnDemand":"","recordPartDuration":"1s"}]}',
    '{"itemCount":1,"pageCount":1,"items":[{"name":"camera0","tracks2":[{"codec":"H264"}],"source":{"type":"webrtcSource"}}]}',
    '{"itemCount":1,"pageCount":1,"items":[{"name":"camera0","tracks":"H264"}]}',
    '{"rtspAddress":"127.0.0.1:8554","hls":false,"webrtcAddress":":8889","encryption":"no"}',
    '{"status":"error","error":"path not found"}',
  ],
  words: [
    ...[
      '"items"',
      '"name"',
      '"ready"',
      '"available"',
      '"online"',
      '"tracks"',
      '"readers"',
      '"source"',
      '"record"',
      '"pageCount"',
      '"version"',
      '"error"',
      '"rtspAddress"',
    ],
    ...['null', 'true', '-1', '1e400', '""', '[]', '{}', '[null]', '"__proto__"', ',', ':', '{', '}', '[', ']'],
  ],
  run(input) {
    let reply: unknown
    try {
      reply = JSON.parse(input.toString())
    } catch {
      return
    }
    for (const parse of [parseInfo, parsePorts, parsePathConfigs, parsePaths, parseErrorText]) {
      try {
        parse(reply)
      } catch (thrown) {
        assert.ok(thrown instanceof Error && thrown.message !== '')
        // These come from the language, when it is given what it does not expect.
        if (thrown instanceof TypeError || thrown instanceof RangeError) throw thrown
      }
    }
  },
}
