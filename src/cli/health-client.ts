/** Asks the health pages of a service over HTTP. */

import { get } from 'node:http'
import { errorText } from '../base/errors.js'

const ANSWER_MS = 5_000
const MAX_BYTES = 1_048_576

/** What was found out, and the JSON that is printed. */
export type ServiceState =
  | { readonly running: false; readonly url: string; readonly error: string }
  | {
      readonly running: true
      readonly url: string
      /** `healthy`, `degraded` or `unhealthy`. */
      readonly status: string
      readonly ready: boolean
      readonly message: string
      readonly version?: string
      readonly uptime?: string
      readonly components: readonly { readonly name: string; readonly status: string; readonly message: string }[]
    }

/** Never rejects: who does not answer is not running. */
export async function askHealth(url: string, detailedPath: string, readyPath: string): Promise<ServiceState> {
  try {
    const [health, readiness] = await Promise.all([ask(`${url}${detailedPath}`), ask(`${url}${readyPath}`)])
    const status = textIn(health.document, 'status')
    if (status === undefined) {
      return {
        running: false,
        url,
        error: `answers with HTTP ${health.code}, and not as a health page in JSON that tells this client`,
      }
    }
    const [version, uptime] = [textIn(health.document, 'version'), textIn(health.document, 'uptime')]
    return {
      ...{ running: true, url, status, ready: readiness.code === 200 },
      message: textIn(readiness.document, 'message') ?? '',
      ...(version !== undefined && { version }),
      ...(uptime !== undefined && { uptime }),
      components: componentsIn(health.document),
    }
  } catch (thrown) {
    return { running: false, url, error: errorText(thrown) }
  }
}

function componentsIn(document: unknown) {
  const list = memberOf(document, 'components')
  return (Array.isArray(list) ? list : []).map((each: unknown) => ({
    name: textIn(each, 'name') ?? '',
    status: textIn(each, 'status') ?? '',
    message: textIn(each, 'message') ?? '',
  }))
}

function textIn(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name)
  // Printed on a terminal: whatever it is, it does not steer that.
  return typeof member === 'string' ? member.replaceAll(/\p{Cc}/gu, ' ').slice(0, 256) : undefined
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

function ask(url: string): Promise<{ readonly code: number; readonly document: unknown }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal: AbortSignal.timeout(ANSWER_MS), agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > MAX_BYTES) request.destroy(new Error('the answer is too long'))
      })
      response.on('end', () => resolve({ code: response.statusCode ?? 0, document: jsonOf(text) }))
      response.on('error', reject)
    })
    request.on('error', (thrown) =>
      reject(thrown.name === 'AbortError' ? new Error(`no answer within ${ANSWER_MS / 1000} s`) : thrown),
    )
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
