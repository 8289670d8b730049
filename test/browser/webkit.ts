/** Debian's WebKitGTK, the engine of Safari, over WebDriver on a screen in memory. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { freePort } from '../support/free-port.mjs'
import { type Engine, end, keyActions, START_MS } from './engine.js'

export async function startWebKit(): Promise<Engine> {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  let driver: ChildProcess | undefined
  let session: string | undefined
  const port = await freePort()
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body && { body: JSON.stringify(body) }) })
    const { value } = (await response.json()) as { readonly value: unknown }
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(value)}`)
    return value
  }
  const close = async (): Promise<void> => {
    if (session !== undefined) await call('DELETE', session).catch(() => undefined)
    await end(driver)
    await end(screen)
  }
  try {
    const [display] = (await once(screen.stdio[3] as Readable, 'data')) as [Buffer]
    driver = spawn('WebKitWebDriver', [`--port=${port}`], {
      env: { ...process.env, DISPLAY: `:${display.toString().trim()}`, LIBGL_ALWAYS_SOFTWARE: '1' },
      stdio: 'ignore',
    })
    await answering(() => call('GET', '/status'))
    const options = { binary: miniBrowser(), args: ['--automation'] }
    const made = await call('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } })
    const own = `/session/${(made as { readonly sessionId: string }).sessionId}`
    session = own
    return {
      async open(url) {
        await call('POST', `${own}/url`, { url })
      },
      evaluate: (expression) => call('POST', `${own}/execute/sync`, { script: `return ${expression}`, args: [] }),
      async press(key) {
        await call('POST', `${own}/actions`, { actions: keyActions(key) })
      },
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** The engine's own little browser: its folder has the machine's kind and the version of its interface in its name. */
function miniBrowser(): string {
  for (const kind of readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))) {
    const version = readdirSync(`/usr/lib/${kind}`).find((name) => name.startsWith('webkit2gtk-'))
    if (version !== undefined) return `/usr/lib/${kind}/${version}/MiniBrowser`
  }
  throw new Error('WebKitGTK is not installed')
}

async function answering(ask: () => Promise<unknown>): Promise<void> {
  const untilMs = performance.now() + START_MS
  for (;;) {
    try {
      await ask()
      return
    } catch (thrown) {
      if (performance.now() > untilMs) throw thrown
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
