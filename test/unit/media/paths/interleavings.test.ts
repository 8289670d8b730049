/** Desired state, edits of others, deaths and lost replies in random order: what it comes to is always the same. */

import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { cameraBody, ownerOf, type PathBody, recordedBody, sourceBody } from '../../../../src/media/paths/body.js'
import { PathKeeper } from '../../../../src/media/paths/keeper.js'
import { Reconciler } from '../../../../src/media/paths/reconciler.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { CALM, SimulatedServer } from './simulated-server.js'

const INTERLEAVINGS = 100_000
const STEPS = 12
const NAMES = ['camera0', 'camera1', 'camera2', 'uav/eo']

const options = { hooks: undefined, startTimeoutMs: 10_000, closeAfterMs: 10_000, instance: 'one' }
const camera = cameraBody(options)
const wish = { recordPath: '/r/%path/%f', format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 500 } as const
const BODIES: readonly PathBody[] = [
  recordedBody(camera, undefined, false),
  recordedBody(camera, wish, true),
  recordedBody(camera, wish, false),
  recordedBody(sourceBody(options, { url: 'rtsp://192.0.2.1/a', onDemand: true, transport: 'tcp' }), undefined, false),
]
const logger = createLogger({ level: 'silent', format: 'json' })

test(`${INTERLEAVINGS} random interleavings end in the desired state`, { timeout: 240_000 }, async () => {
  let writes = 0
  for (let seed = 1; seed <= INTERLEAVINGS; seed++) {
    try {
      writes += await interleaving(seed)
    } catch (thrown) {
      throw new Error(`seed ${seed}`, { cause: thrown })
    }
  }
  // The chances are such that something happens.
  expect(writes).toBeGreaterThan(INTERLEAVINGS * 3)
})

async function interleaving(seed: number): Promise<number> {
  const random = generator(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const clock = new FakeClock()
  const server = new SimulatedServer(random)
  const desired = new Map<string, PathBody>()
  const others = new Map<string, object>()
  let mayRemove = false
  let answered = 0
  let asked = 0
  const reconciler = new Reconciler({ instance: 'one', takeOver: false, clock, logger })
  const keeper = new PathKeeper({
    ...{ reconciler, clock, logger, compareIntervalMs: 2_000, onPoisoned: () => undefined },
    desired: { get: () => new Map(desired), mayRemove: () => mayRemove },
  })

  /** What others and time do at any moment. */
  const event = () => {
    const chance = random()
    if (chance < 0.3) desired.set(pick(NAMES), pick(BODIES))
    else if (chance < 0.4) desired.delete(pick(NAMES))
    else if (chance < 0.5) server.paths.delete(pick(NAMES))
    else if (chance < 0.6) alter(server, pick(NAMES))
    else if (chance < 0.65) server.paths.set(pick(NAMES), { source: 'rtsp://192.0.2.9/theirs' })
    else if (chance < 0.7) {
      others.set('lobby', { maxReaders: seed })
      server.paths.set('lobby', { maxReaders: seed })
    } else if (chance < 0.75) {
      server.restart()
      others.clear()
    } else if (chance < 0.85) {
      asked++
      const done = () => {
        answered++
      }
      keeper.settled(pick(NAMES)).then(done, done)
    } else clock.advance(random() * 1_500)
  }

  server.chances = { unreachable: random() * 0.2, lostReply: random() * 0.2, late: random() * 0.5, refused: random() * 0.1 }
  server.meanwhile = () => {
    if (random() < 0.15) event()
  }
  for (let step = 0; step < STEPS; step++) {
    event()
    if (random() >= 0.6 || (await compare(keeper, server))) continue
    await microtasks()
    holds(answered, asked, 'who waits for a server that is gone is told')
  }

  // From here on nobody interferes, and the world is known.
  server.chances = CALM
  server.meanwhile = () => undefined
  mayRemove = true
  for (let round = 0; round < 4; round++) {
    clock.advance(31_000)
    await compare(keeper, server)
  }
  const writes = server.writes
  await compare(keeper, server)
  holds(server.writes, writes, 'nothing is left to write')
  holds(server.mostAtOnce, 1, 'calls come one at a time')
  for (const [name, body] of desired) {
    const config = server.paths.get(name)
    if (keeper.foreign.includes(name)) holds(ownerOf({ name, fields: config ?? {} }, 'one'), 'foreign')
    else holds(config, { name, ...body })
  }
  for (const [name, fields] of server.paths) {
    if (!desired.has(name)) holds(ownerOf({ name, fields }, 'one'), 'foreign', `${name} is not ours`)
  }
  for (const [name, fields] of others) holds(server.paths.get(name), fields)
  holds(server.trespasses, [], 'nothing of others was written over')
  await microtasks()
  holds(answered, asked, 'everybody who waited was answered')
  holds(clock.pending, 0, 'no timer is left')
  return writes
}

/** `expect` alone would take as long as all the rest: it is asked where something is not the same at first sight. */
function holds(actual: unknown, wanted: unknown, what?: string): void {
  if (!isDeepStrictEqual(actual, wanted)) expect(actual, what).toEqual(wanted)
}

/** As the link does: a server process that was not met yet is told, a failure (false) is the loss of it. */
async function compare(keeper: PathKeeper, server: SimulatedServer): Promise<boolean> {
  keeper.sawServer(server.tellStarted())
  try {
    await keeper.compare(server)
    return true
  } catch (thrown) {
    keeper.lost(String(thrown))
    return false
  }
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve()
}

/** Somebody changes one field of a path, ours or not. */
function alter(server: SimulatedServer, name: string): void {
  const config = server.paths.get(name)
  if (config !== undefined) server.paths.set(name, { ...config, maxReaders: 99 })
}

/** Mulberry32: small, quick, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
