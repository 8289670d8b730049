/** Debian's Firefox over WebDriver BiDi. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { type Engine, end, keyActions, START_MS } from './engine.js'

type Result = Readonly<Record<string, unknown>>

export async function startFirefox(): Promise<Engine> {
  const profile = mkdtempSync(join(tmpdir(), 'camera-page-firefox-'))
  const child = spawn('firefox-esr', ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], {
    env: { ...process.env, HOME: profile },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const close = async (): Promise<void> => {
    await end(child)
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const send = await connect(await listening(child.stderr))
    await send('session.new', { capabilities: {} })
    const { contexts } = await send('browsingContext.getTree', {})
    const { context } = (contexts as readonly { readonly context: string }[])[0] ?? {}
    await send('browsingContext.setViewport', { context, viewport: { width: 1280, height: 860 } })
    return {
      async open(url) {
        await send('browsingContext.navigate', { context, url, wait: 'complete' })
      },
      async evaluate(expression) {
        const answer = await send('script.evaluate', { expression, target: { context }, awaitPromise: true })
        if (answer.type !== 'success') throw new Error(JSON.stringify(answer))
        return (answer.result as { readonly value?: unknown }).value ?? null
      },
      async press(key) {
        await send('input.performActions', { context, actions: keyActions(key) })
      },
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const late = setTimeout(() => reject(new Error(`Firefox did not listen\n${said}`)), START_MS)
    stderr.on('data', (data: Buffer) => {
      said += data.toString()
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1]
      if (address === undefined) return
      clearTimeout(late)
      resolve(`${address}/session`)
    })
  })
}

async function connect(address: string): Promise<(method: string, params: object) => Promise<Result>> {
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const waiting = new Map<number, (answer: Result) => void>()
  let last = 0
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Result
    waiting.get(Number(answer.id))?.(answer)
    waiting.delete(Number(answer.id))
  })
  return async (method, params) => {
    last += 1
    const id = last
    const answered = new Promise<Result>((resolve) => waiting.set(id, resolve))
    socket.send(JSON.stringify({ id, method, params }))
    const answer = await answered
    if (answer.type === 'error') throw new Error(`${method}: ${String(answer.message)}`)
    return answer.result as Result
  }
}
