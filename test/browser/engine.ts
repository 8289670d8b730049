/** A browser other than Chromium, driven by what it brings itself: just enough to open the page, look and press keys. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface Engine {
  open(url: string): Promise<void>
  /** Value of a JavaScript expression in the page: text, a number, a boolean or null. */
  evaluate(expression: string): Promise<unknown>
  /** `ArrowRight`, `End`, `Home`, `Space`. */
  press(key: keyof typeof KEYS): Promise<void>
  close(): Promise<void>
}

/** Code points of WebDriver. */
export const KEYS = { ArrowRight: '\uE014', End: '\uE010', Home: '\uE011', Space: ' ' } as const

export const START_MS = 60_000

export function keyActions(key: keyof typeof KEYS): readonly unknown[] {
  const value = KEYS[key]
  return [
    {
      type: 'key',
      id: 'keyboard',
      actions: [
        { type: 'keyDown', value },
        { type: 'keyUp', value },
      ],
    },
  ]
}

/** Ends a process that was started here. */
export async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
