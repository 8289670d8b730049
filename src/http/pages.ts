/** Serves pages: reads the body where one is wanted, answers at once or later, and drops the answer when the client has gone. */

import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { readBody } from './body.js'
import { type Answer, answer, type Body, type Call, type Page, type RouteGroup, type Routes } from './routes.js'
import type { HttpResponse } from './uws.js'

const NO_BODY: Body = { text: '', tooBig: false }
const FAILED: Answer = { status: '500 Internal Server Error', headers: {}, body: 'Internal server error' }

/** What fails is logged and answered with 500. */
export function mountGroup(routes: Routes, group: RouteGroup, logger: Logger): void {
  for (const page of group.pages ?? []) routes.any(page.path, (response, call) => serve(page, response, call, logger))
  group.mount?.(routes)
}

function serve(page: Page, response: HttpResponse, call: Call, logger: Logger): void {
  if (page.bodies?.includes(call.method) === true) {
    const give = whileThere(response, call.method)
    readBody(response, (text, tooBig) => {
      const given = asked(page, call, { text, tooBig }, logger)
      if (given instanceof Promise) given.then(give)
      else give(given)
    })
    return
  }
  const given = asked(page, call, NO_BODY, logger)
  if (given instanceof Promise) given.then(whileThere(response, call.method))
  else answer(response, call.method, given)
}

/** Never throws or rejects. */
function asked(page: Page, call: Call, body: Body, logger: Logger): Answer | Promise<Answer> {
  const failed = (thrown: unknown): Answer => {
    logger.error({ path: page.path, error: errorText(thrown) }, 'a page could not be answered')
    return FAILED
  }
  try {
    const given = page.answer(call, body)
    return given instanceof Promise ? given.catch(failed) : given
  } catch (thrown) {
    return failed(thrown)
  }
}

/** To be called before the library's own call returns. */
function whileThere(response: HttpResponse, method: string): (given: Answer) => void {
  let gone = false
  response.onAborted(() => {
    gone = true
  })
  return (given) => {
    if (!gone) answer(response, method, given)
  }
}
