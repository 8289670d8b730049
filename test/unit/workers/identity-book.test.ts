import { expect, it } from 'vitest'
import type { Identity } from '../../../src/auth/index.js'
import { FarIdentities, IdentityBook } from '../../../src/workers/identity-book.js'

const clock = { wallMs: () => 1_000 }

function revocable(expiresAtMs: number) {
  const listeners = new Set<() => void>()
  const identity = {
    ...{ userId: 'eve', role: 'viewer' as const, expiresAtMs },
    onRevoked(listener: () => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    identity: identity as Identity,
    listeners,
    end(atMs: number) {
      identity.expiresAtMs = atMs
      for (const listener of listeners) listener()
    },
  }
}

it('an identity that is ended ends for all that were told of it', () => {
  const far = new FarIdentities(clock)
  const book = new IdentityBook(clock, (id, expiresAtMs) => far.shortened(id, expiresAtMs))
  const key = revocable(9_000)
  const other = revocable(9_000)
  const [one, two] = [far.identityFrom(book.factsOf(key.identity)), far.identityFrom(book.factsOf(key.identity))]
  const third = far.identityFrom(book.factsOf(other.identity))
  expect([one.expiresAtMs, two.expiresAtMs]).toEqual([9_000, 9_000])
  const told: string[] = []
  const forget = one.onRevoked?.(() => told.push('one'))
  two.onRevoked?.(() => told.push('two'))
  third.onRevoked?.(() => told.push('third'))
  key.end(2_000)
  forget?.()
  key.end(1_000)
  expect(told).toEqual(['one', 'two', 'two'])
  expect([one.expiresAtMs, two.expiresAtMs, third.expiresAtMs]).toEqual([1_000, 1_000, 9_000])
  book.close()
  expect(key.listeners.size).toBe(0)
})

it('one that cannot be ended is plain', () => {
  const facts = new IdentityBook(clock, () => undefined).factsOf({ userId: 'a', role: 'admin', expiresAtMs: 5, localOnly: true })
  expect(facts).toEqual({ id: undefined, userId: 'a', role: 'admin', expiresAtMs: 5, localOnly: true })
  expect(new FarIdentities(clock).identityFrom(facts)).toEqual({ userId: 'a', role: 'admin', expiresAtMs: 5, localOnly: true })
})

it('those that are over are forgotten', () => {
  const book = new IdentityBook(clock, () => undefined)
  const old = Array.from({ length: 300 }, () => revocable(500))
  for (const { identity } of old) book.factsOf(identity)
  expect(old.filter(({ listeners }) => listeners.size > 0).length).toBeLessThan(60)
})
