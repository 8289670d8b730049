import { describe, expect, it } from 'vitest'
import { compileFilter } from '../../../src/rpc/filters.js'

const payload = { device: 'camera0', timestamp: '2030-04-01T08:15:00.000Z', ok: true }

describe('filters (contract §10.3)', () => {
  it.each([
    [{ device: 'camera0' }, true],
    [{ device: 'camera1' }, false],
    [{ topic: 'snapshot.taken' }, true],
    [{ topic: 'snapshot.error' }, false],
    [{ device: 'camera0', topic: 'snapshot.error' }, false],
    [{ filename: 'a.jpg' }, false],
    [{ ok: true }, true],
    [{ toString: 'x' }, false],
    [{ timestamp_after: '2030-04-01T08:14:59Z' }, true],
    [{ timestamp_after: '2030-04-01T10:14:59+02:00' }, true],
    [{ timestamp_after: '2030-04-01T08:15:00Z' }, false],
    [{ timestamp_before: '2030-04-01T08:15:01Z' }, true],
    [{ timestamp_before: '2030-04-01T08:15:00Z' }, false],
  ])('%j lets the event through: %s', (filters, passes) => {
    expect(compileFilter(filters)?.('snapshot.taken', payload)).toBe(passes)
  })

  it.each([
    ['recording.stopped', 'recording.stop', true],
    ['recording.stopped', 'recording.start', false],
    ['recording_status_update', 'recording.start', true],
    ['recording.stop', 'recording.stop', true],
    ['camera_status_update', 'camera.status_change', true],
    ['stream:a/b', 'stream:a/b', true],
  ])('topic %s lets events of %s through: %s', (topic, event, passes) => {
    expect(compileFilter({ topic })?.(event, payload)).toBe(passes)
  })

  it('has nothing to ask when it is empty', () => {
    expect(compileFilter({})).toBeUndefined()
  })

  it('does not match a payload without a timestamp', () => {
    expect(compileFilter({ timestamp_after: '2000-01-01T00:00:00Z' })?.('x', {})).toBe(false)
  })

  it.each([
    { timestamp_after: 'yesterday' },
    { timestamp_before: 5 },
    { timestamp_after: '2030-13-45T99:00:00Z' },
    { device: { not: 'camera0' } },
    { device: null },
    { count: 5n },
    { device: 'x'.repeat(300) },
  ])('refuses %o', (filters) => {
    expect(() => compileFilter(filters)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMS' }))
  })
})
