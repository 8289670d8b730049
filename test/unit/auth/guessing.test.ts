/** Guessing of tokens and keys, and keys that were stolen, each by the id of its requirement (reliability-security.md §3.2). */

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import bcrypt from 'bcrypt'
import { expect, it, vi } from 'vitest'
import { KeyFile, type Keyring } from '../../../src/auth/index.js'
import { systemClock } from '../../../src/base/clock.js'
import { FakeClock } from '../../support/fake-clock.js'
import { attempt, attemptLater, best, bestOfEach, folder, forge, GOOD, guarded, HEADER, maker, opened } from './attacks.js'

it('S-27 guessing: 10 000 guesses are locked as configured', async () => {
  const { credentials, clock, key } = await guarded(new FakeClock())
  let judged = 0
  for (let guess = 0; guess < 10_000; guess++) {
    const answer = await attemptLater(credentials, `${key.slice(0, 8)}${randomBytes(24).toString('base64url')}`, '192.0.2.1')
    if (answer === 'AUTH_FAILED') judged += 1
    else expect(answer).toBe('RATE_LIMITED')
    if (clock instanceof FakeClock) clock.advance(100)
  }
  // 1 000 s: ten at once, one for each lock that ended (1, 2, 4, 8 minutes), and the few that come back meanwhile.
  expect(judged).toBeGreaterThanOrEqual(11)
  expect(judged).toBeLessThan(60)
  // The right key, from elsewhere: locked too, since all those guesses began like it.
  expect(await attemptLater(credentials, key, '192.0.2.99')).toBe('RATE_LIMITED')
})

it('S-27 guessing: a wrong first byte takes as long as a wrong last one', async () => {
  const { keyring, key } = await guarded(systemClock)
  const { tokens } = maker()
  const token = forge(HEADER, GOOD)
  const macAt = token.lastIndexOf('.') + 1
  const pairs = [
    { one: swap(key, 8), other: swap(key, key.length - 2), check: (guess: string) => attempt(keyring, guess) },
    { one: swap(token, macAt), other: swap(token, token.length - 2), check: (guess: string) => attempt(tokens, guess) },
  ]
  // The measuring is worth something: it sees a comparison that ends with the first difference.
  const careless = (guess: string): boolean => {
    for (let at = 0; at < key.length; at++) if (guess.charCodeAt(at) !== key.charCodeAt(at)) return false
    return true
  }
  const seenOfCareless = [0, 1, 2].map(() => difference(swap(key, 0), swap(key, key.length - 2), careless))
  expect(Math.min(...seenOfCareless)).toBeLessThan(-3.3)
  for (const { one, other, check } of pairs) {
    expect([check(one), check(other)]).toEqual(['AUTH_FAILED', 'AUTH_FAILED'])
    // What the machine does beside it can look like a difference once, hardly three times in the same direction.
    const seen = [0, 1, 2].map(() => difference(one, other, check))
    const leaks = seen.every((z) => z > 3.3) || seen.every((z) => z < -3.3)
    expect({ seen, leaks }).toEqual({ seen, leaks: false })
  }
  // Whether any key begins so is no secret, but it costs the same work.
  const [unknown = 0, begunAlike = 0] = bestOfEach(200, [swap(key, 0), swap(key, 8)], (guess) => attempt(keyring, guess), 20)
  expect(Math.abs(1 - unknown / begunAlike), `${unknown} and ${begunAlike} ms`).toBeLessThan(0.5)
}, 60_000)

it('S-28 API keys stolen from disk: no key in a file of ours, quick checks, and old hashes do not hold the loop up', async () => {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh'
  const olderKeys = Array.from({ length: 3 }, (_, index) => `${letters.slice(0, 31)}${index}`)
  const hashes = await Promise.all(olderKeys.map((key) => bcrypt.hash(key, 10)))
  const dir = await folder()
  const older = join(dir, 'api_keys.json')
  const content = JSON.stringify({
    version: '1.0',
    keys: hashes.map((key_hash, index) => ({ key_id: `old-${index}`, name: 'n', role: 'viewer', is_active: true, key_hash })),
  })
  await writeFile(older, content)
  const file = new KeyFile({ stateDir: dir, olderFile: older, clock: systemClock })
  const keyring = await opened(file, systemClock)
  // 100 logins a second for two seconds, three of them good.
  const guesses = Array.from({ length: 200 }, (_, index) => olderKeys[index - 50] ?? `${letters.slice(0, 29)}${100 + index}`)
  expect(await loopDelayP99Ms(keyring, guesses)).toBeLessThanOrEqual(20)
  for (const key of olderKeys) {
    // Guesses may still wait before it.
    await vi.waitFor(() => keyring.verify(key), { timeout: 30_000, interval: 100 })
    expect(best(200, () => void keyring.verify(key), 100)).toBeLessThan(0.01)
  }
  const text = await readFile(file.path, 'utf8')
  for (const key of olderKeys) expect(text).not.toContain(key)
  expect(text).not.toContain('$2b$')
  expect(await readFile(older, 'utf8')).toBe(content)
  await keyring.stop()
  // After a restart they are known at once.
  const again = await opened(file, systemClock)
  expect(again.verify(olderKeys[1] ?? '')).toMatchObject({ userId: 'api-key:old-1' })
}, 60_000)

/** Standard score of the difference of two guesses: 20 000 samples each in turn, the slowest tenth of all left out. */
function difference(one: string, other: string, check: (guess: string) => unknown): number {
  const samples: { readonly ofOne: boolean; readonly ns: number }[] = []
  for (let sample = 0; sample < 40_000; sample++) {
    const ofOne = Math.random() < 0.5
    const guess = ofOne ? one : other
    const began = process.hrtime.bigint()
    check(guess)
    samples.push({ ofOne, ns: Number(process.hrtime.bigint() - began) })
  }
  const limit = samples.map(({ ns }) => ns).sort((a, b) => a - b)[Math.floor(samples.length * 0.9)] ?? 0
  const [a, b] = [true, false].map((side) =>
    moments(samples.filter(({ ofOne, ns }) => ofOne === side && ns <= limit).map(({ ns }) => ns)),
  )
  if (a === undefined || b === undefined) return Number.NaN
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, variance, count: values.length }
}

/** How late a timer of 10 ms is beside these, without the time that this thread was ready to run and the machine ran others. */
async function loopDelayP99Ms(keyring: Keyring, guesses: readonly string[]): Promise<number> {
  const keptWaitingMs = (): number => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6
  const late: number[] = []
  for (const guess of guesses) {
    const [beganMs, waitedMs] = [performance.now(), keptWaitingMs()]
    Promise.resolve(keyring.verify(guess)).catch(() => undefined)
    await delay(10)
    late.push(performance.now() - beganMs - 10 - (keptWaitingMs() - waitedMs))
  }
  return late.sort((a, b) => a - b)[Math.floor(late.length * 0.99)] ?? 0
}

/** The character at `index` replaced by another of the alphabet. */
function swap(text: string, index: number): string {
  // By way of bytes: texts that were put together differently in memory take different times themselves.
  return Buffer.from(`${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`).toString()
}
