import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import { pinned } from '../../../src/external/address.js'
import { whereSent } from '../../../src/external/redirect.js'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(accept: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    accept(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

it.each([301, 302, 303, 305])(
  'S-45: a machine that answers %i is found out, and where it sends to is never asked',
  async (status) => {
    let forbidden = 0
    const elsewhere = await listen(() => {
      forbidden += 1
    })
    const asked: string[] = []
    const port = await listen((socket) =>
      socket.on('data', (data) => {
        asked.push(String(data))
        socket.write(`RTSP/1.0 ${status} Moved\r\nCSeq: 1\r\nLocation: rtsp://127.0.0.1:${elsewhere}/x\r\n\r\n`)
      }),
    )
    expect(await whereSent(`rtsp://user:s3cret@127.0.0.1:${port}/live`)).toBe('elsewhere')
    expect(forbidden).toBe(0)
    expect(asked.length).toBe(1)
    expect(asked.join('')).toMatch(new RegExp(`^DESCRIBE rtsp://127.0.0.1:${port}/live RTSP/1.0\r\n`))
    expect(asked.join('')).not.toContain('s3cret')
  },
)

it.each([
  'RTSP/1.0 200 OK\r\n\r\n',
  'RTSP/1.0 401 Unauthorized\r\n\r\n',
  'RTSP/1.0 404 Not Found\r\n\r\n',
  `nonsense${'x'.repeat(5_000)}`,
])('an answer of %.20s is none', async (answer) => {
  const port = await listen((socket) => socket.once('data', () => socket.write(answer)))
  expect(await whereSent(`rtsp://127.0.0.1:${port}/live`)).toBe('here')
})

const LOGIN = 'us%20er:p%3Aa%2Bss'

/** Asks for a login first; then `after` is what whoever logged in gets. What it was asked, request by request. */
async function strict(challenges: readonly string[], after: string): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = []
  const head = challenges.map((challenge) => `WWW-Authenticate: ${challenge}\r\n`).join('')
  const port = await listen((socket) =>
    socket.on('data', (data) => {
      asked.push(String(data))
      if (asked.length > 1) socket.write(after)
      else {
        // In two parts, the body apart.
        socket.write(`RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nContent-Length: 2\r\n${head}\r\nn`)
        setImmediate(() => socket.write('o'))
      }
    }),
  )
  return { port, asked }
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

it.each([
  ['Digest realm="cam", nonce="n1"', md5],
  ['Digest realm="cam", nonce="n1", algorithm=MD5, qop="auth,auth-int"', md5],
  ['Digest realm="cam", nonce="n1", algorithm="SHA-256"', sha256],
])('S-45: one that wants a login first is asked with it: %s', async (challenge, hash) => {
  const { port, asked } = await strict(
    [challenge, 'Basic realm="cam"'],
    'RTSP/1.0 302 Moved\r\nLocation: rtsp://192.0.2.1/\r\n\r\n',
  )
  expect(await whereSent(`rtsp://${LOGIN}@127.0.0.1:${port}/live?x=1`)).toBe('elsewhere')
  const uri = `rtsp://127.0.0.1:${port}/live?x=1`
  const response = hash(`${hash('us er:cam:p:a+ss')}:n1:${hash(`DESCRIBE ${uri}`.replace(' ', ':'))}`)
  expect(asked[1]).toContain(`Authorization: Digest username="us er", realm="cam", nonce="n1", uri="${uri}"`)
  expect(asked[1]).toContain(`response="${response}"`)
  expect(asked.join('')).not.toContain('a+ss')
})

it('S-45: Basic only where nothing better is offered', async () => {
  const { port, asked } = await strict(['Basic realm="cam"'], 'RTSP/1.0 301 Moved\r\n\r\n')
  expect(await whereSent(`rtsp://${LOGIN}@127.0.0.1:${port}/live`)).toBe('elsewhere')
  expect(asked[1]).toContain(`Authorization: Basic ${Buffer.from('us er:p:a+ss').toString('base64')}\r\n`)
})

it('a login that is refused, taken, not known, or not understood sends nowhere, and is told once', async () => {
  for (const [login, challenge, after, requests, sends = 'here'] of [
    [
      LOGIN,
      'Digest realm="cam", nonce="n1"',
      'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n',
      2,
      'login_refused',
    ],
    [LOGIN, 'Digest realm="cam", nonce="n1"', 'RTSP/1.0 200 OK\r\n\r\n', 2],
    [LOGIN, 'Bearer x', '', 1],
    [LOGIN, 'Digest realm="cam", nonce="n1", algorithm=SHA-512-256', '', 1],
    ['', 'Basic realm="cam"', '', 1],
    // A name that would be a header of its own.
    ['a%0d%0aX:b', 'Digest realm="cam", nonce="n1"', '', 1],
  ] as const) {
    const { port, asked } = await strict([challenge], after)
    expect(await whereSent(`rtsp://${login === '' ? '' : `${login}@`}127.0.0.1:${port}/live`)).toBe(sends)
    expect(asked.length, challenge).toBe(requests)
  }
})

it('S-45: over TLS the login is told to nobody whose certificate is not trusted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'redirect-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const words = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=camera']
    execFileSync('openssl', ['req', '-x509', ...words, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    const asked: string[] = []
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (data) => {
          asked.push(String(data))
          socket.write('RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n')
        })
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(await whereSent(`rtsps://${LOGIN}@127.0.0.1:${port}/live`)).toBe('here')
    expect(asked.length).toBe(1)
    expect(asked[0]).not.toContain('Authorization')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('a machine that is away, silent or hangs up sends nowhere', async () => {
  const silent = await listen(() => undefined)
  const rude = await listen((socket) => socket.destroy())
  const closed = await listen(() => undefined)
  await new Promise((resolve) => servers.pop()?.close(resolve))
  for (const port of [silent, rude, closed]) expect(await whereSent(`rtsp://127.0.0.1:${port}/live`, 100)).toBe('here')
  expect(await whereSent(`rtsps://127.0.0.1:${rude}/live`, 100)).toBe('here')
})

it('an address that its pinned machine makes longer than any that may be given is asked, too', async () => {
  const port = await listen((socket) => socket.once('data', () => socket.write('RTSP/1.0 302 Moved\r\n\r\n')))
  const given = `rtsp://a:${port}/`.padEnd(2_048, 'x')
  expect(await whereSent(pinned(given, '127.0.0.1'))).toBe('elsewhere')
})
