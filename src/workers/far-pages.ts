/** Pages and files of a thread: it has the client, home has the answer. */

import type { Answer, Call, DeskPort, Page } from '../http/index.js'
import type { CallFacts, HomeChannel, ThreadData } from './protocol.js'

/** What is sent is told home in lots: each telling wakes the other thread. */
const SENT_LOT_BYTES = 4 * 1024 * 1024

export function farPages(home: HomeChannel, pages: ThreadData['pages']): readonly Page[] {
  return pages.map(({ path, bodies }, page) => ({
    ...{ path, bodies },
    answer: (call, { text, tooBig }): Promise<Answer> => home.ask('page', { page, call: factsOf(call), text, tooBig }),
  }))
}

export function farDesk(home: HomeChannel): DeskPort {
  let sent = 0
  const tellSent = (): void => {
    if (sent > 0) home.tell('sent', sent)
    sent = 0
  }
  return {
    async admit(call) {
      const given = await home.ask('download', factsOf(call))
      if (!('id' in given)) return given
      const { id, ...file } = given
      return {
        ...file,
        release: () => {
          tellSent()
          home.tell('released', id)
        },
      }
    },
    sent(bytes) {
      sent += bytes
      if (sent >= SENT_LOT_BYTES) tellSent()
    },
  }
}

function factsOf({ headers, ...call }: Call): CallFacts {
  return { ...call, headers: headers.flat }
}
