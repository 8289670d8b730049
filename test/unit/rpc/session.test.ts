import { expect, it } from 'vitest'
import type { Identity } from '../../../src/auth/index.js'
import { createJsonCodec } from '../../../src/rpc/codec-json.js'
import { Session } from '../../../src/rpc/session.js'

function open() {
  let told = 0
  const nothing = (): void => undefined
  const peer = { send: nothing, notify: nothing, close: nothing, rightChanged: () => void told++ }
  const session = new Session({
    ...{ clientId: 'client_1', linkHost: 'host', local: true, address: undefined },
    ...{ codec: createJsonCodec([]), peer, rate: { arrivalUs: 0, arrivalParts: 0 } },
  })
  return { session, told: () => told }
}

function revocable() {
  const listeners = new Set<() => void>()
  const identity: Identity = {
    ...{ userId: 'eve', role: 'viewer', expiresAtMs: 9_000 },
    onRevoked(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const revoke = (): void => {
    for (const listener of listeners) listener()
  }
  return { identity, listeners, revoke }
}

it('tells its connection of each login, and when the right of the last one was shortened', () => {
  const { session, told } = open()
  const [first, second] = [revocable(), revocable()]
  session.login(first.identity)
  expect(told()).toBe(1)
  first.revoke()
  expect(told()).toBe(2)
  session.login(second.identity)
  expect(told()).toBe(3)
  first.revoke()
  expect(told()).toBe(3)
  second.revoke()
  expect(told()).toBe(4)
})

it('leaves nothing behind in who logged in', () => {
  const { session } = open()
  const [early, late] = [revocable(), revocable()]
  session.login(early.identity)
  session.close()
  session.login(late.identity)
  expect([early.listeners.size, late.listeners.size]).toEqual([0, 0])
})
