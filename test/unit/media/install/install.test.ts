import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ServiceError } from '../../../../src/base/errors.js'
import { installMediamtx } from '../../../../src/media/index.js'
import { archiveFor } from '../../../../src/media/install/release.js'

let dir: string
let content: Buffer
let archive: { name: string; sha256: string }
let server: Server
let requests: IncomingMessage[]
let answer: (request: IncomingMessage, response: ServerResponse) => void

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'install-'))
  // Stands in for the program: says the version and nothing else. The ballast makes the archive worth cutting.
  writeFileSync(join(dir, 'mediamtx'), '#!/bin/sh\necho v1.20.1\n')
  chmodSync(join(dir, 'mediamtx'), 0o755)
  writeFileSync(join(dir, 'LICENSE'), randomBytes(50_000))
  execFileSync('tar', ['-czf', 'archive.tar.gz', 'mediamtx', 'LICENSE'], { cwd: dir })
  content = readFileSync(join(dir, 'archive.tar.gz'))
  archive = { name: 'mediamtx_test.tar.gz', sha256: createHash('sha256').update(content).digest('hex') }
  requests = []
  answer = serve
  server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(dir, { recursive: true })
})

test('the release is downloaded, checked, unpacked and runs', async () => {
  const progress: number[] = []
  const installed = await install({ onProgress: (received) => progress.push(received) })
  expect(installed).toEqual({ file: join(dir, 'target', 'mediamtx'), version: '1.20.1', outcome: 'installed' })
  expect(progress.at(-1)).toBe(content.length)
  expect(readdirSync(join(dir, 'target'))).toEqual(['mediamtx'])
  expect((await install()).outcome).toBe('present')
  expect(requests).toHaveLength(1)
})

test('a connection that is cut in the middle goes on where it was', async () => {
  answer = (request, response) => {
    if (request.headers.range === undefined) {
      response.writeHead(200, { 'content-length': content.length })
      cut(response)
    } else serve(request, response)
  }
  expect((await install()).outcome).toBe('installed')
  const range = Number(/bytes=(\d+)-/.exec(requests[1]?.headers.range ?? '')?.[1])
  expect(range).toBeGreaterThan(0)
  expect(range).toBeLessThanOrEqual(20_000)
})

test('a later run goes on with what an earlier one left', async () => {
  answer = (request, response) => {
    if (request.headers.range === undefined) {
      response.writeHead(200, { 'content-length': content.length })
      cut(response)
    } else response.destroy()
  }
  await expect(install()).rejects.toThrow(/cannot download/)
  expect(existsSync(join(dir, 'target', 'mediamtx_test.tar.gz.part'))).toBe(true)
  answer = serve
  const before = requests.length
  expect((await install()).outcome).toBe('installed')
  expect(requests[before]?.headers.range).toMatch(/^bytes=[1-9]/)
})

test('a server without ranges starts over', async () => {
  let first = true
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': content.length })
    if (first) cut(response)
    else response.end(content)
    first = false
  }
  expect((await install()).outcome).toBe('installed')
})

test('an archive with another digest is refused, removed and never unpacked', async () => {
  answer = (_request, response) => void response.end(Buffer.concat([content, Buffer.from('x')]))
  await expect(install()).rejects.toThrow(/is not the published file/)
  expect(readdirSync(join(dir, 'target'))).toEqual([])
})

test('offline, the error names the file to fetch and where to put it, and a file put there is used', async () => {
  const refused = await install({ baseUrl: 'http://127.0.0.1:9' }).catch((thrown: unknown) => thrown)
  expect(refused).toBeInstanceOf(ServiceError)
  const target = join(dir, 'target', archive.name)
  expect((refused as ServiceError).details).toContain('http://127.0.0.1:9/mediamtx_test.tar.gz')
  expect((refused as ServiceError).details).toContain(`copy it to ${target}`)
  writeFileSync(target, content)
  expect((await install({ baseUrl: 'http://127.0.0.1:9' })).outcome).toBe('installed')
})

test('a page that is missing is told at once', async () => {
  answer = (_request, response) => {
    response.statusCode = 404
    response.end()
  }
  await expect(install()).rejects.toThrow(/answers 404/)
  expect(requests).toHaveLength(1)
})

test('a server that goes silent is given up', async () => {
  answer = (_request, response) => void response.writeHead(200, { 'content-length': content.length }).flushHeaders()
  await expect(install({ idleTimeoutMs: 50 })).rejects.toThrow(/went silent/)
})

test('an abort ends the download', async () => {
  const abort = new AbortController()
  answer = () => abort.abort(new Error('interrupted'))
  await expect(install({ signal: abort.signal })).rejects.toThrow('interrupted')
})

test('both supported processors have a pinned digest', () => {
  for (const arch of ['x64', 'arm64']) expect(archiveFor(arch)?.sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(archiveFor('mips')).toBeUndefined()
})

function install(options: Partial<Parameters<typeof installMediamtx>[0]> = {}) {
  const { port } = server.address() as AddressInfo
  return installMediamtx({
    directory: join(dir, 'target'),
    signal: new AbortController().signal,
    baseUrl: `http://127.0.0.1:${port}`,
    archive,
    ...options,
  })
}

/** Drops the connection once the first part is on the client's disk. */
function cut(response: ServerResponse): void {
  response.write(content.subarray(0, 20_000))
  const poll = setInterval(() => {
    const part = join(dir, 'target', 'mediamtx_test.tar.gz.part')
    if (!existsSync(part) || statSync(part).size === 0) return
    clearInterval(poll)
    response.destroy()
  }, 2)
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start })
  response.end(content.subarray(start))
}
