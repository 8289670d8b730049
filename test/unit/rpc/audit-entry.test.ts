import { describe, expect, it } from 'vitest'
import { auditEntry } from '../../../src/rpc/audit-entry.js'
import type { Message } from '../../../src/rpc/message.js'
import { stopwatch } from '../../support/processor-wait.js'

const SESSION = { identity: undefined, address: '192.0.2.7', clientId: 'client_1' }
const detailOf = (params: Message['params']) => auditEntry(SESSION, { method: 'add_external_stream', params }, 'ok').detail

describe('what the audit log keeps of a call', () => {
  it.each([
    ['a login', 'rtsp://joe:hush@192.0.2.9/live', 'rtsp://joe:***@192.0.2.9/live'],
    ['a parameter', 'rtsp://192.0.2.9/live?user=joe&password=hush', 'rtsp://192.0.2.9/live?user=joe&password=***'],
    ['the path', 'rtsp://192.0.2.9/user=joe&pwd=hush', 'rtsp://192.0.2.9/user=joe&pwd=***'],
    ['a long login', `rtsp://${'j'.repeat(300)}:hush@192.0.2.9/live`, `rtsp://${'j'.repeat(249)}`],
    ['a long password', `rtsp://joe:${'hush'.repeat(100)}@192.0.2.9/live`, 'rtsp://joe:***@192.0.2.9/live'],
    ['what is no address', 'rtsp://joe:hush@', 'no address'],
    ['what has no host', 'rtsp:joe:hush@192.0.2.9/live', 'no address'],
    ['what has an empty host', 'rtsp:///joe:hush@192.0.2.9/live', 'no address'],
    ['what lacks a scheme', 'joe:hush@192.0.2.9', 'no address'],
    ['more than any address', `rtsp://joe:${'hush'.repeat(1_000)}@192.0.2.9/live`, 'no address'],
  ])('has no secret of %s', (_, given, told) => {
    for (const name of ['stream_url', 'device']) {
      expect(detailOf({ [name]: given })).toEqual({ [name]: told })
      expect(JSON.stringify(detailOf({ [name]: given }))).not.toContain('hush')
    }
  })

  it('is the parameters that say what changes, and takes little time of a long one', () => {
    expect(detailOf({ device: 'camera0', duration: 5, enabled: true, auth_token: 'hush', password: 'hush' })).toEqual({
      device: 'camera0',
      duration: 5,
      enabled: true,
    })
    const took = stopwatch()
    expect(detailOf({ device: '/'.repeat(1_000_000) })).toEqual({ device: 'no address' })
    expect(took()).toBeLessThan(100)
  })
})
