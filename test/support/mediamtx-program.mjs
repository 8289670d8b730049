#!/usr/bin/env node
// A MediaMTX of a few lines to be run as a process: reads its file, serves the part of the API that a supervisor needs, takes
// publishers over RTSP, logs like the real one, ends with status 0 when its file becomes invalid (as the real one does) and when
// it is asked to by SIGINT. Environment: STUBBORN (SIGINT is ignored), LATENCY_MS (of each call).
import { readFileSync, watchFile } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'

const file = process.argv[2]
const say = (level, text) => console.log(`2030/04/01 08:15:00 ${level} ${text}`)

let config
try {
  config = JSON.parse(readFileSync(file, 'utf8'))
} catch (thrown) {
  console.log(`ERR: ${thrown.message}`)
  process.exit(1)
}
const started = new Date().toISOString()
const paths = new Map(Object.entries(config.paths))
say('INF', 'MediaMTX v1.20.1')

watchFile(file, { interval: 20 }, () => {
  try {
    JSON.parse(readFileSync(file, 'utf8'))
  } catch (thrown) {
    say('ERR', `invalid file: ${thrown.message}`)
    process.exit(0)
  }
})
process.on('SIGINT', () => {
  say('INF', 'shutting down gracefully')
  if (process.env.STUBBORN === undefined) process.exit(0)
})

const latencyMs = Number(process.env.LATENCY_MS ?? 0)
const live = new Map()

const list = (items) => ({ itemCount: items.length, pageCount: items.length === 0 ? 0 : 1, items })
const runtime = (name) => {
  const publisher = live.get(name)
  const source = publisher === undefined ? null : { type: 'rtspSession', id: '' }
  const inboundBytes = publisher?.bytesRead ?? 0
  const available = publisher !== undefined
  return { name, confName: name, available, availableTime: null, source, tracks: [], readers: [], inboundBytes, outboundBytes: 0 }
}
const answers = {
  info: () => ({ version: 'v1.20.1', started }),
  'config/global/get': () => config,
  'config/paths/list': () => list([...paths].map(([name, fields]) => ({ name, ...fields }))),
  'paths/list': () => list([...paths.keys()].map(runtime)),
}

/** Says yes to every publisher. */
const door = createTcpServer((socket) => {
  let path
  let rest = ''
  socket.on('error', () => undefined)
  socket.on('close', () => live.get(path) === socket && live.delete(path))
  socket.on('data', (data) => {
    // After RECORD comes media, which is only counted.
    if (live.get(path) === socket) return
    rest += data.toString('latin1')
    const head = rest.indexOf('\r\n\r\n')
    const length = head + 4 + Number(/^Content-Length: (\d+)/im.exec(rest)?.[1] ?? 0)
    if (head < 0 || rest.length < length) return
    const text = rest.slice(0, length)
    rest = rest.slice(length)
    const transport = /^Transport: .*$/im.exec(text)?.[0]
    path = /^ANNOUNCE rtsp:\/\/[^/]+\/(\S+)/.exec(text)?.[1] ?? path
    if (text.startsWith('RECORD')) live.set(path, socket)
    const lines = [
      'RTSP/1.0 200 OK',
      `CSeq: ${/^CSeq: (\d+)/im.exec(text)?.[1]}`,
      'Session: 1',
      ...(transport ? [transport] : []),
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  })
})
door.listen(Number(config.rtspAddress.split(':').at(-1)), '127.0.0.1')

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, 'http://x').pathname).replace('/v3/', '')
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    const [, verb, name] = /^config\/paths\/(replace|delete)\/(.+)$/.exec(path) ?? []
    if (verb === 'replace') paths.set(name, JSON.parse(body))
    if (verb === 'delete') paths.delete(name)
    const answer = verb === undefined ? answers[path]?.() : { status: 'ok' }
    const reply = () => {
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json; charset=utf-8' })
      response.end(JSON.stringify(answer ?? { status: 'error', error: 'not found' }))
    }
    if (latencyMs === 0) reply()
    else setTimeout(reply, latencyMs)
  })
})
server.on('error', (error) => {
  say('ERR', error.message)
  process.exit(1)
})
server.listen(Number(config.apiAddress.split(':').at(-1)), '127.0.0.1', () => say('WAR', 'this is not the real one'))
