/** The double against the real thing: the same conversation with both control APIs, reply by reply. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePlaces } from '../../src/media/server/free-ports.js'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { until } from '../support/until.js'
import { realMediamtx } from './media-bench.js'

const binary = realMediamtx()
if (binary === undefined) {
  process.stderr.write('SKIPPED: the double against a real MediaMTX; set MEDIAMTX_BIN or put mediamtx on PATH to run it\n')
}

interface Call {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly body?: string
}

/** In this order: some depend on what earlier ones left. */
const CONVERSATION: readonly Call[] = [
  { name: 'add', ...post('config/paths/add/camera0', '{"runOnDemandCloseAfter":"90s"}') },
  { name: 'add again', ...post('config/paths/add/camera0', '{}') },
  { name: 'add without a body', ...post('config/paths/add/camera1', '') },
  { name: 'add with a cut body', ...post('config/paths/add/camera1', '{"source":') },
  { name: 'add with a list', ...post('config/paths/add/camera1', '[]') },
  { name: 'add with null', ...post('config/paths/add/camera1', 'null') },
  { name: 'add an unknown field', ...post('config/paths/add/camera2', '{"colour":"red"}') },
  { name: 'add a field of a wrong kind', ...post('config/paths/add/camera2', '{"runOnDemandCloseAfter":5}') },
  { name: 'add a contradiction', ...post('config/paths/add/camera2', '{"sourceOnDemand":true}') },
  {
    name: 'add another contradiction',
    ...post('config/paths/add/camera2', '{"source":"rtsp://127.0.0.1:1/x","runOnDemand":"a"}'),
  },
  { name: 'replace', ...post('config/paths/replace/camera2', '{"runOnDemandStartTimeout":"36h","recordDeleteAfter":"0s"}') },
  { name: 'a null field is not given', ...post('config/paths/replace/camera2', '{"source":null,"maxReaders":3}') },
  { name: 'patch what is not there', method: 'PATCH', path: 'config/paths/patch/nobody', body: '{}' },
  { name: 'patch', method: 'PATCH', path: 'config/paths/patch/camera2', body: '{"maxReaders":4}' },
  { name: 'get', ...get('config/paths/get/camera2') },
  { name: 'get what is not there', ...get('config/paths/get/nobody') },
  { name: 'get a live path that is not there', ...get('paths/get/nobody') },
  { name: 'an idle path', ...get('paths/get/camera0') },
  { name: 'the list', ...get('paths/list') },
  { name: 'a page', ...get('paths/list?itemsPerPage=2&page=1') },
  { name: 'a page past the end', ...get('paths/list?itemsPerPage=2&page=9') },
  { name: 'empty arguments', ...get('paths/list?itemsPerPage=&page=') },
  { name: 'no items per page', ...get('paths/list?itemsPerPage=0') },
  { name: 'too many items per page', ...get('paths/list?itemsPerPage=2147483648') },
  { name: 'a negative page', ...get('paths/list?page=-1') },
  { name: 'a page that is no number', ...get('paths/list?page=x') },
  { name: 'an unknown route', ...get('paths/everything') },
  { name: 'a wrong verb', ...get('config/paths/delete/camera0') },
  { name: 'a trailing slash', ...get('paths/list/') },
  {
    name: 'a refused patch',
    method: 'PATCH',
    path: 'config/paths/patch/camera2',
    body: '{"sourceOnDemand":true,"maxReaders":9}',
  },
  { name: 'which does not show', ...get('config/paths/get/camera2') },
  { name: 'and refuses others', ...post('config/paths/replace/camera0', '{}') },
  { name: 'and deletes', method: 'DELETE', path: 'config/paths/delete/camera1' },
  { name: 'until it is replaced', ...post('config/paths/replace/camera2', '{}') },
  { name: 'then all is well', ...post('config/paths/replace/camera0', '{"runOnDemand":"true"}') },
  { name: 'delete', method: 'DELETE', path: 'config/paths/delete/camera1' },
  { name: 'delete again', method: 'DELETE', path: 'config/paths/delete/camera1' },
  { name: 'a bad name', ...post('config/paths/add/a..%20b', '{}') },
]

describe.skipIf(binary === undefined)('the double answers like the real one', () => {
  const double = new MediamtxDouble()
  let server: ChildProcess
  let real: string
  let dir: string

  beforeAll(async () => {
    await double.start()
    dir = mkdtempSync(join(tmpdir(), 'fidelity-'))
    const places = await freePlaces('127.0.0.1')
    real = `http://127.0.0.1:${places.apiPort}`
    const off = { rtsp: false, rtmp: false, hls: false, webrtc: false, srt: false }
    writeFileSync(join(dir, 'mediamtx.json'), JSON.stringify({ api: true, apiAddress: `127.0.0.1:${places.apiPort}`, ...off }))
    server = spawn(binary ?? '', [join(dir, 'mediamtx.json')], { stdio: 'ignore', cwd: dir, env: { MTX_MOQ: 'no' } })
    const answers = () =>
      fetch(`${real}/v3/info`).then(
        () => true,
        () => false,
      )
    await until('it answers', answers)
  })

  afterAll(async () => {
    await double.kill()
    server.kill('SIGKILL')
    rmSync(dir, { recursive: true })
  })

  test.each(CONVERSATION)('$name', async (call) => {
    const [ours, theirs] = [await ask(`http://127.0.0.1:${double.port}`, call), await ask(real, call)]
    expect(ours.status).toBe(theirs.status)
    expect(ours.body).toEqual(known(theirs.body, ours.body))
  })
})

async function ask(origin: string, { method, path, body }: Call): Promise<{ readonly status: number; readonly body: unknown }> {
  const reply = await fetch(`${origin}/v3/${path}`, { method, redirect: 'manual', ...(body === undefined ? {} : { body }) })
  const text = await reply.text()
  return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
}

/** The double knows fewer fields; those it knows must be the same. */
function known(theirs: unknown, ours: unknown): unknown {
  if (Array.isArray(theirs) && Array.isArray(ours)) return theirs.map((item, at) => known(item, ours[at]))
  if (!isObject(theirs) || !isObject(ours)) return theirs
  return Object.fromEntries(Object.keys(ours).map((key) => [key, known(theirs[key], ours[key])]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function get(path: string) {
  return { method: 'GET', path }
}

function post(path: string, body: string) {
  return { method: 'POST', path, body }
}
