/**
 * Runs a target with one input after another. An input that reaches a branch that none did before, or a branch more often, is kept, and
 * others are made of it.
 */

import { type Dice, mutate } from './mutate.js'
import type { FuzzTarget } from './target.js'

/** No input may take longer of the processor, whatever it is. */
const SLOW_MS = 250
const BETWEEN_LOOKS = 256

export interface FuzzOptions {
  /** Of the processor's time, this thread's and its helpers'. */
  readonly seconds: number
  readonly seed: number
  /** One for each branch of the target. */
  readonly counters: Uint8Array
}

export interface FuzzResult {
  readonly executions: number
  /** Of the processor's time. */
  readonly seconds: number
  readonly branches: number
  /** Inputs that showed something new. */
  readonly kept: number
  readonly finding?: { readonly error: string; readonly input: Buffer }
}

export async function fuzz(target: FuzzTarget, { seconds, seed, counters }: FuzzOptions): Promise<FuzzResult> {
  const began = process.cpuUsage()
  const usedSeconds = (): number => microseconds(process.cpuUsage(began)) / 1e6
  const dice = diceOf(seed)
  const words = target.words.map((word) => Buffer.from(word))
  const seen = new Seen(counters)
  const kept: Buffer[] = []
  let executions = 0

  const failureOf = async (input: Buffer): Promise<string | undefined> => {
    executions += 1
    counters.fill(0)
    const beganMs = performance.now()
    try {
      await target.run(input)
    } catch (thrown) {
      return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    }
    // Others use this machine, too: only what is slow again and again, by the processor's own time, is slow.
    return performance.now() - beganMs > SLOW_MS && (await isSlow(target, input)) ? `took more than ${SLOW_MS} ms` : undefined
  }
  const tell = (finding?: FuzzResult['finding']): FuzzResult => ({
    executions,
    seconds: usedSeconds(),
    branches: seen.branches,
    kept: kept.length,
    ...(finding && { finding }),
  })
  /** The finding, if it is one. */
  const tried = async (input: Buffer): Promise<FuzzResult['finding']> => {
    const error = await failureOf(input)
    if (error !== undefined)
      return { error, input: await shrunk(input, async (smaller) => (await failureOf(smaller)) !== undefined) }
    if (seen.isNews()) kept.push(input)
    return undefined
  }

  for (const seedInput of target.seeds) {
    const finding = await tried(Buffer.from(seedInput))
    if (finding !== undefined) return tell(finding)
  }
  if (kept.length === 0) kept.push(Buffer.alloc(0))
  while (executions % BETWEEN_LOOKS !== 0 || usedSeconds() < seconds) {
    const parent = kept[chosen(kept.length, dice)] ?? Buffer.alloc(0)
    const finding = await tried(mutate(parent, kept[dice(kept.length)] ?? parent, words, dice))
    if (finding !== undefined) return tell(finding)
  }
  return tell()
}

/** Each branch, and how often it was run at most, in powers of two. */
class Seen {
  readonly #counters: Uint8Array
  readonly #most: Uint8Array
  branches = 0

  constructor(counters: Uint8Array) {
    this.#counters = counters
    this.#most = new Uint8Array(counters.length)
  }

  /** Whether the last run showed more than all before. */
  isNews(): boolean {
    let news = false
    const counters = this.#counters
    for (let index = 0; index < counters.length; index++) {
      const count = counters[index] ?? 0
      if (count === 0) continue
      const size = 32 - Math.clz32(count)
      const most = this.#most[index] ?? 0
      if (size <= most) continue
      if (most === 0) this.branches += 1
      this.#most[index] = size
      news = true
    }
    return news
  }
}

/** What was kept last leads on more often. */
function chosen(count: number, dice: Dice): number {
  const recent = Math.min(count, 16)
  return dice(2) === 0 ? count - 1 - dice(recent) : dice(count)
}

async function isSlow(target: FuzzTarget, input: Buffer): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const began = process.cpuUsage()
    await target.run(input)
    if (microseconds(process.cpuUsage(began)) < SLOW_MS * 1_000) return false
  }
  return true
}

/** Without the pieces that a finding does not need. */
async function shrunk(input: Buffer, fails: (smaller: Buffer) => Promise<boolean>): Promise<Buffer> {
  let least = input
  for (let length = input.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at + length <= least.length; ) {
      const smaller = Buffer.concat([least.subarray(0, at), least.subarray(at + length)])
      if (await fails(smaller)) least = smaller
      else at += length
    }
  }
  return least
}

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}

/** Marsaglia's xorshift. */
function diceOf(seed: number): Dice {
  let state = (Math.imul(seed, 0x85ebca6b) ^ 0x9e3779b9) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return below === 0 ? 0 : state % below
  }
}
