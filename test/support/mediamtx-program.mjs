#!/usr/bin/env node
// A MediaMTX of a few lines to be run as a child: reads its file, serves the part of the API that a supervisor needs, logs like
// the real one, ends with status 0 when its file becomes invalid (as the real one does) and when it is asked to by SIGINT.
import { readFileSync, watchFile } from 'node:fs'
import { createServer } from 'node:http'

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

const list = (items) => ({ itemCount: items.length, pageCount: items.length === 0 ? 0 : 1, items })
const runtime = (name) => ({ name, confName: name, available: false, availableTime: null, source: null, tracks: [], readers: [] })
const answers = {
  info: () => ({ version: 'v1.20.1', started }),
  'config/global/get': () => config,
  'config/paths/list': () => list([...paths].map(([name, fields]) => ({ name, ...fields }))),
  'paths/list': () => list([...paths.keys()].map(runtime)),
}

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, 'http://x').pathname).replace('/v3/', '')
  let body = ''
  request.on('data', (chunk) => (body += chunk))
  request.on('end', () => {
    const [, verb, name] = /^config\/paths\/(replace|delete)\/(.+)$/.exec(path) ?? []
    if (verb === 'replace') paths.set(name, JSON.parse(body))
    if (verb === 'delete') paths.delete(name)
    const answer = verb === undefined ? answers[path]?.() : { status: 'ok' }
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json; charset=utf-8' })
    response.end(JSON.stringify(answer ?? { status: 'error', error: 'not found' }))
  })
})
server.on('error', (error) => {
  say('ERR', error.message)
  process.exit(1)
})
server.listen(Number(config.apiAddress.split(':').at(-1)), '127.0.0.1', () => say('WAR', 'this is not the real one'))
