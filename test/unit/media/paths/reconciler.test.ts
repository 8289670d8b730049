import { beforeEach, expect, test } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { MediamtxError } from '../../../../src/media/api/failures.js'
import { pathBody } from '../../../../src/media/paths/body.js'
import { type PathWrites, Reconciler } from '../../../../src/media/paths/reconciler.js'
import { MediamtxDouble } from '../../../support/mediamtx-double/index.js'

const body = pathBody({ demandHook: undefined, startTimeoutMs: 10_000, closeAfterMs: 10_000, instance: 'one' })

let server: MediamtxDouble
let reconciler: Reconciler
let lines: string[]
let refuse: (name: string) => string | undefined

/** The double's store behind the three calls, without HTTP. */
const client: PathWrites = {
  listPathConfigs: async () => server.names().map((name) => ({ name, fields: { name, ...server.config(name) } })),
  replacePath: async (name, fields) => write('POST', `config/paths/replace/${name}`, name, fields),
  deletePath: async (name) => write('DELETE', `config/paths/delete/${name}`, name, {}),
}

beforeEach(() => {
  server = new MediamtxDouble()
  lines = []
  refuse = () => undefined
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => lines.push(line) })
  reconciler = new Reconciler({ instance: 'one', takeOver: false, logger })
})

test('one pass makes all that is missing, a second writes nothing', async () => {
  expect(await reconciler.pass(client, desired(20), true)).toMatchObject({ writes: 20, refused: 0 })
  expect(server.names()).toHaveLength(20)
  expect(await reconciler.pass(client, desired(20), true)).toMatchObject({ writes: 0 })
})

test('cameras that went lose their paths, but not before all cameras are known', async () => {
  await reconciler.pass(client, desired(3), true)
  await reconciler.pass(client, desired(1), false)
  expect(server.names()).toHaveLength(3)
  await reconciler.pass(client, desired(1), true)
  expect(server.names()).toEqual(['camera0'])
})

test('a path that the server refuses keeps no other from being written, and is told once', async () => {
  refuse = (name) => (name === 'camera1' ? 'invalid' : undefined)
  for (let round = 0; round < 3; round++) {
    expect(await reconciler.pass(client, desired(3), true)).toMatchObject({ refused: 1, poisoned: undefined })
  }
  expect(server.names()).toEqual(['camera0', 'camera2'])
  expect(lines).toHaveLength(1)
})

test('when every write is refused with one text, the server itself is broken', async () => {
  refuse = () => 'something about another path'
  expect(await reconciler.pass(client, desired(3), true)).toMatchObject({ poisoned: 'something about another path' })
})

test('a server that goes away in the middle is an error, and the next pass does the rest', async () => {
  let calls = 0
  refuse = () => {
    if (++calls === 2) throw new MediamtxError('unreachable', 'econnrefused')
    return undefined
  }
  await expect(reconciler.pass(client, desired(3), true)).rejects.toThrow('econnrefused')
  expect((await reconciler.pass(client, desired(3), true)).writes).toBe(2)
})

test('what we wrote is ours though its marker is gone, until another server is met', async () => {
  reconciler.sawServer('one')
  await reconciler.pass(client, desired(1), true)
  server.call('POST', 'config/paths/replace/camera0', { source: 'rtsp://192.0.2.1/x' })
  reconciler.sawServer('one')
  expect(await reconciler.pass(client, desired(1), true)).toMatchObject({ writes: 1, foreign: [] })
  server.call('POST', 'config/paths/replace/camera0', { source: 'rtsp://192.0.2.1/x' })
  reconciler.sawServer('two')
  expect(await reconciler.pass(client, desired(1), true)).toMatchObject({ writes: 0, foreign: ['camera0'] })
})

function desired(count: number) {
  return new Map(Array.from({ length: count }, (_, at) => [`camera${at}`, body]))
}

async function write(method: string, path: string, name: string, fields: object): Promise<void> {
  const refusal = refuse(name)
  if (refusal !== undefined) throw new MediamtxError('rejected', refusal)
  const reply = server.call(method, path, fields)
  if (reply.status !== 200) throw new MediamtxError('rejected', reply.body)
}
