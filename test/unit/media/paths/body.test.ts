import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAddress } from '../../../../src/external/address.js'
import {
  cameraBody,
  ownerOf,
  type PathBody,
  type PathBodyOptions,
  recordedBody,
  sourceBody,
} from '../../../../src/media/paths/body.js'

const plain: PathBodyOptions = { hooks: undefined, startTimeoutMs: 10_000, closeAfterMs: 2_000, instance: 'one' }

test('S-46 source strings: nothing but the members of ours, and no dollar in any, whatever address was given', () => {
  const hooks = {
    demand: '/bin/hook /run/s',
    segmentCreated: '/bin/hook /run/s created',
    segmentCompleted: '/bin/hook /run/s completed',
  }
  const allowed = new Set([
    ...['source', 'sourceOnDemand', 'sourceOnDemandStartTimeout', 'sourceOnDemandCloseAfter', 'rtspTransport', 'maxReaders'],
    ...['runOnInit', 'runOnInitRestart', 'runOnDemand', 'runOnDemandRestart', 'runOnUnDemand', 'runOnRead', 'runOnReadRestart'],
    ...['runOnUnread', 'runOnRecordSegmentCreate', 'runOnRecordSegmentComplete', 'rpiCameraTextOverlay'],
  ])
  const tail = fc.array(fc.constantFrom('$', '$G1', '$MTX_QUERY', '/', 'a', '%24', '?x=', '\n', '\0', ' ', '"', '`', '\\', 'é'), {
    maxLength: 8,
  })
  let taken = 0
  fc.assert(
    fc.property(tail, (pieces) => {
      const url = `rtsp://192.0.2.1/${pieces.join('')}`
      try {
        parseAddress(url, 'stream_url')
      } catch {
        return
      }
      taken += 1
      const body = sourceBody({ ...plain, hooks }, { url, onDemand: true, transport: 'tcp' })
      expect(Object.keys(body).filter((name) => !allowed.has(name))).toEqual([])
      expect(JSON.stringify(body)).toMatch(/^[\x20-\x7e]*$/)
      expect(JSON.stringify(body)).not.toContain('$')
      expect([body.runOnRecordSegmentCreate, body.runOnRecordSegmentComplete]).toEqual([
        hooks.segmentCreated,
        hooks.segmentCompleted,
      ])
    }),
    { numRuns: 5_000 },
  )
  expect(taken).toBeGreaterThan(100)
})

test('the marker tells our paths from a sibling’s and from foreign ones', () => {
  const options = { hooks: undefined, startTimeoutMs: 1, closeAfterMs: 1 }
  const owner = (fields: object) => ownerOf({ name: 'camera0', fields: { ...fields } }, 'one')
  expect(owner(cameraBody({ ...options, instance: 'one' }))).toBe('us')
  expect(owner(cameraBody({ ...options, instance: 'two' }))).toBe('sibling')
  expect(owner({ rpiCameraTextOverlay: '%Y-%m-%d %H:%M:%S - MediaMTX' })).toBe('foreign')
  expect(owner({})).toBe('foreign')
})

test('without hooks nothing is started on demand and no file is told', () => {
  const body = recordedBody(cameraBody(plain), undefined, false)
  expect(body).toMatchObject({ runOnDemand: '', runOnDemandRestart: false, record: false, source: 'publisher' })
  expect(body).toMatchObject({ runOnRecordSegmentCreate: '', runOnRecordSegmentComplete: '' })
})

test('recording differs from its end in the switch alone, and in fields that servers change in place', () => {
  const body = cameraBody({ ...plain, hooks: { demand: 'a', segmentCreated: 'b', segmentCompleted: 'c' } })
  const wish = { recordPath: '/r/%path/%f', format: 'mpegts', segmentDurationMs: 60_000, partDurationMs: 500 } as const
  const on = recordedBody(body, wish, true)
  const changed = (one: PathBody, other: PathBody) => Object.keys(one).filter((field) => one[field] !== other[field])
  expect(on).toMatchObject({ record: true, recordPath: '/r/%path/%f', recordFormat: 'mpegts', recordDeleteAfter: '0s' })
  expect(changed(on, recordedBody(body, wish, false))).toEqual(['record'])
  for (const field of changed(on, recordedBody(body, undefined, false))) expect(field).toMatch(/^record/)
})

test('a stream from elsewhere has no publisher of ours and is marked as ours', () => {
  const body = sourceBody({ ...plain, closeAfterMs: 3_000 }, { url: 'rtsp://192.0.2.1/a', onDemand: true, transport: 'tcp' })
  expect(body).toMatchObject({ source: 'rtsp://192.0.2.1/a', sourceOnDemand: true, rtspTransport: 'tcp', runOnDemand: '' })
  expect(body.sourceOnDemandCloseAfter).toBe('3000ms')
  expect(ownerOf({ name: 'x', fields: body }, 'one')).toBe('us')
})
