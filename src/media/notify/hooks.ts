/** Which lines MediaMTX runs to tell us things: all, or none where it cannot run our notifier. */

import { existsSync } from 'node:fs'
import type { Hooks } from '../paths/body.js'
import { hookLine } from '../paths/hook-line.js'

/** `undefined` without a notifier, without a socket, or with places that no hook line can name. */
export function notifierHooks(notifierFile: string | undefined, socketFile: string | undefined): Hooks | undefined {
  if (notifierFile === undefined || socketFile === undefined || !existsSync(notifierFile)) return undefined
  const words = [notifierFile, socketFile]
  const demand = hookLine(words)
  const segmentCreated = hookLine([...words, 'created'])
  const segmentCompleted = hookLine([...words, 'completed'])
  if (demand === undefined || segmentCreated === undefined || segmentCompleted === undefined) return undefined
  return { demand, segmentCreated, segmentCompleted }
}
